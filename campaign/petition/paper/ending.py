"""Taking back and forgetting a line on paper: it keeps to itself that the count stays true without the names."""

from __future__ import annotations

from uuid import UUID

import structlog
from sqlalchemy import delete, text, update

from campaign.db import clock, session
from campaign.petition.expiring import REGRET
from campaign.petition.paper.counting import BY_MAIL_TOO
from campaign.petition.paper.models import PaperBatch, PaperLine

log = structlog.get_logger()
_FORGOTTEN = dict.fromkeys(("sealed", "email_index", "person_index"))
_LAST_LOOK = text(f"""
  UPDATE paper_line SET state = 'again' WHERE appeal_id = :appeal AND state = 'counted' AND {BY_MAIL_TOO}
""")  # noqa: S608 - our own words only


def withdraw(line_id: UUID) -> None:
    """Count a line no more, at its person's word; whoever asks twice gets the same."""
    mine = PaperLine.id == line_id, PaperLine.state.in_(("counted", "again"))
    session.execute(update(PaperLine).where(*mine).values(state="withdrawn", ended_at=clock()))
    session.commit()
    log.info("paper.line_withdrawn", line=str(line_id))


def erase(line_id: UUID) -> None:
    """Forget whose line it was; it counts no more."""
    mine = PaperLine.id == line_id, PaperLine.state != "erased"
    session.execute(update(PaperLine).where(*mine).values(state="erased", ended_at=clock(), **_FORGOTTEN))
    session.commit()
    log.info("paper.line_erased", line=str(line_id))


def forget_withdrawn() -> None:
    """Forget whose a line was some time after they took it back, should that have been a mistake."""
    due = PaperLine.state == "withdrawn", PaperLine.ended_at <= clock() - REGRET, PaperLine.sealed.is_not(None)
    session.execute(update(PaperLine).where(*due).values(**_FORGOTTEN))
    session.commit()


def forget_everyone(appeal_id: UUID, *, uncount: bool) -> int:
    """Forget whoever gave an address on paper, in the caller's transaction; how many there were.

    Before signatures are forgotten: the count stays as it is that day. With ``uncount`` the batches go too.
    """
    if uncount:
        gone = session.connection().execute(delete(PaperLine).where(PaperLine.appeal_id == appeal_id)).rowcount
        session.execute(delete(PaperBatch).where(PaperBatch.appeal_id == appeal_id))
        return gone
    session.execute(_LAST_LOOK, {"appeal": appeal_id})
    named = PaperLine.appeal_id == appeal_id, PaperLine.sealed.is_not(None)
    return session.connection().execute(update(PaperLine).where(*named).values(**_FORGOTTEN)).rowcount
