"""Commands that keep an installation: backup, restore, and one page that says what is wrong."""

from __future__ import annotations

from pathlib import Path

import click

from campaign import db, vault
from campaign.cli import archive, examining, stage
from campaign.cli.root import campaign


@campaign.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write the database into FILE (mode 600). The keys are left out."""
    with stage.servers() as (settings, started):
        archive.dump(started.database_url, file)
    click.echo(f"Written: {file}")
    click.echo(f"The key is not in it. Keep {settings.VAULT_KEY_FILE} apart: without it no name opens.")


@campaign.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Fill an empty database from FILE. The key file has to be brought back beside it."""
    with stage.servers() as (settings, started):
        archive.load(started.database_url, file)
        db.upgrade(started.database_url)
        click.echo(f"Restored from {file}.")
        _say_whether_it_opens(started.database_url, Path(settings.VAULT_KEY_FILE or ""))


@campaign.command()
def doctor() -> None:
    """Say on one page what is wrong; exit code 1 when something is."""
    lines = list(examining.examine())
    for line in lines:
        click.echo(f"{line.mark:<6} {line.about:<11} {line.finding}")
    if any(line.is_wrong for line in lines):
        raise click.exceptions.Exit(1)


def _say_whether_it_opens(database_url: str, key_file: Path) -> None:
    engine = db.make_engine(database_url)
    try:
        vault.check(engine, key_file)
        click.echo("The key file opens it.")
    except vault.VaultClosed as problem:
        click.echo(f"It stays closed until its key is there: {problem}")
    finally:
        engine.dispose()
