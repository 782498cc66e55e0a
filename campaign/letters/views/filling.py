"""The form of one letter: it keeps to itself what stands in it at first, after an error, and in the next letter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from flask import request

from campaign import tokens
from campaign.appeals import stamps, wording
from campaign.appeals.models import ConsentWording
from campaign.db import session
from campaign.letters import comparing, composing, drafting, launching, live, own_words, tongues
from campaign.letters.composing import Sheet
from campaign.letters.forms import BLOCKS, LetterForm
from campaign.letters.own_words import Meter
from campaign.letters.views.places import Place
from campaign.offices import queries as offices

_JOINS = "letter-submission"  # the purpose of the token that joins a letter to those written before it
_PROPOSED = ("opening", "closing")


def new(place: Place) -> LetterForm:
    """A form with the draft's own opening and closing; own words are in the page's language unless said otherwise."""
    drafted = {block: getattr(place.draft.template, block) for block in _PROPOSED}
    return LetterForm(data=drafted | {"words_in": place.page.lang}, language=place.page.lang)


def carried(place: Place, earlier: LetterForm) -> LetterForm:
    """The next letter's form: the writer is known, their words are not."""
    form = new(place)
    for name in ("name", "email", "country", "words_in", "digest_name", "submission", "earlier"):
        form[name].data = earlier[name].data
    return form


def moved(of: Place, to: Place, form: LetterForm) -> LetterForm:
    """The same words in the letter to another office: its draft's own opening and closing for those of the first."""
    there = LetterForm(request.form, language=to.page.lang, how=form.how)
    for block in BLOCKS:
        drafted = block in _PROPOSED and of.draft.is_ours(block, form[block].data or "")
        there[block].data = getattr(to.draft.template, block) if drafted else form[block].data
    there.name.data = form.name.data
    there.words_in.data = form.words_in.data
    return there


def retyped(to: Place, words: Mapping[str, str], form: LetterForm) -> LetterForm:
    """Earlier ``words`` (of ``before.letters``) in a form of their own, by whoever writes this one."""
    there = LetterForm(request.form, language=to.page.lang, how=form.how)
    for name, typed in words.items():
        there[name].data = typed
    there.name.data = form.name.data
    return there


def posted(place: Place) -> LetterForm:
    """What was typed; an opening or closing that is still a draft's becomes this draft's, and of the language of own
    words stands what the words bear out."""
    form = LetterForm(request.form, language=place.page.lang, how=request.form.get("how", ""))
    for block in _PROPOSED:
        if block not in request.form or place.draft.is_ours(block, form[block].data or ""):
            form[block].data = getattr(place.draft.template, block)
    said, tongue = form.message.data or "", form.words_in.data or ""
    form.words_in.data = tongues.believed(said, tongue, page=place.page.lang, letter=place.draft.language)
    return form


def sheet(place: Place, form: LetterForm) -> Sheet:
    """The letter as it stands, facts and request being the server's."""
    return place.draft.sheet(
        form.words,
        form.name.data or "",
        kept_country(place, form),
        sent_by_us=form.how == "send",
        words_in=form.words_in.data or "",
    )


def text(place: Place, form: LetterForm) -> str:
    """The whole letter as it would go today."""
    return composing.whole(sheet(place, form), place.draft.greeting)


def kept_country(place: Place, form: LetterForm) -> str | None:
    """The country said; nothing for the country where it could harm the writer."""
    country = form.said_country
    return None if country == place.page.appeal.country_at_risk else country


def stamp(place: Place, form: LetterForm) -> ConsentWording:
    """Stamp the form with the wording it shows. A tick stays only beside the words that it was put to."""
    agreed = wording.current(place.page.appeal, "letter", place.page.lang)
    if stamps.shown(form.stamp.data or "") != agreed.id:
        form.consent.data = False
    form.stamp.data = stamps.make(agreed.id)
    return agreed


def agreed_to(place: Place, form: LetterForm) -> UUID | None:
    """The wording beside the tick; None when the stamp is old, forged or another appeal's."""
    shown = stamps.read(form.stamp.data or "")
    found = session.get(ConsentWording, shown) if shown else None
    fits = found is not None and found.appeal_id == place.page.appeal.id and found.purpose == "letter"
    return shown if fits else None


def submission(form: LetterForm) -> UUID:
    """The submission that the form belongs to; a new one when its token is missing, forged or a day old."""
    return tokens.read(_JOINS, form.submission.data or "", max_age=tokens.DAY) or uuid4()


def submission_token(row: UUID | None = None) -> str:
    """A token for the form, for this submission or a new one."""
    return tokens.make(_JOINS, row or uuid4())


def help_beside(place: Place, form: LetterForm) -> dict[str, Any]:
    """What helps to write: the letter in the page's language, the meter of own words, when it would go, and
    what the script knows that counts while one types."""
    copy = drafting.reading_copy(place.draft, place.page.lang)
    foreign = place.draft.language != place.page.lang
    asked = drafting.asked(place.page.content, place.office, place.page.lang) if foreign and copy is None else []
    goes_by = launching.goes_by(place.page.appeal, place.office, offices.today())
    beside = {"copy": copy, "asked": asked, "meter": meter(place, form), "goes_by": goes_by}
    return beside | {"live": _live(place, form)}


def _live(place: Place, form: LetterForm) -> dict[str, Any]:
    appeal = place.page.appeal
    own, page = place.draft.own_words(form.words), place.page.lang
    return live.known(place.draft, page=page, at_risk=appeal.country_at_risk, own=own, keep=not appeal.sensitive)


def meter(place: Place, form: LetterForm) -> Meter:
    """How much of it is the writer's own, and how it would go now; what others confirm meanwhile may change that."""
    own = place.draft.own_words(form.words)
    if not own:
        return own_words.meter(0)
    percent = comparing.likeness(signature(place, form), appeal=place.page.appeal.id, office=place.office.id)
    return own_words.meter(own, alike=comparing.is_alike(percent))


def signature(place: Place, form: LetterForm) -> bytes:
    """What the writer's own words are compared by."""
    return place.draft.signature(form.words, comparing.scope(place.page.appeal.id, place.office.id))
