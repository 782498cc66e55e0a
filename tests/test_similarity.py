"""Near-identical letters are found by their writers' own words, in any script; what is kept of them are numbers."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.letters import comparing, confirming, ending, similarity
from campaign.letters.models import Letter
from campaign.letters.own_words import ENOUGH
from tests.letter_stage import PATH, SLUG, WORDS, letters, preview, send, the_appeal

SCOPE = "an appeal and an office"
OTHER = (
    "I am a nurse in Lyon, and every winter my mother still sets a place at the table for her brother, who was "
    "taken from his school in the autumn of that year and whose name no list has ever carried."
)
PERSIAN = (
    "دایی من معلم بود و به من خواندن آموخت. تابستان آن سال به خانه برنگشت "
    "و هیچ‌کس به مادرش نگفت که کجا خوابیده است."
)
CHINESE = "我的舅舅教我读书。那年夏天他没有回家，没有人告诉他的母亲他葬在哪里。我每年都在等一封信。"
THAI = "ลุงของฉันสอนฉันอ่านหนังสือ ฤดูร้อนปีนั้นเขาไม่ได้กลับบ้าน และไม่มีใครบอกแม่ของเขาว่าเขาอยู่ที่ไหน"
_TEN = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
words = st.lists(st.sampled_from(_TEN), max_size=60).map(" ".join)
anything = st.text(max_size=200) | words | st.text(alphabet="我你他好不是人 سلام‌خوبی a.\n\u0301", max_size=80)
patient = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


def signed(written: str, drafted: str = "", scope: str = SCOPE) -> bytes:
    return similarity.signature(similarity.shingles(written, drafted=drafted), scope=scope)


def alike(one: str, other: str) -> float:
    return similarity.similarity(signed(one), signed(other))


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


def confirm_all() -> None:
    for letter in letters("pending"):
        confirming.confirm(letter.submission_id, {letter.id})


@pytest.mark.parametrize("written", [WORDS, PERSIAN, CHINESE, THAI])
def test_it_works(context: Flask, written: str) -> None:
    assert alike(written, written) == 1
    assert alike(written, written.upper() + "\n!") == 1
    assert alike(written, f"{written} {OTHER}") < 0.6
    assert alike(written, OTHER) < 0.1 or written == OTHER


def test_a_few_words_changed_are_still_the_same_letter(context: Flask) -> None:
    assert alike(WORDS, WORDS.replace("uncle", "brother")) > similarity.ALIKE
    assert alike(PERSIAN, PERSIAN.replace("دایی", "برادر")) > similarity.ALIKE
    assert alike(CHINESE, CHINESE.replace("舅舅", "哥哥")) > similarity.ALIKE


def test_an_arabic_keyboard_writes_the_same_persian_letter(context: Flask) -> None:
    assert alike(PERSIAN, PERSIAN.replace("ی", "ي").replace("ک", "ك").replace("\u200c", "")) == 1


def test_what_the_draft_says_makes_nobody_alike(context: Flask) -> None:
    draft = "I am writing to you about the people who were killed, and whose families do not know where they lie."
    one, other = (signed(f"{draft} {own}", drafted=draft) for own in (WORDS, OTHER))
    assert similarity.similarity(one, other) < 0.2
    assert signed(draft, drafted=draft) == b""


def test_another_appeal_or_office_has_other_numbers(context: Flask) -> None:
    assert similarity.similarity(signed(WORDS), signed(WORDS, scope="another")) < 0.1


def test_nothing_is_like_nothing(context: Flask) -> None:
    assert similarity.similarity(b"", b"") == 0
    assert similarity.nearest(signed(WORDS), []) == 0
    assert similarity.nearest(b"", [signed(WORDS)]) == 0


@patient
@given(one=anything, other=anything)
def test_any_two_texts_can_be_compared(context: Flask, one: str, other: str) -> None:
    found = alike(one, other)
    assert 0 <= found <= 1
    assert found == alike(other, one)
    assert alike(one, one) == (1 if similarity.shingles(one) else 0)


@patient
@given(one=words, other=words)
def test_the_estimate_is_near_the_truth(context: Flask, one: str, other: str) -> None:
    ours, theirs = similarity.shingles(one), similarity.shingles(other)
    true = len(ours & theirs) / len(ours | theirs) if ours | theirs else 0
    assert abs(alike(one, other) - true) < 0.25  # more than five standard errors


@patient
@given(written=anything)
def test_no_signature_shows_a_word_or_its_length(context: Flask, written: str) -> None:
    found = signed(written)
    assert len(found) in {0, 512}
    assert all(word.encode() not in found for word in written.split() if len(word.encode()) > 3)


def test_a_letter_is_measured_when_it_is_confirmed(appeal: Appeal, client: FlaskClient) -> None:
    send(client, message=f"{OTHER} {OTHER}", email="noise@example.org")
    confirm_all()
    send(client)
    confirm_all()
    send(client, message=WORDS.replace("uncle", "brother"), email="carol@example.org")
    assert [letter.likeness for letter in letters()][-1] is None  # not before the button
    confirm_all()
    noise, first, copy = letters()
    assert (noise.likeness, first.likeness) == (0, 0)
    assert copy.likeness is not None
    assert copy.likeness > 50
    assert [comparing.folds(one.own_words, one.likeness or 0) for one in (noise, first, copy)] == [
        False, first.own_words < ENOUGH, True,
    ]  # fmt: skip


def test_other_offices_are_no_comparison(appeal: Appeal, client: FlaskClient) -> None:
    send(client, f"{PATH}/sr-truth", email="carol@example.org")
    send(client)
    confirm_all()
    assert [letter.likeness for letter in letters()] == [0, 0]


def test_the_writer_is_told_kindly_and_never_refused(appeal: Appeal, client: FlaskClient) -> None:
    long = f"{WORDS} They smell of his tobacco."
    assert "It goes alone." in preview(client, message=long).get_data(as_text=True)
    send(client, message=long, email="carol@example.org")
    confirm_all()
    shown = preview(client, message=long)
    assert shown.status_code == 200
    assert "much like other letters to this office" in unescape(shown.get_data(as_text=True))
    assert "Three sentences of yours send it alone" in shown.get_data(as_text=True)
    few = preview(client, message="Please act.", email="dora@example.org").get_data(as_text=True)
    assert "together with others, in a digest" in few
    assert "much like" not in few


def test_the_database_holds_numbers_only_and_forgets_them(appeal: Appeal, client: FlaskClient) -> None:
    send(client)
    confirm_all()
    row = session.scalars(text("SELECT row_to_json(l)::text FROM letter l")).one()
    assert "uncle" not in row
    [letter] = letters()
    assert letter.signature is not None
    assert len(letter.signature) == 512
    ending.erase(letter.id)
    assert session.query(Letter.signature).one() == (None,)


def test_the_page_of_the_draft_speaks_of_no_digest_before_a_word(appeal: Appeal, client: FlaskClient) -> None:
    page = client.get(f"/en/{SLUG}/letters/sr-iran").get_data(as_text=True)
    assert "in a digest" not in re.sub(r' data-live="[^"]*"', "", page)  # what a script may say later
