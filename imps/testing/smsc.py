"""A toy SMSC for tests: it lets one client in, plays phones, and does what it is told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import PrivateCertificate
from twisted.trial.unittest import TestCase

from imps.sms.smpp.pdu import (
    PDU,
    RESPONSE,
    BindResponse,
    Body,
    Command,
    MessageId,
    Reader,
    ShortMessagePDU,
    Status,
)
from imps.testing.process import reactor, until

SYSTEM_ID, PASSWORD = "imps", "secret"


class Line(Protocol):
    """The SMSC's end of a session."""

    transport: Any

    def __init__(self, smsc: SMSC) -> None:
        self._smsc = smsc
        self._reader = Reader()
        self._sequence = 0
        self._waiting: dict[int, Deferred[PDU]] = {}

    def dataReceived(self, data: bytes) -> None:
        for pdu in self._reader.feed(data):
            if pdu.is_response:
                self._waiting.pop(pdu.sequence).callback(pdu)
            elif not self._smsc.is_silent:
                self._answer(pdu)

    def _answer(self, pdu: PDU) -> None:
        body: Body | None = None
        status: int = Status.OK
        if pdu.command == Command.BIND_TRANSCEIVER:
            status, body = self._smsc.let_in(self, pdu), BindResponse(system_id="toy")
        elif pdu.command == Command.SUBMIT_SM:
            status, message_id = self._smsc.submit(pdu)
            body = MessageId(message_id=message_id) if status == Status.OK else None
        elif pdu.command == Command.ENQUIRE_LINK:
            self._smsc.enquired += 1
        self.transport.write(PDU(pdu.command | RESPONSE, pdu.sequence, status, body).octets)
        if pdu.command == Command.UNBIND:
            self._smsc.unbound += 1
            self.transport.loseConnection()

    def ask(
        self,
        command: Command,
        body: Body | None = None,
        options: Mapping[int, bytes] | None = None,
    ) -> Deferred[PDU]:
        """Say something to the client; its response."""
        self._sequence += 1
        response: Deferred[PDU] = Deferred()
        self._waiting[self._sequence] = response
        pdu = PDU(command, self._sequence, body=body, options=options or {})
        self.transport.write(pdu.octets)
        return response

    def connectionLost(self, reason: Any = None) -> None:
        if self._smsc.line is self:
            self._smsc.line = None


@define(eq=False)
class SMSC:
    """An SMSC on a port that the system picks; ``submitted`` is what it got."""

    test: TestCase
    submitted: list[ShortMessagePDU] = field(factory=list)
    statuses: list[int] = field(factory=list)
    line: Line | None = None
    port: int = 0
    is_silent: bool = False
    enquired: int = 0
    unbound: int = 0
    binds: int = 0
    name_of: Callable[[int], str] = str
    certificate: PrivateCertificate | None = None
    _listening: Any = None

    async def start(self) -> None:
        """Listen, for the first time or again on the same port."""
        factory = Factory.forProtocol(lambda: Line(self))
        factory.noisy = False
        self._listening = self._listen(factory)
        self.port = self._listening.getHost().port
        self.test.addCleanup(self.stop)

    def _listen(self, factory: Any) -> Any:
        if self.certificate is None:
            return reactor.listenTCP(self.port, factory, interface="127.0.0.1")
        options = self.certificate.options()
        return reactor.listenSSL(self.port, factory, options, interface="127.0.0.1")

    async def stop(self) -> None:
        """Be gone, without a word."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await listening.stopListening()
        self.hang_up()

    def hang_up(self) -> None:
        """Drop the connection."""
        if self.line is not None:
            self.line.transport.abortConnection()

    def let_in(self, line: Line, pdu: PDU) -> int:
        """Whether who asks may come in."""
        self.binds += 1
        bind: Any = pdu.body
        if (bind.system_id, bind.password) != (SYSTEM_ID, PASSWORD):
            return Status.INVALID_PASSWORD
        self.line = line
        return Status.OK

    def submit(self, pdu: PDU) -> tuple[int, str]:
        """What a short message gets: a status, and what it is called."""
        status = self.statuses.pop(0) if self.statuses else Status.OK
        if status == Status.OK:
            assert isinstance(pdu.body, ShortMessagePDU)
            self.submitted.append(pdu.body)
        return status, self.name_of(len(self.submitted))

    async def bound(self) -> Line:
        """Wait until a client is bound."""
        await until(lambda: self.line is not None, lambda: "nobody is bound")
        assert self.line is not None
        return self.line

    async def text(
        self,
        phone: str,
        octets: bytes,
        *,
        to: str = "4664",
        esm_class: int = 0,
        data_coding: int = 0,
        options: Mapping[int, bytes] | None = None,
    ) -> PDU:
        """A phone texts; how that is answered."""
        body = ShortMessagePDU(
            source_ton=1,
            source_npi=1,
            source=phone.lstrip("+"),
            destination=to,
            esm_class=esm_class,
            data_coding=data_coding,
            short_message=octets,
        )
        line = await self.bound()
        return await line.ask(Command.DELIVER_SM, body, options)

    async def report(
        self,
        phone: str,
        message_id: str,
        stat: str = "DELIVRD",
        options: Mapping[int, bytes] | None = None,
    ) -> PDU:
        """Report on what was submitted."""
        words = (
            f"id:{message_id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 "
            f"stat:{stat} err:000 text:hello"
        )
        return await self.text(phone, words.encode(), esm_class=0x04, options=options)
