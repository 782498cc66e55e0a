"""A letter on paper as a typeset PDF, alone or in one file with those to the offices still to come."""

from __future__ import annotations

from flask import Response, request

from campaign.i18n import gettext as _
from campaign.letters import posting
from campaign.letters.forms import LetterForm
from campaign.letters.posting import Posted
from campaign.letters.views import filling, places
from campaign.letters.views.places import Place
from campaign.offices import addressing


def typeset(place: Place, form: LetterForm) -> Response:
    """The PDF that was asked for: ``pdf`` of this letter, ``pdf_all`` of it and of those still to come.

    It keeps and counts nothing, and no cache may keep it either.
    """
    everyone = [place, *places.all_following(place)] if "pdf_all" in request.form else [place]
    asked = request.form.get("pdf_all") or request.form.get("pdf", "")
    size = asked if asked in posting.SIZES else "a4"
    letters = [_posted(to, filling.moved(place, to, form)) for to in everyone]
    title, name = _("Your letters"), "letters.pdf"
    if len(letters) == 1:
        title, name = _("Letter to: %(office)s", office=place.page.office_text(place.office).name), "letter.pdf"
    made = posting.pdf(letters, title=title, size=size, day=places.today())
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(made, mimetype="application/pdf", headers=headers)


def _posted(to: Place, form: LetterForm) -> Posted:
    lines = addressing.address_lines(to.office, to.draft.language, places.today())
    return Posted(to.draft.language, lines, to.draft.greeting, filling.sheet(to, form))
