"""An office's own page, behind the private link of every letter: what waits, how it should come, received, stop.

Looking changes nothing, so what scans links in mails does no harm: each button is a form that is posted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign import background, i18n, limits
from campaign.appeals import queries as appeals
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.letters import fetching, office_links, office_queue, papers, wishes
from campaign.letters.office_words import LANGUAGES, words, working_language
from campaign.letters.views import blueprint
from campaign.mail import outbox
from campaign.offices.models import Office

_RATE = "60/hour"  # acts with one link: more is nobody at an office
_DONE = {"choose": "chosen", "received": "thanks", "fetch": "fetched", "stop": ""}


@blueprint.get("/office/<token>")
def office(token: str) -> str:
    """What waits for an office, and its buttons."""
    found = _office(token)
    language = _speak(found)
    sent, now = office_queue.unconfirmed(found.id)
    say = words(language)
    return render_template(
        "letters/office.html",
        say=say,
        lang=language,
        token=token,
        name=found.titles.get(language, {}).get("text") or found.title,
        wish=wishes.of(found.id),
        queues=[(queue, _title(queue.appeal_id, language)) for queue in office_queue.queues(found.id)],
        sent=sent,
        until=now.timestamp(),
        done=getattr(say, _DONE.get(request.args.get("done", ""), ""), ""),
        languages=_languages(found, token),
    )


@blueprint.post("/office/<token>")
def say_as_office(token: str) -> Response:
    """Do what the button says, in the office's name."""
    found = _office(token)
    step = request.form.get("step", "")
    if not limits.allows(_RATE, "office", str(found.id)):
        abort(429)
    _STEPS.get(step, _unknown)(found)
    background.ring(outbox.BELL)
    return redirect(_here(token, _speak(found), done=step), 303)


@blueprint.get("/office/waiting/<token>")
def fetched(token: str) -> Response:
    """Everything that waits as one PDF, for who got the mail in the office's mailbox."""
    found = office_links.read(office_links.FETCH, token) or abort(404)
    headers = {"Content-Disposition": 'attachment; filename="letters.pdf"'}
    document = papers.typeset(fetching.paper(found, _speak(found)))
    return Response(document, mimetype="application/pdf", headers=headers)


def _office(token: str) -> Office:
    """The office of a link; one that is too old, replaced or forged is told where the next one stands, no more."""
    return office_links.read(office_links.PAGE, token) or abort(_expired())


def _expired() -> Response:
    asked = request.args.get("in", "")
    language = asked if asked in LANGUAGES else i18n.best_of(LANGUAGES)
    i18n.speak(language)
    return make_response(render_template("letters/office_expired.html", say=words(language), lang=language), 404)


def _speak(found: Office) -> str:
    language = working_language(found.languages, request.args.get("in", ""))
    i18n.speak(language)
    return language


def _choose(found: Office) -> None:
    choice = request.form.get("choice")
    if choice not in wishes.CHOICES:
        abort(400)
    wishes.choose(found, choice)


def _received(found: Office) -> None:
    """What the page showed, no more: a letter that went meanwhile is not confirmed by a button pressed before."""
    try:
        until = datetime.fromtimestamp(float(request.form.get("until", "")), UTC)
    except (ValueError, OverflowError, OSError):
        abort(400)
    wishes.received(found, until=until)


def _fetch(found: Office) -> None:
    fetching.ask(found, _speak(found))


def _stop(found: Office) -> None:
    wishes.stop(found)


def _unknown(_found: Office) -> None:
    abort(400)


_STEPS: dict[str, Callable[[Office], None]] = {
    "choose": _choose,
    "received": _received,
    "fetch": _fetch,
    "stop": _stop,
}


def _title(appeal: UUID, language: str) -> str:
    found = appeals.published(session.get_one(Appeal, appeal).slug) or abort(410)
    spoken = language if language in found.content.languages else found.content.languages[0]
    return found.content.text(spoken).short_title


def _languages(found: Office, token: str) -> list[tuple[str, str, str]]:
    spoken = [code for code in LANGUAGES if code in found.languages]
    return [(code, i18n.OWN_NAMES[code], _here(token, code)) for code in spoken]


def _here(token: str, language: str, **more: Any) -> str:
    return url_for(".office", **{"token": token, "in": language, **more})
