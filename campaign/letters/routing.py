"""How a letter that was just confirmed goes: alone, in a digest or not at all, as its office and words have it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update

from campaign.db import session
from campaign.letters import comparing, gathering, sending, wishes
from campaign.letters.models import Letter
from campaign.mail import folding, pacing
from campaign.offices.models import Office


def route(letter_id: UUID) -> None:
    """Measure a confirmed letter, hand it to the outbox, and let it wait for a digest where it should.

    Part of the caller's transaction, which from here on is alone with this office: of two letters that are alike
    the later one sees the earlier, and a wish of the office is said before or after, not between.
    """
    letter = session.get_one(Letter, letter_id, populate_existing=True)
    wishes.alone_with(letter.office_id)
    own = letter.signature or b""
    percent = comparing.likeness(own, appeal=letter.appeal_id, office=letter.office_id, but=letter_id)
    session.execute(update(Letter).where(Letter.id == letter_id).values(likeness=percent))
    sending.hand_over(letter_id)
    wish = wishes.of(letter.office_id)
    if wish.stopped_at:
        folding.decline(pacing.office_key(session.get_one(Office, letter.office_id).slug), why=wishes.OBJECTED)
    elif not wish.wants_single_letters:
        gathering.gather([letter], why="its office does not want single letters")
    elif comparing.folds(letter.own_words, percent):
        gathering.gather([letter], why="much like others")
