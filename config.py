"""Every knob of Undersigned, typed, read once from the environment; it keeps to itself how settings are checked.

Nothing else reads the environment, and only the factory imports this module: code asks
``current_app.config``. There is no default for a secret (one is made once under ``DATA_DIR``) and no
class per environment: a setting says what it is, not where it runs.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_NOBODYS = (".invalid", ".example", ".test", "localhost", "@example.org", "@example.com", "@example.net")
_SECRET_AT_LEAST = 32


class ConfigurationError(Exception):
    """What is wrong with the environment: one line for each problem, fit to print, and the settings it names."""

    def __init__(self, problems: list[str], names: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.names = names


def _between(least: int, most: int) -> BeforeValidator:
    """A whole number in a range, refused in words that an operator understands."""

    def check(value: Any) -> int:
        if not str(value).strip().isdecimal() or not least <= int(value) <= most:
            raise ValueError(f"is not a whole number from {least} to {most}")
        return int(value)

    return BeforeValidator(check)


class Settings(BaseSettings):
    """The public interface of an installation. An empty variable counts as unset."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", validate_default=True)

    DATA_DIR: Path = Path(__file__).parent / "var"
    HOST: str = "127.0.0.1"
    PORT: Annotated[int, _between(1, 65535)] = 8000
    PUBLIC_URL: str = ""
    ONION_URL: str = ""
    DATABASE_URL: str = ""
    REDIS_URL: str = ""
    VAULT_KEY_FILE: Path | None = None
    SECRET_KEY: SecretStr | None = None
    MAIL_URL: SecretStr = SecretStr("capture:")
    MAIL_FROM: str = "campaign@localhost.invalid"
    LETTERS_DOMAIN: str = ""
    EMBED_SITES: str = "*"
    TRUSTED_PROXIES: Annotated[int, _between(0, 8)] = 0
    WEB_WORKERS: Annotated[int, _between(1, 64)] = 2
    METRICS_PORT: Annotated[int, _between(0, 65535)] = 0  # 0: no metrics

    @field_validator("DATABASE_URL")
    @classmethod
    def _postgres_only(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
            raise ValueError("is not a PostgreSQL URL (postgresql://user:password@host:5432/name)")
        return value

    @field_validator("REDIS_URL")
    @classmethod
    def _redis_only(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("is not a Redis URL (redis://host:6379/0 or unix:///path/to/socket)")
        return value

    @field_validator("MAIL_URL")
    @classmethod
    def _known_transport(cls, value: SecretStr) -> SecretStr:
        try:
            url = urlsplit(value.get_secret_value())
            known = url.scheme == "capture" or (url.scheme in {"smtp", "smtps"} and bool(url.hostname))
            known = known and (url.port is None or url.port > 0)
        except ValueError:
            known = False
        if not known:
            raise ValueError("is neither capture: nor smtp://user:password@host:port nor smtps://…")
        return value

    @field_validator("MAIL_FROM")
    @classmethod
    def _one_address(cls, value: str, told: ValidationInfo) -> str:
        address = parseaddr(value)[1]
        if address.count("@") != 1 or any(c in value for c in "\r\n,;"):
            raise ValueError("is not one mail address")
        transport = told.data.get("MAIL_URL")
        sends = transport is not None and not transport.get_secret_value().startswith("capture:")
        if sends and address.lower().endswith(_NOBODYS):
            raise ValueError("is nobody's address, and MAIL_URL sends: set it to one of yours that can receive")
        return address

    @field_validator("EMBED_SITES")
    @classmethod
    def _sites_only(cls, value: str) -> str:
        if value not in {"*", "none"} and not all(re.fullmatch(r"https://[\w.*-]+(:\d+)?", s) for s in value.split()):
            raise ValueError("is neither *, none, nor sites like https://ngo.example https://*.ngo.example")
        return "'none'" if value == "none" else " ".join(value.split())

    @field_validator("LETTERS_DOMAIN")
    @classmethod
    def _domain_only(cls, value: str) -> str:
        if value and not re.fullmatch(r"(?i)[a-z0-9-]+(\.[a-z0-9-]+)+", value):
            raise ValueError("is not a domain like letters.example.org")
        return value.lower()

    @field_validator("SECRET_KEY")
    @classmethod
    def _not_guessable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < _SECRET_AT_LEAST:
            raise ValueError(f"is shorter than {_SECRET_AT_LEAST} characters: unset it, and one is made and kept")
        return value

    @field_validator("PUBLIC_URL", "ONION_URL")
    @classmethod
    def _origin_only(cls, value: str) -> str:
        if not value:
            return value
        url = urlsplit(value)
        if url.scheme not in {"http", "https"} or not url.hostname or url.path not in {"", "/"} or url.query:
            raise ValueError("is not an address like https://appeal.example.org, without a path")
        return f"{url.scheme}://{url.netloc}"

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        self.DATA_DIR = self.DATA_DIR.expanduser().absolute()
        self.PUBLIC_URL = self.PUBLIC_URL or f"http://{_shown(self.HOST)}:{self.PORT}"
        self.VAULT_KEY_FILE = (self.VAULT_KEY_FILE or self.DATA_DIR / "vault.key").expanduser().absolute()
        return self

    def flask(self) -> dict[str, Any]:
        """The mapping that Flask and its extensions read; makes the session secret when none was given."""
        values = self.model_dump()
        values["MAIL_URL"] = self.MAIL_URL.get_secret_value()
        values["SECRET_KEY"] = self.SECRET_KEY.get_secret_value() if self.SECRET_KEY else self._kept_secret()
        values["TRUSTED_HOSTS"] = self._hosts()
        values |= _web_defaults(self.PUBLIC_URL)
        return values

    def _kept_secret(self) -> str:
        return kept_once(self.DATA_DIR / "secret.key", lambda: secrets.token_urlsafe(48))

    def _hosts(self) -> list[str]:
        named = [urlsplit(u).hostname or "" for u in (self.PUBLIC_URL, self.ONION_URL) if u]
        return [*dict.fromkeys([*named, "localhost", "127.0.0.1", "[::1]"])]


def load_settings(**given: Any) -> Settings:
    """Settings from the environment (``given`` wins). Raises ConfigurationError with every problem at once."""
    try:
        return Settings(**given)
    except ValidationError as error:
        wrong = error.errors()
        raise ConfigurationError([_line(e) for e in wrong], [str(e["loc"][0]) for e in wrong if e["loc"]]) from None


def kept_once(path: Path, make: Any) -> str:
    """The text of ``path``; when there is none, ``make()`` is written there, mode 600, by one process only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(make())
        try:
            os.link(fresh, path)  # whoever links first wins; the others read what it wrote
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii").strip()


def _line(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"]) or "settings"
    return f"{name} {error['msg'].removeprefix('Value error, ')}"


def _shown(host: str) -> str:
    """A host as it stands in a URL; a wildcard is shown as this machine."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared, not bound
        return "localhost"
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host


def _web_defaults(public_url: str) -> dict[str, Any]:
    """Cookie and body limits. The desk's cookie is Secure wherever a browser will accept that.

    A .onion origin counts as secure in Tor Browser although its scheme is http; elsewhere plain http
    gets no ``__Host-`` prefix, since browsers refuse it there, and the desk says why it stays shut.
    """
    url = urlsplit(public_url)
    secure = url.scheme == "https" or (url.hostname or "").endswith(".onion")
    return {
        "SESSION_COOKIE_NAME": "__Host-desk" if secure else "desk",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "PERMANENT_SESSION_LIFETIME": 12 * 3600,
        "MAX_CONTENT_LENGTH": 256 * 1024,
        "MAX_FORM_MEMORY_SIZE": 128 * 1024,
        "MAX_FORM_PARTS": 100,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_SSL_STRICT": False,  # it wants a Referer, and our pages send none
    }
