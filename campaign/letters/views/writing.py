"""Writing a letter, seeing exactly what goes, and letting it go by one of three ways."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign import background, limits, tokens
from campaign.appeals import stamps, wording
from campaign.i18n import gettext as _
from campaign.letters import composing, mailbox, tallying
from campaign.letters import writing as letters
from campaign.letters.forms import LetterForm
from campaign.letters.mailbox import Parcel
from campaign.letters.records import Written
from campaign.letters.views import blueprint, filling, places
from campaign.letters.views.places import Place
from campaign.letters.writing import Particulars
from campaign.mail import outbox
from campaign.mail.addresses import typo_hint
from campaign.offices import addressing
from campaign.web import cacheable

_FOR = 60  # seconds that a shared cache may keep an empty form
_RATE = "30/hour"  # letters that one visitor may ask us to send


@blueprint.get("/<lang>/<slug>/letters/<office>")
def write(lang: str, slug: str, office: str) -> Response:
    """The draft, to be made one's own."""
    found = _place(lang, slug, office)
    if isinstance(found, Response):
        return found
    form = filling.new(found)
    return cacheable(_compose(found, form), _FOR)


@blueprint.post("/<lang>/<slug>/letters/<office>")
def written(lang: str, slug: str, office: str) -> Response:
    """Show the form again, what would go, or let it go: as the button says. Nothing typed is ever lost."""
    found = _place(lang, slug, office)
    if isinstance(found, Response):
        return found
    form = filling.posted(found)
    if request.form.get("step") in {"change", "begin"}:
        return _compose(found, form)
    if not form.validate():
        return _compose(found, form, 422)
    return _WAYS[form.how](found, form)


def _place(lang: str, slug: str, office: str) -> Place | Response:
    """Where to write; a page that says why not for an office that takes no letters, or an appeal that is over."""
    page, to = places.page(lang, slug), places.office(office)
    if not places.accepts(to):
        return make_response(render_template("letters/cases_only.html", page=page, office=page.office_text(to)), 403)
    if not page.takes_letters:
        return make_response(render_template("letters/closed.html", page=page), 410)
    return places.place(page, to, places.chain(page))


def _send(place: Place, form: LetterForm) -> Response:
    """After the preview: keep the letter, ask for confirmation, and go on to the next one."""
    agreed = wording.current(place.page.appeal, "letter", place.page.lang)
    if stamps.read(form.stamp.data or "") != agreed.id:
        return _again(place, form)
    if request.form.get("step") != "send":
        return _preview(place, form)
    if not limits.allows(_RATE, "letter", limits.visitor()):
        form.refuse(_("These were many letters in a short time. Please send this one in an hour."))
        return _compose(place, form, 429)
    form.submission.data = filling.submission_token(_keep(place, form, agreed.id))
    background.ring(outbox.BELL)
    return _onwards(place, form)


def _again(place: Place, form: LetterForm) -> Response:
    form.refuse(_("This page was open for long, so please read what you agree to once more. Your letter is still here."))
    form.consent.data = False
    return _compose(place, form, 422)


def _keep(place: Place, form: LetterForm, wording_id: Any) -> Any:
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
        ),
    )


def _onwards(place: Place, form: LetterForm) -> Response:
    """The next letter's form, with the writer already in it: in an answer, since no URL may carry them."""
    following = places.following(place)
    if following is not None:
        return _compose(following, filling.carried(following, form), done=place)
    return redirect(url_for(".sent", token=tokens.make("letters-sent", filling.submission(form))), 303)


def _preview(place: Place, form: LetterForm) -> Response:
    form.submission.data = form.submission.data or filling.submission_token()
    sheet = filling.sheet(place, form)
    hint = typo_hint(form.address) if form.address else None
    return _page("preview", place, form, sheet=sheet, text=composing.whole(sheet, place.draft.greeting), hint=hint)


def _mailbox(place: Place, form: LetterForm) -> Response:
    sheet = filling.sheet(place, form)
    to = addressing.sendable_address(place.office, places.today()) or ""
    parcel = Parcel(to, sheet.subject, composing.whole(sheet, place.draft.greeting), _("(paste the letter here)"))
    if request.form.get("step") == "eml":
        headers = {"Content-Disposition": 'attachment; filename="letter.eml"'}
        return Response(mailbox.eml(parcel), mimetype="message/rfc822", headers=headers)
    _tally(place, "mailbox")
    links = {"mailto": mailbox.mailto(parcel), "webmail": mailbox.webmail(parcel)}
    return _page("mailbox", place, form, parcel=parcel, **links)


def _paper(place: Place, form: LetterForm) -> Response:
    paper = "letter" if request.form.get("paper") == "letter" else "a4"
    if "paper" not in request.form:
        _tally(place, "paper")
    today = places.today()
    lines = addressing.address_lines(place.office, place.draft.language, today)
    text = composing.whole(filling.sheet(place, form), place.draft.greeting)
    return _page("../print/letter", place, form, paper=paper, address=lines, text=text, today=today)


_WAYS = {"send": _send, "mailbox": _mailbox, "paper": _paper}


def _tally(place: Place, how: str) -> None:
    tallying.tally(appeal=place.page.appeal.id, office=place.office.id, how=how)


def _compose(place: Place, form: LetterForm, status: int = 200, done: Place | None = None) -> Response:
    agreed = wording.current(place.page.appeal, "letter", place.page.lang)
    form.stamp.data = stamps.make(agreed.id)
    return _page("write", place, form, status, agreed=agreed, done=done, **filling.help_beside(place, form))


def _page(name: str, place: Place, form: LetterForm, status: int = 200, **more: Any) -> Response:
    known = {"page": place.page, "place": place, "form": form, "following": places.following(place)}
    return make_response(render_template(f"letters/{name}.html", **known, **more), status)
