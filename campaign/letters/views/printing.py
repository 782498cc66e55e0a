"""A letter on paper as a typeset PDF, alone or in one file with those before it and to the offices still to come."""

from __future__ import annotations

from flask import Response, request

from campaign.i18n import gettext as _
from campaign.letters import posting
from campaign.letters.forms import LetterForm
from campaign.letters.posting import Posted
from campaign.letters.views import before, filling, places
from campaign.letters.views.places import Place
from campaign.offices import addressing


def typeset(place: Place, form: LetterForm) -> Response:
    """The PDF that was asked for: ``pdf`` of this letter, ``pdf_all`` of all: taken on paper before, this, to come.

    It keeps and counts nothing, and no cache may keep it either.
    """
    asked = request.form.get("pdf_all") or request.form.get("pdf", "")
    size = asked if asked in posting.SIZES else "a4"
    letters = _all(place, form) if "pdf_all" in request.form else [_posted(place, form)]
    title, name = _("Your letters"), "letters.pdf"
    if len(letters) == 1:
        title, name = _("Letter to: %(office)s", office=place.page.office_text(place.office).name), "letter.pdf"
    made = posting.pdf(letters, title=title, size=size, day=places.today())
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(made, mimetype="application/pdf", headers=headers)


def _all(place: Place, form: LetterForm) -> list[Posted]:
    earlier = [_posted(to, filling.retyped(to, words, form)) for to, words in before.letters(place, form)]
    to_come = [_posted(to, filling.moved(place, to, form)) for to in places.all_following(place)]
    return [*earlier, _posted(place, form), *to_come]


def _posted(to: Place, form: LetterForm) -> Posted:
    lines = addressing.address_lines(to.office, to.draft.language, places.today())
    return Posted(to.draft.language, lines, to.draft.greeting, filling.sheet(to, form))
