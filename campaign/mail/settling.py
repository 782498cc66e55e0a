"""A person's word on a message of which nobody knows whether it arrived: it keeps to itself what that closes."""

from __future__ import annotations

from uuid import UUID

from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail.models import Message
from campaign.mail.moving import move
from campaign.mail.states import State

_SAYS = {
    True: (State.ACCEPTED, "left as it is: taken as sent"),
    False: (State.FAILED, "left as it is: taken as lost"),
}


def settle(message_id: UUID, *, sent: bool) -> None:
    """Leave an unknown message as it is, as sent or as not sent, in the caller's transaction.

    Raises Refused when it is not unknown any more. A bounce may still come, and it may still be sent again.
    """
    to, why = _SAYS[sent]
    nothing = dict.fromkeys(("reply_code", "reply_enhanced", "reply_text"))  # an earlier attempt's is not its answer
    if not move(Message.id == message_id, Message.state == State.UNKNOWN, to=to, why=why, **nothing):
        raise Refused(_("Its state has changed meanwhile: nothing was done."))
