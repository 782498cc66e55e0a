"""Mail addresses: it keeps to itself which are accepted, which two are one mailbox, and what may be kept in clear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import email_validator
from email_validator import EmailNotValidError, validate_email

from campaign import vault
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail.providers import GMAIL, LARGE, PLUS, POPULAR, PROTON, REAL

# RFC 2606 names are let in, since rehearsals and stand-ins use them; no door but capture lets them out.
for _name in ("invalid", "test"):
    email_validator.SPECIAL_USE_DOMAIN_NAMES.remove(_name)
_RESERVED = (".invalid", ".example", ".test", ".localhost", ".example.com", ".example.net", ".example.org")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Address:
    """One mailbox: ``exact`` is where mail goes, in lower case; ``canonical`` is the same for all its aliases."""

    exact: str
    canonical: str
    domain: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address a person typed. Raises Refused(field="email") in kind words."""
        try:
            found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False, strict=True)
        except EmailNotValidError:
            raise Refused(_("This does not look like an email address. Please check it."), field="email") from None
        domain = (found.ascii_domain or found.domain).lower()
        local = found.local_part.lower()
        return cls(f"{local}@{domain}", _canonical(local, domain), domain)

    @property
    def reserved(self) -> bool:
        """Whether RFC 2606 reserves the domain, so that no mail may ever go there."""
        return f".{self.domain}".endswith(_RESERVED)

    def index(self) -> bytes:
        """The keyed index by which caps, rights and suppression find this exact address."""
        return vault.current().index(self.exact, scope="address")

    def mailbox(self) -> bytes:
        """The keyed index of the mailbox behind all aliases: what a cap counts, so that "+1" does not escape it."""
        return vault.current().index(self.canonical, scope="mailbox")


def typo_hint(address: Address) -> str | None:
    """The address probably meant ("gamil.com" for gmail.com), to be offered, never enforced."""
    if address.domain in REAL:
        return None
    meant = _one_slip_from(address.domain)
    return f"{address.exact.rpartition('@')[0]}@{meant}" if meant else None


def recorded_domain(domain: str) -> str:
    """What may stand in clear beside a sealed address: a large provider's name, else 16 hexadecimal characters."""
    if domain in LARGE:
        return domain
    return vault.current().index(domain, scope="domain").hex()[:16]


def _canonical(local: str, domain: str) -> str:
    if domain in PLUS:
        local = local.partition("+")[0] or local
    if domain in GMAIL:
        return f"{local.replace('.', '')}@gmail.com"
    if domain in PROTON:
        return f"{local.translate(str.maketrans('', '', '.-_'))}@proton.me"
    return f"{local}@{domain}"


@lru_cache(4096)
def _one_slip_from(domain: str) -> str | None:
    slips = set(_slips(domain))
    return next((popular for popular in POPULAR if popular in slips), None)


def _slips(word: str) -> Iterator[str]:
    """Everything one key away: a letter dropped, doubled, swapped or mistaken."""
    for i in range(len(word) + 1):
        head, tail = word[:i], word[i:]
        yield head + tail[1:]
        yield head + tail[1:2] + tail[:1] + tail[2:]
        for letter in _LETTERS:
            yield head + letter + tail
            yield head + letter + tail[1:]
