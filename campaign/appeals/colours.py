"""One colour of an organiser's choice, made legible: it keeps to itself how far it may be taken as it was given.

Its hue stays. Its lightness moves until text in it, and text on it, keeps 4.5:1 (WCAG 2.2, 1.4.3) on every ground of
the stylesheet, by day and by dark; its strength is capped, so that nothing shouts. Reckoned in OKLCH.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from campaign.errors import Refused
from campaign.i18n import gettext as _

_LEAST = 4.5
_DAY = ("#fcfbf8", "#ffffff", "#f3f0e8")  # --paper, --card (and --on-accent), --wash
_DARK = ("#14161a", "#1b1e23", "#22252b", "#10151d")  # the same in the dark, and --on-accent


@dataclass(frozen=True, slots=True)
class Palette:
    """An accent and the tint behind what is chosen, by day and in the dark, each as ``#rrggbb``."""

    accent: str
    tint: str
    dark_accent: str
    dark_tint: str

    def css(self) -> str:
        """The variables of the stylesheet that it sets."""
        day = f":root{{--accent:{self.accent};--tint:{self.tint}}}"
        dark = f":root{{--accent:{self.dark_accent};--tint:{self.dark_tint}}}"
        return f"{day}@media (prefers-color-scheme:dark){{{dark}}}\n"


def palette(typed: str) -> Palette:
    """What becomes of ``#rrggbb``. Raises Refused for anything else."""
    from coloraide import Color  # half a second of imports, for the desk alone

    if not re.fullmatch(r"#[0-9a-fA-F]{6}", typed):
        raise Refused(
            _("Write the colour as # and six digits or letters from a to f, such as %(one)s.", one="#1f4e8c")
        )
    given = Color(typed).convert("oklch")
    light, strong, hue = given["lightness"], given["chroma"], 0.0 if given.is_nan("hue") else given["hue"]

    def made(lightness: float, chroma: float) -> Any:
        return Color("oklch", [lightness, chroma, hue]).fit("srgb")

    def legible(start: float, step: float, chroma: float, grounds: tuple[str, ...]) -> str:
        tried = (made(start + step * n, chroma) for n in range(100))
        return _hex(next(c for c in tried if all(Color(_hex(c)).contrast(ground) >= _LEAST for ground in grounds)))

    return Palette(
        legible(min(light, 0.6), -0.005, min(strong, 0.19), _DAY),
        _hex(made(0.95, min(strong, 0.02))),
        legible(max(light, 0.72), 0.005, min(strong, 0.12), _DARK),
        _hex(made(0.29, min(strong, 0.04))),
    )


def _hex(colour: Any) -> str:
    return str(colour.convert("srgb").to_string(hex=True, fit=True))
