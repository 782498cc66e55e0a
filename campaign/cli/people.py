"""Commands about people: who may sit at the desk, and forgetting somebody."""

from __future__ import annotations

from typing import Any

import click

from campaign.cli import stage
from campaign.cli.root import campaign
from campaign.db import session
from campaign.organisers import accounts, audit, links
from campaign.rights import erasing
from campaign.web import link


@campaign.group()
def organiser() -> None:
    """Who may sit at the desk."""


@organiser.command()
@click.argument("email")
def add(email: str) -> None:
    """Let EMAIL into the desk and print a link that signs in once, within 24 hours."""
    with stage.application():
        known = accounts.add(email)
        audit.record("organiser.link_printed", f"organiser {known.id}", actor="command line")
        click.echo(link("organisers.enter", secret=links.make(known)))


@campaign.command()
@click.argument("email")
def erase(email: str) -> None:
    """Forget whoever has EMAIL: their signatures, letters and mails lose everything that names them."""
    with stage.application():
        counts = erasing.erase(email)
        details: dict[str, Any] = dict(counts)
        audit.record("person.erased", "somebody", actor="command line", **details)
        session.commit()
    click.echo("Erased: " + ", ".join(f"{n} {what}" for what, n in counts.items()) + ".")
