"""Asking for the private link: the answer is the same whoever asks about whom."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, current_app, redirect, render_template, request, url_for

from campaign import background, limits
from campaign.i18n import INTERFACE, OWN_NAMES, SPEECH, best_of, language
from campaign.mail import outbox, transports
from campaign.rights import asking
from campaign.rights.forms import AskForm
from campaign.rights.views import Page, blueprint


@blueprint.get("/mine")
def any_language() -> Page:
    """The page in the browser's language."""
    return redirect(url_for("rights.ask", lang=best_of(INTERFACE)))


@blueprint.route(f"{SPEECH}/mine", methods=["GET", "POST"])
def ask(lang: str) -> Page:
    """Ask for the link by mail; the answer is the same whoever asks about whom."""
    form = AskForm(request.form)
    if request.method == "GET":
        return render_template("rights/ask.html", form=form, asked=False, languages=_languages("rights.ask"))
    if not (limits.by_onion() or limits.allows("20/hour", "mine", limits.visitor())):
        abort(429)
    if not form.validate():
        return render_template("rights/ask.html", form=form, asked=False, languages=_languages("rights.ask")), 422
    asking.ask(form.address, language=language(), now=datetime.now(UTC))
    background.ring(outbox.BELL)
    return redirect(url_for("rights.asked", lang=lang), 303)


@blueprint.get(f"{SPEECH}/mine/asked")
def asked(lang: str) -> Page:
    """What happens now, without saying whether anything is held."""
    rehearsal = transports.mode(current_app) == transports.CAPTURE
    links = _languages("rights.asked")
    return render_template("rights/ask.html", form=AskForm(), asked=True, rehearsal=rehearsal, languages=links)


def _languages(endpoint: str) -> list[tuple[str, str, str]]:
    return [(code, own, url_for(endpoint, lang=code)) for code, own in OWN_NAMES.items()]
