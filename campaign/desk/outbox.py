"""The outbox console: look, decide about a message, stop everything and let it go on."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign import background, db
from campaign.appeals import states
from campaign.desk import messages, words
from campaign.desk.messages import Place
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import outbox, pausing, settling
from campaign.mail.models import Message
from campaign.organisers import access, audit

blueprint = access.protect(Blueprint("outbox", __name__, url_prefix="/desk/outbox"))


@blueprint.get("")
def listing() -> str:
    """Counts by kind and state, and the messages, newest first, of one state or kind when asked."""
    state, kind = request.args.get("state", ""), request.args.get("kind", "")
    found, end = messages.listing(state=state, kind=kind, before=_place(request.args.get("before", "")))
    older = url_for(".listing", state=state or None, kind=kind or None, before=_written(end)) if end else ""
    return render_template(
        "desk/outbox.html",
        counted=messages.counts(),
        messages=found,
        older=older,
        state=state,
        kind=kind,
        paused=pausing.paused(),
        words=words,
    )


@blueprint.get("/<uuid:message_id>")
def message(message_id: UUID) -> str:
    """One message: where it stands and every change so far; never its words or its address."""
    found = db.session.get(Message, message_id) or abort(404)
    return render_template("desk/message.html", message=found, events=outbox.history(message_id), words=words)


@blueprint.post("/<uuid:message_id>/retry")
def retry(message_id: UUID) -> Response:
    """Send a message again because a person decided so."""
    db.session.get(Message, message_id) or abort(404)
    try:
        audit.record("message.sent_again", f"message {message_id}", organiser=access.organiser())
        outbox.retry(message_id)
        background.ring(outbox.BELL)
        flash(_("It waits to be sent again."), "good")
    except Refused as refused:
        db.session.rollback()
        flash(refused.message, "bad")
    return redirect(url_for(".message", message_id=message_id), 303)


@blueprint.post("/<uuid:message_id>/settle")
def settle(message_id: UUID) -> Response:
    """Leave a message of which nobody knows as it is, as sent or as not sent."""
    db.session.get(Message, message_id) or abort(404)
    sent = request.form.get("sent") == "yes"
    try:
        deed = "message.taken_as_sent" if sent else "message.taken_as_lost"
        audit.record(deed, f"message {message_id}", organiser=access.organiser())
        settling.settle(message_id, sent=sent)
        db.session.commit()
        flash(_("It stays as it is."), "good")
    except Refused as refused:
        db.session.rollback()
        flash(refused.message, "bad")
    return redirect(url_for(".message", message_id=message_id), 303)


@blueprint.post("/pause")
def pause() -> Response:
    """Stop all mail within seconds."""
    audit.record("outbox.paused", pausing.ALL, organiser=access.organiser())
    pausing.pause(pausing.ALL)
    flash(_("All mail is paused. Nothing is lost: it waits."), "warn")
    return redirect(url_for(".listing"), 303)


@blueprint.post("/resume")
def resume() -> Response:
    """Let go on what one key held: everything, an appeal, an office or a domain."""
    key = request.form.get("key", pausing.ALL)
    if key.startswith(states.GATE):  # only its pre-flight opens a gate
        abort(403)
    audit.record("outbox.resumed", key, organiser=access.organiser())
    pausing.resume(key)
    background.ring(outbox.BELL)
    flash(_("Mail goes on."), "good")
    return redirect(url_for(".listing"), 303)


def _written(place: Place) -> str:
    return f"{place[0].timestamp():.6f}_{place[1]}"


def _place(written: str) -> Place | None:
    """Where a page begins, from its address; an address that nobody here wrote is no page."""
    if not written:
        return None
    moment, _sep, row = written.partition("_")
    try:
        return datetime.fromtimestamp(float(moment), UTC), UUID(row)
    except (ValueError, OverflowError, OSError):
        abort(404)
