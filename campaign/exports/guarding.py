"""One guard against spreadsheets: it keeps to itself which texts a program would run instead of show."""

from __future__ import annotations

import re

_UNSEEN = "\\s\0\u200b-\u200f\u2060-\u2064\ufeff"  # what a program may skip before it looks for a formula
_SIGNS = re.escape("=+-@%＝＋－＠％−")
_STARTS = re.compile(f"[{_UNSEEN}]*[{_SIGNS}\t\r\n\0]")
# A program set to semicolons or tabs sees a new cell after each of these, whatever we quote.
_AFTER_BREAK = re.compile(f"([;\t\r\n][{_UNSEEN}]*)(?=[{_SIGNS}])")


def guarded(cell: str) -> str:
    """``cell`` so that a spreadsheet shows it as text: an apostrophe before whatever would start a formula.

    ``-5`` is guarded too: a name is never a number. Source: OWASP, CSV Injection; ASVS 5.0, 1.2.10.
    """
    if not cell:
        return cell
    inner = _AFTER_BREAK.sub(r"\1'", cell)
    return f"'{inner}" if _STARTS.match(cell) else inner
