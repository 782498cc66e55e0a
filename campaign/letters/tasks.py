"""What is done to letters in the background; thin, so that a command can do the same."""

from __future__ import annotations

from campaign import db
from campaign.background import task
from campaign.letters import expiring, following, overtaken_late, recalling, sending, shutting
from campaign.letters.models import DigestReply, Letter, LetterReply

RELEASE = "letters.release"


@task("letters.expire", every=600)
def expire() -> None:
    """Forget the letters that nobody confirmed."""
    expiring.expire()


@task(RELEASE, every=60)
def release() -> None:
    """Hold what waits for an address of old, and let go what was held at a gate or for an address until now."""
    shutting.shut()
    recalling.recall()
    sending.release()


@task("letters.settle", every=60)
def settle() -> None:
    """Let the letters of digests that went follow their digest, and those that were overtaken end."""
    following.settle()
    overtaken_late.end_expired()


@task("letters.blur", every=6 * 3600)
def blur() -> None:
    """Make the times of older letters into days."""
    db.blur(Letter, "created_at", "confirmed_at", "ended_at", "received_at")
    db.blur(LetterReply, "received_at")
    db.blur(DigestReply, "received_at")
