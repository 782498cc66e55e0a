"""What was typed, given back in a page that says "not now": it keeps to itself how it is put into that page.

It stands in hidden fields of the answer and nowhere else: in no address, no log, and nothing of it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from markupsafe import Markup

_IN_A_QUERY = "=&%+,;/?:@!$'()*"  # as whoever wrote the link meant it


def fields(typed: Iterable[tuple[str, str]]) -> Markup:
    """Name and value of each field → hidden fields of the form that sends them again."""
    one = Markup('<input type="hidden" name="{}" value="{}">')
    return Markup("").join(one.format(name, value) for name, value in typed)


def address(path: str, query: bytes) -> str:
    """Where a form was sent → where it is sent again, on this site: of two slashes a browser makes another host."""
    here = quote("/" + path.lstrip("/"))
    return f"{here}?{quote(query, safe=_IN_A_QUERY)}" if query else here
