"""Counts as JSON for whoever wants to show them, from any site, without a cookie."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from campaign import i18n
from campaign.petition import counting, demo
from tests import cast


def test_it_works(context: Flask, client: FlaskClient) -> None:
    appeal = cast.the_appeal()
    demo.fill(appeal, 30, now=datetime.now(UTC), seed=1)
    counting._kept.clear()

    one, every = client.get(f"/api/v1/appeals/{cast.SLUG}"), client.get("/api/v1/appeals")

    assert one.json
    assert one.json["slug"] == cast.SLUG
    assert one.json["state"] == "demonstration"
    assert one.json["signatures"] == 30
    assert one.json["milestone"] == 100
    assert one.json["organisations"] == 0
    assert set(one.json["languages"]) == {*i18n.INTERFACE} == set(one.json["titles"])
    assert every.json == {"appeals": [one.json]}


def test_any_site_may_read_it_and_a_cache_may_keep_it(context: Flask, client: FlaskClient) -> None:
    cast.the_appeal()

    first = client.get("/api/v1/appeals")
    again = client.get("/api/v1/appeals", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert "s-maxage" in first.headers["Cache-Control"]
    assert "Set-Cookie" not in first.headers
    assert again.status_code == 304


@pytest.mark.parametrize("state", ["draft"])
def test_a_draft_is_nobodys_business(context: Flask, client: FlaskClient, state: str) -> None:
    cast.the_appeal(state=state)

    assert client.get("/api/v1/appeals").json == {"appeals": []}
    assert client.get(f"/api/v1/appeals/{cast.SLUG}").status_code == 404


def test_an_unknown_appeal_is_404_in_json(client: FlaskClient) -> None:
    response = client.get("/api/v1/appeals/none")

    assert response.status_code == 404
    assert response.json == {"error": "Not Found"}
