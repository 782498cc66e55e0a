"""The mail that carries a digest: a few lines in the office's language and one PDF, replies to who publishes."""

from __future__ import annotations

from campaign.appeals import queries as appeals
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.i18n import day, number
from campaign.letters import digests, footers, office_links, papers
from campaign.letters.gathered import Gathered
from campaign.letters.models import Digest
from campaign.letters.office_words import words
from campaign.mail.composing import Pdf
from campaign.mail.models import Message
from campaign.mail.rendering import Draft
from campaign.offices import addressing


def write(message: Message, _recipient: str) -> Draft | None:
    """The digest as it goes.

    None when all of its letters were taken back meanwhile, or when the office takes no letters any more.
    """
    digest = session.get(Digest, message.subject_id) if message.subject_id else None
    published = appeals.published(session.get_one(Appeal, digest.appeal_id).slug) if digest else None
    if digest is None or published is None:
        return None
    held = digests.held_now(digest, published)
    if not held.letters or not addressing.accepts_letters(held.office):
        return None
    publisher = published.content.publisher
    return Draft(
        subject=f"{held.appeal()}: {held.title()}",
        text=_text(digest, held),
        sender_name=publisher.name or held.appeal(),
        reply_to=publisher.privacy_contact or "",
        pdf=Pdf("letters.pdf", papers.typeset(held.paper())),
    )


def _text(digest: Digest, held: Gathered) -> str:
    say = words(held.language)
    assert digest.released_at is not None  # it has a message because it was released
    released = say.digest_released % {"day": day(digest.released_at, held.language)}
    body = say.digest_body % {"n": number(len(held.letters), held.language), "appeal": held.appeal()}
    end = f"{say.digest_end}\n{office_links.page(held.office, held.language)}"
    publisher = footers.who_answers(held.content.publisher, held.language)
    return "\n\n".join([body, released, end, f"-- \n{publisher}"]) + "\n"
