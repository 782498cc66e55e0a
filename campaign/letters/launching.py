"""An appeal's offices as the sending screen shows them: it keeps to itself what is known of each on one day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from campaign.appeals.content import Content
from campaign.appeals.models import Appeal
from campaign.letters import gating
from campaign.letters.bearing import Receiver
from campaign.mail import foreseeing, pacing
from campaign.mail.forecasting import Outlook
from campaign.mail.pacing import Standing
from campaign.offices import addressing, queries
from campaign.offices.models import Office


@dataclass(frozen=True, slots=True)
class OfficeLine:
    """One addressee: where it is written to (None: nowhere yet), what it bears, and when its last letter goes."""

    office: Office
    address: str | None
    shown: str | None
    standing: Standing
    outlook: Outlook

    @property
    def domain(self) -> str:
        """The mail domain whose budget its letters cost; empty while it is written to nowhere."""
        return (self.address or self.shown or "").rpartition("@")[2].lower()

    @property
    def takes_letters(self) -> bool:
        """Whether single letters may go to it at all."""
        return self.standing.takes_letters and addressing.accepts_letters(self.office)


@dataclass(frozen=True, slots=True)
class DomainLine:
    """A mail domain that offices are written to at: how many share it, and how its budget stands."""

    domain: str
    offices: int
    standing: Standing


def addressees(content: Content) -> list[Office]:
    """The offices that an appeal writes to, in its order."""
    known = queries.by_slugs(content.addressees)
    return [known[slug] for slug in content.addressees if slug in known]


def domains(found: Sequence[OfficeLine]) -> list[DomainLine]:
    """The mail domains of these offices, the one that most share first."""
    counted = Counter(line.domain for line in found if line.domain and line.takes_letters)
    keys = {domain: Receiver("domain", domain).key for domain in counted}
    standings = pacing.standings(keys.values())
    return [DomainLine(domain, n, standings[keys[domain]]) for domain, n in counted.most_common()]


def lines(offices: Sequence[Office], day: date, *, before: date | None = None, more: int = 0) -> list[OfficeLine]:
    """What is known of each office on ``day``; ``before`` and ``more`` as for the forecast."""
    keys = {pacing.office_key(office.slug): office for office in offices}
    addresses = {key: gating.checked_address(office, day) for key, office in keys.items()}
    standings = pacing.standings(keys)
    outlooks = foreseeing.foresee({k: _domain(a) for k, a in addresses.items()}, before=before, more=more)
    return [
        OfficeLine(office, addresses[key], addressing.sendable_address(office, day), standings[key], outlooks[key])
        for key, office in keys.items()
    ]


def goes_by(appeal: Appeal, office: Office, day: date) -> date | None:
    """The day by which a letter that is confirmed now would go; None when it would not leave, or nobody can say."""
    way = gating.passage(appeal, office, day)
    if not way.live:
        return None
    key = pacing.office_key(office.slug)
    return foreseeing.foresee({key: _domain(way.address)}, more=1)[key].last_day


def _domain(address: str | None) -> str | None:
    return address.rpartition("@")[2] if address else None
