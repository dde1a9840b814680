"""One message of a client on its way through: taken apart, answered, and put together again.

A message may hold several transactions. Requests are answered in order, all in one message; polls
and responses may bring the next request of the server, one in a message (CSP, HTTP binding).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from secrets import token_hex

from attrs import define, field
from twisted.logger import Logger

from imps.csp.codec.document import Document
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.im import Way
from imps.csp.outbox import Outbox, Outgoing
from imps.csp.primitives.access import (
    ClientCapabilityResponse,
    Disconnect,
    LoginResponse,
    LogoutRequest,
    PollingRequest,
)
from imps.csp.primitives.common import Result
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.envelope import Session as SessionElement
from imps.csp.primitives.envelope import (
    SessionDescriptor,
    Transaction,
    TransactionDescriptor,
    WVCSPMessage,
)
from imps.csp.primitives.im import ForwardMessageRequest, NewMessage, SendMessageRequest
from imps.csp.primitives.values import SessionType, TransactionMode
from imps.csp.results import result, status, status_of
from imps.csp.transactions import Context, Transactions
from imps.model.status import Refusal, StatusCode
from imps.model.version import V11, V12, Version
from imps.sap.sessions import AnsweredBefore, Present, Session, Sessions
from imps.store.deliveries import Taken
from imps.store.errors import StoreError, StoreUnavailable
from imps.store.sessions import Operation

Codec = XMLCodec | WBXMLCodec

GOODBYE_ID = "goodbye"
"""The transaction id of the Disconnect to a session that is gone."""

_UNAVAILABLE = Refusal(StatusCode.SERVICE_UNAVAILABLE, "try again later")

_SENDING = (ForwardMessageRequest, SendMessageRequest)
_PASSING = (StatusCode.INTERNAL_ERROR, StatusCode.SERVICE_UNAVAILABLE)


def _is_request(transaction: Transaction) -> bool:
    return transaction.descriptor.mode is TransactionMode.REQUEST


def _is_poll(transaction: Transaction) -> bool:
    return isinstance(transaction.content, PollingRequest)


@define(eq=False)
class Exchange:
    """Answers one message in its own version and encoding."""

    _document: Document
    _session: SessionElement
    _codec: Codec
    _body: bytes
    _source: str
    _host: str
    _origin: str
    _transactions: Transactions
    _sessions: Sessions
    _outbox: Outbox
    _requests: list[Transaction] = field(init=False)
    _polls: list[Transaction] = field(init=False)
    _responses: list[Transaction] = field(init=False)
    _most_octets: int | None = field(default=None, init=False)
    present: Present | None = field(default=None, init=False)
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        asked = [each for each in self._session.transactions if _is_request(each)]
        self._polls = [each for each in asked if _is_poll(each)]
        self._requests = [each for each in asked if not _is_poll(each)]
        self._responses = [each for each in self._session.transactions if not _is_request(each)]

    async def answer(self) -> bytes:
        """The answer, encoded; nothing where there is nothing to say."""
        version = self._document.version or V12
        if not self._document.served:
            return self._refused(Refusal(StatusCode.VERSION_NOT_SUPPORTED), version)
        once = [each for each in self._requests if self._runs_once(each)]
        try:
            present, polled = await self._begun(once)
            self.present = present
        except AnsweredBefore as before:
            return before.answer
        except Refusal as refusal:
            if refusal.code is StatusCode.FORCED_LOGOUT:
                return await self._answer_to_ended(version)
            if refusal.code is StatusCode.SERVICE_UNAVAILABLE:
                return self._refused(refusal, version)
            return await self._answer_without_session(refusal, version)
        except StoreUnavailable:
            return self._refused(_UNAVAILABLE, version)
        version = self._document.version or Version(present.session.door["version"])
        self._most_octets = present.session.capabilities.parser_octets
        if present.operations and present.operations[0].answer:
            return present.operations[0].answer
        answers = await self._answer_all(self._requests, present.operations, present, version)
        if self._polls or self._responses:
            if once:
                await self._finish(present, once, None)
            return await self._answer_with_ours(answers, present, version, polled)
        if not once:
            return self._encoded(answers, version, present.has_waiting)
        return await self._finished(answers, once, present, version)

    def _runs_once(self, transaction: Transaction) -> bool:
        has_id = bool(transaction.descriptor.transaction_id)
        return has_id and self._transactions.runs_once(transaction.content)

    async def _begun(self, once: list[Transaction]) -> tuple[Present, Taken | None]:
        """The session of the message, and what waits for it if that is all that is asked for."""
        session_id = self._session.descriptor.session_id
        if session_id is not None and not self._requests:
            polls = bool(self._polls)
            polled = await self._outbox.poll(session_id, self._responses, polls=polls)
            if polled is not None:
                return polled
        return await self._present(once), None

    async def _present(self, once: list[Transaction]) -> Present:
        """The session of the message; a client that polls can be told why there is none."""
        session_id = self._session.descriptor.session_id
        if session_id is None:
            raise Refusal(StatusCode.INVALID_SESSION, "no session named")
        digest = hashlib.blake2b(self._body, digest_size=16).hexdigest() if once else ""
        # Two requests of one message are two, also where they have one id: the second is refused.
        asked = [
            (each.descriptor.transaction_id or "", f"{digest}-{position}")
            for position, each in enumerate(once)
        ]
        return await self._sessions.check(
            session_id,
            asked,
            polls=bool(self._polls),
            answers_later=bool(once or self._polls or self._responses),
            messages=sum(isinstance(each.content, _SENDING) for each in self._requests),
        )

    async def _answer_without_session(self, refusal: Refusal, version: Version) -> bytes:
        """Answer without a session: signing on, even if a session is named that is gone."""
        answers = []
        for each in self._requests:
            answer: Primitive = status_of(refusal, version)
            if not self._transactions.needs_session(each.content):
                context = self._context(each, version)
                answer = await self._transactions.answer(context, each.content)
            answers.append(_answering(each, answer))
        # Polls and responses alone get one answer: that is how a client notices.
        answers = answers or [_answering(None, status_of(refusal, version))]
        return self._encoded(answers, version)

    async def _answer_to_ended(self, version: Version) -> bytes:
        """Answer a client whose session the server ended: it is told so when it polls, until it
        says that it knows, a few times at most (CSP, Disconnect)."""
        session_id = self._session.descriptor.session_id or ""
        refusal = Refusal(StatusCode.INVALID_SESSION, "the session was ended")
        polls_only = bool(self._polls) and not self._requests
        is_known = GOODBYE_ID in [each.descriptor.transaction_id for each in self._responses]
        try:
            if is_known:
                await self._sessions.say_goodbye(session_id, is_known=True)
            elif polls_only and await self._sessions.say_goodbye(session_id):
                return self._goodbye(version)
        except StoreUnavailable:
            return self._refused(_UNAVAILABLE, version)
        if is_known and not self._requests:
            return b""
        return await self._answer_without_session(refusal, version)

    def _goodbye(self, version: Version) -> bytes:
        goodbye = Disconnect(result=result(StatusCode.FORCED_LOGOUT, version))
        descriptor = TransactionDescriptor(mode=TransactionMode.REQUEST, transaction_id=GOODBYE_ID)
        return self._encoded([Transaction(descriptor=descriptor, content=goodbye)], version)

    async def _answer_all(
        self,
        requests: Sequence[Transaction],
        operations: Sequence[Operation],
        present: Present,
        version: Version,
    ) -> list[Transaction]:
        if not requests:
            return []
        remaining = iter(operations)
        session: Session | None = present.session
        answers: list[Transaction] = []
        for each in requests:
            operation = next(remaining, None) if self._runs_once(each) else None
            operation_id = token_hex(16) if operation is None else operation.id
            if operation_id == "":
                busy = "another request has this TransactionID"
                answer: Primitive = status(StatusCode.INVALID_TRANSACTION, version, busy)
            else:
                context = self._context(each, version, session, operation_id)
                answer = await self._transactions.answer(context, each.content)
            if isinstance(each.content, LogoutRequest):
                session = None
            answers.append(_answering(each, answer))
        return answers

    async def _answer_with_ours(
        self,
        answers: list[Transaction],
        present: Present,
        version: Version,
        polled: Taken | None,
    ) -> bytes:
        """Take what the client says to our requests, and add the next one: but not to answers."""
        session = present.session
        try:
            outgoing, others = await self._outbox.take(
                session, self._responses, self._way, not self._requests, polled
            )
            answers = [*answers, *await self._answer_all(others, (), present, version)]
            return await self._with_ours(answers, outgoing, session, version)
        except StoreUnavailable:
            answers = [*answers, _answering(None, status_of(_UNAVAILABLE, version))]
            return self._encoded(answers, version)

    async def _with_ours(
        self, answers: list[Transaction], outgoing: Outgoing, session: Session, version: Version
    ) -> bytes:
        """Answers and what goes out with them; nothing where there is neither. A message that the
        client could not read is left to a notification."""
        while (ours := outgoing.transaction) is not None:
            version = Version(session.door["version"])
            octets = self._written([*answers, ours], version, outgoing.has_more)
            if self._can_be_read(octets):
                return octets
            if not isinstance(ours.content, NewMessage):
                return self._encoded([*answers, ours], version, outgoing.has_more)
            outgoing = await self._outbox.instead_of(session, ours, self._way)
        return self._encoded(answers, version, outgoing.has_more) if answers else b""

    async def _finished(
        self,
        answers: list[Transaction],
        once: list[Transaction],
        present: Present,
        version: Version,
    ) -> bytes:
        """The answer, which says whether anything waits by now, and is kept for a repetition."""
        plain = self._encoded(answers, version, has_waiting=False)
        telling = self._encoded(answers, version, has_waiting=True)
        is_kept = bool(present.operations[0].id) and not any(map(_may_do_better, answers))
        return telling if await self._finish(present, once, (plain, telling), is_kept) else plain

    async def _finish(
        self,
        present: Present,
        once: list[Transaction],
        answers: tuple[bytes, bytes] | None,
        is_kept: bool = False,
    ) -> bool:
        """Say that requests are done; whether anything waits."""
        operations = [
            (each.descriptor.transaction_id or "", operation.id)
            for each, operation in zip(once, present.operations, strict=True)
        ]
        try:
            return await self._sessions.finish(
                present.session, operations, answers if is_kept else None
            )
        except StoreError as problem:
            # They are done all the same, and repeating them does no harm.
            self._log.debug("An answer was not kept: {problem}", problem=problem)
            return False

    @property
    def _way(self) -> Way:
        return Way(self._codec.name, self._origin)

    def _context(
        self,
        transaction: Transaction,
        version: Version,
        session: Session | None = None,
        operation_id: str = "",
    ) -> Context:
        return Context(
            version=version,
            encoding=self._codec.name,
            source=self._source,
            host=self._host,
            origin=self._origin,
            transaction_id=transaction.descriptor.transaction_id or "",
            session=session,
            operation_id=operation_id,
            extensions=transaction.extensions,
        )

    def _refused(self, refusal: Refusal, version: Version) -> bytes:
        answer = status_of(refusal, version)
        answers = [_answering(each, answer) for each in self._requests]
        return self._encoded(answers or [_answering(None, answer)], version)

    def _encoded(
        self, transactions: list[Transaction], version: Version, has_waiting: bool = False
    ) -> bytes:
        """The answering message; 432 in place of answers with which it is more than the client can
        read."""
        octets = self._written(transactions, version, has_waiting)
        if self._can_be_read(octets):
            return octets
        too_large = status(
            StatusCode.RESPONSE_TOO_LARGE, version, "the answer is too large for you"
        )
        return self._written(
            [_with(each, too_large) for each in transactions], version, has_waiting
        )

    def _can_be_read(self, octets: bytes) -> bool:
        return self._most_octets is None or len(octets) <= self._most_octets

    def _written(
        self, transactions: list[Transaction], version: Version, has_waiting: bool
    ) -> bytes:
        """The answering message, however large. It says whether to poll, but not before negotiation
        is over; the place of that flag is another in 1.1."""
        negotiating = any(
            isinstance(each.content, LoginResponse | ClientCapabilityResponse)
            for each in transactions
        )
        poll = has_waiting and not negotiating
        if version is V11:
            transactions = [_with_poll(each, poll) for each in transactions]
        descriptor = self._session.descriptor
        if descriptor.session_id is None:
            descriptor = SessionDescriptor(session_type=SessionType.OUTBAND)
        session = SessionElement(descriptor=descriptor, transactions=tuple(transactions), poll=poll)
        return self._codec.encode(WVCSPMessage(session=session), version)


def _may_do_better(answer: Transaction) -> bool:
    """Whether the same request may have more success when it comes again."""
    said = getattr(answer.content, "result", None)
    return isinstance(said, Result) and said.code in _PASSING


def _with_poll(transaction: Transaction, poll: bool) -> Transaction:
    """The transaction with the flag where 1.1 has it."""
    descriptor = TransactionDescriptor(
        mode=transaction.descriptor.mode,
        transaction_id=transaction.descriptor.transaction_id,
        poll=poll,
    )
    return Transaction(descriptor=descriptor, content=transaction.content)


def _with(answer: Transaction, content: Primitive) -> Transaction:
    """An answer with another content; what is not an answer stays as it is."""
    is_answer = answer.descriptor.mode is TransactionMode.RESPONSE
    return Transaction(descriptor=answer.descriptor, content=content) if is_answer else answer


def _answering(request: Transaction | None, answer: Primitive) -> Transaction:
    """The answer to a request, under its transaction id; to polls and responses, under none."""
    transaction_id = request.descriptor.transaction_id if request else None
    descriptor = TransactionDescriptor(mode=TransactionMode.RESPONSE, transaction_id=transaction_id)
    return Transaction(descriptor=descriptor, content=answer)
