"""The instant messaging service element."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, evolve, field
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from imps.elements.directory import Directory
from imps.elements.interfaces import (
    Caller,
    IDelivery,
    IInstantMessaging,
    IWork,
    MessageLimits,
    Sent,
    Waiting,
)
from imps.elements.message_log import message_accepted, message_ended, message_refused
from imps.metrics import Metrics
from imps.model.address import Address
from imps.model.message import Draft, Message
from imps.model.status import Detail, Outcome, Refusal, StatusCode, merge
from imps.store.messages import Messages, Stored
from imps.store.packing import reported
from imps.store.work import Work

MOST_LISTED = 100
"""How many messages are listed, or disposed of, at a time."""

_CODES = {
    Stored.NO_SUCH_USER: StatusCode.UNKNOWN_USER,
    Stored.QUEUE_FULL: StatusCode.MESSAGE_QUEUE_FULL,
    Stored.NOT_WELCOME: StatusCode.RECIPIENT_BLOCKED_SENDER,
}


@implementer(IInstantMessaging)
@define(eq=False)
class InstantMessaging:
    """Messages between the users of the home domains."""

    _messages: Messages
    _directory: Directory
    _delivery: IDelivery
    _work: IWork
    _clock: IReactorTime
    _limits: MessageLimits
    _metrics: Metrics = field(factory=Metrics)

    async def send(self, caller: Caller, draft: Draft) -> Sent:
        """Store a message for each of its recipients (CSP, SendMessage).

        It is stored when this returns. What is wrong with single recipients is in the outcome;
        whoever routes the message has seen to it that the message itself is not at fault.
        """
        if not caller.operation_id:
            raise ValueError("without an operation id, every message would have the same id")
        failures = [Detail(StatusCode.NO_SUCH_GROUP, groups=(each,)) for each in draft.groups]
        stored = await self._store(self._stamped(caller, draft), draft.users)
        outcome = merge([Outcome(0, tuple(failures)), stored])
        message_id = f"m{caller.operation_id}" if outcome.succeeded else None
        return Sent(message_id, outcome)

    async def fetch(self, session_id: str, message_id: str, with_large: bool = True) -> Message:
        """A message that waits for the user of a session (CSP, GetMessage).

        It goes on waiting until it is acknowledged. Refused with 426 if there is none of this id.
        """
        now = self._clock.seconds()
        found = await self._messages.fetch(session_id, message_id, with_large=with_large, now=now)
        if found is None:
            raise Refusal(StatusCode.INVALID_MESSAGE_ID, "no such message")
        return found

    async def waiting(self, session_id: str, at_most: int | None = None) -> Waiting:
        """What waits for the user of a session and was not delivered yet (CSP, GetMessageList)."""
        most = MOST_LISTED if at_most is None else min(at_most, MOST_LISTED)
        now = self._clock.seconds()
        return Waiting(*await self._messages.waiting(session_id, most, now=now))

    async def reject(self, session_id: str, message_ids: Sequence[str]) -> Outcome:
        """Dispose of messages that wait for the user of a session; their senders are told. Those
        that there are not are in the outcome, with 426 (CSP, RejectMessage)."""
        return await self._dispose(session_id, message_ids, StatusCode.MESSAGE_REJECTED)

    async def forward(
        self,
        caller: Caller,
        message_id: str,
        draft: Draft,
        through: IInstantMessaging | None = None,
    ) -> Sent:
        """Send what waits for the caller on, instead of delivering it (CSP, ForwardMessage).

        The draft says to whom; ``through`` whom it is sent, if not by this element. It is sent on
        in the caller's name, for as long as it was to wait. Refused with 426 if there is no such
        message; that is so, too, once it was sent on to somebody.
        """
        message = await self.fetch(caller.session_id, message_id)
        remaining = max(1, int(message.expires_at - self._clock.seconds()))
        onward = evolve(
            draft,
            content=message.content,
            extensions=message.extensions,
            validity_seconds=remaining,
        )
        sent: Sent = await (through or self).send(caller, onward)
        if sent.outcome.succeeded:
            code = StatusCode.MESSAGE_FORWARDED
            await self._dispose(caller.session_id, [message_id], code)
        return sent

    async def _dispose(
        self, session_id: str, message_ids: Sequence[str], code: StatusCode
    ) -> Outcome:
        named = list(dict.fromkeys(message_ids))
        if len(named) > MOST_LISTED:
            raise Refusal(StatusCode.BAD_PARAMETER, f"more than {MOST_LISTED} messages")
        now = self._clock.seconds()
        there, work, endings = await self._messages.dispose(session_id, named, code, now=now)
        for ending in endings:
            message_ended(ending)
        for each in work:
            self._work.begin(each)
        failures = (
            Detail(StatusCode.INVALID_MESSAGE_ID, message_ids=(each,))
            for each, was_there in zip(named, there, strict=True)
            if not was_there
        )
        return Outcome(sum(there), tuple(failures))

    async def report(self, work: Work) -> None:
        """Tell the sender of a message what became of it (CSP, DeliveryReport)."""
        message_id, recipient, at, report, code = work.details
        event = reported(report.encode(), message_id, recipient, float(at), code)
        await self._delivery.deliver(event.sender, event, work.id)

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
            extensions=draft.extensions,
        )

    async def _store(self, message: Message, users: Sequence[Address]) -> Outcome:
        """How many have it now, and who cannot get it, by the addresses that the sender used."""
        failures: list[Detail] = []
        here: dict[Address, Address] = {}
        for user in dict.fromkeys(users):
            address = self._directory.at_home(user)
            if not address.is_user:
                failures.append(Detail(StatusCode.UNKNOWN_USER, users=(user,)))
            elif not self._directory.is_home(address):
                failures.append(
                    Detail(
                        StatusCode.DOMAIN_NOT_SUPPORTED, users=(user,), domains=(address.domain,)
                    )
                )
            else:
                here.setdefault(await self._named(address), user)
        outcomes = await self._outcomes(message, list(here))
        for recipient, outcome in outcomes.items():
            if outcome in _CODES:
                failures.append(Detail(_CODES[outcome], users=(here[recipient],)))
                message_refused(message, recipient, _CODES[outcome])
            else:
                message_accepted(message, recipient)
        served = sum(outcome is Stored.YES for outcome in outcomes.values())
        self._metrics.messages_accepted.inc(served)
        return Outcome(served, tuple(failures))

    async def _outcomes(
        self, message: Message, recipients: Sequence[Address]
    ) -> dict[Address, Stored]:
        """What becomes of a message for each recipient.

        The names of the sender are looked up only for those who choose from whom to take messages.
        """
        now = self._clock.seconds()
        outcomes = dict(
            zip(recipients, await self._messages.store(message, recipients, now=now), strict=True)
        )
        choosy = [each for each, what in outcomes.items() if what is Stored.NAMES_NEEDED]
        if choosy:
            names = await self._directory.names_of(message.sender)
            decided = await self._messages.store(message, choosy, now=now, sender_names=names)
            outcomes.update(zip(choosy, decided, strict=True))
        return outcomes

    async def _named(self, address: Address) -> Address:
        """The account that a telephone number belongs to; other addresses as they are."""
        if address.msisdn is None:
            return address
        account = await self._directory.find(address)
        return address if account is None else account.address
