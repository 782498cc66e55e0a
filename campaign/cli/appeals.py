"""Commands about an appeal: load it, open and close it, export its signatures, fill a demonstration."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import click

from campaign import db
from campaign.appeals import loading, states
from campaign.appeals.models import Appeal
from campaign.cli import stage
from campaign.cli.naming import appeal_named
from campaign.cli.root import campaign
from campaign.exports import exporting
from campaign.exports.audiences import AUDIENCES
from campaign.offices import directory
from campaign.organisers import audit
from campaign.petition import counting
from campaign.petition import demo as synthetic
from campaign.rights import retention
from campaign.running.preparing import DATA

_LATER = ("xlsx", "jsonl")


@campaign.group()
def appeal() -> None:
    """The appeals of this installation."""


@appeal.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, exists=True, path_type=Path))
def load(folder: Path) -> None:
    """Check the bundle in DIR and make it the newest version of its appeal; print what differs."""
    with stage.application():
        directory.load(db.session, DATA / "un_offices.yaml")
        loaded = loading.load(db.session, folder, now=datetime.now(UTC))
        _note("appeal.loaded", loaded.slug, version=loaded.version)
    said = "is new" if loaded.is_new else "has changed" if loaded.changes else "is as it was"
    click.echo(f"{loaded.slug} {said}: version {loaded.version}")
    for change in loaded.changes:
        click.echo(f"  {change}")


@appeal.command("list")
def list_() -> None:
    """Every appeal with its state and its confirmed signatures."""
    with stage.application():
        for found in db.session.query(Appeal).order_by(Appeal.slug):
            click.echo(f"{found.slug}  {found.state}  {counting.tally(found.id).total} signatures")


@appeal.command("open")
@click.argument("slug")
def open_(slug: str) -> None:
    """Let people sign SLUG in earnest; what was rehearsed before, and synthetic signatures, is forgotten first."""
    with stage.application():
        found = appeal_named(slug)
        removed = 0
        if found.opened_at is None and states.may_open(found):
            removed = synthetic.clear(found) + retention.forget_rehearsal(found)
        states.open_appeal(found)
        _note("appeal.opened", slug, forgotten=removed)
    click.echo(f"{slug} is open." + (f" {removed} rows of the rehearsal were forgotten." if removed else ""))


@appeal.command()
@click.argument("slug")
@click.option("--opens", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The day its page names.")
def announce(slug: str, opens: datetime) -> None:
    """Let everybody read the draft SLUG, and by when it opens; open it yourself on that day."""
    with stage.application():
        states.announce(appeal_named(slug), opens.date())
        _note("appeal.announced", slug)
    click.echo(f"{slug} can be read; its page says that it opens on {opens.date()}.")


@appeal.command()
@click.argument("slug")
@click.option("--outcome", type=click.Choice(get_args(states.Outcome)), help="Won, or in part; its page says so.")
def close(slug: str, outcome: states.Outcome | None) -> None:
    """Take no more signatures for SLUG; everybody keeps their rights."""
    with stage.application():
        states.close_appeal(appeal_named(slug), outcome=outcome)
        _note("appeal.closed", slug, **({"outcome": outcome} if outcome else {}))
    click.echo(f"{slug} is closed.")


@campaign.command()
@click.argument("slug")
@click.option("--format", "kind", type=click.Choice(["csv", *_LATER]), default="csv", show_default=True)
@click.option("--audience", type=click.Choice(list(AUDIENCES)), default="organisers", show_default=True)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Whole or not at all.")
def export(slug: str, kind: str, audience: str, out: Path) -> None:
    """Write the confirmed signatures of SLUG into a file that only you can read."""
    if kind in _LATER:
        raise click.UsageError(f"{kind} comes with a later version; today there is csv")
    with stage.application():
        found = appeal_named(slug)
        exporting.write(exporting.export(found, audience=AUDIENCES[audience], actor="command line"), out)
    click.echo(f"Written: {out}")


@campaign.group()
def demo() -> None:
    """Synthetic people, for demonstrations."""


@demo.command()
@click.argument("slug")
@click.option("--signatures", type=click.IntRange(1, 10_000_000), required=True)
def fill(slug: str, signatures: int) -> None:
    """Add confirmed signatures of people who do not exist, marked as such, to the demonstration SLUG."""
    with stage.application():
        added = synthetic.fill(appeal_named(slug), signatures, now=datetime.now(UTC))
        _note("demo.filled", slug, signatures=added)
    click.echo(f"{added} synthetic signatures were added to {slug}.")


def _note(action: str, slug: str, **details: Any) -> None:
    audit.record(action, f"appeal {slug}", actor="command line", **details)
    db.session.commit()
