"""A session with an SMSC: a connection on which both ask and answer, within bounds.

It begins with a bind, which the SMSC accepts or not, and ends with an unbind of either, or when one
does not answer. Each request has a sequence number that its response repeats; so many may wait for
one at a time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from enum import Enum
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore, TimeoutError
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from imps.sms.smpp.pdu import (
    PDU,
    RESPONSE,
    Bind,
    Body,
    BrokenStream,
    Command,
    MessageId,
    Reader,
    ShortMessagePDU,
    Status,
)

RESPONSE_SECONDS = 8
WINDOW_SECONDS = 5
"""How long a request waits until it may be sent: with the wait for its turn and for its response,
that is less than a gateway may take."""
UNBIND_SECONDS = 2
MOST_MISSED = 2
IN_HAND = 100
"""How many short messages may be in our hands at a time; more are not read."""
_LAST_SEQUENCE = 0x7FFFFFFF


class State(Enum):
    """How far a session is."""

    OPEN = "open"
    BOUND = "bound"
    ENDING = "ending"
    CLOSED = "closed"


class Unbound(Exception):
    """Nothing can be asked: there is no session, it ends, or too much waits for an answer. Nothing
    has been sent."""


class Unanswered(Exception):
    """The session ended, or time was over, before there was an answer."""


class BindRefused(Exception):
    """The SMSC does not let us in."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status:#04x}")
        self.status = status


Deliver = Callable[[PDU, ShortMessagePDU], Awaitable[int]]


@define(eq=False)
class Asked:
    """The requests that wait for their responses."""

    _last: int = 0
    _waiting: dict[int, Deferred[PDU]] = field(factory=dict)

    def next(self) -> tuple[int, Deferred[PDU]]:
        """A sequence number for a request, and its response."""
        self._last = self._last % _LAST_SEQUENCE + 1
        sequence = self._last

        def forget(_: object) -> None:
            self._waiting.pop(sequence, None)

        response: Deferred[PDU] = Deferred(forget)
        self._waiting[sequence] = response
        return sequence, response

    def answered(self, pdu: PDU) -> bool:
        """Whether this was waited for, by somebody who has it now."""
        waiting = self._waiting.pop(pdu.sequence, None)
        if waiting is not None:
            waiting.callback(pdu)
        return waiting is not None

    def give_up(self) -> None:
        """There will be no answers."""
        waiting, self._waiting = self._waiting, {}
        for each in waiting.values():
            each.errback(Unanswered("the session ended"))


class Session(Protocol):
    """Our end of a session; what the SMSC delivers is answered with the status that comes back from
    ``deliver``."""

    transport: Any
    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        deliver: Deliver,
        *,
        window: int,
        enquire_link_seconds: float,
        confirmed: Callable[[int], object] = lambda count: None,
    ) -> None:
        self.state = State.OPEN
        self.answered = 0
        self._reactor = reactor
        self._deliver = deliver
        self._confirmed = confirmed
        self.ended: Deferred[None] = Deferred()
        self._reader = Reader()
        self._asked = Asked()
        self._window = DeferredSemaphore(window)
        self._in_hand = 0
        self._missed = 0
        self._enquiring = LoopingCall(self._enquire)
        self._enquiring.clock = reactor
        self._enquire_link_seconds = enquire_link_seconds
        self._soon: Any = None

    async def bind(self, bind: Bind) -> None:
        """Be let in; BindRefused, or Unanswered."""
        response = await self._ask(Command.BIND_TRANSCEIVER, bind)
        if response.command == Command.GENERIC_NACK or response.status:
            self.transport.loseConnection()
            raise BindRefused(response.status)
        self.state = State.BOUND
        self._enquiring.start(self._enquire_link_seconds, now=False)

    async def request(
        self, command: Command, body: Body, options: Mapping[int, bytes] | None = None
    ) -> PDU:
        """Ask, as soon as fewer wait for an answer than may. Unbound, or Unanswered."""
        try:
            await self._window.acquire().addTimeout(WINDOW_SECONDS, self._reactor)
        except TimeoutError:
            raise Unbound from None
        try:
            return await self._ask_bound(command, body, options or {})
        finally:
            self._window.release()

    async def unbind(self) -> None:
        """End the session in good order, if it is there."""
        if self.state is State.BOUND:
            self.state = State.ENDING
            with suppress(Unanswered):
                await self._ask(Command.UNBIND, seconds=UNBIND_SECONDS)
        self.transport.loseConnection()

    def confirm_soon(self, seconds: float) -> None:
        """Ask before long whether the SMSC has read what was said until then."""
        if self._soon is None and self.state is State.BOUND:
            self._soon = self._reactor.callLater(seconds, self._enquire_at_once)

    async def _ask_bound(self, command: Command, body: Body, options: Mapping[int, bytes]) -> PDU:
        if self.state is not State.BOUND:
            raise Unbound
        return await self._ask(command, body, options)

    async def _ask(
        self,
        command: Command,
        body: Body | None = None,
        options: Mapping[int, bytes] | None = None,
        seconds: float | None = None,
    ) -> PDU:
        if self.state is State.CLOSED:
            raise Unanswered("the session ended")
        sequence, response = self._asked.next()
        self._write(PDU(command, sequence, body=body, options=options or {}))
        try:
            return await response.addTimeout(seconds or RESPONSE_SECONDS, self._reactor)
        except (TimeoutError, CancelledError):
            raise Unanswered("no answer in time") from None

    def _enquire_at_once(self) -> None:
        self._soon = None
        self._enquire()

    def _enquire(self) -> None:
        Deferred.fromCoroutine(self._enquired()).addErrback(self._silent)

    async def _enquired(self) -> None:
        said = self.answered
        await self._ask(Command.ENQUIRE_LINK)
        self._missed = 0
        # It has read this, and so what stood before it.
        self._confirmed(said)

    def _silent(self, failure: Failure) -> None:
        failure.trap(Unanswered)
        self._missed += 1
        if self._missed >= MOST_MISSED and self.state is not State.CLOSED:
            self._log.warn("The SMSC does not answer")
            self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        try:
            for pdu in self._reader.feed(data):
                self._received(pdu)
        except BrokenStream as problem:
            self._log.warn("The SMSC does not speak SMPP: {problem}", problem=problem)
            self.transport.abortConnection()

    def _received(self, pdu: PDU) -> None:
        if pdu.is_response:
            self._asked.answered(pdu)
        elif pdu.is_broken:
            self._respond(pdu, Status.INVALID_COMMAND_LENGTH)
        elif pdu.command == Command.ENQUIRE_LINK:
            self._respond(pdu)
        elif pdu.command == Command.UNBIND:
            self.state = State.ENDING
            self._respond(pdu)
            self.transport.loseConnection()
        elif pdu.command == Command.DELIVER_SM and self.state is not State.OPEN:
            self._in_hand += 1
            if self._in_hand >= IN_HAND:
                self.transport.pauseProducing()
            Deferred.fromCoroutine(self._delivered(pdu))
        elif pdu.command == Command.DELIVER_SM:
            self._respond(pdu, Status.INCORRECT_BIND_STATUS)
        else:
            self._write(PDU(Command.GENERIC_NACK, pdu.sequence, Status.INVALID_COMMAND_ID))

    async def _delivered(self, pdu: PDU) -> None:
        assert isinstance(pdu.body, ShortMessagePDU)
        try:
            status = await self._deliver(pdu, pdu.body)
        except Exception:
            self._log.failure("What the SMSC delivered could not be taken")
            status = Status.TEMPORARY_ERROR
        self._respond(pdu, status)
        self.answered += 1
        self._in_hand -= 1
        if self._in_hand == IN_HAND - 1 and self.state is not State.CLOSED:
            self.transport.resumeProducing()

    def _respond(self, pdu: PDU, status: int = Status.OK) -> None:
        body = MessageId() if pdu.command in (Command.DELIVER_SM, Command.SUBMIT_SM) else None
        self._write(PDU(pdu.command | RESPONSE, pdu.sequence, status, body))

    def _write(self, pdu: PDU) -> None:
        if self.state is not State.CLOSED:
            self.transport.write(pdu.octets)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.state = State.CLOSED
        if self._enquiring.running:
            self._enquiring.stop()
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        self._asked.give_up()
        self.ended.callback(None)
