"""The QR code and the poster: one per language, the appeal's own address in it, no glyph missing, set once."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import pytest
import segno
from flask import Flask
from flask.testing import FlaskClient

from campaign import i18n, typesetting
from campaign.appeals import queries
from campaign.appeals.models import Appeal
from campaign.i18n import speaking
from campaign.petition.paper import posters
from tests.cast import PAGE, SLUG, the_appeal

SIZES = {"a4": (595, 842), "letter": (612, 792)}  # points


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


def modules(png: bytes, scale: int = 10, quiet: int = 4) -> list[list[int]]:
    """What stands in a code's picture, a bit for each pixel: 1 for a dark module."""
    width, height, depth, _kind = struct.unpack(">IIBB", png[16:26])
    assert (width, depth) == (height, 1)
    data, line = zlib.decompress(png[png.index(b"IDAT") + 4 : png.index(b"IEND") - 8]), (width + 7) // 8
    rows = [bytes(line)]
    for start in range(0, len(data), line + 1):
        kind, row = data[start], data[start + 1 : start + 1 + line]
        assert kind in (0, 2)  # as it is, or the difference from the row above
        rows.append(bytes((a + b) % 256 for a, b in zip(row, rows[-1], strict=True)) if kind else row)
    at = [(quiet + n) * scale + scale // 2 for n in range(width // scale - 2 * quiet)]
    return [[1 - (rows[y + 1][x // 8] >> (7 - x % 8) & 1) for x in at] for y in at]


def test_it_works(client: FlaskClient, appeal: Appeal) -> None:
    answer = client.get(f"/fa/{SLUG}/qr.png")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    expected = segno.make_qr(f"http://127.0.0.1:8000/fa/{SLUG}", error="m").matrix
    assert modules(answer.data) == [list(row) for row in expected]
    again = client.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def said(appeal: Appeal, lang: str, size: str = "a4") -> dict[str, Any]:
    with speaking(lang):
        told = posters._said(queries.by_id(appeal.id), lang, size)
    return told | {"qr": list(posters.qr(told["address"]))}


@pytest.mark.parametrize("size", SIZES)
def test_a_poster_is_one_page_of_its_size(client: FlaskClient, appeal: Appeal, size: str) -> None:
    answer = client.get(f"{PAGE}/poster-{size}.pdf")
    assert (answer.status_code, answer.mimetype, answer.data[:5]) == (200, "application/pdf", b"%PDF-")
    page = typesetting.png("poster", said(appeal, "en", size))  # a second page would raise
    assert struct.unpack(">II", page[16:24]) == SIZES[size]
    assert answer.request.path in client.get(PAGE).text


@pytest.mark.parametrize("lang", i18n.INTERFACE)
def test_a_poster_has_its_glyphs(appeal: Appeal, lang: str) -> None:
    assert typesetting.pdf("poster", said(appeal, lang), strict=True)


def test_it_is_set_once(client: FlaskClient, appeal: Appeal, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get(f"{PAGE}/poster-a4.pdf?1").data
    monkeypatch.setattr(typesetting, "pdf", None)
    assert client.get(f"{PAGE}/poster-a4.pdf?2").data == first


def test_a_long_appeal_stays_on_its_page(appeal: Appeal) -> None:
    long = {"title": "Protect those who were detained " * 9, "lead": "There is much to be said. " * 45,
            "address": "https://x.example/" + "long-" * 12, "publisher": "P" * 60}  # fmt: skip
    assert typesetting.png("poster", said(appeal, "en", "letter") | long)


def test_nobody_is_asked_to_sign_what_is_closed(client: FlaskClient, context: Flask) -> None:
    the_appeal(state="closed")
    assert client.get(f"{PAGE}/poster-a4.pdf").status_code == 404
    assert "poster-a4.pdf" not in client.get(PAGE).text
    assert client.get(f"{PAGE}/qr.png").status_code == 200


@pytest.mark.parametrize("path", ["/en/nothing/qr.png", "/en/nothing/poster-a4.pdf", f"{PAGE}/poster-a3.pdf"])
def test_what_is_not_there(client: FlaskClient, appeal: Appeal, path: str) -> None:
    assert client.get(path).status_code == 404
