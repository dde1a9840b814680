"""Messages that wait, are fetched, rejected and sent on, as every scripted client does it."""

from __future__ import annotations

from twisted.internet.task import deferLater

from imps.csp.primitives.blocking import BlockEntityRequest, GetBlockedListRequest
from imps.csp.primitives.im import (
    ForwardMessageRequest,
    GetMessageListRequest,
    GetMessageRequest,
    MessageDelivered,
    MessageNotification,
    RejectMessageRequest,
    SetDeliveryMethodRequest,
)
from imps.model.version import V11, V12
from imps.testing.clients import KINDS, one_of_each
from imps.testing.conformance import ALL, shows, shows_feature
from imps.testing.correspondence import Correspondent, reported
from imps.testing.nokia import Nokia
from imps.testing.process import reactor
from imps.testing.service import ServiceTestCase

LOOK_SECONDS = 0.02


class OneProcessTests(ServiceTestCase):
    async def clients(self) -> list[tuple[Correspondent, Nokia]]:
        """Each client, signed on, with somebody who writes to it and wants reports."""
        users = await self.known(*["ann"] * len(KINDS))
        senders = await self.known(*["bob"] * len(KINDS))
        clients = one_of_each(self, self.urls, users)
        pairs = []
        for number, (client, sender) in enumerate(zip(clients, senders, strict=True)):
            version, encoding = (V11, V12)[number % 2], ("xml", "wbxml")[number // 2 % 2]
            nokia = Nokia(self, self.urls, sender, version, encoding)
            nokia.wants_reports = True
            await client.sign_on()
            await nokia.sign_on()
            pairs.append((client, nokia))
        return pairs

    async def sent(self, sender: Nokia, recipient: str, text: str) -> str:
        """Send a text; its id."""
        sent = await sender.send(recipient, text=text)
        self.assertEqual(sent.code, 200)
        assert sent.message_id is not None
        return sent.message_id

    async def told(self, sender: Nokia, count: int) -> list[tuple[str, int]]:
        """Poll until so many messages are reported: their ids, and what became of them."""
        while len(sender.reports) < count:
            await sender.poll()
            await deferLater(reactor, LOOK_SECONDS)
        return [reported(each) for each in sender.reports]

    @shows(
        SetDeliveryMethodRequest,
        MessageNotification,
        GetMessageListRequest,
        GetMessageRequest,
        MessageDelivered,
        RejectMessageRequest,
        ForwardMessageRequest,
        *ALL,
    )
    @shows_feature("announced messages forwarded or rejected")
    async def test_client_is_notified_and_deals_with_what_waits(self) -> None:
        for client, sender in await self.clients():
            (carl,) = await self.known("carl")
            other = Nokia(self, self.urls, carl)
            await other.sign_on()
            self.assertEqual(await client.deliver_by("N"), 200, client)
            texts = ["to fetch", "to reject", "to forward"]
            ids = [await self.sent(sender, client.user, text) for text in texts]
            while len(client.notified) < len(ids):
                await client.poll()
            self.assertEqual((client.notified, client.received), (ids, []), client)
            self.assertEqual(await client.waiting(), ids)
            self.assertEqual(await client.waiting(at_most=1), ids[:1])
            fetched = await client.fetch(ids[0])
            self.assertEqual((fetched.content, fetched.sender), (texts[0], sender.user))
            self.assertEqual(await client.reject(ids[1]), 200)
            self.assertEqual(await client.forward(ids[2], carl), 200)
            await other.poll()
            self.assertEqual(
                [(each.sender, each.content) for each in other.received],
                [(client.user, texts[2])],
            )
            self.assertEqual(await client.waiting(), [])
            self.assertEqual(await client.reject(ids[0]), 426)
            self.assertEqual(await client.forward(ids[1], carl), 426)
            expected = list(zip(ids, (200, 538, 541), strict=True))
            self.assertEqual(sorted(await self.told(sender, 3)), sorted(expected), client)

    async def test_client_that_wants_so_is_pushed_again(self) -> None:
        for client, sender in await self.clients():
            self.assertEqual(await client.deliver_by("N"), 200)
            self.assertEqual(await client.deliver_by("P"), 200)
            message_id = await self.sent(sender, client.user, "pushed")
            await client.poll()
            self.assertEqual((client.texts, client.notified), (["pushed"], []), client)
            self.assertEqual(await self.told(sender, 1), [(message_id, 200)])
            self.assertEqual(await client.waiting(), [])

    @shows(BlockEntityRequest, GetBlockedListRequest, *ALL)
    async def test_client_blocks_somebody_and_takes_that_back(self) -> None:
        for client, sender in await self.clients():
            self.assertEqual(await client.blocked(), [])
            self.assertEqual(await client.block(sender.user), 200)
            self.assertEqual(await client.blocked(), [sender.user])
            self.assertEqual((await sender.send(client.user, text="hello")).code, 532)
            self.assertEqual(await client.unblock(sender.user), 200)
            self.assertEqual(await client.blocked(), [])
            await self.sent(sender, client.user, "hello again")
            await client.poll()
            self.assertEqual(client.texts, ["hello again"], client)

    async def test_report_comes_to_who_was_away_meanwhile(self) -> None:
        for client, sender in await self.clients():
            message_id = await self.sent(sender, client.user, "read later")
            self.assertEqual(await sender.sign_off(), 200)
            await client.poll()
            self.assertEqual(client.texts, ["read later"])
            await sender.sign_on()
            self.assertEqual(await self.told(sender, 1), [(message_id, 200)])


class TwoProcessTests(OneProcessTests):
    """The same with each request going to the other process than the last."""

    processes = 2
