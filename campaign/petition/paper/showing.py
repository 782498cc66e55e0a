"""The pages on which sheets are entered and a batch stands: it keeps to itself who may see which count."""

from __future__ import annotations

from typing import Any

from flask import render_template

from campaign import i18n
from campaign.appeals.models import ConsentWording
from campaign.appeals.queries import Published
from campaign.db import session
from campaign.organisers import access, accounts
from campaign.petition.paper import checking, counting, lines
from campaign.petition.paper.forms import ROWS, BatchForm, PeopleForm, WithdrawForm, counts_form
from campaign.petition.paper.models import PaperBatch
from campaign.petition.paper.words import STATES


def entry(published: Published, form: BatchForm) -> str:
    """The page on which sheets are entered, with the form as it was typed."""
    return render_template(
        "desk/paper_enter.html",
        published=published,
        form=form,
        rows=ROWS,
        countries=i18n.countries(i18n.language()),
    )


def batch_page(
    published: Published, batch: PaperBatch, *, counts: Any = None, people: Any = None, gone: Any = None
) -> str:
    """The page of a batch, with a form of it as it was typed, when something is wrong with that."""
    counts = counts or counts_form(checking.count_of(batch, access.organiser()))
    return render_template(
        "desk/paper_batch.html",
        published=published,
        form=gone or people or counts,
        counts=counts,
        people=people or PeopleForm(),
        gone=gone or WithdrawForm(),
        rows=ROWS,
        countries=i18n.countries(i18n.language()),
        **_told(batch),
    )


def _told(batch: PaperBatch) -> dict[str, Any]:
    """What a batch's page says of it."""
    first = batch.entered_by == access.organiser().id
    return {
        "batch": batch,
        "wording": session.get_one(ConsentWording, batch.wording_id),
        "first": first,
        "open": first or batch.state != "entered",
        "lines": lines.listing(batch),
        "counted": counting.of_batch(batch.id),
        "who": accounts.emails({one for one in (batch.entered_by, batch.checked_by, batch.ended_by) if one}),
        "names": i18n.OWN_NAMES,
        "states": STATES,
    }
