"""What stands between a demonstration and an open appeal, in words; it keeps to itself what is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from campaign.appeals.content import Content
from campaign.i18n import gettext as _
from campaign.offices import addressing, queries


@dataclass(frozen=True, slots=True)
class Launch:
    """What is missing, each a phrase; and to how many of the offices our server could write."""

    missing: tuple[str, ...]
    sendable: int
    offices: int


def launch_list(content: Content, *, on: date) -> Launch:
    """What has to be there before the appeal can be opened, as of one day."""
    offices = queries.by_slugs(content.addressees).values()
    sendable = sum(addressing.sendable_address(office, on) is not None for office in offices)
    return Launch(tuple(_missing(content)), sendable, len(content.addressees))


def _missing(content: Content) -> Iterator[str]:
    publisher = content.publisher
    wanted = {
        _("name a publisher"): publisher.name,
        _("give the publisher’s address"): publisher.address,
        _("name a contact person"): publisher.contact_person,
        _("give a telephone number"): publisher.phone,
        _("name a contact for questions about data"): publisher.privacy_contact,
        _("set the day on which signatures are deleted"): content.delete_by,
    }
    return (phrase for phrase, value in wanted.items() if not value)
