"""Commands about mail: how much waits, stop, go on, send one again."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

import click

from campaign import background
from campaign.appeals import danger
from campaign.cli import stage
from campaign.cli.naming import appeal_named, office_named
from campaign.cli.root import Problem, campaign
from campaign.letters import overtaken_late
from campaign.mail import outbox as messages
from campaign.mail import pausing
from campaign.organisers import audit


@campaign.group()
def outbox() -> None:
    """Mail that leaves, or waits to leave."""


@outbox.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(as_json: bool) -> None:
    """How many messages there are, by kind and state."""
    with stage.application():
        found = messages.status() | {"paused": [pause.key for pause in pausing.paused()]}
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    for row in found["counts"]:
        click.echo(f"{row['count']:>9}  {row['kind']:<16} {row['state']}")
    click.echo(f"{sum(row['count'] for row in found['counts'])} messages; mail is in {found['mode']} mode.")
    if found["waiting_for_mode"]:
        click.echo(f"{found['waiting_for_mode']} wait for the other mode: they were made in it, and stay.")
    if found["paused"]:
        click.echo("Paused: " + ", ".join(found["paused"]))


def _what(command: Callable[..., None]) -> Callable[..., None]:
    """The four ways to say which messages are meant."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="All mail."),
        click.option("--appeal", metavar="SLUG", help="Mail of one appeal."),
        click.option("--office", metavar="SLUG", help="Letters to one office."),
        click.option("--domain", metavar="D", help="Mail to one domain."),
    ):
        command = option(command)
    return command


@outbox.command()
@_what
def pause(everything: bool, appeal: str | None, office: str | None, domain: str | None) -> None:
    """Stop mail within seconds; it waits and is not lost."""
    with stage.application():
        key = _key(everything, appeal, office, domain)
        audit.record("outbox.paused", f"appeal {appeal}" if appeal else pausing.recorded(key), actor="command line")
        pausing.pause(key)
    click.echo(f"Paused: {key}")


@outbox.command()
@_what
def resume(everything: bool, appeal: str | None, office: str | None, domain: str | None) -> None:
    """Let mail go on that was paused by the same words."""
    with stage.application():
        key = _key(everything, appeal, office, domain)
        if danger.holds(key):
            raise Problem("People are in danger there: that is ended on the appeal's page at the desk")
        audit.record("outbox.resumed", f"appeal {appeal}" if appeal else pausing.recorded(key), actor="command line")
        pausing.resume(key)
        background.ring(messages.BELL)
    click.echo(f"Goes on: {key}")


@outbox.command()
@click.argument("message_id", metavar="ID", type=click.UUID)
def retry(message_id: UUID) -> None:
    """Send a message again that failed, waits, or of which nobody knows."""
    with stage.application():
        overtaken_late.refuse_retry(message_id)
        audit.record("message.sent_again", f"message {message_id}", actor="command line")
        messages.retry(message_id)
        background.ring(messages.BELL)
    click.echo("It waits to be sent again.")


def _key(everything: bool, appeal: str | None, office: str | None, domain: str | None) -> str:
    if sum(map(bool, (everything, appeal, office, domain))) != 1:
        raise Problem("Say one of --all, --appeal SLUG, --office SLUG and --domain D")
    if appeal:
        return f"appeal:{appeal_named(appeal).id}"
    if office:
        return f"office:{office_named(office).slug}"
    return f"domain:{domain}" if domain else "all"
