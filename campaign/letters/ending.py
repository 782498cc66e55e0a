"""Taking a letter back and forgetting its writer: it keeps to itself what can still be stopped."""

from __future__ import annotations

from uuid import UUID

import structlog
from sqlalchemy import select, update

from campaign.db import clock, session
from campaign.letters import digest_replying, digests, replying
from campaign.letters.models import Digest, Letter
from campaign.letters.records import FORGOTTEN
from campaign.letters.sending import message_key
from campaign.mail import outbox, rewriting
from campaign.mail.moving import again_after_deadlock

log = structlog.get_logger()


@again_after_deadlock
def withdraw(letter_id: UUID) -> bool:
    """Stop a letter that has not left and forget who wrote it. False when it has left, or was ended before."""
    letter = _locked(letter_id)
    stopped = letter is not None and _stopped(letter)
    if stopped:
        outbox.forget_words(message_key(letter_id))
        _end(letter_id, "withdrawn")
    session.commit()
    log.info("letter.withdrawn", letter=str(letter_id), stopped=stopped)
    return stopped


@again_after_deadlock
def erase(letter_id: UUID) -> bool:
    """Forget the writer and their words, here and in the outbox; stop the letter if it has not left.

    False when it was erased before. What an office has received is out of our hands.
    """
    letter = _locked(letter_id)
    found = letter is not None and letter.state != "erased"
    if letter is not None and found:
        _erase(letter_id, letter.digest_id, why="its writer was erased")
    session.commit()
    log.info("letter.erased", letter=str(letter_id), found=found)
    return found


def forget_everyone(appeal_id: UUID) -> int:
    """Stop the letters of an appeal that have not left and forget every writer, in the caller's transaction."""
    named = select(Letter.id, Letter.digest_id).where(Letter.appeal_id == appeal_id, Letter.sealed.is_not(None))
    letters = session.execute(named.with_for_update()).all()
    for letter_id, digest_id in letters:
        _erase(letter_id, digest_id, why="the appeal forgets its writers")
    digest_replying.forget_of(appeal_id)
    return len(letters)


def _locked(letter_id: UUID) -> Letter | None:
    return session.get(Letter, letter_id, with_for_update=True, populate_existing=True)


def _stopped(letter: Letter) -> bool:
    if letter.state != "confirmed":
        return letter.state == "pending"
    if letter.digest_id is not None and session.get_one(Digest, letter.digest_id).state not in digests.KEPT:
        return False  # it is on its way in what an organiser released
    return outbox.cancel(message_key(letter.id), why="withdrawn by its writer") > 0


def _erase(letter_id: UUID, digest_id: UUID | None, *, why: str) -> None:
    outbox.cancel(message_key(letter_id), why=why)
    outbox.forget_words(message_key(letter_id))
    if digest_id is not None:
        rewriting.write_anew(digests.digest_key(digest_id))  # without these words
    replying.forget(letter_id)
    _end(letter_id, "erased")


def _end(letter_id: UUID, state: str) -> None:
    ended = update(Letter).where(Letter.id == letter_id)
    session.execute(ended.values(state=state, ended_at=clock(), **FORGOTTEN))
