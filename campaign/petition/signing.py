"""Taking a signature in: it keeps to itself what is stored, what is mailed, and that the answer never tells which.

The same work is done for everybody: one look, one row, one mail. Whoever had confirmed before gets a row
that has lapsed already and holds no name, and a mail that says so, at most once a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import structlog
from sqlalchemy import select

from campaign import vault
from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import outbox
from campaign.mail.addresses import Address, typo_hint
from campaign.petition.expiring import WAITS
from campaign.petition.models import Signature

log = structlog.get_logger()
OPEN = ("demonstration", "open")
A_DAY = 5  # mails to one address within 24 hours, across appeals, whoever asks


@dataclass(frozen=True, slots=True)
class Signer:
    """What somebody typed, checked: nothing of it is stored in the clear unless they chose so."""

    name: str
    address: Address
    country: str | None  # ISO 3166-1 alpha-2; None: not said
    visibility: str
    updates: bool = False


def sign(
    appeal: Appeal,
    signer: Signer,
    *,
    language: str,
    wording_id: UUID,
    now: datetime,
    held: Sequence[str] = (),
    origin: str = "real",
) -> UUID:
    """Store a submission and its confirmation mail in one transaction; the submission's id.

    ``held`` are reasons to hold the signature back from the count. Raises Refused when the appeal takes none.
    """
    if appeal.state not in OPEN:
        raise Refused(_("This appeal takes no signatures at the moment."))
    index = vault.current().index(signer.address.canonical, scope=f"appeal {appeal.id}")
    known = session.scalar(
        select(Signature.id).where(
            Signature.appeal_id == appeal.id, Signature.email_index == index, Signature.state == "confirmed"
        )
    )
    row = _row(appeal, _guarded(appeal, signer), index, language, wording_id, lapsed=known is not None)
    row.held_reasons, row.held_at, row.origin = list(held), clock() if held else None, origin
    session.add(row)
    session.flush()
    _mail(row.id, known, appeal, signer.address, language, now=now, origin=origin)
    session.commit()
    log.info("signature.taken", signature=str(row.id), appeal=appeal.slug, held=list(held))
    return row.id


def _guarded(appeal: Appeal, signer: Signer) -> Signer:
    """Whoever says that they live in the country at risk is counted and no more, and we do not keep that they do."""
    if appeal.country_at_risk is None or signer.country != appeal.country_at_risk:
        return signer
    return Signer(signer.name, signer.address, None, "counted", signer.updates)


def _row(appeal: Appeal, signer: Signer, index: bytes, language: str, wording_id: UUID, *, lapsed: bool) -> Signature:
    row_id = uuid4()
    hint = (typo_hint(signer.address) or "").rpartition("@")[2]
    whole = vault.current().seal(
        {"name": signer.name, "email": signer.address.exact, "hint": hint}, table="signature", row=row_id
    )
    bare = vault.current().seal({"hint": hint}, table="signature", row=row_id)
    person = signer.address.index()
    return Signature(
        id=row_id,
        appeal_id=appeal.id,
        state="lapsed" if lapsed else "pending",
        ended_at=clock() if lapsed else None,
        email_index=None if lapsed else index,
        person_index=None if lapsed else person,
        sealed=bare if lapsed else whole,
        country=None if lapsed else signer.country,
        visibility=signer.visibility,
        language=language,
        wording_id=wording_id,
        updates=signer.updates,
    )


def _mail(
    row_id: UUID, known: UUID | None, appeal: Appeal, address: Address, language: str, *, now: datetime, origin: str
) -> None:
    outbox.enqueue(
        kind="already_signed" if known else "confirm",
        subject_id=known or row_id,
        address=address,
        language=language,
        dedupe_key=f"already_signed:{known}:{now:%Y%m%d}" if known else confirmation_key(row_id, 1),
        expires_in=WAITS,
        pause_keys=(f"appeal:{appeal.id}",),
        origin=origin,
        cap=A_DAY,
    )


def confirmation_key(row_id: UUID, number: int) -> str:
    """The dedupe key of the ``number``-th confirmation mail of a submission."""
    return f"confirm:{row_id}:{number}"
