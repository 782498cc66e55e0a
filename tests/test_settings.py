"""Settings: everything has a default, and everything wrong is said at once, in words for an operator."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import ConfigurationError, load_settings


def test_it_works(tmp_path: Path) -> None:
    settings = load_settings(DATA_DIR=tmp_path)
    assert settings.PUBLIC_URL == "http://127.0.0.1:8000"
    assert settings.MAIL_URL.get_secret_value() == "capture:"


def test_a_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first, again = (load_settings(DATA_DIR=tmp_path).flask()["SECRET_KEY"] for _ in range(2))
    assert first == again
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(DATA_DIR=tmp_path, PORT="many", DATABASE_URL="mysql://x", MAIL_FROM="a, b", SECRET_KEY="short")
    assert [problem.split()[0] for problem in refused.value.problems] == [
        "PORT",
        "DATABASE_URL",
        "SECRET_KEY",
        "MAIL_FROM",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EMBED_SITES", "https://ngo.example, https://other.example"),
        ("EMBED_SITES", "ngo.example"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "8000.5"),
        ("WEB_WORKERS", "-1"),
        ("TRUSTED_PROXIES", "9"),
        ("REDIS_URL", "http://x"),
        ("MAIL_URL", "smtp://"),
        ("MAIL_URL", "smtp://host:port"),
        ("PUBLIC_URL", "appeal.example.org"),
        ("PUBLIC_URL", "https://appeal.example.org/path"),
        ("LETTERS_DOMAIN", "a b"),
        ("LETTERS_DOMAIN", "localhost"),
        ("SECRET_KEY", "a"),
    ],
)
def test_nonsense_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} is "):
        load_settings(**{"DATA_DIR": tmp_path, name: value})


@pytest.mark.parametrize("sender", ["campaign@localhost.invalid", "us@example.org", "us@localhost", ""])
def test_mail_that_leaves_needs_a_sender_who_can_receive(tmp_path: Path, sender: str) -> None:
    given = {"MAIL_FROM": sender} if sender else {}
    with pytest.raises(ConfigurationError, match=r"^MAIL_FROM is nobody"):
        load_settings(DATA_DIR=tmp_path, MAIL_URL="smtp://relay.internal", **given)


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    settings = load_settings(
        DATA_DIR=tmp_path, MAIL_URL="smtp://us:opensesame@relay.internal", MAIL_FROM="a@b.internal"
    )
    assert "opensesame" not in repr(settings)
