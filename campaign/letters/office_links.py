"""The private link of an office: it keeps to itself whom it opens the door for, how long, and how it is replaced.

The link stands in the footer of every letter, so it comes back in every reply that quotes the letter: a writer may
hold it. So it opens no letter: it shows numbers and takes wishes. What waits is fetched by another link, which goes
to the office's own mailbox only.
"""

from __future__ import annotations

import re
from uuid import UUID

from campaign import tokens
from campaign.db import session
from campaign.letters import wishes
from campaign.offices.models import Office
from campaign.web import link

PAGE, FETCH = "office", "office-waiting"
"""Purposes: the page with its buttons, and the letters that wait."""

_SAID = re.compile(r"(?P<office>[0-9a-f]{32})\.(?P<generation>\d{1,9})", re.ASCII)
_LIVES = {PAGE: 180 * tokens.DAY, FETCH: 7 * tokens.DAY}


def make(purpose: str, office: Office) -> str:
    """A token for an office; every token of an earlier generation opens nothing."""
    return _made(purpose, office, wishes.of(office.id).generation)


def read(purpose: str, token: str) -> Office | None:
    """The office of a token; None when it is forged, too old, for something else, or was replaced."""
    said = _SAID.fullmatch(tokens.unstamp(purpose, token, max_age=_LIVES[purpose]) or "")
    office = session.get(Office, UUID(hex=said["office"])) if said else None
    return office if said and office and said["generation"] == str(wishes.of(office.id).generation) else None


def page(office: Office, language: str) -> str:
    """The address of an office's page in a language it works in."""
    return page_of(office, wishes.of(office.id).generation, language)


def page_of(office: Office, generation: int, language: str) -> str:
    """The same for who has read the generation of its links already."""
    return link("letters.office", token=_made(PAGE, office, generation), **{"in": language})


def _made(purpose: str, office: Office, generation: int) -> str:
    return tokens.stamp(purpose, f"{office.id.hex}.{generation}")
