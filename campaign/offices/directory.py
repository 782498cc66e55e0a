"""The directory of offices: reading its file, and bringing it into the tables without undoing what people did.

The file is our word until a person of the desk enters something better. A row of the file has an id made
from what it says, so that it is found again and a person's row is never taken for one.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.mail import pacing
from campaign.offices.entries import Address, Holder, OfficeEntry
from campaign.offices.forms_of_address import Directory, Form
from campaign.offices.models import Office, OfficeAddress, OfficeTerm
from campaign.offices.strict_yaml import Problem, read_yaml

CASES_ONLY = "takes cases only"
"""Why nothing goes to such an office, as its budget says it."""

_FROM_FILE = UUID("6f1c7a1e-5d1b-4b39-9d6e-0c8a7a5a2f10")


class DirectoryRefused(Exception):
    """A directory file that cannot be used: every problem, each with file, line and field."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def read_directory(path: Path) -> Directory:
    """The directory in ``path``. Raises DirectoryRefused with every problem found."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DirectoryRefused([Problem(path.name, 0, "file", f"cannot be read: {error}")]) from None
    directory, problems = read_yaml(text, Directory, file=path.name)
    if directory:
        problems = _across_offices(directory, path.name)
    if problems or not directory:
        raise DirectoryRefused(sorted(problems))
    return directory


def load(session: Session, path: Path) -> int:
    """Bring the file into the tables; how many offices changed by it (0 the second time).

    What a person entered stays, an office that the file does not list stays. Raises DirectoryRefused.
    """
    directory = read_directory(path)
    known = {office.slug: office for office in session.scalars(select(Office))}
    changed = 0
    for entry in directory.offices:
        office = known.get(entry.slug) or Office(slug=entry.slug, terms=[], addresses=[])
        changed += _bring(session, office, entry, _columns(directory, entry))
        _spare(entry)
    session.commit()
    return changed


def _spare(entry: OfficeEntry) -> None:
    """An office that takes cases only gets no letter from now on, whatever waits for it."""
    key = pacing.office_key(entry.slug)
    if entry.cases_only:
        pacing.block(key, CASES_ONLY)
    else:
        pacing.unblock(key, CASES_ONLY)


def _across_offices(directory: Directory, file: str) -> list[Problem]:
    """What no entry can know alone: slugs that repeat, forms that do not exist."""
    counted = Counter(office.slug for office in directory.offices)
    twice = [Problem(file, 0, f"offices[{s}].slug", "stands twice; keep one") for s, n in counted.items() if n > 1]
    formless = [
        Problem(file, 0, f"offices[{office.slug}].form", f"{office.form} is not under forms; add or correct it")
        for office in directory.offices
        if office.form and office.form not in directory.forms
    ]
    return twice + formless


def _bring(session: Session, office: Office, entry: OfficeEntry, columns: dict[str, Any]) -> bool:
    fresh = office not in session
    session.add(office)
    differs = [_assign(office, columns), _bring_terms(office, entry), _bring_address(office, entry)]
    stale = [row for row in _from_file(office) if row.id not in _ids(entry)]
    for row in stale:
        session.delete(row)
    if not fresh and (any(differs) or stale):
        office.updated_at = func.clock()
    return any(differs) or bool(stale)


def _from_file(office: Office) -> list[OfficeTerm | OfficeAddress]:
    """The rows that a file brought and no person took over."""
    terms = [term for term in office.terms if not term.entered_by and term.id.version == 5]
    return [*terms, *(a for a in office.addresses if not a.checked_by and a.id.version == 5)]


def _ids(entry: OfficeEntry) -> set[UUID]:
    return {_id(entry, holder) for holder in entry.holders} | {_id(entry, a) for a in (entry.email,) if a}


def _id(entry: OfficeEntry, fact: Holder | Address) -> UUID:
    said = f"{fact.name}|{fact.starts}" if isinstance(fact, Holder) else fact.address
    return uuid5(_FROM_FILE, f"{entry.slug}|{said}")


def _columns(directory: Directory, entry: OfficeEntry) -> dict[str, Any]:
    """The row of an office: only what is verified, or for the postal address inferred, leaves the file."""
    form = directory.form_of(entry)
    sure = {code: title for code, title in entry.titles.items() if title.verified}
    postal = form.postal if form and form.postal and form.postal.confidence != "unverified" else None
    return {
        "kind": entry.kind,
        "form": entry.form or "channel",
        "title": sure["en"].text,
        "titles": {code: t.model_dump(include={"text", "feminine"}, exclude_none=True) for code, t in sure.items()},
        "languages": list(form.working_languages) if form else [],
        "cases_only": entry.cases_only,
        "page": entry.page.url if entry.page and entry.page.verified else None,
        "postal": "\n".join(postal.lines) if postal else None,
        "details": _details(form),
    }


def _details(form: Form | None) -> dict[str, Any]:
    """What ``campaign.offices.addressing`` needs to address the office."""
    return {
        "several_members": bool(form and form.several_members),
        "greetings": form.model_dump(include={"greetings"}, exclude_none=True)["greetings"] if form else {},
    }


def _bring_terms(office: Office, entry: OfficeEntry) -> bool:
    rows = {term.id: term for term in office.terms}
    entered = {(term.name, term.starts) for term in office.terms if term.entered_by}
    differs = False
    for position, holder in enumerate(entry.holders):
        term = rows.get(_id(entry, holder))
        if term is None and (holder.name, holder.starts) not in entered:
            term = OfficeTerm(id=_id(entry, holder))
            office.terms.append(term)
        if term is not None and not term.entered_by:
            differs |= _assign(term, _term(position, holder))
    return differs


def _bring_address(office: Office, entry: OfficeEntry) -> bool:
    address = entry.email
    if address is None:
        return False
    row = next((a for a in office.addresses if a.email == address.address), None)
    if row is None:
        row = OfficeAddress(id=_id(entry, address))
        office.addresses.append(row)
    return not row.checked_by and _assign(row, _address(address))


def _term(position: int, holder: Holder) -> dict[str, Any]:
    note = "; ".join(part for part in ("acting" if holder.acting else None, holder.role, holder.country) if part)
    return {
        "position": position,
        "name": holder.name,
        "note": note or None,
        "honorific": holder.honorific,
        "family_name": holder.family_name,
        "starts": holder.starts and str(holder.starts),
        "ends": holder.ends and str(holder.ends),
        "approximate": holder.approximate,
        "check_from": holder.check_from,
        "verified": holder.verified,
        "source": holder.source,
        "checked_on": holder.checked_on,
    }


def _address(address: Address) -> dict[str, Any]:
    return {
        "email": address.address,
        "source": address.source,
        "status": address.status,
        "checked_on": address.checked_on,
    }


def _assign(row: Any, columns: dict[str, Any]) -> bool:
    """Set what differs; whether anything did."""
    differing = {name: value for name, value in columns.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    return bool(differing)
