"""The public page a second, beside nginx with the same bytes as a file and a bare WSGI app under the same server.

The load comes from wrk where it is installed, else from our own browsers, which are slower than what they
measure; it shares the processors with the server. Without nginx its line is missing, loudly.
Not a test: it prints and never fails by time. ``python -m tests.bench.bench_pages [seconds] [rounds]``
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from campaign.embedded import Child
from tests.bench import browsers
from tests.bench.browsers import Request, Story
from tests.bench.staging import Stage, serving, standing
from tests.cast import PAGE
from tests.stack import ROOT, free_port

CLIENTS = 64
_NGINX = """
user root; worker_processes 2; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=100;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    root {folder};
    location / {{ default_type text/html; add_header Content-Encoding gzip; try_files /page =404; }}
  }}
}}
"""


def main(seconds: float, rounds: int) -> None:
    """One after the other, ``rounds`` times, on the page as a browser gets it (gzip)."""
    print(
        f"{os.cpu_count()} processors, {CLIENTS} clients, load by {'wrk' if shutil.which('wrk') else 'our browsers'}"
    )
    with standing() as stage, tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page"
        page.write_bytes(_fetched(stage.port))
        print(f"{page.stat().st_size} bytes, gzip")
        for _ in range(rounds):
            ours = _measured("product, through its page cache", stage.port, seconds)
            _compared(ours, "bare WSGI app under the same granian", _bare(stage, page), seconds)
            if shutil.which("nginx"):
                _compared(ours, "nginx, the same bytes as a file", _nginx(page), seconds)
            else:
                print("NGINX IS NOT INSTALLED (apt-get install nginx-light): the limit was not measured")


def bare(environ: dict[str, object], start_response: object) -> Iterable[bytes]:
    """The least that a WSGI app can do."""
    start_response("200 OK", _HEADERS)  # type: ignore[operator]
    return [_BODY]


_BODY = Path(os.environ["BENCH_PAGE"]).read_bytes() if "BENCH_PAGE" in os.environ else b""
_HEADERS = [("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("Content-Length", str(len(_BODY)))]


def _bare(stage: Stage, page: Path) -> tuple[Child, int]:
    port = free_port()
    words = [word for word in stage.web.argv if word != "--factory"]
    words[words.index("campaign.running.web")] = "granian"  # ours makes an app of its own before it forks
    words[words.index("campaign:create_app")] = "tests.bench.bench_pages:bare"
    words[words.index("--port") + 1] = str(port)
    return Child("bare", words, log=page.parent / "log", env={**os.environ, "BENCH_PAGE": str(page)}, cwd=ROOT), port


def _nginx(page: Path) -> tuple[Child, int]:
    port = free_port()
    written = page.parent / "nginx.conf"
    said = _NGINX.format(folder=page.parent, port=port)
    written.write_text(said if os.getuid() == 0 else said.replace("user root;", ""))
    return Child("nginx", ["nginx", "-e", "stderr", "-c", written], log=page.parent / "log"), port


def _compared(ours: float, what: str, other: tuple[Child, int], seconds: float) -> None:
    child, port = other
    with serving(child, port):
        theirs = _measured(what, port, seconds)
    print(f"  the product reaches {ours / theirs:.2f} of it")


def _measured(what: str, port: int, seconds: float) -> float:
    rate = _by_wrk(port, seconds) if shutil.which("wrk") else _by_browsers(port, seconds)
    print(f"{what:<40} {rate:8.0f}/s")
    return rate


def _by_wrk(port: int, seconds: float) -> float:
    words = ["wrk", "-t", "1", "-c", str(CLIENTS), "-d", f"{seconds:.0f}s", "-H", "Accept-Encoding: gzip"]
    done = subprocess.run([*words, f"http://127.0.0.1:{port}{PAGE}"], capture_output=True, text=True, check=True)
    assert "Non-2xx" not in done.stdout, done.stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])  # type: ignore[index] # wrk always says


def _by_browsers(port: int, seconds: float) -> float:
    return len(browsers.together(port, CLIENTS, seconds, looking)["GET"]) / seconds


def looking(number: int) -> Story:
    """The page again and again."""
    while True:
        yield Request(PAGE, label="GET")


def _fetched(port: int) -> bytes:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{PAGE}", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(asked) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        return answer.read()  # type: ignore[no-any-return] # bytes


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    main(given[0] if given else 5.0, int(given[1]) if given[1:] else 1)
