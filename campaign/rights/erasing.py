"""Forgetting a person: every signature, letter and mail of theirs loses what names them; the rows stay to be counted.

A letter that an office has received is out of our hands, and the page says so; what we kept of it goes.
"""

from __future__ import annotations

import structlog

from campaign.db import session
from campaign.letters import ending as letters_ending
from campaign.mail import outbox
from campaign.mail.addresses import Address
from campaign.petition import ending as signatures_ending
from campaign.rights.holdings import held_about

log = structlog.get_logger()


def erase(email: str) -> dict[str, int]:
    """Erase all that is held about an address; counts by kind. Raises Refused when it is no address."""
    return erase_person(Address.parse(email).index())


def erase_person(person: bytes) -> dict[str, int]:
    """Erase all that is held under a person index. Done twice, the second time finds nothing."""
    holdings = held_about(person)
    for held in holdings:
        end = letters_ending.erase if held.is_letter else signatures_ending.erase
        end(held.row.id)
    mails = outbox.forget(person)
    session.commit()
    letters = sum(held.is_letter for held in holdings)
    counts = {"signatures": len(holdings) - letters, "letters": letters, "mails": mails}
    log.info("person.erased", **counts)
    return counts
