"""Taking a signature in: it keeps to itself what is stored, what is mailed, and that the answer never tells which.

The same work is done for everybody: one look, one row, one mail. Whoever had confirmed before gets a row
that has lapsed already and holds no name, and a mail that says so, at most once a day. Whoever presses twice has two
rows that say the same, and one mail, about the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import structlog

from campaign import limits, together, vault
from campaign.appeals.models import Appeal
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import outbox
from campaign.mail.addresses import Address, typo_hint
from campaign.petition import taking
from campaign.petition.defence import scoring
from campaign.petition.defence.scoring import Look
from campaign.petition.expiring import WAITS
from campaign.petition.signer import Signer
from campaign.petition.taking import OPEN as OPEN

log = structlog.get_logger()
UNSUSPECTED = Look()
EVER = 5  # mails about one signature, whoever asks


def sign(
    appeal: Appeal,
    signer: Signer,
    *,
    language: str,
    wording_id: UUID,
    now: datetime,
    look: Look = UNSUSPECTED,
    network: str | None = None,
    comment: str = "",
    origin: str = "real",
) -> UUID:
    """Store a submission and its confirmation mail in one transaction; the submission's id.

    ``look`` says whether it is held back from the count, ``network`` is the day's keyed hash of where it comes from,
    ``comment`` stands beside it and is stored elsewhere. The same once more within a minute gets no second mail.
    Raises Refused when the appeal takes none.
    """
    row = _row(appeal, _guarded(appeal, signer), language, wording_id, origin)
    mail = outbox.addressed(
        signer.address,
        language=language,
        expires_in=WAITS,
        pause_keys=(f"appeal:{appeal.id}",),
        origin=origin,
        cap=outbox.A_DAY,
        ever=EVER,
    )
    row |= {"domain": mail["mail_recipient_domain"], "network": network}
    press = _press(appeal, signer, language, wording_id, comment, now)
    seen = {"at_risk": appeal.country_at_risk, "day": f"{now:%Y%m%d}", "first_key": f"confirm:{press}"}
    # Not two of one mailbox in one statement: the second must see the mail of the first, or would escape the cap.
    held = together.done(_look_and_take, (look, row | mail | seen), apart=mail["mail_mailbox_index"])
    if held is None:
        raise Refused(_("This appeal takes no signatures at the moment."))
    return row["id"]  # type: ignore[no-any-return] # the row's UUID


def _look_and_take(all_of_them: Sequence[tuple[Look, dict[str, Any]]]) -> list[list[str] | None]:
    """Store them; of each the reasons for which it is held, None where its appeal took none.

    One trip to Redis, one to PostgreSQL and one line in the log for as many as come at the same moment. When the row
    of one undid them all and each is tried alone, nobody is counted a second time.
    """
    unseen = [(look, row) for look, row in all_of_them if "held_reasons" not in row]
    for (_look, row), held in zip(unseen, scoring.reasons_to_hold([look for look, _row in unseen]), strict=True):
        row["held_reasons"] = held
    rows = [row for _look, row in all_of_them]
    taken = [row["held_reasons"] if kept else None for row, kept in zip(rows, taking.take(rows), strict=True)]
    ids = [str(row["id"]) for row, held in zip(rows, taken, strict=True) if held is not None]
    log.info("signatures.taken", signatures=ids, held=sum(bool(held) for held in taken))
    return taken


def _guarded(appeal: Appeal, signer: Signer) -> Signer:
    """Whoever says that they live in the country at risk is counted and no more, and we do not keep that they do."""
    if appeal.country_at_risk is None or signer.country != appeal.country_at_risk:
        return signer
    return Signer(signer.name, signer.address, None, "counted", signer.updates)


def _row(appeal: Appeal, signer: Signer, language: str, wording_id: UUID, origin: str) -> dict[str, Any]:
    row_id = uuid4()
    hint = (typo_hint(signer.address) or "").rpartition("@")[2]
    whole = {"name": signer.name, "email": signer.address.exact, "hint": hint}
    kept, person = vault.current(), signer.address.index()
    return {
        "id": row_id,
        "appeal_id": appeal.id,
        "email_index": email_index(appeal.id, signer.address),
        "person_index": person,
        "sealed": kept.seal(whole, table="signature", row=row_id),
        "bare": kept.seal({"hint": hint, "to": person.hex()}, table="signature", row=row_id),
        "country": signer.country,
        "visibility": signer.visibility,
        "language": language,
        "wording_id": wording_id,
        "updates": signer.updates,
        "origin": origin,
        "own_key": confirmation_key(row_id, 1),
    }


def _press(appeal: Appeal, signer: Signer, language: str, wording_id: UUID, comment: str, now: datetime) -> str:
    """What is the same when somebody presses twice: a hash of all that they sent, and of the minute."""
    said = (signer.name, signer.address.exact, signer.country or "", signer.visibility, str(signer.updates), comment)
    return limits.of_today("press", appeal.id.hex, wording_id.hex, language, f"{now:%Y%m%d%H%M}", *said)


def email_index(appeal_id: UUID, address: Address) -> bytes:
    """By which a person is known within an appeal, whatever alias of their address they use."""
    return vault.current().index(address.canonical, scope=f"appeal {appeal_id}")


def confirmation_key(row_id: UUID, number: int) -> str:
    """The dedupe key of the ``number``-th confirmation mail of a submission; the first shares one with its press."""
    return f"confirm:{row_id}:{number}"
