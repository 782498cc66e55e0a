"""Dates as sources give them, a year, a month or a day; it keeps to itself what each one can stand for."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import Any, Self

from pydantic_core import CoreSchema, core_schema

SHAPE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


class PartialDate(str):
    """``2016``, ``2018-07`` or ``2024-07-31``: text that knows its span. Raises ValueError for anything else.

    It is a ``str`` so that it goes into JSON, a text column and back as it was written in the source.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        made = super().__new__(cls, text)
        _ = made.first  # a day that no calendar has is refused here
        return made

    @property
    def first(self) -> date:
        """The earliest day that the text can mean."""
        year, month, day = self._parts()
        return date(year, month or 1, day or 1)

    @property
    def last(self) -> date:
        """The latest day that the text can mean."""
        year, month, day = self._parts()
        month = month or 12
        return date(year, month, day or monthrange(year, month)[1])

    @property
    def is_day(self) -> bool:
        """Whether the text names one day."""
        return len(self) == 10

    @property
    def is_year(self) -> bool:
        """Whether the text names no more than a year."""
        return len(self) == 4

    def _parts(self) -> tuple[int, int | None, int | None]:
        match = SHAPE.fullmatch(self)
        if not match:
            raise ValueError(f"{str(self)!r} is not a date like 2016, 2018-07 or 2024-07-31")
        year, month, day = (int(part) if part else None for part in match.groups())
        return year or 0, month, day

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(), serialization=core_schema.to_string_ser_schema()
        )
