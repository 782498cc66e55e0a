"""Taking a submission in, whichever way it came: it keeps to itself what is looked at before it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from campaign import background, tokens
from campaign.appeals import stamps, wording
from campaign.appeals.models import Appeal
from campaign.appeals.queries import Published
from campaign.mail import outbox
from campaign.petition import counting, signing
from campaign.petition.comments import writing
from campaign.petition.defence import proving, scoring
from campaign.petition.signer import Signer


@dataclass(frozen=True, slots=True)
class Whence:
    """Where a submission comes from: today's hash of its network, whether by our onion address, or by a browser."""

    network: str
    onion: bool
    browser: bool


def taken(
    published: Published,
    signer: Signer,
    whence: Whence,
    *,
    language: str,
    wording_id: UUID,
    trapped: bool,
    solution: str,
    comment: str = "",
) -> str:
    """Take a signature in, held back when an organiser should look first; the token of the page that follows.

    ``solution`` is what came of the sum, if one was asked for; ``comment`` waits to be read. The visitor sees no
    difference. Raises Refused as ``signing.sign``.
    """
    asked = proving.asked(published.appeal)
    look = scoring.look_at(
        signer,
        appeal_id=published.appeal.id,
        network=whence.network,
        onion=whence.onion,
        trapped=trapped,
        browser=whence.browser,
        unproved=asked and not proving.proved(published.appeal.id, solution),
        rare_country=_rare(published.appeal, signer.country),
    )
    signature = signing.sign(
        published.appeal,
        signer,
        language=language,
        wording_id=wording_id,
        now=datetime.now(UTC),
        look=look,
        network=None if whence.onion else whence.network,
        comment=comment,
    )
    if signer.country is None or signer.country != published.appeal.country_at_risk:
        writing.keep(signature, published.appeal, comment)
    background.ring(outbox.BELL)
    return tokens.make("sent", signature)


def _rare(appeal: Appeal, country: str | None) -> str:
    """The country, where hardly anybody signed from; never the one at risk, of which nothing is kept."""
    told = country and country != appeal.country_at_risk and counting.is_rare(appeal, country)
    return country if country and told else ""


def wording_behind(stamp: str | None, published: Published, purpose: wording.Purpose) -> UUID | None:
    """The wording beside the tick, as the stamp says; None for a stamp that is old, forged or another form's."""
    shown = stamps.read(stamp or "")
    return shown if shown and wording.belongs(shown, published.appeal, purpose) else None
