"""Letters that left by the writer's own mailbox or on paper: a number a day, nobody's."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Date, cast
from sqlalchemy.dialects.postgresql import insert

from campaign.db import clock, session
from campaign.letters.models import LetterTally


def tally(*, appeal: UUID, office: UUID, how: str) -> None:
    """Count one letter taken along today; ``how`` is ``mailbox`` or ``paper``."""
    first = insert(LetterTally).values(
        appeal_id=appeal, office_id=office, how=how, day=cast(clock(), Date), letters=1
    )
    again = first.on_conflict_do_update(
        constraint="pk_letter_tally", set_={"letters": LetterTally.letters + first.excluded.letters}
    )
    session.execute(again)
    session.commit()
