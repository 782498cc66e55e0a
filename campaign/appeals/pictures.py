"""Pictures that organisers bring: it keeps to itself how a file of any size becomes a small one that tells nothing.

A file is read as a picture and written anew, so that where and with what it was taken (EXIF), and whatever else hides
in it, stays behind. Formats: PNG, JPEG and WebP come in, WebP goes out.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.errors import Refused
from campaign.i18n import gettext as _

if TYPE_CHECKING:
    from PIL import Image

LARGEST = 6_000_000  # bytes of a file that is looked at
_PIXELS = 50_000_000
_FORMATS = ("PNG", "JPEG", "WEBP")


@dataclass(frozen=True, slots=True)
class Room:
    """What a picture must fit into: pixels, and bytes, which a page on a bad line can bear."""

    width: int
    height: int
    most: int


_LIGHT = 160  # of 255: what is lighter, on average, has less than 3:1 on white
_DARK_GROUND = "#17191e"  # --ink of the stylesheet

LOGO = Room(480, 120, 12_000)  # shown at half that size
IMAGE = Room(1280, 720, 48_000)


@dataclass(frozen=True, slots=True)
class Picture:
    """A WebP file and its size in pixels."""

    data: bytes
    width: int
    height: int


def fitted(file: bytes, room: Room) -> Picture:
    """The picture of a file, no larger than its room. Raises Refused for what is none, or too large."""
    from PIL import Image, ImageOps  # the desk alone

    if len(file) > LARGEST:
        raise Refused(_("This file is too large: at most 6 MB."))
    try:
        with Image.open(io.BytesIO(file), formats=_FORMATS) as opened:
            if opened.width * opened.height > _PIXELS:
                raise Refused(_("This picture is too large: at most 50 million pixels."))
            opened.draft("RGB", (room.width * 2, room.height * 2))
            upright = ImageOps.exif_transpose(opened)
            picture = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # what Pillow raises for broken files
        raise Refused(_("This file is no picture that we can read: bring a PNG, JPEG or WebP.")) from None
    return _small_enough(_on_a_ground(picture) if room is LOGO else picture, room)


def _on_a_ground(logo: Image.Image) -> Image.Image:
    """A logo that was drawn for dark pages brings a dark ground: ours and paper are light."""
    from PIL import Image, ImageStat

    if logo.mode != "RGBA" or logo.getbbox() is None:
        return logo
    if ImageStat.Stat(logo.convert("L"), mask=logo.getchannel("A")).mean[0] <= _LIGHT:
        return logo
    edge = logo.height // 5
    ground = Image.new("RGB", (logo.width + 2 * edge, logo.height + 2 * edge), _DARK_GROUND)
    ground.paste(logo, (edge, edge), logo)
    return ground


def _small_enough(picture: Image.Image, room: Room) -> Picture:
    """As good as it may be within the bytes; smaller in pixels when nothing else helps."""
    size = room.width, room.height
    while True:
        picture.thumbnail(size)
        for quality in (85, 75, 65, 55, 45):
            written = io.BytesIO()
            picture.save(written, "WEBP", quality=quality, method=4)
            if written.tell() <= room.most:
                return Picture(written.getvalue(), picture.width, picture.height)
        size = picture.width * 3 // 4, picture.height * 3 // 4
