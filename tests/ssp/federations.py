"""Two servers with stores and sockets of their own, and what a test says through one of them."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import TestCase

from imps.model.address import Address
from imps.model.status import Refusal, StatusCode
from imps.ssp.messages.blocks import MessageInfo, MetaInfo, Status
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.im import SendMessageRequest, SendMessageResponse
from imps.ssp.served import Asked
from imps.store.partner_sessions import PartnerSessions
from imps.testing.federation import Server, two
from imps.testing.process import reactor

ANN, BO = Address.parse("wv:ann@north.example"), Address.parse("wv:bo@south.example")


def message(text: str, user: Address = ANN) -> SendMessageRequest:
    return SendMessageRequest(
        meta_info=MetaInfo.of_user(user, "north.example"), message_info=MessageInfo(message_id=text)
    )


class Mailbox:
    """What a server was sent, and how it answers."""

    def __init__(self, server: Server, answer: Message | None = None) -> None:
        self.got: list[str] = []
        self.asked: list[Asked] = []
        self.answer = answer or SendMessageResponse(status=Status(code=200))
        server.federation.served.serve(SendMessageRequest, self.take, needs_user=True)

    async def take(self, asked: Asked, request: SendMessageRequest) -> Message:
        self.asked.append(asked)
        self.got.append(request.message_info.message_id or "")
        return self.answer


class Answers:
    """What a server learned of what it had queued."""

    def __init__(self, server: Server) -> None:
        self.told: list[tuple[str, str, Message]] = []
        server.federation.served.answered(SendMessageRequest, self.learn)

    async def learn(self, domain: str, request: SendMessageRequest, answer: Message) -> None:
        self.told.append((domain, request.message_info.message_id or "", answer))


class FederationTestCase(TestCase):
    north: Server
    south: Server

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        self.north, self.south = await two(self)

    async def post(
        self, text: str, operation_id: str = "", user: Address = ANN, **more: Any
    ) -> None:
        expires_at = reactor.seconds() + 3600
        await self.north.federation.partners.post(
            "south.example", user, message(text, user), expires_at, operation_id or text, **more
        )

    async def ask(self, request: Any, seconds: float = 10, user: Address | None = ANN) -> Message:
        return await self.north.federation.partners.ask("south.example", user, request, seconds)

    async def sessions(self, server: Server) -> Any:
        other = "south.example" if server is self.north else "north.example"
        return await PartnerSessions(server.store.client, server.store.buckets).all(other)

    async def has_backed_off(self) -> bool:
        saying = self.north.federation.partners._saying
        return bool(await self.keys("*partner-backoff*")) and not saying

    async def keys(self, pattern: str) -> list[str]:
        return [key.decode() for key in await self.north.store.client.execute("KEYS", pattern)]

    async def hurry(self) -> None:
        """Wait for no back-off."""
        for key in await self.keys("*partner-backoff*"):
            await self.north.store.client.execute("DEL", key)
        for key in await self.keys("*partner-lanes*"):
            await self.north.store.client.execute("ZUNIONSTORE", key, 1, key, "WEIGHTS", 0)

    async def assert_refused(self, code: StatusCode, request: Any, seconds: float = 10) -> None:
        with self.assertRaises(Refusal) as caught:
            await self.ask(request, seconds)
        self.assertIs(caught.exception.code, code)
