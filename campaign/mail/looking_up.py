"""What DNS says about our domain and those we send to: it keeps to itself how it is asked; silence is no answer.

Sources: RFC 7208 3.1 (SPF), RFC 6376 3.6.2.1 (DKIM), RFC 7489 6.1 (DMARC), RFC 8020 (no name, none below it).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from dns.exception import DNSException
from dns.name import root
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

_PATIENCE = 2.0  # seconds: a page waits for this


@dataclass(frozen=True, slots=True)
class Records:
    """Whether each record was found; None: nobody answered, so it was not checked.

    DKIM's own name is known only to whoever signs; found means that some key stands under the domain.
    """

    spf: bool | None
    dkim: bool | None
    dmarc: bool | None


NOT_CHECKED = Records(None, None, None)


def records_of(domain: str, ask: Resolver | None = None) -> Records:
    """Look for SPF, DKIM and DMARC of a domain, for at most two seconds."""
    try:
        resolver = ask or Resolver()
    except DNSException:  # this machine knows no name server
        return NOT_CHECKED
    questions: list[Callable[[], bool | None]] = [
        lambda: _has(resolver, domain, "v=spf1"),
        lambda: _exists(resolver, f"_domainkey.{domain}"),
        lambda: _has_dmarc(resolver, domain),
    ]
    with ThreadPoolExecutor(len(questions)) as pool:
        return Records(*pool.map(lambda question: question(), questions))


def takes_mail(domain: str, ask: Resolver | None = None) -> bool | None:
    """Whether a domain has a place for mail: MX, or else an address (RFC 5321 5.1), and no null MX (RFC 7505).

    None when nobody answered within two seconds for each question.
    """
    try:
        resolver = ask or Resolver()
        return any(row.exchange != root for row in resolver.resolve(domain, "MX", lifetime=_PATIENCE))
    except NXDOMAIN:
        return False
    except NoAnswer:
        found = [_answers(resolver, domain, kind) for kind in ("A", "AAAA")]
        return True if True in found else None if None in found else False
    except DNSException:
        return None


def _answers(resolver: Resolver, name: str, kind: str) -> bool | None:
    try:
        return bool(resolver.resolve(name, kind, lifetime=_PATIENCE))
    except (NXDOMAIN, NoAnswer):
        return False
    except DNSException:
        return None


def _has_dmarc(resolver: Resolver, domain: str) -> bool | None:
    """Its own, or that of a domain above it."""
    labels = domain.split(".")
    answers = [_has(resolver, f"_dmarc.{'.'.join(labels[n:])}", "v=DMARC1") for n in range(len(labels) - 1)]
    return True if True in answers else None if None in answers else False


def _has(resolver: Resolver, name: str, start: str) -> bool | None:
    try:
        found = resolver.resolve(name, "TXT", lifetime=_PATIENCE)
    except (NXDOMAIN, NoAnswer):
        return False
    except DNSException:
        return None
    return any(b"".join(row.strings).decode("ascii", "replace").startswith(start) for row in found)


def _exists(resolver: Resolver, name: str) -> bool | None:
    try:
        resolver.resolve(name, "TXT", lifetime=_PATIENCE, raise_on_no_answer=False)
    except NXDOMAIN:
        return False
    except DNSException:
        return None
    return True
