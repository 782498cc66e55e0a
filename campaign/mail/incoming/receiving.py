"""One mail that came in, from bytes to what follows: it keeps to itself that it is handled once, however it comes.

What a mail says is drawn from it in one transaction together with its digest. The bytes are kept nowhere.
"""

from __future__ import annotations

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from campaign import vault
from campaign.db import session
from campaign.errors import TemporaryFailure
from campaign.mail.incoming import acting, matching, parsing, sorting
from campaign.mail.incoming.judging import Sort
from campaign.mail.incoming.matching import Match
from campaign.mail.incoming.parsing import Mail
from campaign.mail.models import IncomingMail

log = structlog.get_logger()


def take(raw: bytes, envelope: str = "") -> bool:
    """Handle one mail; False when it has to come again, since nothing of it was kept. Never raises.

    ``envelope`` is the address that it was delivered to, where the door knows it.
    """
    try:
        receive(raw, envelope)
    except (TemporaryFailure, DBAPIError, NoConnection) as error:
        log.warning("mail.not_taken", error=type(error).__name__)
    except Exception as error:  # a fault of ours must not lose it; without a trace, which could hold its words
        log.error("mail.not_understood", error=type(error).__name__)
    else:
        return True
    session.rollback()
    return False


def receive(raw: bytes, envelope: str = "") -> Sort:
    """Handle one mail in one transaction; what it was. A second copy changes nothing.

    Raises TemporaryFailure while the message that it is about is still being sent.
    """
    mail = parsing.read(raw)
    match = matching.find(mail, envelope)
    finding = sorting.sort(mail)
    sort = finding.sort if match else Sort.IGNORED
    if _is_new(_digest(mail, raw, match), sort) and match:
        acting.act(match, finding, mail)
    message = str(match.message.id) if match else ""
    session.commit()
    log.info("mail.came_in", sort=sort.name.lower(), message=message)
    return sort


def _digest(mail: Mail, raw: bytes, match: Match | None) -> bytes:
    """The same for a copy that came another way: of its headers only those that no server on the way adds."""
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    about = match.message.id.hex if match else ""
    own = (mail.header(name) for name in ("Message-ID", "Date", "From", "Subject"))
    whole = "\0".join([about, *own, body.hex()])
    return vault.current().index(whole, scope="incoming mail")


def _is_new(digest: bytes, sort: Sort) -> bool:
    """Note the digest; of two copies at the same moment the second waits here for the first."""
    noted = insert(IncomingMail).values(digest=digest, sort=sort.name.lower()).on_conflict_do_nothing()
    return session.scalar(noted.returning(IncomingMail.digest)) is not None
