"""The CSP door at its edge: a pure exchange of an HTTP request for an HTTP response.

Whatever reads HTTP hands a request in and writes the response out. A message may hold several
transactions. Requests are answered in order, all in one message; polls and responses may bring the
next request of the server (CSP, HTTP binding).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from attrs import define, evolve, field, frozen
from twisted.logger import Logger

from imps.csp.codec.document import NAMESPACES, CodecError, Document
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.outbox import Outbox
from imps.csp.primitives.access import (
    ClientCapabilityResponse,
    LoginResponse,
    PollingRequest,
)
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.discovery import (
    VersionList,
    WVCSPVersionDiscoveryRequest,
    WVCSPVersionDiscoveryResponse,
)
from imps.csp.primitives.envelope import (
    Session as SessionElement,
)
from imps.csp.primitives.envelope import (
    SessionDescriptor,
    Transaction,
    TransactionDescriptor,
    WVCSPMessage,
)
from imps.csp.primitives.values import SessionType, TransactionMode
from imps.csp.results import status, status_of
from imps.csp.transactions import Context, Transactions
from imps.model.status import Refusal, StatusCode
from imps.model.version import V11, V12, Version
from imps.sap.sessions import Present, Session, Sessions
from imps.store.errors import StoreUnavailable

Codec = XMLCodec | WBXMLCodec


@frozen(kw_only=True)
class HTTPRequest:
    """A request as the door sees it; header names in lower case."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    peer: str


@frozen(kw_only=True)
class HTTPResponse:
    """A response; always with a body, which may be empty."""

    status: int
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""


def _refused(code: int, reason: str) -> HTTPResponse:
    return HTTPResponse(
        status=code, headers={"content-type": "text/plain"}, body=f"{reason}\n".encode()
    )


@define(eq=False)
class Door:
    """Answers CSP messages of any version, in XML and WBXML."""

    _xml: XMLCodec
    _wbxml: WBXMLCodec
    _transactions: Transactions
    _sessions: Sessions
    _outbox: Outbox
    _log = Logger()

    async def answer(self, request: HTTPRequest) -> HTTPResponse:
        """Answer one HTTP request: 200 whenever there is a transaction to answer."""
        if request.method != "POST":
            refusal = _refused(405, "CSP is spoken by POST")
            return evolve(refusal, headers={**refusal.headers, "allow": "POST"})
        content_type = request.headers.get("content-type", "")
        codec = self._codec(content_type, request.body)
        if codec is None:
            return _refused(415, "send CSP in XML or WBXML")
        try:
            document = codec.decode(request.body)
        except CodecError as problem:
            self._log.debug("Not CSP from {peer}: {problem}", peer=request.peer, problem=problem)
            return _refused(400, str(problem))
        try:
            body = await self._answer(document, codec, request.body)
        except Exception:
            self._log.failure("A message could not be answered")
            return _refused(500, "internal error")
        return HTTPResponse(
            status=200,
            headers={"content-type": content_type or f"application/vnd.wv.csp.{codec.name}"},
            body=body,
        )

    def _codec(self, content_type: str, body: bytes) -> Codec | None:
        """By the content type, whatever its version; without one, by the looks of the body."""
        content_type = content_type.lower()
        if "wbxml" in content_type:
            return self._wbxml
        if "xml" in content_type:
            return self._xml
        if content_type:
            return None
        return self._wbxml if body[:1] in (b"\1", b"\2", b"\3") else self._xml

    async def _answer(self, document: Document, codec: Codec, body: bytes) -> bytes:
        root = document.root
        if isinstance(root, WVCSPVersionDiscoveryRequest):
            version = max(document.version or V12, V12)
            return codec.encode(_versions_in_common(root), version)
        if not isinstance(root, WVCSPMessage):
            raise CodecError("not a request")
        answer = await _Message(
            document, root.session, codec, body, self._transactions, self._sessions, self._outbox
        ).answer()
        return b"" if answer is None else codec.encode(*answer)


def _versions_in_common(request: WVCSPVersionDiscoveryRequest) -> WVCSPVersionDiscoveryResponse:
    """The namespaces that both sides know; all of ours where the client names none of them."""

    def common(element: str, named: tuple[str, ...]) -> tuple[str, ...]:
        ours = [namespaces[element] for namespaces in NAMESPACES.values()]
        return tuple(uri for uri in ours if uri in named) or tuple(ours)

    asked = request.version_list or VersionList()
    return WVCSPVersionDiscoveryResponse(
        version_list=VersionList(
            session_ns_names=common("WV-CSP-Message", asked.session_ns_names),
            transaction_ns_names=common("TransactionContent", asked.transaction_ns_names),
            presence_attribute_ns_names=common(
                "PresenceSubList", asked.presence_attribute_ns_names
            ),
        )
    )


@define(eq=False)
class _Message:
    """One message of a client on its way through."""

    _document: Document
    _session: SessionElement
    _codec: Codec
    _body: bytes
    _transactions: Transactions
    _sessions: Sessions
    _outbox: Outbox

    async def answer(self) -> tuple[WVCSPMessage, Version] | None:
        """The answering message and its version, or None where there is nothing to say."""
        requests = [each for each in self._session.transactions if _is_request(each)]
        responses = [each for each in self._session.transactions if not _is_request(each)]
        if not self._document.served:
            return self._all_refused(requests, StatusCode.VERSION_NOT_SUPPORTED, V12)
        present, absent = await self._present()
        version = self._document.version or _version_of(present) or V12
        asked = [each for each in requests if not isinstance(each.content, PollingRequest)]
        if present is None:
            return await self._answer_outband(requests, absent, version)
        answers = await self._answer_all(asked, present, version)
        if not (responses or len(asked) < len(requests)):
            return self._message(answers, version, present.has_waiting)
        return await self._with_ours(answers, responses, present, version, wanted=not asked)

    async def _present(self) -> tuple[Present | None, Refusal | None]:
        """The session of the message, or why there is none."""
        session_id = self._session.descriptor.session_id
        if session_id is None:
            return None, Refusal(StatusCode.INVALID_SESSION, "no session named")
        once = self._session.transactions
        asked = [
            (each.descriptor.transaction_id, self._digest)
            for each in once
            if each.descriptor.transaction_id
            and _is_request(each)
            and self._transactions.runs_once(each.content)
        ]
        try:
            return await self._sessions.check(session_id, asked), None
        except Refusal as refusal:
            return None, refusal
        except StoreUnavailable:
            return None, Refusal(StatusCode.SERVICE_UNAVAILABLE, "try again later")

    @property
    def _digest(self) -> str:
        return hashlib.blake2b(self._body, digest_size=16).hexdigest()

    async def _answer_outband(
        self, requests: list[Transaction], absent: Refusal | None, version: Version
    ) -> tuple[WVCSPMessage, Version] | None:
        """Answer without a session: signing on, even if a session is named that is gone."""
        refusal = absent or Refusal(StatusCode.INVALID_SESSION)
        answers: list[Transaction] = []
        for each in requests:
            if self._transactions.needs_session(each.content):
                answer: Primitive = status_of(refusal, version)
            else:
                answer = await self._transactions.answer(self._context(each, version), each.content)
            answers.append(_answering(each, answer))
        if not answers:
            # What came was responses only, which are answered where it matters to the client.
            answers = [_answering(None, status_of(refusal, version))]
        return self._message(answers, version, None)

    async def _answer_all(
        self, requests: list[Transaction], present: Present, version: Version
    ) -> list[Transaction]:
        operation_ids = iter(present.operation_ids)
        answers: list[Transaction] = []
        for each in requests:
            runs_once = each.descriptor.transaction_id and self._transactions.runs_once(
                each.content
            )
            operation_id = next(operation_ids) if runs_once else ""
            context = self._context(each, version, present.session, operation_id)
            answers.append(_answering(each, await self._transactions.answer(context, each.content)))
        return answers

    async def _with_ours(
        self,
        answers: list[Transaction],
        responses: list[Transaction],
        present: Present,
        version: Version,
        wanted: bool,
    ) -> tuple[WVCSPMessage, Version] | None:
        """Take what the client says to our requests, and add the next one where that is due."""
        session = present.session
        try:
            outgoing, others = await self._outbox.take(session, responses, self._codec.name, wanted)
        except StoreUnavailable:
            refusal = Refusal(StatusCode.SERVICE_UNAVAILABLE, "try again later")
            answers = [*answers, _answering(None, status_of(refusal, version))]
            return self._message(answers, version, None)
        answers = [*answers, *await self._answer_all(others, present, version)]
        if outgoing.transaction is not None:
            answers.append(outgoing.transaction)
            version = _version_of(present) or version
        if not answers:
            return None
        return self._message(answers, version, outgoing.has_more)

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
            transaction_id=transaction.descriptor.transaction_id or "",
            session=session,
            operation_id=operation_id,
            extensions=transaction.extensions,
        )

    def _all_refused(
        self, requests: list[Transaction], code: StatusCode, version: Version
    ) -> tuple[WVCSPMessage, Version]:
        answer = status(code, version)
        answers = [_answering(each, answer) for each in requests] or [_answering(None, answer)]
        return self._message(answers, version, None)

    def _message(
        self, transactions: list[Transaction], version: Version, has_waiting: bool | None
    ) -> tuple[WVCSPMessage, Version]:
        """The answering message. It says whether to poll, but not before negotiation is over: the
        place of that flag differs between 1.1 and later versions."""
        held_back = any(
            isinstance(each.content, LoginResponse | ClientCapabilityResponse)
            for each in transactions
        )
        poll = bool(has_waiting) and not held_back
        if version is V11:
            transactions = [
                Transaction(
                    descriptor=TransactionDescriptor(
                        mode=each.descriptor.mode,
                        transaction_id=each.descriptor.transaction_id,
                        poll=poll,
                    ),
                    content=each.content,
                )
                for each in transactions
            ]
        descriptor = self._session.descriptor
        if descriptor.session_id is None:
            descriptor = SessionDescriptor(session_type=SessionType.OUTBAND)
        message = WVCSPMessage(
            session=SessionElement(
                descriptor=descriptor, transactions=tuple(transactions), poll=poll
            )
        )
        return message, version


def _is_request(transaction: Transaction) -> bool:
    return transaction.descriptor.mode is TransactionMode.REQUEST


def _version_of(present: Present | None) -> Version | None:
    """The version that a session was opened with."""
    return Version(present.session.door["version"]) if present else None


def _answering(request: Transaction | None, answer: Primitive) -> Transaction:
    """The answer to a request, under its transaction id; polls have none."""
    polled = request is None or isinstance(request.content, PollingRequest)
    return Transaction(
        descriptor=TransactionDescriptor(
            mode=TransactionMode.RESPONSE,
            transaction_id=None if polled or request is None else request.descriptor.transaction_id,
        ),
        content=answer,
    )
