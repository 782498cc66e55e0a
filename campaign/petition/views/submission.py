"""The pages behind a submission's links: a look changes nothing, a button acts, and no page tells who signed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import abort, current_app, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from campaign import background, i18n, tokens
from campaign.appeals import queries
from campaign.appeals.queries import Published
from campaign.db import clock, session
from campaign.mail import outbox, transports
from campaign.petition import confirming, ending, resending, showing
from campaign.petition.confirming import Outcome
from campaign.petition.expiring import WAITS
from campaign.petition.mails import private_link, reference
from campaign.petition.models import Signature
from campaign.petition.views import blueprint

LIVES = 3 * tokens.DAY
EXPLAINS = 30 * tokens.DAY  # an expired link says kindly that it expired
Page = str | tuple[str, int] | AnyResponse


@blueprint.get("/sent/<token>")
def sent(token: str) -> Page:
    """Check your inbox; the same for whoever signed for the first time or again."""
    signature = _signature("sent", token, LIVES)
    return render_template(
        "petition/sent.html",
        token=token,
        waiting=resending.waiting(signature),
        waits=WAITS,
        again="again" in request.args,
        rehearsal=transports.mode(current_app) == transports.CAPTURE,
        **_frame(signature),
    )


@blueprint.post("/sent/<token>/resend")
def resend(token: str) -> Page:
    """Send the mail again, at most once a minute and three times."""
    resending.resend(_signature("sent", token, LIVES).id)
    background.ring(outbox.BELL)
    return redirect(url_for("petition.sent", token=token, again=""), 303)


@blueprint.get("/confirm/<token>")
def confirm(token: str) -> Page:
    """Show what would be confirmed, and one button."""
    signature, now = _looked_at("confirm", token, EXPLAINS)
    if confirming.waits(signature, now=now):
        said = ending.opened(signature)
        return render_template(
            "petition/confirm.html", signature=signature, said=said, token=token, **_frame(signature)
        )
    if signature.state == "confirmed":
        return _thanks(signature, token=token)
    return _ended(signature)


@blueprint.post("/confirm/<token>")
def press(token: str) -> Page:
    """Confirm, once, whatever the number of clicks."""
    signature, looked = _looked_at("confirm", token, EXPLAINS)
    if confirming.confirm(signature.id, now=datetime.now(UTC)) is not Outcome.CONFIRMED:
        return _ended(signature)
    background.ring(outbox.BELL)
    if _appeal(signature).appeal.sensitive:  # only the screen shows the receipt, and only this once
        return _thanks(signature, token=token, receipt=confirming.is_fresh(signature, now=looked))
    return redirect(url_for("petition.confirmed", token=tokens.make("confirmed", signature.id)), 303)


@blueprint.get("/confirmed/<token>")
def confirmed(token: str) -> Page:
    """The way on. Whoever is sent this address learns nothing from it."""
    return _thanks(_signature("confirmed", token, LIVES))


@blueprint.post("/confirm/<token>/receipt")
def receipt(token: str) -> Page:
    """Mail the receipt to whoever asks for it with the link from their mailbox."""
    confirming.request_receipt(_signature("confirm", token, EXPLAINS).id, now=datetime.now(UTC))
    background.ring(outbox.BELL)
    return redirect(url_for("petition.confirm", token=token, mailed=""), 303)


@blueprint.post("/confirm/<token>/not-me")
def not_me(token: str) -> Page:
    """Forget what somebody typed with an address that is not theirs; what was confirmed is not said to be gone."""
    signature = _signature("confirm", token, EXPLAINS)
    refused = ending.refuse(signature.id)
    session.refresh(signature)
    if not refused and confirming.outcome(signature) is Outcome.CONFIRMED:
        return redirect(url_for("petition.confirm", token=token), 303)
    return render_template("petition/not_me.html", **_frame(signature))


def _thanks(signature: Signature, *, token: str = "", receipt: bool = False) -> Page:
    told = _frame(signature)
    return render_template(
        "petition/confirmed.html",
        signature=signature,
        token=token,
        link=private_link(signature.id) if receipt else "",
        reference=reference(signature.id) if receipt else "",
        mailed="mailed" in request.args,
        about=showing.about(told["count"]),
        **told,
    )


def _ended(signature: Signature) -> Page:
    """Why the button is gone, and what to do."""
    outcome = confirming.outcome(signature)
    code = 200 if outcome is Outcome.ALREADY else 410
    return render_template("petition/ended.html", already=outcome is Outcome.ALREADY, **_frame(signature)), code


def _signature(purpose: str, token: str, max_age: int) -> Signature:
    """The submission that a token was made for: 404 for any other token, 410 when its row is gone."""
    return _looked_at(purpose, token, max_age)[0]


def _looked_at(purpose: str, token: str, max_age: int) -> tuple[Signature, datetime]:
    """The same, and the database's clock at that moment."""
    row: UUID = tokens.read(purpose, token, max_age=max_age) or abort(404)
    found = session.execute(select(Signature, clock()).where(Signature.id == row)).first() or abort(410)
    signature, now = found
    i18n.speak(signature.language)
    return signature, now


def _appeal(signature: Signature) -> Published:
    """As it was at most a second ago: whether a receipt may be mailed, ``confirming`` asks the database."""
    return queries.recent_by_id(signature.appeal_id)


def _frame(signature: Signature) -> dict[str, Any]:
    return showing.frame(_appeal(signature), signature.language)
