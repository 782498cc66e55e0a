"""Held messages that may leave after all: it keeps to itself that one goes live only here, and all of it at once."""

from __future__ import annotations

from flask import current_app

from campaign import vault
from campaign.mail import transports
from campaign.mail.addresses import Address, recorded_domain
from campaign.mail.models import Message
from campaign.mail.moving import move
from campaign.mail.states import State

_message = Message.__table__.c


def release(message: Message, address: Address) -> bool:
    """Let a held message leave by the relay, to this address; part of the caller's transaction.

    False, and it stays held, while nothing leaves this machine, for a demonstration, and to an address that
    leads nowhere. Its place in the queue is that of the day it was written.
    """
    if transports.mode(current_app) != transports.LIVE or message.origin == "demo" or address.reserved:
        return False
    domain = recorded_domain(address.domain)
    others = [key for key in message.pause_keys if not key.startswith("domain:")]
    moved = move(
        _message.id == message.id,
        _message.state == State.HELD,
        to=State.READY,
        why="released",
        recipient=vault.current().seal({"address": address.exact}, table="message", row=message.id),
        recipient_index=address.index(),
        mailbox_index=address.mailbox(),
        recipient_domain=domain,
        pause_keys=[*others, f"domain:{domain}"],
        mode=transports.LIVE,
        capture_only=False,
        content=None,  # bytes of an earlier turn name the address of that day
        message_id=None,
        date_header=None,
    )
    return bool(moved)
