"""The letters of a chain taken on paper before this one: it keeps to itself how they go along from form to form.

We keep nothing of a letter on paper, so what all of them hold in one file is what the writer's own page brings along:
a hidden field with the words typed for each. It is read like anything typed: an office that the appeal has no letter
to, and words that a form would refuse, are passed over; facts and request are the server's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from campaign.errors import Refused
from campaign.letters import drafting
from campaign.letters.cleaning import clean_words
from campaign.letters.forms import BLOCKS, LetterForm
from campaign.letters.views import places
from campaign.letters.views.places import Chain, Place
from campaign.offices import queries as offices

_MOST = (
    20_000  # bytes of UTF-8, three times as many in a request, of which 128 KiB fit; the oldest are left out first
)


def packed(place: Place, form: LetterForm) -> str:
    """The hidden field for the next letter's form: the letters before this one, and this one."""
    this = {
        "office": place.office.slug,
        "in": place.draft.language,
        "words_in": form.words_in.data or "",
        **form.words,
    }
    brought = [one for one in _brought(form) if one.get("office") != place.office.slug] + [this]
    while len(text := json.dumps(brought, ensure_ascii=False)) and len(text.encode()) > _MOST:
        brought = brought[1:]
    return text


def letters(place: Place, form: LetterForm) -> list[tuple[Place, Mapping[str, str]]]:
    """Where each letter before this one goes, and its words (``BLOCKS`` and ``words_in``), oldest first."""
    return [found for one in _brought(form) if (found := _letter(place, one)) and found[0].office != place.office]


def _brought(form: LetterForm) -> list[dict[str, Any]]:
    try:
        found = json.loads(form.earlier.data or "[]")
    except (ValueError, RecursionError):
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _letter(place: Place, one: Mapping[str, Any]) -> tuple[Place, Mapping[str, str]] | None:
    page, office = place.page, offices.by_slug(str(one.get("office")))
    if office is None or office.slug not in page.content.addressees or not places.accepts(office):
        return None
    draft = drafting.draft(page.content, office, str(one.get("in")), places.today())
    words = dict(_words(one))
    if draft is None or len(words) < len(BLOCKS):
        return None
    return Place(page, office, draft, Chain()), words | {"words_in": str(one.get("words_in", ""))}


def _words(one: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for block in BLOCKS:
        try:
            yield block, clean_words(str(one.get(block, "")), field=block)
        except Refused:
            return
