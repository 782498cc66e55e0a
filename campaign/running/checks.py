"""What must hold before anything starts; it keeps to itself how each thing is tried, and reports all at once."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from collections.abc import Callable, Iterator

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from campaign.embedded import Home
from config import ConfigurationError, Settings, load_settings

PATIENCE = 4  # seconds for a server that does not answer


def read_settings() -> tuple[Settings, list[str], set[str]]:
    """The settings, what is wrong with them, and which ones that touches (these stand at their defaults)."""
    try:
        return load_settings(), [], set()
    except ConfigurationError as error:
        defaults = {name: Settings.model_fields[name].default for name in error.names}
        return load_settings(**defaults), error.problems, set(error.names)


def problems(settings: Settings, *, skip: set[str]) -> Iterator[str]:
    """One line for each thing that would not work, the settings named in ``skip`` left out."""
    for names, check in CHECKS:
        if not names & skip:
            yield from check(settings)


def data_dir(settings: Settings) -> Iterator[str]:
    """DATA_DIR can be made and written."""
    home = Home(settings.DATA_DIR)
    try:
        home.make()
        for path in (home.path, home.run, home.log):
            tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        yield f"DATA_DIR {home.path} cannot be written: {os.strerror(error.errno or 0)}"


def port(settings: Settings) -> Iterator[str]:
    """HOST is an address of this machine and nobody listens on PORT."""
    where = f"{settings.HOST}:{settings.PORT}"
    try:
        address = socket.getaddrinfo(settings.HOST, settings.PORT, type=socket.SOCK_STREAM)[0]
        with socket.socket(address[0]) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address[4])
    except socket.gaierror:
        yield f"HOST {settings.HOST} is not an address of this machine"
    except OSError as error:
        yield _why_not(error, settings, where)


def metrics_port(settings: Settings) -> Iterator[str]:
    """Nobody listens on METRICS_PORT of this machine, where it is asked for."""
    try:
        if settings.METRICS_PORT:
            with socket.socket() as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tried.bind(("127.0.0.1", settings.METRICS_PORT))
    except OSError as error:
        yield f"METRICS_PORT {settings.METRICS_PORT} cannot be used: {os.strerror(error.errno or 0)}"


def _why_not(error: OSError, settings: Settings, where: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"PORT {settings.PORT} is busy: another program listens on {where}; stop it or set PORT"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"HOST {settings.HOST} is not an address of this machine"
    return f"PORT {settings.PORT} cannot be used: {os.strerror(error.errno or 0)}"


def database(settings: Settings) -> Iterator[str]:
    """A given PostgreSQL answers, lets us in and speaks UTF-8."""
    if not settings.DATABASE_URL:
        return
    url = "postgresql://" + settings.DATABASE_URL.split("://", 1)[1]
    try:
        with psycopg.connect(url, connect_timeout=PATIENCE) as connection:
            encoding = connection.info.parameter_status("server_encoding")
    except psycopg.OperationalError as error:
        yield f"DATABASE_URL cannot be reached: {_first_line(error)}"
    except (psycopg.Error, ValueError):  # its text may quote a part of the password
        yield "DATABASE_URL cannot be read: write it as postgresql://user:password@host:5432/name"
    else:
        if encoding != "UTF8":
            yield f"DATABASE_URL names a database in {encoding}: names in every script need one in UTF8"


def broker(settings: Settings) -> Iterator[str]:
    """A given Redis or Valkey answers and lets us in."""
    if not settings.REDIS_URL:
        return
    try:
        quick = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE}
        with redis.Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 0), **quick) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        yield f"REDIS_URL cannot be reached: {_first_line(error)}"
    except ValueError:
        yield "REDIS_URL cannot be read: write it as redis://host:6379/0 or unix:///path/to/socket"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


CHECKS: tuple[tuple[set[str], Callable[[Settings], Iterator[str]]], ...] = (
    ({"DATA_DIR"}, data_dir),
    ({"HOST", "PORT"}, port),
    ({"METRICS_PORT"}, metrics_port),
    ({"DATABASE_URL"}, database),
    ({"REDIS_URL"}, broker),
)
