"""The command about surge mode."""

from __future__ import annotations

import click

from campaign.cli import stage
from campaign.cli.naming import appeal_named
from campaign.cli.root import campaign
from campaign.petition.surge import switching

_SAID = {
    "on": "{} is in surge mode until you switch it off.",
    "off": "{} is not in surge mode, whatever the load, until you switch it on or leave it to the load (auto).",
    "auto": "{} is left to the load: surge mode begins and ends by itself.",
}


@campaign.command()
@click.argument("what", type=click.Choice(list(_SAID)))
@click.argument("slug")
def surge(what: str, slug: str) -> None:
    """Surge mode of SLUG, for the day that very many come at once: on, off, or auto (by load, as at first)."""
    with stage.application():
        appeal = appeal_named(slug)
        if what == "auto":
            switching.leave_to_load(appeal, actor="command line")
        else:
            switching.switch(appeal, what == "on", actor="command line")
    click.echo(_SAID[what].format(slug))
