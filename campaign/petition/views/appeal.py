"""The public pages of an appeal: the same bytes for everybody, so nothing here knows who looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from flask import Response, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from campaign import i18n, limits
from campaign.appeals import queries, stamps, wording
from campaign.appeals.queries import Published
from campaign.errors import Refused
from campaign.i18n import best_of
from campaign.i18n import gettext as _
from campaign.petition import cards, onward, showing, signing
from campaign.petition.defence import proving
from campaign.petition.forms import SignForm
from campaign.petition.surge.standing import surge_is_on
from campaign.petition.views import blueprint
from campaign.petition.views.taking_in import Whence, taken, wording_behind
from campaign.web import cacheable, link

FRESH = 10  # seconds that a shared cache keeps a page with a count
CALM = 300  # … and one without
SURGE = 60  # … and one with a count in surge mode, which
KEPT = 10  # our own processes keep too, for so many seconds
Find = Callable[[str], Published | None]
SPEECH = f"{i18n.SPEECH}/<slug>"


@blueprint.get("/")
def home() -> str | AnyResponse:
    """The first page in the browser's language; with a single appeal, that appeal."""
    published = queries.listing()
    spoken = published[0].content.languages if len(published) == 1 else i18n.INTERFACE
    answer = redirect(_first(published, best_of(spoken)) or url_for("petition.home_in", lang=best_of(spoken)))
    answer.headers["Vary"] = "Accept-Language"
    return answer


@blueprint.get(i18n.SPEECH)
def home_in(lang: str) -> str | AnyResponse:
    """The list of appeals; with a single one, that appeal."""
    published = queries.listing()
    only = _first(published, lang)
    if only:
        return redirect(only)
    spoken = [(code, own, url_for("petition.home_in", lang=code)) for code, own in i18n.OWN_NAMES.items()]
    told = {"languages": spoken, "way": i18n.direction, "own_names": i18n.OWN_NAMES}
    return render_template("petition/home.html", published=published, **told)


@blueprint.get(SPEECH)
def show(lang: str, slug: str) -> Response:
    """The appeal: text, count and form."""
    published = published_or_404(lang, slug)
    page = make_response(_page(published, lang))
    if not surge_is_on(published.appeal):
        return cacheable(page, FRESH)
    page.headers["Surrogate-Control"] = f"max-age={KEPT}"  # to our own cache (``campaign.pages``)
    return cacheable(page, SURGE)


@blueprint.get(SPEECH + "/sign")
def to_the_form(lang: str, slug: str) -> AnyResponse:
    """The address of the form, opened by hand."""
    return redirect(_url("petition.show", published_or_404(lang, slug), lang) + "#sign")


@blueprint.post(SPEECH + "/sign")
def sign(lang: str, slug: str) -> str | tuple[str, int] | AnyResponse:
    """Take a signature in; who had signed before gets the same answer."""
    published = published_or_404(lang, slug, find=queries.recent)
    if published.appeal.state not in signing.OPEN:
        return _page(published, lang), 409
    form = SignForm(request.form, language=lang)
    agreed_to = wording_behind(form.stamp.data, published, "sign")
    if not form.validate() or agreed_to is None:
        return _once_more(published, lang, form, stale=agreed_to is None), 422
    try:
        token = taken(
            published,
            form.signer(),
            Whence(limits.visitor(), limits.by_onion(), "Sec-Fetch-Site" in request.headers),
            language=lang,
            wording_id=agreed_to,
            trapped=bool(form.website.data),
            solution=form.altcha.data or "",
            comment=form.comment.data or "",
        )
    except Refused:  # closed, or changed, within the last second
        return _page(published_or_404(lang, slug), lang, form), 409
    return redirect(url_for("petition.sent", token=token), 303)


@blueprint.get(SPEECH + "/data")
def data(lang: str, slug: str) -> Response:
    """What happens with a signer's data."""
    published = published_or_404(lang, slug)
    return words_only("petition/data.html", published, lang, recipients=showing.recipients(published, lang))


@blueprint.get(SPEECH + "/case")
def case(lang: str, slug: str) -> Response:
    """How a case reaches the UN; collects nothing."""
    return words_only("petition/case.html", published_or_404(lang, slug), lang)


@blueprint.get(SPEECH + "/safety")
def safety(lang: str, slug: str) -> Response:
    """For whoever lives in the country at risk or has family there."""
    return words_only("petition/safety.html", published_or_404(lang, slug), lang)


def words_only(template: str, published: Published, lang: str, **more: object) -> Response:
    """A page of text, without a form or a count: the same for everybody for a while."""
    told = showing.frame(published, lang) | more
    here = request.endpoint or ""
    told["languages"] = [(code, name, _url(here, published, code)) for code, name, _show in told["languages"]]
    return cacheable(make_response(render_template(template, **told)), CALM)


def _page(published: Published, lang: str, form: SignForm | None = None) -> str:
    """The appeal with an empty form, or with one that was filled in."""
    agreed = wording.current(published.appeal, "sign", lang)
    form = form or SignForm(language=lang)
    if stamps.shown(form.stamp.data or "") != agreed.id:
        form.consent.data = False  # a tick stays only beside the words that it was put to
    form.stamp.data = stamps.make(agreed.id)
    today = datetime.now(UTC).date()
    told = showing.frame(published, lang) | showing.document(published, lang, today)
    told |= {"onward": onward.onward(published, lang, today), "way": i18n.direction}
    card = link("petition.card", lang=lang, slug=published.appeal.slug, version=cards.version(published, lang))
    proof = proving.asked(published.appeal)
    return render_template("petition/show.html", form=form, agreed=agreed, card=card, proof=proof, **told)


def _once_more(published: Published, lang: str, form: SignForm, *, stale: bool) -> str:
    """The page with everything typed still in it."""
    if stale:
        form.form_errors.append(
            _("This page was open for more than a day. Nothing you typed is lost: check it and sign again.")
        )
    return _page(published, lang, form)


def published_or_404(lang: str, slug: str, find: Find = queries.published) -> Published:
    """The appeal, or 404 for a draft; in a language that it does not have, on to one that it has."""
    found = find(slug)
    if found is None or not queries.may_be_read(found.appeal):
        abort(404)
    if lang not in found.content.languages:
        abort(redirect(_url(request.endpoint or "", found, found.content.languages[0])))
    return found


def _first(published: Sequence[Published], lang: str) -> str:
    """The address of the only appeal there is; empty when there is a choice, or none."""
    return _url("petition.show", published[0], lang) if len(published) == 1 else ""


def _url(endpoint: str, published: Published, lang: str) -> str:
    return url_for(endpoint, lang=lang, slug=published.appeal.slug)
