"""The test letter before the gate: it keeps to itself what proves that it arrived, and for which relay that holds.

An organiser asks for a letter as an office would get it. It goes to their own address only, by the relay and from
the domain that letters would take; its code, typed at the desk, says that it came and that it looks right.
"""

from __future__ import annotations

from base64 import b32encode
from datetime import date, timedelta
from uuid import UUID, uuid4

import structlog
from flask import current_app
from sqlalchemy import ColumnElement, exists, func, select

from campaign import vault
from campaign.appeals import queries
from campaign.appeals.queries import Published
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.i18n import language
from campaign.letters import composing, drafting
from campaign.letters.leaving_by import present_way
from campaign.letters.models import TrialLetter
from campaign.mail import outbox, transports
from campaign.mail.addresses import Address
from campaign.mail.models import Message
from campaign.mail.rendering import Draft
from campaign.offices import addressing
from campaign.offices import queries as offices
from campaign.offices.models import Office, OfficeAddress
from campaign.organisers import accounts, audit
from campaign.organisers.models import Organiser

log = structlog.get_logger()
KIND = "letter_test"
_GOOD_FOR = timedelta(days=7)  # from sending to "received"
_A_DAY = 10  # of one appeal


def send(published: Published, office: Office, *, by: Organiser) -> None:
    """Send a letter of the appeal to the organiser who asks, as it would go to ``office`` today.

    Raises Refused in a rehearsal, when their address is nobody's or an office's, and after ten within a day.
    """
    if transports.mode(current_app) != transports.LIVE:
        raise Refused(_("This is a rehearsal: no relay is set up, so no mail leaves this machine."))
    address = _own_address(by)
    _refuse_too_many(published)
    row = uuid4()
    spoken = drafting.usual_language(language(), drafting.languages(published.content, office))
    about = {"appeal_id": published.appeal.id, "office_id": office.id, "organiser_id": by.id}
    trial = TrialLetter(id=row, language=spoken, **about, **present_way())
    session.add(trial)
    _enqueue(trial, address)
    audit.record("letters.test_sent", f"appeal {published.appeal.slug}", organiser=by, office=office.slug)
    session.commit()
    log.info("letters.test_sent", appeal=published.appeal.slug, trial=str(row))


def confirm(published: Published, code: str, *, by: Organiser) -> None:
    """Take an organiser's word, and the code in the mail as its proof, that the test letter came and looks right.

    Raises Refused when no test letter of the last seven days, sent as letters would go now, has this code.
    """
    typed = code.strip().replace(" ", "").upper()
    sent = select(TrialLetter).where(*_sent_as_now(published.appeal.id), TrialLetter.sent_at > clock() - _GOOD_FOR)
    found = next((trial for trial in session.scalars(sent) if code_of(trial.id) == typed), None)
    if found is None:
        raise Refused(_("No test letter that was sent this way in the last week has this code."), field="code")
    found.received_at, found.received_by = clock(), by.id
    audit.record("letters.test_received", f"appeal {published.appeal.slug}", organiser=by)
    session.commit()
    log.info("letters.test_received", appeal=published.appeal.slug, trial=str(found.id))


def received(appeal_id: UUID) -> TrialLetter | None:
    """The last test letter of an appeal that an organiser received by the present relay and domain."""
    came = select(TrialLetter).where(*_sent_as_now(appeal_id), TrialLetter.received_at.is_not(None))
    return session.scalars(came.order_by(TrialLetter.received_at.desc()).limit(1)).first()


def on_its_way(appeal_id: UUID) -> TrialLetter | None:
    """The newest test letter of an appeal by the present relay whose code can still be typed."""
    recent = TrialLetter.received_at.is_(None), TrialLetter.sent_at > clock() - _GOOD_FOR
    newest = select(TrialLetter).where(*_sent_as_now(appeal_id), *recent).order_by(TrialLetter.sent_at.desc())
    return session.scalars(newest.limit(1)).first()


def code_of(trial: UUID) -> str:
    """Eight letters and digits that only the mail holds: a keyed index of the row."""
    return b32encode(vault.current().index(str(trial), scope="test letter"))[:8].decode()


def mail(message: Message, recipient: str) -> Draft | None:
    """The letter as an office would get it, below a notice that this is a test; None when the appeal is gone.

    The office's private link is not in it: whoever has that can speak for the office.
    """
    trial = session.get(TrialLetter, message.subject_id)
    if trial is None:
        return None
    office, day = session.get_one(Office, trial.office_id), offices.today()
    made = drafting.draft(queries.by_id(trial.appeal_id).content, office, trial.language, day)
    if made is None:
        return None
    words = {"opening": made.template.opening, "message": "", "closing": made.template.closing}
    name = _("Test of letters")
    sheet = made.sheet(words, name, None, sent_by_us=True)
    text = f"{_notice(trial, office, day)}\n\n{'=' * 20}\n\n{composing.whole(sheet, made.greeting)}"
    subject = _("[Test, no office got this] %(subject)s", subject=sheet.subject)
    return Draft(subject=subject, text=text, sender_name=name, reply_to=recipient, automatic=False)


def _notice(trial: TrialLetter, office: Office, day: date) -> str:
    title = addressing.title(office, language(), day)
    return "\n\n".join(
        [
            _("This is a test. It was sent to you alone; %(office)s did not get it.", office=title),
            _("Code to type at the desk: %(code)s", code=code_of(trial.id)),
            _("Before you do, look at the sender (From), press Reply to see that an answer would go to your own "
              "address, where it goes to the writer in a letter, and read the lines at the very end."),
            _("Below the line stands the letter as it would go today, before its writer adds words."),
        ]
    )  # fmt: skip


def _own_address(organiser: Organiser) -> Address:
    address = Address.parse(accounts.email(organiser))
    if address.reserved:
        raise Refused(_("The address you sign in with is nobody’s: sign in with one that receives mail."))
    if session.scalar(select(exists().where(func.lower(OfficeAddress.email) == address.exact))):
        raise Refused(_("The address you sign in with is an office’s: a test never goes to an office."))
    return address


def _refuse_too_many(published: Published) -> None:
    today = TrialLetter.appeal_id == published.appeal.id, TrialLetter.sent_at > clock() - timedelta(days=1)
    if (session.scalar(select(func.count()).where(*today)) or 0) >= _A_DAY:
        raise Refused(_("Ten test letters were sent within a day: look at what became of them in the outbox."))


def _enqueue(trial: TrialLetter, address: Address) -> None:
    """By the lane of letters, so that it has their sender and domain; without an office, so that nothing paces it."""
    outbox.enqueue(
        kind=KIND,
        subject_id=trial.id,
        address=address,
        language=language(),
        dedupe_key=f"{KIND}:{trial.id}",
        lane=outbox.LETTERS,
        pause_keys=[f"appeal:{trial.appeal_id}"],
        expires_in=_GOOD_FOR,
    )


def _sent_as_now(appeal_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return TrialLetter.appeal_id == appeal_id, TrialLetter.route == present_way()["route"]
