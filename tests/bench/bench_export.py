"""Rows a second and peak memory of an export, beside a bare loop over the same cursor: open the record, write CSV.

Not a test: it prints and never fails by time. ``python -m tests.bench.bench_export [signatures]``
Each way runs in a process of its own, so that one's memory is not the other's.
"""

from __future__ import annotations

import csv
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from flask import Flask

from campaign import create_app, db, embedded, vault
from campaign.exports import exporting
from campaign.exports.audiences import AUDIENCES
from campaign.petition import demo
from config import Settings, load_settings
from tests import cast

BARE = "SELECT id, sealed, country, visibility, language, confirmed_at FROM signature WHERE state = 'confirmed'"


def main(signatures: int) -> None:
    """Fill a demonstration, then export it both ways, twice each."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(DATA_DIR=Path(folder))
        with embedded.start(settings, durable=True) as servers:
            urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
            settings = settings.model_copy(update=urls)
            _fill(settings, signatures)
            for _run in range(2):
                for way in (bare, product):
                    _measure(way, settings, signatures)


def _fill(settings: Settings, signatures: int) -> None:
    db.upgrade(settings.DATABASE_URL)
    app = create_app(settings)
    vault.ensure(app.extensions["engine"], Path(app.config["VAULT_KEY_FILE"]))
    with app.app_context():
        appeal = cast.the_appeal()
        began = time.perf_counter()
        demo.fill(appeal, signatures, now=datetime.now(UTC), seed=1)
        took = time.perf_counter() - began
    print(f"demo fill   {signatures:>9} signatures  {took:7.1f} s  {signatures / took:>9.0f}/s")


def bare(app: Flask, out: Path) -> None:
    """The limit: psycopg's server-side cursor, AES-GCM and JSON, csv; no guard, no audience, no trail."""
    kept = vault.current()
    url = app.config["DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(url) as connection, connection.cursor("bare") as cursor, out.open("w", newline="") as file:
        cursor.itersize = 500
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        for n, (row, sealed, country, visibility, language, at) in enumerate(cursor.execute(BARE), 1):
            name = kept.open(sealed, table="signature", row=row)["name"]
            writer.writerow([n, name, country, visibility, language, at.date()])


def product(_app: Flask, out: Path) -> None:
    """What organisers get."""
    appeal = db.session.query(cast.Appeal).one()
    exporting.write(exporting.export(appeal, audience=AUDIENCES["organisers"], actor="command line"), out)


def _measure(way: Callable[[Flask, Path], None], settings: Settings, signatures: int) -> None:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_alone, args=(way, settings, sender))
    process.start()
    took, before, peak = json.loads(receiver.recv())
    process.join()
    print(
        f"{way.__name__:<11} {signatures:>9} rows  {took:7.1f} s  {signatures / took:>9.0f}/s"
        f"  peak {peak:6.1f} MB, {peak - before:5.1f} MB above an idle process"
    )


def _alone(way: Callable[[Flask, Path], None], settings: Settings, sender: object) -> None:
    app = create_app(settings)
    with app.app_context(), tempfile.TemporaryDirectory() as folder:
        vault.current()
        if sys.platform == "linux":
            Path("/proc/self/clear_refs").write_text("5")  # ru_maxrss would count the parent's memory too
        before, began = _peak(), time.perf_counter()
        way(app, Path(folder) / "x.csv")
        sender.send(json.dumps([time.perf_counter() - began, before, _peak()]))  # type: ignore[attr-defined]


def _peak() -> float:
    """The most resident memory since ``_alone`` began, in MB; elsewhere than on Linux, since the process began."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
