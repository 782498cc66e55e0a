"""Sign-in links that work once: it keeps to itself how a link is made, known again and used up.

The secret of a link is a keyed index of its own row, so that the mail which carries it can be written from
the row alone, and only its SHA-256 lies in the database: without the vault's key a stolen one opens nothing.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select, update

from campaign import vault
from campaign.db import session
from campaign.mail import outbox
from campaign.mail.addresses import Address
from campaign.organisers import accounts, audit, sessions
from campaign.organisers.models import Organiser, SignInLink

MAILED = timedelta(minutes=30)
PRINTED = timedelta(hours=24)
_A_DAY = 10  # sign-in mails to one address


def make(organiser: Organiser, *, valid_for: timedelta = PRINTED) -> str:
    """The secret of a new link for whoever asked at the command line."""
    link = _new(organiser, valid_for)
    session.commit()
    return secret_of(link.id)


def send(address: Address, *, language: str) -> None:
    """Mail a link to ``address`` if it is an organiser's; nothing tells the caller whether it was."""
    organiser = accounts.enabled(address)
    if organiser is None:
        return
    link = _new(organiser, MAILED)
    outbox.enqueue(
        kind="sign_in",
        subject_id=link.id,
        address=address,
        language=language,
        dedupe_key=f"sign_in:{link.id}",
        expires_in=MAILED,
        cap=_A_DAY,
        urgent=True,  # a flood of mail to the domain of an organiser must not keep them from the desk
    )
    session.commit()


def spoil_all() -> None:
    """Let no link that is out sign anybody in any more, in the current transaction."""
    session.execute(update(SignInLink).where(SignInLink.used_at.is_(None)).values(used_at=func.clock()))


def enter(secret: str) -> str | None:
    """Use a link up and open a session: the session's secret; None for a link unknown, used or expired."""
    used = (
        update(SignInLink)
        .where(SignInLink.token_hash == _hash(secret), SignInLink.used_at.is_(None))
        .where(SignInLink.expires_at > func.clock())
        .where(SignInLink.organiser_id.in_(select(Organiser.id).where(Organiser.disabled_at.is_(None))))
        .values(used_at=func.clock())
        .returning(SignInLink.organiser_id)
    )
    owner = session.scalar(used)
    if owner is None:
        return None
    organiser = session.get_one(Organiser, owner)
    opened = sessions.begin(organiser)
    audit.record("organiser.signed_in", f"organiser {organiser.id}", organiser=organiser)
    session.commit()
    return opened


def is_usable(link_id: UUID) -> bool:
    """Whether a link still opens the desk: a mail with one that does not is not worth sending."""
    usable = select(SignInLink.id).where(
        SignInLink.id == link_id, SignInLink.used_at.is_(None), SignInLink.expires_at > func.clock()
    )
    return session.scalar(usable) is not None


def secret_of(link_id: UUID) -> str:
    """The secret part of a link's address, 43 URL-safe characters."""
    return urlsafe_b64encode(vault.current().index(str(link_id), scope="sign-in link")).rstrip(b"=").decode()


def _new(organiser: Organiser, valid_for: timedelta) -> SignInLink:
    row = uuid4()
    link = SignInLink(
        id=row, organiser_id=organiser.id, token_hash=_hash(secret_of(row)), expires_at=func.clock() + valid_for
    )
    session.add(link)
    return link


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
