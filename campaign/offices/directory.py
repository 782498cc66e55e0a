"""The directory of offices: reading its file, and bringing it into the tables without undoing what people did.

The file is our word until a person of the desk enters something better; what a person entered stays.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from campaign.offices.entries import Directory
from campaign.offices.strict_yaml import Problem, read_yaml


class DirectoryRefused(Exception):
    """A directory file that cannot be used: every problem, each with file, line and field."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def read_directory(path: Path) -> Directory:
    """The directory in ``path``. Raises DirectoryRefused with every problem found."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DirectoryRefused([Problem(path.name, 0, "file", f"cannot be read: {error}")]) from None
    directory, problems = read_yaml(text, Directory, file=path.name)
    if directory:
        problems = _across_offices(directory, path.name)
    if problems or not directory:
        raise DirectoryRefused(sorted(problems))
    return directory


def _across_offices(directory: Directory, file: str) -> list[Problem]:
    """What no entry can know alone: slugs that repeat, forms that do not exist."""
    counted = Counter(office.slug for office in directory.offices)
    twice = [
        Problem(file, 0, f"offices[{slug}].slug", "stands twice; keep one") for slug, n in counted.items() if n > 1
    ]
    formless = [
        Problem(file, 0, f"offices[{office.slug}].form", f"{office.form} is not under forms; add it or correct it")
        for office in directory.offices
        if office.form and office.form not in directory.forms
    ]
    return twice + formless
