"""Who signs: it keeps to itself what is known of somebody before anything of it is stored."""

from __future__ import annotations

from dataclasses import dataclass

from campaign.mail.addresses import Address


@dataclass(frozen=True, slots=True)
class Signer:
    """What somebody typed, checked: nothing of it is stored in the clear unless they chose so."""

    name: str
    address: Address
    country: str | None  # ISO 3166-1 alpha-2; None: not said
    visibility: str
    updates: bool = False
