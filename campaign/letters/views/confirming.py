"""The writer's own pages: check your inbox, confirm, and what became of each letter."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign import background, tokens
from campaign.i18n import speak
from campaign.letters import composing, confirming, ending, queries
from campaign.letters.forms import shown_ids
from campaign.letters.mails import CONFIRM, PRIVATE
from campaign.letters.queries import Posted
from campaign.letters.records import WAITS
from campaign.letters.telling import Told, tell
from campaign.letters.views import blueprint, places
from campaign.mail import awaiting, outbox, transports
from campaign.offices import addressing

_SENT_LIVES = 3 * tokens.DAY
_CONFIRM_LIVES = 4 * tokens.DAY  # a later letter of the same submission waits 72 hours from its own beginning
_PRIVATE_LIVES = 730 * tokens.DAY


@blueprint.get("/letters/sent/<token>")
def sent(token: str) -> str:
    """Check your inbox: the same page whatever is known of the address."""
    posted = _letters("letters-sent", token, _SENT_LIVES)
    rehearsal = transports.mode(current_app) == transports.CAPTURE
    letter = posted[0].letter
    email = next((written.email for one in posted if (written := one.written) is not None), "")
    outlook = awaiting.outlook_about(
        letter.submission_id, email, since=letter.created_at, pause_keys=(f"appeal:{letter.appeal_id}",)
    )
    told = {"failed": queries.not_asked(letter.submission_id), "outlook": outlook, "waits": WAITS}
    return render_template("letters/sent.html", rehearsal=rehearsal, **told, **_frame(posted))


@blueprint.get("/letters/confirm/<token>")
def confirm(token: str) -> str:
    """The waiting letters in full above one button; opening the page changes nothing."""
    posted = _letters(CONFIRM, token, _CONFIRM_LIVES)
    waiting = queries.waiting(posted[0].letter.submission_id)
    private = tokens.make(PRIVATE, posted[0].letter.submission_id)
    more = {"token": token, "waiting": waiting, "private": private, "texts": _texts(waiting)}
    return render_template("letters/confirm.html", **more, **_frame(posted))


@blueprint.post("/letters/confirm/<token>")
def confirmed(token: str) -> str | Response:
    """Confirm exactly the letters that the page showed, or forget them: "this was not me"."""
    before = _letters(CONFIRM, token, _CONFIRM_LIVES)
    submission = before[0].letter.submission_id
    if request.form.get("step") == "refuse":
        return _refused(submission, before)
    shown = shown_ids(request.form.getlist("letter"))
    confirming.confirm(submission, shown)
    background.ring(outbox.BELL)
    posted = [p for p in queries.of_submission(submission) if p.letter.id in shown]
    private = tokens.make(PRIVATE, submission)
    return render_template("letters/confirmed.html", letters=_told(posted), private=private, **_frame(before))


def _still_to_ask(posted: list[Posted]) -> bool:
    return any(one.letter.state == "pending" for one in posted)


def _refused(submission: UUID, before: list[Posted]) -> str | Response:
    """Nothing waits any more. A letter confirmed before is on its way, and its page says so."""
    confirming.refuse(submission)
    if any(posted.letter.state == "confirmed" for posted in queries.of_submission(submission)):
        return redirect(url_for(".status", token=tokens.make(PRIVATE, submission)), 303)
    return render_template("letters/refused.html", **_frame(before))


@blueprint.get("/letters/<token>")
def status(token: str) -> str:
    """What became of each letter, as far as anybody can know."""
    posted = _letters(PRIVATE, token, _PRIVATE_LIVES)
    failed = _still_to_ask(posted) and queries.not_asked(posted[0].letter.submission_id)
    more = {"token": token, "letters": _told(posted), "texts": _texts(posted), "failed": failed}
    return render_template("letters/status.html", **more, **_frame(posted))


@blueprint.post("/letters/<token>")
def withdraw(token: str) -> Response:
    """Stop one letter that has not left."""
    submission = _letters(PRIVATE, token, _PRIVATE_LIVES)[0].letter.submission_id
    for letter in shown_ids(request.form.getlist("letter")):
        if queries.belongs(letter, submission):
            ending.withdraw(letter)
    return redirect(url_for(".status", token=token), 303)


def _letters(purpose: str, token: str, max_age: int) -> list[Posted]:
    """The letters of a token's submission, in their writer's language. 404: no link of ours; 410: all is gone."""
    submission: UUID = tokens.read(purpose, token, max_age=max_age) or abort(404)
    posted = queries.of_submission(submission) or abort(410)
    speak(posted[0].letter.page_language)
    return posted


def _told(posted: list[Posted]) -> list[tuple[Posted, Told]]:
    return [(one, tell(one)) for one in posted]


def _texts(posted: list[Posted]) -> dict[UUID, str]:
    """Each letter whose words are still kept, with today's greeting."""
    today = places.today()
    return {
        one.letter.id: composing.whole(written.sheet, addressing.greeting(one.office, one.letter.language, today))
        for one in posted
        if (written := one.written) is not None
    }


def _frame(posted: list[Posted]) -> dict[str, Any]:
    letter = posted[0].letter
    return places.page_of(letter.appeal_id, letter.page_language).frame()
