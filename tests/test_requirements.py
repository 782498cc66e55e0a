"""What we ship imports nothing that an installation without the tests' tools lacks."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHIPPED = sorted([*ROOT.glob("*.py"), *(ROOT / "campaign").rglob("*.py"), *(ROOT / "migrations").rglob("*.py")])
OURS = {"campaign", "config", "worker", "migrations"}
PROVIDERS = packages_distributions()


def normal(name: str) -> str:
    """A distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


PINNED = {normal(name) for name in re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.M)}


def imported(path: Path) -> set[str]:
    """The packages that a module names in any import, also in those inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(str(node.module))
    return {name.partition(".")[0] for name in names} - OURS - set(sys.stdlib_module_names)


def unpinned(names: set[str]) -> set[str]:
    """Those of ``names`` that no pinned distribution provides."""
    return {name for name in names if not PINNED & {normal(one) for one in PROVIDERS.get(name, [])}}


def test_it_works() -> None:
    assert unpinned({"flask", "yaml", "pytest", "nowhere"}) == {"pytest", "nowhere"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_import_is_pinned(path: Path) -> None:
    assert unpinned(imported(path)) == set()
