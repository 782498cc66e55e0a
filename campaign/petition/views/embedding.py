"""An appeal on other people's sites: a card in a frame and a picture of the count; neither knows who looks.

The frame has no cookie and no script. What is pressed in it opens on our own site in a tab of its own: an answer with
a private link never stands in a stranger's page. On a sensitive appeal the card only leads there, because the warning
and the quick way out need a page of their own; so the form stands in frames of other appeals only.
"""

from __future__ import annotations

import json
from functools import lru_cache

from flask import Response, abort, current_app, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from campaign import i18n, typesetting
from campaign.appeals import look, queries, stamps, wording
from campaign.appeals.queries import Published
from campaign.i18n import best_of, ngettext, speak
from campaign.petition import counting, showing, signing
from campaign.petition.defence import proving
from campaign.petition.forms import SignForm
from campaign.petition.paper import counting as on_paper
from campaign.petition.views import blueprint
from campaign.petition.views.appeal import FRESH, published_or_404
from campaign.web import CONTENT_SECURITY_POLICY, cacheable

_PLACE = f"/embed/<slug>/<any({', '.join(i18n.INTERFACE)}):lang>"
_SECONDS = 300  # that a shared cache keeps the picture of the count


@blueprint.get("/embed/<slug>")
def embed_any(slug: str) -> AnyResponse:
    """On to the card in the browser's language, or else in the appeal's first."""
    found = queries.published(slug)
    if found is None or found.appeal.state not in queries.PUBLIC:
        abort(404)
    answer = redirect(url_for("petition.embed", slug=slug, lang=best_of(found.content.languages)))
    answer.headers["Vary"] = "Accept-Language"
    return _framed(answer)


@blueprint.get(_PLACE)
def embed(slug: str, lang: str) -> AnyResponse:
    """The card, with the form where an appeal is open and nobody can be harmed by it."""
    speak(lang)
    published = published_or_404(lang, slug)
    told = showing.frame(published, lang) | {"lang": lang, "dir": i18n.direction(lang)} | _form(published, lang)
    return _framed(cacheable(make_response(render_template("petition/embed.html", **told)), FRESH))


@blueprint.get(_PLACE + "/count.png")
def badge(slug: str, lang: str) -> AnyResponse:
    """How many have signed, also on paper, as a picture of 720 by 144 pixels, to be shown at half that size."""
    speak(lang)
    published = published_or_404(lang, slug)
    count, paper = counting.count(published.appeal), on_paper.count(published.appeal)
    said = {
        "lang": lang,
        "accent": look.accent(published.appeal),
        "count": i18n.number(count),
        "people": ngettext("person has signed", "people have signed", count),
        "paper": ngettext("and %(n)s on paper", "and %(n)s on paper", paper, n=i18n.number(paper)) if paper else "",
        "title": published.content.text(lang).short_title,
    }
    answer = Response(_drawn(json.dumps(said)), mimetype="image/png")
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return cacheable(answer, _SECONDS)


def _form(published: Published, lang: str) -> dict[str, object]:
    """None also while work is asked for: a frame has no script to do it, the page itself has."""
    appeal = published.appeal
    if appeal.sensitive or appeal.state not in signing.OPEN or proving.asked(appeal):
        return {"form": None}
    form, agreed = SignForm(language=lang), wording.current(published.appeal, "sign", lang)
    form.stamp.data = stamps.make(agreed.id)
    return {"form": form, "agreed": agreed}


def _framed(answer: AnyResponse) -> AnyResponse:
    """Let the sites of EMBED_SITES show this page in a frame; no other page of ours may be."""
    sites = f"frame-ancestors {current_app.config['EMBED_SITES']}"
    answer.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", sites)
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@lru_cache(maxsize=64)
def _drawn(said: str) -> bytes:
    """Drawn once for each count (about 20 ms)."""
    return typesetting.png("count", json.loads(said))
