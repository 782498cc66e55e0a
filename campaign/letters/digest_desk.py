"""The organisers' screen of digests: what would go, the PDF as it would be, release it or let it wait.

Beside it what each office wishes, with a new private link for one whose link got into wrong hands.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from campaign import background
from campaign.appeals import queries
from campaign.appeals.queries import Published
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.letters import digest_replying, digests, overtaking, papers, wishes
from campaign.letters.models import Digest
from campaign.mail import outbox
from campaign.offices import queries as offices
from campaign.offices.models import Office
from campaign.organisers import access

blueprint = access.protect(Blueprint("digests", __name__, url_prefix="/desk/appeals/<slug>/digests"))


@blueprint.get("")
def listing(slug: str) -> str:
    """What gathers for which office, since when and until when; what went; what offices wish."""
    published = _published(slug)
    appeal, now = published.appeal, session.scalars(select(clock())).one()
    addressees = offices.by_slugs(published.content.addressees)
    gathering = [(one, digests.held_now(one, published)) for one in digests.gathering_now(appeal)]
    return render_template(
        "desk/digests.html",
        published=published,
        gathering=[(one, held, digests.due_at(one) <= now) for one, held in gathering if held.letters],
        recalled=[(one, digests.held_now(one, published)) for one in digests.recalled_now(appeal)],
        replies=digest_replying.of(appeal),
        due_at=digests.due_at,
        gone=[(one, session.get_one(Office, one.office_id), digests.size(one)) for one in digests.gone(appeal)],
        is_overtaken=lambda one: overtaking.since(one) is not None,
        wishes=[(office, wishes.of(office.id)) for office in addressees.values()],
    )


@blueprint.get("/<uuid:digest>/letters.pdf")
def preview(slug: str, digest: UUID) -> Response:
    """The PDF as it would go now."""
    published = _published(slug)
    held = digests.held_now(_digest(published, digest), published)
    headers = {"Content-Disposition": 'inline; filename="letters.pdf"'}
    return Response(papers.typeset(held.paper()), mimetype="application/pdf", headers=headers)


@blueprint.post("/<uuid:digest>/release")
def release(slug: str, digest: UUID) -> Response:
    """Let it go, in the organiser's name."""
    return _decide(slug, digest, digests.release, _("It is released in your name and goes when its turn comes."))


@blueprint.post("/<uuid:digest>/wait")
def wait(slug: str, digest: UUID) -> Response:
    """Let it gather for longer."""
    return _decide(slug, digest, digests.wait, _("It gathers for another period."))


@blueprint.post("/offices/<office>/link")
def replace_link(slug: str, office: str) -> Response:
    """Make the private links of an office that are out there useless."""
    wishes.replace_link(offices.by_slug(office) or abort(404), by=access.organiser())
    flash(_("The old links open nothing now. The next letter carries a new one."), "good")
    return _back(slug)


@blueprint.post("/offices/<office>/again")
def again(slug: str, office: str) -> Response:
    """Send an office each letter again: it said so by another way, or somebody else had pressed its button."""
    wishes.choose(offices.by_slug(office) or abort(404), wishes.EACH, by=access.organiser())
    flash(_("Letters go to it again. What was ended stays ended."), "warn")
    return _back(slug)


def _decide(slug: str, digest: UUID, act: Callable[..., None], said: str) -> Response:
    published = _published(slug)
    try:
        act(_digest(published, digest).id, published, by=access.organiser())
        background.ring(outbox.BELL)
        flash(said, "good")
    except Refused as refused:
        session.rollback()
        flash(refused.message, "bad")
    return _back(slug)


def _published(slug: str) -> Published:
    return queries.published(slug) or abort(404)


def _digest(published: Published, digest: UUID) -> Digest:
    found = session.get(Digest, digest)
    return found if found is not None and found.appeal_id == published.appeal.id else abort(404)


def _back(slug: str) -> Response:
    return redirect(url_for(".listing", slug=slug), 303)
