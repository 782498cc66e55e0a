"""The commands of an installation: it keeps to itself how a failure becomes one line and exit code 1."""

from __future__ import annotations

from typing import IO, Any

import click
from sqlalchemy.exc import OperationalError

from campaign.appeals.bundles import BundleRefused
from campaign.embedded import Unavailable
from campaign.errors import Refused
from campaign.offices.directory import DirectoryRefused
from campaign.vault import VaultClosed
from config import ConfigurationError

EXPECTED = (ConfigurationError, Unavailable, VaultClosed, BundleRefused, DirectoryRefused, Refused, OSError)


class Problem(click.ClickException):
    """Something that the operator can put right, in one line or one line each."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the lines as they are."""
        click.echo(self.message, err=True, file=file)


class Commands(click.Group):
    """A group whose expected failures are lines, not tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Raises Problem for whatever the operator can put right."""
        try:
            return super().invoke(ctx)
        except (
            ConfigurationError,
            Unavailable,
            VaultClosed,
            BundleRefused,
            DirectoryRefused,
            Refused,
            OSError,
        ) as problem:
            raise Problem(_line(problem)) from None
        except OperationalError as problem:
            raise Problem(f"The database cannot be used: {str(problem.orig).strip().splitlines()[0]}") from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def campaign() -> None:
    """Run and look after an installation of Undersigned. Settings come from the environment."""


def _line(problem: Exception) -> str:
    if isinstance(problem, OSError) and problem.filename:
        return f"{problem.filename}: {problem.strerror}"
    return str(problem)
