"""What waits for an office as one PDF: it keeps to itself that only the office's own mailbox gets the way to it."""

from __future__ import annotations

import structlog
from sqlalchemy import select

from campaign.appeals import queries as appeals
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.i18n import number
from campaign.letters import composing, gating, office_links, office_queue
from campaign.letters.models import Letter
from campaign.letters.office_words import words
from campaign.letters.papers import Block, Paper, Section
from campaign.letters.records import opened
from campaign.mail import outbox, pacing
from campaign.mail.models import Message
from campaign.mail.rendering import Draft
from campaign.mail.transports import LIVE
from campaign.offices import addressing
from campaign.offices import queries as offices
from campaign.offices.models import Office
from campaign.web import link

log = structlog.get_logger()
KIND = "office_waiting"


def ask(office: Office, language: str) -> bool:
    """Send the link to what waits to the office's mailbox, once a day; False when it was sent today.

    It leaves this machine only when letters to this office do, and only to an address that a person checked lately.
    """
    today = offices.today()
    address = gating.checked_address(office, today)
    theirs = Message.budget_key == pacing.office_key(office.slug), Message.mode == LIVE
    goes_out = select(Message.id).where(*theirs).limit(1)
    added = outbox.enqueue(
        kind=KIND,
        subject_id=office.id,
        address=address or addressing.stand_in(office),
        language=language,
        dedupe_key=f"{KIND}:{office.id}:{today}",
        capture_only=address is None or session.scalar(goes_out) is None,
    )
    session.commit()
    log.info("office.asked", office=office.slug, sent=added is not None)
    return added is not None


def mail(message: Message, _recipient: str) -> Draft | None:
    """The mail with the link."""
    office = session.get_one(Office, message.subject_id)
    say = words(message.language)
    way = link("letters.fetched", token=office_links.make(office_links.FETCH, office), **{"in": message.language})
    return Draft(subject=say.waiting_subject, text=f"{say.waiting_body}\n\n{way}\n\n{say.waiting_end}\n")


def paper(office: Office, language: str) -> Paper:
    """Everything that waits for an office, in full and with whom to answer, as each letter would say itself.

    Of what would go together, a name and an address stand only where the writer agreed to be named there.
    """
    say, today = words(language), offices.today()
    by_appeal: dict[str, list[Block]] = {}
    for letter, together in office_queue.waiting(office.id):
        if block := _block(letter, office, language, named=letter.digest_name or not together):
            by_appeal.setdefault(_title(letter, language), []).append(block)
    count = sum(map(len, by_appeal.values()))
    return Paper(
        language=language,
        kicker=addressing.title(office, language, today),
        title=say.waiting,
        facts=((say.people, number(count, language)),),
        sections=tuple(Section(title, tuple(blocks), ruled=True) for title, blocks in by_appeal.items()),
        note="" if count else say.nothing,
        link=office_links.page(office, language),
    )


def _block(letter: Letter, office: Office, language: str, *, named: bool) -> Block | None:
    written = opened(letter)
    if written is None:
        return None
    greeting = addressing.greeting(office, letter.language, offices.today())
    text = composing.unsigned(written.sheet, greeting)
    if not named:
        return Block(text, words(language).anonymous)
    who = " · ".join(written.sheet.signature.splitlines())
    return Block(text, f"{who} · {words(language).reply_to}: {written.email}")


def _title(letter: Letter, language: str) -> str:
    published = appeals.published(session.get_one(Appeal, letter.appeal_id).slug)
    if published is None:
        return ""
    spoken = language if language in published.content.languages else published.content.languages[0]
    return published.content.text(spoken).title
