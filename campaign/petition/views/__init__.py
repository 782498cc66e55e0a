"""What visitors of an appeal see; each page's story is in the module that it is named after."""

from __future__ import annotations

from flask import Blueprint

from campaign.appeals import texts

blueprint = Blueprint("petition", __name__)
blueprint.add_app_template_filter(texts.unbroken)  # also in the macros that letters share

# ruff: noqa: E402, F401 - they hang their pages on it
from campaign.petition.views import (
    appeal,
    card,
    embedding,
    look,
    organisations,
    printing,
    proof,
    submission,
    telling,
    unsubscribing,
)
