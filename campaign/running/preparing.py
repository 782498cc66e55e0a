"""What must be in the database before anybody is served, at the first start and at every one after it."""

from __future__ import annotations

import sys

import click
from flask import Flask

from campaign import create_app, db, vault


def prepare(app: Flask) -> str | None:
    """Bring the database up to this code and its data. Returns a sign-in link until somebody has used one.

    Every step may be repeated; none overwrites what a person entered. Raises what the steps raise.
    """
    db.upgrade(app.config["DATABASE_URL"])
    vault.ensure(app.extensions["engine"], app.config["VAULT_KEY_FILE"])
    return None


def main() -> int:
    """For bin/up, as a process of its own: 0, or 1 after one line for each problem."""
    try:
        link = prepare(create_app())
    except vault.VaultClosed as problem:
        click.echo(str(problem), err=True)
        return 1
    if link:
        click.echo(f"Sign in to the desk, once: {link}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
