"""Every address of the site and every method: looking changes nothing, headers are strict, the desk is shut.

A new page is walked as soon as its room is open. It fails here until its arguments have an example below, and
a private or uncached page of a new kind has to be named as such.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from campaign import tokens
from campaign.appeals import look, queries, signing_on, wording
from campaign.appeals import mails as organisation_mails
from campaign.appeals.models import Appeal, AppealVersion, OrganisationSignOn
from campaign.appeals.signing_on import Organisation, Speaker
from campaign.db import session
from campaign.letters import mails as letter_mails
from campaign.letters import office_links
from campaign.letters.models import Digest, Letter
from campaign.mail import draining
from campaign.mail.addresses import Address
from campaign.mail.models import Message
from campaign.offices.models import Office, OfficeAddress
from campaign.organisers import accounts
from campaign.petition import cards
from campaign.petition.models import Signature
from campaign.petition.news.models import News
from campaign.petition.paper.models import PaperBatch
from campaign.petition.views import organisations as organisation_views
from campaign.rights import asking
from tests import cast, letter_stage
from tests.desk import OLGA, Browser, link_for, signed_in, token_on

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
LOOKING = {"GET", "HEAD"}
AT_THE_DOOR = {
    "organisers.sign_in",
    "organisers.ask_for_link",
    "organisers.asked",
    "organisers.enter",
    "organisers.use_link",
}
# Shared caches keep these; everything else says no-store.
PUBLIC = {
    "static", "robots.txt", "favicon.ico", "petition.show", "petition.data", "petition.case", "petition.safety",
    "petition.geneva", "petition.organisations_of", "petition.news", "petition.card", "letters.choose",
    "letters.write", "api.listing", "api.appeal", "petition.embed", "petition.badge", "petition.look_css",
    "petition.look_picture", "api.described",
    "petition.qr", "petition.poster",
}  # fmt: skip
FRAMED = {"petition.embed", "petition.embed_any"}
SHUT = {"petition.wall", "petition.opens", "rights.correct_signature"}  # it is sensitive; the signature waits
LOOK = {"look_css": "accent", "look_picture": "logo"}
REDIRECTS = {"petition.embed_any", "petition.home", "petition.home_in", "petition.to_the_form", "rights.any_language"}
PAPER_PAGES = ("listing", "sheet", "enter", "keep", "show", "count", "add_lines", "remove_line", "reject", "withdraw")
OFFICE_PAGES = (
    "office", "enter_address", "check_address", "retire_address", "enter_holder", "confirm_holder", "correct_dates",
    "undo",
)  # fmt: skip
STRICT = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
POLICY = ("default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "base-uri 'none'",
          "frame-ancestors 'none'")  # fmt: skip


@dataclass
class Stage:
    """A site on which something of every kind has happened, and an address for every rule."""

    app: Flask
    examples: dict[str, str] = field(default_factory=dict)  # by argument, or by endpoint and argument

    @property
    def rules(self) -> list[Rule]:
        return sorted(self.app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))

    def address(self, rule: Rule) -> str:
        values = {name: self._example(rule, name) for name in rule.arguments}
        built = rule.build(values, append_unknown=False)
        assert built, f"{rule.rule}: its example does not fit"
        return built[1]

    def _example(self, rule: Rule, name: str) -> str:
        found = self.examples.get(f"{rule.endpoint} {name}") or self.examples.get(name)
        assert found, f"{rule.endpoint} ({rule.rule}) has no example for {name}: add one in tests/test_routes.py"
        return found

    def every(self, *methods: str) -> Iterator[tuple[Rule, str, str]]:
        """(rule, method, address) for the methods that the rules know."""
        for rule in self.rules:
            for method in methods:
                if method in (rule.methods or ()):
                    yield rule, method, self.address(rule)

    def browser(self) -> Browser:
        return Browser(self.app, self.app.response_class)

    def snapshot(self) -> dict[str, str]:
        """A digest of every table. Only when a session was last used may change by a look."""
        with self.app.extensions["engine"].connect() as connection:
            tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
            digest = (
                "SELECT md5(coalesce(string_agg(row, '' ORDER BY row), '')) FROM (SELECT {} AS row FROM {} t) AS rows"
            )
            seen = {"desk_session": "(to_jsonb(t) - 'seen_at')::text"}
            return {name: connection.scalar(text(digest.format(seen.get(name, "t::text"), name))) for name in tables}


@pytest.fixture
def stage(app: Flask) -> Stage:
    stage = Stage(app)
    with app.app_context():
        stage.examples = _happenings(app)
    stage.examples["secret"] = link_for(app).rsplit("/", 1)[1]
    return stage


def _a_look(appeal: Appeal) -> dict[str, str]:
    """A colour and a logo of the appeal's own."""
    olga, logo = accounts.add(OLGA), io.BytesIO()
    Image.new("RGB", (8, 8)).save(logo, "PNG")
    look.set_accent(appeal, "#1f4e8c", by=olga)
    look.set_picture(appeal, "logo", logo.getvalue(), by=olga)
    return {f"petition.{page} version": look.version(appeal, part) for page, part in LOOK.items()}


def _happenings(app: Flask) -> dict[str, str]:
    """Alice signs, Bob writes, an organisation adds its name, mail is captured: what the examples point to."""
    appeal = cast.the_appeal()
    browser = app.test_client()
    cast.sign(browser)
    letter_stage.send(browser)
    speaker = Speaker("Bob Okafor", "secretary", Address.parse("bob@work.example.org"))
    agreed = wording.current(appeal, "organisation", "en").id
    organisation = Organisation("Étoile", "DE", "none")
    signing_on.sign_on(appeal, organisation, speaker, language="en", wording_id=agreed, now=datetime.now(UTC))
    draining.drain()
    signature, letter = session.query(Signature).one(), session.query(Letter).one()
    sign_on, message = session.query(OrganisationSignOn).one(), session.query(Message).first()
    assert message
    of_signature = {
        name: tokens.make(purpose, signature.id)
        for name, purpose in [
            ("petition.sent", "sent"), ("petition.resend", "sent"), ("petition.confirmed", "confirmed"),
            ("petition.confirm", "confirm"), ("petition.press", "confirm"), ("petition.not_me", "confirm"),
            ("petition.receipt", "confirm"), ("petition.unsubscribe", "unsubscribe"),
            ("petition.no_more_news", "unsubscribe"),
        ]
    }  # fmt: skip
    of_letter = {
        name: tokens.make(purpose, letter.submission_id)
        for name, purpose in [
            ("letters.sent", "letters-sent"), ("letters.confirm", letter_mails.CONFIRM),
            ("letters.confirmed", letter_mails.CONFIRM), ("letters.status", letter_mails.PRIVATE),
            ("letters.withdraw", letter_mails.PRIVATE),
        ]
    }  # fmt: skip
    office = session.get_one(Office, letter.office_id)
    of_office = {
        name: office_links.make(purpose, office)
        for name, purpose in [
            ("letters.office", office_links.PAGE), ("letters.say_as_office", office_links.PAGE),
            ("letters.fetched", office_links.FETCH),
        ]
    }  # fmt: skip
    listed = {"source": "its page", "status": "verified", "checked_on": datetime.now(UTC).date()}
    session.add(OfficeAddress(office_id=office.id, email="mandate@office.internal", **listed))
    digest = Digest(id=uuid4(), appeal_id=appeal.id, office_id=office.id, due_at=datetime.now(UTC))
    news = News(id=uuid4(), appeal_id=appeal.id, texts={"en": {"title": "News", "body": "Some."}})
    session.add_all([digest, news])
    session.commit()
    on_paper, batch = _a_batch(appeal)
    of_organisation = {
        name: tokens.make(purpose, sign_on.id)
        for name, purpose in [
            ("petition.organisation_sent", organisation_views.SENT),
            ("petition.confirm_organisation", organisation_mails.CONFIRM),
            ("petition.press_for_organisation", organisation_mails.CONFIRM),
            ("petition.not_my_organisation", organisation_mails.CONFIRM),
        ]
    }  # fmt: skip
    of_all = of_signature | of_letter | of_office | of_organisation
    looks = _a_look(appeal)  # before the card is named, which shows the logo
    return {
        **{f"{name} token": token for name, token in of_all.items()},
        "token": tokens.make(asking.PURPOSE, signature.id),  # of every page under /mine
        "lang": "en",
        "slug": cast.SLUG,
        "office": "sr-iran",
        "domain": "office.internal",
        "digest": str(digest.id),
        "news": str(news.id),
        "filename": "undersigned.css",
        "version": cards.version(queries.by_id(appeal.id), "en"),
        "part": "logo",
        "spoken": "en",
        "what": "allow",
        **looks,
        "message_id": str(message.id),
        "name": str(message.id),
        "row": str(sign_on.id),
        "size": "a4",
        **{f"paper.{page} slug": on_paper.slug for page in PAPER_PAGES},
        **{f"paper.{page} row": str(batch) for page in PAPER_PAGES},
        "line": str(batch),
        "rights.withdraw_signature row": str(signature.id),
        "rights.shorten_name row": str(signature.id),
        "rights.correct_signature row": str(signature.id),
        "rights.stop_news row": str(signature.id),
        "rights.remove_comment row": str(signature.id),
        "decided": "show",
        "rights.change_visibility row": str(signature.id),
        "rights.withdraw_letter row": str(letter.id),
        "rights.withdraw_paper_line row": str(letter.id),
        "captured.save row": str(message.id),
        **{f"offices.{page} slug": "sr-iran" for page in OFFICE_PAGES},
        "deed": "1",
    }


def _a_batch(like: Appeal) -> tuple[Appeal, UUID]:
    """A draft of an appeal that harms nobody, so that it has sheets to sign; and some that were entered."""
    content = queries.by_id(like.id).content
    draft = Appeal(id=uuid4(), slug="on-paper", state="draft", sensitive=False, version=1)
    session.add(draft)
    session.flush()
    session.add(AppealVersion(appeal_id=draft.id, number=1, digest=content.digest, content=content.as_data()))
    wording.keep(session, draft, content)
    agreed, olga = wording.current(draft, "sign", "en").id, accounts.add("oleg@example.org").id
    counted = {"entered": {"FR": 3}, "signatures": 3, "entered_by": olga, "sheets": 1}
    batch = PaperBatch(
        id=uuid4(), appeal_id=draft.id, wording_id=agreed, place="Bern", collected_on=date(2026, 11, 24), **counted
    )
    session.add(batch)
    session.commit()
    return draft, batch.id


def is_desk(rule: Rule) -> bool:
    return rule.rule.startswith("/desk") and rule.endpoint not in AT_THE_DOOR


def is_our_page(response: TestResponse) -> bool:
    return response.mimetype == "text/html"


def test_it_works(stage: Stage) -> None:
    """Every page that can be looked at is there, for whoever may look."""
    olga, visitor = signed_in(stage.app), stage.browser()
    for rule, method, address in stage.every("GET"):
        response = (olga if is_desk(rule) else visitor).open(address, method=method)
        expected = {302, 303} if rule.endpoint in REDIRECTS else {404} if rule.endpoint in SHUT else {200}
        assert response.status_code in expected, f"{address}: {response.status}"


@pytest.mark.parametrize("who", ["a visitor", "Olga"])
def test_looking_changes_nothing(stage: Stage, who: str) -> None:
    browser = signed_in(stage.app) if who == "Olga" else stage.browser()
    before = stage.snapshot()
    for _rule, method, address in stage.every("GET", "HEAD"):
        browser.open(address, method=method)
        after = stage.snapshot()
        changed = [name for name in after if after[name] != before[name]]
        assert not changed, f"{method} {address} changed {changed}"


def test_the_snapshot_would_see_a_change(stage: Stage) -> None:
    before = stage.snapshot()
    stage.browser().post(stage.address(next(r for r in stage.rules if r.endpoint == "petition.press")))

    assert {name for name, digest in stage.snapshot().items() if digest != before[name]} >= {"signature"}


def test_every_answer_carries_strict_headers(stage: Stage) -> None:
    olga, eve = signed_in(stage.app), stage.browser()
    for rule, method, address in stage.every(*METHODS):
        for browser in (olga, eve) if is_desk(rule) else (eve,):
            headers = browser.open(address, method=method).headers
            assert {**headers, **STRICT} == {**headers}, f"{method} {address}"
            policy = headers["Content-Security-Policy"]
            policy = policy.replace("ancestors *", "ancestors 'none'") if rule.endpoint in FRAMED else policy
            assert all(part in policy for part in POLICY), f"{method} {address}"
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert "Cache-Control" in headers


def test_public_pages_name_the_onion_and_the_desk_does_not(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tor Browser offers the same page there; a file, or a page of organisers, is nothing to go to."""
    assert "Onion-Location" not in stage.browser().get(f"/en/{cast.SLUG}?1").headers
    monkeypatch.setitem(stage.app.config, "ONION_URL", "http://abc.onion")
    olga = signed_in(stage.app)
    for _rule, _method, address in stage.every("GET"):
        response = olga.get(f"{address}?2")
        named = is_our_page(response) and not address.startswith("/desk")
        assert response.headers.get("Onion-Location") == (f"http://abc.onion{address}" if named else None), address
    assert stage.browser().get("/en/nothing").headers["Onion-Location"] == "http://abc.onion/en/nothing"


def test_errors_carry_the_same_headers_and_are_not_kept(stage: Stage) -> None:
    for address in ("/nothing", "/desk/nothing", "/api/v1/nothing", "/confirm/forged", "/de/x"):
        response = stage.browser().get(address)
        assert response.status_code in {303, 404}
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert response.headers["Cache-Control"] == "no-store"


def test_caches_keep_what_is_public_and_nothing_else(stage: Stage) -> None:
    olga = signed_in(stage.app)
    for rule, method, address in stage.every("GET", "HEAD"):
        kept = olga.open(address, method=method).headers["Cache-Control"]
        if rule.endpoint in PUBLIC:
            assert "s-maxage" in kept or "max-age=" in kept, f"{address}: {kept}"
            assert "private" not in kept
        else:
            assert kept == "no-store", f"{address}: {kept}"


def test_no_page_outside_the_desk_sets_a_cookie(stage: Stage) -> None:
    for rule, method, address in stage.every(*METHODS):
        response = stage.browser().open(address, method=method)
        if not rule.rule.startswith("/desk"):
            assert "Set-Cookie" not in response.headers, f"{method} {address}"
            assert "Cookie" not in response.headers.get("Vary", ""), f"{method} {address}"


def test_pages_run_no_inline_style_or_script_and_ask_nobody_else(stage: Stage) -> None:
    olga = signed_in(stage.app)
    for rule, _method, address in stage.every("GET"):
        response = olga.get(address)
        if not is_our_page(response):
            continue
        for inline in (" style=", "<style", " onclick=", "javascript:", "<svg"):
            assert inline not in response.text.lower(), f"{address}: {inline}"
        assert response.text.count("<script") == response.text.count("<script src="), address
        assert 'src="http' not in response.text, address
        assert rule.endpoint == "captured.mail" or 'href="//' not in response.text, address


def test_a_stranger_is_sent_from_the_desk_to_its_door(stage: Stage) -> None:
    eve = stage.browser()
    token = token_on(eve, "/desk/sign-in")
    before = stage.snapshot()
    for rule, method, address in stage.every(*METHODS):
        if is_desk(rule):
            response = eve.open(address, method=method, data={"csrf_token": token} if method not in LOOKING else None)
            if method in LOOKING:
                assert response.status_code == 303, f"{method} {address}"
                assert response.location == "/desk/sign-in"
            else:
                assert response.status_code == 404, f"{method} {address}"
    assert stage.snapshot() == before


@pytest.mark.parametrize(
    ("with_token", "headers", "status"),
    [
        (False, {}, 400),
        (False, {"Sec-Fetch-Site": "same-origin"}, 400),
        (True, {"Sec-Fetch-Site": "cross-site"}, 403),
        (True, {"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_an_act_at_the_desk_comes_from_its_own_page(
    stage: Stage, with_token: bool, headers: dict[str, str], status: int
) -> None:
    olga = signed_in(stage.app)
    token = token_on(olga, "/desk/outbox")
    before = stage.snapshot()
    for rule, method, address in stage.every("POST", "PUT", "PATCH", "DELETE"):
        if rule.rule.startswith("/desk"):
            fields: dict[str, Any] = {"csrf_token": token} if with_token else {}
            response = olga.open(address, method=method, data=fields, headers=headers)
            assert response.status_code == status, f"{method} {address}"
    assert stage.snapshot() == before


def test_methods_that_a_page_does_not_know_are_refused(stage: Stage) -> None:
    olga = signed_in(stage.app)
    adapter = stage.app.url_map.bind("127.0.0.1")
    before = stage.snapshot()
    for rule in stage.rules:
        address = stage.address(rule)
        for method in {*METHODS, "TRACE", "PROPFIND"} - set(adapter.allowed_methods(address)):
            assert olga.open(address, method=method).status_code == 405, f"{method} {address}"
    assert stage.snapshot() == before


def test_a_route_without_an_example_is_found(stage: Stage) -> None:
    stranger = Rule("/new/<thing>", endpoint="new.page")
    stranger.bind(stage.app.url_map.__class__())

    with pytest.raises(AssertionError, match="has no example for thing"):
        stage.address(stranger)


@pytest.mark.parametrize("purpose", ["sent", "confirm", "mine", "letters"])
def test_a_link_of_one_kind_opens_no_page_of_another(stage: Stage, purpose: str) -> None:
    with stage.app.app_context():
        stranger = tokens.make(purpose, uuid4())
    for rule in stage.rules:
        if "token" in rule.arguments and "GET" in (rule.methods or ()):
            values = {name: "en" if name == "lang" else str(uuid4()) for name in rule.arguments} | {"token": stranger}
            built = rule.build(values, append_unknown=False)
            assert built
            assert stage.browser().get(built[1]).status_code in {404, 410}, rule.rule
