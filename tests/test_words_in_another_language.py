"""Own words in another language than the letter's: said by the writer and marked in the letter, on every way."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from campaign.appeals import queries
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.letters import composing, confirming, digests, papers, tongues
from campaign.letters.composing import Sheet
from campaign.letters.models import Digest
from campaign.letters.records import opened
from tests.letter_stage import PATH, SLUG, fields, letters, post, preview, send, the_appeal

LETTER = f"{PATH}/sr-iran"
PERSIAN = "عمویم به من خواندن آموخت. آن تابستان به خانه نیامد."
MARK = "The following paragraph is in Persian, as its author wrote it."


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


def test_it_works(appeal: Appeal, client: FlaskClient) -> None:
    shown = unescape(preview(client, message=PERSIAN, words_in="fa").get_data(as_text=True))
    assert f"{MARK}\n\n{PERSIAN}" in shown
    send(client, message=PERSIAN, words_in="fa")
    [letter] = letters()
    written = opened(letter)
    assert written is not None
    assert f"{MARK}\n\n{PERSIAN}" in composing.whole(written.sheet, "Dear Ms. Sato,")


@pytest.mark.parametrize("how", ["mailbox", "paper"])
def test_the_other_ways_mark_it_too(appeal: Appeal, client: FlaskClient, how: str) -> None:
    typed = fields(client.get(LETTER), "letter") | {"message": PERSIAN, "words_in": "fa", "name": "Bob"}
    page = post(client, LETTER, **typed, how=how)
    assert MARK in unescape(page.get_data(as_text=True))
    assert fields(page)["words_in"] == "fa"  # it goes along to "Change it", the draft message and the PDF


def test_a_draft_message_marks_it(appeal: Appeal, client: FlaskClient) -> None:
    typed = fields(client.get(LETTER), "letter") | {"message": PERSIAN, "words_in": "fa"}
    message = post(client, LETTER, **typed, how="mailbox", step="eml")
    assert message.mimetype == "message/rfc822"
    assert MARK in message_from_bytes(message.data, policy=default).get_content()  # type: ignore[attr-defined]


def test_the_letters_own_language_and_nonsense_are_not_marked(appeal: Appeal, client: FlaskClient) -> None:
    for said in ("", "en", "xx", "<b>"):
        shown = unescape(preview(client, message=PERSIAN, words_in=said).get_data(as_text=True))
        assert "as its author wrote it" not in shown, said
    old = fields(client.get(LETTER), "letter") | {"message": PERSIAN, "how": "paper"}
    del old["words_in"]  # a page that was opened before the question was put
    assert post(client, LETTER, **old).status_code == 200


@pytest.mark.parametrize(
    ("message", "said", "page", "is_in"),
    [
        (PERSIAN, "fa", "fa", "fa"),
        ("My uncle taught me to read.", "fa", "fa", "en"),  # the proposal of a Persian page, left alone
        ("Mon oncle m’a appris à lire.", "fr", "fr", "fr"),
        (f"{PERSIAN} (Stockholm, 2022)", "fa", "fa", "fa"),
        (PERSIAN, "en", "fa", "fa"),
        (PERSIAN, "en", "en", ""),  # many languages have that script
        ("我的舅舅教我读书。", "fa", "zh", "zh"),
        ("아버지를 기다립니다.", "en", "en", "ko"),
        ("わたしはまっています。", "en", "en", "ja"),
        ("Bavê min mamoste bû.", "ku", "en", "ku"),
        ("1988 … ?", "fa", "fa", "fa"),
        ("", "fa", "fa", "fa"),
        ("My uncle", "", "en", ""),
        (PERSIAN, "<b>", "fa", ""),
    ],
)
def test_a_language_is_believed_that_the_words_bear_out(message: str, said: str, page: str, is_in: str) -> None:
    assert tongues.believed(message, said, page=page, letter="en") == is_in


@pytest.mark.parametrize(
    ("page", "message"), [("fa", PERSIAN), ("ru", "Мой дядя учил меня читать."), ("fr", "Salut.")]
)
def test_the_page_proposes_its_own_language(appeal: Appeal, client: FlaskClient, page: str, message: str) -> None:
    url = f"/{page}/{SLUG}/letters/sr-iran?in=en"
    typed = fields(client.get(url), "letter")
    assert typed["words_in"] == page
    shown = post(client, url, **typed | {"message": message, "how": "paper"})
    assert "as its author wrote it" in unescape(shown.get_data(as_text=True))


def test_an_english_letter_of_a_persian_page_is_not_called_persian(appeal: Appeal, client: FlaskClient) -> None:
    url = f"/fa/{SLUG}/letters/sr-iran"
    typed = fields(client.get(url), "letter") | {"message": "My uncle taught me to read.", "how": "paper"}
    shown = post(client, url, **typed)
    assert "as its author wrote it" not in unescape(shown.get_data(as_text=True))
    assert fields(shown)["words_in"] == "en"


def test_the_mark_is_in_the_letters_language(context: Flask) -> None:
    marks = {letter: tongues.mark(PERSIAN, "ku", letter) for letter in ("en", "fr", "es", "ar", "fa", "ru", "zh")}
    assert "kurde" in marks["fr"]
    assert len(set(marks.values())) == 7
    assert tongues.mark(PERSIAN, "ku", "pt") == marks["en"]
    assert "paragraphs are" in tongues.mark(f"{PERSIAN}\n\n{PERSIAN}", "fa", "en")
    assert tongues.mark("  ", "fa", "en") == ""


def test_a_digest_marks_them_too(appeal: Appeal, client: FlaskClient) -> None:
    send(client, message="لطفا کاری بکنید.", words_in="fa")
    send(client, email="anna@example.org", message="Please act.")
    for letter in letters("pending"):
        confirming.confirm(letter.submission_id, {letter.id})
    held = digests.held_now(session.scalars(select(Digest)).one(), queries.published(SLUG) or pytest.fail("none"))
    blocks = {block.words: block.mark for section in held.paper().sections for block in section.blocks}
    assert blocks["لطفا کاری بکنید."] == MARK
    assert blocks["Please act."] == ""
    assert papers.typeset(held.paper())[:5] == b"%PDF-"


def test_letters_written_before_have_no_mark() -> None:
    record = Sheet("S", "O", "M", "F", "R", "C", "N").as_record()
    del record["mark"]
    assert Sheet(**record).mark == ""
