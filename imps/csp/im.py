"""Instant messages: SendMessage, NewMessage and MessageDelivered, to and from the model."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from attrs import define, evolve, frozen
from twisted.internet.interfaces import IReactorTime

from imps.csp.content import content_of, font_element, wrapped
from imps.csp.content_links import ContentLinks
from imps.csp.primitives.common import Result, Status
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.envelope import Transaction, TransactionDescriptor
from imps.csp.primitives.identity import ClientID, Recipient, Sender, User
from imps.csp.primitives.im import (
    DeliveryReportRequest,
    GetMessageRequest,
    GetMessageResponse,
    MessageDelivered,
    MessageInfo,
    MessageNotification,
    NewMessage,
    SendMessageRequest,
    SendMessageResponse,
)
from imps.csp.primitives.values import TransactionMode, TransferEncoding
from imps.csp.results import result_of, status
from imps.csp.transactions import Context, Transactions
from imps.elements.interfaces import IInstantMessaging
from imps.model.address import Address
from imps.model.capability import DeliveryMethod
from imps.model.events import MessageReported, MessageWaits
from imps.model.extension import Extension
from imps.model.message import Content, Draft, Message, OneClient
from imps.model.status import Refusal, StatusCode
from imps.model.version import Version
from imps.sap.delivery import Delivery
from imps.sap.sessions import Session
from imps.store.deliveries import Acknowledgement, InFlight, Said


@frozen
class Way:
    """How what the server sends on its own account gets to a client: in the encoding of the request
    that it comes back with, and from which origin that was asked for."""

    encoding: str
    origin: str = ""


_OWN_TRANSACTION_ID = re.compile(r"s\d+")


def said_by(response: Transaction) -> Said | None:
    """What a client says by a response; None for what can be no response to us."""
    content, transaction_id = response.content, response.descriptor.transaction_id or ""
    if isinstance(content, MessageDelivered) and _OWN_TRANSACTION_ID.fullmatch(transaction_id):
        return Said(Acknowledgement.TRANSACTION, transaction_id, content.message_id)
    if not isinstance(content, Status):
        return None
    accepted = content.result.code == StatusCode.OK
    return Said(
        Acknowledgement.TRANSACTION if accepted else Acknowledgement.REFUSED, transaction_id
    )


@define(eq=False)
class Messaging:
    """The transactions of instant messaging."""

    _element: IInstantMessaging
    _delivery: Delivery
    _clock: IReactorTime
    _links: ContentLinks

    def register(self, transactions: Transactions) -> None:
        """Serve and send the transactions of instant messaging."""
        transactions.serve(SendMessageRequest, self.send_message, once=True, failure=_send_failure)
        transactions.serve(GetMessageRequest, self.get_message)
        transactions.serve(MessageDelivered, self.message_delivered, once=True)
        transactions.send(NewMessage, MessageNotification, DeliveryReportRequest)

    async def send_message(self, context: Context, request: SendMessageRequest) -> Primitive:
        """Send a message to its recipients."""
        session = context.open_session
        check_sender(session, request.message_info.sender)
        draft = draft_of(request, context)
        sent = await self._element.send(session.caller(context.operation_id), draft)
        return SendMessageResponse(
            result=result_of(sent.outcome, context.version), message_id=sent.message_id
        )

    async def get_message(self, context: Context, request: GetMessageRequest) -> Primitive:
        """Give out a message that the client was notified of."""
        session = context.open_session
        message = await self._element.fetch(session.id, request.message_id, with_large=False)
        if not session.capabilities.can_fetch(message.content.size):
            raise Refusal(StatusCode.RESPONSE_TOO_LARGE, "the message is larger than agreed")
        message = await self._whole(session, message)
        now = self._clock.seconds()
        return GetMessageResponse(**_with_content(session, message, now, context.encoding))

    async def message_delivered(self, context: Context, request: MessageDelivered) -> Primitive:
        """A message that was fetched has arrived."""
        taken = await self._delivery.take(
            context.open_session.id, Acknowledgement.MESSAGE, request.message_id, wanted=False
        )
        if not taken.acknowledged:
            raise Refusal(StatusCode.INVALID_MESSAGE_ID, "no such message")
        return status(StatusCode.OK, context.version)

    async def request_of(self, session: Session, flight: InFlight, way: Way) -> Transaction | None:
        """What is in flight as a transaction of the server, each time the same; None for what this
        session did not agree to be told, or cannot be told so."""
        what = flight.what
        if isinstance(what, Message):
            return await self._new_message(session, what, flight, way.encoding)
        if isinstance(what, MessageWaits):
            return await self._notification(session, what, flight.transaction_id, way.origin)
        if isinstance(what, MessageReported) and session.has("MDELIV"):
            return request(flight.transaction_id, _delivery_report(what))
        return None

    async def _notification(
        self, session: Session, waits: MessageWaits, transaction_id: str, origin: str
    ) -> Transaction | None:
        """A notification of a message; none once nobody can fetch it any more, or where the client
        does not even want that."""
        try:
            message = await self._element.fetch(session.id, waits.message_id, with_large=False)
        except Refusal:
            return None
        if session.capabilities.rejects(message.content.type, message.content.size):
            return None
        version = Version(session.door["version"])
        uris = await self._links.uris(session, version, origin, (message,))
        info = message_info(session.user, message, waits.since, uri=uris.get(message.message_id))
        return request(transaction_id, MessageNotification(message_info=info))

    async def _new_message(
        self, session: Session, message: Message, flight: InFlight, encoding: str
    ) -> Transaction | None:
        """A message as it is pushed, by what was agreed when it was first sent; else None."""
        agreed = session if not flight.record else session.as_of(flight.record)
        said, size = agreed.capabilities, message.content.size
        fits = said.fits(message.content.type, size) and not said.rejects(
            message.content.type, size
        )
        prefers_push = agreed.capabilities.delivery_method is DeliveryMethod.PUSH
        if not (fits and agreed.has("NEWM") and (prefers_push or not agreed.has("NOTIF"))):
            return None
        try:
            message = await self._whole(session, message)
        except Refusal:
            return None
        pushed = NewMessage(**_with_content(agreed, message, flight.since, encoding))
        return request(flight.transaction_id, pushed, message.extensions)

    async def _whole(self, session: Session, message: Message) -> Message:
        """A message with its content, read by now if it is large."""
        if message.content.is_here:
            return message
        return await self._element.fetch(session.id, message.message_id)


def _send_failure(request: SendMessageRequest, failed: Result) -> Primitive:
    return SendMessageResponse(result=failed)


def _client_of(user: User) -> OneClient | None:
    """The client of a user that is meant alone; None for all of them."""
    named = user.client_id or ClientID()
    client = OneClient(user.user_id, named.url or "", named.msisdn or "", user.application_id or "")
    return None if client == OneClient(user.user_id) else client


def check_sender(session: Session, sender: Sender | None) -> None:
    """A client sends in its own name only, by the address or the number that it signed on with."""
    if sender is None:
        return
    own = {session.user, Address.parse(session.door.get("name", "")).at_home(session.user.domain)}
    if sender.user is None or sender.user.user_id.at_home(session.user.domain) not in own:
        raise Refusal(StatusCode.INVALID_SENDER, "the sender is someone else")


def draft_of(request: SendMessageRequest, context: Context) -> Draft:
    """The message that a client hands in."""
    info = request.message_info
    return evolve(
        recipients_of(info.recipient),
        content=content_of(info, request.content_data),
        validity_seconds=info.validity,
        wants_report=request.delivery_report or False,
        extensions=context.extensions,
    )


def recipients_of(recipient: Recipient) -> Draft:
    """A message, of which nothing more is said yet than for whom it is."""
    groups = [
        address
        for group in recipient.groups
        if (address := group.group_id or (group.screen_name and group.screen_name.group_id))
    ]
    clients = {user: _client_of(user) for user in recipient.users}
    return Draft(
        content=Content(),
        users=tuple(user.user_id for user, client in clients.items() if client is None),
        clients=tuple(client for client in clients.values() if client is not None),
        groups=tuple(groups),
        contact_lists=recipient.contact_lists,
    )


def request(
    transaction_id: str, content: Primitive, extensions: tuple[Extension, ...] = ()
) -> Transaction:
    """A request of the server's."""
    descriptor = TransactionDescriptor(mode=TransactionMode.REQUEST, transaction_id=transaction_id)
    return Transaction(descriptor=descriptor, content=content, extensions=extensions)


def _with_content(session: Session, message: Message, at: float, encoding: str) -> dict[str, Any]:
    """A message with what it says, as this session takes it."""
    transfer_encoding, data = wrapped(message.content, session.capabilities, encoding)
    return {
        "message_info": message_info(session.user, message, at, transfer_encoding),
        "content_data": data,
    }


def message_info(
    recipient: Address,
    message: Message,
    at: float,
    transfer_encoding: TransferEncoding | None = None,
    uri: str | None = None,
) -> MessageInfo:
    """What is to be known of a message; its validity is what remains at a time."""
    return MessageInfo(
        message_id=message.message_id,
        message_uri=uri or message.content.uri,
        content_type=message.content.type,
        content_encoding=transfer_encoding,
        content_size=message.content.size,
        content_name=message.content.name,
        recipient=Recipient(users=(User(user_id=recipient),)),
        sender=Sender(user=User(user_id=message.sender)),
        date_time=_moment(message.sent_at),
        font=font_element(message.content.font),
        validity=max(1, int(message.expires_at - at)),
    )


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
