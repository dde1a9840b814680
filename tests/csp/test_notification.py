"""Messages that a client is notified of, and fetches: by what its session agreed."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from attrs import evolve

from imps.csp.primitives.access import (
    Functions,
    KeepAliveRequest,
    ServiceRequest,
)
from imps.csp.primitives.capability import AcceptedContentType
from imps.csp.primitives.common import Result, Status
from imps.csp.primitives.envelope import Transaction
from imps.csp.primitives.im import (
    DeliveryReportRequest,
    GetMessageRequest,
    GetMessageResponse,
    MessageDelivered,
    MessageNotification,
    NewMessage,
)
from imps.csp.primitives.services import IMFeat, IMReceiveFunc, WVCSPFeat
from imps.csp.primitives.values import TransferEncoding
from imps.model.capability import DeliveryMethod
from imps.testing.conformance import ALL, shows, shows_feature
from imps.testing.door import EVERY, OK, DoorTestCase, Speaker, delivered, message_to, text_of

PUSH, NOTIFY = DeliveryMethod.PUSH, DeliveryMethod.NOTIFY


class DeliveryTestCase(DoorTestCase):
    async def notified(self, speaker: Speaker) -> Transaction:
        transaction = await speaker.poll()
        assert transaction is not None
        self.assertIsInstance(transaction.content, MessageNotification)
        return transaction

    async def code(self, speaker: Speaker, message_id: str) -> int:
        """With which code an attempt to fetch a message is answered."""
        answer: Any = await speaker.ask(GetMessageRequest(message_id=message_id))
        code: int = answer.result.code
        return code


class NotificationTests(DeliveryTestCase):
    @shows(MessageNotification, GetMessageRequest, *ALL)
    @shows_feature("capabilities respected", "delivery method")
    @shows_feature("how messages are delivered, chosen and changed", "at first, by capabilities")
    async def test_client_is_notified_fetches_and_acknowledges(self) -> None:
        for number, (version, encoding) in enumerate(EVERY):
            bob = self.speaker("bob", "phone", version, encoding)
            await bob.sign_on()
            await self.offer(bob, NOTIFY)
            text = f"hello {number}"
            message_id = await self.ann.send("bob", text=text, report=True)
            notification = await self.notified(bob)
            info = notification.content.message_info  # type: ignore[attr-defined]
            self.assertEqual((info.message_id, info.content_size), (message_id, len(text)))
            self.assertEqual(info.sender.user.user_id, self.ann.user.at_home("localhost"))
            self.assertIsNone(await bob.say(OK, notification))
            self.assertIsNone(await bob.poll())
            fetched = await bob.ask(GetMessageRequest(message_id=message_id))
            assert isinstance(fetched, GetMessageResponse)
            self.assertEqual(fetched.content_data, text)
            self.assertEqual(await bob.ask(MessageDelivered(message_id=message_id)), OK)
            self.assertEqual((await self.code(bob, message_id)), 426)
            report = await self.ann.poll()
            while report is None:
                report = await self.ann.poll()
            assert isinstance(report.content, DeliveryReportRequest)
            self.assertEqual(report.content.result.code, 200)
            await self.ann.say(OK, report)

    async def test_notification_is_repeated_as_one_and_given_up_after_three_times(self) -> None:
        await self.offer(self.bob, NOTIFY)
        message_id = await self.ann.send("bob")
        first = await self.notified(self.bob)
        await self.offer(self.bob, PUSH)
        for _ in range(2):
            self.clock.advance(30)
            self.assertEqual(await self.bob.poll(), first)
        self.clock.advance(30)
        self.assertIsNone(await self.bob.poll())
        fetched = await self.bob.ask(GetMessageRequest(message_id=message_id))
        self.assertIsInstance(fetched, GetMessageResponse)

    async def test_messages_are_notified_in_order_also_if_a_notification_is_lost(self) -> None:
        ids = await self.answered_one_of("one", "two", "three")
        lost = await self.notified(self.bob)
        # It was lost; the client polls, which brings no later one, nor does anything say so.
        self.assertIsNone(await self.bob.poll())
        answer = await self.bob.post(self.bob.request(KeepAliveRequest(), "k"))
        self.assertIs(answer and answer.session.poll, False)
        await self.offer(self.bob, PUSH)
        self.assertIsNone(await self.bob.poll())
        await self.offer(self.bob, NOTIFY)
        self.clock.advance(30)
        heard: list[Any] = []
        transaction = await self.bob.poll()
        self.assertEqual(transaction, lost)
        while transaction is not None:
            heard.append(transaction.content)
            transaction = await self.bob.say(OK, transaction)
        self.assertEqual([each.message_info.message_id for each in heard], ids)

    async def test_client_that_fetches_without_a_word_is_notified_of_the_next(self) -> None:
        ids = await self.answered_one_of("one", "two")
        await self.notified(self.bob)
        self.assertEqual(await self.bob.ask(MessageDelivered(message_id=ids[0])), OK)
        following: Any = await self.notified(self.bob)
        self.assertEqual(following.content.message_info.message_id, ids[1])

    async def test_client_that_answers_no_more_is_notified_of_all_that_follow(self) -> None:
        ids = await self.answered_one_of("one", "two", "three")
        for _ in range(3):
            first: Any = await self.notified(self.bob)
            self.assertEqual(first.content.message_info.message_id, ids[0])
            self.clock.advance(30)
        for message_id in ids[1:]:
            following: Any = await self.notified(self.bob)
            self.assertEqual(following.content.message_info.message_id, message_id)

    async def answered_one_of(self, *texts: str) -> list[str]:
        """The ids of messages for Bob, whose client is notified, and has answered one notification
        before."""
        await self.offer(self.bob, NOTIFY)
        before = await self.ann.send("bob", text="before")
        self.assertIsNone(await self.bob.say(OK, await self.notified(self.bob)))
        self.assertEqual(await self.bob.ask(MessageDelivered(message_id=before)), OK)
        return [await self.ann.send("bob", text=text) for text in texts]

    @shows_feature("capabilities respected", "content length", "content types")
    async def test_what_is_too_large_or_of_another_type_is_notified(self) -> None:
        types = (AcceptedContentType(content_type="image/gif"),)
        await self.offer(self.bob, accepted_content_length=10, accepted_content_types=types)
        for text, content_type, form in (
            ("short", "text/plain", NewMessage),
            ("rather long", "text/plain", MessageNotification),
            ("GIF89a", "image/gif", NewMessage),
            ("BM", "image/bmp", MessageNotification),
        ):
            request: Any = message_to(self.ann.user, "bob", text=text)
            info: Any = evolve(request.message_info, content_type=content_type)
            await self.ann.ask(evolve(request, message_info=info))
            transaction = await self.bob.poll()
            assert transaction is not None
            self.assertIsInstance(transaction.content, form, text)
            self.clock.advance(1)
            await self.bob.say(OK, transaction)

    async def test_client_that_agreed_on_no_notification_is_pushed_what_fits(self) -> None:
        functions = IMReceiveFunc(newm=True)
        await self.offer(self.bob, NOTIFY, accepted_content_length=10)
        await self.ask_for(self.bob, WVCSPFeat(im_feat=IMFeat(im_receive_func=functions)))
        await self.ann.send("bob", text="too long to be pushed")
        await self.ann.send("bob", text="short")
        self.assertEqual(text_of(await self.bob.poll()), "short")
        other = self.speaker("bob", "other phone")
        await other.sign_on()
        self.assertEqual(text_of(await other.poll()), "too long to be pushed")

    async def ask_for(self, speaker: Speaker, features: WVCSPFeat) -> None:
        functions = Functions(features=features)
        await speaker.ask(ServiceRequest(functions=functions, all_functions_request=False))

    async def test_message_larger_than_a_client_can_read_is_not_given_out(self) -> None:
        await self.offer(self.bob, parser_size=100)
        message_id = await self.ann.send("bob", text="x" * 101)
        await self.bob.say(OK, await self.notified(self.bob))
        self.assertEqual(await self.code(self.bob, message_id), 432)

    @shows_feature("capabilities respected", "content length")
    async def test_message_that_is_too_large_once_it_is_written_is_notified(self) -> None:
        """In XML, and in BASE64, content takes more than it is."""
        for number, (version, encoding) in enumerate(EVERY):
            bob = self.speaker("bob", f"phone {number}", version, encoding)
            await bob.sign_on()
            await self.offer(bob, parser_size=4000)
            request: Any = message_to(self.ann.user, "bob", text=b64encode(bytes(2700)).decode())
            info: Any = evolve(
                request.message_info,
                content_type="image/gif",
                content_encoding=TransferEncoding.BASE64,
            )
            await self.ann.ask(evolve(request, message_info=info))
            await self.ann.send("bob", text="short")
            transaction: Any = await bob.poll()
            if encoding == "wbxml":
                self.assertIsInstance(transaction.content, NewMessage)
                transaction = await bob.say(delivered(transaction), transaction)
            else:
                message_id = transaction.content.message_info.message_id
                self.assertIsInstance(transaction.content, MessageNotification)
                self.assertEqual(await self.code(bob, message_id), 432)
                await bob.ask(MessageDelivered(message_id=message_id))
                transaction = await bob.say(OK, transaction)
            self.assertEqual(text_of(transaction), "short")
            await bob.say(delivered(transaction), transaction)

    async def test_message_that_cannot_be_read_by_who_takes_no_notifications_is_passed_over(
        self,
    ) -> None:
        functions = IMReceiveFunc(newm=True)
        await self.offer(self.bob, parser_size=4000)
        await self.ask_for(self.bob, WVCSPFeat(im_feat=IMFeat(im_receive_func=functions)))
        await self.ann.send("bob", text="<" * 2000)
        await self.ann.send("bob", text="short")
        self.assertEqual(text_of(await self.bob.poll()), "short")

    async def test_refused_notification_leaves_the_message_to_the_next_session(self) -> None:
        await self.offer(self.bob, NOTIFY)
        await self.ann.send("bob")
        await self.bob.say(Status(result=Result(code=400)), await self.notified(self.bob))
        self.assertIsNone(await self.bob.poll())
        await self.bob.sign_on()
        self.assertEqual(text_of(await self.bob.poll()), "hi")
