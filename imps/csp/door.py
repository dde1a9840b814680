"""The CSP door at its edge: a pure exchange of an HTTP request for an HTTP response.

Whatever reads HTTP hands a request in and writes the response out.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field
from twisted.logger import Logger

from imps.csp.codec.document import NAMESPACES, CodecError, Document
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.exchange import Codec, Exchange
from imps.csp.outbox import Outbox
from imps.csp.primitives.access import Disconnect, PollingRequest
from imps.csp.primitives.discovery import (
    VersionList,
    WVCSPVersionDiscoveryRequest,
    WVCSPVersionDiscoveryResponse,
)
from imps.csp.primitives.envelope import WVCSPMessage
from imps.csp.repetition import Repetition
from imps.csp.tracing import Tracing
from imps.csp.transactions import Context, Transactions
from imps.http.message import HTTPRequest, HTTPResponse, Page, not_allowed, refused
from imps.model.version import V12
from imps.sap.sessions import Sessions


@define(eq=False)
class Door:
    """Answers CSP messages of any version, in XML and WBXML."""

    _xml: XMLCodec
    _wbxml: WBXMLCodec
    transactions: Transactions
    _sessions: Sessions
    _outbox: Outbox
    _tracing: Tracing
    _pages: Mapping[str, Page] = field(factory=dict)
    _reading: Mapping[str, Repetition] = field(init=False)
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self._reading = {codec.name: Repetition(codec.decode) for codec in (self._xml, self._wbxml)}

    def register(self) -> None:
        """Declare what is served and sent here, without a function that serves it."""
        self.transactions.serve_at_the_door(PollingRequest)
        self.transactions.serve(WVCSPVersionDiscoveryRequest, _discover_versions, outband=True)
        self.transactions.send(Disconnect)

    async def answer(self, request: HTTPRequest) -> HTTPResponse:
        """Answer one HTTP request: 200 whenever there is a transaction to answer. Below some paths
        there are pages; CSP is spoken at all others."""
        path = request.path
        for beginning, page in self._pages.items():
            if path.startswith(beginning):
                return await page(request)
        if request.method != "POST":
            return not_allowed("CSP is spoken by POST", "POST")
        content_type = request.headers.get("content-type", "")
        codec = self._codec(content_type, request.body)
        if codec is None:
            return refused(415, "send CSP in XML or WBXML")
        try:
            document = self._reading[codec.name].decode(request.body)
            if isinstance(document.root, WVCSPVersionDiscoveryResponse):
                raise CodecError("not a request")
            if isinstance(document.root, WVCSPMessage) and not document.root.session.transactions:
                raise CodecError("no transaction")
        except CodecError as problem:
            self._log.debug("Not CSP from {peer}: {problem}", peer=request.peer, problem=problem)
            self._tracing.show_unreadable(request.body, codec, problem)
            return refused(400, str(problem))
        try:
            body = await self._answer(document, codec, request)
        except Exception:
            self._log.failure("A message could not be answered")
            return refused(500, "internal error")
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

    async def _answer(self, document: Document, codec: Codec, request: HTTPRequest) -> bytes:
        root = document.root
        if isinstance(root, WVCSPVersionDiscoveryRequest):
            version = max(document.version or V12, V12)
            return codec.encode(_versions_in_common(root), version)
        assert isinstance(root, WVCSPMessage)
        exchange = Exchange(
            document,
            root.session,
            codec,
            request.body,
            request.peer,
            request.host,
            request.origin,
            self.transactions,
            self._sessions,
            self._outbox,
        )
        if self._tracing.is_on:
            return await self._tracing.answer(exchange, document, request.body, codec)
        return await exchange.answer()


async def _discover_versions(
    context: Context, request: WVCSPVersionDiscoveryRequest
) -> WVCSPVersionDiscoveryResponse:
    """The same in a transaction, where some may look for it."""
    return _versions_in_common(request)


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
