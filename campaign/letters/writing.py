"""Keeping a letter until its writer confirms it: it keeps to itself which letters one mail confirms together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import delete, func, select

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.letters.models import Letter
from campaign.letters.records import WAITS, Written, one_at_a_time, seal, writer_index
from campaign.mail import outbox
from campaign.mail.addresses import Address
from campaign.offices.models import Office

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is kept in clear beside a letter: needed to read, count and release it, and naming nobody."""

    country: str | None  # ISO 3166-1 alpha-2; None: not said
    language: str  # of the letter
    page_language: str  # of the writer
    wording_id: UUID
    digest_name: bool
    own_words: int
    signature: bytes  # of the own words (``campaign.letters.similarity``)


def write(
    *, appeal: Appeal, office: Office, submission: UUID, address: Address, written: Written, about: Particulars
) -> UUID:
    """Keep a pending letter together with the mail that asks its writer to confirm it, in one transaction.

    ``submission`` joins it to letters written just before; one letter of it to the same office is replaced,
    so that a double click writes once. Answers with the submission it came to belong to: a new one when the
    old one is another address's.
    """
    one_at_a_time(submission)
    submission = _joined(submission, appeal, address)
    _replace(submission, office)
    row = uuid4()
    session.add(_letter(row, appeal, office, submission, address, written, about))
    _ask(submission, appeal, address, about.page_language)
    session.commit()
    log.info("letter.written", letter=str(row), submission=str(submission), office=office.slug)
    return submission


def _joined(submission: UUID, appeal: Appeal, address: Address) -> UUID:
    rows = session.execute(
        select(Letter.person_index, Letter.appeal_id).where(Letter.submission_id == submission)
    ).all()
    ours = any(person == address.index() and of == appeal.id for person, of in rows)
    return submission if ours or not rows else uuid4()


def _replace(submission: UUID, office: Office) -> None:
    same = Letter.submission_id == submission, Letter.office_id == office.id, Letter.state == "pending"
    session.execute(delete(Letter).where(*same))


def _letter(
    row: UUID,
    appeal: Appeal,
    office: Office,
    submission: UUID,
    address: Address,
    written: Written,
    about: Particulars,
) -> Letter:
    return Letter(
        id=row,
        appeal_id=appeal.id,
        office_id=office.id,
        submission_id=submission,
        writer_index=writer_index(address, appeal.id),
        person_index=address.index(),
        sealed=seal(row, written),
        country=about.country,
        language=about.language,
        page_language=about.page_language,
        appeal_version=appeal.version,
        wording_id=about.wording_id,
        digest_name=about.digest_name,
        own_words=about.own_words,
        signature=about.signature,
    )


def _ask(submission: UUID, appeal: Appeal, address: Address, language: str) -> None:
    """One mail for all letters that wait together; another only after earlier ones were decided on."""
    decided = session.scalar(
        select(func.count()).where(Letter.submission_id == submission, Letter.state != "pending")
    )
    outbox.enqueue(
        kind="letter_confirm",
        subject_id=submission,
        address=address,
        language=language,
        dedupe_key=f"letters:{submission}:{decided}",
        expires_in=WAITS + timedelta(hours=1),
        pause_keys=(f"appeal:{appeal.id}",),
        cap=outbox.A_DAY,
    )
