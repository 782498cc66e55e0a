"""The pages on which people ask for what we hold about them, see it, and change it."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response as AnyResponse

blueprint = Blueprint("rights", __name__)
Page = str | tuple[str, int] | AnyResponse

from campaign.rights.views import acting, asking, looking  # noqa: E402, F401 - they add their pages
