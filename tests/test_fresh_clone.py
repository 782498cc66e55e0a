"""The bootstrap that bin/up, bin/test and bin/campaign share: a Python is found, a .venv is made and heals."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = ("sh", "dirname", "readlink", "cat", "cksum", "head", "rm", "mkdir")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose packages are none and whose program says where it was called from."""
    clone = tmp_path / "a clone"
    shutil.copytree(ROOT / "bin", clone / "bin")
    (clone / "requirements.txt").write_text("# nothing\n")
    package = clone / "campaign" / "running"
    package.mkdir(parents=True)
    (clone / "campaign" / "__init__.py").touch()
    (package / "__main__.py").write_text("import os, sys\nprint('up', os.getcwd(), sys.argv[1:])\n")
    return clone


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A PATH with the tools of every system and no Python at all."""
    bare = tmp_path / "path"
    bare.mkdir()
    for tool in TOOLS:
        (bare / tool).symlink_to(str(shutil.which(tool)))
    return bare


def python(path: Path, name: str, *, version: str = "3.11", venv: bool = True) -> None:
    """A stand-in for an interpreter that answers the two questions that the bootstrap asks."""
    suits = {"3.10": 1, "3.15": 1}.get(version, 0)
    (path / name).write_text(
        f'#!/bin/sh\ncase "$2" in *version_info*) exit {suits};; *ensurepip*) exit {int(not venv)};; esac\n'
        "echo made-by-${0##*/} >&2; exit 7\n"
    )
    (path / name).chmod(0o755)


def up(clone: Path, path: Path | str, *, program: Path | None = None) -> subprocess.CompletedProcess[str]:
    passed_on = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    environment = passed_on | {"PATH": str(path), "HOME": os.environ.get("HOME", "/")}
    words = [program or clone / "bin" / "up"]
    return subprocess.run(words, env=environment, cwd="/", capture_output=True, text=True, check=False)


def test_it_works_heals_and_is_silent_the_second_time(clone: Path) -> None:
    path = f"{Path(sys.executable).resolve().parent}:/usr/bin:/bin"
    first = up(clone, path)
    assert first.stdout == "up / []\n", first.stderr
    assert "Making .venv" in first.stderr

    second = up(clone, path)
    assert (second.stdout, second.stderr) == ("up / []\n", "")

    (clone / ".venv" / ".requirements.txt").unlink()  # as an interrupted installation leaves it
    shutil.rmtree(clone / ".venv" / "lib")
    healed = up(clone, path)
    assert healed.stdout == "up / []\n", healed.stderr
    assert "Making .venv" in healed.stderr

    (clone / "requirements.txt").write_text("# still nothing\n")
    changed = up(clone, path)
    assert changed.stdout == "up / []\n", changed.stderr
    assert "Installing" in changed.stderr
    assert "Making .venv" not in changed.stderr


def test_it_works_through_a_link(clone: Path, tmp_path: Path, bare: Path) -> None:
    (tmp_path / "undersigned").symlink_to(clone / "bin" / "up")
    done = up(clone, bare, program=tmp_path / "undersigned")
    assert done.stderr == "Python 3.11, 3.12, 3.13 or 3.14 is needed, and none was found\n"


def test_without_python_it_says_so_in_one_line(clone: Path, bare: Path) -> None:
    python(bare, "python3", version="3.10")
    python(bare, "python3.11", version="3.15")
    done = up(clone, bare)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Python 3.11, 3.12, 3.13 or 3.14 is needed, and none was found\n"


def test_without_the_venv_module_one_line_names_the_package(clone: Path, bare: Path) -> None:
    python(bare, "python3", venv=False)
    done = up(clone, bare)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "python3 has no venv module: install the package python3-venv"
        " (on Debian and Ubuntu: apt-get install python3-venv)\n"
    )
    assert not (clone / ".venv").exists()


def test_a_python_that_suits_is_preferred_to_the_first(clone: Path, bare: Path) -> None:
    python(bare, "python3", version="3.10")
    python(bare, "python3.13", venv=False)
    python(bare, "python3.12")
    done = up(clone, bare)
    assert done.returncode == 1
    assert "made-by-python3.12" in done.stderr
