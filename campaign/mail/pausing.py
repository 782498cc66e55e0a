"""What waits on purpose: it keeps to itself the keys that every claim asks about, so that a pause holds at once.

A pause is a row, so it survives restarts. Keys: ``all``, ``appeal:<id>``, ``office:<slug>``, ``domain:<domain>``.

A pause changes no message. Moving what it holds out of a claim's way would write a million rows twice, and whoever
is killed between the two leaves letters that nothing holds and nobody sends. So a claim steps over what is paused:
from one list of keys to the next in an index, and from a list with a paused key past all that begin as it does.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from campaign.db import session
from campaign.mail.addresses import recorded_domain
from campaign.mail.models import Pause

ALL = "all"
# The greatest list that begins as this one does up to its first paused key: what comes after it begins otherwise.
_PAST = """coalesce(
  (SELECT walk.pause_keys[:n::int] || chr(1114111) FROM unnest(walk.pause_keys) WITH ORDINALITY AS one(key, n)
   WHERE key = ANY((SELECT keys FROM paused)::text[]) ORDER BY n LIMIT 1), walk.pause_keys)"""


def free(waits: str, *, within: str | None = None, unless_nothing_is_paused: bool = False) -> str:
    """SQL for each list of keys that waiting messages have and nothing of which is paused, in order.

    ``waits`` says which messages; an index must have them by ``within``, a column, if given, and ``pause_keys``.
    It reads one message for each list, and one for all lists that begin alike up to a paused key. The result's
    columns are ``within``, if given, and ``pause_keys``.
    """
    before, of_walk = (f"{within}, ", f"walk.{within}, ") if within else ("", "")
    asked = "AND EXISTS (SELECT FROM pause)" if unless_nothing_is_paused else ""
    return f"""
      WITH RECURSIVE paused AS MATERIALIZED (SELECT coalesce(array_agg(key), '{{}}') AS keys FROM pause), walk AS (
        (SELECT {before}pause_keys FROM message WHERE {waits} AND NOT '{ALL}' = ANY((SELECT keys FROM paused)::text[])
         {asked} ORDER BY {before}pause_keys LIMIT 1)
        UNION ALL
        SELECT next.* FROM walk CROSS JOIN LATERAL (
          SELECT {before}pause_keys FROM message WHERE {waits} AND ({before}pause_keys) > ({of_walk}{_PAST})
          ORDER BY {before}pause_keys LIMIT 1
        ) AS next
      ) SELECT {before}pause_keys FROM walk WHERE NOT pause_keys && (SELECT keys FROM paused)
    """  # noqa: S608 - its parts are this program's own


def pause(key: str, why: str = "paused by a person") -> None:
    """Let no message with this key begin to leave, from the next claim on; pausing twice keeps the first reason."""
    note(key, why)
    session.commit()


def note(key: str, why: str) -> None:
    """The same as part of the caller's transaction."""
    session.execute(insert(Pause).values(key=recorded(key), why=why).on_conflict_do_nothing())


def resume(key: str) -> None:
    """Let messages with this key leave again; unknown keys are fine."""
    session.execute(delete(Pause).where(Pause.key == recorded(key)))
    session.commit()


def paused() -> Sequence[Pause]:
    """What is paused now, each with since when and why, longest first."""
    return session.scalars(select(Pause).order_by(Pause.created_at)).all()


def recorded(key: str) -> str:
    """The key as it stands: small domains do as a keyed hash in the outbox, so that is what a pause of one names."""
    kind, _, domain = key.partition(":")
    already = len(domain) == 16 and "." not in domain
    return f"domain:{recorded_domain(domain.lower())}" if kind == "domain" and not already else key
