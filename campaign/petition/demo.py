"""Synthetic signatures for a demonstration: it keeps to itself who they pretend to be, and how a million go in fast.

Every one is marked ``demo``, has an address that RFC 2606 reserves, and is sealed like a real one, so that
what is measured and shown with them is true of real ones. An appeal that somebody answers for gets none.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID, uuid4

from psycopg import Copy
from sqlalchemy import delete

from campaign import vault
from campaign.appeals import wording
from campaign.appeals.models import Appeal, AppealVersion
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.petition import counting
from campaign.petition.models import Signature

_DAYS = 60  # over which they signed
_DOMAINS = ("example.org", "example.com", "example.net")
_COUNTRIES = {
    "DE": 18, "FR": 15, "SE": 9, "GB": 8, "US": 8, "CA": 6, "NL": 5, "CH": 4, "NO": 4, "AT": 3, "IT": 3, "ES": 3,
    "BE": 2, "AU": 2, "DK": 2, "TR": 1, "PL": 1, "IE": 1, "": 12,
}  # fmt: skip # weights; "" has not said
_VISIBILITIES = {"counted": 60, "recipient": 25, "public": 15}
_NAMES = (
    *(
        f"{given} {family}"
        for givens, families in (
            ("Alice Bob Ingrid Tomás Zoë", "Martin O’Brien Nyström García-Lorca Müller"),
            ("Hélène Benoît Chloé", "Lefèvre d’Arcy Noël"),
            ("مریم رضا پروانه شیرین امیر", "می‌آبادی کریمی رضایی حسین‌زاده"),
            ("ليلى يوسف", "الحسن منصور"),
            ("Анна Олексій", "Шевченко Ковальчук"),
            ("Σοφία Νίκος", "Παπαδάκη"),
        )
        for given, family in product(givens.split(), families.split())
    ),
    *("王芳", "王伟", "李芳", "李伟"),  # the family name first, and no space
)
_COLUMNS = (
    "id, appeal_id, state, email_index, person_index, sealed, country, visibility, language, public_name, "
    "wording_id, origin, created_at, confirmed_at"
)
_NULL = r"\N"
_COPY = f"COPY signature ({_COLUMNS}) FROM STDIN"


@dataclass(frozen=True, slots=True)
class _Drawn:
    name: str
    country: str
    visibility: str
    language: str
    signed_at: datetime


def fill(appeal: Appeal, signatures: int, *, now: datetime, seed: int | None = None) -> int:
    """Add so many confirmed synthetic signatures, in one transaction; how many were added.

    Raises Refused when the appeal is more than a demonstration.
    """
    if appeal.state != "demonstration":
        raise Refused(_("Synthetic signatures are for demonstrations only: this appeal is more than that."))
    wordings = {code: wording.current(appeal, "sign", code).id for code in _languages(appeal)}
    written = _writer(appeal.id, wordings)
    dice = random.Random(seed)  # noqa: S311 - nothing secret is drawn
    cursor = session.connection().connection.cursor()
    with cursor.copy(_COPY) as copy:
        _pour(copy, (written(drawn) for drawn in _draw(dice, signatures, appeal, list(wordings), now)))
    session.commit()
    _fold()
    return signatures


def clear(appeal: Appeal) -> int:
    """Remove every synthetic signature of an appeal, as it must be before somebody answers for it; how many."""
    removed = session.execute(delete(Signature).where(Signature.appeal_id == appeal.id, Signature.origin == "demo"))
    session.commit()
    _fold()
    return int(removed.rowcount)  # type: ignore[attr-defined] # a DELETE gives a CursorResult


def _languages(appeal: Appeal) -> list[str]:
    version = session.get_one(AppealVersion, (appeal.id, appeal.version))
    return list(version.content["languages"])


def _draw(
    dice: random.Random, signatures: int, appeal: Appeal, languages: list[str], now: datetime
) -> Iterator[_Drawn]:
    """So many people, in batches; more on recent days than long ago, none from the country at risk."""
    countries = {code: weight for code, weight in _COUNTRIES.items() if code != appeal.country_at_risk}
    for done in range(0, signatures, 1000):
        n = min(1000, signatures - done)
        lots = zip(
            dice.choices(_NAMES, k=n),
            dice.choices(list(countries), list(countries.values()), k=n),
            dice.choices(list(_VISIBILITIES), list(_VISIBILITIES.values()), k=n),
            dice.choices(languages, k=n),
            (_whole_day(now - timedelta(days=_DAYS * dice.random() ** 2), now) for _lot in range(n)),
            strict=True,
        )
        yield from (_Drawn(*lot) for lot in lots)


def _whole_day(moment: datetime, now: datetime) -> datetime:
    """What is older than a week is kept to the day, as for everybody."""
    if now - moment < timedelta(days=7):
        return moment
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _writer(appeal_id: UUID, wordings: dict[str, UUID]) -> Callable[[_Drawn], str]:
    """A function that makes one person's line of COPY's text format (PostgreSQL documentation, COPY)."""
    kept, scope, run = vault.current(), f"appeal {appeal_id}", uuid4().hex[:12]
    numbers = iter(range(10**12))

    def line(drawn: _Drawn) -> str:
        row, n = uuid4(), next(numbers)
        email = f"person-{run}-{n}@{_DOMAINS[n % 3]}"
        sealed = kept.seal({"name": drawn.name, "email": email, "hint": ""}, table="signature", row=row)
        public = drawn.name if drawn.visibility == "public" else _NULL
        return (
            f"{row}\t{appeal_id}\tconfirmed\t\\\\x{kept.index(email, scope=scope).hex()}"
            f"\t\\\\x{kept.index(email, scope='address').hex()}\t\\\\x{sealed.hex()}\t{drawn.country or _NULL}"
            f"\t{drawn.visibility}\t{drawn.language}\t{public}\t{wordings[drawn.language]}\tdemo"
            f"\t{drawn.signed_at.isoformat()}\t{drawn.signed_at.isoformat()}\n"
        )

    return line


def _pour(copy: Copy, lines: Iterator[str]) -> None:
    """Hand the lines over some hundred at a time: a call for each would cost more than the line."""
    block: list[str] = []
    for line in lines:
        block.append(line)
        if len(block) == 500:
            copy.write("".join(block))
            block.clear()
    copy.write("".join(block))


def _fold() -> None:
    while counting.fold():
        pass
