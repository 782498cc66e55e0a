"""Ways in for mail that comes back: a pipe for one mail, and LMTP for a mail server beside us."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from sqlalchemy.exc import OperationalError

from campaign.cli import stage
from campaign.cli.root import EXPECTED, campaign
from campaign.mail.incoming import lmtp as lmtp_door
from campaign.mail.incoming import receiving
from campaign.mail.incoming.parsing import LARGEST

_COME_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: the mail server keeps the mail and tries again


@campaign.group()
def mail() -> None:
    """Mail that comes in: what came back, complaints, replies."""


@mail.command()
@click.option(
    "--recipient",
    envvar=["ORIGINAL_RECIPIENT", "RECIPIENT"],
    default="",
    metavar="ADDRESS",
    help="Where it was delivered to; Postfix says it in the environment.",
)
def receive(recipient: str) -> None:
    """Handle one mail from standard input. Exit code 75: not now, hand it in again."""
    raw = sys.stdin.buffer.read(LARGEST)
    while sys.stdin.buffer.read(LARGEST):  # whoever writes must not find the pipe broken
        pass
    try:
        with stage.application():
            taken = receiving.take(raw, recipient)
    except (*EXPECTED, OperationalError):
        taken = False
    if not taken:
        raise click.exceptions.Exit(_COME_AGAIN)


@mail.command()
@click.option("--socket", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to listen.")
def lmtp(socket: Path) -> None:
    """Take mail by LMTP on a Unix socket, until stopped."""
    with stage.application() as app:
        lmtp_door.serve(app, socket)
