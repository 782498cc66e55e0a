"""Signing in to the desk and out of it."""

from __future__ import annotations

import time

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign import background, limits
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import outbox
from campaign.mail.addresses import Address
from campaign.organisers import access, links, sessions
from campaign.organisers.forms import SignIn

blueprint = Blueprint("organisers", __name__, url_prefix="/desk")
_ANSWER_TIME = 0.15  # seconds; a known address costs two rows more, which nobody should see


@blueprint.before_request
def _own_page_only() -> None:
    if request.method == "POST" and not access.can_be_kept_safe():
        abort(403)
    access.own_page_only()


@blueprint.get("/sign-in")
def sign_in() -> str:
    """The form; where a session could not be kept safe, a sentence that says why."""
    return render_template("organisers/sign_in.html", form=SignIn(), safe=access.can_be_kept_safe())


@blueprint.post("/sign-in")
def ask_for_link() -> str | Response | tuple[str, int]:
    """Mail a link, if the address is an organiser's; the answer is the same when it is not."""
    form, began = SignIn(request.form), time.monotonic()
    address = _address(form)
    if address is None:
        return render_template("organisers/sign_in.html", form=form, safe=True), 422
    if not _network_allows("10/hour", "sign-in") or not limits.allows(
        "5/hour", "sign-in address", address.index().hex()
    ):
        abort(429)
    links.send(address, language="en")
    background.ring(outbox.BELL)
    time.sleep(max(0.0, began + _ANSWER_TIME - time.monotonic()))
    return redirect(url_for(".asked"), 303)


@blueprint.get("/sign-in/sent")
def asked() -> str:
    """What to do now, whoever asked."""
    return render_template("organisers/asked.html", minutes=int(links.MAILED.total_seconds() / 60))


@blueprint.get("/enter/<secret>")
def enter(secret: str) -> str:
    """A button: mail scanners open links, and must not use this one up."""
    return render_template("organisers/enter.html", secret=secret, safe=access.can_be_kept_safe())


@blueprint.post("/enter/<secret>")
def use_link(secret: str) -> Response | tuple[str, int]:
    """Use the link up and open a session."""
    if not _network_allows("30/hour", "enter"):
        abort(429)
    opened = links.enter(secret)
    if opened is None:
        return render_template("organisers/used.html"), 410
    access.let_in(opened)
    return redirect(url_for("desk.overview"), 303)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this session, or, when asked, every session of this organiser."""
    organiser = access.signed_in() or abort(404)
    if "everywhere" in request.form:
        sessions.end_all(organiser)
    access.let_out()
    flash(_("You are signed out."), "good")
    return redirect(url_for(".sign_in"), 303)


def _network_allows(rate: str, what: str) -> bool:
    """Whoever comes by the onion comes from one place with everybody else: no network is counted there."""
    return limits.by_onion() or limits.allows(rate, what, limits.visitor())


def _address(form: SignIn) -> Address | None:
    if not form.validate():
        return None
    try:
        return Address.parse(form.email.data or "")
    except Refused as refused:
        form.email.errors = [refused.message]
        return None
