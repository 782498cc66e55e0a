"""The design system on one page: every part of the stylesheet drawn once by the macros that all pages use.

In English, since those who change templates read it; what it draws is what pages show, in the colours of the browser.
"""

from __future__ import annotations

import re
from pathlib import Path

from flask import Blueprint, current_app, render_template
from wtforms import BooleanField, EmailField, Form, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from campaign.i18n import OWN_NAMES
from campaign.organisers import access

blueprint = access.protect(Blueprint("style", __name__, url_prefix="/desk/style"))


class Sample(Form):  # type: ignore[misc] # WTForms ships no types
    """A field of each kind; one of them in error."""

    name = StringField("Full name")
    email = EmailField("Email")
    country = SelectField("Country", choices=[SelectChoice("DE", "Germany"), SelectChoice("FR", "France")])
    words = TextAreaField("Your own words")
    choice = RadioField("Who may see your name?", choices=[SelectChoice("a", "Few"), SelectChoice("b", "Everybody")])
    consent = BooleanField("I support this appeal.")


@blueprint.get("")
def show() -> str:
    """Every part once."""
    form = Sample(choice="a")
    form.email.errors = ["Write the address like name@example.org"]
    return render_template("desk/style.html", form=form, variables=_variables(), own_names=OWN_NAMES)


def _variables() -> list[tuple[str, str]]:
    """The names and values that ``:root`` sets by day, as the stylesheet says them."""
    css = (Path(str(current_app.static_folder)) / "undersigned.css").read_text("utf-8")
    root = re.search(r":root \{(.*?)\}", css, re.S)
    return re.findall(r"(--[\w-]+): ([^;]+);", root[1]) if root else []
