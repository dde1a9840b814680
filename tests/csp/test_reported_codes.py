"""The codes of what the server says of messages on its own account: what it reports, and what a
client answers."""

from __future__ import annotations

from typing import Any

from imps.csp.primitives.common import Result, Status
from imps.csp.primitives.im import (
    DeliveryReportRequest,
    ForwardMessageRequest,
    GetMessageRequest,
    MessageDelivered,
    MessageNotification,
    NewMessage,
    RejectMessageRequest,
)
from imps.model.capability import DeliveryMethod
from imps.testing.conformance import ALL, shows, shows_feature
from imps.testing.door import EVERY, OK, DoorTestCase, delivered
from tests.csp.message_scene import Scene


async def bob_gets_it(scene: Scene) -> None:
    """Bob acknowledges what is pushed to him."""
    new = await scene.bob.poll()
    assert new is not None
    await scene.bob.say(delivered(new), new)


async def bob_fetches_it(scene: Scene) -> None:
    """Bob fetches what waits for him, and acknowledges that."""
    await scene.bob.ask(GetMessageRequest(message_id=scene.message_id))
    await scene.bob.ask(MessageDelivered(message_id=scene.message_id))


async def bob_rejects_it(scene: Scene) -> None:
    """Bob does not want what waits for him."""
    await scene.bob.ask(RejectMessageRequest(message_ids=(scene.message_id,)))


async def bob_forwards_it(scene: Scene) -> None:
    """Bob sends what waits for him on."""
    recipient = scene.to("carl")
    await scene.bob.ask(ForwardMessageRequest(message_id=scene.message_id, recipient=recipient))


async def nobody_gets_it(scene: Scene) -> None:
    """It waits for Bob for as long as it may."""
    test = scene.test
    test.clock.advance(test.settings.messages.validity_seconds)
    await test.parts.timers.do_all()
    await scene.ann.sign_on()


REPORTED = (
    (200, bob_gets_it),
    (200, bob_fetches_it),
    (538, bob_rejects_it),
    (541, bob_forwards_it),
    (542, nobody_gets_it),
)
"""What a sender is told of a message, and what became of it."""

SAID = (
    # What is sent, what the client says to it, and what it gets then
    (DeliveryMethod.PUSH, 200, None),
    (DeliveryMethod.PUSH, 400, MessageNotification),
    (DeliveryMethod.PUSH, 415, MessageNotification),
    (DeliveryMethod.NOTIFY, 200, None),
    (DeliveryMethod.NOTIFY, 400, None),
)


class ClientCodeTests(DoorTestCase):
    """The codes of what the server says on its own account."""

    @shows(DeliveryReportRequest, *ALL)
    @shows_feature("delivery reports", "arrival", "failure")
    async def test_delivery_report(self) -> None:
        for code, happens in REPORTED:
            for version, encoding in EVERY:
                scene = Scene(self, version, encoding)
                await scene.begin()
                scene.message_id = await scene.say(scene.ann, "bob", report=True)
                await happens(scene)
                await self.settled()
                report: Any = await scene.ann.poll()
                self.assertIsInstance(report.content, DeliveryReportRequest, happens)
                self.assertEqual(report.content.result.code, code, happens)
                info = report.content.message_info
                self.assertEqual(info.message_id, scene.message_id)
                self.assertEqual(info.sender.user.user_id, scene.ann.user)
                self.assertEqual(info.recipient, scene.to("bob"))
                self.assertIsNone(await scene.ann.say(OK, report))
                self.assertIsNone(await scene.ann.poll())

    @shows(NewMessage, MessageNotification, *ALL)
    async def test_new_message_and_message_notification(self) -> None:
        for method, code, then in SAID:
            for version, encoding in EVERY:
                scene = Scene(self, version, encoding)
                await scene.begin()
                await self.offer(scene.ann, method)
                await scene.say(scene.carl, "ann")
                first: Any = await scene.ann.poll()
                pushed = method is DeliveryMethod.PUSH
                self.assertIsInstance(first.content, NewMessage if pushed else MessageNotification)
                second: Any = await scene.ann.say(Status(result=Result(code=code)), first)
                self.assertEqual(second and type(second.content), then)
