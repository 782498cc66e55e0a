"""Every page there is to look at, on a running product: it keeps to itself what has to happen before each exists."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select, update
from werkzeug.exceptions import default_exceptions

from campaign import create_app, embedded, tokens
from campaign.appeals import loading, look, signing_on, wording
from campaign.appeals import mails as organisation_mails
from campaign.appeals.models import Appeal
from campaign.appeals.signing_on import Organisation, Speaker
from campaign.db import clock, session
from campaign.i18n import INTERFACE
from campaign.letters import confirming as letters_confirming
from campaign.letters import mails as letter_mails
from campaign.letters import office_links
from campaign.letters.models import Letter
from campaign.mail.addresses import Address
from campaign.offices.models import Office
from campaign.organisers import accounts, links
from campaign.organisers.models import Organiser
from campaign.petition import confirming, demo, signing
from campaign.petition.news import writing as news
from campaign.petition.news.models import News
from campaign.petition.signer import Signer
from campaign.petition.views import organisations as organisation_views
from campaign.petition.wall import releasing
from campaign.rights import asking
from campaign.running.preparing import DATA
from config import load_settings
from tests import letter_stage

SLUG = "iran-detainees"
HARMLESS, ANNOUNCED, CLOSED, WON = "harmless", "announced", "closed", "won"
NAMES = {"fa": "پروانه می‌آبادی", "ar": "ليلى الحسن", "ru": "Анна Ковальчук", "zh": "王芳"}
Press = Callable[[Page], None]
HTML = "text/html; charset=utf-8"
FAILURES = (410, 429, 500, 503)


@dataclass(frozen=True, slots=True)
class Stop:
    """A page: where it is, and which button of it leads to what is looked at; of a failure, what it answers."""

    name: str
    path: str
    press: Press | None = None
    failure: str = ""  # HTML

    def visit(self, page: Page) -> None:
        """Open it, and press."""
        if self.failure:
            page.route(f"**{self.path}", lambda route: route.fulfill(body=self.failure, content_type=HTML), times=1)
        page.goto(self.path)
        if self.press:
            with page.expect_navigation():
                self.press(page)


@dataclass(frozen=True, slots=True)
class Tour:
    """The public pages in each language, the pages of the desk, and the link that opens it once."""

    public: dict[str, list[Stop]]
    desk: list[Stop]
    key: str


@contextmanager
def _application(data: Path) -> Iterator[Flask]:
    """The app in this process, on the servers that already run under ``data``."""
    settings = load_settings(DATA_DIR=data)
    with embedded.start(settings) as servers:
        urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        app = create_app(settings.model_copy(update=urls))
        with app.app_context():
            yield app


def arrange(data: Path, bundles: Path, languages: Iterable[str] = INTERFACE) -> Tour:
    """Let everything happen once in each language, in the product that runs under ``data``; ``bundles``: a folder."""
    with _application(data) as app:
        olga = accounts.add("olga.tour@example.org")
        appeal = _appeals(bundles, olga)
        public = {lang: _stops(app, appeal, lang) for lang in languages}
        return Tour(public, _desk(), f"/desk/enter/{links.make(olga)}")


def _appeals(bundles: Path, olga: Organiser) -> Appeal:
    """The bundled appeal with signatures, and others in every state that an appeal can be in; the bundled one."""
    told = {"title": "Council names a new Rapporteur", "body": "She takes office in August.\n\nLetters go to her."}
    for slug in (HARMLESS, ANNOUNCED, CLOSED, WON):
        loading.load(session, _bundle(bundles, slug), now=datetime.now(UTC))
    for slug in (SLUG, HARMLESS, WON):
        demo.fill(_named(slug), 1_284, now=datetime.now(UTC), seed=7)
    ended = {"state": "closed", "closed_at": datetime.now(UTC)}
    changes = {ANNOUNCED: {"state": "draft", "opens_on": date(2027, 1, 15)}, CLOSED: ended}
    for slug, values in (changes | {WON: ended | {"outcome": "won"}}).items():
        session.execute(update(Appeal).where(Appeal.slug == slug).values(**values))
    session.commit()
    for slug in (SLUG, HARMLESS, WON):
        news.write(_named(slug), {"en": told}, by=olga)
    session.execute(update(News).where(News.appeal_id == _named(WON).id).values(state="sent", released_at=clock()))
    session.commit()
    look.set_accent(_named(HARMLESS), "#7a2f8f", by=olga)
    releasing.release(_named(HARMLESS), by=olga)
    return _named(SLUG)


def _bundle(folder: Path, slug: str) -> Path:
    """The bundled appeal under another name, as one that can harm nobody."""
    bundle = folder / slug
    shutil.copytree(DATA / "appeals" / SLUG, bundle)
    facts = (bundle / "appeal.yaml").read_text("utf-8")
    facts = facts.replace(f"slug: {SLUG}", f"slug: {slug}").replace("sensitive: true", "sensitive: false")
    (bundle / "appeal.yaml").write_text(facts, "utf-8")
    return bundle


def _named(slug: str) -> Appeal:
    return session.scalars(select(Appeal).filter_by(slug=slug)).one()


def _stops(app: Flask, appeal: Appeal, lang: str) -> list[Stop]:
    """All public pages in one language."""
    here = f"/{lang}/{SLUG}"
    plain = {
        "appeal": here, "choose": f"{here}/letters", "write": f"{here}/letters/sr-iran",
        "organisations": f"{here}/organisations", "data": f"{here}/data", "case": f"{here}/case",
        "safety": f"{here}/safety", "geneva": f"{here}/geneva", "news": f"{here}/news", "missing": f"{here}x",
        "ask": f"/{lang}/mine", "asked": f"/{lang}/mine/asked", "harmless": f"/{lang}/{HARMLESS}",
        "wall": f"/{lang}/{HARMLESS}/wall", "embed": f"/embed/{HARMLESS}/{lang}",
        **{slug: f"/{lang}/{slug}" for slug in (ANNOUNCED, CLOSED, WON)},
    }  # fmt: skip
    pressed = [
        Stop("signing-errors", here, _press("form#sign .button")),
        Stop("letter-errors", plain["write"], _press("[name=how][value=send]")),
        Stop("letter-preview", plain["write"], preview),
        Stop("letter-mailbox", plain["write"], _press("[name=how][value=mailbox]")),
    ]
    behind = _signed(appeal, lang) | _written(app, lang) | _supported(appeal, lang)
    return [*(Stop(name, path) for name, path in (plain | behind).items()), *pressed, *_failures(app, lang)]


def _failures(app: Flask, lang: str) -> Iterator[Stop]:
    """What stands there while something is wrong, which no tour lets happen: a form was sent, a link is old."""
    for code in FAILURES:
        old = code == 410
        path = f"/{lang}/mine/old" if old else f"/{lang}/{SLUG}/sign"
        sent = {"method": "GET"} if old else {"method": "POST", "data": {"name": "Alice Moreau"}}
        with app.test_request_context(path, **sent):
            app.preprocess_request()
            answer = app.make_response(app.handle_user_exception(default_exceptions[code]()))
        yield Stop(f"error-{code}", path, failure=answer.get_data(as_text=True))


def _press(button: str) -> Press:
    return lambda page: page.locator(button).first.click()


def preview(page: Page) -> None:
    """Fill in a letter and ask to see it."""
    for name, value in (("name", "Bob Okafor"), ("email", "bob@example.org"), ("message", letter_stage.WORDS)):
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=country]").select_option("DE")
    page.locator("[name=consent]").check()
    page.locator("[name=how][value=send]").click()


def _signed(appeal: Appeal, lang: str) -> dict[str, str]:
    """Pages of somebody who has to confirm, and of somebody who has."""
    now, agreed = datetime.now(UTC), wording.current(appeal, "sign", lang).id
    waits, signed = (
        signing.sign(
            appeal,
            Signer(NAMES.get(lang, "Alice O’Brien"), Address.parse(f"{who}.{lang}@example.org"), "DE", "recipient"),
            language=lang, wording_id=agreed, now=now,
        )
        for who in ("alice", "anna")
    )  # fmt: skip
    confirming.confirm(signed, now=now)
    return {
        "sent": f"/sent/{tokens.make('sent', waits)}",
        "confirm": f"/confirm/{tokens.make('confirm', waits)}",
        "confirmed": f"/confirmed/{tokens.make('confirmed', signed)}",
        "mine": f"/mine/{tokens.make(asking.PURPOSE, signed)}",
        "erase": f"/mine/{tokens.make(asking.PURPOSE, signed)}/erase",
        "unsubscribe": f"/unsubscribe/{tokens.make('unsubscribe', signed)}",
    }


def _written(app: Flask, lang: str) -> dict[str, str]:
    """Pages of a letter that waits for its writer, of one that is on its way, and of the office."""
    waits, written = (_letter(app, lang, who) for who in ("bob", "ben"))
    letters = session.scalars(select(Letter.id).where(Letter.submission_id == written)).all()
    letters_confirming.confirm(written, set(letters))
    office = session.scalars(select(Office).filter_by(slug="sr-iran")).one()
    return {
        "letters-sent": f"/letters/sent/{tokens.make('letters-sent', waits)}",
        "letters-confirm": f"/letters/confirm/{tokens.make(letter_mails.CONFIRM, waits)}",
        "letters-status": f"/letters/{tokens.make(letter_mails.PRIVATE, written)}",
        "office": f"/office/{office_links.make(office_links.PAGE, office)}?in={lang}",
    }


def _letter(app: Flask, lang: str, who: str) -> UUID:
    """Somebody writes a letter of their own words; its submission."""
    words = f"{letter_stage.WORDS} {who} {lang}"
    path = f"/{lang}/{SLUG}/letters/sr-iran"
    answer = letter_stage.send(app.test_client(), path, email=f"{who}.{lang}@example.org", message=words)
    submission = tokens.read("letters-sent", answer.location.rsplit("/", 1)[1], max_age=tokens.DAY)
    assert submission, answer.location
    return submission


def _supported(appeal: Appeal, lang: str) -> dict[str, str]:
    """Pages of an organisation that adds its name."""
    speaker = Speaker("Bob Okafor", "secretary", Address.parse(f"bob@{lang}.example.org"))
    agreed = wording.current(appeal, "organisation", lang).id
    who, now = Organisation(f"Étoile {lang}", "DE", "none"), datetime.now(UTC)
    row = signing_on.sign_on(appeal, who, speaker, language=lang, wording_id=agreed, now=now)
    return {
        "organisation-sent": f"/organisations/sent/{tokens.make(organisation_views.SENT, row)}",
        "organisation-confirm": f"/organisations/confirm/{tokens.make(organisation_mails.CONFIRM, row)}",
    }


def _desk() -> list[Stop]:
    rooms = ("export", "held", "attack", "look", "news", "news/write", "organisations", "organisations/annex/en",
             "overtaken", "digests", "sending", "sending/sr-iran/pace")  # fmt: skip
    own = ("", "log", "mail", "offices", "outbox", "suppressions", "style", "translations")
    paths = [f"/desk/{room}" for room in own]
    paths += [f"/desk/appeals/{SLUG}", "/desk/offices/sr-iran", *(f"/desk/appeals/{SLUG}/{room}" for room in rooms)]
    paths += [f"/desk/appeals/{HARMLESS}/{room}" for room in ("paper", "paper/enter", "wall")]
    return [Stop(path.strip("/").replace("/", "-"), path) for path in paths]


def enter(page: Page, tour: Tour) -> None:
    """Sign in at the desk, which the link of a tour does once."""
    page.goto(tour.key)
    page.locator("main form button").click()
