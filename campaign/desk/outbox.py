"""The outbox console: look, find, decide about a message, stop all or a part and let it go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from campaign import background, db
from campaign.appeals import danger, states
from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.desk import messages, reasons, words
from campaign.desk.messages import Asked, Place
from campaign.desk.outbox_forms import PauseForm, PersonForm
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.letters import overtaken_late
from campaign.mail import outbox, pacing, pausing, settling
from campaign.mail.models import Message
from campaign.mail.tallying import tally
from campaign.offices import queries as offices
from campaign.organisers import access, audit

blueprint = access.protect(Blueprint("outbox", __name__, url_prefix="/desk/outbox"))


@blueprint.get("")
def listing() -> str:
    """Every message by state, age, office and lane; then those asked for, newest first: else those still open."""
    state, kind, office = (request.args.get(name, "") for name in ("state", "kind", "office"))
    lane, everything = request.args.get("lane", type=int), "all" in request.args
    only_open = not (state or kind or everything) and lane is None
    return _page(Asked(state, kind, lane, office, only_open=only_open))


@blueprint.post("/person")
def person() -> str | tuple[str, int]:
    """The messages to one address, which is compared by its blind index and stays out of URL and log."""
    form = PersonForm(request.form)
    if not form.validate():
        return _page(Asked(only_open=True), person=form), 422
    return _page(Asked(person=form.address.index()), person=form)


@blueprint.get("/<uuid:message_id>")
def message(message_id: UUID) -> str:
    """One message: where it stands and every change so far; never its words or its address."""
    found = db.session.get(Message, message_id) or abort(404)
    return render_template(
        "desk/message.html", message=found, events=outbox.history(message_id), words=words, **_around()
    )


@blueprint.post("/<uuid:message_id>/retry")
def retry(message_id: UUID) -> Response:
    """Send a message again because a person decided so."""
    return _decide(message_id, "message.sent_again", _again, _("It waits to be sent again."))


@blueprint.post("/<uuid:message_id>/cancel")
def cancel(message_id: UUID) -> Response:
    """End a message that has not begun to leave."""
    return _decide(message_id, "message.cancelled", _cancel, _("It never leaves."))


@blueprint.post("/<uuid:message_id>/settle")
def settle(message_id: UUID) -> Response:
    """Leave a message of which nobody knows as it is, as sent or as not sent."""
    sent = request.form.get("sent") == "yes"
    deed = "message.taken_as_sent" if sent else "message.taken_as_lost"
    return _decide(message_id, deed, lambda _m: settling.settle(message_id, sent=sent), _("It stays as it is."))


@blueprint.post("/pause")
def pause() -> str | Response | tuple[str, int]:
    """Stop all mail, or that of an appeal, an office or a domain, within seconds."""
    form = _pause_form(request.form)
    if not form.validate():
        return _page(Asked(only_open=True), pausing_form=form), 422
    audit.record("outbox.paused", _subject(form.key), organiser=access.organiser())
    pausing.pause(form.key)
    flash(_("Paused. Nothing is lost: it waits."), "warn")
    return redirect(url_for(".listing"), 303)


@blueprint.post("/resume")
def resume() -> Response:
    """Let go on what one key held: everything, an appeal, an office or a domain."""
    key = request.form.get("key", pausing.ALL)
    if key.startswith(states.GATE):  # only its pre-flight opens a gate
        abort(403)
    if danger.holds(key):
        flash(_("People are in danger: exports, mail and names are stopped."), "bad")
        return redirect(url_for(".listing"), 303)
    audit.record("outbox.resumed", _subject(key), organiser=access.organiser())
    pausing.resume(key)
    background.ring(outbox.BELL)
    flash(_("Mail goes on."), "good")
    return redirect(url_for(".listing"), 303)


def _decide(message_id: UUID, deed: str, act: Callable[[Message], None], said: str) -> Response:
    found = session.get(Message, message_id) or abort(404)
    try:
        audit.record(deed, f"message {message_id}", organiser=access.organiser())
        act(found)
        session.commit()
        background.ring(outbox.BELL)
        flash(said, "good")
    except Refused as refused:
        session.rollback()
        flash(refused.message, "bad")
    return redirect(url_for(".message", message_id=message_id), 303)


def _again(found: Message) -> None:
    overtaken_late.refuse_retry(found.id)
    outbox.retry(found.id)


def _cancel(found: Message) -> None:
    if not outbox.cancel(found.dedupe_key, why="cancelled by an organiser"):
        raise Refused(_("It has begun to leave, or has come to its end: nothing is left to cancel."))


def _page(asked: Asked, *, person: PersonForm | None = None, pausing_form: PauseForm | None = None) -> str:
    before = _place(request.args.get("before", "")) if request.method == "GET" else None
    found, end = messages.listing(asked, before=before)
    counted = tally()
    groups = messages.groups(counted)
    chosen: dict[str, Any] = {"state": asked.state, "kind": asked.kind, "office": asked.office, "lane": asked.lane}
    plain = {name: value for name, value in chosen.items() if value not in {"", None}}
    plain |= {} if asked.only_open or plain else {"all": 1}
    return render_template(
        "desk/outbox.html",
        open=[group for group in groups if not messages.has_ended(group)],
        ended=[group for group in groups if messages.has_ended(group)],
        backlog=messages.backlog(counted),
        messages=found,
        older=url_for(".listing", before=_written(end), **plain) if end and not asked.person else "",
        asked=asked,
        filtered=asked != Asked(),
        form=person or pausing_form,
        person=person or PersonForm(),
        pausing=pausing_form or _pause_form(),
        words=words,
        **_around(),
    )


def _around() -> dict[str, Any]:
    """What a message is told by: what is paused, the time of the database, and the names behind keys."""
    paused = pausing.paused()
    return {
        "paused": paused,
        "paused_keys": {pause.key for pause in paused},
        "now": session.scalar(select(clock())),
        "why": reasons.why,
        "named": _named(),
    }


def _named() -> dict[str, str]:
    """Appeals and offices by the keys that pauses and budgets know them by."""
    titles = {pacing.office_key(office.slug): office.title for office in offices.every()}
    slugs = session.execute(select(Appeal.id, Appeal.slug).order_by(Appeal.created_at))
    return {f"appeal:{row}": slug for row, slug in slugs} | titles


def _subject(key: str) -> str:
    """How the log names what was paused: an appeal as everywhere else there, by its slug."""
    slug = _named().get(key, "") if key.startswith("appeal:") else ""
    return f"appeal {slug}" if slug else pausing.recorded(key)


def _pause_form(*given: Any) -> PauseForm:
    named = _named()
    parts = {kind: {k: v for k, v in named.items() if k.startswith(kind)} for kind in ("appeal", "office")}
    return PauseForm(*given, appeals=parts["appeal"], offices=parts["office"])


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
