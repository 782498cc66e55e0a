"""The form in which news is written: it keeps to itself that a language is written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import Form, StringField, TextAreaField

from campaign.i18n import OWN_NAMES
from campaign.i18n import gettext as _
from campaign.petition.news.writing import LONGEST, LONGEST_TITLE, Text, Texts


class NewsForm:
    """Title and text in each language of an appeal; a language left empty is not there."""

    def __init__(self, languages: Sequence[str], typed: Any = None, texts: Texts | None = None) -> None:
        self.languages = languages
        title, body = _("Title"), _("Text")  # apart: what stands within an f-string is not found for translation
        fields: dict[str, Any] = {}
        for code in languages:
            fields[f"title_{code}"] = StringField(f"{title}: {OWN_NAMES[code]}")
            fields[f"body_{code}"] = TextAreaField(f"{body}: {OWN_NAMES[code]}")
        written = {f"{part}_{code}": said for code, text in (texts or {}).items() for part, said in text.items()}
        self.fields: Form = type("Fields", (Form,), fields)(typed, data=written)

    def validate(self) -> bool:
        """Whether it may be kept; says beside each field what is missing or too long."""
        fine = self.fields.validate()
        for code in self.languages:
            fine = self._check(code) and fine
        return bool(fine)

    def texts(self) -> Texts:
        """What was written, by language. Only after ``validate``."""
        return {code: self._text(code) for code in self.languages if self._text(code)["body"]}

    def _check(self, code: str) -> bool:
        title, body = self.fields[f"title_{code}"], self.fields[f"body_{code}"]
        said, errors = self._text(code), 0
        if said["body"] and not said["title"]:
            title.errors, errors = [_("Write a title in this language too.")], 1
        elif said["title"] and not said["body"]:
            body.errors, errors = [_("Write a text in this language too, or take its title out.")], 1
        if len(said["title"]) > LONGEST_TITLE:
            title.errors, errors = [_("Use at most %(n)s characters.", n=LONGEST_TITLE)], 1
        if (long := len(said["body"].encode())) > LONGEST:
            fits = len(said["body"]) * LONGEST // long
            body.errors, errors = [_("This is too long for a mail: at most about %(n)s characters fit.", n=fits)], 1
        return not errors

    def _text(self, code: str) -> Text:
        """What was typed, without spaces at its ends and with one empty line between paragraphs."""
        title, body = (self.fields[f"{part}_{code}"].data or "" for part in ("title", "body"))
        lines = [line.strip() for line in body.strip().splitlines()]
        pairs = zip(lines, ["x", *lines], strict=False)
        return {"title": " ".join(title.split()), "body": "\n".join(now for now, before in pairs if now or before)}
