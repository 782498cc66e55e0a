"""Setting type: it keeps to itself the typesetter and its fonts, so that a page is the same on every machine.

The fonts are bundled in ``campaign/data/fonts`` (cut by ``bin/fonts``, which says what they hold and what they lack).
Neither the machine's fonts nor Typst's own are asked. A character that none of ours has stands as a box.
Data goes in as one JSON string; the templates in ``templates/print`` never evaluate it.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typst

_TEMPLATES = Path(__file__).parent.parent / "templates" / "print"
_FONTS = Path(__file__).parent / "data" / "fonts"


def pdf(template: str, data: dict[str, Any], *, strict: bool = False) -> bytes:
    """A template of ``templates/print`` as PDF. ``strict``: raises typst.TypstError when a character has no glyph."""
    inputs = _inputs(data) | ({"strict": "yes"} if strict else {})
    document = _TEMPLATES / f"{template}.typ"
    return _whole(_compiler().compile(document, sys_inputs=inputs, pdf_standards=["a-2b"] if strict else []))


def png(template: str, data: dict[str, Any]) -> bytes:
    """A template of one page as PNG, a pixel for each point."""
    return _whole(_compiler().compile(_TEMPLATES / f"{template}.typ", sys_inputs=_inputs(data), format="png", ppi=72))


def _whole(made: bytes | list[bytes] | None) -> bytes:
    assert isinstance(made, bytes)  # several pages come as a list for PNG only, and our one is one page
    return made


def _inputs(data: dict[str, Any]) -> dict[str, str]:
    return {"data": json.dumps(data, ensure_ascii=False)}


@cache
def _fonts() -> typst.Fonts:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[_FONTS])


def _compiler() -> typst.Compiler:
    """A new one each time: it is cheap once the fonts are read, and shared by no two threads."""
    import typst  # here: 8 MB in each process, and most of them set no type for days

    return typst.Compiler(root=_TEMPLATES, font_paths=_fonts())
