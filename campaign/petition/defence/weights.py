"""What makes a signature wait for a look: every signal, what it weighs, and how the desk says it.

Nothing here refuses anybody. People behind one office, camp, VPN or Tor exit are our users, and a small domain may be
a university. So no signal but the trap is enough alone; a crowd is held only where it is larger than an office, or
made of strangers; and what an organiser lets count once (``trusting``) is not held for being a crowd again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from campaign.i18n import lazy_gettext as _

HELD_FROM = 100
MINUTE, HOUR, DAY, MONTH = 60, 3600, 24 * 3600, 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Signal:
    """A reason to look: ``words`` of the desk; for a crowd also what is counted, and above how many in how long."""

    weight: int
    words: Any  # lazily translated
    crowd: str = ""  # "network", "onion", "domain", "name", "country" or "unproved", each within one appeal
    most: int = 0
    seconds: int = 0


SIGNALS: dict[str, Signal] = {
    "trap": Signal(100, _("a field was filled in that people do not see")),
    "no_browser": Signal(15, _("it came without what today’s browsers say of themselves")),
    "unproved": Signal(40, _("everybody was asked for a sum, and it came without")),
    "unproved_minute": Signal(60, _("more than 30 without the sum within a minute"), "unproved", 30, MINUTE),
    "unproved_hour": Signal(60, _("more than 600 without the sum within an hour"), "unproved", 600, HOUR),
    "disposable": Signal(60, _("the address is of a kind that is thrown away")),
    "no_mail": Signal(60, _("nothing says where mail for this domain should go")),
    "name_shape": Signal(60, _("the name repeats one letter, or is one word twice")),
    "name_many": Signal(40, _("more than 10 of the same name within a day"), "name", 10, DAY),
    "name_flood": Signal(60, _("more than 50 of the same name within a day"), "name", 50, DAY),
    "network_minute": Signal(40, _("more than 10 from one network within a minute"), "network", 10, MINUTE),
    "network_hour": Signal(40, _("more than 30 from one network within an hour"), "network", 30, HOUR),
    "network_day": Signal(40, _("more than 150 from one network within a day"), "network", 150, DAY),
    "country_mix": Signal(
        30,
        _("more than 100 within an hour from a country where hardly anybody had signed from"),
        "country",
        100,
        HOUR,
    ),
    "onion_minute": Signal(40, _("more than 60 by the onion address within a minute"), "onion", 60, MINUTE),
    "onion_hour": Signal(40, _("more than 600 by the onion address within an hour"), "onion", 600, HOUR),
    "domain_new": Signal(60, _("a mail domain that nobody knew a day ago, and more than 5 of it"), "domain", 5, DAY),
    "domain_hour": Signal(50, _("more than 15 of one small mail domain within an hour"), "domain", 15, HOUR),
    "domain_flood": Signal(
        40, _("a mail domain that nobody knew a day ago, and more than 20 of it"), "domain", 20, DAY
    ),
    "domain_day": Signal(30, _("more than 100 of one small mail domain within a day"), "domain", 100, DAY),
}
NEW = {"domain_new", "domain_flood"}  # while the domain is younger than a day


def words(code: str) -> str:
    """A reason as the desk says it."""
    return str(SIGNALS[code].words) if code in SIGNALS else code
