"""A captured mail's text on a page: it keeps to itself which of its links may be followed from there."""

from __future__ import annotations

import re

from flask import current_app
from markupsafe import Markup, escape

_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


def with_links(text: str) -> Markup:
    """``text`` escaped, with the links to our own pages as links: they open here, whatever name we have outside."""
    parts, done = [], 0
    for found in _LINK.finditer(text):
        path = _own_path(found[0])
        if path:
            shown = Markup('<a href="{}">{}</a>').format(path, found[0])
            parts += [escape(text[done : found.start()]), shown]
            done = found.end()
    return Markup("").join([*parts, escape(text[done:])])


def _own_path(link: str) -> str:
    for origin in (current_app.config["PUBLIC_URL"], current_app.config["ONION_URL"]):
        if origin and link.startswith(f"{origin}/"):
            return link.removeprefix(origin)
    return ""
