"""PostgreSQL and Valkey as private servers under DATA_DIR; nobody else starts a server.

One process at a time owns the servers of a DATA_DIR, by a lock that the kernel frees however that
process ends. Others adopt what the owner runs, and a command that owns them waits for the others
before it stops them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType

from campaign.embedded.children import PATIENCE, Child, Unavailable, end_group, tied_to_us
from campaign.embedded.home import Home, Lock
from campaign.embedded.postgres import Postgres, binaries, why
from campaign.embedded.valkey import Valkey
from config import Settings

__all__ = ["Child", "Home", "Servers", "Unavailable", "binaries", "end_group", "start", "tied_to_us"]

START = 60.0  # seconds for a server to answer; recovery after a crash included


@dataclass
class Servers:
    """What the application connects to, private or given. Use as a context, or ``stop`` it."""

    database_url: str
    redis_url: str
    children: list[Child] = field(default_factory=list)
    _locks: list[Lock] = field(default_factory=list)
    _home: Home | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variables under which a child process finds the same servers."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}

    def stop(self, *, wait_for_others: bool = True) -> None:
        """Stop what was started here, last started first; what was adopted stays. Twice is harmless."""
        others = None
        if self.children and self._home:
            others = self._home.lock("users", patience=float("inf") if wait_for_others else 0)
        for child in reversed(self.children):
            child.stop(PATIENCE)
        if self.children and self._home:
            self._home.tidy()
        for lock in (others, *self._locks):
            if lock:
                lock.release()
        self.children, self._locks = [], []

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()


def start(settings: Settings, *, durable: bool = True, own: bool = False) -> Servers:
    """The servers for ``settings``: the given URLs, servers that already run here, or private ones made now.

    ``durable=False`` trades safety for speed (tests). With ``own`` it waits until the servers are ours
    to supervise. Raises Unavailable in one line.
    """
    home = Home(settings.DATA_DIR)
    private: list[Postgres | Valkey] = []
    if not settings.DATABASE_URL:
        private.append(Postgres(home, durable=durable))
    if not settings.REDIS_URL:
        private.append(Valkey(home))
    if not private:
        return Servers(for_sqlalchemy(settings.DATABASE_URL), settings.REDIS_URL)
    home.make()
    servers = _own_or_adopt(home, private, own=own)
    urls = {server.name: server.url for server in private}
    servers.database_url = urls.get("postgres") or for_sqlalchemy(settings.DATABASE_URL)
    servers.redis_url = urls.get("valkey") or settings.REDIS_URL
    return servers


def for_sqlalchemy(url: str) -> str:
    """A PostgreSQL URL as SQLAlchemy wants it, with its driver named."""
    return "postgresql+psycopg://" + url.split("://", 1)[1]


def _own_or_adopt(home: Home, private: list[Postgres | Valkey], *, own: bool) -> Servers:
    until = time.monotonic() + START
    while time.monotonic() < until:
        using = home.lock("users", shared=True, patience=START)
        owning = home.lock("servers")
        if owning:
            if using:
                using.release()
            return _started(home, private, owning)
        if using and not own and all(server.ready() for server in private):
            return Servers("", "", _locks=[using])
        if using:
            using.release()
        time.sleep(0.1)
    raise Unavailable(f"another command has been using {home.path} for a minute: try again when it has ended")


def _started(home: Home, private: list[Postgres | Valkey], owning: Lock) -> Servers:
    servers = Servers("", "", _locks=[owning], _home=home)
    try:
        for server in private:
            server.prepare()
            servers.children.append(server.child())
            servers.children[-1].start()
        for server, child in zip(private, servers.children, strict=True):
            _await(server, child)
    except BaseException:
        servers.stop(wait_for_others=False)
        raise
    return servers


def _await(server: Postgres | Valkey, child: Child) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until:
        if server.ready():
            return
        if not child.alive:
            said = child.log.read_text(errors="replace")[-4000:] if child.log else ""
            raise Unavailable(f"{server.name} did not start: {why(said)} (see {child.log})")
        time.sleep(0.03)
    raise Unavailable(f"{server.name} did not answer within {START:.0f} s (see {child.log})")
