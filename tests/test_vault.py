"""The vault: what is sealed opens only with its key, table and row, and a wrong key is refused before it seals."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from campaign import vault
from campaign.errors import PermanentFailure
from campaign.vault import Vault, VaultClosed

ALICE = {"name": "Alice Åberg", "email": "alice@example.org"}
KEPT = Vault(bytes(range(32)))


def test_it_works() -> None:
    row = uuid4()
    sealed = KEPT.seal(ALICE, table="signature", row=row)
    assert b"Alice" not in sealed
    assert KEPT.open(sealed, table="signature", row=row) == ALICE


@given(st.dictionaries(st.text(), st.text()), st.uuids())
def test_whatever_people_type_comes_back_whole(record: dict[str, str], row: object) -> None:
    sealed = KEPT.seal(record, table="letter", row=row)  # type: ignore[arg-type]
    assert KEPT.open(sealed, table="letter", row=row) == record  # type: ignore[arg-type]


def test_length_tells_little() -> None:
    short, long = ({"name": n} for n in ("Al", "Alexandra Konstantinopolou"))
    row = uuid4()
    assert len(KEPT.seal(short, table="t", row=row)) == len(KEPT.seal(long, table="t", row=row))


@pytest.mark.parametrize("table", ["letter", "signatur"])
def test_a_record_moved_to_another_table_does_not_open(table: str) -> None:
    row = uuid4()
    sealed = KEPT.seal(ALICE, table="signature", row=row)
    with pytest.raises(PermanentFailure):
        KEPT.open(sealed, table=table, row=row)


def test_a_record_moved_to_another_row_does_not_open() -> None:
    sealed = KEPT.seal(ALICE, table="signature", row=uuid4())
    with pytest.raises(PermanentFailure):
        KEPT.open(sealed, table="signature", row=uuid4())


def test_one_flipped_bit_does_not_open() -> None:
    row = uuid4()
    sealed = bytearray(KEPT.seal(ALICE, table="signature", row=row))
    sealed[-1] ^= 1
    with pytest.raises(PermanentFailure):
        KEPT.open(bytes(sealed), table="signature", row=row)


def test_an_index_finds_within_its_scope_only() -> None:
    here, there = KEPT.index("a@example.org", scope="appeal 1"), KEPT.index("a@example.org", scope="appeal 2")
    assert here == KEPT.index("a@example.org", scope="appeal 1")
    assert len({here, there, Vault(bytes(32)).index("a@example.org", scope="appeal 1")}) == 3


def test_a_key_is_minted_once_and_kept_private(app: Flask) -> None:
    path = Path(app.config["VAULT_KEY_FILE"])
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    vault.ensure(app.extensions["engine"], path)
    assert path.read_text() == before


def test_a_missing_key_is_never_replaced(app: Flask, tmp_path: Path) -> None:
    with pytest.raises(VaultClosed, match="is missing"):
        vault.ensure(app.extensions["engine"], tmp_path / "vault.key")
    assert not (tmp_path / "vault.key").exists()


def test_the_key_of_another_database_is_refused(app: Flask, tmp_path: Path) -> None:
    other = tmp_path / "vault.key"
    other.write_text(f"undersigned-vault-1 {'ab' * 32}\n")
    with pytest.raises(VaultClosed, match="not the key of this database"):
        vault.check(app.extensions["engine"], other)
    with app.extensions["engine"].connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM vault_key")) == 1


@pytest.mark.parametrize("content", ["", "undersigned-vault-1 zz", "undersigned-vault-1 abcd", "ssh-rsa AAAA"])
def test_a_broken_key_file_is_refused_in_one_line(app: Flask, tmp_path: Path, content: str) -> None:
    path = tmp_path / "vault.key"
    path.write_text(content)
    with pytest.raises(VaultClosed, match="cannot be read"):
        vault.check(app.extensions["engine"], path)
