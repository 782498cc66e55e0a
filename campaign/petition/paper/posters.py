"""What an appeal looks like on a wall: it keeps to itself what its QR code and its poster say."""

from __future__ import annotations

import io
import json
from functools import lru_cache
from typing import Any

import segno

from campaign import typesetting
from campaign.appeals import look
from campaign.appeals.queries import Published
from campaign.i18n import gettext as _
from campaign.petition import drawn
from campaign.web import link

PAPERS = {"a4": "a4", "letter": "us-letter"}
"""The sizes that we print for: as an address names them, and as Typst does."""

_DRAWING = 3  # raise it when templates/print/poster.typ is drawn anew
_QUIET = 4  # modules of white around a code (ISO/IEC 18004)


def address(published: Published, lang: str) -> str:
    """Where an appeal is read in a language: what its code says, and what stands beside it."""
    return link("petition.show", lang=lang, slug=published.appeal.slug)


@lru_cache(maxsize=64)
def qr(said: str, scale: int = 10) -> bytes:
    """A QR code as PNG, ``scale`` pixels a module. It reads with a seventh of it spoilt (level M), as on a wall."""
    picture = io.BytesIO()
    segno.make_qr(said, error="m").save(picture, kind="png", scale=scale, border=_QUIET)
    return picture.getvalue()


def pdf(published: Published, lang: str, size: str) -> bytes:
    """The poster, one page of a size of ``PAPERS``: from disk, or set in about 50 ms and kept."""
    said = json.dumps(_said(published, lang, size))
    return drawn.kept("posters", f"{drawn.version(said, _DRAWING)}.pdf", lambda: _set(json.loads(said), published))


def _set(said: dict[str, Any], published: Published) -> bytes:
    return typesetting.pdf("poster", said | {"qr": list(qr(said["address"]))} | look.printed_logo(published.appeal))


def _said(published: Published, lang: str, size: str) -> dict[str, Any]:
    words, publisher = published.content.text(lang), published.content.publisher
    return {
        "lang": lang,
        "paper": PAPERS[size],
        "accent": look.accent(published.appeal),
        "logo_version": look.version(published.appeal, "logo"),
        "kicker": words.kicker,
        "title": drawn.balanced(words.title),
        "lead": words.lead,
        "invitation": _("Read it and sign it here"),
        "address": address(published, lang),
        "publisher": publisher.name or "",
        "note": demonstration() if published.content.is_demonstration else "",
    }


def demonstration() -> str:
    """What everything printed for a demonstration says."""
    return _(
        "This is a demonstration: nobody has put their name to this page yet, and signatures lead nowhere until "
        "somebody does."
    )
