"""Messages that wait: GetMessageList, RejectMessage, ForwardMessage and SetDeliveryMethod, to and
from the model."""

from __future__ import annotations

from typing import Any

from attrs import define, evolve
from twisted.internet.interfaces import IReactorTime

from imps.csp.content_links import ContentLinks
from imps.csp.im import check_sender, message_info, recipients_of
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.im import (
    ForwardMessageRequest,
    ForwardMessageResponse,
    GetMessageListRequest,
    GetMessageListResponse,
    MessageInfoList,
    RejectMessageRequest,
    SetDeliveryMethodRequest,
)
from imps.csp.results import status, status_of
from imps.csp.transactions import Context, Transactions
from imps.elements.interfaces import IInstantMessaging
from imps.model.status import Refusal, StatusCode
from imps.model.version import V13
from imps.sap.sessions import Sessions


@define(eq=False)
class Mailbox:
    """The transactions of messages that wait for a user."""

    _element: IInstantMessaging
    _sessions: Sessions
    _clock: IReactorTime
    _links: ContentLinks

    def register(self, transactions: Transactions) -> None:
        """Serve the transactions of messages that wait."""
        transactions.serve(GetMessageListRequest, self.get_message_list)
        transactions.serve(RejectMessageRequest, self.reject_message, once=True)
        transactions.serve(ForwardMessageRequest, self.forward_message, once=True)
        transactions.serve(SetDeliveryMethodRequest, self.set_delivery_method)

    async def get_message_list(self, context: Context, request: GetMessageListRequest) -> Primitive:
        """Say what waits, as much of it as is asked for; 1.3 is told how much there is."""
        _not_of_a_group(request)
        session = context.open_session
        waiting = await self._element.waiting(session.id, request.message_count)
        now = self._clock.seconds()
        uris = await self._links.uris(session, context.version, context.origin, waiting.messages)
        infos = tuple(
            message_info(session.user, each, now, uri=uris.get(each.message_id))
            for each in waiting.messages
        )
        return GetMessageListResponse(
            message_infos=infos,
            message_info_list=MessageInfoList(message_infos=infos) if infos else None,
            message_total_count=waiting.count,
        )

    async def reject_message(self, context: Context, request: RejectMessageRequest) -> Primitive:
        """Dispose of messages, unread."""
        caller = context.open_session.caller(context.operation_id)
        outcome = await self._element.reject(caller, request.message_ids)
        return status_of(outcome, context.version)

    async def forward_message(self, context: Context, request: ForwardMessageRequest) -> Primitive:
        """Send a message on, unread. 1.3 is told the id that it has now, if all went well."""
        session = context.open_session
        check_sender(session, request.sender)
        draft = recipients_of(request.recipient)
        caller = session.caller(context.operation_id)
        sent = await self._element.forward(caller, request.message_id, draft)
        if context.version < V13 or sent.outcome.code is not StatusCode.OK:
            return status_of(sent.outcome, context.version)
        return ForwardMessageResponse(message_id=sent.message_id)

    async def set_delivery_method(
        self, context: Context, request: SetDeliveryMethodRequest
    ) -> Primitive:
        """Have messages pushed or notified from now on; and up to 1.2, up to which size."""
        _not_of_a_group(request)
        changed: dict[str, Any] = {"delivery_method": request.delivery_method}
        if request.accepted_content_length is not None:
            changed["max_push_octets"] = request.accepted_content_length
            changed["max_pull_octets"] = request.accepted_content_length
        session = context.open_session
        await self._sessions.agree(session, capabilities=evolve(session.capabilities, **changed))
        return status(StatusCode.OK, context.version)


def _not_of_a_group(request: GetMessageListRequest | SetDeliveryMethodRequest) -> None:
    if request.group_id is not None:
        raise Refusal(StatusCode.NO_SUCH_GROUP, f"there is no group {request.group_id}")
