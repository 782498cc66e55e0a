"""An organisation adds its name: it keeps to itself what is stored and mailed, and that a name is shown once.

The same work is done for everybody, whoever signed on before: one row, one mail. Whoever presses twice within a
minute has two rows that say the same, and one mail, about the first. Who holds the mailbox presses the
button; only then is the name taken, and only an organiser makes it visible.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from campaign import db, limits
from campaign.appeals import organisations
from campaign.appeals.leaving import WAITS
from campaign.appeals.models import Appeal, OrganisationSignOn
from campaign.appeals.names import folded
from campaign.appeals.organisations import Person
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import outbox
from campaign.mail.addresses import Address

log = structlog.get_logger()
OPEN = ("demonstration", "open")
KIND = "organisation_confirm"


@dataclass(frozen=True, slots=True)
class Organisation:
    """What somebody typed about an organisation, checked."""

    name: str
    country: str  # ISO 3166-1 alpha-2
    ecosoc_status: str  # one of organisations.STATUSES
    ecosoc_year: int | None = None
    registration: str | None = None
    website: str | None = None


@dataclass(frozen=True, slots=True)
class Speaker:
    """The person who answers for it."""

    name: str
    role: str
    address: Address


class Outcome(StrEnum):
    """What a press on the button found."""

    WAITS = "waits"  # confirmed by this press or an earlier one; an organiser has to look
    SHOWN = "shown"  # checked meanwhile
    TAKEN = "taken"  # another sign-on under the same name waits or is shown
    GONE = "gone"  # expired, refused, taken back or erased


def sign_on(
    appeal: Appeal, organisation: Organisation, speaker: Speaker, *, language: str, wording_id: UUID, now: datetime
) -> UUID:
    """Store a sign-on and its confirmation mail in one transaction; the id of the sign-on.

    Raises Refused when the appeal takes none.
    """
    if appeal.state not in OPEN:
        raise Refused(_("This appeal takes no more organisations."))
    row = _row(appeal, organisation, speaker, language, wording_id)
    session.add(row)
    session.flush()
    outbox.enqueue(
        kind=KIND,
        subject_id=row.id,
        address=speaker.address,
        language=language,
        dedupe_key=f"{KIND}:{_press(appeal, organisation, speaker, language, wording_id, now)}",
        expires_in=WAITS,
        pause_keys=(f"appeal:{appeal.id}",),
        cap=outbox.A_DAY,
    )
    session.commit()
    log.info("organisation.signed_on", organisation=str(row.id), appeal=appeal.slug)
    return row.id


def confirm(organisation_id: UUID) -> Outcome:
    """Let it wait for an organiser, once; while its name is taken by another sign-on it stays as it is."""
    try:
        moved = session.scalar(
            update(OrganisationSignOn)
            .where(
                OrganisationSignOn.id == organisation_id,
                OrganisationSignOn.state == "pending",
                OrganisationSignOn.created_at > clock() - WAITS,
            )
            .values(state="confirmed", confirmed_at=clock())
            .returning(OrganisationSignOn.id)
        )
        session.commit()
    except IntegrityError as error:
        session.rollback()
        if db.violated(error) != "uq_organisation_signon_name":
            raise
        return Outcome.TAKEN
    if moved:
        log.info("organisation.confirmed", organisation=str(organisation_id))
    return outcome(organisation_id)


def outcome(organisation_id: UUID) -> Outcome:
    """Where a sign-on stands for whoever holds its link."""
    state = session.scalar(select(OrganisationSignOn.state).where(OrganisationSignOn.id == organisation_id))
    return {"confirmed": Outcome.WAITS, "checked": Outcome.SHOWN}.get(state or "", Outcome.GONE)


def is_pending(organisation: OrganisationSignOn) -> bool:
    """Whether the button would confirm it, by the database's clock."""
    if organisation.state != "pending":
        return False
    return bool(session.scalar(select(clock() < organisation.created_at + WAITS)))


def _row(
    appeal: Appeal, organisation: Organisation, speaker: Speaker, language: str, wording_id: UUID
) -> OrganisationSignOn:
    row_id = uuid4()
    who = Person(speaker.name, speaker.role, speaker.address.exact)
    return OrganisationSignOn(
        id=row_id,
        appeal_id=appeal.id,
        name=organisation.name,
        name_key=folded(organisation.name),
        country=organisation.country,
        registration=organisation.registration,
        website=organisation.website,
        ecosoc_status=organisation.ecosoc_status,
        ecosoc_year=organisation.ecosoc_year,
        person_index=speaker.address.index(),
        sealed=organisations.seal(row_id, who),
        language=language,
        wording_id=wording_id,
    )


def _press(
    appeal: Appeal, organisation: Organisation, speaker: Speaker, language: str, wording_id: UUID, now: datetime
) -> str:
    """What is the same when somebody presses twice: a hash of all that they sent, and of the minute."""
    said = [str(one) for one in (*astuple(organisation), speaker.name, speaker.role, speaker.address.exact)]
    return limits.of_today("press", appeal.id.hex, wording_id.hex, language, f"{now:%Y%m%d%H%M}", *said)
