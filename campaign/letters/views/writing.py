"""Writing a letter, seeing exactly what goes, and letting it go by one of three ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from campaign import background, tokens
from campaign.i18n import country_name
from campaign.i18n import gettext as _
from campaign.i18n import lazy_gettext as later
from campaign.letters import composing, mailbox, tallying
from campaign.letters import writing as letters
from campaign.letters.forms import LetterForm
from campaign.letters.mailbox import Parcel
from campaign.letters.records import Written
from campaign.letters.views import before, blueprint, filling, places, printing
from campaign.letters.views.places import SPEECH, Place
from campaign.letters.writing import Particulars
from campaign.mail import outbox
from campaign.mail.addresses import typo_hint
from campaign.offices import addressing
from campaign.web import cacheable

_FOR = 60  # seconds that a shared cache may keep an empty form
_OLD = later("This page was open for more than a day. Nothing you typed is lost: check it and go on.")
_TOO_LARGE = later("This letter is too long for one mail. Please shorten your own words.")
_UNSAID = later("Choose how the letter should go")


@blueprint.get(SPEECH + "/letters/<office>")
def write(lang: str, slug: str, office: str) -> Response:
    """The draft, to be made one's own."""
    found = _place(lang, slug, office)
    if isinstance(found, Response):
        return found
    form = filling.new(found)
    return cacheable(_compose(found, form), _FOR)


@blueprint.post(SPEECH + "/letters/<office>")
def written(lang: str, slug: str, office: str) -> AnyResponse:
    """Show the form again, what would go, or let it go: as the button says. Nothing typed is ever lost."""
    found = _place(lang, slug, office)
    if isinstance(found, Response):
        return found
    form = filling.posted(found)
    if request.form.get("step") in {"change", "begin"}:
        return _compose(found, form)
    if not form.validate():
        return _compose(found, form, 422)
    return _WAYS.get(form.how, _unsaid)(found, form)


def _place(lang: str, slug: str, office: str) -> Place | Response:
    """Where to write; a page that says why not for an office that takes no letters, or an appeal that is over."""
    page, to = places.page(lang, slug), places.office(office)
    if not places.accepts(to):
        html = render_template("letters/cases_only.html", to=to, office=page.office_text(to), **page.frame())
        return make_response(html, 403)
    if not page.takes_letters:
        return make_response(render_template("letters/closed.html", **page.frame()), 410)
    return places.place(page, to, places.chain(page, to))


def _send(place: Place, form: LetterForm) -> AnyResponse:
    """Show exactly what goes; after that, at the second button, pass it on."""
    agreed, text = filling.agreed_to(place, form), filling.text(place, form)
    if agreed is None:
        return _again(place, form, _OLD)
    if composing.is_too_large(text):
        return _again(place, form, _TOO_LARGE)
    return _pass_on(place, form, agreed) if request.form.get("step") == "send" else _preview(place, form, text)


def _pass_on(place: Place, form: LetterForm, agreed: UUID) -> AnyResponse:
    """Keep the letter, ask for confirmation, and go on to the next one."""
    form.submission.data = filling.submission_token(_keep(place, form, agreed))
    background.ring(outbox.BELL)
    return _onwards(place, form)


def _again(place: Place, form: LetterForm, why: Any) -> Response:
    form.refuse(str(why))
    return _compose(place, form, 422)


def _keep(place: Place, form: LetterForm, wording_id: UUID) -> UUID:
    assert form.address is not None  # a valid form to send has one
    return letters.write(
        appeal=place.page.appeal,
        office=place.office,
        submission=filling.submission(form),
        address=form.address,
        written=Written(form.name.data, form.address.exact, filling.sheet(place, form)),
        about=Particulars(
            country=filling.kept_country(place, form),
            language=place.draft.language,
            page_language=place.page.lang,
            wording_id=wording_id,
            digest_name=bool(form.digest_name.data),
            own_words=place.draft.own_words(form.words),
            signature=filling.signature(place, form),
        ),
    )


def _onwards(place: Place, form: LetterForm) -> AnyResponse:
    """The next letter's form, with the writer already in it: in an answer, since no URL may carry them."""
    following = places.following(place)
    if following is not None:
        return _compose(following, filling.carried(following, form), done=place)
    return redirect(url_for(".sent", token=tokens.make("letters-sent", filling.submission(form))), 303)


def _preview(place: Place, form: LetterForm, text: str) -> Response:
    form.submission.data = form.submission.data or filling.submission_token()
    hint = typo_hint(form.address) if form.address else None
    to = addressing.sendable_address(place.office, places.today()) or addressing.stand_in(place.office)
    return _page("letters/preview", place, form, text=text, hint=hint, to=to, meter=filling.meter(place, form))


def _mailbox(place: Place, form: LetterForm) -> Response:
    to = addressing.sendable_address(place.office, places.today()) or ""
    parcel = Parcel(to, place.draft.template.subject, filling.text(place, form), _("(paste the letter here)"))
    if request.form.get("step") == "eml":
        headers = {"Content-Disposition": 'attachment; filename="letter.eml"'}
        return Response(mailbox.eml(parcel), mimetype="message/rfc822", headers=headers)
    _tally(place, "mailbox")
    links = mailbox.mailto(parcel), mailbox.webmail(parcel)
    return _page("letters/mailbox", place, form, parcel=parcel, mailto=links[0], webmail=links[1])


def _paper(place: Place, form: LetterForm) -> Response:
    if {"pdf", "pdf_all"} & request.form.keys():
        return printing.typeset(place, form)
    paper = "letter" if request.form.get("paper") == "letter" else "a4"
    if "paper" not in request.form:
        _tally(place, "paper")
    today = places.today()
    lines = addressing.address_lines(place.office, place.draft.language, today)
    more: dict[str, Any] = {
        "address": lines,
        "today": today,
        "country": country_name(filling.kept_country(place, form), place.draft.language),
    }
    text = composing.unsigned(filling.sheet(place, form), place.draft.greeting)
    more |= {"earlier": before.packed(place, form), "before": bool(before.letters(place, form))}
    return _page("print/letter", place, form, paper=paper, text=text, **more)


def _unsaid(place: Place, form: LetterForm) -> Response:
    return _again(place, form, _UNSAID)


_WAYS: dict[str, Callable[[Place, LetterForm], AnyResponse]] = {"send": _send, "mailbox": _mailbox, "paper": _paper}


def _tally(place: Place, how: str) -> None:
    tallying.tally(appeal=place.page.appeal.id, office=place.office.id, how=how)


def _compose(place: Place, form: LetterForm, status: int = 200, done: Place | None = None) -> Response:
    agreed = filling.stamp(place, form)
    return _page("letters/write", place, form, status, agreed=agreed, done=done, **filling.help_beside(place, form))


def _page(name: str, place: Place, form: LetterForm, status: int = 200, **more: Any) -> Response:
    fresh = "letters.write" if request.method == "GET" else ""  # a link to another language would lose the words
    frame = place.page.frame(fresh, office=place.office.slug, **place.chain.query())
    known = {"place": place, "form": form, "following": places.following(place)}
    return make_response(render_template(f"{name}.html", **frame, **known, **more), status)
