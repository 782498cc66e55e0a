"""A visitor without a browser: gets a page, fills in a form of it by id or action, follows where it is sent."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form as it stands in a page: where it goes and what its hidden fields hold."""

    action: str
    ident: str
    hidden: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(values.get("action", ""), values.get("id", "")))
        elif tag == "input" and values.get("type") == "hidden" and self.found:
            self.found[-1].hidden[values["name"]] = values.get("value", "")


class Visitor:
    """Somebody with an address on the network, at a desk with ``cookies``; ``page`` is what they look at."""

    def __init__(self, site: str, *, cookies: bool = False, **headers: str) -> None:
        self.site = site
        kept = [urllib.request.HTTPCookieProcessor()] if cookies else []
        self._opener = urllib.request.build_opener(*kept)
        self.headers = headers
        self.page = ""
        self.status = 0

    def get(self, path: str) -> str:
        """Open a path of the site."""
        return self._open(path, None)

    def post(self, path: str, fields: dict[str, str]) -> str:
        """Send fields to a path and follow where it leads."""
        return self._open(path, urllib.parse.urlencode(fields).encode())

    def submit(self, which: str, /, **fields: str) -> str:
        """Fill in and send the form of the page whose id or action contains ``which``."""
        parser = _Forms()
        parser.feed(self.page)
        form = next(f for f in parser.found if which in (f.ident, "") or which in f.action)
        return self.post(form.action, form.hidden | fields)

    def _open(self, path: str, data: bytes | None) -> str:
        url = urllib.parse.urljoin(self.site, path)
        request = urllib.request.Request(url, data, self.headers)
        try:
            with self._opener.open(request, timeout=30) as answer:
                self.status, self.page = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            self.status, self.page = error.code, error.read().decode()
        return self.page
