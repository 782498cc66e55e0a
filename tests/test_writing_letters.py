"""Writing a letter: the draft, its locked block, exactly what goes, and three ways for it to go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, event, select

from campaign.appeals import stamps
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.letters import composing, drafting, footers, own_words, queries
from campaign.letters.cleaning import LONGEST, clean_words
from campaign.letters.composing import Sheet
from campaign.letters.models import LetterTally
from campaign.letters.records import opened
from campaign.offices.models import OfficeTerm
from tests.desk import Browser
from tests.letter_stage import (
    BOB,
    CASES_ONLY,
    OFFICES,
    PATH,
    SLUG,
    WORDS,
    a_checked_address,
    fields,
    letters,
    messages,
    post,
    preview,
    send,
    the_appeal,
    the_office,
)

LETTER = f"{PATH}/sr-iran"


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


def page_of(client: FlaskClient, url: str) -> str:
    return unescape(client.get(url).get_data(as_text=True))


def test_it_works(appeal: Appeal, client: FlaskClient) -> None:
    shown = preview(client)
    text = unescape(shown.get_data(as_text=True))
    assert "Dear " in text
    assert WORDS in text
    assert "I ask you to follow up the findings of 2024" in text
    assert "Bob Okafor\n\nGermany" not in text
    assert "Bob Okafor\nGermany" in text
    assert "“<bdi><bdi>Bob Okafor</bdi> via Undersigned</bdi>”" in text
    assert "bob@example.org" in text
    assert letters() == []

    sent = post(client, LETTER, **fields(shown), step="send")
    assert sent.status_code == 303
    assert "/letters/sent/" in sent.location
    assert "bob" not in sent.location.casefold()
    [letter] = letters()
    assert letter.state == "pending"
    assert messages("letter_confirm") == 1
    assert client.get(sent.location).status_code == 200


def test_what_is_kept_is_what_was_shown(appeal: Appeal, client: FlaskClient) -> None:
    shown = preview(client)
    post(client, LETTER, **fields(shown), step="send")
    [letter] = letters()
    written = opened(letter)
    assert written is not None
    office = the_office()
    assert (written.name, written.email) == ("Bob Okafor", "bob@example.org")
    from campaign.offices import addressing

    whole = composing.whole(written.sheet, addressing.greeting(office, "en", datetime.now(UTC).date()))
    assert whole in unescape(shown.get_data(as_text=True))
    assert letter.sealed is not None
    assert b"Okafor" not in letter.sealed
    assert (letter.country, letter.language, letter.page_language) == ("DE", "en", "en")
    assert letter.own_words == own_words.count(WORDS)


def test_the_cards_say_what_is_possible(appeal: Appeal, client: FlaskClient) -> None:
    a_checked_address("sr-truth")
    text = page_of(client, PATH)
    assert text.count('type="checkbox"') == 4
    assert "a checked mail address of 1 of these offices" in text
    assert text.count("By us, from your own mailbox, or on paper.") == 1
    assert text.count("Nobody has checked a mail address yet") == 3
    assert "English" in text
    assert "Español" in text
    assert f"/en/{SLUG}/case" in text
    assert text.count("it puts anonymous submissions aside") == 2  # the special procedures
    assert text.count("no rule of this office on proof of identity") == 2


def test_several_offices_are_a_chain_without_personal_data(appeal: Appeal, client: FlaskClient) -> None:
    chosen = client.get(PATH, query_string={"office": ["sr-iran", "sr-truth", "unknown"], "choose": "1"})
    assert chosen.status_code == 302
    assert chosen.location.endswith(f"{PATH}/sr-iran?then=sr-truth&of=2")
    assert "Letter 1 of 2" in page_of(client, chosen.location)

    second = send(client, chosen.location, digest_name="y")
    assert second.status_code == 200
    text = unescape(second.get_data(as_text=True))
    assert "Letter 2 of 2" in text
    assert f'action="{PATH}/sr-truth?of=2"' in text
    typed = fields(second, "letter")
    assert (typed["name"], typed["email"], typed["country"]) == ("Bob Okafor", "bob@example.org", "DE")
    assert typed["message"] == ""
    assert typed["digest_name"] == "y"
    assert "consent" not in typed

    more = post(client, f"{PATH}/sr-truth?of=2", **{**typed, "consent": "y", "message": "More.", "how": "send"})
    done = post(client, f"{PATH}/sr-truth?of=2", **fields(more), step="send")
    assert done.status_code == 303
    first, last = letters()
    assert first.submission_id == last.submission_id
    assert messages("letter_confirm") == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("then=sr-truth&of=2", "Letter 1 of 2"),
        (f"then=sr-truth,{CASES_ONLY},sr-torture,nobody,sr-iran,sr-truth&of=9", "Letter 3 of 4"),
        ("of=2", "Letter 2 of 2"),
        ("of=-5&then=sr-truth", "Letter 1 of 2"),
        ("of=abc", ""),
        ("then=<script>", ""),
    ],
)
def test_a_chain_holds_only_whom_the_appeal_can_write_to(
    appeal: Appeal, client: FlaskClient, query: str, said: str
) -> None:
    text = page_of(client, f"{LETTER}?{query}")
    assert said in text
    assert ("Letter " in text.split("<h1>")[0].split("kicker")[1]) == bool(said)
    assert "<script>" not in text
    assert "then=sr-truth" in text or "sr-truth" not in query


def test_nobody_chosen_is_said(appeal: Appeal, client: FlaskClient) -> None:
    page = client.get(PATH, query_string={"choose": "1"})
    assert page.status_code == 422
    assert "Choose at least one office" in page.get_data(as_text=True)


def test_facts_and_request_come_from_the_server(appeal: Appeal, client: FlaskClient) -> None:
    text = unescape(preview(client, facts="Eve was here", request="Do nothing", subject="Eve").get_data(as_text=True))
    assert "Eve" not in text
    assert "I ask you to follow up the findings of 2024" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "Enter your name"),
        ({"name": "=HYPERLINK(1)"}, "Enter your name only"),
        ({"name": "Bob\u202eokafor"}, "turn its direction"),
        ({"email": ""}, "Enter your email address"),
        ({"email": "bob@"}, "does not look like an email address"),
        ({"email": "bob@example.org\r\nBcc: eve@example.org"}, "does not look like an email address"),
        ({"country": ""}, "Choose a country"),
        ({"country": "XX"}, "Choose a country"),
        ({"consent": ""}, "Tick the box if you agree"),
        ({"opening": "x" * 601}, "up to 600 fit"),
        ({"message": "x" * 4001}, "up to 4,000 fit"),
        ({"closing": "x" * 301}, "up to 300 fit"),
        ({"message": "abc\u202edef"}, "turn its direction"),
        ({"stamp": ""}, "Nothing you typed is lost"),
        ({"stamp": "forged.stamp"}, "Nothing you typed is lost"),
        ({"message": "字" * 4000, "opening": "字" * 600}, "too long for one mail"),
    ],
)
def test_a_mistake_is_named_and_loses_nothing(
    appeal: Appeal, client: FlaskClient, change: dict[str, str], said: str
) -> None:
    page = preview(client, **change)
    text = unescape(page.get_data(as_text=True))
    assert page.status_code == 422
    assert "There is a problem" in text
    assert said in text
    assert "<title>Error:" in text
    typed = fields(page, "letter")
    for name, value in ({**BOB, "message": WORDS} | change).items():
        if name not in {"stamp", "consent", "country"} and "\n" not in value:
            assert typed[name] == value
    assert letters() == []
    assert messages("letter_confirm") == 0


def test_an_old_stamp_shows_the_form_again(
    appeal: Appeal, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = fields(client.get(LETTER), "letter") | BOB | {"message": WORDS, "how": "send"}
    real = stamps.time.time
    monkeypatch.setattr(stamps.time, "time", lambda: real() + 25 * 3600)
    page = post(client, LETTER, **typed)
    assert page.status_code == 422
    assert "Nothing you typed is lost" in page.get_data(as_text=True)
    again = fields(page, "letter")
    assert again["message"] == WORDS
    assert again["consent"] == "y"
    assert post(client, LETTER, **again, how="send").status_code == 200


def test_change_it_brings_everything_back(appeal: Appeal, client: FlaskClient) -> None:
    shown = fields(preview(client, opening="Mine.", digest_name="y"))
    back = post(client, LETTER, **shown, step="change")
    assert back.status_code == 200
    typed = fields(back, "letter")
    assert (typed["opening"], typed["message"], typed["digest_name"]) == ("Mine.", WORDS, "y")
    assert typed["consent"] == "y"


def test_the_language_is_the_pages_where_the_office_works_in_it(appeal: Appeal, client: FlaskClient) -> None:
    assert (
        'lang="fr"' in client.get(f"/fr/{SLUG}/letters/sr-iran").get_data(as_text=True).split('class="sheet"')[1][:40]
    )
    assert (
        'lang="en"' in client.get(f"/fa/{SLUG}/letters/sr-iran").get_data(as_text=True).split('class="sheet"')[1][:40]
    )
    assert 'lang="es"' in client.get(f"{LETTER}?in=es").get_data(as_text=True).split('class="sheet"')[1][:40]
    assert 'lang="en"' in client.get(f"{LETTER}?in=zz").get_data(as_text=True).split('class="sheet"')[1][:40]


def test_changing_the_language_keeps_what_is_the_writers_own(appeal: Appeal, client: FlaskClient) -> None:
    typed = fields(client.get(LETTER), "letter") | BOB | {"message": WORDS, "closing": "Until we meet,"}
    page = post(client, f"{LETTER}?in=es", **typed, step="change")
    again = fields(page, "letter")
    assert again["message"] == WORDS
    assert again["closing"] == "Until we meet,"
    assert again["opening"].startswith("Le escribo") or "escribo" in again["opening"].casefold()


def test_a_reading_copy_stands_beside(appeal: Appeal, client: FlaskClient) -> None:
    text = client.get(f"/fa/{SLUG}/letters/sr-iran").get_data(as_text=True)
    assert "۱۳۶۷" in text[text.index("<details") :]
    assert "<details>" not in client.get(LETTER).get_data(as_text=True)


def test_what_to_say_and_what_not(appeal: Appeal, client: FlaskClient) -> None:
    text = page_of(client, LETTER)
    assert "Do not name anyone in Iran" in text
    assert "Do not write that you signed the appeal" in text
    assert "What you chose when signing does not apply here" in text
    for office in OFFICES:
        assert "I signed" not in page_of(client, f"{PATH}/{office}")


def test_the_country_at_risk_is_neither_kept_nor_written(appeal: Appeal, client: FlaskClient) -> None:
    shown = preview(client, country="IR")
    sheet = unescape(shown.get_data(as_text=True)).split("<pre")[1].split("</pre>")[0]
    assert "Bob Okafor\n\n-- " in sheet
    post(client, LETTER, **fields(shown), step="send")
    [letter] = letters()
    assert letter.country is None


def test_offices_that_take_cases_only_get_no_letters(appeal: Appeal, client: FlaskClient) -> None:
    for answer in (client.get(f"{PATH}/{CASES_ONLY}"), post(client, f"{PATH}/{CASES_ONLY}", **BOB, how="send")):
        assert answer.status_code == 403
        assert f"/en/{SLUG}/case" in answer.get_data(as_text=True)
    assert client.get(PATH, query_string={"office": CASES_ONLY, "choose": "1"}).status_code == 422
    assert client.get(f"{PATH}/sr-torture").status_code == 404
    assert client.get(f"{PATH}/nobody").status_code == 404


@pytest.mark.parametrize("state", ["closed", "draft"])
def test_letters_are_written_while_the_appeal_is_open(context: Flask, client: FlaskClient, state: str) -> None:
    the_appeal(state=state)
    assert client.get(LETTER).status_code == (410 if state == "closed" else 404)
    assert post(client, LETTER, **BOB, how="send").status_code == (410 if state == "closed" else 404)
    for chosen in ({}, {"office": "sr-iran", "choose": "1"}):
        answer = client.get(PATH, query_string=chosen)
        assert answer.status_code == (410 if state == "closed" else 404)
        assert answer.headers["Cache-Control"] == "no-store"
    assert letters() == []


def test_my_own_mailbox_keeps_nothing(appeal: Appeal, client: FlaskClient) -> None:
    a_checked_address("sr-iran", "mandate@office.example")
    typed = fields(client.get(LETTER), "letter") | {"message": WORDS, "name": "", "email": "", "how": "mailbox"}
    page = post(client, LETTER, **typed)
    text = unescape(page.get_data(as_text=True))
    assert page.status_code == 200
    assert (
        text.index("1. Copy the letter") < text.index("mailto:mandate@office.example") < text.index("mail.google.com")
    )
    assert WORDS in text
    assert "-- \n" not in text
    assert page.headers["Cache-Control"] == "no-store"
    assert letters() == []

    draft = post(client, LETTER, **fields(page) | {"step": "eml"})
    mail = message_from_bytes(draft.data, policy=default)
    assert "attachment" in draft.headers["Content-Disposition"]
    assert (mail["X-Unsent"], mail["To"]) == ("1", "mandate@office.example")
    assert mail.get_content().replace("\r\n", "\n").strip() in text
    session.rollback()
    [tally] = session.scalars(select(LetterTally))
    assert (tally.how, tally.letters) == ("mailbox", 1)


def test_after_taking_one_along_the_next_is_prefilled(appeal: Appeal, client: FlaskClient) -> None:
    url = f"{LETTER}?then=sr-truth&of=2"
    typed = fields(client.get(url), "letter") | BOB | {"message": WORDS, "how": "mailbox"}
    html = post(client, url, **typed).get_data(as_text=True)
    onwards = html[html.index("Next letter:") :]
    assert f'action="{PATH}/sr-truth?of=2"' in onwards
    carried = {name: BOB[name] for name in ("name", "email", "country")}
    for value in carried.values():
        assert f'value="{value}"' in onwards
    second = post(client, f"{PATH}/sr-truth?of=2", **carried, step="begin")
    assert second.status_code == 200
    again = fields(second, "letter")
    assert {name: again[name] for name in carried} == carried
    assert again["opening"]
    assert "There is a problem" not in second.get_data(as_text=True)


def test_no_link_on_a_filled_form_leads_away_from_the_words(appeal: Appeal, client: FlaskClient) -> None:
    assert 'class="langs"' in client.get(LETTER).get_data(as_text=True)
    assert 'class="langs"' not in preview(client).get_data(as_text=True)
    assert 'class="langs"' not in preview(client, name="").get_data(as_text=True)


def test_paper_is_a_page_to_print(appeal: Appeal, client: FlaskClient) -> None:
    typed = fields(client.get(LETTER), "letter") | {"message": WORDS, "name": "Bob", "how": "paper"}
    page = post(client, LETTER, **typed)
    text = unescape(page.get_data(as_text=True))
    assert page.status_code == 200
    assert "1211 Geneva 10" in text
    assert WORDS in text
    assert 'class="print a4"' in text
    other = post(client, LETTER, **fields(page) | {"paper": "letter"})
    assert 'class="print letter"' in other.get_data(as_text=True)
    session.rollback()
    [tally] = session.scalars(select(LetterTally))
    assert (tally.how, tally.letters) == ("paper", 1)
    assert letters() == []


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar", "fa", "ru", "zh"])
def test_the_outline_of_a_good_letter_stands_beside_the_form(
    appeal: Appeal, client: FlaskClient, language: str
) -> None:
    text = page_of(client, f"/{language}/{SLUG}/letters/sr-iran")
    outline = text[text.index("<aside") : text.index("</aside>")]
    assert outline.count("<li>") == 4
    assert ("as far as it is safe to say" in outline) == (language == "en")


def test_how_has_to_be_said(appeal: Appeal, client: FlaskClient) -> None:
    typed = fields(client.get(LETTER), "letter") | {"how": "pigeon"}
    assert post(client, LETTER, **typed).status_code == 422


def test_a_camp_behind_one_address_writes_as_much_as_it_likes(appeal: Appeal, client: FlaskClient) -> None:
    answers = [send(client, email=f"writer{n}@example.org").status_code for n in range(32)]
    assert set(answers) == {303}
    assert len(letters()) == 32


def test_pressing_send_twice_writes_one_letter(appeal: Appeal, client: FlaskClient) -> None:
    typed = fields(preview(client)) | {"step": "send"}
    assert post(client, LETTER, **typed).status_code == 303
    assert post(client, LETTER, **typed).status_code == 303
    assert len(letters("pending")) == 1
    assert messages("letter_confirm") == 1


def test_pressing_send_while_the_mail_is_written_takes_no_letter_out_of_it(
    app: Flask, appeal: Appeal, client: FlaskClient
) -> None:
    typed = fields(preview(client)) | {"step": "send"}
    post(client, LETTER, **typed)
    first, submission = letters()[0].id, letters()[0].submission_id
    presses = iter([lambda: post(Browser(app, app.response_class), LETTER, **typed)])

    def press(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "FROM letter" in statement and (again := next(presses, None)):
            again()

    event.listen(app.extensions["engine"], "after_cursor_execute", press)
    try:
        assert len(queries.waiting(submission)) == 1
    finally:
        event.remove(app.extensions["engine"], "after_cursor_execute", press)
    session.rollback()
    assert [letter.id for letter in letters()] != [first]


def test_an_address_that_is_not_the_same_gets_a_mail_of_its_own(appeal: Appeal, client: FlaskClient) -> None:
    typed = fields(preview(client)) | {"step": "send"}
    post(client, LETTER, **typed)
    post(client, f"{PATH}/sr-truth", **typed | {"email": "eve@example.org"})
    first, second = letters()
    assert first.submission_id != second.submission_id
    assert messages("letter_confirm") == 2


def test_the_empty_form_may_be_cached_and_carries_nobody(appeal: Appeal, client: FlaskClient) -> None:
    page = client.get(LETTER)
    assert "s-maxage" in page.headers["Cache-Control"]
    assert "Set-Cookie" not in page.headers
    assert preview(client).headers["Cache-Control"] == "no-store"


def test_the_greeting_names_only_a_holder_checked_lately(appeal: Appeal, client: FlaskClient) -> None:
    office = the_office()
    today = datetime.now(UTC).date()
    session.execute(delete(OfficeTerm).where(OfficeTerm.office_id == office.id))
    term = OfficeTerm(
        office_id=office.id, position=0, name="Jane Doe", honorific="Ms.", family_name="Doe", starts="2020-01-01",
        verified=True, checked_on=today,
    )  # fmt: skip
    session.add(term)
    session.commit()
    session.expire_all()
    assert "Dear Ms. Doe," in page_of(client, f"{LETTER}?of=1")
    term.checked_on = today - timedelta(days=91)
    session.commit()
    assert "Dear Special Rapporteur," in page_of(client, f"{LETTER}?of=1")


def test_a_letter_is_one_text() -> None:
    sheet = Sheet("S", "Opening.\n", "", "Facts.", "Request.", "Yours,", "Bob\nGermany", "Footer")
    assert composing.whole(sheet, "Dear Madam,") == (
        "Dear Madam,\n\nOpening.\n\nFacts.\n\nRequest.\n\nYours,\n\nBob\nGermany\n\n-- \nFooter"
    )


def test_signature_and_footer_speak_the_letters_language(context: Flask, client: FlaskClient) -> None:
    appeal = the_appeal()
    from campaign.appeals import queries

    found = queries.published(appeal.slug)
    assert found is not None
    made = drafting.draft(found.content, the_office(), "es", datetime.now(UTC).date())
    assert made is not None
    words = {"opening": "a", "message": "b", "closing": "c"}
    sheet = made.sheet(words, "Bob", "DE", sent_by_us=True)
    assert sheet.signature == "Bob\nAlemania"
    assert "ensayo" in sheet.footer
    assert made.sheet(words, "Bob", None, sent_by_us=False).footer == ""
    publisher = found.content.publisher.model_copy(
        update={"name": "A Society", "address": "1 Street,\nTown", "contact_person": "Olga", "phone": "+41 1"}
    )
    assert "Publié par A Society, 1 Street, Town\n" in footers.footer(publisher, "fr")
    assert "Olga, +41 1\n" in footers.footer(publisher, "fr")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one two", 2),
        ("می‌خواهم بدانم", 2),
        ("我想知道", 4),
        ("l’amie d’Alice", 2),
        ("1988!", 1),
        ("— … !", 0),
        ("كِتَابٌ قَدِيم", 2),
        ("हिन्दी में चिट्ठी", 3),
        ("cafe\u0301", 1),
        ("ลุงของฉันสอนฉันอ่าน", 5),
        ("❤️ 🕊️ 👩‍👩‍👧", 0),
        (" \n\u00a0 ", 0),
    ],
)
def test_own_words_are_counted_in_any_script(text: str, words: int) -> None:
    assert own_words.count(text) == words


def test_the_drafts_words_are_not_ones_own() -> None:
    draft = "I write to you about Iran."
    assert own_words.count(draft, drafted=draft) == 0
    assert own_words.count(f"{draft} My uncle died.", drafted=draft) == 3


@given(st.text(max_size=500))
def test_cleaning_leaves_nothing_that_hurts(app: Flask, text: str) -> None:
    with app.app_context():
        try:
            cleaned = clean_words(text, field="message")
        except Refused:
            return
        assert clean_words(cleaned, field="message") == cleaned
    assert not set(cleaned) & set("\r\t\x00\x1b\u2028\u2029\u0085\u202e\u200b\ufeff")
    assert "\n\n\n" not in cleaned


def test_limits_are_kind(context: Flask) -> None:
    for field, most in LONGEST.items():
        assert clean_words("x" * most, field=field) == "x" * most
        with pytest.raises(Refused) as refused:
            clean_words("x" * (most + 1), field=field)
        assert refused.value.field == field


@pytest.mark.parametrize(
    "words", ["<script>alert(1)</script>", "{{7*7}}", "((publisher))", "%(name)s", "</textarea><b>"]
)
def test_what_is_typed_stays_text(appeal: Appeal, client: FlaskClient, words: str) -> None:
    shown = preview(client, message=words, opening=words)
    html = shown.get_data(as_text=True)
    assert "<script" not in html
    assert "<b>" not in html
    assert fields(shown)["message"] == words
    post(client, LETTER, **fields(shown), step="send")
    written = opened(letters()[0])
    assert written is not None
    assert written.sheet.message == words


def test_help_and_a_reading_copy_stand_where_one_writes(appeal: Appeal, client: FlaskClient) -> None:
    page = client.get(f"/fa/{SLUG}/letters/sr-iran").get_data(as_text=True)
    assert page.index("<aside") < page.index('id="letter"')
    assert page.count('class="why" lang="fa" dir="rtl"') == 2
    assert 'class="why" lang=' not in client.get(LETTER).get_data(as_text=True)
