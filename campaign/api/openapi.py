"""The read API as a document for machines (OpenAPI 3.1): it keeps to itself how the answers are described.

Written by hand, since there are two questions to ask; ``tests/test_api.py`` holds the real answers against it.
"""

from __future__ import annotations

from typing import Any

from campaign.appeals import queries
from campaign.i18n import INTERFACE

Part = dict[str, Any]
_TEXT: Part = {"type": "string"}
_COUNT: Part = {"type": "integer", "minimum": 0}
_ETAG: Part = {"description": "Send it back as If-None-Match to ask for what is new only.", "schema": _TEXT}
_ORIGIN: Part = {"description": "Any site may read this.", "schema": {"const": "*"}}
_CACHED: Part = {"description": "For how long shared caches may keep it.", "schema": _TEXT}


def document(site: str) -> Part:
    """The whole description; ``site`` is where this installation is published (``PUBLIC_URL``)."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Appeals",
            "version": "1",
            "description": "Appeals and how many have signed. Nothing in it is about a person who signed.",
        },
        "servers": [{"url": site}],
        "paths": {
            "/api/v1/appeals": {"get": _question("listAppeals", "Every appeal, oldest first", "Appeals")},
            "/api/v1/appeals/{slug}": {
                "get": _question("getAppeal", "One appeal", "Appeal", missing=True),
                "parameters": [{"name": "slug", "in": "path", "required": True, "schema": _TEXT}],
            },
        },
        "components": {"schemas": {"Appeal": _appeal(), "Appeals": _appeals(), "Error": _whole(error=_TEXT)}},
    }


def _question(name: str, summary: str, answer: str, *, missing: bool = False) -> Part:
    kept = {"ETag": _ETAG, "Cache-Control": _CACHED, "Access-Control-Allow-Origin": _ORIGIN}
    known = {"name": "If-None-Match", "in": "header", "required": False, "schema": _TEXT}
    answers = {
        "200": _answer("As it is now, or some seconds ago", answer, kept),
        "304": {"description": "Nothing is new since that ETag", "headers": kept},
        "503": _answer("Busy or without its database: ask again after Retry-After", None, {}),
    }
    if missing:
        answers["404"] = _answer("There is none of this name", "Error", {"Access-Control-Allow-Origin": _ORIGIN})
    return {"operationId": name, "summary": summary, "parameters": [known], "responses": answers}


def _answer(what: str, schema: str | None, headers: Part) -> Part:
    body = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}} if schema else {}
    return {"description": what, "headers": headers, **body}


def _appeals() -> Part:
    return _whole(appeals={"type": "array", "items": {"$ref": "#/components/schemas/Appeal"}})


def _appeal() -> Part:
    language = {"enum": list(INTERFACE)}
    return _whole(
        slug=_TEXT | {"description": "Its name in addresses"},
        state={"enum": list(queries.PUBLIC)},
        languages={"type": "array", "items": language, "minItems": 1, "uniqueItems": True},
        titles={"type": "object", "propertyNames": language, "additionalProperties": _TEXT},
        signatures=_COUNT | {"description": "Confirmed by mail, and not held for a look"},
        on_paper=_COUNT | {"description": "Signed on sheets of paper that two people counted; not among signatures"},
        milestone=_COUNT | {"description": "The number that is aimed at; it never shrinks"},
        organisations=_COUNT | {"description": "Organisations that support it, apart from people"},
    )


def _whole(**fields: Part) -> Part:
    """An object with exactly these fields."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
