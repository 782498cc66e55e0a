"""The card that a link to an appeal is shown with: it keeps to itself what it says, and when one is drawn.

It says the title, who publishes (with a logo if there is one) and where; never a count, which would be old wherever
a card was kept, and nothing of who shares it. Its address carries its version, so that it may be kept for good; it is
drawn once per version.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from campaign import typesetting
from campaign.appeals import look
from campaign.appeals.queries import Published
from campaign.petition import drawn

_DRAWING = 3  # raise it when templates/print/card.typ is drawn anew


def version(published: Published, lang: str) -> str:
    """Ten digits of a digest of all that the card says; cheap enough for every look at the page."""
    return drawn.version(_said(published, lang), _DRAWING)


def png(published: Published, lang: str) -> bytes:
    """The card, 1200 by 630 pixels: from disk, or drawn in about 20 ms and kept."""
    said = _said(published, lang)
    name = f"{drawn.version(said, _DRAWING)}.png"
    return drawn.kept("cards", name, lambda: _draw(json.loads(said), published))


def _draw(said: dict[str, Any], published: Published) -> bytes:
    return typesetting.png("card", said | look.printed_logo(published.appeal))


def _said(published: Published, lang: str) -> str:
    return json.dumps({
        "lang": lang,
        "accent": look.accent(published.appeal),
        "logo_version": look.version(published.appeal, "logo"),
        "title": drawn.balanced(published.content.text(lang).title),
        "publisher": published.content.publisher.name or "",
        "host": urlsplit(current_app.config["PUBLIC_URL"]).hostname or "",
    })  # fmt: skip
