"""Carrying out decisions: it keeps to itself how thousands of signatures change in portions that can be stopped.

Each portion is one transaction: how the rows were found is written down, then they change. So whatever dies half
way, what was done is known, the tally (which a trigger keeps) is exact, and undoing puts back exactly that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import TextClause, select, text

from campaign import vault
from campaign.db import clock, session
from campaign.petition.defence import selecting
from campaign.petition.defence.selecting import AT_ONCE, INVALIDATE, RELEASE
from campaign.petition.models import Decision

log = structlog.get_logger()
BELL = "petition.decide"
"""The task to ring after a decision."""

_CHANGES = {
    RELEASE: ("held_at IS NOT NULL", "held_at = NULL, held_reasons = '{}'", "held_at IS NOT NULL"),
    INVALIDATE: ("true", "state = 'invalidated', ended_at = clock()", "held_at IS NULL"),
}
_DO = {
    what: text(f"""
  WITH chosen AS (
    SELECT id, state, held_at, held_reasons FROM signature
    WHERE id = ANY(:ids) AND state IN ('pending', 'confirmed') AND {still} ORDER BY id FOR UPDATE
  ), noted AS (
    INSERT INTO decision_row (decision_id, signature_id, state, held_at, held_reasons)
    SELECT :decision, id, state, held_at, held_reasons FROM chosen ON CONFLICT DO NOTHING
  ), changed AS (UPDATE signature SET {change} FROM chosen WHERE signature.id = chosen.id)
  SELECT count(*) AS done, count(*) FILTER (WHERE state = 'confirmed' AND {counts}) AS counted FROM chosen
""")  # noqa: S608 - our own words only
    for what, (still, change, counts) in _CHANGES.items()
}
# Whoever signed anew meanwhile and confirmed that stays with the new one: one person, one signature.
_UNDO = text("""
  WITH noted AS (
    DELETE FROM decision_row WHERE decision_id = :decision AND signature_id IN (
      SELECT signature_id FROM decision_row WHERE decision_id = :decision ORDER BY signature_id LIMIT :most)
    RETURNING *
  ), mine AS (
    SELECT s.id FROM signature AS s JOIN noted ON signature_id = s.id ORDER BY s.id FOR UPDATE OF s
  ), changed AS (
    UPDATE signature AS s SET held_at = noted.held_at, held_reasons = noted.held_reasons,
      state = CASE WHEN s.state = 'invalidated' THEN noted.state ELSE s.state END,
      ended_at = CASE WHEN s.state = 'invalidated' THEN NULL ELSE s.ended_at END
    FROM noted JOIN mine ON mine.id = noted.signature_id
    WHERE s.id = mine.id AND (s.state IN ('pending', 'confirmed') OR s.state = 'invalidated' AND NOT EXISTS (
      SELECT FROM signature AS other
      WHERE other.appeal_id = s.appeal_id AND other.email_index = s.email_index AND other.state = 'confirmed'))
  )
  SELECT count(*) FROM noted
""")


def carry_out() -> int:
    """Go on with every decision that is at work until it ends or is stopped; how many signatures were changed."""
    at_work = select(Decision.id, Decision.state).where(Decision.state.in_(("running", "undoing")))
    waiting = session.execute(at_work.order_by(Decision.at)).all()
    session.commit()
    return sum(_do(row) if state == "running" else _undo(row) for row, state in waiting)


def _do(decision_id: UUID) -> int:
    decision = session.get_one(Decision, decision_id)
    selection, at = selection_of(decision), decision.at
    session.commit()
    changed = 0
    for ids in selecting.found(decision.appeal_id, selection, decision.what, at=at):
        portion = _portion(decision_id, "running", _done(_DO[decision.what], ids))
        if portion is None:
            return changed
        changed += portion
    _end(decision_id, "running", "done", "ended_at")
    return changed


def _undo(decision_id: UUID) -> int:
    changed = 0
    while portion := _portion(decision_id, "undoing", _undone):
        changed += portion
    _end(decision_id, "undoing", "undone", "undone_at")
    return changed


def _portion(decision_id: UUID, state: str, act: Callable[[Decision], int]) -> int | None:
    """Act once, in one transaction, while the decision is in this state; None when it no longer is."""
    mine = select(Decision).where(Decision.id == decision_id, Decision.state == state).with_for_update()
    decision = session.scalar(mine.execution_options(populate_existing=True))
    changed = act(decision) if decision else None
    session.commit()
    return changed


def _done(change: TextClause, ids: list[UUID]) -> Callable[[Decision], int]:
    def act(decision: Decision) -> int:
        row = session.execute(change, {"ids": ids, "decision": decision.id}).one()
        decision.done += row.done
        decision.counted += row.counted
        return int(row.done)

    return act


def _undone(decision: Decision) -> int:
    return int(session.scalar(_UNDO, {"decision": decision.id, "most": AT_ONCE}) or 0)


def _end(decision_id: UUID, state: str, end: str, moment: str) -> None:
    def act(decision: Decision) -> int:
        decision.state = end
        setattr(decision, moment, clock())
        log.info("decision.ended", decision=str(decision_id), what=decision.what, state=end, signatures=decision.done)
        return 0

    _portion(decision_id, state, act)


def selection_of(decision: Decision) -> selecting.Selection:
    """The question that a decision answered, with the name that was asked for."""
    sealed: dict[str, Any] = {}
    if decision.pattern is not None:
        sealed = vault.current().open(decision.pattern, table="decision", row=decision.id)
    return selecting.restored(decision.asked, sealed.get("name", ""))
