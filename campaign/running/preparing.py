"""What must be in the database before anybody is served, at the first start and at every one after it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from campaign import create_app, db, vault
from campaign.appeals import loading
from campaign.appeals.bundles import BundleRefused
from campaign.db import session
from campaign.offices import directory
from campaign.organisers import accounts, links
from campaign.organisers.models import Organiser, SignInLink
from campaign.web import link

DATA = Path(__file__).parent.parent / "data"
FIRST_ORGANISER = "organiser@undersigned.invalid"  # nobody's: it is entered by the printed link alone


def prepare(app: Flask) -> str | None:
    """Bring the database up to this code and its data. Returns a sign-in link until somebody has used one.

    Every step may be repeated, and none overwrites what a person entered. Raises what is fit to print:
    VaultClosed, DirectoryRefused, BundleRefused.
    """
    with app.app_context():
        db.upgrade(app.config["DATABASE_URL"])
        vault.ensure(db.engine(), Path(app.config["VAULT_KEY_FILE"]))
        directory.load(session, DATA / "un_offices.yaml")
        for bundle in sorted((DATA / "appeals").iterdir()):
            loading.load(session, bundle, now=datetime.now(UTC))
        return _first_link()


def _first_link() -> str | None:
    if session.scalar(select(SignInLink.id).where(SignInLink.used_at.is_not(None)).limit(1)):
        return None
    eldest = select(Organiser).where(Organiser.disabled_at.is_(None)).order_by(Organiser.created_at).limit(1)
    organiser = session.scalar(eldest) or accounts.add(FIRST_ORGANISER, actor="system")
    return link("organisers.enter", secret=links.make(organiser))


def main() -> int:
    """For bin/up, as a process of its own: 0, or 1 after one line for each problem."""
    try:
        found = prepare(create_app())
    except (vault.VaultClosed, directory.DirectoryRefused, BundleRefused) as problems:
        click.echo(str(problems), err=True)
        return 1
    except DBAPIError as error:  # a given database that lets us in, but not create tables
        click.echo(f"DATABASE_URL cannot be prepared: {str(error.orig).splitlines()[0]}", err=True)
        return 1
    if found:
        click.echo(f"Sign in to the desk (works once, within a day): {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
