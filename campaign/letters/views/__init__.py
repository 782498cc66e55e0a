"""The public pages of letters: choosing an office, writing, confirming, and the writer's private page."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("letters", __name__)

from campaign.letters.views import choosing, confirming, writing  # noqa: E402, F401 - they add their pages to it
