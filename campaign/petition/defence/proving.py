"""Proof of work: it keeps to itself when it is asked for, and that no solution counts twice.

While an appeal is attacked or overrun, each browser does a sum before it sends the form (ALTCHA v2, PBKDF2): a second
for a person, hours of a processor for whoever sends ten thousand forms. It is asked of everybody who signs that
appeal, never of one visitor. Nobody is refused for want of it. Without a script, in Tor's safest mode, with a page
opened before or an old phone there is none; those are people whom we serve. So what comes without weighs a little
(``weights``), and only where more of that comes than such people are, it waits for a look like any other crowd. They
see the same page and get the same mail: their longer path is an organiser's look, not a riddle.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from typing import Any
from uuid import UUID

import structlog
from altcha import create_challenge, verify_solution
from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from campaign import limits
from campaign.appeals.models import Appeal
from campaign.db import engine, session
from campaign.organisers import audit
from campaign.organisers.models import Organiser
from campaign.petition.models import ProofSwitch
from campaign.petition.surge.standing import surge_is_on

log = structlog.get_logger()
LIVES = 1200  # seconds that a sum may be handed in; the script begins another one before
_ROUNDS = 1000  # of PBKDF2 for each try: 0.3 ms of ours, once for a sum, and of theirs as often as they try
_TRIES = 1000  # at least, at most twice as many
_LONGEST = 2048  # characters of a solution; one has 700
_FRESH = 1.0  # seconds that this process goes on with what it knows of the switches
_KEY = "proof of work"


def asked(appeal: Appeal) -> bool:
    """Whether everybody who signs this appeal is asked for work, as it was at most a second ago."""
    return surge_is_on(appeal) or appeal.id in _switched_on()


def is_on(appeal: Appeal) -> bool:
    """Whether an organiser has switched it on, as the database has it now."""
    return session.scalar(select(ProofSwitch.appeal_id).where(ProofSwitch.appeal_id == appeal.id)) is not None


def switch(appeal: Appeal, on: bool, *, by: Organiser) -> None:
    """Ask everybody for work from now on, or (but for surge mode) nobody any more."""
    if on:
        session.execute(insert(ProofSwitch).values(appeal_id=appeal.id).on_conflict_do_nothing())
    else:
        session.execute(delete(ProofSwitch).where(ProofSwitch.appeal_id == appeal.id))
    audit.record("proof.asked" if on else "proof.ended", f"appeal {appeal.slug}", organiser=by)
    session.commit()
    current_app.extensions.pop(_KEY, None)


def challenge(appeal: Appeal) -> dict[str, Any]:
    """A sum for whoever signs this appeal, as ALTCHA writes it. Nothing is kept of it until it is solved."""
    made = create_challenge(
        "PBKDF2/SHA-256",
        _ROUNDS,
        counter=_TRIES + secrets.randbelow(_TRIES),
        expires_at=int(time.time()) + LIVES,
        data={"appeal": appeal.id.hex},
        hmac_secret=_secret("sum"),
        hmac_key_secret=_secret("solution"),
    )
    return made.to_dict()


def proved(appeal_id: UUID, solution: str) -> bool:
    """Whether this is a solution, as the script writes it, of a sum for this appeal, in time, and for the first time.

    With Redis down nobody knows whether it is the first time: then it is.
    """
    if not solution or len(solution) > _LONGEST:
        return False
    if not verify_solution(solution, _secret("sum"), hmac_key_secret=_secret("solution")).verified:
        return False
    solved = json.loads(base64.b64decode(solution))["challenge"]
    return solved["parameters"]["data"]["appeal"] == appeal_id.hex and _first_time(solved["signature"])


def _first_time(signature: str) -> bool:
    try:
        return bool(limits.redis().set(f"proof:{signature}", 1, nx=True, ex=LIVES))
    except RedisError as error:
        log.warning("proof.open", error=type(error).__name__)
        return True


def _secret(purpose: str) -> bytes:
    return hmac.digest(current_app.config["SECRET_KEY"].encode(), f"proof of work: {purpose}".encode(), "sha256")


def _switched_on() -> frozenset[UUID]:
    until, known = current_app.extensions.get(_KEY, (0.0, frozenset[UUID]()))
    if until < time.monotonic():
        current_app.extensions[_KEY] = time.monotonic() + _FRESH, known  # whoever comes meanwhile goes by that
        with Session(engine()) as apart:  # beside the request's own
            known = frozenset(apart.scalars(select(ProofSwitch.appeal_id)))
        current_app.extensions[_KEY] = time.monotonic() + _FRESH, known
    return known  # type: ignore[no-any-return] # extensions hold anything
