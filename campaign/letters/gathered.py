"""What stands in letters that go together: it keeps to itself what of each letter is said, and what is not.

Said are how many, from where (a country from five letters on), and what each writer added, each thing once. A name
stands only beside the words of a writer who agreed to that; an address never.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from campaign.appeals.content import Content
from campaign.db import session
from campaign.i18n import country_name, number
from campaign.letters import drafting, office_links, own_words
from campaign.letters.drafting import Draft
from campaign.letters.models import Digest, Letter
from campaign.letters.office_words import LANGUAGES, words
from campaign.letters.papers import Block, Paper, Section
from campaign.letters.records import Written, opened
from campaign.mail.models import Message
from campaign.mail.states import State
from campaign.offices import addressing
from campaign.offices.models import Office

FEW = 5  # letters from one country that do not point to anybody
Told = Sequence[tuple[Letter, Written]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Letters of one appeal to one office, and the language in which they are put together."""

    office: Office
    content: Content
    language: str
    letters: Told
    on: date

    def paper(self) -> Paper:
        """The document; empty of letters, it says so in numbers."""
        say = words(self.language)
        personal = self._personal()
        ask = Block(self.letters[0][1].sheet.request if self.letters else "")
        said = (Section(say.words, tuple(personal), ruled=True),) if personal else ()
        silent = len(self.letters) - len(personal)
        also = say.also % {"n": number(silent, self.language)} if silent and personal else ""
        return Paper(
            language=self.language,
            kicker=addressing.title(self.office, self.language, self.on),
            title=self.title(),
            facts=((say.people, number(len(self.letters), self.language)), (say.countries, self._countries())),
            sections=(Section(say.ask, (ask,)), *said),
            note=also or ("" if personal else say.no_words),
            link=office_links.page(self.office, self.language),
        )

    def title(self) -> str:
        """From how many people."""
        say, count = words(self.language), len(self.letters)
        return str(say.digest_one if count == 1 else say.digest_subject % {"n": number(count, self.language)})

    def appeal(self) -> str:
        """The appeal's name in this language, else in its first."""
        spoken = self.language if self.language in self.content.languages else self.content.languages[0]
        return self.content.text(spoken).title

    def _countries(self) -> str:
        counted = Counter(letter.country for letter, _ in self.letters)
        named = {code: n for code, n in counted.most_common() if code and n >= FEW}
        rest = len(self.letters) - sum(named.values())
        said = [(country_name(code, self.language), n) for code, n in named.items()]
        said += [(words(self.language).elsewhere, rest)] if rest else []
        return ", ".join(f"{name} {number(n, self.language)}" for name, n in said)

    def _personal(self) -> list[Block]:
        found: dict[tuple[str, ...], Block] = {}
        for letter, written in self.letters:
            own = self._own(letter, written)
            name = written.name if letter.digest_name else words(self.language).anonymous
            if key := tuple(own_words.words(own)):
                found.setdefault(key, Block(own, name, written.sheet.mark))
        return list(found.values())

    def _own(self, letter: Letter, written: Written) -> str:
        """The writer's own blocks: the message, and an opening or closing that is not the draft's."""
        draft = self._draft(letter.language)
        changed = [
            getattr(written.sheet, block)
            for block in ("opening", "closing")
            if draft is not None and not draft.is_ours(block, getattr(written.sheet, block))
        ]
        return "\n\n".join(part for part in (written.sheet.message, *changed) if part)

    def _draft(self, language: str) -> Draft | None:
        return drafting.draft(self.content, self.office, language, self.on)


def of_digest(digest: Digest, content: Content, on: date) -> Gathered:
    """What a digest holds now: who took a letter back, or was erased, is not in it."""
    office = session.get_one(Office, digest.office_id)
    letters = tuple((one, said) for one in _letters(digest.id) if (said := opened(one)) is not None)
    return Gathered(office, content, language_for(office, content), letters, on)


def language_for(office: Office, content: Content) -> str:
    """The language to write to an office in: one that it works in and that we have words for."""
    offered = drafting.languages(content, office)
    return next((code for code in LANGUAGES if code in offered), "en")


def _letters(digest: UUID) -> Sequence[Letter]:
    held = select(Letter).join(Message, Message.subject_id == Letter.id).where(
        Letter.digest_id == digest, Letter.state == "confirmed", Message.kind == "letter",
        Message.state == State.FOLDED,
    )  # fmt: skip
    return session.scalars(held.order_by(Letter.confirmed_at, Letter.id)).all()
