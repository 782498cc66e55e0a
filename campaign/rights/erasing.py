"""Forgetting a person: whatever they signed, wrote or were sent loses what names them; the rows stay to be counted.

A letter that an office has received is out of our hands, and the page says so; what we kept of it goes.
"""

from __future__ import annotations

from collections import Counter

import structlog

from campaign.appeals import leaving as organisations_leaving
from campaign.db import session
from campaign.letters import ending as letters_ending
from campaign.mail import outbox
from campaign.mail.addresses import Address
from campaign.petition import ending as signatures_ending
from campaign.petition.paper import ending as paper_ending
from campaign.rights.holdings import held_about

log = structlog.get_logger()
_ERASE = {
    "signature": signatures_ending.erase,
    "letter": letters_ending.erase,
    "organisation": organisations_leaving.erase,
    "paper_line": paper_ending.erase,
}


def erase(email: str) -> dict[str, int]:
    """Erase all that is held about an address; counts by kind. Raises Refused when it is no address."""
    return erase_person(Address.parse(email).index())


def erase_person(person: bytes) -> dict[str, int]:
    """Erase all that is held under a person index. Done twice, the second time finds nothing.

    It is several transactions, mails first: cut short, it leaves rows by which the private link finds the rest.
    """
    holdings = [(held.kind, held.row.id) for held in held_about(person)]
    mails = outbox.forget(person)
    session.commit()
    for kind, row in holdings:
        _ERASE[kind](row)
    kinds = Counter(kind for kind, _row in holdings)
    counts = {f"{kind}s": kinds[kind] for kind in _ERASE} | {"mails": mails}
    log.info("person.erased", **counts)
    return counts
