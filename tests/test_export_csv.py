"""A file of signatures holds exactly what its audience may see, opens as text everywhere, and leaves a trace."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from campaign import vault
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.exports import exporting
from campaign.exports.audiences import AUDIENCES
from campaign.exports.guarding import guarded
from campaign.exports.queries import Row
from campaign.organisers import audit
from tests import cast

ALL = AUDIENCES["organisers"]
PERSIAN = "مریم می‌آبادی"  # with a joiner that must survive
HOSTILE = [
    "=1+1", "+1", "-5", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "\0=1", "＝1+1", "－1", "＠x", "％=", "%0A", " =1",
    "\u200b=1+1", "\u200f-1", "\ufeff@x", "\u00a0+1", "−1", "a;=1+1", "a\n=1+1", "a\t-1", "a\r@x",
]  # fmt: skip
SIGNS = set("=+-@＝＋－＠−%％")
UNSEEN = re.compile("^[\\s\0\u200b-\u200f\u2060-\u2064\ufeff]+")


def signed(appeal: Appeal, wording: UUID, name: str = "Alice Moreau", **changes: Any) -> None:
    row = uuid4()
    record = {"name": name, "email": f"{row.hex}@secret.example"}
    sealed = vault.current().seal(record, table="signature", row=row)
    given = {"confirmed_at": datetime(2026, 11, 20, 9, 30, tzinfo=UTC), **changes}
    cast.a_signature(appeal, wording, id=row, sealed=sealed, **given)


def file_for(appeal: Appeal, audience: str = "organisers") -> bytes:
    return b"".join(exporting.export(appeal, audience=AUDIENCES[audience], actor="command line"))


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_it_works(context: Flask) -> None:
    appeal, wording = cast.an_appeal(state="open")
    other, other_wording = cast.an_appeal("another")
    signed(appeal, wording, PERSIAN, visibility="public", country="SE", language="fa")
    signed(other, other_wording, "Somebody Else", visibility="public")

    content = file_for(appeal)

    assert content.startswith(b'\xef\xbb\xbf"number","name","country","visibility","language","day","comment"\r\n')
    assert content.count(b"\r\n") == content.count(b"\n") == 2
    assert read(content) == [
        {"number": "1", "name": PERSIAN, "country": "SE", "visibility": "public", "language": "fa",
         "day": "2026-11-20", "comment": ""}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("audience", "names"),
    [
        ("organisers", ["", "Rita Recipient", "Paul Public"]),
        ("recipient", ["", "Rita Recipient", "Paul Public"]),
        ("public", ["", "", "Paul Public"]),
    ],
)
def test_each_audience_sees_the_names_that_signers_allowed_it(
    context: Flask, audience: str, names: list[str]
) -> None:
    appeal, wording = cast.an_appeal()
    for name, visibility in [("Carl Counted", "counted"), ("Rita Recipient", "recipient"), ("Paul Public", "public")]:
        signed(appeal, wording, name, visibility=visibility)

    content = file_for(appeal, audience)

    assert sorted(row["name"] for row in read(content)) == sorted(names)
    assert b"Carl" not in content
    assert b"secret.example" not in content


@pytest.mark.parametrize("audience", ["recipient", "public"])
def test_other_audiences_get_fewer_columns(context: Flask, audience: str) -> None:
    appeal, wording = cast.an_appeal()
    signed(appeal, wording)

    assert list(read(file_for(appeal, audience))[0]) == ["number", "name", "country", "comment"]


def test_the_public_file_names_no_country_of_fewer_than_five(context: Flask) -> None:
    appeal, wording = cast.an_appeal()
    for country in ["DE"] * 5 + ["LI"] * 4:
        signed(appeal, wording, country=country)

    assert sorted(row["country"] for row in read(file_for(appeal, "public"))) == [""] * 4 + ["DE"] * 5
    assert sorted(row["country"] for row in read(file_for(appeal, "recipient"))) == ["DE"] * 5 + ["LI"] * 4


@pytest.mark.parametrize(
    "changes",
    [{"held_at": datetime(2026, 11, 21, tzinfo=UTC)}]
    + [{"state": state} for state in ("pending", "withdrawn", "invalidated", "lapsed", "expired", "erased")],
)
def test_what_does_not_count_is_in_no_file(context: Flask, changes: dict[str, Any]) -> None:
    appeal, wording = cast.an_appeal()
    signed(appeal, wording, "Eve", visibility="public", **changes)

    assert read(file_for(appeal)) == []


def test_synthetic_people_are_in_the_file_of_a_demonstration_only(context: Flask) -> None:
    demonstration, wording = cast.an_appeal()
    earnest, earnest_wording = cast.an_appeal("earnest", state="open")
    signed(demonstration, wording, origin="demo")
    signed(earnest, earnest_wording, origin="demo")

    assert len(read(file_for(demonstration))) == 1
    assert read(file_for(earnest)) == []
    assert "-demonstration-" in exporting.file_name(demonstration, ALL, today=date(2026, 11, 24))
    assert (
        exporting.file_name(earnest, ALL, today=date(2026, 11, 24)) == "signatures-earnest-organisers-2026-11-24.csv"
    )


def test_who_takes_a_file_is_written_down_before_its_first_byte(context: Flask) -> None:
    appeal, wording = cast.an_appeal()
    signed(appeal, wording)

    pieces = exporting.export(appeal, audience=AUDIENCES["public"], actor="command line")

    before = audit.listing()
    assert [(deed.action, deed.details["audience"]) for deed in before] == [("signatures.exported", "public")]
    list(pieces)
    assert [(deed.action, deed.details.get("rows")) for deed in audit.listing()] == [
        ("signatures.export_ended", 1),
        ("signatures.exported", None),
    ]


def test_a_file_that_breaks_off_says_how_far_it_came(context: Flask) -> None:
    appeal, wording = cast.an_appeal()
    for _signer in range(450):
        signed(appeal, wording)

    pieces = exporting.export(appeal, audience=ALL, actor="command line")
    next(pieces)
    next(pieces)
    pieces.close()

    ended = audit.listing()[0]
    assert ended.action == "signatures.export_ended"
    assert 0 < ended.details["rows"] < 450


def test_numbers_of_past_days_stay_when_exact_times_blur(context: Flask) -> None:
    appeal, wording = cast.an_appeal()
    for hour in (20, 7, 13, 2):
        at = datetime(2026, 11, 20, hour, tzinfo=UTC)
        signed(appeal, wording, f"Signer of {hour}", visibility="public", confirmed_at=at)
    before = file_for(appeal)

    session.execute(text("UPDATE signature SET confirmed_at = date_trunc('day', confirmed_at)"))
    session.commit()
    signed(appeal, wording, "Later", visibility="public", confirmed_at=datetime(2026, 11, 21, tzinfo=UTC))

    assert file_for(appeal).startswith(before)


def test_a_file_on_disk_is_its_owners_and_whole_or_not_at_all(context: Flask, tmp_path: Path) -> None:
    appeal, wording = cast.an_appeal()
    signed(appeal, wording)
    out = tmp_path / "signatures.csv"

    exporting.write(exporting.export(appeal, audience=ALL, actor="command line"), out)
    assert out.stat().st_mode & 0o777 == 0o600
    whole = out.read_bytes()

    def broken() -> Any:
        yield b"half"
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        exporting.write(broken(), out)
    assert out.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["signatures.csv"]


@pytest.mark.parametrize("cell", HOSTILE)
def test_hostile_cells_are_guarded(cell: str) -> None:
    assert "'" in guarded(cell)


@pytest.mark.parametrize("cell", ["Alice", PERSIAN, "O’Brien", "Jean-Luc", "a=b", "", "名 前", "1 + 1"])
def test_harmless_cells_stay_as_they_are(cell: str) -> None:
    assert guarded(cell) == cell


_odd = st.sampled_from([*SIGNS, *";\t\r\n\0\"', \u200b\u200e\ufeff\u3000"])
_hostile_text = st.lists(st.one_of(st.sampled_from(HOSTILE), _odd, st.text(max_size=4)), max_size=6).map("".join)


@given(_hostile_text)
def test_no_cell_begins_as_a_formula_wherever_a_program_cuts_it(cell: str) -> None:
    for part in re.split("[;\t\r\n]", guarded(cell)):
        shown = UNSEEN.sub("", part)
        assert shown[:1] not in SIGNS
    assert guarded(cell)[:1] not in {*"\t\r\n\0"} - {""}
    assert guarded(cell).replace("'", "") == cell.replace("'", "")


@given(st.lists(_hostile_text, max_size=5))
def test_every_name_comes_back_from_the_file_as_it_went_in(names: list[str]) -> None:
    names = [name.encode("utf-8", "replace").decode() for name in names]
    rows = [Row(n, name, "DE", "public", "en", date(2026, 11, 24)) for n, name in enumerate(names, 1)]

    content = b"".join(exporting.as_csv(rows, ALL.columns))

    found = [row["name"] for row in read(content)]
    assert found == [guarded(name) for name in names]
    assert all(len(row) == len(ALL.columns) and None not in row for row in read(content))


@pytest.mark.skipif(not shutil.which("soffice"), reason="LIBREOFFICE IS NOT INSTALLED: opening there is not tested")
def test_libreoffice_opens_it_as_text_with_persian_names(context: Flask, tmp_path: Path) -> None:
    appeal, wording = cast.an_appeal()
    names = [PERSIAN, "=HYPERLINK(1)", "-5", "＝1+1", 'Zoë, "Z" O’Brien']
    for second, name in enumerate(names):
        at = datetime(2026, 11, 20, 9, 30, second, tzinfo=UTC)
        signed(appeal, wording, name, visibility="public", confirmed_at=at)
    (tmp_path / "signatures.csv").write_bytes(file_for(appeal))

    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    # Commas, quotes, UTF-8: what its dialog finds out by itself when a person opens the file.
    choices = "--infilter=CSV:44,34,76,1"
    subprocess.run(
        ["soffice", profile, "--headless", choices, "--convert-to", "fods", "--outdir", tmp_path, "signatures.csv"],
        cwd=tmp_path, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    sheet = (tmp_path / "signatures.fods").read_text()

    assert PERSIAN in sheet
    assert "table:formula" not in sheet
    for name in names[1:4]:
        assert f"<text:p>&apos;{name}</text:p>" in sheet or f"<text:p>'{name}</text:p>" in sheet
