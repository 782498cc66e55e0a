"""Lists of phrases as patterns: they are written over several lines, and their spaces count."""

from __future__ import annotations

import re


def phrases(lines: str) -> re.Pattern[str]:
    """One pattern, whatever the case, from alternatives on several lines that each begin with ``|``."""
    return re.compile("".join(line.strip() for line in lines.splitlines()), re.IGNORECASE)
