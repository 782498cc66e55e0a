"""Organisations beside an appeal: it keeps to itself who is shown, in which order, and who still waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, case, func, select

from campaign import vault
from campaign.appeals.models import Appeal, OrganisationSignOn
from campaign.db import session
from campaign.mail.providers import LARGE

TABLE = OrganisationSignOn.__tablename__
STATUSES = ("general", "special", "roster", "none")
"""In the order in which the UN lists organisations; without status they come last (ECOSOC resolution 1996/31)."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who answered for an organisation; empty once they were forgotten."""

    name: str = ""
    role: str = ""
    email: str = ""

    @property
    def uses_personal_mail(self) -> bool:
        """Whether the address is at a provider that is open to everybody, so that it proves no office."""
        return self.email.rpartition("@")[2] in LARGE


def listed(appeal: Appeal) -> Sequence[OrganisationSignOn]:
    """The checked ones in the UN's order: general, special, roster, without status; then by name."""
    order = case({status: place for place, status in enumerate(STATUSES)}, value=OrganisationSignOn.ecosoc_status)
    found = _of(appeal, "checked").order_by(order, OrganisationSignOn.name_key, OrganisationSignOn.id)
    return session.scalars(found).all()


def by_status(appeal: Appeal) -> Mapping[str, list[OrganisationSignOn]]:
    """The checked ones by status, in the UN's order; a status that nobody has is left out."""
    groups: dict[str, list[OrganisationSignOn]] = {}
    for one in listed(appeal):
        groups.setdefault(one.ecosoc_status, []).append(one)
    return groups


def count(appeal: Appeal) -> int:
    """How many were checked and are shown."""
    checked = (OrganisationSignOn.appeal_id == appeal.id, OrganisationSignOn.state == "checked")
    return session.scalar(select(func.count()).select_from(OrganisationSignOn).where(*checked)) or 0


def waiting(appeal: Appeal) -> Sequence[OrganisationSignOn]:
    """The confirmed ones that nobody has checked, the longest waiting first; not those whose person is forgotten."""
    found = _of(appeal, "confirmed").where(OrganisationSignOn.sealed.is_not(None))
    return session.scalars(found.order_by(OrganisationSignOn.confirmed_at, OrganisationSignOn.id)).all()


def refused(appeal: Appeal) -> Sequence[OrganisationSignOn]:
    """The refused ones, the latest first."""
    found = _of(appeal, "refused").order_by(OrganisationSignOn.checked_at.desc(), OrganisationSignOn.id)
    return session.scalars(found).all()


def person(organisation: OrganisationSignOn) -> Person:
    """Who answered for it, opened from the vault."""
    if organisation.sealed is None:
        return Person()
    record = vault.current().open(organisation.sealed, table=TABLE, row=organisation.id)
    return Person(record["person"], record["role"], record["email"])


def seal(row: UUID, who: Person) -> bytes:
    """The sealed record of the sign-on with this id."""
    record = {"person": who.name, "role": who.role, "email": who.email}
    return vault.current().seal(record, table=TABLE, row=row)


def _of(appeal: Appeal, state: str) -> Select[OrganisationSignOn]:
    return select(OrganisationSignOn).where(
        OrganisationSignOn.appeal_id == appeal.id, OrganisationSignOn.state == state
    )
