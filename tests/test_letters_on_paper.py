"""Letters to sign and post as a typeset PDF: one, or all in one file; nothing of them is kept."""

from __future__ import annotations

import json
import re
import zlib
from datetime import date

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from campaign import typesetting
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.letters import posting
from campaign.letters.composing import Sheet
from campaign.letters.posting import Posted
from tests.letter_stage import PATH, WORDS, fields, fields_in, letters, post, the_appeal, the_office

CHAIN = f"{PATH}/sr-iran?then=sr-truth,hrc-president&of=3"
A4, US_LETTER = (595, 842), (612, 792)
DAY = date(2026, 11, 24)


@pytest.fixture
def appeal(context: object) -> Appeal:
    return the_appeal()


def sizes(pdf: bytes) -> list[tuple[int, int]]:
    """The pages of a PDF in points."""
    said = b"\n".join([pdf, *streams(pdf)])
    found = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", said)
    return [(round(float(width)), round(float(height))) for width, height in found]


def streams(pdf: bytes) -> list[bytes]:
    """What a PDF holds compressed, in its order."""
    found = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S)
    return [zlib.decompress(one) for one in found if one[:1] == b"x"]


def typed(client: FlaskClient, url: str) -> dict[str, str]:
    page = fields(client.get(url), "letter") | {"message": WORDS, "name": "Bob", "how": "paper"}
    return fields(post(client, url, **page))


def test_it_works(appeal: Appeal, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[Posted]] = []
    setting = posting.pdf
    monkeypatch.setattr(posting, "pdf", lambda many, **how: seen.append(many) or setting(many, **how))
    whole = post(client, CHAIN, **typed(client, CHAIN), pdf_all="a4")
    assert whole.mimetype == "application/pdf"
    assert whole.headers["Cache-Control"] == "no-store"
    assert set(sizes(whole.data)) == {A4}
    [many] = seen
    assert [one.sheet.message for one in many] == [WORDS] * 3
    assert len({one.sheet.opening for one in many}) == 3, "each office has its own opening"
    assert len({one.greeting for one in many}) >= 2
    assert "1211 Geneva 10" in "".join(many[0].address)
    assert not any(one.sheet.footer for one in many)
    assert letters() == []


def test_one_letter_alone_on_the_paper_asked_for(appeal: Appeal, client: FlaskClient) -> None:
    one = post(client, CHAIN, **typed(client, CHAIN), pdf="letter")
    assert set(sizes(one.data)) == {US_LETTER}
    assert len(sizes(one.data)) <= 2
    assert b"Bob" not in one.data  # neither title nor author names whoever wrote it
    assert set(sizes(post(client, CHAIN, **typed(client, CHAIN), pdf="a0").data)) == {A4}


def test_what_was_changed_goes_along(appeal: Appeal, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[Posted]] = []
    monkeypatch.setattr(posting, "pdf", lambda many, **_how: seen.append(many) or b"%PDF-")
    post(client, CHAIN, **typed(client, CHAIN) | {"opening": "I am a nurse in Bremen."}, pdf_all="a4")
    assert [one.sheet.opening for one in seen[0]] == ["I am a nurse in Bremen."] * 3


def test_a_letter_in_another_language_says_in_which_the_words_are(
    appeal: Appeal, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    the_office("sr-truth").languages = ["fr"]
    session.commit()
    seen: list[list[Posted]] = []
    monkeypatch.setattr(posting, "pdf", lambda many, **_how: seen.append(many) or b"%PDF-")
    post(client, CHAIN, **typed(client, CHAIN), pdf_all="a4")
    assert [(one.language, bool(one.sheet.mark)) for one in seen[0]] == [("en", False), ("fr", True), ("en", False)]
    assert "anglais" in seen[0][1].sheet.mark


def next_form(page: TestResponse) -> dict[str, str]:
    """The fields behind "Write the next letter"."""
    html = page.get_data(as_text=True)
    start = html.rindex("<form", 0, html.index('value="begin"'))
    return fields_in(html[start : html.index('value="begin"')])


def test_letters_taken_on_paper_before_are_in_the_file(
    appeal: Appeal, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[Posted]] = []
    monkeypatch.setattr(posting, "pdf", lambda many, **_how: seen.append(many) or b"%PDF-")
    first = post(client, CHAIN, **typed(client, CHAIN) | {"opening": "I am a nurse."})
    second = f"{PATH}/sr-truth?then=hrc-president&of=3"
    begun = fields(post(client, second, **next_form(first), step="begin"), "letter")
    assert begun["message"] == ""
    page = post(client, second, **begun | {"message": "Of the truth.", "how": "paper"})
    assert "that you took on paper before, this one" in page.get_data(as_text=True)
    last = f"{PATH}/hrc-president?of=3"
    page = post(client, last, **fields(post(client, last, **next_form(page), step="begin"), "letter"), how="paper")
    assert "that you took on paper before, and this one" in page.get_data(as_text=True)
    post(client, last, **fields(page) | {"message": "To the President."}, pdf_all="a4")
    assert [one.sheet.message for one in seen[0]] == [WORDS, "Of the truth.", "To the President."]
    assert seen[0][0].sheet.opening == "I am a nurse."
    assert {one.sheet.signature for one in seen[0]} == {"Bob"}
    assert len({one.sheet.request for one in seen[0]}) == 3
    assert letters() == []


@pytest.mark.parametrize(
    "brought",
    ["", "{", "7", '["x"]', "[" * 5000, '[{"office": "nobody"}]', '[{"office": "sr-truth", "in": "xx"}]',
     '[{"office": "sr-truth", "in": "en", "message": "' + "x" * 4001 + '"}]',
     '[{"office": "sr-iran", "in": "en", "message": "itself"}]'],
)  # fmt: skip
def test_what_eve_brings_along_is_passed_over(
    appeal: Appeal, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, brought: str
) -> None:
    seen: list[list[Posted]] = []
    monkeypatch.setattr(posting, "pdf", lambda many, **_how: seen.append(many) or b"%PDF-")
    alone = f"{PATH}/sr-iran"
    assert post(client, alone, **typed(client, alone) | {"earlier": brought}, pdf_all="a4").status_code == 200
    assert [one.sheet.message for one in seen[0]] == [WORDS]


def test_many_long_letters_before_stay_within_a_request(appeal: Appeal, client: FlaskClient) -> None:
    long = [{"office": "sr-truth", "in": "en", "opening": "", "message": "ن" * 4000, "closing": ""}] * 6
    page = post(client, CHAIN, **typed(client, CHAIN) | {"earlier": json.dumps(long)})
    carried = next_form(page)["earlier"]
    assert len(carried.encode()) <= 20_000
    assert json.loads(carried)[-1]["message"] == WORDS


def test_the_page_offers_all_only_where_more_offices_were_chosen(appeal: Appeal, client: FlaskClient) -> None:
    def page(url: str) -> str:
        written = fields(client.get(url), "letter") | {"message": WORDS, "how": "paper"}
        return post(client, url, **written).get_data(as_text=True)

    assert 'name="pdf_all"' in page(CHAIN)
    alone = page(f"{PATH}/sr-iran")
    assert 'name="pdf"' in alone
    assert 'name="pdf_all"' not in alone


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar", "fa", "ru", "zh"])
def test_no_glyph_is_missing_and_markup_is_text(language: str) -> None:
    sheet = Sheet("#panic()", "مادرم هنوز منتظر است.", '#eval("1") $x$ *b*', "Лист 纸", "@x", "<end>", "Bob\nDE")
    posted = Posted(language, ["OHCHR", "1211 Geneva 10"], "Dear Excellency,", sheet)
    data = {"title": "x", "paper": "a4", "letters": [posting._said(posted, DAY)]}
    assert typesetting.pdf("letter", data, strict=True)[:5] == b"%PDF-"


@pytest.mark.parametrize("size", ["a4", "letter"])
def test_a_signature_stands_on_no_page_alone(size: str) -> None:
    """A little too long a letter is set smaller; beyond that the last words go on to the page of the signature."""
    made = []
    for lines in range(6, 24):
        sheet = Sheet("S", "", "\n\n".join(["A line."] * lines), "Facts.", "LAST " * 60, "Yours,", "Bob\nGermany")
        one = Posted("en", ["OHCHR"] * 6, "Dear Sir,", sheet)
        made.append(posting.pdf([one], title="t", size=size, day=DAY))
    counts = [len(sizes(pdf)) for pdf in made]
    assert (counts[0], counts[-1]) == (1, 2)
    assert counts == sorted(counts)
    first_of_two = made[counts.index(2)]
    shown = [text for text in streams(first_of_two) if b"BT" in text]
    assert len(re.findall(rb"T[jJ]", shown[-1])) > 6  # more than the closing, the name, the country and a number


def test_a_long_letter_goes_on_to_numbered_pages_of_its_own() -> None:
    sheet = Sheet("S", "", "\n\n".join([WORDS] * 30), "Facts", "Request", "Yours", "Bob")
    long = Posted("en", [], "Dear Sir,", sheet)
    short = Posted("en", [], "Dear Sir,", Sheet("S", "", "", "Facts", "Request", "Yours", "Bob"))
    count = len(sizes(posting.pdf([long], title="t", size="a4", day=DAY)))
    assert count > 1
    assert len(sizes(posting.pdf([short, long, short], title="t", size="a4", day=DAY))) == count + 2
