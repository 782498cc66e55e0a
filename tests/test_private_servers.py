"""PostgreSQL and Valkey under DATA_DIR: started, shared, stopped, and whole again after any crash."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from campaign import embedded
from campaign.embedded import Servers, Unavailable, accounts
from config import Settings

ROOT = Path(__file__).parent.parent
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can take another account")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def start(data: Path, **given: str) -> Servers:
    return embedded.start(Settings(DATA_DIR=data, **given), durable=False)


def ask(servers: Servers, question: str) -> str:
    with psycopg.connect(servers.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(question)
        return str(cursor.fetchone()[0]) if cursor.description else ""  # type: ignore[index]


def ping(servers: Servers) -> bool:
    with redis.Redis.from_url(servers.redis_url) as client:
        return bool(client.ping())


def pids(servers: Servers) -> list[int]:
    return [child.process.pid for child in servers.children if child.process]


def gone(numbers: list[int], within: float = 8) -> bool:
    until = time.monotonic() + within
    while any(psutil.pid_exists(n) and psutil.Process(n).status() != psutil.STATUS_ZOMBIE for n in numbers):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_it_works(data: Path) -> None:
    with start(data) as servers:
        started = pids(servers)
        assert ask(servers, "SHOW server_encoding") == "UTF8"
        assert ask(servers, "SELECT upper('é') || lower('Ő')") == "Éő"
        assert ping(servers)
    assert len(started) == 2
    assert gone(started)


def test_they_listen_on_private_sockets_only(data: Path) -> None:
    with start(data) as servers:
        assert ask(servers, "SHOW listen_addresses") == ""
        for pid in pids(servers):
            assert psutil.Process(pid).net_connections("inet") == []
        sockets = [Path(ask(servers, "SHOW unix_socket_directories").strip('"')), *data.glob("run/valkey")]
        assert [stat.S_IMODE(path.stat().st_mode) for path in sockets] == [0o700] * len(sockets)


def test_the_broker_keeps_nothing_on_disk(data: Path) -> None:
    with start(data) as servers:
        with redis.Redis.from_url(servers.redis_url) as client:
            client.set("name", "Alice")
            assert client.config_get("save", "appendonly") == {"save": "", "appendonly": "no"}
        places = [data / "run", Path(servers.redis_url.removeprefix("unix://").split("?")[0]).parent]
    assert [path for place in places for path in place.rglob("*") if path.suffix in {".rdb", ".aof"}] == []
    with start(data) as servers, redis.Redis.from_url(servers.redis_url) as client:
        assert client.get("name") is None


def test_a_second_start_finds_the_same_data(data: Path) -> None:
    with start(data) as servers:
        ask(servers, "CREATE TABLE kept AS SELECT 42 AS n")
    with start(data) as servers:
        assert ask(servers, "SELECT n FROM kept") == "42"


def test_a_command_adopts_running_servers_and_leaves_them_running(data: Path) -> None:
    with start(data) as owner:
        with start(data) as guest:
            assert guest.children == []
            assert (guest.database_url, guest.redis_url) == (owner.database_url, owner.redis_url)
        assert ask(owner, "SELECT 1") == "1"
        assert ping(owner)


def test_the_owner_waits_for_a_guest_before_it_stops(data: Path) -> None:
    owner, guest = start(data), start(data)
    stopping = threading.Thread(target=owner.stop)
    stopping.start()
    time.sleep(0.3)
    assert ask(guest, "SELECT 1") == "1"
    guest.stop()
    stopping.join(10)
    assert not stopping.is_alive()
    assert owner.children == []


def test_a_supervisor_does_not_wait_for_a_guest(data: Path) -> None:
    owner, guest = start(data), start(data)
    started = pids(owner)
    owner.stop(wait_for_others=False)
    assert gone(started)
    guest.stop()


def test_whoever_comes_when_the_owner_leaves_starts_anew(data: Path) -> None:
    with start(data) as first:
        before = pids(first)
    with start(data) as second:
        assert not set(before) & set(pids(second))


def test_given_servers_are_used_and_nothing_private_is_started(data: Path) -> None:
    given = {"DATABASE_URL": "postgres://u:p@db.example/x", "REDIS_URL": "redis://broker.example:6379/0"}
    with start(data, **given) as servers:
        assert servers.children == []
        assert servers.database_url == "postgresql+psycopg://u:p@db.example/x"
        assert servers.redis_url == given["REDIS_URL"]
    assert not data.exists()


def test_one_given_server_leaves_the_other_private(data: Path) -> None:
    with start(data, DATABASE_URL="postgresql://u:p@db.example/x") as servers:
        assert [child.name for child in servers.children] == ["valkey"]
        assert ping(servers)


@pytest.mark.parametrize("name", ["d" * 90, "with, comma", 'a "b" c?d#e%20é'])
def test_any_path_will_do(data: Path, name: str) -> None:
    with start(data / name) as servers:
        assert ask(servers, "SELECT 1") == "1"
        assert ping(servers)
        elsewhere = [Path(note.read_text()) for note in (data / name / "run").glob("*.at")]
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o700 for path in elsewhere)
        with start(data / name) as guest:
            assert guest.database_url == servers.database_url
    assert not any(path.exists() for path in elsewhere)


# --- crashes ---


def test_after_kill_9_of_both_the_next_start_recovers(data: Path) -> None:
    servers = start(data)
    ask(servers, "CREATE TABLE kept AS SELECT 42 AS n")
    ask(servers, "CHECKPOINT")
    for pid in pids(servers):
        os.kill(pid, signal.SIGKILL)
    servers.stop()
    assert (data / "postgres" / "postmaster.pid").exists()
    with start(data) as servers:
        assert ask(servers, "SELECT n FROM kept") == "42"
        assert ping(servers)


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(data: Path) -> None:
    """In a container the same small numbers come again: here ours."""
    with start(data):
        note = (data / "postgres" / "postmaster.pid").read_text().splitlines()
    (data / "postgres" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *note[1:]]))
    with start(data) as servers:
        assert ask(servers, "SELECT 1") == "1"


@pytest.mark.parametrize("note", ["", "x", "999999999"])
def test_a_torn_pid_file_is_no_obstacle(data: Path, note: str) -> None:
    start(data).stop()
    (data / "postgres" / "postmaster.pid").write_text(note)
    with start(data) as servers:
        assert ask(servers, "SELECT 1") == "1"


def test_servers_that_nobody_owns_any_more_are_replaced(data: Path) -> None:
    orphaned = start(data)
    for lock in orphaned._locks:
        lock.release()
    with start(data) as servers:
        assert gone(pids(orphaned))
        assert ask(servers, "SELECT 1") == "1"
        assert ping(servers)
    for child in orphaned.children:
        child.stop()


def test_a_cluster_that_was_half_made_is_made_again(data: Path) -> None:
    (data / "postgres.fresh" / "base").mkdir(parents=True)
    (data / "postgres").mkdir()
    with start(data) as servers:
        assert ask(servers, "SELECT 1") == "1"
    assert not (data / "postgres.fresh").exists()


def test_kill_9_of_whoever_started_them_ends_them(data: Path) -> None:
    if not shutil.which("setpriv"):
        pytest.skip("this system cannot tie a child to its parent")
    words = (
        "import sys, time, config, pathlib\nfrom campaign import embedded\n"
        "s = embedded.start(config.Settings(DATA_DIR=pathlib.Path(sys.argv[1])), durable=False)\n"
        "print(*[c.process.pid for c in s.children], flush=True)\ntime.sleep(60)\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", words, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with starter:
        assert starter.stdout
        started = [int(pid) for pid in starter.stdout.readline().split()]
        starter.kill()
    assert len(started) == 2
    assert gone(started)


def test_a_server_that_cannot_start_says_why_in_one_line(data: Path) -> None:
    start(data).stop()
    (data / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(Unavailable, match=r"postgres did not start: .* errors"):
        start(data)
    (data / "postgres" / "postgresql.conf").write_text("")
    with start(data) as servers:  # and it leaves no lock behind
        assert ask(servers, "SELECT 1") == "1"


# --- accounts ---


def test_only_directories_that_we_made_get_a_mode(data: Path) -> None:
    data.mkdir(mode=0o750)
    data.chmod(0o750)
    before = stat.S_IMODE(data.parent.stat().st_mode)
    with start(data):
        assert stat.S_IMODE(data.stat().st_mode) == 0o750
        assert stat.S_IMODE(data.parent.stat().st_mode) == before
        assert stat.S_IMODE((data / "postgres").stat().st_mode) == 0o700


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A place that every account reaches; pytest's own is closed."""
    place = Path(tempfile.mkdtemp(prefix="undersigned-test-", dir="/tmp"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@as_root
def test_an_ordinary_user_starts_them_too(open_place: Path) -> None:
    account = pwd.getpwnam("nobody")
    program = ["test", "-x", embedded.binaries() / "postgres"]
    if subprocess.run(program, user=account.pw_uid, check=False).returncode:
        pytest.skip("no ordinary user reaches this clone's .venv")
    os.chown(open_place, account.pw_uid, account.pw_gid)

    def act() -> None:
        with start(open_place / "data") as servers:
            assert ask(servers, "SELECT 1") == "1"
            assert {psutil.Process(pid).uids().real for pid in pids(servers)} == {account.pw_uid}

    run_as(account, act)


def run_as(account: pwd.struct_passwd, act: Callable[[], None]) -> None:
    """``act`` in a fork under another account; the interpreter may lie where that account cannot read it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
            act()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


WAYS = ["another number for root", "a plain account", "a copy of the programs", "a plain account that may pass"]


@as_root
@pytest.mark.parametrize("way", range(len(WAYS)), ids=WAYS)
def test_root_has_several_ways(way: int, open_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = accounts._ways
    monkeypatch.setattr(accounts, "_ways", lambda *known: list(every(*known))[way : way + 1])
    try:
        servers = start(open_place / "data")
    except Unavailable as problem:
        pytest.skip(f"not allowed on this machine: {problem}")
    with servers:
        postgres = psutil.Process(pids(servers)[0])
        assert ask(servers, "SELECT 1") == "1"
        assert postgres.uids().real == (open_place / "data" / "postgres").stat().st_uid
    monkeypatch.undo()
    with start(open_place / "data") as servers:  # and what one made another can use
        assert ask(servers, "SELECT 1") == "1"


@as_root
def test_root_starts_them_behind_a_closed_door(data: Path) -> None:
    data.parent.chmod(0o700)
    try:
        servers = start(data)
    except Unavailable as problem:
        pytest.skip(f"not allowed on this machine: {problem}")
    with servers:
        assert ask(servers, "SELECT 1") == "1"
    assert stat.S_IMODE(data.parent.stat().st_mode) == 0o700


@as_root
def test_root_without_a_way_is_told_what_to_set(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_ways", lambda *_: [])
    with pytest.raises(Unavailable, match=r"^PostgreSQL does not run as root.*") as refused:
        start(data)
    assert "set DATA_DIR to a directory that the account" in str(refused.value)
    assert "or set DATABASE_URL" in str(refused.value)
