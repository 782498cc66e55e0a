"""Everything held about one person, found by the keyed index of their exact address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from campaign import vault
from campaign.appeals.models import Appeal, ConsentWording
from campaign.db import session
from campaign.letters.models import Letter
from campaign.offices.models import Office
from campaign.petition.models import Signature


@dataclass(frozen=True)
class Holding:
    """One signature or letter of a person: its row, the appeal (and office), what they typed, what they agreed to."""

    row: Signature | Letter
    appeal: Appeal
    wording: ConsentWording
    said: dict[str, Any]
    office: Office | None = None

    @property
    def is_letter(self) -> bool:
        """Whether it is a letter to an office rather than a signature."""
        return self.office is not None

    def as_json(self) -> dict[str, Any]:
        """The holding as plain values, for the person to take along (GDPR, articles 15 and 20)."""
        clear: dict[str, Any] = {"appeal": self.appeal.slug, "state": self.row.state, "country": self.row.country}
        if isinstance(self.row, Signature):
            clear |= {"visibility": self.row.visibility, "updates": self.row.updates}
        else:
            clear |= {"office": self.office.slug if self.office else None}
        times = {name: _iso(getattr(self.row, name)) for name in ("created_at", "confirmed_at", "ended_at")}
        agreed = {"text": self.wording.text, "language": self.wording.language, "version": self.wording.version}
        return {
            "kind": "letter" if self.is_letter else "signature",
            **clear,
            **self.said,
            **times,
            "agreed_to": agreed,
        }


def person_of(row_id: UUID) -> bytes | None:
    """The person index of the signature or letter with this id; None when it is gone or was erased."""
    for model in (Signature, Letter):
        found = session.scalar(select(model.person_index).where(model.id == row_id))
        if found is not None:
            return found
    return None


def held_about(person: bytes) -> list[Holding]:
    """Every signature and letter of a person, newest first; none when nothing is held."""
    signed = (
        select(Signature, Appeal, ConsentWording)
        .join(Appeal, Appeal.id == Signature.appeal_id)
        .join(ConsentWording, ConsentWording.id == Signature.wording_id)
        .where(Signature.person_index == person)
    )
    written = (
        select(Letter, Appeal, ConsentWording, Office)
        .join(Appeal, Appeal.id == Letter.appeal_id)
        .join(ConsentWording, ConsentWording.id == Letter.wording_id)
        .join(Office, Office.id == Letter.office_id)
        .where(Letter.person_index == person)
    )
    found = [Holding(s, a, w, _opened(s)) for s, a, w in session.execute(signed)]
    found += [Holding(x, a, w, _opened(x), o) for x, a, w, o in session.execute(written)]
    return sorted(found, key=lambda h: h.row.created_at, reverse=True)


def _opened(row: Signature | Letter) -> dict[str, Any]:
    if row.sealed is None:
        return {}
    return vault.current().open(row.sealed, table=row.__tablename__, row=row.id)


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
