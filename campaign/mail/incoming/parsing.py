"""Bytes from anybody as a mail that can be asked: it keeps to itself everything that may be wrong with them.

The standard library reads them (policy ``default``, with every header cut to a length that its slow header
parser can bear). Headers are then taken raw, since reading them through that policy raises on hostile ones.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import EmailPolicy

LARGEST = 10_000_000  # bytes that are looked at; the rest of a larger mail is not
_LONGEST_HEADER = 4_000  # characters
_LONGEST_TEXT = 200_000
_MOST_PARTS = 100


class _Cautious(EmailPolicy):
    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_LONGEST_HEADER]


@dataclass(frozen=True)
class Part:
    """One part; ``embedded`` when it belongs to a mail that this one carries. ``type`` is like ``text/plain``."""

    message: Message
    embedded: bool

    @property
    def type(self) -> str:
        """Its type in lower case; what cannot be read is text."""
        try:
            return self.message.get_content_type().lower()
        except Exception:  # the library's header parser raises many kinds
            return "text/plain"

    def header(self, name: str) -> str:
        """The first header of this name on one line, decoded; empty when there is none."""
        return next(iter(self.headers(name)), "")

    def headers(self, *names: str) -> list[str]:
        """All headers of these names, in their order in the mail."""
        wanted = {name.lower() for name in names}
        return [_readable(value) for name, value in self.message.raw_items() if name.lower() in wanted]

    def text(self) -> str:
        """Its content as text, whatever its encoding and character set claim to be."""
        return _text(self.message)[:_LONGEST_TEXT]

    def is_attachment(self) -> bool:
        """Whether it has a file name or says that it is to be saved."""
        shown = self.header("Content-Disposition").lower()
        return shown.startswith("attachment") or "filename" in shown


@dataclass(frozen=True)
class Mail:
    """One mail: ``parts`` are all its parts, itself first, down into the mails that it carries."""

    parts: tuple[Part, ...]

    @property
    def top(self) -> Part:
        """The mail itself, for its headers."""
        return self.parts[0]

    def header(self, name: str) -> str:
        """As for a part."""
        return self.top.header(name)

    def own_text(self) -> str:
        """The first plain text that is this mail's own and no file; empty when there is none."""
        return next((part.text() for part in self.own("text/plain") if not part.is_attachment()), "")

    def own(self, *types: str) -> Iterator[Part]:
        """Its own parts of these types, none from a mail that it carries."""
        return (part for part in self.parts if not part.embedded and part.type in types)


def read(raw: bytes) -> Mail:
    """The mail that these bytes are, as far as they are one. Never raises."""
    raw = raw[:LARGEST]
    try:
        return Mail(tuple(_walk(message_from_bytes(raw, policy=_Cautious()))))
    except Exception:  # nested too deep, or a defect that the library does not survive
        return Mail((Part(BytesHeaderParser(policy=_Cautious()).parsebytes(raw), embedded=False),))


def fields(part: Part) -> list[dict[str, str]]:
    """The blocks of a ``message/delivery-status`` or ``message/feedback-report`` part; names in lower case."""
    blocks = part.message.get_payload()
    if isinstance(blocks, list):
        read_already = [_block(block.raw_items()) for block in blocks if isinstance(block, Message)]
        if any(len(block) > 1 for block in read_already):
            return read_already
    return [_block(_pairs(lines)) for lines in _paragraphs(part.text() or _encoded(part, blocks))]


def _walk(top: Message) -> Iterator[Part]:
    """Every part without recursion; what follows the hundredth is not looked at."""
    waiting = [Part(top, embedded=False)]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        carries = part.type in {"message/rfc822", "message/global"}
        below = part.message.get_payload()
        if isinstance(below, list) and (carries or part.message.get_content_maintype() == "multipart"):
            waiting[:0] = [Part(one, part.embedded or carries) for one in below if isinstance(one, Message)]


def _block(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {str(name).strip().lower(): _readable(value) for name, value in reversed(list(pairs))}


def _paragraphs(text: str) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [lines for lines in found if lines]


def _pairs(lines: list[str]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if line[0] in " \t" and pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {line.strip()}")
        elif colon:
            pairs.append((name, value.strip()))
    return pairs


def _encoded(part: Part, blocks: object) -> str:
    """A status that was sent as base64: the library takes it for a block without fields, and does not decode it."""
    inner = blocks[0] if isinstance(blocks, list) and blocks else None
    said = inner.get_payload() if isinstance(inner, Message) else ""
    if not isinstance(said, str) or part.header("Content-Transfer-Encoding").lower() != "base64":
        return ""
    try:
        return b64decode(said.encode("ascii", "ignore")).decode("utf-8", "replace")
    except ValueError:
        return ""


def _text(message: Message) -> str:
    try:
        content = message.get_payload(decode=True)
        charset = message.get_content_charset() or "utf-8"
    except Exception:
        content, charset = message.get_payload(), "utf-8"
    if isinstance(content, str):
        return _clear(content)
    if not isinstance(content, bytes):
        return ""
    try:
        return content.decode(charset, "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def _readable(value: object) -> str:
    """A raw header on one line, its encoded words decoded where they are sound."""
    line = " ".join(_clear(str(value)).split())
    if "=?" not in line:
        return line
    try:
        return str(make_header(decode_header(line)))
    except Exception:  # an unknown character set, or base64 that is none
        return line


def _clear(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
