"""Counts as JSON for whoever wants to show them, from any site, without a cookie."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.schemas import OpenApiSchema

from campaign import i18n
from campaign.petition import counting, demo
from tests import cast

DOCUMENT = "/api/v1/openapi.json"


@pytest.fixture
def described(context: Flask) -> OpenApiSchema:
    """The API as its own document describes it, with an appeal to ask for."""
    cast.the_appeal()
    return schemathesis.openapi.from_wsgi(DOCUMENT, context)


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


def answered(case: Case) -> schemathesis.Response:
    """The answer to it, which must be as the document says; plain, since a test without a server unpacks nothing."""
    return case.call_and_validate(headers={"Accept-Encoding": "identity"})


def test_its_document_is_true_whatever_is_asked(described: OpenApiSchema) -> None:
    for operation in described.get_all_operations():
        good, bad = (operation.ok().as_strategy(generation_mode=mode) for mode in GenerationMode)

        @given(case=good | bad)
        @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def ask(case: Case) -> None:
            answered(case)

        ask()


def test_its_document_is_true_of_what_there_is(described: OpenApiSchema) -> None:
    """Chance finds no name of an appeal: here it is found, known already, asked for wrongly."""
    one = described["/api/v1/appeals/{slug}"]["GET"]
    found = answered(one.Case(path_parameters={"slug": cast.SLUG}))

    assert found.status_code == 200
    known = {"If-None-Match": found.headers["etag"][0]}
    assert answered(one.Case(path_parameters={"slug": cast.SLUG}, headers=known)).status_code == 304
    assert answered(one.Case(path_parameters={"slug": "none"})).status_code == 404


def test_its_document_may_be_read_from_any_site_and_kept(client: FlaskClient) -> None:
    first = client.get(DOCUMENT)
    again = client.get(DOCUMENT, headers={"If-None-Match": first.headers["ETag"]})

    assert first.json
    assert first.json["openapi"].startswith("3.1")
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert again.status_code == 304


def test_that_there_is_nothing_may_be_read_from_any_site_too(client: FlaskClient) -> None:
    assert client.get("/api/v1/appeals/none").headers["Access-Control-Allow-Origin"] == "*"


def test_another_method_hears_which_are_allowed(client: FlaskClient) -> None:
    answer = client.delete("/api/v1/appeals")

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
