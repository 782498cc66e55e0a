"""What an organiser asks of many signatures: it keeps to itself how the words they type become a selection."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from wtforms import DateTimeLocalField, Form, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, Optional

from campaign.i18n import lazy_gettext as _
from campaign.mail.addresses import recorded_domain
from campaign.petition.defence.corrections import WHY
from campaign.petition.defence.selecting import Selection
from campaign.petition.defence.weights import SIGNALS

_RECORDED = re.compile("[0-9a-f]{16}")
_MINUTES = "%Y-%m-%dT%H:%M"


class SelectionForm(Form):  # type: ignore[misc] # WTForms ships no types
    """What signatures have in common; what is left empty does not matter."""

    scope = RadioField(
        _("Of which?"),
        choices=[SelectChoice("held", _("Those that wait")), SelectChoice("all", _("All, also those that count"))],
        default="held",
    )
    reason = SelectField(_("Reason"), default="")
    domain = StringField(_("Mail domain"))
    network = StringField(_("Network"))
    since = DateTimeLocalField(_("Signed from"), [Optional()], format=_MINUTES)
    until = DateTimeLocalField(_("Signed before"), [Optional()], format=_MINUTES)
    name = StringField(_("Name"))

    def __init__(self, typed: Any = None) -> None:
        super().__init__(typed)
        reasons = [SelectChoice(code, signal.words) for code, signal in SIGNALS.items()]
        self.reason.choices = [SelectChoice("", _("Any")), *reasons]

    def selection(self) -> Selection:
        """What was asked. Only after ``validate``."""
        return Selection(
            held_only=self.scope.data == "held",
            domain=_recorded(self.domain.data or ""),
            network=(self.network.data or "").strip().lower(),
            reason=self.reason.data or "",
            since=_utc(self.since.data),
            until=_utc(self.until.data),
            name=(self.name.data or "").strip(),
        )


def fields(selection: Selection) -> dict[str, str]:
    """The fields that ask for this selection once more."""
    times = {"since": selection.since, "until": selection.until}
    typed = {
        "scope": "held" if selection.held_only else "all",
        "reason": selection.reason,
        "domain": selection.domain,
        "network": selection.network,
        "name": selection.name,
    } | {name: moment.strftime(_MINUTES) for name, moment in times.items() if moment}
    return {name: value for name, value in typed.items() if value}


class ReasonForm(Form):  # type: ignore[misc] # WTForms ships no types
    """Why signatures are taken off the count; nothing is chosen beforehand, since the public page tells it."""

    why = RadioField(
        _("Why?"),
        [AnyOf([*WHY], _("Choose a reason: it is shown on the page of the appeal."))],
        choices=[SelectChoice(code, words) for code, words in WHY.items()],
        validate_choice=False,
    )


def _recorded(typed: str) -> str:
    """The domain as rows have it, whether somebody typed its name or what stands on the page."""
    domain = typed.strip().lower().rpartition("@")[2]
    return domain if not domain or _RECORDED.fullmatch(domain) else recorded_domain(domain)


def _utc(typed: datetime | None) -> datetime | None:
    return typed.replace(tzinfo=UTC) if typed else None
