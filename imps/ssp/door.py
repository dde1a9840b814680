"""The SSP door at its edge: what partners post, checked, acknowledged and only then acted upon.

Every message is a post of its sender; the HTTP response says no more than that it came, and the
answer to a request is a post of ours (SSP, transport binding).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from imps.http.message import HTTPRequest, HTTPResponse
from imps.model.partner import Partner, Profile
from imps.model.status import StatusCode
from imps.ssp.client import CONTENT_TYPE, Unreachable
from imps.ssp.codec.repair import repaired, session_id_in
from imps.ssp.codec.xml import Opened, XMLCodec
from imps.ssp.handshake import domain_of
from imps.ssp.handshakes import Handshakes
from imps.ssp.identity import Identities, Stranger
from imps.ssp.known import KnownPartners
from imps.ssp.messages.blocks import Status
from imps.ssp.messages.declaration import Message, Unknown, Unreadable
from imps.ssp.messages.envelope import InSession, Mode, SetupTransaction, Transaction
from imps.ssp.messages.presence import GetPresenceRequest
from imps.ssp.messages.setup import (
    Disconnect,
    KeepAliveRequest,
    KeepAliveResponse,
    LogoutRequest,
)
from imps.ssp.partners import Partners
from imps.ssp.post import NotAccepted, Posting, Posts
from imps.ssp.rates import Rates
from imps.ssp.results import status
from imps.ssp.served import Asked, Served
from imps.ssp.sessions import Sessions
from imps.store.errors import StoreError
from imps.store.partner_sessions import PartnerSession
from imps.store.partner_transactions import PartnerTransactions, Standing
from imps.syntax.errors import CodecError

MOST_TRANSACTIONS = 20
MOST_IN_HAND = 64
MOST_ANSWERS_IN_HAND = 256
SERVED_SECONDS = 12
"""How long a request may be in hand; if it is repeated later, it is served again."""
RETRY_SECONDS = 1
TRY_AGAIN_SECONDS = 5


@frozen
class _In:
    """A message of a partner, by a session."""

    partner: Partner
    session: PartnerSession
    content: InSession


class _Turned(Exception):
    """A post is not accepted."""

    def __init__(self, status: int, reason: str = "") -> None:
        super().__init__(reason)
        self.status = status


@define(eq=False)
class Door:
    """Answers what partners post."""

    _codec: XMLCodec
    _known: KnownPartners
    _identities: Identities
    _handshakes: Handshakes
    _sessions: Sessions
    _transactions: PartnerTransactions
    _partners: Partners
    _posts: Posts
    _served: Served
    _rates: Rates
    _strays: Rates
    _reactor: Any
    _in_hand: dict[str, int] = field(factory=dict, init=False)
    _working: set[Deferred[None]] = field(factory=set, init=False)
    _log = Logger()

    async def answer(self, request: HTTPRequest) -> HTTPResponse:
        """Acknowledge a post; what follows from it is done afterwards."""
        try:
            code, then = await self._accepted(request)
        except _Turned as turned:
            if str(turned):
                self._log.warn("A post is not accepted: {reason}", reason=str(turned))
            return _response(turned.status)
        except StoreError:
            return _response(503)
        if then is not None:
            # The acknowledgement is written first.
            self._afterwards(then)
        return _response(code)

    async def finish(self) -> None:
        """Wait for what is in hand."""
        for working in tuple(self._working):
            await working

    # Accepting.

    async def _accepted(
        self, request: HTTPRequest
    ) -> tuple[int, Callable[[], Awaitable[None]] | None]:
        if request.method != "POST":
            raise _Turned(405)
        if CONTENT_TYPE not in request.headers.get("content-type", "").lower():
            raise _Turned(415)
        try:
            opened = self._codec.open(request.body)
        except CodecError as problem:
            found = await self._mended(request)
            if found is None:
                raise _Turned(400, f"{request.peer} sends {problem}") from None
            if not found:
                return 200, None
            (opened,) = found
        if opened.session_id is None:
            try:
                said = opened.read(Profile.OURS).content
            except CodecError as problem:
                raise _Turned(400, f"{request.peer} sends {problem}") from None
            assert isinstance(said, SetupTransaction)
            received = await self._handshakes.receive(said, request)
            return received.status, received.then
        came = await self._authentic(request, opened)
        self._partners.is_there(came.partner.domain)
        return 200, self._taken(came)

    async def _mended(self, request: HTTPRequest) -> list[Opened] | None:
        """What a partner sent that is known to send what is no XML; nothing if it cannot be mended
        either: it would only repeat it. None where it is somebody else."""
        session_id = session_id_in(request.body)
        partner = self._known.get(domain_of(session_id or ""))
        if partner is None or partner.profile is not Profile.BARAZA:
            return None
        await self._identity(request, partner)
        try:
            return [self._codec.open(repaired(request.body))]
        except CodecError as problem:
            self._log.warn("{domain} sends {problem}", domain=partner.domain, problem=str(problem))
            return []

    async def _identity(self, request: HTTPRequest, partner: Partner) -> tuple[str, ...]:
        try:
            return await self._identities.of(request, partner)
        except Stranger as problem:
            raise _Turned(403, f"not from {partner.domain}: {problem}") from None

    async def _authentic(self, request: HTTPRequest, opened: Opened) -> _In:
        """Whose a message is, if it is theirs and they may send it now."""
        session_id = opened.session_id or ""
        partner = self._known.get(domain_of(session_id))
        if partner is None:
            raise _Turned(403, f"{domain_of(session_id)[:100]} is no partner")
        identity = await self._identity(request, partner)
        session = await self._sessions.of_peer(partner, session_id)
        if session is None:
            session = await self._sessions.adopt(partner, session_id, identity)
        if session is None:
            raise _Turned(401)
        if session.identity and not set(session.identity).intersection(identity):
            raise _Turned(403, f"a session of {partner.domain} is used by somebody else")
        try:
            content = opened.read(partner.profile).content
        except CodecError as problem:
            raise _Turned(400, f"{partner.domain} sends {problem}") from None
        assert isinstance(content, InSession)
        if len(content.transactions) > MOST_TRANSACTIONS:
            raise _Turned(413, f"{partner.domain} sends too many transactions at once")
        return _In(partner, session, content)

    def _taken(self, came: _In) -> Callable[[], Awaitable[None]]:
        """What is done about a message, if there is not too much of it.

        Answers are as many as we have asked for, and are not counted unless nobody asked for them;
        but no partner keeps us busy with nothing else.
        """
        domain = came.partner.domain
        count = sum(each.mode is Mode.REQUEST for each in came.content.transactions)
        now = self._reactor.seconds()
        in_hand = self._in_hand.get(domain, 0)
        if count:
            is_too_much = in_hand >= MOST_IN_HAND or not self._rates.admits(domain, count, now)
        else:
            is_too_much = in_hand >= MOST_ANSWERS_IN_HAND or self._strays.wait(domain, 1, now) > 0
        closes_its_eyes = came.partner.profile is Profile.BARAZA and in_hand < MOST_ANSWERS_IN_HAND
        if is_too_much and not closes_its_eyes:
            raise _Turned(429)
        self._in_hand[domain] = self._in_hand.get(domain, 0) + 1

        async def then() -> None:
            try:
                await self._act(came, is_too_much)
            finally:
                self._in_hand[domain] -= 1
                if not self._in_hand[domain]:
                    del self._in_hand[domain]

        return then

    # Acting.

    async def _act(self, came: _In, is_too_much: bool) -> None:
        """Do what the transactions of a message ask, in their order, and answer."""
        answers: list[Transaction] = []
        for transaction in came.content.transactions:
            if transaction.mode is Mode.RESPONSE:
                if not await self._partners.answered(came.partner, came.session, transaction):
                    self._strays.admits(came.partner.domain, 1, self._reactor.seconds())
                continue
            if isinstance(transaction.message, Disconnect):
                continue
            if is_too_much:
                answer: Message | None = _TRY_AGAIN
            else:
                answer = await self._once(came, transaction)
            if answer is not None:
                answers.append(
                    Transaction(
                        mode=Mode.RESPONSE,
                        transaction_id=transaction.transaction_id,
                        message=answer,
                    )
                )
        if answers:
            await self._say(came, tuple(answers))
        for transaction in came.content.transactions:
            if isinstance(transaction.message, LogoutRequest | Disconnect):
                await self._sessions.end(came.session)

    async def _once(self, came: _In, transaction: Transaction) -> Message | None:
        """Serve a request; a repeated one gets the answer it got, and does nothing."""
        if isinstance(transaction.message, _REPEATABLE):
            return await self._served_now(came, transaction)
        domain, id = came.partner.domain, transaction.transaction_id
        now = self._reactor.seconds()
        received = await self._transactions.receive(domain, id, now=now, until=now + SERVED_SECONDS)
        if received.standing is Standing.IN_HAND:
            return None
        if received.standing is Standing.ANSWERED:
            return self._kept(received.answer)
        answer = await self._served_now(came, transaction)
        is_passing = isinstance(answer, Status) and answer.code in _PASSING
        if not is_passing:
            await self._transactions.answered(domain, id, self._packed(answer))
        else:
            await self._transactions.undo(domain, id)
        return answer

    async def _served_now(self, came: _In, transaction: Transaction) -> Message | None:
        domain, id = came.partner.domain, transaction.transaction_id
        asked = Asked(
            partner=came.partner,
            domain=came.session.own_domain,
            version=came.session.version,
            transaction_id=id,
            operation_id=sha256(f"{domain}\n{id}".encode()).hexdigest(),
        )
        answer = self._of_session(came, transaction.message)
        if answer is None:
            answer = await self._served.answer(asked, transaction.message)
        return answer

    def _of_session(self, came: _In, request: Message) -> Message | None:
        """What keeps a session, or ends it."""
        match request:
            case KeepAliveRequest():
                lives = came.session.time_to_live
                return KeepAliveResponse(time_to_live=lives, status=status(StatusCode.OK))
            case LogoutRequest():
                return status(StatusCode.OK)
        return None

    async def _say(self, came: _In, answers: tuple[Transaction, ...]) -> None:
        """Post answers. What cannot be posted is asked again by a partner who wants to know."""
        posting = Posting(came.partner, came.session.own_domain, answers)
        for _ in range(2):
            try:
                await self._posts.answer(came.session, posting)
                return
            except NotAccepted:
                return
            except Unreachable as problem:
                self._log.info(
                    "An answer does not reach {domain}: {reason}",
                    domain=came.partner.domain,
                    reason=str(problem),
                )
                await deferLater(self._reactor, RETRY_SECONDS)

    def _packed(self, answer: Message | None) -> bytes:
        if answer is None:
            return b""
        kept = Transaction(mode=Mode.RESPONSE, transaction_id="-", message=answer)
        return self._codec.encode(InSession(session_id="-", transactions=(kept,)))

    def _kept(self, document: bytes) -> Message | None:
        if not document:
            return None
        content = self._codec.decode(document).content
        assert isinstance(content, InSession)
        return content.transactions[0].message

    def _afterwards(self, work: Callable[[], Awaitable[None]]) -> None:
        async def working() -> None:
            await deferLater(self._reactor, 0)
            await work()

        done: Deferred[None] = Deferred.fromCoroutine(working())
        self._working.add(done)
        done.addErrback(self._failed)
        done.addBoth(lambda _: self._working.discard(done))

    def _failed(self, failure: Any) -> None:
        if failure.check(StoreError):
            self._log.info("A partner is not answered: {reason}", reason=str(failure.value))
        else:
            self._log.failure("A partner is not answered", failure)


_REPEATABLE = (GetPresenceRequest, KeepAliveRequest, LogoutRequest, Unknown, Unreadable)
"""What changes nothing if it is done twice: no answer to it is kept, however much of it comes."""
_PASSING = frozenset((StatusCode.SERVICE_UNAVAILABLE, StatusCode.MESSAGE_QUEUE_FULL))
_TRY_AGAIN = Status(code=int(StatusCode.SERVICE_UNAVAILABLE), try_again_seconds=TRY_AGAIN_SECONDS)


def _response(code: int) -> HTTPResponse:
    headers = {}
    if code == 405:
        headers = {"allow": "POST"}
    elif code in (429, 503):
        headers = {"retry-after": str(TRY_AGAIN_SECONDS)}
    return HTTPResponse(status=code, headers=headers)
