"""Deciding about many signatures at once: it keeps to itself when a decision may be made, stopped and taken back.

Made here, carried out by a worker in portions (``carrying_out``), so that it can be watched and stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from campaign import vault
from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.organisers import audit
from campaign.organisers.models import Organiser
from campaign.petition.defence import carrying_out
from campaign.petition.defence.corrections import WHY
from campaign.petition.defence.selecting import INVALIDATE, Selection, effect
from campaign.petition.expiring import REGRET
from campaign.petition.models import Decision, DecisionRow

_SHOWN = 30
_DEEDS = {"release": "signatures.released", "invalidate": "signatures.invalidated"}


def decide(appeal: Appeal, selection: Selection, *, what: str, why: str = "", by: Organiser) -> UUID:
    """Release what was selected, or take it off the count for a reason (code of ``corrections.WHY``); its id.

    Raises Refused when nothing is found, when something is taken off without a reason, or when the same is at work.
    """
    if what == INVALIDATE and why not in WHY:
        raise Refused(_("Choose a reason: it is shown on the page of the appeal."), field="why")
    if _at_work(appeal, selection, what):
        raise Refused(_("This is being done already."))
    looked = effect(appeal, selection, what)
    if not looked.found:
        raise Refused(_("There is nothing of this kind."))
    row = uuid4()
    pattern = vault.current().seal({"name": selection.name}, table="decision", row=row) if selection.name else None
    decision = Decision(
        id=row,
        appeal_id=appeal.id,
        what=what,
        asked=selection.stored(),
        pattern=pattern,
        why=why or None,
        organiser_id=by.id,
        expected=looked.found,
    )
    session.add(decision)
    audit.record(_DEEDS[what], f"appeal {appeal.slug}", organiser=by, signatures=looked.found, reason=why)
    session.commit()
    return row


def cancel(decision_id: UUID, *, appeal: Appeal, by: Organiser) -> None:
    """Stop what is being carried out; what was done stays done and can be undone. Raises Refused when it is over."""
    decision = _held_fast(decision_id, appeal)
    if decision.state != "running":
        raise Refused(_("This was over already."))
    decision.state, decision.ended_at = "cancelled", clock()
    audit.record("decision.cancelled", f"appeal {appeal.slug}", organiser=by, signatures=decision.done)
    session.commit()


def undo(decision_id: UUID, *, appeal: Appeal, by: Organiser) -> None:
    """Put every signature back as the decision found it; a worker does so.

    Raises Refused while it runs, after thirty days (the names are forgotten), or when a later decision about some of
    the same signatures stands.
    """
    decision = _held_fast(decision_id, appeal)
    if decision.state not in {"done", "cancelled"}:
        raise Refused(_("This cannot be undone now."))
    if session.scalar(select(clock() > decision.at + REGRET)):
        raise Refused(_("After thirty days the names are forgotten: this can no longer be undone."))
    if session.scalar(_overtaken(decision)):
        raise Refused(_("A later decision is about some of the same signatures: undo that one first."))
    decision.state, decision.undone_at = "undoing", clock()
    audit.record("decision.undone", f"appeal {appeal.slug}", organiser=by, signatures=decision.done)
    session.commit()


def listing(appeal: Appeal) -> Sequence[Decision]:
    """The latest decisions about an appeal, newest first."""
    latest = select(Decision).where(Decision.appeal_id == appeal.id).order_by(Decision.at.desc()).limit(_SHOWN)
    return session.scalars(latest.execution_options(populate_existing=True)).all()


def _at_work(appeal: Appeal, selection: Selection, what: str) -> bool:
    """Whether this was decided a moment ago, in another tab or by a second press; nobody else decides meanwhile.

    A second decision would find nothing to do, and stand above the one that an organiser wants to undo.
    """
    session.execute(select(Appeal.id).where(Appeal.id == appeal.id).with_for_update(key_share=True))
    mine = Decision.appeal_id == appeal.id, Decision.what == what, Decision.state == "running"
    running = session.scalars(select(Decision).where(*mine))
    return any(carrying_out.selection_of(decision) == selection for decision in running)


def _held_fast(decision_id: UUID, appeal: Appeal) -> Decision:
    """The decision, not to be changed by a worker until this ends. Raises Refused when there is none."""
    mine = select(Decision).where(Decision.id == decision_id, Decision.appeal_id == appeal.id)
    found = session.scalar(mine.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise Refused(_("There is no such decision."))
    return found


def _overtaken(decision: Decision):  # type: ignore[no-untyped-def] # SELECT EXISTS
    mine, other = aliased(DecisionRow), aliased(DecisionRow)
    same = mine.signature_id == other.signature_id, mine.decision_id == decision.id
    later = Decision.id == other.decision_id, Decision.at > decision.at
    return select(exists().where(*same, *later))
