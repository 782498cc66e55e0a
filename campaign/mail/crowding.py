"""How much mail for people one domain is sent in an hour, whoever causes it: it keeps to itself how much that is.

Somebody who types a thousand addresses of one employer bombs its mail server with our help. So what is too much
waits in the outbox until its hour has room; nothing is dropped. Domains that RFC 2606 reserves get no mail at all.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal_column, select

from campaign.db import session
from campaign.mail.addresses import Address
from campaign.mail.models import Message
from campaign.mail.moving import CLOCK
from campaign.mail.providers import LARGE
from campaign.mail.states import PEOPLE, State

AN_HOUR = 300  # mails to people at one domain, and
AN_HOUR_LARGE = 20_000  # at one of the large providers
_HOUR = timedelta(hours=1)
_KEPT = 1.0  # second that a process keeps what it knows of a large provider: 20,000 entries take some milliseconds

_message = Message.__table__.c
_known: dict[str, tuple[float, datetime | None]] = {}


def most(address: Address) -> int | None:
    """The cap that the statement itself looks after: none for large providers (``later``) and reserved domains."""
    return None if address.reserved or address.domain in LARGE else AN_HOUR


def not_before(asked: ColumnElement[Any], domain: ColumnElement[str], cap: ColumnElement[int]) -> ColumnElement[Any]:
    """``asked``, now, or when the hour of the domain has room: an hour after the last but ``cap`` went."""
    room = case((cap.is_not(None), _last_but(domain, cap).scalar_subquery()))
    return func.greatest(func.coalesce(asked, CLOCK), room + _HOUR)


def later(address: Address) -> datetime | None:
    """From when on a large provider has room again; None when it has room now, or is no large provider."""
    if address.domain not in LARGE:
        return None
    until, room = _known.get(address.domain, (0.0, None))
    if until < time.monotonic():
        last = session.scalar(_last_but(address.domain, AN_HOUR_LARGE))
        room = last + _HOUR if last else None
        _known[address.domain] = (time.monotonic() + _KEPT, room)
    return room


def last_turn(domain: str) -> datetime | None:
    """When the last mail goes that waits for room in the hour of a domain (a recorded one); None when none does."""
    now = select(CLOCK).scalar_subquery()  # read once for a statement, and so looked up in an index
    waits = _message.state == State.READY, _message.not_before > now
    return session.scalar(_last_but(domain, literal_column("1")).where(*waits))


def _last_but(domain: Any, cap: Any) -> Select[datetime]:
    """When the message went, or will go, that is the ``cap``-th from the end."""
    its = _message.recipient_domain == domain, _message.lane == literal_column(str(int(PEOPLE)))
    return select(_message.not_before).where(*its).order_by(_message.not_before.desc()).offset(cap - 1).limit(1)
