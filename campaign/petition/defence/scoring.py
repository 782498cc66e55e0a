"""Looking at a submission: it keeps to itself which signals were seen, and whether they weigh enough to wait.

A submission that waits is stored, mailed, confirmed and thanked like any other; only the count leaves it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

from campaign import vault
from campaign.appeals.names import folded
from campaign.mail.addresses import recorded_domain
from campaign.mail.providers import LARGE
from campaign.petition.defence import crowds
from campaign.petition.defence.crowds import Counted
from campaign.petition.defence.trusting import trusted
from campaign.petition.defence.weights import HELD_FROM, SIGNALS
from campaign.petition.signer import Signer

_LIST = Path(__file__).parents[2] / "data" / "disposable_domains" / "domains.txt"
_ONE_LETTER = re.compile(r"(.)\1{3}|^(.)\2{2,}$", re.I | re.S)  # no name of the world has a letter four times running


@dataclass(frozen=True, slots=True)
class Look:
    """One submission: the signals (codes of ``weights``) seen in itself, and what is to be counted of it."""

    seen: Sequence[str] = ()
    counted: Counted | None = None


def look_at(
    signer: Signer,
    *,
    appeal_id: UUID,
    network: str,
    onion: bool,
    trapped: bool,
    browser: bool,
    unproved: bool = False,
    rare_country: str = "",
) -> Look:
    """Look at a submission by itself; ``reasons_to_hold`` then counts it.

    ``network`` is today's keyed hash of where it comes from; ``onion``: by our onion address, where that hash is
    everybody's; ``browser``: whether it said of itself what browsers say; ``unproved``: work was asked for, and none
    came with it; ``rare_country``: the one they named, where hardly anybody has signed from.
    """
    seen = tuple(_seen_in(signer, trapped=trapped, browser=browser or onion, unproved=unproved))
    who = _who(signer, "onion" if onion else "network", network)
    who |= ({"unproved": "all"} if unproved else {}) | ({"country": rare_country} if rare_country else {})
    known = trusted(appeal_id)
    return Look(seen, crowds.counted(appeal_id, {kind: one for kind, one in who.items() if one not in known}))


def reasons_to_hold(looks: Sequence[Look]) -> list[list[str]]:
    """Count what is to be counted, once; why each should wait for a person's look, as codes of ``weights``; none when
    it may count."""
    crowded = iter(crowds.reasons([look.counted for look in looks if look.counted]))
    seen = [[*look.seen, *(next(crowded) if look.counted else ())] for look in looks]
    return [codes if sum(SIGNALS[code].weight for code in codes) >= HELD_FROM else [] for codes in seen]


def _seen_in(signer: Signer, *, trapped: bool, browser: bool, unproved: bool) -> Iterator[str]:
    if trapped:
        yield "trap"
    if not browser:
        yield "no_browser"
    if unproved:
        yield "unproved"
    if is_disposable(signer.address.domain):
        yield "disposable"
    if is_odd(signer.name):
        yield "name_shape"


def _who(signer: Signer, way: str, network: str) -> dict[str, str]:
    """What can be counted of a submission, each as a keyed hash; the domain of a large provider says nothing."""
    name = vault.current().index(folded(signer.name), scope="crowd of a name").hex()[:32]
    small = {} if signer.address.domain in LARGE else {"domain": recorded_domain(signer.address.domain)}
    return {way: network, "name": name, **small}


def is_disposable(domain: str) -> bool:
    """Whether a mail domain, or the one above it, is on the list of those that give addresses to throw away."""
    return domain in _disposable() or domain.partition(".")[2] in _disposable()


def is_odd(name: str) -> bool:
    """Whether a name is of a kind that hands on a keyboard make: "aaaa", "Eve Eve"."""
    words = name.casefold().split()
    return bool(_ONE_LETTER.search(name)) or (len(words) > 1 and len(set(words)) == 1)


@cache
def _disposable() -> frozenset[str]:
    return frozenset(_LIST.read_text().split())
