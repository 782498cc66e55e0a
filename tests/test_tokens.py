"""Links: one purpose, one row, one age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign import tokens


@pytest.mark.usefixtures("context")
def test_it_works() -> None:
    row = uuid4()
    token = tokens.make("confirm", row)
    assert tokens.read("confirm", token, max_age=60) == row
    assert len(token) < 80


@pytest.mark.usefixtures("context")
def test_another_purpose_does_not_read_it() -> None:
    assert tokens.read("mine", tokens.make("confirm", uuid4()), max_age=60) is None


@pytest.mark.usefixtures("context")
def test_an_old_one_does_not_read() -> None:
    token = tokens.make("confirm", uuid4())
    later = (datetime.now(UTC) + timedelta(hours=73)).timestamp()
    with patch("itsdangerous.timed.time.time", return_value=later):
        assert tokens.read("confirm", token, max_age=72 * tokens.HOUR) is None


def test_another_installation_does_not_read_it(app: Flask) -> None:
    with app.app_context():
        token = tokens.make("confirm", uuid4())
        secret = app.config["SECRET_KEY"]
        app.config["SECRET_KEY"] = "another"
        try:
            assert tokens.read("confirm", token, max_age=60) is None
        finally:
            app.config["SECRET_KEY"] = secret


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_anything_else_is_nobodys(context: Flask, rubbish: str) -> None:
    assert tokens.read("confirm", rubbish, max_age=60) is None
    assert tokens.unstamp("form", rubbish, max_age=60) is None
