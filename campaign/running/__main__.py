"""What bin/up executes."""

from __future__ import annotations

import sys

import click

from campaign.embedded import Unavailable
from campaign.running import up


def main() -> int:
    """0 when it was asked to stop, 1 when it could not run, 2 when it was given words."""
    if len(sys.argv) > 1:
        click.echo("bin/up takes no words: every setting is an environment variable", err=True)
        return 2
    try:
        up()
    except Unavailable as problem:
        click.echo(str(problem), err=True)
        return 1
    return 0


sys.exit(main())
