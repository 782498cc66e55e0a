"""Undersigned: the factory, the one module that knows all the others."""

from __future__ import annotations

from flask import Flask

from campaign import background, db, i18n, limits, pages, vault, web
from config import Settings, load_settings


def create_app(settings: Settings | None = None) -> Flask:
    """The whole application for one installation; ``settings`` come from the environment when not given."""
    app = Flask(__name__, template_folder="../templates")
    app.config.from_mapping((settings or load_settings()).flask())
    for part in (db, vault, background, limits, i18n, web):
        part.init_app(app)
    app.wsgi_app = pages.PageCache(app.wsgi_app)  # type: ignore[method-assign]
    return app
