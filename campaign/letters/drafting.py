"""The draft for one office in one language: it keeps to itself what of a letter is ours and what is the writer's.

Facts and request are locked together and come from the appeal, never from a form. Opening and closing are
proposed. The greeting is the office's, on the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from campaign.appeals.content import Content, DemandText, Letter, Publisher
from campaign.letters import own_words, similarity, tongues
from campaign.letters.composing import Sheet, signature
from campaign.letters.footers import footer
from campaign.offices import addressing
from campaign.offices.models import Office


@dataclass(frozen=True, slots=True)
class Draft:
    """An office's letter before anybody wrote it; ``also`` holds it in the other languages there are."""

    office: Office
    language: str
    template: Letter
    greeting: str  # as it would be today
    publisher: Publisher
    choices: tuple[str, ...]  # languages in which this letter can go
    also: Mapping[str, Letter]

    def is_ours(self, block: str, text: str) -> bool:
        """Whether ``text`` is a draft's ``block`` (opening or closing) untouched, in whatever language."""
        return any(text.split() == getattr(letter, block).split() for letter in self.also.values())

    def sheet(
        self, words: Mapping[str, str], name: str, country: str | None, *, sent_by_us: bool, words_in: str = ""
    ) -> Sheet:
        """The letter with the writer's ``words`` (opening, message, closing) and signature, before its greeting.

        ``words_in`` is the language of the message, if it is not the letter's.
        """
        return Sheet(
            subject=self.template.subject,
            opening=words["opening"],
            message=words["message"],
            facts=self.template.facts,
            request=self.template.request,
            closing=words["closing"],
            signature=signature(name, country, self.language),
            footer=footer(self.publisher, self.language) if sent_by_us else "",
            mark=tongues.mark(words["message"], words_in, self.language),
        )

    def own_words(self, words: Mapping[str, str]) -> int:
        """How many words are the writer's own."""
        return own_words.count(" ".join(words.values()), drafted=f"{self.template.opening} {self.template.closing}")

    def signature(self, words: Mapping[str, str], scope: str) -> bytes:
        """What the writer's own words are compared by (``similarity.signature``): nothing of any draft is in it."""
        drafted = " ".join(f"{one.opening} {one.facts} {one.request} {one.closing}" for one in self.also.values())
        found = (similarity.shingles(words[block], drafted=drafted) for block in ("message", "opening", "closing"))
        return similarity.signature(frozenset().union(*found), scope=scope)


def draft(content: Content, office: Office, language: str, day: date) -> Draft | None:
    """The draft for ``office``; None when the appeal does not write to it in ``language``."""
    choices = languages(content, office)
    if language not in choices:
        return None
    also = content.letters[office.slug]
    greeting = addressing.greeting(office, language, day)
    return Draft(office, language, also[language], greeting, content.publisher, choices, also)


def languages(content: Content, office: Office) -> tuple[str, ...]:
    """The languages in which the appeal has a letter that this office takes; empty when it writes to it in none."""
    drafted = content.letters.get(office.slug, {})
    return tuple(code for code in content.letter_languages if code in drafted and code in office.languages)


def usual_language(page: str, offered: tuple[str, ...]) -> str:
    """The language a letter goes in unless its writer chooses: the page's own if it can, else English if it can."""
    return next((code for code in (page, "en") if code in offered), offered[0])


def reading_copy(made: Draft, page: str) -> Letter | None:
    """The letter in the page's language, to understand it by; None when that is the letter's own, or missing."""
    return made.also.get(page) if page != made.language else None


def asked(content: Content, office: Office, page: str) -> list[DemandText]:
    """What the letter is about in the page's language, where there is no reading copy."""
    ids = [demand.id for demand in content.demands if office.slug in demand.letters_to]
    return [content.text(page).demands[id] for id in ids]
