"""The words of consent, filled in, kept once they were shown; it keeps to itself which row is the one shown today.

A wording is found by its digest. So a text that changes and changes back is the same wording again, and no
row is ever rewritten: the database refuses that.
"""

from __future__ import annotations

import hashlib
from typing import Literal
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from campaign import db, i18n
from campaign.appeals.content import Content
from campaign.appeals.models import Appeal, AppealVersion, ConsentWording
from campaign.offices.placeholders import fill

Purpose = Literal["sign", "letter", "organisation"]
_KEPT = 1024  # wordings whose appeal and purpose are in memory; beyond that it starts anew
_known: dict[UUID, tuple[UUID, str]] = {}
PURPOSES: tuple[Purpose, ...] = ("sign", "letter", "organisation")


def current(appeal: Appeal, purpose: Purpose, language: str) -> ConsentWording:
    """The wording that a form shows today in this language. Raises LookupError for a language it does not have."""
    version = db.session.get_one(AppealVersion, (appeal.id, appeal.version))
    words = words_of(Content.from_data(version.content), purpose, language)
    return db.session.scalars(_same(appeal, purpose, language, words)).one()


def belongs(wording_id: UUID, appeal: Appeal, purpose: Purpose) -> bool:
    """Whether these words were put to whoever signs or writes for this appeal. A row never changes: read once."""
    if wording_id not in _known:
        found = db.session.get(ConsentWording, wording_id)
        if found is None:
            return False
        if len(_known) >= _KEPT:
            _known.clear()
        _known[wording_id] = found.appeal_id, found.purpose
    return _known[wording_id] == (appeal.id, purpose)


def words_of(content: Content, purpose: Purpose, language: str) -> str:
    """What somebody agrees to, with the publisher and the day of deletion, or that there are none yet."""
    consent = content.text(language).consent
    values = {
        "publisher": content.publisher.name or consent.nobody,
        "delete_by": i18n.day(content.delete_by, language) if content.delete_by else consent.no_date,
    }
    agreed: str = getattr(consent, purpose)
    return fill(agreed, values)


def keep(session: Session, appeal: Appeal, content: Content) -> None:
    """Add the wordings of ``content`` that are not there yet, in every language; without committing."""
    for purpose in PURPOSES:
        for language in content.languages:
            _keep(session, appeal, purpose, language, words_of(content, purpose, language))


def _keep(session: Session, appeal: Appeal, purpose: Purpose, language: str, words: str) -> None:
    if session.scalars(_same(appeal, purpose, language, words)).first():
        return
    last = session.scalar(
        select(func.max(ConsentWording.version)).filter_by(appeal_id=appeal.id, purpose=purpose, language=language)
    )
    wording = ConsentWording(
        appeal_id=appeal.id,
        purpose=purpose,
        language=language,
        version=(last or 0) + 1,
        text=words,
        digest=_digest(words),
    )
    session.add(wording)
    session.flush()


def _same(appeal: Appeal, purpose: str, language: str, words: str) -> Select[ConsentWording]:
    return select(ConsentWording).filter_by(
        appeal_id=appeal.id, purpose=purpose, language=language, digest=_digest(words)
    )


def _digest(words: str) -> bytes:
    return hashlib.sha256(words.encode()).digest()
