"""While a letter is typed its words are counted as the server counts them, and it is shown as it will be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from html import unescape

import pytest
from playwright.sync_api import Page, Route, expect

from campaign.letters import own_words

OPEN = Callable[..., Page]
LETTER = "/{}/iran-detainees/letters/sr-iran"
PERSIAN = "عمویم به من خواندن آموخت. آن تابستان به خانه نیامد."
WORDS = "My uncle taught me to read."
TEXTS = [
    "", "   \n\t ", "One", "My uncle taught me to read.", "l’amie d’Alice, peut-être", "Mandate, mandate: IRAN, Iran",
    PERSIAN, "می‌خواهم بدانم", "كِتَابٌ قَدِيمٌ", "我的舅舅教我读书。", "わたしは待っています。", "हिन्दी में चिट्ठी",
    "ลุงของฉันสอนฉันอ่าน", "❤️ 🕊️ 👩‍👩‍👧", "Straße STRASSE ΣΑΣ σας", "cafe\u0301 café", "1988, 2_3!",
    f"{PERSIAN} {'word ' * 30}",
]  # fmt: skip
LABEL = re.compile(r"<meter.*?</meter> <span class=\"note\">(.*?)</span>", re.S)


def composer(page: Page, lang: str = "en") -> Page:
    page.goto(LETTER.format(lang))
    return page


def type_in(page: Page, text: str) -> str:
    """Put a text in, as a key would, and what the meter says then."""
    page.locator("[name=message]").fill(text)
    return page.locator(".words:visible .own .note").inner_text()


def told_by_the_server(page: Page, text: str) -> str:
    """What the server says of the same form."""
    form = {name: page.locator(f"[name={name}]").input_value() for name in ("opening", "closing")}
    answer = page.request.post(page.url, form=form | {"message": text, "step": "change"})
    found = LABEL.search(answer.text())
    assert found, answer.status
    return unescape(found[1])


@pytest.mark.browser
def test_it_works(open_page: OPEN) -> None:
    page = composer(open_page())
    said = {text: type_in(page, text) for text in TEXTS}
    assert said == {text: told_by_the_server(page, text) for text in TEXTS}
    assert len(set(said.values())) > 8


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["fa", "ar", "ru"])
def test_numbers_and_plurals_are_the_servers(open_page: OPEN, lang: str) -> None:
    page = composer(open_page(phone=True, locale=lang), lang)
    for text in ("字 " * many for many in (1, 2, 3, 11, 1300)):
        assert type_in(page, text) == told_by_the_server(page, text)


@pytest.mark.browser
def test_every_character_counts_alike(open_page: OPEN) -> None:
    page = composer(open_page())
    alike = {*range(0x3500, 0x9F00), *range(0xAC10, 0xD700)}  # ideographs and Hangul: all of a kind
    known = [chr(n) for n in range(0x11800) if n not in alike]
    known = [c for c in known if unicodedata.category(c) not in {"Cn", "Cc", "Cs", "Co"}]
    page.evaluate("document.querySelector('.sofar').open = !(document.getElementById('message').hidden = true)")
    wrong = []
    for start in range(0, len(known), 8192):
        text = " ".join(f"qx{c}zx" for c in known[start : start + 8192])
        page.locator("[name=message]").evaluate(
            "(e, text) => { e.value = text; e.dispatchEvent(new Event('input', {bubbles: true})) }", text
        )
        said = int(re.sub(r"\D", "", page.locator(".words:visible .own .note").inner_text()))
        if said != (ours := own_words.count(unicodedata.normalize("NFC", text))):
            wrong.append((start, said, ours))
    assert wrong == []


@pytest.mark.browser
def test_the_count_is_read_out_after_a_pause_and_not_at_each_key(open_page: OPEN) -> None:
    page = composer(open_page(phone=True))
    told = page.locator("#counted")
    page.evaluate("""window.heard = []; new MutationObserver(() => heard.push(counted.textContent))
        .observe(document.getElementById('counted'), {childList: true})""")
    page.locator("[name=message]").press_sequentially("My uncle taught me.", delay=10)
    expect(told).to_have_text("4 words of your own")
    assert page.evaluate("heard") == ["4 words of your own"]
    assert told.get_attribute("role") == "status"


@pytest.mark.browser
@pytest.mark.parametrize(("lang", "phone"), [("en", False), ("fa", True)])
def test_the_letter_shown_is_the_letter_sent(open_page: OPEN, lang: str, phone: bool) -> None:
    page = composer(open_page(phone=phone, locale=lang), lang)
    words = f"{PERSIAN}\n\n{PERSIAN}" if lang == "fa" else "My uncle taught me.\n\nI still have the books."
    for name, value in (("name", "Bob Okafor"), ("email", "bob@example.org"), ("message", words)):
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=country]").select_option("CI")
    page.locator("[name=opening]").fill("I am a nurse.")
    if phone:
        page.locator(".sofar summary").click()
    shown = page.locator(".sofar .sheet").inner_text()
    assert ("paragraphs are in Persian" in shown) == (lang == "fa")
    page.locator("[name=country]").select_option("IR")
    assert "Iran" not in page.locator(".sofar [data-of=signature]").inner_text()
    page.locator("[name=country]").select_option("CI")
    page.locator("[name=consent]").check()
    page.locator("[name=how][value=send]").click()
    sent = page.locator("pre").inner_text().partition("\n-- ")[0]
    assert shown.split() == sent.split()


@pytest.mark.browser
def test_the_language_follows_the_words_until_it_is_chosen(open_page: OPEN) -> None:
    page = composer(open_page(), "fa")
    tongue = page.locator("[name=words_in]")
    for text, language in (("", "fa"), ("My uncle", "en"), ("我的舅舅", ""), (PERSIAN, "fa")):  # or Japanese
        type_in(page, text)
        expect(tongue).to_have_value(language)
    tongue.select_option("de")
    type_in(page, "Mein Onkel")
    page.locator("[name=how][value=paper]").click()
    page.locator("[name=step][value=change]").click()
    type_in(page, "Mein Onkel lehrte mich lesen.")
    expect(tongue).to_have_value("de")


@pytest.mark.browser
def test_the_way_back_loses_nothing_and_nothing_is_stored(open_page: OPEN) -> None:
    page = composer(open_page(phone=True))
    said = type_in(page, WORDS)
    with page.expect_navigation():  # a way back asked for while the next page arrives leads nowhere
        page.locator("[name=how][value=mailbox]").click()
    page.go_back()
    expect(page.locator("[name=message]")).to_have_value(WORDS)
    expect(page.locator(".words:visible .own .note")).to_have_text(said)
    stored = "localStorage.length + sessionStorage.length + document.cookie.length + (history.state ? 1 : 0)"
    assert page.evaluate(stored) == 0  # this appeal is sensitive


@pytest.mark.browser
@pytest.mark.parametrize("how", ["reload", "reload after an answer", "leave and come back"])
def test_where_nobody_is_at_risk_a_reload_loses_nothing(open_page: OPEN, how: str) -> None:
    page = open_page()
    page.route("**/letters/sr-iran", harmless)
    composer(page)
    if how == "reload after an answer":
        for button in ("[name=how][value=mailbox]", "[name=step][value=change]"):
            with page.expect_navigation():  # its script, too, has arrived
                page.locator(button).click()
    page.locator("[name=name]").fill("Bob Okafor")
    said = type_in(page, WORDS)
    if how == "leave and come back":
        with page.expect_navigation():
            page.locator(".kicker a").click()
        page.go_back()
    else:
        page.reload()
    expect(page.locator("[name=message]")).to_have_value(WORDS)
    expect(page.locator("[name=name]")).to_have_value("Bob Okafor")
    expect(page.locator(".words:visible .own .note")).to_have_text(said)
    page.goto("about:blank")
    assert composer(page).locator("[name=message]").input_value() == ""


def harmless(route: Route) -> None:
    """The page of an appeal that can harm nobody."""
    answer = route.fetch()
    html = answer.text()
    if "data-live" in html:
        assert "&#34;keep&#34;: false" in html
    route.fulfill(response=answer, body=html.replace("&#34;keep&#34;: false", "&#34;keep&#34;: true"))


@pytest.mark.browser
def test_without_a_script_nothing_of_it_is_there(open_page: OPEN) -> None:
    page = composer(open_page(scripts=False, phone=True))
    expect(page.locator(".sofar, .words.below")).to_have_count(2)
    expect(page.locator(".sofar:visible, .words.below:visible")).to_have_count(0)
    expect(page.locator("aside meter")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize(("lang", "phone"), [("en", False), ("fa", True)])
def test_nothing_jumps_when_the_script_comes_late(open_page: OPEN, lang: str, phone: bool) -> None:
    page = open_page(phone=phone, locale=lang)
    page.route("**/compose.js", lambda route: (page.wait_for_timeout(300), route.continue_()))
    composer(page, lang)
    expect(page.locator(".sofar")).to_be_visible()
    shifts = page.evaluate("""() => new Promise(done => new PerformanceObserver(
        list => done(list.getEntries().map(e => e.value))).observe({type: 'layout-shift', buffered: true})
        || setTimeout(() => done([]), 300))""")
    assert sum(shifts) < 0.01
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
