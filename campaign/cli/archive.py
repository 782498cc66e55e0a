"""A database in a file and back: it keeps to itself pg_dump, pg_restore and how they are told where to connect."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo
from sqlalchemy import inspect

from campaign import db
from campaign.embedded import Unavailable, binaries


def dump(database_url: str, path: Path) -> None:
    """Write the whole database into ``path``, or nothing. Raises Unavailable or OSError."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _run(["pg_dump", "--format=custom", "--no-owner", "--no-privileges"], database_url, stdout=file.fileno())
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def load(database_url: str, path: Path) -> None:
    """Fill an empty database from ``path``, wholly or not at all. Raises Unavailable, also when it is not empty."""
    path.open("rb").close()
    engine = db.make_engine(database_url)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    if tables:
        raise Unavailable(f"The database has {len(tables)} tables already: restore into a new DATA_DIR or database")
    words = ["pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    database = conninfo_to_dict(_plain(database_url))["dbname"]
    _run([*words, f"--dbname={database}", str(path)], database_url)


def _run(words: list[str], database_url: str, stdout: int | None = None) -> None:
    """The password goes by the environment: a command line is everybody's to read."""
    program = binaries() / words[0]
    done = subprocess.run(
        [program, *words[1:]], env=_environment(database_url), stdout=stdout, stderr=subprocess.PIPE, check=False
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"ended with {done.returncode}"]
        raise Unavailable(f"{words[0]}: {said[0].removeprefix(f'{words[0]}: ')}")


def _environment(database_url: str) -> dict[str, str]:
    """libpq's variables for a URL (PostgreSQL documentation, 32.15)."""
    names = {option.keyword.decode(): option.envvar.decode() for option in Conninfo.get_defaults() if option.envvar}
    given = conninfo_to_dict(_plain(database_url))
    return {"PATH": os.defpath} | {names[key]: str(value) for key, value in given.items() if key in names}


def _plain(database_url: str) -> str:
    return "postgresql://" + database_url.split("://", 1)[1]
