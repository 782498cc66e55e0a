"""What somebody sees when something is wrong: a page of ours in their language, and nothing that they typed."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from campaign import create_app, limits
from config import load_settings
from tests import letter_stage
from tests.cast import SLUG, the_appeal
from tests.desk import signed_in

TYPED = {"name": "ALICE-CANARY", "email": "alice-canary@example.org"}


def test_it_works(client: FlaskClient) -> None:
    answer = client.get("/fr/nulle-part")
    assert answer.status_code == 404
    assert "nulle-part" not in answer.text
    assert '<html lang="fr"' in answer.text


@pytest.mark.parametrize("path", ["", "/letters", "/letters/sr-iran", "/data"])
def test_a_slash_too_many_is_no_other_page(context: Flask, client: FlaskClient, path: str) -> None:
    letter_stage.the_appeal()
    assert client.get(f"/en/{SLUG}{path}/").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/en/%00", "/api/v1/appeals/%00", f"/en/{SLUG}/letters/%00", "/desk/appeals/%00", "/desk/outbox?state=%00"],
)
def test_what_no_column_can_hold_is_a_request_we_cannot_read(context: Flask, path: str) -> None:
    the_appeal()
    assert signed_in(context).get(path).status_code == 400


@pytest.mark.parametrize("path", [f"/en/{SLUG}", f"/en/{SLUG}/letters", "/api/v1/appeals"])
def test_without_a_database_the_answer_is_for_a_while(tmp_path: Path, app: Flask, path: str) -> None:
    away = load_settings(
        DATA_DIR=tmp_path, DATABASE_URL="postgresql://127.0.0.1:1/x", REDIS_URL=app.config["REDIS_URL"]
    )
    answer = create_app(away).test_client().get(path)
    assert answer.status_code == 503
    assert answer.headers["Cache-Control"] == "no-store"
    assert "127.0.0.1" not in answer.text


def test_signing_without_a_database_says_so_and_repeats_nothing(
    tmp_path: Path, app: Flask, capfd: pytest.CaptureFixture[str]
) -> None:
    away = load_settings(
        DATA_DIR=tmp_path, DATABASE_URL="postgresql://127.0.0.1:1/x", REDIS_URL=app.config["REDIS_URL"]
    )
    answer = create_app(away).test_client().post(f"/en/{SLUG}/sign", data=TYPED)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "Try again in a few minutes" in answer.text
    written = answer.text + "".join(capfd.readouterr())
    assert "canary" not in written.lower()


def test_a_broker_that_hangs_holds_nobody_up(tmp_path: Path, app: Flask) -> None:
    """It takes the connection and never answers: what a stopped or swapping machine does."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        settings = load_settings(DATA_DIR=tmp_path, DATABASE_URL=app.config["DATABASE_URL"], REDIS_URL=url)
        with create_app(settings).app_context():
            began = time.monotonic()
            assert limits.allows("1/minute", "sign", "alice")
            assert time.monotonic() - began < 0.45
