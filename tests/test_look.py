"""What every page stands on: the stylesheet, the frame and the form macros."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form, RadioField, SelectField, StringField, validators
from wtforms.fields.choices import SelectChoice

ROOT = Path(__file__).parent.parent
CSS = (ROOT / "campaign/static/undersigned.css").read_text()
TEMPLATES = sorted(p for p in (ROOT / "templates").rglob("*.html") if "mail" not in p.relative_to(ROOT).parts)

PAGE = """{% extends 'base.html' %}{% import 'macros/forms.html' as f %}{% block title %}Sign{% endblock %}
{% block main %}{{ f.errors(form) }}{{ f.name(form.name, 'As you write it') }}{{ f.email(form.email) }}
{{ f.country(form.country) }}{{ f.radios(form.visibility) }}
{% call f.checkbox(form.consent) %}I agree{% endcall %}{% endblock %}"""


class Signing(Form):
    name = StringField("Full name", [validators.InputRequired("Enter your name")])
    email = StringField("Email", [validators.InputRequired("Enter your email address")])
    country = SelectField("Country", choices=[SelectChoice("", "Choose"), SelectChoice("FR", "France")])
    visibility = RadioField(
        "Who may see it?", [validators.InputRequired("Choose one")], choices=[SelectChoice("counted", "Us")]
    )
    consent = BooleanField("Consent", [validators.InputRequired("Tick the box")])


def filled(app: Flask, **typed: str) -> str:
    form = Signing(MultiDict(typed))
    form.validate()
    with app.test_request_context("/"):
        return render_template_string(PAGE, form=form, languages=[])


def test_it_works(app: Flask) -> None:
    page = filled(app, name="Alice", email="alice@example.org", country="FR", visibility="counted", consent="y")
    assert "<title>Sign</title>" in page
    assert "There is a problem" not in page
    assert re.search(r'<option value="FR" selected>', page)
    assert len(re.findall(r" checked", page)) == 2
    assert 'aria-describedby="name-hint"' in page


def test_an_error_is_said_first_and_leads_to_its_field(app: Flask) -> None:
    page = filled(app, name="Alice", country="FR")
    assert "<title>Error: Sign</title>" in page
    summary = page.index("There is a problem")
    assert summary < page.index('id="name"')
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    links = re.findall(r'<li><a href="#([^"]+)">', page)
    assert links == ["email", "visibility-0", "consent"]
    assert set(links) <= ids
    assert {i for d in re.findall(r'aria-describedby="([^"]+)"', page) for i in d.split()} <= ids
    assert re.search(r'role="alert"[^>]*tabindex="-1" autofocus', page)


def test_what_was_typed_stays_and_stays_text(app: Flask) -> None:
    page = filled(app, name='علی "<b>', country="FR")
    assert 'value="علی &#34;&lt;b&gt;"' in page
    assert "<b>" not in page


def test_no_field_is_required_by_the_browser(app: Flask) -> None:
    assert not re.search(r"<(input|select|textarea)[^>]*\brequired\b", filled(app))


@pytest.mark.parametrize("code", [400, 403, 404, 405, 410, 413, 429, 500, 503, 418, 502])
def test_every_error_has_words(app: Flask, code: int) -> None:
    with app.test_request_context("/"):
        page = render_template_string("{% include 'errors/page.html' %}", code=code)
    assert re.search(r"<h1>[^<]{10,}</h1>\s*<p class=\"lead\">[^<]{20,}</p>", page)


def test_the_stylesheet_is_small_and_fetches_nothing() -> None:
    assert len(gzip.compress(CSS.encode(), mtime=0)) < 10_000
    assert not re.search(r"url\(|@import|@font-face", CSS)


def test_the_stylesheet_knows_no_left_and_right() -> None:
    rules = re.sub(r"/\*.*?\*/", "", CSS, flags=re.S)
    assert not re.search(r"[{;]\s*(left|right|top|bottom|float|width|height)\s*:", rules)
    assert not re.search(r"(margin|padding|border)-(left|right|top|bottom)\b|text-align:\s*(left|right)", rules)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_templates_keep_to_the_content_security_policy(template: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", template.read_text(), flags=re.S)
    assert not re.search(r"<style|<svg|\sstyle=|\son[a-z]+=\"|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert not re.search(r"(src|<link[^>]*href)=\"(https?:)?//", text)


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * d for d in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(scheme: str) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    block = re.findall(r":root \{(.*?)\}", CSS, flags=re.S)[scheme == "dark"]
    colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})\b", block))

    def ratio(ink: str, ground: str) -> float:
        darker, lighter = sorted((luminance(colour[ink]), luminance(colour[ground])))
        return (lighter + 0.05) / (darker + 0.05)

    pairs = [(ink, g) for ink in ("ink", "soft", "accent", "good", "bad", "warn") for g in ("paper", "card", "wash")]
    pairs += [("on-accent", "accent"), ("ink", "tint"), ("soft", "tint"), ("accent", "tint"), ("accent", "warn-wash")]
    pairs += [("ink", f"{tone}-wash") for tone in ("warn", "bad", "good")]
    assert {p: round(ratio(*p), 2) for p in pairs if ratio(*p) < 4.5} == {}
