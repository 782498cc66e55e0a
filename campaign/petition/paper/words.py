"""States of a batch as the desk speaks of them, and how their pills look."""

from __future__ import annotations

from typing import Any

from campaign.i18n import lazy_gettext as _

STATES: dict[str, tuple[Any, str]] = {
    "entered": (_("waits for a second count"), "wait"),
    "differs": (_("the counts differ"), "bad"),
    "counted": (_("counted"), "good"),
    "rejected": (_("rejected"), ""),
    "withdrawn": (_("withdrawn"), ""),
}
