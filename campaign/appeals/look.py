"""An appeal's own look, in three settings: it keeps to itself what each page is told of it, and where pictures lie.

What a page needs (the colours, the sizes) stands in the appeal's row, so that no page asks for more; the pictures are
rows of their own. Every address of a part carries its version and may be kept for good.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Literal

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from campaign.appeals import colours, pictures
from campaign.appeals.models import Appeal, AppealPicture
from campaign.appeals.names import clean_line
from campaign.appeals.pictures import Picture
from campaign.db import session
from campaign.organisers import audit
from campaign.organisers.models import Organiser

_LONGEST = 200  # characters that say what a picture shows
_OURS = "#1f4e8c"  # --accent of the stylesheet, by day
Part = Literal["logo", "image"]
ROOMS = {"logo": pictures.LOGO, "image": pictures.IMAGE}


def set_accent(appeal: Appeal, typed: str, *, by: Organiser) -> None:
    """Take ``#rrggbb`` as the colour of links and buttons, made legible; empty: ours again. Raises Refused."""
    made = {"typed": typed, "css": colours.palette(typed).css()} if typed else None
    _note(appeal, by, accent=made)


def set_picture(appeal: Appeal, part: Part, file: bytes, *, says: str = "", by: Organiser) -> None:
    """Show this picture, written anew and small. ``says``: what it shows, for who cannot see it. Raises Refused."""
    says = clean_line(says, longest=_LONGEST)
    picture = pictures.fitted(file, ROOMS[part])
    kept = insert(AppealPicture).values(appeal_id=appeal.id, part=part, data=picture.data)
    session.execute(kept.on_conflict_do_update(index_elements=["appeal_id", "part"], set_={"data": picture.data}))
    _note(appeal, by, **{part: _told(picture, says)})


def remove_picture(appeal: Appeal, part: Part, *, by: Organiser) -> None:
    """Show none, and forget it."""
    session.execute(delete(AppealPicture).where(AppealPicture.appeal_id == appeal.id, AppealPicture.part == part))
    _note(appeal, by, **{part: None})


def css(appeal: Appeal) -> str:
    """The variables that this appeal sets; empty when it has no colour of its own."""
    return str(((appeal.look or {}).get("accent") or {}).get("css", ""))


def accent(appeal: Appeal) -> str:
    """The colour of what is printed for an appeal, as legible as its page by day: ``#rrggbb``; ours without one."""
    own = re.search(r"--accent:(#[0-9a-f]{6})", css(appeal))
    return own[1] if own else _OURS


def picture(appeal: Appeal, part: Part) -> bytes | None:
    """A WebP file."""
    own = select(AppealPicture.data).where(AppealPicture.appeal_id == appeal.id, AppealPicture.part == part)
    return session.scalar(own)


def printed_logo(appeal: Appeal) -> dict[str, Any]:
    """What a template of ``templates/print`` is told of a logo: its file, what it shows, its width by its height."""
    file, told = picture(appeal, "logo"), (appeal.look or {}).get("logo")
    if file is None or told is None:
        return {}
    return {"logo": list(file), "logo_says": told["says"], "logo_shape": told["width"] / told["height"]}


def version(appeal: Appeal, part: str) -> str:
    """Eight digits of what a part is now; empty when there is none."""
    told = (appeal.look or {}).get(part)
    return str(told["version"]) if told else ""


def _told(picture: Picture, says: str) -> dict[str, Any]:
    return {"width": picture.width, "height": picture.height, "says": says, "version": _digest(picture.data)}


def _note(appeal: Appeal, by: Organiser, **parts: dict[str, Any] | None) -> None:
    if accent := parts.get("accent"):
        accent["version"] = _digest(accent["css"].encode())
    appeal.look = {name: told for name, told in ((appeal.look or {}) | parts).items() if told} or None
    for name, told in parts.items():
        audit.record("look.changed" if told else "look.removed", f"appeal {appeal.slug}", organiser=by, part=name)
    session.commit()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:8]
