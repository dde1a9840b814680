"""Every message that servers say to each other, in every version, over real sockets."""

from __future__ import annotations

from typing import Any, cast

from twisted.trial.unittest import TestCase

from imps.model.address import Address
from imps.model.version import V11, V12, V13, Version
from imps.ssp.client import Response
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.messages.blocks import MessageInfo, Request, Status
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.envelope import SetupTransaction
from imps.ssp.messages.im import (
    DeliveryResult,
    DeliveryStatusReport,
    SendMessageRequest,
    SendMessageResponse,
)
from imps.ssp.messages.presence import (
    GetPresenceRequest,
    GetPresenceResponse,
    PresenceNotification,
    SubscribeRequest,
    UnsubscribeRequest,
)
from imps.ssp.messages.setup import (
    Disconnect,
    KeepAliveRequest,
    LoginRequest,
    LoginResponse,
    LogoutRequest,
    SendSecretToken,
)
from imps.ssp.served import Asked
from imps.store.partners import Partners
from imps.testing.conformance import shows_messages
from imps.testing.conformance.marks import note_message
from imps.testing.federation import Server, two
from imps.testing.process import until

ANN = Address.parse("wv:ann@north.example")
BO = Address.parse("wv:bo@south.example")
CODEC = XMLCodec()
MESSAGES = (
    SendSecretToken,
    LoginRequest,
    LoginResponse,
    KeepAliveRequest,
    LogoutRequest,
    Disconnect,
    SubscribeRequest,
    UnsubscribeRequest,
    PresenceNotification,
    GetPresenceRequest,
    SendMessageRequest,
    DeliveryStatusReport,
)
REQUESTS: tuple[tuple[Request, Message], ...] = (
    (SubscribeRequest(user_ids=(BO,)), Status(code=200)),
    (UnsubscribeRequest(user_ids=(BO,)), Status(code=200)),
    (PresenceNotification(), Status(code=200)),
    (GetPresenceRequest(user_ids=(BO,)), GetPresenceResponse(status=Status(code=200))),
    (
        SendMessageRequest(message_info=MessageInfo(message_id="m")),
        SendMessageResponse(message_id="m", status=Status(code=200)),
    ),
    (
        DeliveryStatusReport(
            delivery_result=DeliveryResult(status=Status(code=200)),
            message_info=MessageInfo(message_id="m"),
        ),
        Status(code=200),
    ),
)


class VersionsTests(TestCase):
    @shows_messages(V11, *MESSAGES)
    async def test_1_1(self) -> None:
        await self.assert_spoken(V11)

    @shows_messages(V12, *MESSAGES)
    async def test_1_2(self) -> None:
        await self.assert_spoken(V12)

    @shows_messages(V13, *MESSAGES)
    async def test_1_3(self) -> None:
        await self.assert_spoken(V13)

    async def assert_spoken(self, version: Version) -> None:
        """Both say everything to each other; one of them knows no newer version."""
        north, south = await two(self)
        await north.know(south, version_max=version)
        for server in (north, south):
            self.watch(server)
            for request, answer in REQUESTS:
                self.serve(server, type(request), answer)
        for server, other, user in ((north, "south.example", ANN), (south, "north.example", BO)):
            for request, answer in REQUESTS:
                said = await server.federation.partners.ask(other, user, request, 10)
                self.assertEqual(said, answer)
            await server.federation.partners.ask(other, None, KeepAliveRequest(), 10)
        await north.federation.partners.ask("south.example", None, LogoutRequest(), 10)
        await north.federation.partners.ask("south.example", None, KeepAliveRequest(), 10)
        await Partners(north.store.client).remove("south.example")
        await north.federation.known.look()
        await until(lambda: (Disconnect, version) in self.__dict__["seen_messages"])

    def serve(self, server: Server, kind: type[Request], answer: Message) -> None:
        async def served(asked: Asked, request: Message) -> Message:
            self.assertIn(asked.user, (ANN, BO))
            return answer

        server.federation.served.serve(kind, served, needs_user=True)

    def watch(self, server: Server) -> None:
        """Note what a server posts and is accepted, in the version that the document names."""
        client: Any = server.federation.client
        real = client.post

        async def post(*arguments: Any) -> Response:
            response: Response = await real(*arguments)
            if response.status == 200:
                message = CODEC.decode(arguments[2])
                content = message.content
                parts = (content,) if isinstance(content, SetupTransaction) else None
                for each in parts or cast(Any, content).transactions:
                    note_message(self, type(each.message), message.version)
            return response

        watching = Watching(post, client.close)
        server.federation.posts._client = cast(Any, watching)
        server.federation.handshakes.steps.client = cast(Any, watching)


class Watching:
    """A client whose posts are seen."""

    def __init__(self, post: Any, close: Any) -> None:
        self.post = post
        self.close = close
