"""One server, and a test that speaks for its partner over real sockets."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.trial.unittest import TestCase

from imps.http.door import HTTPDoor, HTTPLimits
from imps.http.message import HTTPRequest, HTTPResponse
from imps.model.address import Address
from imps.model.partner import Partner, Profile, TLSMode
from imps.model.version import V13
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.messages.blocks import MessageInfo, MetaInfo, Status
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.envelope import InSession, Mode, Transaction
from imps.ssp.messages.im import SendMessageRequest, SendMessageResponse
from imps.ssp.served import Asked
from imps.store.partner_sessions import PartnerSession, PartnerSessions
from imps.testing.federation import Server, serve
from imps.testing.http import Answer, Line
from imps.testing.process import reactor, until

TYPE = {"Content-Type": "application/vnd.wv.ssp+xml; charset=UTF-8"}
CODEC = XMLCodec()
OTHER = "north.example"
ID = "north-id@north.example"


class Listener:
    """Where a partner gets its posts: what they say, and the status they are answered."""

    def __init__(self, status: int = 200) -> None:
        self.status, self.location = status, ""
        self.posts: list[Any] = []
        self.headers: list[dict[str, str]] = []

    async def listen(self, test: TestCase) -> Listener:
        async def answer(request: HTTPRequest) -> HTTPResponse:
            self.headers.append(dict(request.headers))
            self.posts.append(CODEC.decode(request.body).content)
            headers = {"location": self.location} if self.location else {}
            return HTTPResponse(status=self.status, headers=headers)

        limits = HTTPLimits(
            max_body_octets=1_000_000,
            max_header_octets=10_000,
            connections_per_source=100,
            requests_per_source=10_000,
            body_timeout_seconds=10,
            idle_timeout_seconds=60,
            body_memory_octets=10_000_000,
        )
        door = HTTPDoor(answer, limits, reactor)
        port: Any = await serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(door)
        self.url = f"http://127.0.0.1:{port.getHost().port}/"
        test.addCleanup(port.stopListening)
        test.addCleanup(lambda: Deferred.fromCoroutine(door.finish()))
        return self


class DoorTestCase(TestCase):
    """A server, and the test as its partner north.example, with a session."""

    profile = Profile.OURS
    server: Server
    line: Line

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        self.server = await serve(self, "south.example", **self.limits())
        self.listener = await Listener().listen(self)
        await self.know()
        self.stored = PartnerSessions(self.server.store.client, self.server.store.buckets)
        await self.stored.put(self.session())
        self.line = await Line.to(self.server.url)
        self.addCleanup(self.line.close)
        self.took: list[str] = []
        self.server.federation.served.serve(SendMessageRequest, self.take, needs_user=True)

    def limits(self) -> dict[str, Any]:
        return {}

    async def know(self, **details: Any) -> None:
        said = {"urls": (self.listener.url,), "tls": TLSMode.OFF, "profile": self.profile}
        await self.server.add(Partner(domain=OTHER, **{**said, **details}))

    def session(self, **details: Any) -> PartnerSession:
        now = reactor.seconds()
        said: dict[str, Any] = {
            "own_id": "south-id@south.example",
            "peer_id": ID,
            "own_domain": "south.example",
            "peer_domain": OTHER,
            "url": self.listener.url,
            "identity": (),
            "version": V13,
            "time_to_live": 3600,
            "established_at": now,
            "heard_at": now,
            "is_initiator": False,
        }
        return PartnerSession(**{**said, **details})

    async def take(self, asked: Asked, request: SendMessageRequest) -> Message:
        self.took.append(request.message_info.message_id or "")
        return SendMessageResponse(status=Status(code=200))

    async def post(self, body: bytes | str, headers: dict[str, str] | None = None) -> Answer:
        octets = body.encode() if isinstance(body, str) else body
        if not self.line.is_open:
            self.line = await Line.to(self.server.url)
            self.addCleanup(self.line.close)
        return await self.line.post(octets, TYPE if headers is None else headers)

    async def status(self, body: bytes | str, headers: dict[str, str] | None = None) -> int:
        answer = await self.post(body, headers)
        self.assertEqual(answer.body, b"")
        return answer.status

    def said(self, *messages: Message, id: str = "t1", session_id: str = ID) -> bytes:
        transactions = tuple(
            Transaction(mode=Mode.REQUEST, transaction_id=f"{id}{n or ''}", message=each)
            for n, each in enumerate(messages)
        )
        return CODEC.encode(InSession(session_id=session_id, transactions=transactions))

    def message(self, text: str = "m", user: str = "ann@north.example") -> SendMessageRequest:
        return SendMessageRequest(
            meta_info=MetaInfo.of_user(Address.parse(user), OTHER),
            message_info=MessageInfo(message_id=text),
        )

    async def answers(self, count: int = 1) -> list[Transaction]:
        """What was posted back."""

        def there() -> list[Transaction]:
            return [
                each
                for content in self.listener.posts
                if isinstance(content, InSession)
                for each in content.transactions
            ]

        await until(lambda: len(there()) >= count)
        return there()

    async def code(self, *messages: Message, id: str = "t1") -> int | None:
        """What a partner is told in a Status."""
        before = len(self.listener.posts)
        self.assertEqual(await self.status(self.said(*messages, id=id)), 200)
        await until(lambda: len(self.listener.posts) > before)
        answer = self.listener.posts[-1].transactions[0].message
        return answer.code if isinstance(answer, Status) else answer.status.code


def token(
    domain: str = "wv:@north.example", secret: str = "0123456789abcdef", mode: str = "Request"
) -> str:
    return (
        f'<WV-SSP-Message><SetupTransaction mode="{mode}" transactionID="T{secret}">'
        f'<SendSecretToken serviceID="{domain}" protocol="WV-SSP" protocolVersion="1.3">'
        f"<SecretToken>{secret}</SecretToken></SendSecretToken></SetupTransaction>"
        "</WV-SSP-Message>"
    )
