"""Mail that comes in, as other systems write it: the files of ``tests/corpus``, filled in for one message of ours."""

from __future__ import annotations

from base64 import b32encode
from pathlib import Path

from campaign.mail.models import Message

CORPUS = Path(__file__).parent / "corpus"


def files(folder: str) -> list[str]:
    """The names ``folder/system.sort.eml`` of one folder of the corpus."""
    found = sorted(path.relative_to(CORPUS).as_posix() for path in (CORPUS / folder).glob("*.eml"))
    assert found
    return found


def sort_of(name: str) -> str:
    """What a file of the corpus is, by its name."""
    return name.split(".")[-2]


def filled(name: str, message: Message, to: str = "") -> bytes:
    """A file of the corpus about ``message``; ``to`` is the address that a reply goes to."""
    raw = (CORPUS / name).read_bytes().replace(b"{token}", message.token.encode())
    return raw.replace(b"{id}", message.id.hex.encode()).replace(b"{from_}", to.encode())


def own_address(message: Message, domain: str = "campaign+l.{}@appeal.internal") -> str:
    """Where a letter's reply goes when it does not go to its writer."""
    return domain.format(b32encode(message.id.bytes).decode().rstrip("=").lower())
