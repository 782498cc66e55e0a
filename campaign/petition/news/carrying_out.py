"""Making the mails of released news: it keeps to itself how thousands are made in portions that may be killed.

A portion is one transaction: the news is locked, the next signatures in the order of their ids that have a turn get
it, their mails are put into the outbox, and how far it came is noted. So whoever dies half way has done nothing or
all of a portion, and the next run goes on from there. Two news of one appeal at the same time meet on the signature's
row: whoever comes second finds the turn gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy import select, update

from campaign import background
from campaign.db import clock, session
from campaign.mail import outbox
from campaign.mail.models import Message
from campaign.mail.moving import move
from campaign.mail.states import State
from campaign.petition.ending import opened
from campaign.petition.models import Signature
from campaign.petition.news import audience
from campaign.petition.news.models import News
from campaign.petition.news.releasing import KIND

log = structlog.get_logger()
BELL = "petition.news"
"""The task to ring after news was released or stopped."""
AT_ONCE = 200  # mails of one transaction
_message = Message.__table__.c


def signature_of(dedupe_key: str) -> UUID:
    """The signature that a mail of news goes to."""
    return UUID(dedupe_key.rpartition(":")[2])


def carry_out() -> int:
    """Go on with all news that is at work until it ends or is stopped; how many mails were made or taken back."""
    at_work = select(News.id).where(News.state.in_(("sending", "stopping"))).order_by(News.at)
    waiting = session.scalars(at_work).all()
    session.commit()
    return sum(_go_on(news_id) for news_id in waiting)


def _go_on(news_id: UUID) -> int:
    total = 0
    while (done := _portion(news_id)) is not None:
        total += done
        background.ring(outbox.BELL)
    return total


def _portion(news_id: UUID) -> int | None:
    """One portion in one transaction; None when there is no more to do."""
    mine = select(News).where(News.id == news_id, News.state.in_(("sending", "stopping"))).with_for_update()
    news = session.scalar(mine.execution_options(populate_existing=True))
    done = None if news is None else _make(news) if news.state == "sending" else _take_back(news)
    session.commit()
    return done


def _make(news: News) -> int:
    signatures = _give_turns(news)
    for signature in signatures:
        _enqueue(news, signature)
    if signatures:
        news.reached, news.queued = signatures[-1].id, news.queued + len(signatures)
    else:
        _end(news, "sent")
    return len(signatures)


def _give_turns(news: News) -> Sequence[Signature]:
    """The next signatures, theirs now. One that another transaction holds is waited for, and looked at again."""
    known = Signature.appeal_id == news.appeal_id, Signature.confirmed_at <= news.released_at, audience.wanted()
    after = Signature.id > news.reached if news.reached else Signature.id.is_not(None)
    rows = select(Signature).where(*known, after).order_by(Signature.id).limit(AT_ONCE)
    found = session.scalars(rows.with_for_update(of=Signature).execution_options(populate_existing=True)).all()
    theirs = update(Signature).where(Signature.id.in_([row.id for row in found])).values(news_at=clock())
    session.execute(theirs, execution_options={"synchronize_session": False})
    return found


def _enqueue(news: News, signature: Signature) -> None:
    outbox.enqueue(
        kind=KIND,
        subject_id=news.id,
        address=opened(signature)["email"],
        language=signature.language,
        dedupe_key=news.key(signature.id),
        lane=outbox.UPDATES,
        pause_keys=(f"appeal:{signature.appeal_id}",),
        origin=signature.origin,
    )


def _take_back(news: News) -> int:
    """Cancel some of what has not left, and give its signers their turn back."""
    about = _message.subject_id == news.id, _message.kind == KIND
    moved = move(*about, to=State.CANCELLED, why="the news was stopped", limit=AT_ONCE)
    ids = [row.id for row in moved]
    keys = session.scalars(select(Message.dedupe_key).where(Message.id.in_(ids))).all()
    theirs = update(Signature).where(Signature.id.in_([signature_of(key) for key in keys])).values(news_at=None)
    session.execute(theirs, execution_options={"synchronize_session": False})
    if not moved:
        _end(news, "stopped")
    return len(moved)


def _end(news: News, state: str) -> None:
    news.state, news.ended_at = state, clock()
    log.info("news.ended", news=str(news.id), state=state, mails=news.queued)
