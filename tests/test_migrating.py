"""The schema: what the migrations make is what the models say, whoever runs them and how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from campaign import db
from campaign.embedded import Servers


def test_migrations_make_what_the_models_say(app: Flask) -> None:
    with app.extensions["engine"].connect() as connection:
        assert db.differences(connection) == []
        assert not db.pending_migrations(connection)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE signature ADD COLUMN forgotten text",
        "ALTER TABLE signature DROP COLUMN country CASCADE",
        "ALTER TABLE organiser ALTER COLUMN sealed DROP NOT NULL",
        "CREATE TABLE forgotten (id int)",
    ],
)
def test_a_difference_would_be_seen(app: Flask, change: str) -> None:
    with app.extensions["engine"].connect() as connection:
        connection.execute(text(change))
        assert db.differences(connection)
        connection.rollback()


def test_two_processes_that_start_at_once_migrate_once(servers: Servers) -> None:
    url = servers.database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrated_by_two")
    try:
        fresh = servers.database_url.replace("/undersigned?", "/migrated_by_two?")
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(db.upgrade, [fresh, fresh]))
        with db.make_engine(fresh).connect() as migrated:
            assert not db.pending_migrations(migrated)
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP DATABASE migrated_by_two WITH (FORCE)")
