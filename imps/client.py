"""A CSP client in Twisted: for ``imps chat``, the tests and the benchmarks.

It speaks every version, in XML and WBXML. One request is made at a time; what the server sends on
its own account is handed to ``receive``, or ``notified`` if it is no message, acknowledged, and the
next one taken. An answer that says that there is more calls ``told_to_poll``.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any, TypeVar

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, DeferredLock
from twisted.web.client import Agent, FileBodyProducer, HTTPConnectionPool, readBody
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent

from imps.csp.codec.document import CodecError
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.primitives.access import (
    ClientCapabilityRequest,
    ClientCapabilityResponse,
    Functions,
    KeepAliveRequest,
    LoginRequest,
    LoginResponse,
    LogoutRequest,
    PollingRequest,
    ServiceRequest,
)
from imps.csp.primitives.capability import AcceptedContentType, CapabilityList
from imps.csp.primitives.common import Result, Status
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.envelope import (
    Session,
    SessionDescriptor,
    Transaction,
    TransactionDescriptor,
    WVCSPMessage,
)
from imps.csp.primitives.identity import ClientID, Recipient, Sender, User
from imps.csp.primitives.im import (
    MessageDelivered,
    MessageInfo,
    NewMessage,
    SendMessageRequest,
    SendMessageResponse,
)
from imps.csp.primitives.services import WVCSPFeat
from imps.csp.primitives.values import (
    DigestSchema,
    SessionType,
    TransactionMode,
    TransferEncoding,
)
from imps.model.address import Address
from imps.model.capability import Bearer, CIRMethod, ClientType, DeliveryMethod
from imps.model.version import V11, V12, V13, Version
from imps.sap.authentication import Proof, digest_text

P = TypeVar("P", bound=Primitive)

Receive = Callable[[NewMessage], None]
Notified = Callable[[Primitive], None]


class RequestFailed(Exception):
    """The server said no: the code and description of its result."""

    def __init__(self, failed: Result) -> None:
        super().__init__(f"{failed.code} {failed.description or ''}".strip())
        self.code = failed.code
        self.result = failed


class ServerUnreachable(Exception):
    """There was no answer, or none of CSP."""


@frozen
class Received:
    """What came with an answer: transactions, and whether the server asks to be polled."""

    transactions: tuple[Transaction, ...] = ()
    poll: bool = False


@define(eq=False)
class CSPClient:
    """One client of one user; it has a session from ``login`` to ``logout``."""

    url: str
    user: Address
    agent: IAgent
    version: Version = V12
    encoding: str = "wbxml"
    client_id: ClientID = field(factory=lambda: ClientID(url="imps"))
    receive: Receive = field(default=lambda message: None)
    notified: Notified = field(default=lambda request: None)
    told_to_poll: Callable[[], object] = field(default=lambda: None)
    session_id: str | None = field(default=None, init=False)
    keep_alive_seconds: int = field(default=0, init=False)
    cir_place: tuple[str, int] | None = field(default=None, init=False)
    _codec: XMLCodec | WBXMLCodec = field(init=False)
    _last_transaction: int = field(default=0, init=False)
    _turn: DeferredLock = field(factory=DeferredLock, init=False)

    @_codec.default
    def _choose_codec(self) -> XMLCodec | WBXMLCodec:
        return XMLCodec() if self.encoding == "xml" else WBXMLCodec()

    async def login(
        self, password: str, *, proof: Proof = Proof.PLAIN, time_to_live_seconds: int | None = None
    ) -> LoginResponse:
        """Sign on, by password or by digest (2-way and 4-way login)."""
        self.session_id = None
        common: dict[str, Any] = {
            "user_id": self.user,
            "client_id": self.client_id,
            "session_cookie": "imps",
            "time_to_live": time_to_live_seconds,
        }
        if proof is Proof.PLAIN:
            request = LoginRequest(password=password, **common)
            response = await self.request(request, LoginResponse)
        else:
            schema = DigestSchema(proof.value)
            transaction_id = self._next_transaction_id()
            offered = LoginRequest(digest_schemas=(schema,), **common)
            challenge = await self.request(
                offered, LoginResponse, transaction_id=transaction_id, accept=(401,)
            )
            octets = digest_text(proof, challenge.nonce or "", password)
            request = LoginRequest(digest_bytes=octets, **common)
            response = await self.request(request, LoginResponse, transaction_id=transaction_id)
        if response.session_id is None:
            raise RequestFailed(response.result)
        self.session_id = response.session_id
        self.keep_alive_seconds = response.keep_alive_time or 0
        return response

    async def negotiate(self) -> None:
        """Say what this client can, and ask for every service. If the server wakes clients over
        TCP, where it does so is in ``cir_place`` then."""
        client_id = self.client_id if self.version is V11 else None
        capabilities = CapabilityList(
            client_type=ClientType.COMPUTER,
            initial_delivery_method=DeliveryMethod.PUSH,
            any_content=self.version is V13 or None,
            accepted_content_types=(AcceptedContentType(content_type="text/plain"),),
            accepted_transfer_encodings=(TransferEncoding.BASE64,),
            accepted_content_length=1_000_000,
            supported_bearers=(Bearer.HTTP,),
            supported_cir_methods=(CIRMethod.STCP,),
            multi_trans=1,
            parser_size=1_000_000,
        )
        response = await self.request(
            ClientCapabilityRequest(client_id=client_id, capability_list=capabilities),
            ClientCapabilityResponse,
        )
        self.cir_place = _cir_place(response)
        await self.request(
            ServiceRequest(
                client_id=client_id,
                functions=Functions(features=WVCSPFeat()),
                all_functions_request=False,
            ),
            Primitive,
        )

    async def logout(self) -> None:
        """Sign off."""
        await self.request(LogoutRequest(), Primitive)
        self.session_id = None

    async def keep_alive(self) -> None:
        """Tell the server that this client is still there."""
        await self.request(KeepAliveRequest(), Primitive)

    async def send(self, recipient: Address, text: str) -> SendMessageResponse:
        """Send a text to a user; RequestFailed says why it was not taken."""
        info = MessageInfo(
            recipient=Recipient(users=(User(user_id=recipient),)),
            sender=Sender(user=User(user_id=self.user)),
            content_type="text/plain",
            content_size=len(text.encode()),
        )
        request = SendMessageRequest(delivery_report=False, message_info=info, content_data=text)
        return await self.request(request, SendMessageResponse)

    async def poll(self) -> None:
        """Take all that waits."""
        while True:
            received = await self._poll_once()
            if not received.transactions and not received.poll:
                return

    async def _poll_once(self) -> Received:
        received = await self.exchange([self._transaction(PollingRequest(), None)])
        return await self._take(received)

    async def _take(self, received: Received) -> Received:
        """Receive what the server sent, acknowledge it, and go on with what comes in return."""
        while received.transactions:
            for each in received.transactions:
                _check(each.content)
            responses = [self._response_to(each) for each in received.transactions]
            received = await self.exchange(responses)
        return received

    def _response_to(self, request: Transaction) -> Transaction:
        answer: Primitive
        if isinstance(request.content, NewMessage):
            self.receive(request.content)
            message_id = request.content.message_info.message_id or ""
            answer = MessageDelivered(message_id=message_id)
        else:
            self.notified(request.content)
            answer = Status(result=Result(code=200))
        descriptor = TransactionDescriptor(
            mode=TransactionMode.RESPONSE, transaction_id=request.descriptor.transaction_id
        )
        return Transaction(descriptor=descriptor, content=answer)

    async def request(
        self,
        request: Primitive,
        expected: type[P],
        *,
        transaction_id: str | None = None,
        accept: tuple[int, ...] = (),
    ) -> P:
        """Make a request. Raises RequestFailed for a result that is neither good nor ``accept``ed,
        and ServerUnreachable where there is no answer."""
        transaction_id = transaction_id or self._next_transaction_id()
        received = await self.exchange([self._transaction(request, transaction_id)])
        if received.poll:
            self.told_to_poll()
        for each in received.transactions:
            if each.descriptor.transaction_id in (transaction_id, None):
                _check(each.content, accept)
                if isinstance(each.content, expected):
                    return each.content
        raise ServerUnreachable("the server did not answer the request")

    def _next_transaction_id(self) -> str:
        self._last_transaction += 1
        return str(self._last_transaction)

    @staticmethod
    def _transaction(request: Primitive, transaction_id: str | None) -> Transaction:
        return Transaction(
            descriptor=TransactionDescriptor(
                mode=TransactionMode.REQUEST, transaction_id=transaction_id
            ),
            content=request,
        )

    async def exchange(self, transactions: list[Transaction]) -> Received:
        """Post transactions in one message; what comes back."""
        inband = self.session_id is not None
        session = Session(
            descriptor=SessionDescriptor(
                session_type=SessionType.INBAND if inband else SessionType.OUTBAND,
                session_id=self.session_id,
            ),
            transactions=tuple(transactions),
        )
        document = self._codec.encode(WVCSPMessage(session=session), self.version)
        answer = await self._post(document)
        if not answer:
            return Received()
        try:
            root = self._codec.decode(answer).root
        except CodecError as problem:
            raise ServerUnreachable(f"the server does not speak CSP: {problem}") from None
        if not isinstance(root, WVCSPMessage):
            raise ServerUnreachable("the server does not speak CSP")
        answers = root.session.transactions
        poll = root.session.poll or any(each.descriptor.poll for each in answers)
        return Received(answers, bool(poll))

    async def _post(self, document: bytes) -> bytes:
        separator = "+" if self.version is V13 else "."
        headers = Headers({"content-type": [f"application/vnd.wv.csp{separator}{self.encoding}"]})
        await self._turn.acquire()
        try:
            body = FileBodyProducer(BytesIO(document))
            response = await self.agent.request(b"POST", self.url.encode(), headers, body)
            answer = await readBody(response)
        except Exception as problem:
            if _is_cancelled(problem):
                raise CancelledError from None
            raise ServerUnreachable(str(problem) or type(problem).__name__) from None
        finally:
            self._turn.release()
        if response.code != 200:
            raise ServerUnreachable(f"the server answered HTTP {response.code}")
        return bytes(answer)


def _cir_place(response: ClientCapabilityResponse) -> tuple[str, int] | None:
    """The host and port where the server wakes clients, if it does."""
    agreed = response.agreed_capability_list or response.capability_list
    if agreed is None or CIRMethod.STCP not in agreed.supported_cir_methods:
        return None
    if agreed.tcp_address is None or agreed.tcp_port is None:
        return None
    return agreed.tcp_address, agreed.tcp_port


def _check(answer: Primitive, accept: tuple[int, ...] = ()) -> None:
    """Raise RequestFailed if an answer carries a bad result."""
    failed = getattr(answer, "result", None)
    if isinstance(failed, Result) and failed.code not in (200, 201, *accept):
        raise RequestFailed(failed)


def _is_cancelled(problem: Exception) -> bool:
    """Whether the caller gave a request up; the agent wraps that up in an error of its own."""
    reasons = getattr(problem, "reasons", [])
    return isinstance(problem, CancelledError) or any(
        reason.check(CancelledError) for reason in reasons
    )


def agent(reactor: Any, timeout_seconds: float = 45) -> Agent:
    """An agent that keeps connections, as clients do."""
    pool = HTTPConnectionPool(reactor)
    return Agent(reactor, connectTimeout=timeout_seconds, pool=pool)
