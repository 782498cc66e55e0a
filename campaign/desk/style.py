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


LAYOUTS = {
    "page": "main: one narrow column, as on most pages",
    "appeal": "main: the document beside what is to be signed, with head, text and side",
    "head": "in appeal and write: kicker, title and lead, above both columns",
    "text": "in appeal: the document",
    "side": "in appeal: the column of cards",
    "again": "in side, on wide screens: the way back to the form, which follows a long text",
    "write": "main: a letter beside its aside",
    "words": "in write: the meter of own words and what it means for the letter",
    "below": "in write, with a script: the same on a phone, under the field",
    "sofar": "in write, with a script: the letter as it stands, written anew while somebody types",
    "small": "in write: small print that keeps the colour of text",
    "embed": "main: the card in a frame of another site",
    "desk": "body: the pages of organisers, with tabs",
    "said": "at the desk: what the last press did",
    "foot": "the foot of every page",
    "bar": "the head of every page: brand, the ways to go, languages",
    "brand": "in bar: the name or the logo",
    "tabs": "in bar, at the desk: its rooms",
    "ribbon": "under bar: one line about the whole site, such as that this is a demonstration",
    "skip": "the first link of every page, seen when it has the focus",
    "leave": "the way out, at the top of every public page of a sensitive appeal",
    "print": "body: a page to print, with tools above the sheet",
    "tools": "in print: what is not printed",
    "a4": "body: a page to print on A4",
    "letter": "body: a page to print on US Letter",
    "date": "in print: the day of a letter",
}
"""What is a place on a page rather than a part that can be drawn alone: where it stands, and for what."""


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
    return render_template("desk/style.html", form=form, variables=_variables(), own_names=OWN_NAMES, layouts=LAYOUTS)


def _variables() -> list[tuple[str, str]]:
    """The names and values that ``:root`` sets by day, as the stylesheet says them."""
    css = (Path(str(current_app.static_folder)) / "undersigned.css").read_text("utf-8")
    root = re.search(r":root \{(.*?)\}", css, re.S)
    return re.findall(r"(--[\w-]+): ([^;]+);", root[1]) if root else []
