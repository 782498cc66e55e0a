"""What we set in type needs no font of the machine: the bundled appeal has its glyphs in all seven languages."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import typst

from campaign import i18n, typesetting
from campaign.appeals import bundles
from campaign.appeals.content import Content
from campaign.letters import papers
from campaign.letters.papers import Block, Paper, Section
from tests.bundled import DATA, SLUG

TOO_MUCH = 3_000_000  # bytes of fonts


@pytest.fixture(scope="module")
def content() -> Content:
    offices = dict.fromkeys(("hrc-president", "high-commissioner", "sr-iran", "sr-truth"), True)
    return bundles.read(DATA / "appeals" / SLUG, offices=offices, today=date(2026, 11, 24))


def strings(value: object) -> list[str]:
    """Every string in nested data."""
    if isinstance(value, dict):
        return [s for one in value.values() for s in strings(one)]
    if isinstance(value, list):
        return [s for one in value for s in strings(one)]
    return [value] if isinstance(value, str) else []


def everything(content: Content, lang: str) -> Paper:
    """All that the appeal says in a language, its letters too, bold and plain."""
    data = content.as_data()
    said = strings(data["texts"][lang]) + [s for by in data["letters"].values() for s in strings(by.get(lang, {}))]
    said += [i18n.OWN_NAMES[lang], "".join(i18n.number(n, lang) for n in (1234567890, 5))]
    facts = tuple((one, one) for one in said if len(one) < 80)
    return Paper(lang, "", said[0], facts, tuple(Section("", (Block(one, one[:40]),)) for one in said))


@pytest.mark.parametrize("lang", i18n.INTERFACE)
def test_it_works(content: Content, lang: str) -> None:
    paper = papers._as_data(everything(content, lang))
    assert typesetting.pdf("letters", paper, strict=True)[:5] == b"%PDF-"


@pytest.mark.parametrize("missing", ["日本語の", "한국어", "ქართული", "龘"])
def test_a_missing_glyph_is_noticed(missing: str) -> None:
    paper = papers._as_data(Paper("en", "", "Title", (), (Section("", (Block(missing),)),)))
    with pytest.raises(typst.TypstError, match="could not be displayed"):
        typesetting.pdf("letters", paper, strict=True)
    assert typesetting.pdf("letters", paper)[:5] == b"%PDF-"  # a writer's letter is set all the same


def test_only_bundled_fonts_are_asked() -> None:
    folders = {Path(font.path or "").parent.name for font in typesetting._fonts().fonts()}
    assert folders == {"fonts"}
    assert set(typesetting._fonts().families()) == {"Noto Serif", "Noto Sans", "Noto Sans CJK SC", "Vazirmatn"}


def test_fonts_are_small_and_licensed() -> None:
    files = list((DATA / "fonts").iterdir())
    assert sum(file.stat().st_size for file in files) < TOO_MUCH
    for licence in ("Noto-OFL.txt", "Vazirmatn-OFL.txt"):
        assert "SIL OPEN FONT LICENSE Version 1.1" in (DATA / "fonts" / licence).read_text()


def test_another_process_sets_the_same_bytes() -> None:
    """No name of a machine's font, no hour, no order of a dictionary is in it."""
    say = "import sys; from campaign import typesetting as t; from tests.test_fonts import SAMPLE as s;"
    say += "sys.stdout.buffer.write(t.pdf('letters', s))"
    root = Path(__file__).parent.parent
    other = subprocess.run([sys.executable, "-c", say], cwd=root, capture_output=True, check=True)
    assert other.stdout == typesetting.pdf("letters", SAMPLE)


SAMPLE = papers._as_data(Paper("fa", "الف", "Ж é 汉", (("a", "b"),), (Section("c", (Block("سلام\n\nx", "علی"),)),)))
