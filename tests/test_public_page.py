"""The appeal as everybody sees it: the same bytes for all, no cookie, nobody else asked, and all the facts."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from campaign import i18n
from campaign.appeals import versions
from campaign.appeals.content import Content
from campaign.appeals.models import Appeal, AppealVersion
from campaign.db import session
from campaign.petition import counting
from campaign.petition.showing import about
from tests.cast import PAGE, SLUG, a_signature, sign, the_appeal

LANGUAGES = i18n.INTERFACE


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    counting._kept.clear()
    appeal = the_appeal()
    content = versions.newest(session, appeal)
    draft = versions.publish(session, content.model_copy(update={"slug": "a-draft"}))
    draft.state = "draft"
    session.commit()
    return appeal


@pytest.fixture
def client(appeal: Appeal, context: Flask) -> FlaskClient:
    return context.test_client()


def wording_of(appeal: Appeal) -> object:
    query = text("SELECT id FROM consent_wording WHERE appeal_id = :id AND purpose = 'sign' LIMIT 1")
    return session.scalar(query, {"id": appeal.id})


def as_read(html: str) -> str:
    """The words of a page, spaces evened out."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", re.sub(r"</?bdi[^>]*>", "", html))))


def publish(appeal: Appeal, **fields: object) -> None:
    """Show a changed content from now on, to everybody."""
    newest = versions.newest(session, appeal).as_data()
    versions.publish(session, Content.from_data(newest | fields))
    appeal.state = "open"
    session.commit()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_works(client: FlaskClient, appeal: Appeal, lang: str) -> None:
    page = client.get(f"/{lang}/{SLUG}")
    assert page.status_code == 200
    words = as_read(page.text)
    version = session.get_one(AppealVersion, (appeal.id, appeal.version))
    said = version.content["texts"][lang]
    for wanted in (
        said["title"],
        said["lead"],
        said["kicker"],
        said["warning"],
        said["not_reviewed"],
        said["source"],
    ):
        assert re.sub(r"\s+", " ", wanted) in words
    assert len(said["demands"]) == 5
    for demand in said["demands"].values():
        for key in ("asked", "state", "stands", "to_then", "to_now"):
            assert re.sub(r"\s+", " ", demand[key]) in words
    for event in said["timeline"].values():
        assert re.sub(r"\s+", " ", event) in words
    for office in said["offices"].values():
        assert office["name"] in words
    names = [signatory["name"] for signatory in version.content["signatories"]]
    assert sorted(map(words.index, names)) == list(map(words.index, names))
    assert f'<html lang="{lang}" dir="{i18n.direction(lang)}">' in page.text


def test_it_is_the_same_for_everybody_and_asks_nobody_else(client: FlaskClient) -> None:
    first = client.get(PAGE, headers={"Accept-Language": "fa", "Cookie": "session=eve", "User-Agent": "one"})
    counting._kept.clear()
    second = client.get(f"{PAGE}?fresh")  # past the page cache
    assert first.data == second.data
    assert "Set-Cookie" not in first.headers
    assert "s-maxage" in first.headers["Cache-Control"]
    assert "public" in first.headers["Cache-Control"]
    assert first.headers["Vary"] == "Accept-Encoding"
    assert client.get(PAGE, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    fetched = re.findall(r'<(?:script|img|iframe|link)[^>]+(?:src|href)="([^"]+)"', first.text)
    assert all(url.startswith(("/", "http://127.0.0.1:8000/")) for url in fetched)
    assert all(' src="/static/' in tag for tag in re.findall("<script[^>]*>", first.text))
    assert " style=" not in first.text
    assert "default-src 'none'" in first.headers["Content-Security-Policy"]


def test_the_page_is_light(client: FlaskClient) -> None:
    for lang in LANGUAGES:
        packed = client.get(f"/{lang}/{SLUG}", headers={"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert len(packed.data) < 20_000


def test_the_form_is_as_promised(client: FlaskClient) -> None:
    page = client.get(PAGE).text
    form = page[page.index('<form id="sign"') : page.index("</form>", page.index('<form id="sign"'))]
    for name in ("name", "email", "country", "visibility", "consent", "updates", "stamp"):
        assert f'name="{name}"' in form
    checked = re.findall(r'<input[^>]+name="(\w+)" value="(\w+)" checked', form)
    assert checked == [("visibility", "counted")]
    assert re.findall(r'name="visibility" value="(\w+)"', form) == ["counted", "recipient", "public"]
    assert '<option value="none">Prefer not to say</option>' in form
    assert '<option value="TW">Taiwan</option>' in form
    assert "I understand that signing can reveal my opinions" in as_read(form)
    assert f'href="{PAGE}/data"' in form
    assert "comment" not in form
    assert " required" not in form


def test_languages_have_their_own_names(client: FlaskClient) -> None:
    page = client.get(f"/fa/{SLUG}").text
    for code, own in i18n.OWN_NAMES.items():
        assert re.search(rf'<a href="/{code}/{SLUG}" lang="{code}" hreflang="{code}"[^>]*>{own}</a>', page)
        assert f'<link rel="alternate" hreflang="{code}" href="http://127.0.0.1:8000/{code}/{SLUG}">' in page


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("fa-IR,fa;q=0.9,en;q=0.5", "fa"),
        ("fr", "fr"),
        ("zh-CN,zh;q=0.9", "zh"),
        ("es-MX", "es"),
        ("xx", "en"),
        ("", "en"),
    ],
)
def test_the_front_door_leads_to_the_only_appeal(client: FlaskClient, asked: str, answered: str) -> None:
    answer = client.get("/", headers={"Accept-Language": asked})
    assert (answer.status_code, answer.location) == (302, f"/{answered}/{SLUG}")
    assert "Accept-Language" in answer.headers["Vary"]


def test_the_front_door_lists_what_is_public(context: Flask) -> None:
    visitor = context.test_client()
    assert visitor.get("/", headers={"Accept-Language": "fr"}).location == "/fr"
    assert "no appeal here" in visitor.get("/en").text


@pytest.mark.parametrize(
    ("path", "code"),
    [("/xx/iran-detainees", 404), ("/en/nothing", 404), ("/en/a-draft", 404), ("/en/a-draft/data", 404)],
)
def test_what_is_not_public_is_not_found(client: FlaskClient, path: str, code: int) -> None:
    assert client.get(path).status_code == code


@pytest.mark.parametrize("page", ["", "/data", "/case", "/safety", "/geneva"])
def test_a_language_it_does_not_have_leads_to_one_it_has(client: FlaskClient, appeal: Appeal, page: str) -> None:
    content = versions.newest(session, appeal)
    fewer = {"slug": "in-two", "languages": ("fr", "en"), "texts": {c: content.texts[c] for c in ("fr", "en")}}
    versions.publish(session, content.model_copy(update=fewer)).state = "demonstration"
    session.commit()
    answer = client.get(f"/ru/in-two{page}")
    assert (answer.status_code, answer.location) == (302, f"/fr/in-two{page}")


def test_the_count_and_its_milestone(client: FlaskClient, appeal: Appeal) -> None:
    wording = wording_of(appeal)
    assert "Nobody has signed yet" in client.get(f"{PAGE}?0").text
    for _ in range(24):
        a_signature(appeal, wording)
    counting._kept.clear()
    page = client.get(f"{PAGE}?24").text
    assert "24 people have signed" in as_read(page)
    assert "<progress" not in page
    a_signature(appeal, wording)
    counting._kept.clear()
    page = client.get(f"{PAGE}?25").text
    assert '<progress max="100" value="25"' in page
    assert "Next milestone: 100" in page
    assert "۲۵" in client.get(f"/fa/{SLUG}?25").text


def test_no_small_country_is_named(client: FlaskClient, appeal: Appeal) -> None:
    for country, people in (("DE", 5), ("IS", 4)):
        for _ in range(people):
            a_signature(appeal, wording_of(appeal), country=country)
    counting._kept.clear()
    page = as_read(client.get(f"{PAGE}?c").text.split("<form")[0])
    assert "Germany: 5" in page
    assert "Iceland" not in page
    assert "other countries: 4" in page


def test_a_name_never_stands_on_the_page(client: FlaskClient, appeal: Appeal) -> None:
    for visibility in ("counted", "recipient"):
        sign(client, name=f"Canary {visibility}", email=f"{visibility}@example.org", visibility=visibility)
    session.execute(text("UPDATE signature SET state = 'confirmed', confirmed_at = clock()"))
    session.commit()
    for lang in LANGUAGES:
        assert "Canary" not in client.get(f"/{lang}/{SLUG}?n").text


def test_a_holder_is_named_only_while_checked(client: FlaskClient) -> None:
    assert "Mai Sato" in client.get(f"{PAGE}?1").text
    session.execute(text("UPDATE office_term SET checked_on = checked_on - 91"))
    session.commit()
    page = client.get(f"{PAGE}?2").text
    assert "Mai Sato" not in page
    assert "Special Rapporteur on Iran" in page


def test_a_demonstration_says_so_and_a_publisher_is_shown(client: FlaskClient, appeal: Appeal) -> None:
    assert "demonstration" in client.get(f"{PAGE}?1").text.lower()
    assert "not named yet" in client.get(f"{PAGE}/data?1").text
    publisher = {
        "name": "Test Publisher",
        "address": "1 Test Street",
        "contact_person": "Olga Test",
        "phone": "+41 22 000 00 00",
        "privacy_contact": "privacy@publisher.example",
    }
    publish(appeal, publisher=publisher, delete_by="2030-06-30")
    for page in (client.get(f"{PAGE}/data?2").text, client.get(f"{PAGE}/case?2").text):
        assert "demonstration" not in page.lower()
        for value in publisher.values():
            assert value in page
        assert "30 June 2030" in page


def test_a_closed_appeal_shows_its_record_and_takes_nothing(client: FlaskClient, appeal: Appeal) -> None:
    appeal.state = "closed"
    session.commit()
    page = client.get(f"{PAGE}?closed").text
    assert '<form id="sign"' not in page
    assert "This appeal is closed" in page
    assert "What was asked, and where it stands" in page


def test_a_sensitive_appeal_can_be_left_quickly(client: FlaskClient, appeal: Appeal) -> None:
    assert "Leave this page" in client.get(f"{PAGE}?1").text
    appeal.sensitive = False
    session.commit()
    assert "Leave this page" not in client.get(f"{PAGE}?2").text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pages_beside_it(client: FlaskClient, lang: str) -> None:
    for name in ("data", "case", "safety", "geneva"):
        page = client.get(f"/{lang}/{SLUG}/{name}")
        assert page.status_code == 200
        assert "s-maxage" in page.headers["Cache-Control"]
        assert "<form" not in page.text
    said = as_read(client.get(f"{PAGE}/data").text)
    assert "never carries a person’s name" in said
    assert "Special Rapporteur on Iran" in said
    assert "President of the Human Rights Council" not in said.split("Who sees what")[1].split("How long")[0]


def test_no_look_changes_anything(client: FlaskClient) -> None:
    def rows() -> list[object]:
        session.rollback()
        tables = ("signature", "message", "tally", "tally_change", "appeal")
        return [session.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables]

    before = rows()
    for path in ("/", PAGE, f"{PAGE}/sign", f"{PAGE}/data", f"{PAGE}/case", f"{PAGE}/safety"):
        client.get(path)
        client.head(path)
    assert rows() == before


@pytest.mark.parametrize(("signatures", "said"), [(24, 0), (25, 25), (99, 99), (1204, 1200), (98765, 98000)])
def test_about_how_many(signatures: int, said: int) -> None:
    assert about(signatures) == said
