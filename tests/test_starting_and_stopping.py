"""bin/up: everything is checked, started, watched and stopped, and nothing stays behind."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg
import pytest

from campaign.embedded import Child, Servers, Unavailable
from campaign.running.processes import MARK
from campaign.running.watching import ENDS, HEALTHY, Watched

ROOT = Path(__file__).parent.parent


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(data: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """One bin/up that is expected to refuse."""
    return subprocess.run(
        [sys.executable, "-m", "campaign.running"],
        env=environment(data, **given), cwd="/", capture_output=True, text=True, timeout=40, check=False,
    )  # fmt: skip


def environment(data: Path, **given: str) -> dict[str, str]:
    basis = {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "DATA_DIR": str(data), "WEB_WORKERS": "1"}
    return {**os.environ, **basis, "PORT": str(free_port()), **given}


def ours(data: Path) -> list[psutil.Process]:
    """Every living process that serves this DATA_DIR, found without asking who started it."""

    def serves(process: psutil.Process) -> bool:
        try:
            words = " ".join(process.cmdline())
            return process.environ().get(MARK) == str(data) or f"{data}/" in words
        except (psutil.Error, OSError):
            return False

    return [process for process in psutil.process_iter() if serves(process)]


class Up:
    """One running bin/up."""

    def __init__(self, data: Path, **given: str) -> None:
        self.data = data
        env = environment(data, **given)
        self.port = int(env["PORT"])
        self.said: list[str] = []
        self.errors = data.with_name(f"{data.name}.stderr")
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "campaign.running"],
                env=env, cwd="/", stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip

    def ready(self) -> str:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line.strip())
            if line.startswith("ready "):
                return line.split()[1]
        raise AssertionError(self.errors.read_text())

    def status(self) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with closing(connection):
            connection.request("GET", "/readyz")
            return connection.getresponse().status

    def answers_again(self, within: float = 20) -> bool:
        until = time.monotonic() + within
        while time.monotonic() < until:
            try:
                if self.status() == 200:
                    return True
            except OSError:
                pass
            time.sleep(0.1)
        return False

    def told(self, line: str, within: float = 20) -> bool:
        """Whether the operator was told this, soon."""
        until = time.monotonic() + within
        while line not in self.errors.read_text():
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)

    def find(self, *words: str) -> psutil.Process:
        """The eldest of our processes with all these words in its command line."""
        found = [p for p in ours(self.data) if set(words) <= set(p.cmdline())]
        return min(found, key=lambda process: process.create_time())


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    data = tmp_path / "data"
    yield data
    for process in ours(data):
        process.kill()


def test_it_works(data: Path) -> None:
    up = Up(data)
    assert up.ready() == f"http://127.0.0.1:{up.port}"
    assert up.status() == 200
    assert any("/desk/enter/" in line for line in up.said)
    listening = {c.laddr.port for p in ours(data) for c in p.net_connections("inet") if c.status == "LISTEN"}
    assert listening == {up.port}

    second = run(data)
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == f"bin/up already runs on {data}\n"

    assert up.end() == 0
    assert ours(data) == []


@pytest.mark.parametrize("after", [0.5, 1.5])
def test_a_stop_while_starting_leaves_nothing(data: Path, after: float) -> None:
    up = Up(data)
    time.sleep(after)
    assert up.end() in {0, -signal.SIGTERM}  # before Python has read its first line, the signal itself ends it
    assert ours(data) == []


def test_what_is_killed_comes_back(data: Path) -> None:
    up = Up(data)
    up.ready()
    web, worker, postgres = up.find("campaign.running.web"), up.find("celery"), up.find("-D", str(data / "postgres"))
    assert worker.nice() > web.nice(), "mails give way to people"
    if (session := Path(f"/proc/{worker.pid}/autogroup")).exists():  # not on every kernel
        assert f"nice {worker.nice()}" in session.read_text(), "of one session to nobody in another"
    for process in (web, worker, postgres):
        process.kill()
    for name in ("web", "worker", "postgres"):
        assert up.told(f"{name} ended with -9: starting it again in 0.5 s")
    assert up.answers_again()
    assert not any(process.is_running() for process in (web, worker, postgres))
    assert up.end() == 0
    assert ours(data) == []


def test_after_kill_9_the_next_start_recovers_but_never_without_its_key(data: Path) -> None:
    up = Up(data)
    up.ready()
    web = up.find("campaign.running.web")
    workers = web.children()
    up.process.kill()
    web.kill()  # its workers are orphans that hold the port, and nobody tied them to anything
    up.process.wait()
    assert any(worker.is_running() for worker in workers)
    again = Up(data, PORT=str(up.port))
    assert again.ready()
    assert not any(worker.is_running() for worker in workers)
    assert again.end() == 0

    elsewhere = data / "other.key"  # a second host, or a database that was restored without its key
    refused = run(data, VAULT_KEY_FILE=str(elsewhere))
    assert refused.returncode == 1
    assert f"{elsewhere} is missing" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not elsewhere.exists()
    assert ours(data) == []


def test_with_given_servers_nothing_private_is_started(data: Path, servers: Servers) -> None:
    name = "given_to_bin_up"
    url = servers.database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        up = Up(data, DATABASE_URL=url.replace("/undersigned?", f"/{name}?"), REDIS_URL=servers.redis_url)
        up.ready()
        assert [p for p in ours(data) if {"postgres", "valkey-server"} & {Path(w).name for w in p.cmdline()}] == []
        assert not (data / "postgres").exists()
        assert up.end(signal.SIGINT) == 0
        assert ours(data) == []
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


# --- refusals ---


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    closed = tmp_path / "file"
    closed.touch()
    done = run(
        closed / "data", MAIL_URL="carrier-pigeon://loft", WEB_WORKERS="many", PORT=str(free_port()),
        DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/x", REDIS_URL="redis://127.0.0.1:1/0",
        MAIL_FROM="not an address",
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert sorted(line.split()[0] for line in lines) == [
        "DATABASE_URL", "DATA_DIR", "MAIL_FROM", "MAIL_URL", "REDIS_URL", "WEB_WORKERS",
    ]  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_a_busy_port_is_one_line(data: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        done = run(data, PORT=str(port))
    assert done.returncode == 1
    assert done.stderr == (
        f"PORT {port} is busy: another program listens on 127.0.0.1:{port}; stop it or set PORT\n"
    )
    assert not (data / "postgres").exists()


def test_a_busy_metrics_port_is_one_line(data: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(data, METRICS_PORT=str(port))
    assert (done.returncode, done.stderr) == (1, f"METRICS_PORT {port} cannot be used: Address already in use\n")


def test_a_foreign_host_is_one_line(data: Path) -> None:
    done = run(data, HOST="192.0.2.1")
    assert (done.returncode, done.stderr) == (1, "HOST 192.0.2.1 is not an address of this machine\n")


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(tmp_path / "file")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"DATA_DIR {tmp_path / 'file'} cannot be written: ")


@pytest.mark.parametrize("url", ["postgresql://u:s3cret/x@h:port/db", "mysql://u:s3cret@h/db", "s3cret"])
def test_a_nonsense_database_url_is_one_line_without_its_password(data: Path, url: str) -> None:
    done = run(data, DATABASE_URL=url)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("DATABASE_URL ")
    assert "s3cret" not in done.stderr


def test_bin_up_takes_no_words() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "campaign.running", "--port", "1"],
        env=environment(Path("/nonexistent")), cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


# --- watching, with a clock of our own ---


@pytest.fixture
def failing() -> Iterator[Watched]:
    told: list[str] = []
    watched = Watched(Child("web", ["false"]), told.append)
    watched.child.start()
    yield watched
    watched.child.stop()


def ended(watched: Watched) -> None:
    assert watched.child.process
    watched.child.process.wait(5)


def test_the_pause_grows_with_each_end(failing: Watched) -> None:
    pauses, now = [], 100.0
    for _ in range(ENDS):
        ended(failing)
        failing.look(now)
        assert failing.due
        pauses.append(failing.due - now)
        failing.look(failing.due - 0.01)  # too early: nothing happens
        assert failing.due
        now = failing.due
        failing.look(now)
        assert failing.due is None
    assert pauses == [0.5, 1, 2, 4, 8]


def test_what_keeps_ending_is_given_up(failing: Watched) -> None:
    failing.ends = ENDS
    ended(failing)
    with pytest.raises(Unavailable, match="web keeps ending"):
        failing.look(100.0)


def test_an_end_long_ago_is_forgotten() -> None:
    watched = Watched(Child("web", ["sleep", "30"]), print, since=0.0, ends=ENDS)
    watched.child.start()
    watched.look(HEALTHY + 1)
    assert watched.ends == 0
    watched.child.stop()
