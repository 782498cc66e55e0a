"""Taking a signature in: it keeps to itself what is stored, what is mailed, and that the answer never tells which.

The same work is done for everybody: one look, one row, one mail. Whoever had confirmed before gets a row
that has lapsed already and holds no name, and a mail that says so, at most once a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import (
    CTE,
    ColumnElement,
    LargeBinary,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal_column,
    select,
    true,
)
from sqlalchemy.sql.dml import ReturningInsert

from campaign import db, vault
from campaign.appeals.models import Appeal
from campaign.db import clock
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import outbox
from campaign.mail.addresses import Address, typo_hint
from campaign.petition.expiring import WAITS
from campaign.petition.models import Signature

log = structlog.get_logger()
_column = Signature.__table__.c
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
    network: str | None = None,
    origin: str = "real",
) -> UUID:
    """Store a submission and its confirmation mail in one transaction; the submission's id.

    ``held`` are reasons (codes of ``defence.weights``) to hold the signature back from the count, ``network`` is the
    day's keyed hash of where it comes from. Raises Refused when the appeal takes none.
    """
    row = _row(appeal, _guarded(appeal, signer), language, wording_id, held, origin)
    mail = outbox.addressed(
        signer.address,
        language=language,
        expires_in=WAITS,
        pause_keys=(f"appeal:{appeal.id}",),
        origin=origin,
        cap=A_DAY,
    )
    row |= {"domain": mail["mail_recipient_domain"], "network": network}
    stored: UUID | None = db.at_once(
        _taking(), row | mail | {"at_risk": appeal.country_at_risk, "day": f"{now:%Y%m%d}"}
    )
    if stored is None:
        raise Refused(_("This appeal takes no signatures at the moment."))
    log.info("signature.taken", signature=str(stored), appeal=appeal.slug, held=list(held))
    return stored


def _guarded(appeal: Appeal, signer: Signer) -> Signer:
    """Whoever says that they live in the country at risk is counted and no more, and we do not keep that they do."""
    if appeal.country_at_risk is None or signer.country != appeal.country_at_risk:
        return signer
    return Signer(signer.name, signer.address, None, "counted", signer.updates)


def _row(
    appeal: Appeal, signer: Signer, language: str, wording_id: UUID, held: Sequence[str], origin: str
) -> dict[str, Any]:
    row_id = uuid4()
    hint = (typo_hint(signer.address) or "").rpartition("@")[2]
    whole = {"name": signer.name, "email": signer.address.exact, "hint": hint}
    kept, person = vault.current(), signer.address.index()
    return {
        "id": row_id,
        "appeal_id": appeal.id,
        "email_index": kept.index(signer.address.canonical, scope=f"appeal {appeal.id}"),
        "person_index": person,
        "sealed": kept.seal(whole, table="signature", row=row_id),
        "bare": kept.seal({"hint": hint, "to": person.hex()}, table="signature", row=row_id),
        "country": signer.country,
        "visibility": signer.visibility,
        "language": language,
        "wording_id": wording_id,
        "updates": signer.updates,
        "held_reasons": list(held),
        "origin": origin,
        "first_key": confirmation_key(row_id, 1),
    }


@cache
def _taking() -> Select[Any]:
    """Look, row, mail and its event in one statement, the same for everybody (six took 2.5 times as long).

    It stores nothing unless the appeal is still open and guards the country that ``_guarded`` knew of.
    """
    known = select(_column.id).where(
        _column.appeal_id == _given("appeal_id"),
        _column.email_index == _given("email_index"),
        _column.state == _word("confirmed"),
    )
    seen = (
        select(known.scalar_subquery().label("known"))
        .where(
            Appeal.id == _given("appeal_id"),
            Appeal.state.in_([_word(state) for state in OPEN]),
            Appeal.country_at_risk.is_not_distinct_from(bindparam("at_risk", type_=Text)),
        )
        .cte("seen")
    )
    taken = _insertion(seen).cte("taken")
    again = _word("already_signed:") + cast(seen.c.known, Text) + ":" + bindparam("day", type_=Text)
    cause = select(
        case((seen.c.known.is_(None), _word("confirm")), else_=_word("already_signed")).label("kind"),
        func.coalesce(seen.c.known, taken.c.id).label("subject_id"),
        func.coalesce(again, bindparam("first_key", type_=Text)).label("dedupe_key"),
    ).select_from(seen.join(taken, true()))
    return select(taken.c.id).add_cte(outbox.caused(cause.cte("cause"), capped=True))


def _insertion(seen: CTE) -> ReturningInsert[Any]:
    """Whoever had confirmed before gets a row that has lapsed already and holds no name."""
    fresh = seen.c.known.is_(None)
    same = ("id", "appeal_id", "visibility", "language", "wording_id", "updates", "held_reasons", "origin")
    hers = ("email_index", "person_index", "country", "domain", "network")
    values = {
        **{name: _given(name) for name in same},
        **{name: case((fresh, _given(name))) for name in hers},
        "state": case((fresh, _word("pending")), else_=_word("lapsed")),
        "ended_at": case((~fresh, clock())),
        "sealed": case((fresh, _given("sealed")), else_=bindparam("bare", type_=LargeBinary)),
        "held_at": case((func.cardinality(_given("held_reasons")) > literal_column("0"), clock())),
    }
    return insert(Signature).from_select(list(values), select(*values.values())).returning(_column.id)


def _word(word: str) -> ColumnElement[str]:
    """A word of ours, in the statement itself: as a parameter it would hide the partial indexes from the planner."""
    return literal_column(f"'{word}'", Text)


def _given(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=_column[name].type)


def confirmation_key(row_id: UUID, number: int) -> str:
    """The dedupe key of the ``number``-th confirmation mail of a submission."""
    return f"confirm:{row_id}:{number}"
