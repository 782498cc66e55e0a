"""The end of news: a look asks, a button acts, and so does a mail program's own (RFC 8058), in one step."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template

from campaign import i18n, tokens
from campaign.db import session
from campaign.petition import ending, showing
from campaign.petition.models import Signature
from campaign.petition.views import blueprint

LIVES = 3650 * tokens.DAY  # a mail is found again after years


@blueprint.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> str:
    """Ask: whatever follows links of its own accord ends nothing."""
    return _page(_signature(token), token)


@blueprint.post("/unsubscribe/<token>")
def no_more_news(token: str) -> str:
    """End it, whether a person pressed our button or a mail program sent ``List-Unsubscribe=One-Click``."""
    signature = _signature(token)
    ending.stop_updates(signature.id)
    return _page(signature, token, ended=True)


def _signature(token: str) -> Signature:
    row: UUID = tokens.read("unsubscribe", token, max_age=LIVES) or abort(404)
    signature = session.get(Signature, row) or abort(410)
    i18n.speak(signature.language)
    return signature


def _page(signature: Signature, token: str, *, ended: bool = False) -> str:
    """The same for whoever gets news and whoever does not: a mail that is passed on tells nothing."""
    frame = showing.frame(showing.of(signature), signature.language)
    return render_template("petition/unsubscribe.html", token=token, ended=ended, **frame)
