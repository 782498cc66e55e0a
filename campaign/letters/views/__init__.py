"""The public pages of letters: choosing an office, writing, confirming, and the writer's private page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from campaign import i18n
from campaign.letters import dating

blueprint = Blueprint("letters", __name__)
blueprint.add_app_template_global(dating.stops, "letters_stopped")  # an appeal's own page says it too


@blueprint.context_processor
def _languages() -> dict[str, Any]:
    return {"own_name": i18n.OWN_NAMES.get, "direction": i18n.direction}


from campaign.letters.views import choosing, confirming, office, writing  # noqa: E402, F401 - they hang their pages on it
