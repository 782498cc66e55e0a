"""The commands of an installation: what they do, and that whatever is wrong is a line and exit code 1."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import text

from campaign import i18n
from campaign.api import health
from campaign.appeals import danger, versions
from campaign.appeals.content import Content
from campaign.appeals.facts import Publisher
from campaign.cli import campaign
from campaign.db import session
from campaign.mail import outbox
from campaign.organisers import accounts, audit
from campaign.petition import counting
from tests import bundled, cast
from tests.conftest import link_in
from tests.desk import Browser, press
from tests.stack import free_port

Run = Callable[..., Result]
BUNDLE = str(bundled.DATA / "appeals" / cast.SLUG)


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A command on the installation of the tests."""
    for name in ("DATABASE_URL", "REDIS_URL", "VAULT_KEY_FILE"):
        monkeypatch.setenv(name, str(app.config[name]))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return lambda *words: CliRunner().invoke(campaign, words)


def deeds() -> list[str]:
    session.rollback()
    return [deed.action for deed in audit.listing()]


def test_it_works(run: Run, context: Flask, tmp_path: Path) -> None:
    out = tmp_path / "signatures.csv"

    assert run("appeal", "load", BUNDLE).output.startswith(f"{cast.SLUG} is new: version 1")
    assert run("appeal", "load", BUNDLE).output.startswith(f"{cast.SLUG} is as it was")
    assert run("demo", "fill", cast.SLUG, "--signatures", "1500").exit_code == 0
    assert run("appeal", "list").output == f"{cast.SLUG}  demonstration  1500 signatures\n"
    assert run("export", cast.SLUG, "--out", str(out), "--audience", "public").exit_code == 0

    assert out.read_bytes().count(b"\r\n") == 1501
    assert out.stat().st_mode & 0o777 == 0o600
    assert deeds()[:4] == ["signatures.export_ended", "signatures.exported", "demo.filled", "appeal.loaded"]


def test_the_printed_link_signs_in(run: Run, app: Flask) -> None:
    link = link_in(run("organiser", "add", "olga@example.org").output, "/desk/enter/")
    browser = Browser(app, app.response_class)

    assert press(browser, link, link).status_code == 303
    assert browser.get("/desk/").status_code == 200


def test_synthetic_people_are_as_many_kinds_as_real_ones(run: Run, context: Flask) -> None:
    appeal = cast.the_appeal()
    run("demo", "fill", cast.SLUG, "--signatures", "2000")
    run("demo", "fill", cast.SLUG, "--signatures", "100")

    def different(column: str) -> set[object]:
        return set(session.scalars(text(f"SELECT DISTINCT {column} FROM signature")))

    assert counting.tally(appeal.id).total == 2100
    assert different("visibility") == {"counted", "recipient", "public"}
    assert different("language") == {*i18n.INTERFACE}
    assert different("origin") == {"demo"}
    assert "IR" not in different("country")
    assert len(different("confirmed_at::date")) > 40
    assert session.scalar(text("SELECT bool_and((visibility = 'public') = (public_name IS NOT NULL)) FROM signature"))
    assert re.search("[\u0600-\u06ff]", "".join(str(name) for name in different("public_name")))
    assert not session.scalar(text("SELECT count(*) FROM message"))


def test_an_appeal_opens_without_its_synthetic_people(run: Run, context: Flask) -> None:
    appeal = cast.the_appeal()
    run("demo", "fill", cast.SLUG, "--signatures", "10")
    assert "Nobody answers for this appeal yet" in run("appeal", "open", cast.SLUG).output
    assert counting.tally(appeal.id).total == 10
    content = versions.newest(session, appeal)
    publisher = dict.fromkeys(Publisher.model_fields, "Somebody")
    somebody = Content.from_data({**content.as_data(), "publisher": publisher, "delete_by": "2030-01-01"})
    versions.publish(session, somebody)
    session.commit()

    opened, filled = run("appeal", "open", cast.SLUG), run("demo", "fill", cast.SLUG, "--signatures", "10")
    closed = run("appeal", "close", cast.SLUG)

    assert "10 rows of the rehearsal were forgotten" in opened.output
    assert counting.tally(appeal.id).total == 0
    assert filled.exit_code == 1
    assert closed.output.endswith(f"{cast.SLUG} is closed.\n")


def test_mail_is_counted_stopped_and_let_go_on(run: Run, context: Flask) -> None:
    appeal = cast.the_appeal()
    row = outbox.enqueue(kind="letter", subject_id=None, address="a@b.invalid", language="en", dedupe_key="x")
    session.execute(text("UPDATE message SET state = 'unknown'"))
    session.commit()

    assert "1  letter           unknown" in run("outbox", "status").output
    assert run("outbox", "pause", "--appeal", cast.SLUG).exit_code == 0
    assert run("outbox", "pause", "--office", "sr-iran").exit_code == 0
    status = json.loads(run("outbox", "status", "--json").output)
    assert status["counts"][0]["count"] == 1
    assert set(status["paused"]) == {f"appeal:{appeal.id}", "office:sr-iran"}
    noted = [deed.subject for deed in audit.listing(action="outbox.paused")]
    assert noted == ["office:sr-iran", f"appeal {cast.SLUG}"]
    danger.call(appeal, by=accounts.add("olga@example.org"))
    assert run("outbox", "resume", "--appeal", cast.SLUG).exit_code == 1
    danger.end(appeal, by=accounts.add("olga@example.org"))
    run("outbox", "resume", "--appeal", cast.SLUG)
    run("outbox", "resume", "--office", "sr-iran")
    assert json.loads(run("outbox", "status", "--json").output)["paused"] == []
    assert run("outbox", "retry", str(row)).exit_code == 0
    session.rollback()
    assert session.scalar(text("SELECT state FROM message")) == "ready"


def test_somebody_is_erased(run: Run, context: Flask, client: object) -> None:
    cast.the_appeal()
    cast.sign(context.test_client())
    cast.sign(context.test_client(), email="bob@example.org")

    assert run("erase", "Alice@example.org").output.splitlines()[-1].startswith("Erased: 1 signatures")
    session.rollback()
    assert session.scalar(text("SELECT count(*) FROM signature WHERE sealed IS NOT NULL")) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("appeal", "open", "none"), "There is no appeal none (there is: none is loaded)"),
        (("export", "none", "--out", "x.csv"), "There is no appeal none"),
        (("appeal", "load", str(bundled.DATA)), "appeal.yaml"),
        (("organiser", "add", "nonsense"), "This does not look like an email address"),
        (("erase", "nonsense"), "This does not look like an email address"),
        (("outbox", "pause"), "Say one of --all"),
        (("outbox", "pause", "--all", "--office", "x"), "Say one of --all"),
        (("outbox", "retry", str(uuid4())), "can be sent again"),
        (("backup", "/nowhere/at/all.dump"), "No such file or directory"),
        (("restore", "/nowhere/at/all.dump"), "No such file or directory"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(run: Run, context: Flask, words: tuple[str, ...], said: str) -> None:
    result = run(*words)

    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output


def test_an_office_that_nobody_knows_is_not_paused(run: Run, context: Flask) -> None:
    cast.the_appeal()
    result = run("outbox", "pause", "--office", "nope")

    assert result.exit_code == 1
    assert "There is no office nope" in result.output
    assert json.loads(run("outbox", "status", "--json").output)["paused"] == []


def test_a_file_that_cannot_be_written_is_named_as_it_was_asked_for(run: Run, context: Flask, tmp_path: Path) -> None:
    cast.the_appeal()
    result = run("export", cast.SLUG, "--out", str(tmp_path / "nowhere" / "x.csv"))

    assert result.exit_code == 1
    assert str(tmp_path / "nowhere") in result.output
    assert ".x.csv." not in result.output


def test_the_doctor_knocks_at_the_mail_server(run: Run, context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_URL", "smtp://127.0.0.1:1")
    monkeypatch.setenv("MAIL_FROM", "campaign@appeal.internal")

    assert re.search("WRONG +mail .*127.0.0.1:1 does not answer", run("doctor").output)


@pytest.mark.parametrize("kind", ["xlsx", "jsonl"])
def test_formats_of_a_later_version_say_so(run: Run, tmp_path: Path, kind: str) -> None:
    result = run("export", cast.SLUG, "--format", kind, "--out", str(tmp_path / "x"))

    assert result.exit_code == 2
    assert f"{kind} comes with a later version" in result.output


def test_all_wrong_settings_are_told_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://x")
    monkeypatch.setenv("MAIL_URL", "nonsense")

    for words in (("appeal", "list"), ("doctor",)):
        result = run(*words)
        assert result.exit_code == 1
        assert "DATABASE_URL is not a PostgreSQL URL" in result.output
        assert "MAIL_URL is neither" in result.output


def test_an_unreachable_database_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://eve:secret@127.0.0.1:1/none")

    result = run("appeal", "list")

    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert "secret" not in result.output


def test_another_key_is_refused_before_anything_is_done(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "wrong.key"
    wrong.write_text("undersigned-vault-1 " + "ab" * 32)
    monkeypatch.setenv("VAULT_KEY_FILE", str(wrong))

    result = run("organiser", "add", "olga@example.org")

    assert result.exit_code == 1
    assert "is not the key of this database" in result.output
    assert result.output.count("\n") == 1


def test_the_doctor_finds_nothing_wrong_here(run: Run, context: Flask) -> None:
    result = run("doctor")

    assert result.exit_code == 0
    assert "WRONG" not in result.output
    assert "rehearsal" in result.output
    assert "degraded: no worker and beat for two minutes" in result.output


def test_the_doctor_says_degraded_when_beat_has_not_polled_for_two_minutes(run: Run, context: Flask) -> None:
    health.heartbeat()
    polled = health.last_poll()
    assert polled
    assert "worker and beat are running" in run("doctor").output
    context.extensions["redis"].set("heartbeat", polled - 121)

    assert "degraded: no worker and beat for two minutes" in run("doctor").output


def test_the_doctor_finds_what_is_wrong(
    run: Run, context: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session.execute(text("INSERT INTO pause (key, why) VALUES ('all', 'a person')"))
    session.commit()
    monkeypatch.setenv("PUBLIC_URL", "http://appeal.example.org")
    monkeypatch.setenv("VAULT_KEY_FILE", str(tmp_path / "missing.key"))

    result = run("doctor")

    assert result.exit_code == 1
    assert re.search("WRONG +vault .*missing", result.output)
    assert re.search("WRONG +sign-in .*plain http", result.output)
    assert "paused: all" in result.output


@pytest.fixture
def elsewhere(app: Flask, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A command in an empty directory of its own, with servers of its own."""
    kept = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL", "VAULT_KEY_FILE"}}
    environment = {**kept, "DATA_DIR": str(tmp_path / "new"), "PORT": str(free_port())}

    def execute(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", *words]
        return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=120, check=False)

    return execute


def test_a_backup_names_nobody_and_comes_back_with_its_key(
    run: Run, app: Flask, context: Flask, elsewhere: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    cast.the_appeal()
    run("demo", "fill", cast.SLUG, "--signatures", "50")
    run("organiser", "add", "olga@example.org")
    file, key = tmp_path / "backup.dump", Path(app.config["VAULT_KEY_FILE"])

    said = run("backup", str(file)).output
    restored = elsewhere("campaign.cli", "restore", str(file))
    refused = elsewhere("campaign.running")
    (tmp_path / "new" / "vault.key").write_bytes(key.read_bytes())
    listed = elsewhere("campaign.cli", "appeal", "list")
    out = tmp_path / "signatures.csv"
    exported = elsewhere("campaign.cli", "export", cast.SLUG, "--out", str(out))

    assert "The key is not in it" in said
    assert file.stat().st_mode & 0o777 == 0o600
    assert key.read_text().split()[1].encode() not in file.read_bytes()
    assert restored.returncode == 0
    assert "It stays closed until its key is there" in restored.stdout
    assert refused.returncode == 1
    assert "vault.key is missing" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert listed.stdout == f"{cast.SLUG}  demonstration  50 signatures\n"
    assert exported.returncode == 0
    assert out.read_bytes().count(b"\r\n") == 51


def test_nothing_is_restored_over_a_database_that_has_something(run: Run, context: Flask, tmp_path: Path) -> None:
    cast.the_appeal()
    file = tmp_path / "backup.dump"
    run("backup", str(file))

    result = run("restore", str(file))

    assert result.exit_code == 1
    assert "restore into a new DATA_DIR" in result.output
    assert result.output.count("\n") == 1


def test_a_database_of_another_version_is_not_touched(run: Run, app: Flask) -> None:
    name = f"empty_{uuid4().hex[:8]}"
    engine = app.extensions["engine"].execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = app.config["DATABASE_URL"].replace("@/undersigned", f"@/{name}")
    assert name in url

    refused = CliRunner(env={"DATABASE_URL": url}).invoke(campaign, ["appeal", "list"])
    upgraded = CliRunner(env={"DATABASE_URL": url}).invoke(campaign, ["db", "upgrade"])
    listed = CliRunner(env={"DATABASE_URL": url}).invoke(campaign, ["appeal", "list"])

    assert refused.output == "The database is not of this version: run bin/campaign db upgrade\n"
    assert refused.exit_code == 1
    assert upgraded.exit_code == 0
    assert listed.exit_code == 0
