"""What is written in the mails of letters: the one that asks the writer, and the letter itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select

from campaign import tokens
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.i18n import gettext as _
from campaign.letters import (
    composing,
    digest_mail,
    digest_replying,
    digests,
    fetching,
    footers,
    office_links,
    overtaking,
    queries,
    replying,
    telling,
    trying,
)
from campaign.letters.models import Letter
from campaign.letters.records import opened
from campaign.mail import rendering
from campaign.mail.models import Message
from campaign.mail.rendering import Draft
from campaign.offices import addressing
from campaign.offices.models import Office
from campaign.web import link

CONFIRM, PRIVATE = "letter-confirm", "letters"  # purposes of the links; their row is a submission


def letter_confirm(message: Message, _recipient: str) -> Draft | None:
    """The mail that asks for the writer's button; it says nothing that anybody typed. None when nothing waits.

    Of a sensitive appeal its sender is nobody in particular: a mailbox is read by others too.
    """
    submission = message.subject_id
    waiting = queries.waiting(submission) if submission else []
    if submission is None or not waiting:
        return None
    draft = rendering.from_templates(
        "letter_confirm",
        confirm=link("letters.confirm", token=tokens.make(CONFIRM, submission)),
        private=link("letters.status", token=tokens.make(PRIVATE, submission)),
    )
    sensitive = session.get_one(Appeal, waiting[0].letter.appeal_id).sensitive
    return replace(draft, sender_name=_("Email confirmation")) if sensitive else draft


def letter(message: Message, _recipient: str) -> Draft | None:
    """The letter, greeting whoever holds the office today.

    None when it was withdrawn or erased meanwhile, or when the office takes no letters any more.
    """
    row = session.scalars(select(Letter).where(Letter.id == message.subject_id, Letter.state == "confirmed")).first()
    written = opened(row) if row is not None else None
    if row is None or written is None:
        return None
    office = session.get_one(Office, row.office_id)
    if not addressing.accepts_letters(office):
        return None
    greeting = addressing.greeting(office, row.language, datetime.now(UTC).date())
    footer = footers.with_link(written.sheet.footer, row.language, office_links.page(office, row.language))
    return Draft(
        subject=written.sheet.subject,
        text=composing.whole(replace(written.sheet, footer=footer), greeting),
        sender_name=written.name,
        reply_to=written.email,
        automatic=False,  # replies must come
    )


def overtaken(message: Message, _recipient: str) -> Draft | None:
    """Tells a writer why letters of theirs were stopped. None when they were forgotten meanwhile."""
    posted = queries.of_submission(message.subject_id) if message.subject_id else []
    stopped = [one for one in posted if one.letter.state == "overtaken" and one.overtaken]
    if not stopped:
        return None
    reason, perhaps_left = str(stopped[-1].overtaken), any(one.perhaps_left for one in stopped)
    return rendering.from_templates(
        overtaking.KIND,
        reason=telling.why_overtaken(reason, perhaps_left=perhaps_left),
        perhaps_left=perhaps_left,
        again=reason != "free",
        private=link("letters.status", token=tokens.make(PRIVATE, posted[0].letter.submission_id)),
    )


RENDERERS = {
    "letter_confirm": letter_confirm,
    "letter": letter,
    overtaking.KIND: overtaken,
    digests.KIND: digest_mail.write,
    fetching.KIND: fetching.mail,
    replying.KIND: replying.passed_on,
    digest_replying.KIND: digest_replying.passed_on,
    trying.KIND: trying.mail,
}
"""By kind, for the factory."""
