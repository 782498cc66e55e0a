"""Languages: it keeps to itself how a locale is chosen, how digits and dates are written, and which way a page runs.

The language is in the URL (``/fa/…``), so that a page can be shared and cached; Accept-Language is asked
once, at ``/``. Babel writes Latin digits for Persian and Arabic unless told otherwise; people there read
their own, so counters and dates use the native numbering system.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import format_decimal
from flask import Flask, g, request
from flask_babel import Babel, force_locale, get_translations, refresh
from flask_babel import gettext as _gettext
from flask_babel import lazy_gettext as lazy_gettext
from flask_babel import ngettext as _ngettext

OWN_NAMES = {
    "en": "English",
    "fr": "Français",
    "es": "Español",
    "ar": "العربية",
    "fa": "فارسی",
    "ru": "Русский",
    "zh": "中文",
}
INTERFACE = tuple(OWN_NAMES)  # languages with a complete catalogue, in the order in which they are offered
SPEECH = f"/<any({', '.join(INTERFACE)}):lang>"  # how every URL of a page in a language begins
_RIGHT_TO_LEFT = frozenset({"ar", "fa"})
_DIGITS = {"fa": "۰۱۲۳۴۵۶۷۸۹", "ar": "٠١٢٣٤٥٦٧٨٩"}
# CLDR lists more than countries: groupings and codes reserved for exceptions. Kosovo stays: people live there.
_NOT_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})

_PERSIAN_PLACES = {ord(own): f"{kin}\uffff" for own, kin in ("پب", "چج", "ژز", "گک")}

gettext: Callable[..., str] = _gettext  # Flask-Babel ships no types
ngettext: Callable[..., str] = _ngettext

babel = Babel()


def init_app(app: Flask) -> None:
    """Choose each request's language and give templates the functions of this module."""
    babel.init_app(app, default_locale="en", locale_selector=language, default_translation_directories="translations")
    app.jinja_env.install_gettext_callables(_said, _counted, newstyle=True)  # type: ignore[attr-defined] # an extension's
    of_time = {"day": day, "year": year, "hour": hour, "lasting": lasting}
    app.jinja_env.filters |= of_time | {"number": number, "country": country_name}
    app.jinja_env.globals["gap"] = gap
    app.context_processor(lambda: {"lang": language(), "dir": direction(language()), "stop": full_stop()})


def _said(text: str) -> str:
    return _translated(language(), text)


def _counted(one: str, many: str, number: int) -> str:
    found: str = get_translations().ungettext(one, many, number)  # Jinja fills in what the template gives
    return found


@lru_cache(8192)
def _translated(_code: str, text: str) -> str:
    """A template's text in this language, found once: Flask-Babel looks for its catalogue anew for each text."""
    return gettext(text)


def language() -> str:
    """The language of this request: set by the view's URL or record, else English (the desk)."""
    found: str = g.get("language", "en")
    return found


def speak(code: str) -> None:
    """Answer this request in ``code``, whatever it has said before."""
    g.language = code if code in INTERFACE else "en"
    refresh()


def best_of(offered: Iterable[str]) -> str:
    """The language of ``offered`` that the browser likes best; the first one when it likes none.

    ``fa-IR`` is Persian: Werkzeug's own match takes an English that is liked less before it looks at that.
    """
    choices = list(offered)
    liked = (code.replace("_", "-").split("-")[0].lower() for code, much in request.accept_languages if much > 0)
    return next((code for code in liked if code in choices), choices[0])


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """A context in which texts, digits and dates are in ``code``, for mails: no request decides there."""
    before = g.get("language")
    speak(code)
    with force_locale(code):
        yield
    g.language = before or "en"


def direction(code: str) -> str:
    """``rtl`` or ``ltr``, as HTML's dir attribute takes it."""
    return "rtl" if code in _RIGHT_TO_LEFT else "ltr"


def full_stop(code: str | None = None) -> str:
    """What ends a sentence that a template puts together."""
    return "。" if (code or language()) == "zh" else "."


def gap(code: str | None = None) -> str:
    """What stands between two sentences, or after a colon: nothing in Chinese, whose signs bring their own room."""
    return "" if (code or language()) == "zh" else " "


def number(value: int, code: str | None = None) -> str:
    """An integer as people of that language write it: 1,204, 1 204, ۱٬۲۰۴."""
    code = code or language()
    return _native(format_decimal(value, locale=code), code)


def day(value: date | datetime, code: str | None = None) -> str:
    """A day in words, as the UN writes it: 9 December 2020, ۹ دسامبر ۲۰۲۰."""
    code = code or language()
    return _native(format_date(value, format="long", locale="en_GB" if code == "en" else code), code)


def hour(value: datetime, code: str | None = None) -> str:
    """A time of day by UTC, and says so, with its day unless that is today: 15:40 UTC, ۱۵:۴۰ UTC."""
    code, moment = code or language(), value.astimezone(UTC)
    said = format_time(moment, "short", tzinfo=UTC, locale="en_GB" if code == "en" else code)
    when = "" if moment.date() == datetime.now(UTC).date() else f"{day(moment, code)} "
    return f"{when}{_native(said, code)} UTC"


def lasting(span: timedelta, code: str | None = None) -> str:
    """How long something lasts, in its largest unit: 3 days, 5 hours, ۳ روز."""
    code = code or language()
    return _native(format_timedelta(span, locale=code, granularity="minute"), code)


def year(value: int, code: str | None = None) -> str:
    """A year of the Gregorian calendar in the language's digits, never grouped: 1995, ۱۹۹۵."""
    return _native(str(value), code or language())


def part_of_date(value: date, skeleton: str, code: str | None = None) -> str:
    """The month or year of a date in words, as CLDR's skeletons name the parts: ``yMMMM`` is March 2024."""
    code = code or language()
    return _native(format_skeleton(skeleton, value, locale=code), code)


def _native(text: str, code: str) -> str:
    digits = _DIGITS.get(code)
    if digits is None:
        return text
    return text.translate(str.maketrans("0123456789,.", f"{digits}٬٫"))


@lru_cache
def countries(code: str) -> tuple[tuple[str, str], ...]:
    """(ISO 3166-1 alpha-2, name) of every country, in the language's own order."""
    territories = Locale.parse(code).territories
    named = [(c, str(n)) for c, n in territories.items() if len(c) == 2 and c.isalpha() and c not in _NOT_COUNTRIES]
    return tuple(sorted(named, key=lambda pair: _collated(pair[1])))


def language_names(codes: tuple[str, ...], code: str) -> tuple[tuple[str, str], ...]:
    """(ISO 639 code, name) of some languages, named and put in order as ``code`` does."""
    known = Locale.parse(code).languages
    return tuple(sorted(((c, str(known.get(c, c))) for c in codes), key=lambda pair: _collated(pair[1])))


def country_name(country: str | None, code: str | None = None) -> str:
    """A country's name; empty for one that was not said."""
    return str(Locale.parse(code or language()).territories.get(country, country)) if country else ""


def _collated(name: str) -> str:
    """A sort key that files Å under A; Persian letters that Arabic lacks keep their place after their kin."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).casefold()
    return plain.translate(_PERSIAN_PLACES)
