"""Versions of an appeal's content: added, never changed; it keeps to itself what of the content stands in columns."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.appeals import wording
from campaign.appeals.content import Content
from campaign.appeals.models import Appeal, AppealVersion


def publish(session: Session, content: Content, *, bundle: str | None = None) -> Appeal:
    """Make ``content`` the newest version of its appeal, which is made if it is new; without committing.

    ``bundle``: digest of the bundle it comes from; None for a person's own edit. An appeal that nobody
    answers for is a demonstration; once its publisher and its day of deletion are there it is a draft.
    """
    appeal = by_slug(session, content.slug) or Appeal(slug=content.slug, state="demonstration", version=0)
    session.add(appeal)
    appeal.version += 1
    appeal.sensitive = content.sensitive
    appeal.country_at_risk = content.country_at_risk
    appeal.delete_by = content.delete_by
    if appeal.state == "demonstration" and not content.is_demonstration:
        appeal.state = "draft"
    session.flush()
    session.add(
        AppealVersion(
            appeal_id=appeal.id,
            number=appeal.version,
            digest=content.digest,
            bundle=bundle,
            content=content.as_data(),
        )
    )
    wording.keep(session, appeal, content)
    session.flush()
    return appeal


def by_slug(session: Session, slug: str) -> Appeal | None:
    """The appeal with this slug, or None; its row is locked, so that two versions never get one number."""
    return session.scalars(select(Appeal).filter_by(slug=slug).with_for_update()).first()


def newest(session: Session, appeal: Appeal) -> Content:
    """The content that the appeal shows today."""
    return Content.from_data(session.get_one(AppealVersion, (appeal.id, appeal.version)).content)


def last_bundle(session: Session, appeal: Appeal) -> str | None:
    """The digest of the bundle that was loaded last; None when none ever was."""
    loaded = select(AppealVersion.bundle).where(
        AppealVersion.appeal_id == appeal.id, AppealVersion.bundle.is_not(None)
    )
    return session.scalar(loaded.order_by(AppealVersion.number.desc()).limit(1))
