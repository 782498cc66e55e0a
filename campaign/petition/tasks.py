"""When counting and expiring run; what they do is theirs."""

from __future__ import annotations

from campaign import db
from campaign.background import task
from campaign.petition import counting, expiring
from campaign.petition.defence import carrying_out, mail_domains
from campaign.petition.models import DecisionRow, Signature
from campaign.petition.news import carrying_out as news
from campaign.petition.paper import ending as paper
from campaign.petition.paper.models import PaperLine
from campaign.petition.surge import switching

COUNT = "petition.count"


@task(COUNT, every=2)
def count() -> None:
    """Fold what changed into the tally."""
    counting.fold()


@task("petition.expire", every=3600)
def expire() -> None:
    """End submissions that waited too long, and forget what was taken back long ago."""
    expiring.expire()
    paper.forget_withdrawn()


@task(carrying_out.BELL, every=20)
def decide() -> None:
    """Go on with what organisers decided of many signatures."""
    carrying_out.carry_out()


@task(news.BELL, every=20)
def tell() -> None:
    """Go on with news that was released or stopped."""
    news.carry_out()


@task("petition.ask_domains", every=20)
def ask_domains() -> None:
    """Ask DNS about mail domains that are new."""
    mail_domains.ask()


@task("petition.calm", every=20)
def calm() -> None:
    """End surge mode that load began, once it is over."""
    switching.settle()


@task("petition.reconcile", every=6 * 3600)
def reconcile() -> None:
    """Some times a day: compare the tally with a full count; of older times keep the day, of networks nothing."""
    counting.reconcile()
    expiring.forget_networks()
    db.blur(Signature, "created_at", "confirmed_at", "ended_at", "held_at", "news_at")
    db.blur(DecisionRow, "held_at")
    db.blur(PaperLine, "created_at", "ended_at")
