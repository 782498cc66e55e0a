"""What we may not lose to a thief: it keeps to itself the keys, how a record is sealed, and how it is found again.

Personal data lies in one sealed record per row (AES-256-GCM, NIST SP 800-38D; the row's id and the table
are associated data, so that a record moved to another row does not open). Rows are found by keyed indexes
(HMAC-SHA-256), never by the address itself. The keys are a file of their own, apart from the session
secret and from every backup: a stolen database names nobody. The database keeps the key's id and a sealed
proof, so that a wrong or newly minted key is refused before it seals anything.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app
from sqlalchemy import DateTime, Engine, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from campaign.db import Base
from campaign.errors import PermanentFailure

_VERSION = b"\x01"
_BUCKET = 256  # records are padded to multiples of this, so that length tells little
_PROOF_ROW = UUID(int=0)


class VaultClosed(Exception):
    """The key file and the database do not belong together; the message is one line for the operator."""


class VaultKey(Base):
    """Which key sealed this database, and a record that only that key opens."""

    __tablename__ = "vault_key"

    key_id: Mapped[str] = mapped_column(Text, primary_key=True)
    proof: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Any] = mapped_column(DateTime(timezone=True), server_default=text("clock()"))


class Vault:
    """One master key of 32 bytes and what is derived from it (HKDF, RFC 5869, one label a purpose)."""

    def __init__(self, master: bytes) -> None:
        self._master = master
        self.key_id = hashlib.sha256(b"undersigned key id" + master).hexdigest()[:16]

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self._derive("seal"))

    def _derive(self, label: str) -> bytes:
        info = f"undersigned {label}".encode()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(self._master)

    def seal_bytes(self, plain: bytes, *, table: str, row: UUID) -> bytes:
        """``plain`` as version byte, 12-byte nonce and ciphertext with its 16-byte tag."""
        nonce = os.urandom(12)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain, _bound_to(table, row))

    def open_bytes(self, sealed: bytes, *, table: str, row: UUID) -> bytes:
        """What ``seal_bytes`` sealed. Raises PermanentFailure when key, table or row is another."""
        try:
            return self._cipher.decrypt(sealed[1:13], sealed[13:], _bound_to(table, row))
        except InvalidTag:
            raise PermanentFailure("a sealed record does not open with this key") from None

    def seal(self, record: dict[str, Any], *, table: str, row: UUID) -> bytes:
        """A JSON record, padded with spaces to a multiple of 256 bytes, sealed for one row of one table."""
        plain = orjson.dumps(record)
        return self.seal_bytes(plain.ljust(-(-len(plain) // _BUCKET) * _BUCKET), table=table, row=row)

    def open(self, sealed: bytes, *, table: str, row: UUID) -> dict[str, Any]:
        """The record that ``seal`` sealed. Raises PermanentFailure as ``open_bytes``."""
        record: dict[str, Any] = orjson.loads(self.open_bytes(sealed, table=table, row=row))
        return record

    @cached_property
    def _index_key(self) -> bytes:
        return self._derive("index")

    def index(self, value: str, *, scope: str) -> bytes:
        """A 32-byte keyed index of ``value``; the same value under another scope is unrelated."""
        return hmac.digest(self._index_key, f"{scope}\0{value}".encode(), "sha256")


def init_app(app: Flask) -> None:
    """Let the app open its vault at first use; the key file may not exist before ``ensure`` has run."""
    app.extensions["vault"] = {"path": Path(app.config["VAULT_KEY_FILE"]), "vault": None}


def current() -> Vault:
    """The vault of the current app. Raises VaultClosed when there is no readable key file."""
    kept = current_app.extensions["vault"]
    if kept["vault"] is None:
        kept["vault"] = _read(kept["path"])
    found: Vault = kept["vault"]
    return found


def ensure(engine: Engine, path: Path) -> Vault:
    """The vault of this database; mints its key when the database has never had one.

    Raises VaultClosed, never mints, when the database was sealed with another key: on a second host or
    after a restore the key file must be brought, or every record would be lost in silence.
    """
    with Session(engine) as session:
        session.execute(text("LOCK TABLE vault_key IN SHARE ROW EXCLUSIVE MODE"))
        known = session.query(VaultKey).all()
        if not known and not path.exists():
            _mint(path)
        vault = _read(path)
        if not known:
            proof = vault.seal({"proof": vault.key_id}, table="vault_key", row=_PROOF_ROW)
            session.add(VaultKey(key_id=vault.key_id, proof=proof))
        else:
            _prove(vault, known, path)
        session.commit()
    return vault


def check(engine: Engine, path: Path) -> None:
    """Raise VaultClosed unless the key file opens this database's proof."""
    with Session(engine) as session:
        _prove(_read(path), session.query(VaultKey).all(), path)


def _prove(vault: Vault, known: list[VaultKey], path: Path) -> None:
    for key in known:
        if key.key_id == vault.key_id:
            vault.open(key.proof, table="vault_key", row=_PROOF_ROW)
            return
    raise VaultClosed(f"{path} is not the key of this database: bring back the key file that belongs to it")


def _mint(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"undersigned-vault-1 {secrets.token_hex(32)}\n")
        file.flush()
        os.fsync(file.fileno())  # a key that was used must survive a power cut


def _read(path: Path) -> Vault:
    try:
        kind, _, key = path.read_text(encoding="ascii").strip().partition(" ")
        master = bytes.fromhex(key)
    except FileNotFoundError:
        raise VaultClosed(f"{path} is missing: it holds the key to all personal data; bring it back") from None
    except (OSError, ValueError):
        raise VaultClosed(f"{path} cannot be read as a vault key") from None
    if kind != "undersigned-vault-1" or len(master) != 32:
        raise VaultClosed(f"{path} cannot be read as a vault key")
    return Vault(master)


def _bound_to(table: str, row: UUID) -> bytes:
    return table.encode() + b"\0" + row.bytes
