"""What is written in the mails of letters: the one that asks the writer, and the letter itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select
from sqlalchemy.orm import joinedload, lazyload

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
    wishes,
)
from campaign.letters.models import Letter
from campaign.letters.records import Written, unsealed
from campaign.mail import rendering
from campaign.mail.models import Message
from campaign.mail.rendering import Draft, ReadsTogether, Renderer
from campaign.offices import addressing
from campaign.offices.models import Office
from campaign.web import link

_IDS = any_(bindparam("rows", type_=ARRAY(Uuid)))
_LETTERS = select(Letter.id, Letter.office_id, Letter.language, Letter.sealed).where(
    Letter.id == _IDS, Letter.state == "confirmed", Letter.sealed.is_not(None)
)
_OFFICES = (
    select(Office, wishes.generation_of(Office.id))
    .where(Office.id == _IDS)
    .options(joinedload(Office.terms), lazyload(Office.addresses))
)
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


@ReadsTogether
def letter(messages: Sequence[Message]) -> Renderer:
    """Letters, each greeting whoever holds the office today.

    None for one that was withdrawn or erased meanwhile, or whose office takes no letters any more.
    """
    rows = {row.id: row for row in session.execute(_LETTERS, {"rows": [message.subject_id for message in messages]})}
    addressed = _addressed({row.office_id for row in rows.values()})

    def write(message: Message, _recipient: str) -> Draft | None:
        row = rows.get(message.subject_id)
        to = addressed(row.office_id, row.language) if row else None
        return _draft(unsealed(row.id, row.sealed), row.language, to) if row and to else None

    return write


@dataclass(frozen=True, slots=True)
class _Addressed:
    """How an office is greeted today, and the link to its page."""

    greeting: str
    page: str


def _addressed(ids: Collection[UUID]) -> Callable[[UUID, str], _Addressed | None]:
    """The same of several offices, by id and language of the letter; None for one that takes no letters."""
    rows = session.execute(_OFFICES, {"rows": list(ids)}).unique()
    offices = {office.id: (office, generation) for office, generation in rows}
    today = datetime.now(UTC).date()

    @cache
    def addressed(id_: UUID, language: str) -> _Addressed | None:
        office, generation = offices[id_]
        if not addressing.accepts_letters(office):
            return None
        page = office_links.page_of(office, generation, language)
        return _Addressed(addressing.greeting(office, language, today), page)

    return addressed


def _draft(written: Written, language: str, to: _Addressed) -> Draft:
    footer = footers.with_link(written.sheet.footer, language, to.page)
    return Draft(
        subject=written.sheet.subject,
        text=composing.whole(replace(written.sheet, footer=footer), to.greeting),
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


RENDERERS: dict[str, Renderer] = {
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
