"""The way by which letters leave: it keeps to itself what of the settings makes it another one."""

from __future__ import annotations

from typing import Any

from flask import current_app

from campaign import vault
from campaign.mail.smtp import Relay


def present_way() -> dict[str, Any]:
    """How letters would leave now, as columns: ``route``, a keyed digest, stays while relay, account and sender do.

    ``relay`` ("host:port") and ``domain`` are what may be shown of it; the password is in none of them.
    """
    relay = Relay.parse(current_app.config["MAIL_URL"], "")
    here = (relay.host, relay.port, relay.user, relay.tls_from_start)
    said = (*here, current_app.config["MAIL_FROM"], sender_domain())
    route = vault.current().index("\n".join(map(str, said)), scope="route of letters")
    return {"route": route, "relay": f"{relay.host}:{relay.port}", "domain": sender_domain()}


def sender_domain() -> str:
    """The domain in the From of a letter."""
    domain: str = current_app.config["LETTERS_DOMAIN"] or current_app.config["MAIL_FROM"].rpartition("@")[2]
    return domain
