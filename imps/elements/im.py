"""The instant messaging service element."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from attrs import define, evolve, field
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from imps.elements.directory import Directory
from imps.elements.interfaces import (
    Caller,
    IDelivery,
    IInstantMessaging,
    IMessageSending,
    IWork,
    MessageLimits,
    Sent,
    Waiting,
)
from imps.elements.message_log import message_accepted, message_ended, message_refused
from imps.metrics import Metrics
from imps.model.address import Address
from imps.model.message import Draft, Message, OneClient
from imps.model.status import Detail, Outcome, Refusal, StatusCode, merge
from imps.store.messages import (
    REMEMBER_ABROAD_SECONDS,
    REMEMBER_SECONDS,
    Messages,
    Stored,
)
from imps.store.packing import reported, sent_packed, unpacked_sent
from imps.store.work import Work

MOST_LISTED = 100
"""How many messages are listed, or disposed of, at a time."""

_CODES = {
    Stored.NO_SUCH_USER: StatusCode.UNKNOWN_USER,
    Stored.QUEUE_FULL: StatusCode.MESSAGE_QUEUE_FULL,
    Stored.NOT_WELCOME: StatusCode.RECIPIENT_BLOCKED_SENDER,
    Stored.NO_SUCH_CLIENT: StatusCode.INVALID_CLIENT_ID,
    Stored.REFUSED_OFFLINE: StatusCode.RECIPIENT_NOT_LOGGED_IN,
    Stored.NOT_ACCEPTED: StatusCode.UNSUPPORTED_MEDIA_TYPE,
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
        failures = [self._no_group(each) for each in draft.groups]
        stored = await self._store(caller, self._stamped(caller, draft), draft)
        outcome = merge([Outcome(0, tuple(failures)), stored])
        message_id = draft.message_id or f"m{caller.operation_id}"
        return Sent(message_id if outcome.succeeded else None, outcome)

    async def fetch(self, session_id: str, message_id: str, with_large: bool = True) -> Message:
        """A message that waits for the user of a session (CSP, GetMessage).

        It goes on waiting until it is acknowledged. Refused with 426 if there is none of this id.
        """
        now = self._clock.seconds()
        found = await self._messages.fetch(session_id, message_id, with_large=with_large, now=now)
        if found is None:
            raise Refusal(StatusCode.INVALID_MESSAGE_ID, "no such message")
        return found

    async def link(self, session_id: str, message_ids: Sequence[str]) -> dict[str, str]:
        """Tokens by which the content of messages that wait for the user of a session can be had
        without one, the same each time (CSP, MessageURI); of those that there are."""
        return await self._messages.link(session_id, message_ids, now=self._clock.seconds())

    async def linked(self, token: str) -> Message:
        """The message to which a token leads, which goes on waiting; refused with 426 if there is
        none, or none any more."""
        found = await self._messages.linked(token, now=self._clock.seconds())
        if found is None:
            raise Refusal(StatusCode.INVALID_MESSAGE_ID, "no such message")
        return found

    async def waiting(self, session_id: str, at_most: int | None = None) -> Waiting:
        """What waits for the user of a session and was not delivered yet (CSP, GetMessageList)."""
        most = MOST_LISTED if at_most is None else min(at_most, MOST_LISTED)
        now = self._clock.seconds()
        return Waiting(*await self._messages.waiting(session_id, most, now=now))

    async def reject(self, caller: Caller, message_ids: Sequence[str]) -> Outcome:
        """Dispose of messages that wait for the caller; their senders are told. Those that there
        are not are in the outcome, with 426 (CSP, RejectMessage)."""
        named = list(dict.fromkeys(message_ids))
        if not named:
            raise Refusal(StatusCode.BAD_PARAMETER, "no message is named")
        if len(named) > MOST_LISTED:
            raise Refusal(StatusCode.BAD_PARAMETER, f"more than {MOST_LISTED} messages")
        done = await self._dispose(caller, named, StatusCode.MESSAGE_REJECTED)
        if len(done) < len(named):
            _, before = await self._messages.disposed(caller.session_id, caller.operation_id)
            done |= before
        unknown = [each for each in named if each not in done]
        failures = (Detail(StatusCode.INVALID_MESSAGE_ID, message_ids=(e,)) for e in unknown)
        return Outcome(len(named) - len(unknown), tuple(failures))

    async def forward(
        self,
        caller: Caller,
        message_id: str,
        draft: Draft,
        through: IMessageSending | None = None,
    ) -> Sent:
        """Send what waits for the caller on, instead of delivering it (CSP, ForwardMessage).

        The draft says to whom; ``through`` whom it is sent, if not by this element. It is sent on
        in the caller's name, for as long as it was to wait. Refused with 426 if there is no such
        message; that is so, too, once it was sent on to somebody. Refused with 400, and kept, if
        the draft comes down to nobody, by contact lists that are empty.
        """
        try:
            message = await self.fetch(caller.session_id, message_id)
        except Refusal:
            said, gone = await self._messages.disposed(caller.session_id, caller.operation_id)
            if message_id not in gone:
                raise
            return Sent(*unpacked_sent(said))
        remaining = max(1, int(message.expires_at - self._clock.seconds()))
        onward = evolve(
            draft,
            content=message.content,
            extensions=message.extensions,
            validity_seconds=remaining,
        )
        sent: Sent = await (through or self).send(caller, onward)
        if sent.outcome.succeeded:
            if sent.message_id is None:
                raise Refusal(StatusCode.BAD_REQUEST, "no recipient")
            said = sent_packed(sent.message_id, sent.outcome)
            await self._dispose(caller, [message_id], StatusCode.MESSAGE_FORWARDED, said)
        return sent

    async def _dispose(
        self, caller: Caller, message_ids: Sequence[str], code: StatusCode, said: bytes = b""
    ) -> set[str]:
        """Have messages taken out; those that there were. What is said of that is what a repetition
        is to say that finds them gone."""
        there, work, endings = await self._messages.dispose(
            caller.session_id,
            message_ids,
            code,
            operation_id=caller.operation_id,
            said=said,
            now=self._clock.seconds(),
        )
        for ending in endings:
            message_ended(ending)
        for each in work:
            self._work.begin(each)
        pairs = zip(message_ids, there, strict=True)
        return {message_id for message_id, was_there in pairs if was_there}

    async def report(self, work: Work) -> None:
        """Tell the sender of a message what became of it (CSP, DeliveryReport)."""
        message_id, recipient, at, report, code = work.details
        event = reported(report.encode(), message_id, recipient, float(at), code)
        await self._delivery.deliver(event.sender, event, work.id)

    def _stamped(self, caller: Caller, draft: Draft) -> Message:
        now = self._clock.seconds()
        validity = draft.validity_seconds or self._limits.validity_seconds
        return Message(
            message_id=draft.message_id or f"m{caller.operation_id}",
            sender=caller.user,
            content=draft.content,
            sent_at=now if draft.sent_at is None else draft.sent_at,
            expires_at=now + min(validity, self._limits.max_validity_seconds),
            wants_report=draft.wants_report,
            extensions=draft.extensions,
            reference=draft.reference,
        )

    async def _store(self, caller: Caller, message: Message, draft: Draft) -> Outcome:
        """How many have it now, and who cannot get it, by the addresses that the sender used. Who
        is named without a client gets it by all."""
        here: dict[Address, Address] = {}
        clients: defaultdict[Address, list[OneClient]] = defaultdict(list)
        failures: list[Detail] = []
        for user in dict.fromkeys(draft.users):
            account = await self._account(user, failures)
            if account is not None:
                here.setdefault(account, user)
        everywhere = set(here)
        for each in dict.fromkeys(draft.clients):
            account = await self._account(each.user, failures)
            if account is not None and account not in everywhere:
                here.setdefault(account, each.user)
                clients[account].append(each)
        outcomes = await self._outcomes(caller, message, list(here), clients)
        for recipient, outcome in outcomes.items():
            if outcome in _CODES:
                code = _CODES[outcome]
                if outcome is Stored.NO_SUCH_CLIENT and all(map(_is_any, clients[recipient])):
                    code = StatusCode.INVALID_APPLICATION_ID
                failures.append(Detail(code, users=(here[recipient],)))
                message_refused(message, recipient, code)
            else:
                message_accepted(message, recipient)
        served = sum(outcome is Stored.YES for outcome in outcomes.values())
        self._metrics.messages_accepted.count(times=served)
        return Outcome(served, tuple(failures))

    async def _outcomes(
        self,
        caller: Caller,
        message: Message,
        recipients: Sequence[Address],
        clients: Mapping[Address, Sequence[OneClient]],
    ) -> dict[Address, Stored]:
        """What becomes of a message for each recipient.

        The names of the sender are looked up only for those who choose from whom to take messages.
        """

        token = f"m{caller.operation_id}"

        async def stored(
            message: Message, some: Sequence[Address], names: Sequence[Address] = ()
        ) -> Iterator[tuple[Address, Stored]]:
            now = self._clock.seconds()
            outcomes = await self._messages.store(
                message,
                some,
                now=now,
                sender_names=names,
                sender_application=caller.application,
                clients=clients,
                token=token,
                remember_seconds=REMEMBER_ABROAD_SECONDS if message.reference else REMEMBER_SECONDS,
            )
            return zip(some, outcomes, strict=True)

        def those(outcome: Stored) -> list[Address]:
            return [each for each, what in outcomes.items() if what is outcome]

        outcomes = dict(await stored(message, recipients))
        names: tuple[Address, ...] = ()
        if choosy := those(Stored.NAMES_NEEDED):
            names = await self._directory.names_of(message.sender)
            outcomes.update(await stored(message, choosy, names))
        if same_id := those(Stored.ID_TAKEN):
            # Another domain may give a message whatever id it likes: this one gets another there.
            other = token if message.message_id != token else f"{token}.2"
            names = names or await self._directory.names_of(message.sender)
            outcomes.update(await stored(evolve(message, message_id=other), same_id, names))
        return outcomes

    def _no_group(self, group: Address) -> Detail:
        """Why nobody gets a message to a group."""
        if self._directory.is_home(self._directory.at_home(group)):
            return Detail(StatusCode.NO_SUCH_GROUP, groups=(group,))
        code, domains = StatusCode.DOMAIN_NOT_SUPPORTED, (group.domain,)
        return Detail(code, groups=(group,), domains=domains)

    async def _account(self, user: Address, failures: list[Detail]) -> Address | None:
        """The account that a message for somebody is for; None, with the failure, for none."""
        address = self._directory.at_home(user)
        if not address.is_user:
            failures.append(Detail(StatusCode.UNKNOWN_USER, users=(user,)))
        elif not self._directory.is_home(address):
            code, domains = StatusCode.DOMAIN_NOT_SUPPORTED, (address.domain,)
            failures.append(Detail(code, users=(user,), domains=domains))
        else:
            # A telephone number of nobody is refused where its messages would be kept.
            return await self._directory.account_of(address) or address
        return None


def _is_any(client: OneClient) -> bool:
    """Whether a client is meant by nothing but its application."""
    return not (client.url or client.msisdn)
