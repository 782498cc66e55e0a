"""The sheet that people sign on: it keeps to itself what stands at its top, and that its code is of its words."""

from __future__ import annotations

from typing import Any

from campaign import typesetting
from campaign.appeals import look, wording
from campaign.appeals.models import Appeal
from campaign.appeals.queries import Published
from campaign.i18n import day, number
from campaign.i18n import gettext as _
from campaign.petition.paper import codes, posters
from campaign.petition.paper.models import LINES
from campaign.web import link


def taken(appeal: Appeal) -> bool:
    """Whether an appeal is signed on paper: whoever holds a sheet knows who signed, so never a sensitive one."""
    return not appeal.sensitive


def pdf(published: Published, lang: str, size: str) -> bytes:
    """The sheet, one page of a size of ``posters.PAPERS``, set in about 50 ms; in the language that is spoken."""
    return typesetting.pdf("sheet", _said(published, lang, size))


def _said(published: Published, lang: str, size: str) -> dict[str, Any]:
    agreed = wording.current(published.appeal, "sign", lang)
    address = posters.address(published, lang)
    publisher = published.content.publisher
    return {
        "lang": lang,
        "paper": posters.PAPERS[size],
        "accent": look.accent(published.appeal),
        "title": published.content.text(lang).title,
        "address": address,
        "qr": list(posters.qr(address)),
        "agreed": agreed.text,
        "code": codes.code(agreed.id),
        "data": _data(published, lang),
        "back": _("Return to: %(whom)s", whom=f"{publisher.name}, {publisher.address}") if publisher.address else "",
        "note": posters.demonstration() if published.content.is_demonstration else "",
        **look.printed_logo(published.appeal),
        **_printed(lang),
    }


def _printed(lang: str) -> dict[str, Any]:
    """What every sheet in a language says."""
    return {
        "agreed_head": _("Whoever signs here says:"),
        "data_head": _("Your data"),
        "code_head": _("Code"),
        "heads": ["", _("Full name"), _("Country"), _("Email (optional)"), _("Signature")],
        "lines": [number(n, lang) for n in range(1, LINES + 1)],
        "place": _("Place and day:"),
    }


def _data(published: Published, lang: str) -> str:
    """What somebody who signs may expect, in a paragraph."""
    delete_by = published.content.delete_by
    said = [
        _("Only the people who run this appeal read this sheet. Only numbers are handed over and shown."),
        _("Whoever signs after you can read your line."),
        _("With an email address you are counted once, also if you sign on the page."),
        _("At %(address)s you can see what is held of it, and erase it.", address=link("rights.ask", lang=lang)),
    ]
    if delete_by:
        said.append(_("The sheet is destroyed by %(day)s.", day=day(delete_by, lang)))
    return ("" if lang == "zh" else " ").join(said)
