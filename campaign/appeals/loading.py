"""Bringing a bundle into the tables; it keeps to itself what a bundle may change of what people entered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.appeals import bundles, versions
from campaign.appeals.content import Content
from campaign.appeals.differences import differences
from campaign.appeals.models import Appeal
from campaign.offices.addressing import accepts_letters
from campaign.offices.models import Office


@dataclass(frozen=True)
class Loaded:
    """What a bundle did: ``version`` is now shown; ``changes`` is empty when the bundle brought nothing new."""

    slug: str
    version: int
    is_new: bool
    changes: tuple[str, ...]


def load(session: Session, folder: Path, *, now: datetime) -> Loaded:
    """Make the bundle in ``folder`` the newest version of its appeal, unless it was loaded last.

    A publisher and a day of deletion that a person entered stay where the bundle leaves them empty. The
    directory of offices has to be loaded before. Raises BundleRefused with every problem found.
    """
    offices = {office.slug: accepts_letters(office) for office in session.scalars(select(Office))}
    content = bundles.read(folder, offices=offices, today=now.date())
    appeal = versions.by_slug(session, content.slug)
    loaded = _change(session, appeal, content) if appeal else _first(session, content)
    session.commit()
    return loaded


def _first(session: Session, content: Content) -> Loaded:
    appeal = versions.publish(session, content, bundle=content.digest)
    return Loaded(appeal.slug, appeal.version, True, ())


def _change(session: Session, appeal: Appeal, content: Content) -> Loaded:
    if versions.last_bundle(session, appeal) == content.digest:
        return Loaded(appeal.slug, appeal.version, False, ())
    old = versions.newest(session, appeal)
    new = _with_what_people_entered(content, old)
    appeal = versions.publish(session, new, bundle=content.digest)
    return Loaded(appeal.slug, appeal.version, False, tuple(differences(old, new)))


def _with_what_people_entered(content: Content, old: Content) -> Content:
    given = content.publisher.model_dump(exclude_none=True)
    return content.model_copy(
        update={
            "publisher": old.publisher.model_copy(update=given),
            "delete_by": content.delete_by or old.delete_by,
        }
    )
