"""What stands against sending an appeal's letters in earnest; it keeps to itself what is looked at before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from flask import current_app

from campaign.appeals.models import Appeal
from campaign.errors import Refused
from campaign.i18n import day as day_of
from campaign.i18n import gettext as _
from campaign.i18n import number
from campaign.letters import gating, launching, trying
from campaign.letters.leaving_by import sender_domain
from campaign.mail import looking_up, transports
from campaign.mail.addresses import Address
from campaign.mail.looking_up import NOT_CHECKED, Records
from campaign.mail.scheduling import DOMAIN, OFFICE
from campaign.offices.models import Office
from campaign.organisers import accounts

GOOD, BAD, UNKNOWN = "good", "bad", "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, in a sentence. ``tone``: ``good``, ``bad`` or ``unknown``; only bad stands in the way."""

    text: str
    tone: str


def checks(appeal: Appeal, offices: Sequence[Office], day: date) -> list[Check]:
    """Everything that is looked at before the gate of an appeal opens, as it is on ``day``."""
    return [
        _is(appeal.state == "open", _("The appeal is open."), _("The appeal is not open: its letters never leave.")),
        _is(
            transports.mode(current_app) == transports.LIVE,
            _("Mail goes out through a relay."),
            _("This is a rehearsal: no relay is set up, so no mail leaves this machine."),
        ),
        *_domain(),
        _addresses(offices, day),
        _limits(offices, day),
        _test_letter(appeal),
    ]


def refuse_unless_clear(appeal: Appeal, offices: Sequence[Office], day: date) -> list[Check]:
    """The same checks once more; raises Refused with what stands in the way."""
    found = checks(appeal, offices, day)
    against = [check.text for check in found if check.tone == BAD]
    if against:
        raise Refused(" ".join(against))
    return found


def _domain() -> Iterator[Check]:
    domain = sender_domain()
    if _leads_nowhere(domain):
        yield Check(_("Letters would come from %(domain)s, which is nobody’s domain.", domain=domain), BAD)
        return
    yield Check(_("Letters come from %(domain)s.", domain=domain), GOOD)
    live = transports.mode(current_app) == transports.LIVE
    yield from _records(domain, looking_up.records_of(domain) if live else NOT_CHECKED)


def _leads_nowhere(domain: str) -> bool:
    try:
        return Address.parse(f"letters@{domain}").reserved
    except Refused:  # ``localhost`` is no domain
        return True


def _records(domain: str, found: Records) -> Iterator[Check]:
    for name, there in (("SPF", found.spf), ("DMARC", found.dmarc)):
        words = {"name": name, "domain": domain}
        if there is None:
            yield Check(_("%(name)s of %(domain)s was not checked: no name server answered.", **words), UNKNOWN)
        else:
            yield _is(there, _("%(name)s is published.", **words), _("%(domain)s publishes no %(name)s.", **words))
    yield _dkim(domain, found.dkim)


def _dkim(domain: str, there: bool | None) -> Check:
    """Only whoever signs knows where its key stands, so its absence is not proved here and stops nobody."""
    if there is None:
        return Check(_("DKIM of %(domain)s was not checked: no name server answered.", domain=domain), UNKNOWN)
    if there:
        return Check(_("A DKIM key is published; a test mail’s headers show whether the relay signs with it."), GOOD)
    return Check(_("No DKIM key was found under %(domain)s. Ask whoever runs the relay.", domain=domain), UNKNOWN)


def _addresses(offices: Sequence[Office], day: date) -> Check:
    fit = sum(gating.checked_address(office, day) is not None for office in offices)
    words = {"fit": number(fit), "n": number(len(offices))}
    return _is(
        fit > 0,
        _("%(fit)s of %(n)s offices have an address that a person checked within 90 days.", **words),
        _("No office has an address that a person checked within 90 days."),
    )


def _limits(offices: Sequence[Office], day: date) -> Check:
    found = launching.lines(offices, day)
    most = max((line.standing.pace.per_day for line in found), default=OFFICE.per_day)
    together = max((one.standing.pace.per_day for one in launching.domains(found)), default=DOMAIN.per_day)
    words = {"most": number(most), "n": number(together)}
    said = _("At most %(most)s letters a day go to one office, %(n)s to all offices at one mail domain.", **words)
    return Check(said, GOOD)


def _test_letter(appeal: Appeal) -> Check:
    """What an organiser saw with their own eyes, through this relay and from this domain."""
    came = trying.received(appeal.id)
    if came is None or came.received_at is None:
        return Check(_("No organiser has received a test letter by this relay and from this sender yet."), BAD)
    told = accounts.emails({came.received_by}) if came.received_by else {}
    who = next(iter(told.values()), _("a former organiser"))
    words = {"who": who, "day": day_of(came.received_at), "relay": came.relay, "domain": came.domain}
    return Check(_("%(who)s received a test letter from %(domain)s by %(relay)s on %(day)s.", **words), GOOD)


def _is(good: bool, yes: str, no: str) -> Check:
    return Check(yes, GOOD) if good else Check(no, BAD)
