"""What organisers write, as HTML: it keeps to itself what Markdown may hold and what stays on one line.

Twice guarded: the Markdown parser knows no HTML and no images, and what it makes goes through an allow-list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

SCHEMES = {"https", "mailto"}
TAGS = {"p", "h2", "h3", "ul", "ol", "li", "strong", "em", "a", "blockquote", "br"}

# Characters that turn the reading direction of what follows; LRM, RLM and ZWNJ are needed and stay.
OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")

# Of resolutions of special sessions, S-35/1, and of documents, A/HRC/43/NGO/118.
_TAG_OR_SYMBOL = re.compile(r"<[^>]*>|(?<![\w/.-])(?:[AES]/(?:[\w.-]+/)*[\w.-]*\d|[A-Z]{1,3}-\d+/\d+)")

_renderer = MarkdownIt("commonmark", {"html": False}).disable("image")
_examiner = MarkdownIt("commonmark")
_examiner.validateLink = lambda url: True  # type: ignore[method-assign] # the bad ones are to be seen
_NOT_ALLOWED = {
    "html_block": "holds raw HTML; write it in Markdown",
    "html_inline": "holds raw HTML; write it in Markdown",
    "image": "holds an image; describe it in words",
    "fence": "holds a block of code; write it as a paragraph",
    "code_block": "holds a block of code (four spaces at the start of a line); take the spaces out",
    "code_inline": "holds code between back-ticks; take them out",
    "hr": "holds a ruled line; use a heading",
}


def render(markdown: str) -> Markup:
    """``markdown`` as HTML with headings of the second and third level, lists, quotes, emphasis and links only."""
    html = nh3.clean(
        _renderer.render(markdown),
        tags=TAGS,
        clean_content_tags={"script", "style"},
        attributes={"*": set(), "a": {"href"}},  # without "*" lang and title would pass
        url_schemes=SCHEMES,
        url_relative="deny",
        link_rel="noopener noreferrer",
    )
    return unbroken(Markup(html))  # noqa: S704 - cleaned by an allow-list


def unbroken(words: str) -> Markup:
    """Plain text, or HTML of ours, in which no line ends within a symbol of the UN such as S-35/1."""
    return Markup(_TAG_OR_SYMBOL.sub(_kept_together, escape(words)))  # noqa: S704 - escaped, or HTML of ours


def _kept_together(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith("<") else f'<bdi class="symbol">{found[0]}</bdi>'


def complaints(markdown: str) -> Iterator[tuple[int, str]]:
    """What ``markdown`` must not hold, as (line from 1, what is wrong and what to do)."""
    for token in _examiner.parse(markdown):
        line = token.map[0] + 1 if token.map else 1
        for part in [token, *(token.children or [])]:
            if what := _complaint(part):
                yield line, what


def hidden_characters(words: str) -> str | None:
    """A complaint about characters that nobody sees and that change what is read; None if there are none."""
    if OVERRIDES.search(words):
        return "holds a character that overrides the reading direction; take it out"
    if CONTROLS.search(words):
        return "holds a control character; take it out"
    return None


def _complaint(token: Token) -> str | None:
    if token.type in _NOT_ALLOWED:
        return _NOT_ALLOWED[token.type]
    if token.type == "heading_open" and token.tag not in TAGS:
        return f"holds a heading {token.markup}; use ## or ###"
    if token.type == "link_open":
        return _link_complaint(str(token.attrs.get("href", "")))
    return None


def _link_complaint(address: str) -> str | None:
    try:
        scheme = urlsplit(address).scheme
    except ValueError:
        scheme = ""
    return None if scheme in SCHEMES else f"links to {address!r}; a link begins with https: or mailto:"
