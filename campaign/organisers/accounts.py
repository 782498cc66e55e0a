"""Who may sit at the desk: it keeps to itself how an organiser's address is sealed and found again."""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from campaign import vault
from campaign.db import session
from campaign.mail.addresses import Address
from campaign.organisers import audit
from campaign.organisers.models import Organiser


def add(email: str, *, actor: str = "command line") -> Organiser:
    """The organiser with this address, made when there is none; one that was disabled stays so.

    Raises Refused when ``email`` is not a mail address.
    """
    address = Address.parse(email)
    row = uuid4()
    sealed = vault.current().seal({"email": address.exact}, table="organiser", row=row)
    new = insert(Organiser).values(id=row, email_index=_index(address), sealed=sealed)
    if session.scalar(new.on_conflict_do_nothing(index_elements=["email_index"]).returning(Organiser.id)):
        audit.record("organiser.added", f"organiser {row}", actor=actor)
    session.commit()
    return session.scalars(select(Organiser).where(Organiser.email_index == _index(address))).one()


def enabled(address: Address) -> Organiser | None:
    """The organiser with exactly this address who may sign in."""
    known = select(Organiser).where(Organiser.email_index == _index(address), Organiser.disabled_at.is_(None))
    return session.scalars(known).one_or_none()


def email(organiser: Organiser) -> str:
    """The address of an organiser, opened."""
    record = vault.current().open(organiser.sealed, table="organiser", row=organiser.id)
    return str(record["email"])


def emails(ids: set[UUID]) -> dict[UUID, str]:
    """The addresses of these organisers, for a page that says who did what."""
    return {found.id: email(found) for found in session.scalars(select(Organiser).where(Organiser.id.in_(ids)))}


def alone() -> bool:
    """Whether there is only one organiser who may sign in, so that nobody can be asked for a second word."""
    return (session.scalar(select(func.count()).where(Organiser.disabled_at.is_(None))) or 0) < 2


def _index(address: Address) -> bytes:
    return vault.current().index(address.exact, scope="address")
