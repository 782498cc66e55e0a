"""The forms in which sheets are entered: they keep to themselves how a country is typed, and what an empty row is."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from wtforms import DateField, Form, RadioField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, InputRequired, Length

from campaign.appeals.models import Appeal, ConsentWording
from campaign.appeals.names import clean_name
from campaign.errors import Refused
from campaign.i18n import countries, language
from campaign.i18n import gettext as _
from campaign.i18n import lazy_gettext as later
from campaign.mail.addresses import Address
from campaign.petition.paper import codes
from campaign.petition.paper.checking import WHY
from campaign.petition.paper.entering import Counts, Sheets
from campaign.petition.paper.lines import Person
from campaign.petition.paper.models import LINES

ROWS = range(LINES)
_LONGEST = 100  # characters of a place
_NUMBER = re.compile(r"\d{1,9}")  # isdecimal() takes more digits than int() does


def _rows(first: str, first_label: Any, second: str, second_label: Any) -> dict[str, Any]:
    """Two fields for each row, one beside the other."""
    left = {f"{first}_{row}": StringField(first_label) for row in ROWS}
    return left | {f"{second}_{row}": StringField(second_label) for row in ROWS}


class _Counted(Form):  # type: ignore[misc] # WTForms ships no types
    """Lines by country, in rows; a row without a number is none."""

    counts: dict[str, int]

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether the rows can be read; ``counts`` then has what they say."""
        fine = super().validate(extra_validators)
        self.counts = {}
        for row in ROWS:
            fine = self._read(self[f"country_{row}"], self[f"lines_{row}"]) and fine
        return bool(fine)

    def _read(self, country: StringField, lines: StringField) -> bool:
        said, typed = (country.data or "").strip(), (lines.data or "").strip()
        if not said and not typed:
            return True
        code = "" if not said else _codes(language()).get(said.casefold())
        if code is None:
            country.errors = [_("No country of this name or code is known here.")]
        elif not _NUMBER.fullmatch(typed) or not int(typed):
            lines.errors = [_("How many lines? Write a number, or leave the whole row empty.")]
        else:
            self.counts[code] = self.counts.get(code, 0) + int(typed)
            return True
        return False


CountsForm: Any = type("CountsForm", (_Counted,), _rows("country", later("Country"), "lines", later("Lines")))


class BatchForm(CountsForm):  # type: ignore[misc] # made by type()
    """Some sheets and the lines on them."""

    code = StringField(later("Code on the sheets"), [InputRequired(later("Type the code that stands on the sheets"))])
    place = StringField(
        later("Where they were collected"),
        [
            InputRequired(later("Write where they were collected")),
            Length(max=_LONGEST, message=later("Write the place in a few words.")),
        ],
    )
    collected_on = DateField(later("On which day"), [InputRequired(later("Give the day as it stands on the sheets"))])
    sheets = StringField(later("How many sheets"))
    wording: ConsentWording

    def __init__(self, typed: Any = None, *, appeal: Appeal) -> None:
        super().__init__(typed)
        self._appeal = appeal

    def validate_code(self, field: StringField) -> None:
        """Keep the wording behind the code. Raises ValidationError with words for the organiser."""
        try:
            self.wording = codes.wording_of(self._appeal, field.data)
        except Refused as refused:
            raise ValidationError(refused.message) from None

    def validate_sheets(self, field: StringField) -> None:
        """A number."""
        if not _NUMBER.fullmatch((field.data or "").strip()):
            raise ValidationError(_("Write how many sheets as a number"))

    def held(self) -> Sheets:
        """The sheets. Only after ``validate``."""
        return Sheets(self.wording, self.place.data.strip(), self.collected_on.data, int(self.sheets.data))


class _People(Form):  # type: ignore[misc] # WTForms ships no types
    """Lines that give an address, in rows."""

    people: list[Person]

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether the rows can be read; ``people`` then has them."""
        fine = super().validate(extra_validators)
        self.people = []
        for row in ROWS:
            fine = self._read(self[f"name_{row}"], self[f"email_{row}"]) and fine
        if fine and not self.people:
            self.form_errors.append(_("Type at least one line."))
        return bool(fine and self.people)

    def _read(self, name: StringField, email: StringField) -> bool:
        said, typed = (name.data or "").strip(), (email.data or "").strip()
        if not said and not typed:
            return True
        field = name
        try:
            cleaned, field = clean_name(said), email
            self.people.append(Person(cleaned, Address.parse(typed)))
        except Refused as refused:
            field.errors = [refused.message]
            return False
        return True


PeopleForm: Any = type("PeopleForm", (_People,), _rows("name", later("Name"), "email", later("Email")))


class WithdrawForm(Form):  # type: ignore[misc] # WTForms ships no types
    """Why a batch is taken off the count; nothing is chosen beforehand, since the public page tells it."""

    why = RadioField(
        later("They are removed because"),
        [AnyOf([*WHY], later("Choose a reason: it is shown on the page of the appeal."))],
        choices=[SelectChoice(code, words) for code, words in WHY.items()],
        validate_choice=False,
    )


def counts_form(counts: Counts) -> Any:
    """The rows with a count in them, as far as there is room."""
    names = dict(countries(language()))
    most_first = sorted(counts.items(), key=lambda pair: -pair[1])
    rows = list(enumerate(most_first))[:LINES]
    data = {f"country_{row}": names.get(country, country) for row, (country, _n) in rows}
    return CountsForm(data=data | {f"lines_{row}": str(n) for row, (_country, n) in rows})


@cache
def _codes(spoken: str) -> dict[str, str]:
    """Countries by name, in the page's language or English, and by code."""
    named = [*countries("en"), *countries(spoken)]
    return {name.casefold(): code for code, name in named} | {code.casefold(): code for code, _name in named}
