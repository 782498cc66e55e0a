"""Organisations beside an appeal: who they are, the form that adds one, and the pages behind its links."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from flask import Response, abort, current_app, make_response, redirect, render_template, request, url_for

from campaign import background, i18n, tokens
from campaign.appeals import leaving, organisations, signing_on, stamps, wording
from campaign.appeals.leaving import WAITS
from campaign.appeals.mails import CONFIRM
from campaign.appeals.models import ConsentWording, OrganisationSignOn
from campaign.appeals.queries import Published
from campaign.appeals.signing_on import Outcome
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import awaiting, outbox, transports
from campaign.petition import showing
from campaign.petition.organisation_form import OrganisationForm
from campaign.petition.views import blueprint
from campaign.petition.views.appeal import FRESH, SPEECH, published_or_404
from campaign.petition.views.submission import EXPLAINS, LIVES, Page
from campaign.petition.views.taking_in import wording_behind
from campaign.web import cacheable

SENT = "organisation-sent"
PLACE = SPEECH + "/organisations"


@blueprint.get(PLACE)
def organisations_of(lang: str, slug: str) -> Response:
    """The checked ones in the UN's order, and the form."""
    published = published_or_404(lang, slug)
    agreed = wording.current(published.appeal, "organisation", lang)
    form = OrganisationForm(language=lang, today=_today(), stamp=stamps.make(agreed.id))
    return cacheable(make_response(_page(published, lang, form, agreed)), FRESH)


@blueprint.post(PLACE)
def add_organisation(lang: str, slug: str) -> Page:
    """Take a sign-on in; whichever organisation signed before, the answer is the same."""
    published = published_or_404(lang, slug)
    form = OrganisationForm(request.form, language=lang, today=_today())
    agreed_to = wording_behind(form.stamp.data, published, "organisation")
    if not form.validate() or agreed_to is None:
        return _once_more(published, lang, form, stale=agreed_to is None), 422
    try:
        row = signing_on.sign_on(
            published.appeal,
            form.organisation(),
            form.speaker(),
            language=lang,
            wording_id=agreed_to,
            now=datetime.now(UTC),
        )
    except Refused as refused:
        form.form_errors.append(refused.message)
        return _once_more(published, lang, form, stale=False), 422
    background.ring(outbox.BELL)
    return redirect(url_for(".organisation_sent", token=tokens.make(SENT, row)), 303)


@blueprint.get("/organisations/sent/<token>")
def organisation_sent(token: str) -> Page:
    """Check your inbox; the same for whoever signed on for the first time or again."""
    found = _sign_on(SENT, token, LIVES)
    email, keys = organisations.person(found).email, (f"appeal:{found.appeal_id}",)
    outlook = awaiting.outlook_about(found.id, email, since=found.created_at, pause_keys=keys)
    told = {"outlook": outlook, "waits": WAITS, "rehearsal": transports.mode(current_app) == transports.CAPTURE}
    return render_template("petition/organisation_sent.html", **told, **_frame(found))


@blueprint.get("/organisations/confirm/<token>")
def confirm_organisation(token: str) -> Page:
    """Show what would be confirmed, and one button."""
    found = _sign_on(CONFIRM, token, EXPLAINS)
    if not signing_on.is_pending(found):
        return _ended(found, signing_on.outcome(found.id))
    who = organisations.person(found)
    return render_template(
        "petition/organisation_confirm.html", organisation=found, person=who, token=token, **_frame(found)
    )


@blueprint.post("/organisations/confirm/<token>")
def press_for_organisation(token: str) -> Page:
    """Confirm, once, whatever the number of clicks."""
    found = _sign_on(CONFIRM, token, EXPLAINS)
    return _ended(found, signing_on.confirm(found.id))


@blueprint.post("/organisations/confirm/<token>/not-me")
def not_my_organisation(token: str) -> Page:
    """Forget what somebody typed with an address that is not theirs; what was confirmed is not said to be gone."""
    found = _sign_on(CONFIRM, token, EXPLAINS)
    if not leaving.disown(found.id) and signing_on.outcome(found.id) is not Outcome.GONE:
        return redirect(url_for(".confirm_organisation", token=token), 303)
    return render_template("petition/not_me.html", **_frame(found))


def _page(published: Published, lang: str, form: OrganisationForm, agreed: ConsentWording) -> str:
    told = showing.frame(published, lang)
    told["languages"] = [(code, name, _place(published, code)) for code, name, _url in told["languages"]]
    groups = organisations.by_status(published.appeal)
    return render_template("petition/organisations.html", form=form, agreed=agreed, organisations=groups, **told)


def _once_more(published: Published, lang: str, form: OrganisationForm, *, stale: bool) -> str:
    """The form again with everything typed. A tick stays only beside the words that it was put to."""
    agreed = wording.current(published.appeal, "organisation", lang)
    if stale:
        form.form_errors.append(
            _("This page was open for more than a day. Nothing you typed is lost: check it and send it again.")
        )
    if stamps.shown(form.stamp.data or "") != agreed.id:
        form.consent.data = False
    form.stamp.data = stamps.make(agreed.id)
    return _page(published, lang, form, agreed)


def _ended(organisation: OrganisationSignOn, outcome: Outcome) -> Page:
    """What became of it, for whoever holds its link."""
    code = 410 if outcome is Outcome.GONE else 200
    return render_template("petition/organisation_ended.html", outcome=outcome, **_frame(organisation)), code


def _sign_on(purpose: str, token: str, max_age: int) -> OrganisationSignOn:
    """The sign-on that a token was made for: 404 for any other token, 410 when its row is gone."""
    row: UUID = tokens.read(purpose, token, max_age=max_age) or abort(404)
    found = session.get(OrganisationSignOn, row) or abort(410)
    i18n.speak(found.language)
    return found


def _frame(organisation: OrganisationSignOn) -> dict[str, object]:
    return showing.frame(showing.of(organisation), organisation.language)


def _place(published: Published, lang: str) -> str:
    return url_for(".organisations_of", lang=lang, slug=published.appeal.slug)


def _today() -> date:
    return datetime.now(UTC).date()
