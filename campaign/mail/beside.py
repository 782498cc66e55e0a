"""The HTML beside a plain text: it keeps to itself that both say the same, and that nothing in it is fetched.

It is made of the text, paragraph by paragraph; where the link stands alone, a button and the link itself stand, both
to the same page. No picture, no style sheet, no colour of the ground: a mail program shows it light or dark as the
rest. No template engine, because it runs for each confirmation.
"""

from __future__ import annotations

from html import escape

from campaign.i18n import direction, language

_PAGE = """<!doctype html>
<html lang="{lang}" dir="{way}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{title}</title></head>
<body style="margin:0;padding:24px 16px;font:17px/1.55 system-ui,sans-serif">
<div style="max-width:34em;margin:0 auto">
{inside}
</div></body></html>
"""
_BUTTON = """<p style="margin:24px 0"><a href="{link}" style="display:inline-block;padding:14px 24px;\
border-radius:4px;background:#1f4e8c;color:#fff;font-weight:600;text-decoration:none">{label}</a></p>
<p style="font-size:14px"><a href="{link}" dir="ltr" style="color:inherit;overflow-wrap:anywhere">{link}</a></p>"""


def html_of(text: str, *, title: str, link: str, label: str) -> str:
    """A text as HTML in the language of now; ``link`` stands on a line of its own in it, ``label`` on its button."""
    shown = _BUTTON.format(link=escape(link), label=escape(label))
    paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    inside = "\n".join(shown if part == link else _paragraph(part) for part in paragraphs)
    code = language()
    return _PAGE.format(lang=code, way=direction(code), title=escape(title), inside=inside)


def _paragraph(said: str) -> str:
    return f"<p>{escape(said, quote=False)}</p>".replace("\n", "<br>\n")
