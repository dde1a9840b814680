"""Instant messaging with partners: our users' messages to theirs, theirs to ours, and the reports
on either."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256

from attrs import define, field, frozen
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from imps.elements.interfaces import (
    Caller,
    IDelivery,
    IMessageSending,
    MessageLimits,
    Sent,
)
from imps.elements.message_log import message_accepted, message_refused, message_reported
from imps.model.address import Address
from imps.model.events import MessageReported
from imps.model.message import Content, Draft, Message, OneClient
from imps.model.partner import Profile
from imps.model.status import Detail, Outcome, Refusal, StatusCode
from imps.ssp.exchange import Answers, Exchange
from imps.ssp.functions import SEND_FUNCTION
from imps.ssp.messages.blocks import (
    ClientID,
    ContentData,
    MessageInfo,
    MetaInfo,
    Recipient,
    Sender,
    User,
)
from imps.ssp.messages.declaration import Message as SSPMessage
from imps.ssp.messages.im import (
    DeliveryResult,
    DeliveryStatusReport,
    SendMessageRequest,
    SendMessageResponse,
)
from imps.ssp.results import outcome_of, status, status_of_outcome
from imps.ssp.served import Asked, Served
from imps.store.sent_messages import SentMessages
from imps.syntax.charsets import text_in_utf8

ANSWER_SECONDS = 8
"""How long a sender waits for what a partner says of a message: less than whoever routes it does.
Later on, failures are reported."""

REPORT_SECONDS = 86_400
_MESSAGE_ID = re.compile(r"[!-z|~]{1,50}")
"""What clients can keep. Braces would mean something in the log."""


@implementer(IMessageSending)
@frozen
class RemoteInstantMessaging:
    """Instant messaging for the users of one partner's domain."""

    domain: str
    _exchange: Exchange = field(eq=False)
    _answers: Answers = field(eq=False)
    _sent: SentMessages = field(eq=False)
    _limits: MessageLimits = field(eq=False)
    _clock: IReactorTime = field(eq=False)

    async def send(self, caller: Caller, draft: Draft) -> Sent:
        """Have a partner store a message for its users (SSP, SendMessage).

        When this returns, the partner has it, or it is kept here until the partner has. It then
        counts as stored; if that turns out to be wrong, the sender gets a report.
        """
        partner = self._exchange.known.get(self.domain)
        if partner is None:
            raise Refusal(StatusCode.DOMAIN_NOT_SUPPORTED, f"no partner serves {self.domain}")
        if not partner.wants_function(SEND_FUNCTION):
            raise Refusal(StatusCode.SERVICE_NOT_AGREED, "messages are not agreed upon")
        message = self._stamped(caller, draft)
        users = tuple(dict.fromkeys((*draft.users, *(each.user for each in draft.clients))))
        if draft.wants_report:
            await self._sent.put(message, users)
        operation_id = f"send:{caller.operation_id}"
        request, expires_at = _request(message, draft), message.expires_at

        async def post() -> None:
            await self._exchange.post(self.domain, caller.user, request, expires_at, operation_id)

        said = await self._answers.wait(self.domain, message.message_id, post, ANSWER_SECONDS)
        outcome = Outcome(len(users)) if said is None else _outcome_said(said, users)
        failed = {user: each.code for each in outcome.failures for user in each.users}
        for user in users:
            if user in failed:
                message_refused(message, user, failed[user])
                # The sender is told now, and needs no report.
                await self._sent.forget(message.message_id, user)
            else:
                message_accepted(message, user)
        return Sent(message.message_id if outcome.succeeded else None, outcome)

    def _stamped(self, caller: Caller, draft: Draft) -> Message:
        now = self._clock.seconds()
        validity = draft.validity_seconds or self._limits.validity_seconds
        return Message(
            message_id=f"m{caller.operation_id}",
            sender=caller.user,
            content=draft.content,
            sent_at=now,
            expires_at=now + min(validity, self._limits.max_validity_seconds),
            wants_report=draft.wants_report,
        )


def _request(message: Message, draft: Draft) -> SendMessageRequest:
    recipients = [Recipient(user=User(user_id=each)) for each in draft.users]
    recipients += [
        Recipient(user=User(user_id=each.user, client_id=_client_id(each)))
        for each in draft.clients
    ]
    content, sender = message.content, message.sender
    return SendMessageRequest(
        meta_info=MetaInfo.of_user(sender, sender.domain),
        delivery_report=message.wants_report,
        message_info=MessageInfo(
            message_id=message.message_id,
            content_type=content.type,
            message_uri=content.uri,
            content_name=content.name,
            content_size=content.size,
            validity=max(1, int(message.expires_at - message.sent_at)),
            recipients=tuple(recipients),
            sender=Sender(user=User(user_id=sender)),
            date_time=datetime.fromtimestamp(int(message.sent_at), UTC),
        ),
        content_data=ContentData(content_type=content.type, octets=content.octets),
    )


def _outcome_packed(outcome: Outcome) -> bytes:
    """What became of a message, for whoever waits for that."""
    failed = [[str(user), int(each.code)] for each in outcome.failures for user in each.users]
    return json.dumps(failed).encode()


def _outcome_said(said: bytes, users: tuple[Address, ...]) -> Outcome:
    """The same for these recipients, from what was brought."""
    failed = [
        Detail(StatusCode(code), users=(Address.parse(user),)) for user, code in json.loads(said)
    ]
    return Outcome(len(users) - len(failed), tuple(failed))


def _client_id(client: OneClient) -> ClientID:
    return ClientID(
        url=client.url or None,
        application_id=client.application or None,
        text=client.msisdn or None,
    )


@define(eq=False)
class PartnersMessages:
    """What partners say about messages: theirs to our users, and what became of ours."""

    _local: IMessageSending
    _answers: Answers
    _delivery: IDelivery
    _sent: SentMessages
    _limits: MessageLimits
    _clock: IReactorTime

    def register(self, served: Served) -> None:
        """Serve what partners ask, and take what they answer."""
        served.serve(SendMessageRequest, self.send_message, function=SEND_FUNCTION, needs_user=True)
        served.serve(DeliveryStatusReport, self.report)
        served.answered(SendMessageRequest, self.answered)

    async def send_message(self, asked: Asked, request: SendMessageRequest) -> SSPMessage:
        """Store a message of a partner's user for users of ours."""
        info, user = request.message_info, asked.on_behalf_of
        if info.sender is not None and _user_in(info.sender.user, asked) != user:
            raise Refusal(StatusCode.GENERAL_ADDRESS_ERROR, "Sender is somebody else")
        draft = self._draft(asked, request)
        sent = await self._local.send(Caller(user, "", _operation_id(asked)), draft)
        return SendMessageResponse(
            message_id=sent.message_id, status=status_of_outcome(sent.outcome)
        )

    async def report(self, asked: Asked, report: DeliveryStatusReport) -> SSPMessage:
        """Tell a user of ours what became of a message to a user of the partner; refused with 426
        unless it was sent there, and is still to be reported."""
        info = report.message_info
        recipient = _user_in(info.sender.user if info.sender else None, asked)
        if recipient is None or not asked.partner.speaks_for(recipient.domain):
            raise Refusal(StatusCode.GENERAL_ADDRESS_ERROR, "Sender is no user of the partner")
        if asked.user not in (None, recipient):
            raise Refusal(StatusCode.GENERAL_ADDRESS_ERROR, "Sender is somebody else")
        code = outcome_of(report.delivery_result.status, (recipient,)).code
        if not info.message_id or not await self._tell(info.message_id, recipient, code):
            raise Refusal(StatusCode.INVALID_MESSAGE_ID, "no report is due")
        return status(StatusCode.OK)

    async def answered(self, domain: str, request: SendMessageRequest, answer: SSPMessage) -> None:
        """A partner has said what it did with a message, or it could not be told of it in all the
        time that there was: 542. The sender is told, if only of failures where that one does not
        wait any more."""
        info = request.message_info
        users = tuple(each.user.user_id for each in info.recipients if each.user is not None)
        outcome, message_id = outcome_of(answer, users), info.message_id or ""
        if await self._answers.bring(domain, message_id, _outcome_packed(outcome)):
            return
        for failure in outcome.failures:
            for user in failure.users:
                await self._tell(message_id, user, failure.code)

    async def _tell(self, message_id: str, recipient: Address, code: StatusCode) -> bool:
        """Tell the sender what became of a message; False if no report is due."""
        now = self._clock.seconds()
        event = await self._sent.report(message_id, recipient, code, now)
        if event is None:
            return False
        message_reported(event)
        await self._delivery.deliver(event.sender, event, f"{message_id}:{recipient.canonical}")
        await self._sent.forget(message_id, recipient)
        return True

    def _draft(self, asked: Asked, request: SendMessageRequest) -> Draft:
        info, data = request.message_info, request.content_data
        users, clients, groups = _recipients(info, asked)
        octets = b"" if data is None else data.octets
        content_type = info.content_type or (data and data.content_type) or "text/plain"
        content_type, octets = text_in_utf8(content_type, octets)
        draft = Draft(
            content=Content(
                octets=octets,
                type=content_type,
                name=info.content_name,
                uri=info.message_uri,
            ),
            users=users,
            clients=clients,
            groups=groups,
            validity_seconds=info.validity or None,
            wants_report=bool(request.delivery_report),
            sent_at=_said_at(info, self._clock.seconds()),
            message_id=_message_id(info),
            reference=_reference(asked, info),
        )
        if draft.content.size > self._limits.max_content_octets:
            raise Refusal(StatusCode.RESPONSE_TOO_LARGE, "the content is too large")
        self._limits.check(draft)
        return draft


@implementer(IDelivery)
@define(eq=False)
class RemoteDelivery:
    """Tells users of partners what is to be told to them."""

    _exchange: Exchange
    _clock: IReactorTime

    async def deliver(self, to: Address, event: MessageReported, work_id: str) -> None:
        """Tell a user of a partner what became of a message, once for each ``work_id``; nobody, if
        the domain is no partner's any more (SSP, DeliveryStatusReport)."""
        partner = self._exchange.known.get(to.domain)
        if partner is None:
            return
        message_id, transaction_id = json.loads(event.reference or '["", ""]')
        recipient = event.recipient
        report = DeliveryStatusReport(
            meta_info=MetaInfo.of_user(recipient, recipient.domain),
            delivery_result=DeliveryResult(status=status(event.code)),
            delivery_time=datetime.fromtimestamp(int(event.at), UTC),
            message_info=MessageInfo(
                message_id=message_id or event.message_id,
                content_type=event.content_type,
                content_size=event.content_size,
                recipients=(Recipient(user=User(user_id=to)),),
                sender=Sender(user=User(user_id=recipient)),
            ),
        )
        await self._exchange.post(
            to.domain,
            recipient,
            report,
            self._clock.seconds() + REPORT_SECONDS,
            f"report:{work_id}",
            # That server finds whom it is for by its own transaction.
            in_answer_to=transaction_id if partner.profile is Profile.BARAZA else "",
        )

    async def notify(self, to: Iterable[Address], notification: object, but: str = "") -> None:
        """Sessions of partners' users ask for no notifications of ours."""


def _user_in(user: User | None, asked: Asked) -> Address | None:
    return None if user is None else user.user_id.at_home(asked.partner.domain)


def _recipients(
    info: MessageInfo, asked: Asked
) -> tuple[tuple[Address, ...], tuple[OneClient, ...], tuple[Address, ...]]:
    """Users, particular clients, and groups."""
    users, clients, groups = [], [], []
    for each in info.recipients:
        if each.user is not None:
            user, client = each.user.user_id.at_home(asked.partner.domain), each.user.client_id
            if client is None or not (client.url or client.application_id or client.text):
                users.append(user)
            else:
                application, number = client.application_id or "", client.text or ""
                clients.append(OneClient(user, client.url or "", number, application))
        elif each.group_id is not None:
            groups.append(each.group_id)
        elif each.screen_name is not None and each.screen_name.group_id is not None:
            groups.append(each.screen_name.group_id)
    return tuple(users), tuple(clients), tuple(groups)


def _message_id(info: MessageInfo) -> str:
    """The id that the partner gave a message; none if clients could not keep it."""
    message_id = info.message_id or ""
    return message_id if _MESSAGE_ID.fullmatch(message_id) else ""


def _reference(asked: Asked, info: MessageInfo) -> str:
    return json.dumps([_message_id(info), asked.transaction_id])


def _said_at(info: MessageInfo, now: float) -> float:
    """When a message was sent, as far as that can be: who does not know says 1970."""
    said = info.date_time.timestamp() if info.date_time is not None else 0.0
    return said if 86_400 < said <= now else now


def _operation_id(asked: Asked) -> str:
    """An id for what a request causes here, which no other partner's has."""
    said = f"{asked.partner.domain} {asked.operation_id}"
    return sha256(said.encode()).hexdigest()[:32]
