"""What a bundle may not say, and what its parts owe each other; it keeps to itself the rules, not the files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from campaign.appeals.content import Letter, Text
from campaign.appeals.facts import Facts, Value
from campaign.appeals.folders import Part
from campaign.appeals.texts import complaints, hidden_characters
from campaign.offices.placeholders import known, unknown_placeholders
from campaign.offices.strict_yaml import Problem

CONSENT_PLACEHOLDERS = frozenset({"publisher", "delete_by"})
LETTER_PLACEHOLDERS = frozenset({"country", "office_title", "writer_name"})
LETTER_WORDS = range(150, 251)

# A letter must not reveal a signature: whoever signed "counted only" would be named by their own letter.
SIGNED = re.compile(
    r"\bI(?:['’]ve| have)?(?: \w+)? signed\b|\bmy signature\b|\bj['’]ai(?: \w+)? signé|\bma signature\b"
    r"|\bhe firmado\b|\bfirmé\b|\bmi firma\b|امضا\s?(?:کرده‌ام|کردم)|امضای من"
    r"|توقيعي|لقد وقّعت|\bя (?:\w+ )?подписал|\bмо(?:я подпись|ей подпис)|我(?:已经?|也)?签|我的签名",
    re.IGNORECASE,
)


def of_facts(facts: Facts, offices: Mapping[str, bool], today: date) -> list[Problem]:
    """Offices that nobody knows, ids that repeat, dates that cannot be true."""
    return [
        Problem("appeal.yaml", 0, field, what)
        for field, what in (*_offices(facts, offices), *_repeats(facts), *_dates(facts, today))
    ]


def of_texts(facts: Facts, texts: Mapping[str, Text]) -> list[Problem]:
    """What one language leaves out or has too much, and words that cannot be filled in."""
    problems = []
    for language, text in texts.items():
        name = f"text.{language}.md"
        for field, expected, found in (
            ("demands", {d.id for d in facts.demands}, text.demands),
            ("timeline", {e.id for e in facts.timeline}, text.timeline),
            ("offices", set(facts.addressees), text.offices),
        ):
            problems += [Problem(name, 0, f, what) for f, what in _same(field, expected, found)]
        problems += [Problem(name, 0, f, what) for f, what in _requests(facts, text)]
        problems += [Problem(name, 0, f, what) for f, what in _words(text)]
    return problems


def of_letters(letters: Mapping[str, Mapping[str, Letter]]) -> list[Problem]:
    """Letters that say what a letter must not, are too long or short, or are the same for two offices."""
    problems = []
    requests: dict[tuple[str, str], str] = {}
    for office, by_language in letters.items():
        for language, letter in by_language.items():
            name = f"letters/{office}.{language}.md"
            problems += [Problem(name, 0, field, what) for field, what in _letter(letter)]
            other = requests.setdefault((language, letter.request), office)
            if other != office:
                problems.append(Problem(name, 0, "request", f"is that to {other}; ask each office its own"))
    return problems


def of_markdown(file: str, part: Part) -> list[Problem]:
    """Scripts, images, raw HTML, bad links and hidden characters in a long text."""
    return [Problem(file, part.line + line - 1, part.id, what) for line, what in complaints(part.body)]


def _offices(facts: Facts, offices: Mapping[str, bool]) -> Iterator[tuple[str, str]]:
    for slug in facts.addressees:
        if slug in offices and not offices[slug]:
            yield "addressees", f"{slug} accepts no campaign letters; take it out"
    named = {
        "addressees": facts.addressees,
        "demands.addressees": [a.office for d in facts.demands for a in d.addressees],
    }
    for field, slugs in named.items():
        for slug in sorted(set(slugs) - set(offices)):
            yield field, f"{slug} is not in the directory of offices; correct it or add the office"
    for demand in facts.demands:
        for slug in sorted(set(demand.letters_to) - set(facts.addressees)):
            yield f"demands[{demand.id}].letters_to", f"{slug} is not an addressee; correct or add it"


def _repeats(facts: Facts) -> Iterator[tuple[str, str]]:
    for field, values in {
        "languages": facts.languages,
        "letter_languages": facts.letter_languages,
        "addressees": facts.addressees,
        "demands": [d.id for d in facts.demands],
        "timeline": [e.id for e in facts.timeline],
        "signatories": [s.name for s in facts.signatories],
    }.items():
        for value, times in Counter(values).items():
            if times > 1:
                yield field, f"{value} stands {times} times; keep one"


def _dates(facts: Facts, today: date) -> Iterator[tuple[str, str]]:
    session = facts.statement.session
    if session.planned_close < session.opened_on:
        yield "statement.session", "closes before it opens; correct the dates"
    if facts.delete_by is not None and facts.delete_by <= today:
        yield "delete_by", "has come; give a day after today"
    for demand in facts.demands:
        if demand.reviewed_on > today:
            yield f"demands[{demand.id}].reviewed_on", "is in the future; give the day of the review"
    for event in facts.timeline:
        if event.on.first > today:
            yield f"timeline[{event.id}].on", "is in the future; list only what has happened"
    if [e.on.first for e in facts.timeline] != sorted(e.on.first for e in facts.timeline):
        yield "timeline", "is not in order; put the oldest event first"
    if list(facts.milestones) != sorted({m for m in facts.milestones if m > 0}):
        yield "milestones", "do not rise; give each number once, smallest first"


def _same(field: str, expected: set[str], found: Collection[str]) -> Iterator[tuple[str, str]]:
    for id in sorted(expected - set(found)):
        yield f"{field}[{id}]", "is missing in this language; write it"
    for id in sorted(set(found) - expected):
        yield f"{field}[{id}]", "is not in appeal.yaml; correct the id or take it out"


def _requests(facts: Facts, text: Text) -> Iterator[tuple[str, str]]:
    for demand in facts.demands:
        words = text.demands.get(demand.id)
        if words and bool(words.asks_now) != bool(demand.letters_to):
            todo = "write it" if demand.letters_to else "take it out, or name the offices in letters_to"
            yield f"demands[{demand.id}].asks_now", f"does not fit letters_to in appeal.yaml; {todo}"


def _words(text: Text) -> Iterator[tuple[str, str]]:
    for field, words in _strings(text):
        consent = field in {"consent.sign", "consent.letter", "consent.organisation"}
        yield from _fillable(field, words, CONSENT_PLACEHOLDERS if consent else frozenset())
        for name in CONSENT_PLACEHOLDERS if consent else ():
            if f"(({name}))" not in words:
                yield field, f"does not say (({name})); whoever agrees must know it"


def _letter(letter: Letter) -> Iterator[tuple[str, str]]:
    for field, words in _strings(letter):
        yield from _fillable(field, words, LETTER_PLACEHOLDERS)
        if match := SIGNED.search(words):
            yield field, f"says {match.group(0)!r}; a letter must not reveal a signature"
    if letter.words not in LETTER_WORDS:
        yield "letter", f"has {letter.words} words; write 150 to 250"


def _fillable(field: str, words: str, allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    for placeholder in unknown_placeholders(words, allowed):
        yield field, f"has {placeholder}, which nothing fills in; allowed here: {known(allowed)}"
    if hidden := hidden_characters(words):
        yield field, hidden


def _strings(value: Value) -> Iterable[tuple[str, str]]:
    yield from _walk("", value.model_dump())


def _walk(field: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _walk(f"{field}.{key}".lstrip("."), child)
