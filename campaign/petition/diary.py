"""The day on which an appeal opens, for a calendar: it keeps to itself the format (iCalendar, RFC 5545)."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from campaign.appeals.queries import Published
from campaign.i18n import gettext as _
from campaign.petition.paper import posters

_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_LONGEST = 75  # bytes of a line (3.1)


def entry(published: Published, lang: str, day: date) -> bytes:
    """A whole day named after the appeal, with its address: nothing about whoever keeps it."""
    address, appeal = posters.address(published, lang), published.appeal
    words = _("You can sign now: %(title)s", title=published.content.text(lang).title)
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Undersigned//EN", "BEGIN:VEVENT",
        f"UID:{appeal.id}@{urlsplit(address).hostname}",
        f"DTSTAMP:{appeal.created_at:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"SUMMARY:{words.translate(_ESCAPED)}",
        f"URL:{address}",
        "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    return b"\r\n".join(_folded(line.encode()) for line in lines)


def _folded(line: bytes) -> bytes:
    """A long line goes on in the next, after a space; between two characters, never within one."""
    if len(line) <= _LONGEST:
        return line
    end = next(n for n in range(_LONGEST, 0, -1) if line[n] & 0xC0 != 0x80)
    return line[:end] + b"\r\n" + _folded(b" " + line[end:])
