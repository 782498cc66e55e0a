"""What visitors of an appeal see; each page's story is in the module that it is named after."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("petition", __name__)

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
