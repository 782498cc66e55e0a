"""The organisers' screens of news: write it, read the mail as it would come, try it, release it, stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign import background, i18n
from campaign.appeals import queries
from campaign.appeals.queries import Published
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import outbox
from campaign.mail.rendering import Draft
from campaign.organisers import access, accounts
from campaign.petition.news import audience, carrying_out, mails, releasing, seconding, writing
from campaign.petition.news.forms import NewsForm
from campaign.petition.news.models import News

blueprint = access.protect(Blueprint("news", __name__, url_prefix="/desk/appeals/<slug>/news"))
Answer = str | Response | tuple[str, int]


@blueprint.get("")
def listing(slug: str) -> str:
    """What was written and released; how many would get some now, and why others do not."""
    published = _published(slug)
    return render_template(
        "desk/news.html",
        published=published,
        found=writing.listing(published.appeal),
        audience=audience.audience(published.appeal.id),
        spoken=writing.spoken,
        takes_two=seconding.takes_two(published.appeal),
    )


@blueprint.get("/write")
def write(slug: str) -> str:
    """An empty form."""
    published = _published(slug)
    return _form(published, NewsForm(published.content.languages))


@blueprint.post("/write")
def keep(slug: str) -> Answer:
    """Keep what was written as a draft."""
    published = _published(slug)
    return _keep(published, None, lambda texts: writing.write(published.appeal, texts, by=access.organiser()))


@blueprint.get("/<uuid:news>/write")
def change(slug: str, news: UUID) -> str:
    """The form with a draft in it."""
    published = _published(slug)
    found = _news(published, news)
    if found.state != "draft":
        abort(404)
    return _form(published, NewsForm(published.content.languages, texts=found.texts), found)


@blueprint.post("/<uuid:news>/write")
def keep_change(slug: str, news: UUID) -> Answer:
    """Keep a draft as it was changed."""
    published = _published(slug)
    found = _news(published, news)
    return _keep(published, found, lambda texts: _rewrite(news, texts))


@blueprint.get("/<uuid:news>")
def show(slug: str, news: UUID) -> str:
    """The mail in each language as it would come, who gets it, and how far it is."""
    published = _published(slug)
    found, me = _news(published, news), access.organiser()
    people = accounts.emails({one for one in (found.organiser_id, found.written_by) if one})
    return render_template(
        "desk/news_one.html",
        published=published,
        news=found,
        drafts={code: _mail(found, code) for code in published.content.languages},
        names=i18n.OWN_NAMES,
        way=i18n.direction,
        audience=audience.audience(published.appeal.id),
        fates=releasing.fates(found.id),
        by=people.get(found.organiser_id) if found.organiser_id else None,
        writer=people.get(found.written_by) if found.written_by else None,
        takes_two=seconding.takes_two(published.appeal),
        against=seconding.against(found, published.appeal, me),
        version=seconding.version(found),
        me=accounts.email(me),
    )


@blueprint.post("/<uuid:news>/test")
def test(slug: str, news: UUID) -> Response:
    """Send it to the organiser who asks, in one language."""
    published = _published(slug)
    code = request.form.get("language", "")
    if code not in published.content.languages:
        abort(400)
    found = _news(published, news)
    said = _("A test is on its way to you, and to nobody else.")
    return _act(slug, news, lambda: releasing.test(found, code, by=access.organiser()), said)


@blueprint.post("/<uuid:news>/release")
def release(slug: str, news: UUID) -> Response:
    """Let it go to everybody who has a turn, in the organiser's name."""
    appeal = _published(slug).appeal
    seen = request.form.get("seen", "")
    said = _("It is released in your name. Load this page again to see how far it is.")
    return _act(slug, news, lambda: releasing.release(news, appeal=appeal, by=access.organiser(), seen=seen), said)


@blueprint.post("/<uuid:news>/stop")
def stop(slug: str, news: UUID) -> Response:
    """Take back what has not left."""
    appeal = _published(slug).appeal
    said = _("It is off the page, and what has not left is being taken back.")
    return _act(slug, news, lambda: releasing.stop(news, appeal=appeal, by=access.organiser()), said)


@blueprint.post("/<uuid:news>/discard")
def discard(slug: str, news: UUID) -> Response:
    """Throw a draft away."""
    found = _news(_published(slug), news)
    try:
        writing.discard(found.id)
    except Refused as refused:
        flash(refused.message, "bad")
    return redirect(url_for(".listing", slug=slug), 303)


def _rewrite(news: UUID, texts: writing.Texts) -> UUID:
    writing.rewrite(news, texts, by=access.organiser())
    return news


def _act(slug: str, news: UUID, deed: Callable[[], Any], said: str) -> Response:
    try:
        deed()
        for bell in (carrying_out.BELL, outbox.BELL):
            background.ring(bell)
        flash(said, "good")
    except Refused as refused:
        session.rollback()
        flash(refused.message, "bad")
    return redirect(url_for(".show", slug=slug, news=news), 303)


def _keep(published: Published, news: News | None, store: Callable[[writing.Texts], UUID]) -> Answer:
    form = NewsForm(published.content.languages, request.form)
    if not form.validate():
        return _form(published, form, news), 422
    try:
        row = store(form.texts())
    except Refused as refused:
        session.rollback()
        form.fields.form_errors.append(refused.message)
        return _form(published, form, news), 422
    return redirect(url_for(".show", slug=published.appeal.slug, news=row), 303)


def _form(published: Published, form: NewsForm, news: News | None = None) -> str:
    return render_template(
        "desk/news_write.html",
        published=published,
        form=form.fields,
        codes=form.languages,
        names=i18n.OWN_NAMES,
        news=news,
    )


def _mail(news: News, code: str) -> Draft:
    with i18n.speaking(code):
        return mails.draft(news, code, about=uuid4())  # nobody's: a preview ends no news


def _published(slug: str) -> Published:
    return queries.published(slug) or abort(404)


def _news(published: Published, news: UUID) -> News:
    found = session.get(News, news, populate_existing=True)
    return found if found is not None and found.appeal_id == published.appeal.id else abort(404)
