"""Everything held about one person, found by the keyed index of their exact address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from campaign import vault
from campaign.appeals.models import Appeal, ConsentWording, OrganisationSignOn
from campaign.db import session
from campaign.letters.models import Letter
from campaign.offices.models import Office
from campaign.petition.comments import writing as comments
from campaign.petition.models import Signature
from campaign.petition.paper.models import PaperLine
from campaign.petition.wall.models import WallName

Row = Signature | Letter | OrganisationSignOn | PaperLine
KINDS: dict[type[Row], str] = {
    Signature: "signature",
    Letter: "letter",
    OrganisationSignOn: "organisation",
    PaperLine: "paper_line",
}
_OF_AN_ORGANISATION = ("name", "registration", "website", "ecosoc_status", "ecosoc_year", "refusal_note")


@dataclass(frozen=True)
class Holding:
    """One thing that is held of a person: its row, its appeal, what they typed and agreed to."""

    row: Row
    appeal: Appeal
    wording: ConsentWording
    said: dict[str, Any]
    office: Office | None = None

    @property
    def kind(self) -> str:
        """What it is: "signature", "letter", "organisation" or "paper_line"."""
        return KINDS[type(self.row)]

    @property
    def comment(self) -> str:
        """What was written beside a signature."""
        return comments.own(self.row.id) if self.kind == "signature" else ""

    @property
    def short(self) -> bool:
        """Whether its name is shortened on the public wall."""
        found = session.get(WallName, self.row.id)
        return found is not None and found.short

    @property
    def is_letter(self) -> bool:
        """Whether it is a letter to an office."""
        return self.kind == "letter"

    def as_json(self) -> dict[str, Any]:
        """The holding as plain values, for the person to take along (GDPR, articles 15 and 20)."""
        clear: dict[str, Any] = {"appeal": self.appeal.slug, "state": self.row.state, "country": self.row.country}
        if isinstance(self.row, Signature):
            clear |= {"visibility": self.row.visibility, "updates": self.row.updates, "comment": self.comment}
        elif isinstance(self.row, OrganisationSignOn):
            clear |= {field: getattr(self.row, field) for field in _OF_AN_ORGANISATION}
        elif isinstance(self.row, Letter):
            clear |= {"office": self.office.slug if self.office else None}
        times = {name: _iso(getattr(self.row, name)) for name in ("created_at", "confirmed_at", "ended_at")}
        agreed = {"text": self.wording.text, "language": self.wording.language, "version": self.wording.version}
        return {
            "kind": self.kind,
            **clear,
            **self.said,
            **times,
            "agreed_to": agreed,
        }


def person_of(row_id: UUID) -> bytes | None:
    """The person index of the row with this id; None when it is gone or was erased."""
    for model in KINDS:
        found = session.scalar(select(model.person_index).where(model.id == row_id))
        if found is not None:
            return found
    return None


def row_of(person: bytes) -> UUID | None:
    """One row that is held about a person; None when nothing is."""
    found = (session.scalar(select(model.id).where(model.person_index == person).limit(1)) for model in KINDS)
    return next((row for row in found if row is not None), None)


def held_about(person: bytes) -> list[Holding]:
    """Everything that a person signed, wrote or answers for, newest first; none when nothing is held."""
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
    answered_for = (
        select(OrganisationSignOn, Appeal, ConsentWording)
        .join(Appeal, Appeal.id == OrganisationSignOn.appeal_id)
        .join(ConsentWording, ConsentWording.id == OrganisationSignOn.wording_id)
        .where(OrganisationSignOn.person_index == person)
    )
    on_paper = (
        select(PaperLine, Appeal, ConsentWording)
        .join(Appeal, Appeal.id == PaperLine.appeal_id)
        .join(ConsentWording, ConsentWording.id == PaperLine.wording_id)
        .where(PaperLine.person_index == person)
    )
    rows = [*session.execute(signed), *session.execute(answered_for), *session.execute(on_paper)]
    found = [Holding(row, appeal, wording, _opened(row)) for row, appeal, wording in rows]
    found += [Holding(x, a, w, _opened(x), o) for x, a, w, o in session.execute(written)]
    return sorted(found, key=lambda h: h.row.created_at, reverse=True)


def _opened(row: Row) -> dict[str, Any]:
    if row.sealed is None:
        return {}
    return vault.current().open(row.sealed, table=row.__tablename__, row=row.id)


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
