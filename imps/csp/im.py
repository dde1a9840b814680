"""Instant messages: SendMessage, NewMessage and MessageDelivered, to and from the model."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from attrs import define

from imps.csp.content import content_of, font_element, wrapped
from imps.csp.primitives.common import Result
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.envelope import Transaction, TransactionDescriptor
from imps.csp.primitives.identity import Recipient, Sender, User
from imps.csp.primitives.im import (
    DeliveryReportRequest,
    MessageDelivered,
    MessageInfo,
    NewMessage,
    SendMessageRequest,
    SendMessageResponse,
)
from imps.csp.primitives.values import TransactionMode
from imps.csp.results import result_of, status
from imps.csp.transactions import Context, Transactions
from imps.elements.im import InstantMessaging
from imps.model.address import Address
from imps.model.capability import Capabilities
from imps.model.events import MessageReported
from imps.model.extension import Extension
from imps.model.message import Draft, Message
from imps.model.status import Refusal, StatusCode
from imps.sap.sessions import Session, capabilities_in
from imps.store.messages import Acknowledgement, InFlight

OWN_TRANSACTION_ID = re.compile(r"s\d+")
"""What the ids of our own transactions look like."""


@define(eq=False)
class Messaging:
    """The transactions of instant messaging."""

    _element: InstantMessaging

    def register(self, transactions: Transactions) -> None:
        """Serve and send the transactions of instant messaging."""
        transactions.serve(SendMessageRequest, self.send_message, once=True, failure=_send_failure)
        transactions.serve(MessageDelivered, self.message_delivered)
        transactions.send(NewMessage, DeliveryReportRequest)

    async def send_message(self, context: Context, request: SendMessageRequest) -> Primitive:
        """Send a message to its recipients."""
        session = context.open_session
        _check_sender(session, request.message_info.sender)
        draft = draft_of(request, context)
        sent = await self._element.send(session.caller(context.operation_id), draft)
        return SendMessageResponse(
            result=result_of(sent.outcome, context.version), message_id=sent.message_id
        )

    async def message_delivered(self, context: Context, request: MessageDelivered) -> Primitive:
        """A message that was fetched has arrived."""
        delivery = await self._element.deliver(
            context.open_session.id, Acknowledgement.MESSAGE, request.message_id, wanted=False
        )
        if not delivery.acknowledged:
            raise Refusal(StatusCode.INVALID_MESSAGE_ID, "no such message")
        return status(StatusCode.OK, context.version)


def _send_failure(request: SendMessageRequest, failed: Result) -> Primitive:
    return SendMessageResponse(result=failed)


def _check_sender(session: Session, sender: Sender | None) -> None:
    """A client sends in its own name only, by the address or the number that it signed on with."""
    if sender is None:
        return
    own = {session.user, Address.parse(session.door.get("name", "")).at_home(session.user.domain)}
    if sender.user is None or sender.user.user_id.at_home(session.user.domain) not in own:
        raise Refusal(StatusCode.INVALID_SENDER, "the sender is someone else")


def draft_of(request: SendMessageRequest, context: Context) -> Draft:
    """The message that a client hands in."""
    info = request.message_info
    groups = [
        address
        for group in info.recipient.groups
        if (address := group.group_id or (group.screen_name and group.screen_name.group_id))
    ]
    return Draft(
        content=content_of(info, request.content_data),
        users=tuple(user.user_id for user in info.recipient.users),
        groups=tuple(groups),
        contact_lists=info.recipient.contact_lists,
        validity_seconds=info.validity,
        wants_report=request.delivery_report or False,
        extensions=context.extensions,
    )


def request_of(session: Session, flight: InFlight, encoding: str) -> Transaction | None:
    """What is in flight as a transaction of the server, each time the same; None for what this
    session did not agree to be told."""
    primitive: Primitive
    extensions: tuple[Extension, ...] = ()
    if isinstance(flight.what, Message):
        # What was agreed when it was first sent: it is sent again as it was.
        agreed = capabilities_in(flight.record) if flight.record else session.capabilities
        primitive = _new_message(session.user, flight.what, flight.since, agreed, encoding)
        extensions = flight.what.extensions
    elif session.services is not None and "MDELIV" not in session.services:
        return None
    else:
        primitive = _delivery_report(flight.what)
    descriptor = TransactionDescriptor(
        mode=TransactionMode.REQUEST, transaction_id=flight.transaction_id
    )
    return Transaction(descriptor=descriptor, content=primitive, extensions=extensions)


def _new_message(
    recipient: Address, message: Message, since: float, agreed: Capabilities, encoding: str
) -> NewMessage:
    """A message for its recipient; its validity is what remained when it was first sent."""
    transfer_encoding, data = wrapped(message.content, agreed, encoding)
    info = MessageInfo(
        message_id=message.message_id,
        content_type=message.content.type,
        content_encoding=transfer_encoding,
        content_size=message.content.size,
        content_name=message.content.name,
        recipient=Recipient(users=(User(user_id=recipient),)),
        sender=Sender(user=User(user_id=message.sender)),
        date_time=_moment(message.sent_at),
        font=font_element(message.content.font),
        validity=max(1, int(message.expires_at - since)),
    )
    return NewMessage(message_info=info, content_data=data)


def _delivery_report(report: MessageReported) -> DeliveryReportRequest:
    """A report for the sender; it names sender and recipient as the message did."""
    return DeliveryReportRequest(
        result=Result(code=report.code),
        delivery_time=_moment(report.at),
        message_info=MessageInfo(
            message_id=report.message_id,
            content_type=report.content_type,
            content_size=report.content_size,
            recipient=Recipient(users=(User(user_id=report.recipient),)),
            sender=Sender(user=User(user_id=report.sender)),
            date_time=_moment(report.sent_at),
        ),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
