"""PostgreSQL refuses to run as root; it keeps to itself under which identity it runs then."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaign.embedded.children import Unavailable

Output = subprocess.CompletedProcess[str]
ACCOUNTS = ("undersigned", "postgres", "nobody")


@dataclass(frozen=True)
class Identity:
    """How to run one of PostgreSQL's programs: ``prefix`` goes before it, its files belong to uid and gid."""

    binaries: Path
    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    popen: Mapping[str, Any] = field(default_factory=dict)

    def run(self, words: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Output:
        """Run a command to its end under this identity, its output captured."""
        line = [*self.prefix, *(str(word) for word in words)]
        how: dict[str, Any] = {"check": False, "capture_output": True, "text": True, "cwd": "/"}
        return subprocess.run(line, env=env, **how, **self.popen)

    def reaches(self, data: Path) -> bool:
        """Whether PostgreSQL can run under this identity and write ``data``, which is made its own."""
        try:
            os.chown(data, self.uid, self.gid)
            runs = self.run([self.binaries / "postgres", "--version"]).returncode == 0
            return runs and self.run(["test", "-w", data]).returncode == 0
        except OSError:
            return False


def identity(binaries: Path, data: Path, spare: Path) -> Identity:
    """The first identity that works here for the directory ``data``; ``spare`` may hold a copy of the wheel.

    Raises Unavailable, in one line, when we are root and the machine allows none.
    """
    if os.geteuid() != 0:
        return Identity(binaries, os.geteuid(), os.getegid())
    account = _account()
    for way in _ways(account, binaries, spare):
        if way.reaches(data):
            _hand_over(data, way)
            return way
    raise Unavailable(
        f"PostgreSQL does not run as root, and here no other account reaches {data}: "
        f"set DATA_DIR to a directory that the account {account.pw_name} can reach, or set DATABASE_URL"
    )


def _account() -> pwd.struct_passwd:
    known = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in (*ACCOUNTS, *known):
        if name in known:
            return known[name]
    raise Unavailable("PostgreSQL does not run as root: add an account undersigned, or set DATABASE_URL")


def _ways(account: pwd.struct_passwd, binaries: Path, spare: Path) -> Iterator[Identity]:
    """From the least to the most: another number for root, a plain account, one that passes closed doors."""
    uid, gid = account.pw_uid, account.pw_gid
    if shutil.which("unshare"):
        # Inside, root goes by the account's number; outside, every file stays root's.
        mapped = ("unshare", f"--map-user={uid}", f"--map-group={gid}", "--")
        yield Identity(binaries, 0, 0, prefix=mapped)
    plain = {"user": uid, "group": gid, "extra_groups": []}
    yield Identity(binaries, uid, gid, popen=plain)
    if Identity(binaries, uid, gid, popen=plain).run(["test", "-x", spare.parent]).returncode == 0:
        yield Identity(_copied(binaries, spare), uid, gid, popen=plain)
    if shutil.which("setpriv"):
        passing = (
            "setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups",
            "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup", "--",
        )  # fmt: skip
        yield Identity(binaries, uid, gid, prefix=passing)


def _copied(binaries: Path, spare: Path) -> Path:
    """A copy of the wheel's programs that others may read; they find their libraries by relative path."""
    install = binaries.parent
    package = install.parent
    copy = spare / package.name / install.name / binaries.name
    if not (spare / "complete").exists():
        shutil.rmtree(spare, ignore_errors=True)
        shutil.copytree(install, copy.parent, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, spare / libraries.name)
        _open_to_read(spare)
        (spare / "complete").touch()
    return copy


def _open_to_read(tree: Path) -> None:
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) and path.stat().st_mode & 0o111 else 0o644)


def _hand_over(data: Path, way: Identity) -> None:
    """Give a cluster made under another identity (another kernel setting) to this one."""
    for folder, folders, files in os.walk(data):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            if os.lstat(path).st_uid != way.uid:
                os.lchown(path, way.uid, way.gid)
