"""How alike two letters are in their writers' own words: it keeps to itself what is compared and kept of them.

Compared are shingles (three words in a row; scripts without spaces, three characters) that the draft does not
have, so that template and locked block never make letters alike. Kept of them is a MinHash signature (Broder,
1997) over a keyed hash, another key for each appeal and office: numbers from which no word can be read or guessed,
even by who holds the database. Equal places of two signatures estimate their Jaccard similarity, with a standard
error of 0.04 at 0.5.
"""

from __future__ import annotations

import hashlib
import unicodedata
from array import array
from collections.abc import Iterable
from functools import cache

from campaign import vault
from campaign.letters import own_words

ALIKE = 0.5  # of own shingles shared; WriteToThem refuses at as much, here it only folds
_IN_A_ROW = 3
_PLACES = 128
_PRIME = (1 << 61) - 1  # Mersenne: products of two places stay exact
_MOST = 0xFFFFFFFF
# An Arabic keyboard writes the same Persian words with other letters, and many leave the joiners out.
_SAME_LETTER = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "\u200c": None, "\u200d": None})


def shingles(written: str, *, drafted: str = "") -> frozenset[str]:
    """Each three words in a row of ``written`` that do not stand in ``drafted``; fewer than three are one shingle."""
    return frozenset(_rows(written)) - frozenset(_rows(drafted))


def signature(found: Iterable[str], *, scope: str) -> bytes:
    """512 bytes for a set of shingles, comparable within one ``scope``; empty for an empty set."""
    key = vault.current().index(scope, scope="shingles")
    hashed = [int.from_bytes(hashlib.blake2b(s.encode(), digest_size=7, key=key).digest()) for s in set(found)]
    if not hashed:
        return b""
    return array("I", (min((a * h + b) % _PRIME for h in hashed) & _MOST for a, b in _permutations())).tobytes()


def similarity(one: bytes, other: bytes) -> float:
    """The estimated Jaccard similarity of two signatures of one scope, 0 to 1; 0 beside an empty one."""
    if not one or not other:
        return 0.0
    pairs = zip(memoryview(one).cast("I"), memoryview(other).cast("I"), strict=True)
    return sum(a == b for a, b in pairs) / _PLACES


def nearest(one: bytes, others: Iterable[bytes]) -> float:
    """The similarity of the likest of ``others``; 0 when there is none."""
    return max((similarity(one, other) for other in others), default=0.0)


def _rows(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).translate(_SAME_LETTER)
    words = own_words.words(plain)
    last = max(1, len(words) - _IN_A_ROW + 1) if words else 0
    return [" ".join(words[n : n + _IN_A_ROW]) for n in range(last)]


@cache
def _permutations() -> tuple[tuple[int, int], ...]:
    """The same numbers in every process and version: signatures outlive both."""
    drawn = hashlib.shake_256(b"undersigned minhash").digest(_PLACES * 16)
    numbers = [int.from_bytes(drawn[n : n + 8]) % (_PRIME - 1) + 1 for n in range(0, len(drawn), 8)]
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
