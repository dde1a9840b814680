"""Which function of the agreement with a partner a message belongs to (SSP, service management)."""

from __future__ import annotations

from imps.model.partner import Partner
from imps.model.status import Refusal, StatusCode
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.im import SendMessageRequest
from imps.ssp.messages.presence import GetPresenceRequest, PresenceNotification, SubscribeRequest

SEND_FUNCTION = "SendFunc"
SUBSCRIBE_FUNCTION, GET_FUNCTION = "SubscribeFunc", "GetPresenceFunc"

_WANTED: dict[type[Message], str] = {
    SendMessageRequest: SEND_FUNCTION,
    SubscribeRequest: SUBSCRIBE_FUNCTION,
    GetPresenceRequest: GET_FUNCTION,
}
"""What we ask of a partner. To end something, nothing needs to be wanted any more."""

_GRANTED: dict[type[Message], str] = {PresenceNotification: SUBSCRIBE_FUNCTION}
"""What we tell a partner because it may ask for it."""


def check_agreed(partner: Partner, message: Message) -> None:
    """Refuse with 506 what is not wanted of a partner, or granted to it no more."""
    wanted, granted = _WANTED.get(type(message)), _GRANTED.get(type(message))
    if wanted is not None and not partner.wants_function(wanted):
        raise Refusal(StatusCode.SERVICE_NOT_AGREED, f"{wanted} is not wanted of {partner.domain}")
    if granted is not None and not partner.grants_function(granted):
        raise Refusal(StatusCode.SERVICE_NOT_AGREED, f"{granted} is not granted")
