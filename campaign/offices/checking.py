"""An organiser looks after the addresses of an office: it keeps to itself what makes one fit to be written to."""

from __future__ import annotations

from uuid import UUID, uuid4

from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail.addresses import Address
from campaign.offices import changing, queries
from campaign.offices.models import Office, OfficeAddress
from campaign.organisers.models import Organiser


def enter(slug: str, *, address: Address, source: str, seen: bool, by: Organiser) -> None:
    """Add an address and where it was read; written to only if ``seen`` on the office's own page today.

    One that is listed already is checked anew. Raises Refused (field ``email``) if it is and was not seen.
    """
    office = changing.hold(slug)
    row = next((a for a in office.addresses if a.email.casefold() == address.exact), None)
    if row is None:
        row = OfficeAddress(id=uuid4(), email=address.exact, source=source, checked_by=by.id, status="unverified")
        if seen:
            row.status, row.checked_on = "verified", queries.today()
        changing.note(office, "office.address_entered", [changing.add(office, row)], by=by, address=row.email)
    elif seen:
        _verify(office, row, source=source, by=by)
    else:
        raise Refused(_("This address is listed already. Say below that you have seen it."), field="email")


def check(slug: str, row: UUID, *, by: Organiser) -> None:
    """Let an address be written to: the organiser has seen it on the office's own page today.

    Raises Refused when it is gone, or was checked today already.
    """
    office = changing.hold(slug)
    _verify(office, _address(office, row), source=_("seen on the office’s own page"), by=by)


def retire(slug: str, row: UUID, *, by: Organiser) -> None:
    """Write to an address no more. Raises Refused when it is gone, or retired already."""
    office = changing.hold(slug)
    address = _address(office, row)
    if address.status == "retired":
        raise Refused(_("This address is retired already."))
    values = {"status": "retired", "checked_on": queries.today(), "checked_by": by.id}
    change = changing.alter(address, values)
    changing.note(office, "office.address_retired", [change], by=by, address=address.email)


def _verify(office: Office, row: OfficeAddress, *, source: str, by: Organiser) -> None:
    values = {"status": "verified", "source": source, "checked_on": queries.today(), "checked_by": by.id}
    change = changing.alter(row, values)
    changing.note(office, "office.address_checked", [change], by=by, address=row.email)


def _address(office: Office, row: UUID) -> OfficeAddress:
    found = next((a for a in office.addresses if a.id == row), None)
    if found is None:
        raise Refused(_("This address is no longer listed."))
    return found
