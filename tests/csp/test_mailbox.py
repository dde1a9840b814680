"""Messages that wait, at the edge of the door: listed, rejected and sent on, unread."""

from __future__ import annotations

from typing import Any

from imps.csp.primitives.common import DetailedResult, Result, Status
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.identity import Recipient, Sender, User
from imps.csp.primitives.im import (
    DeliveryReportRequest,
    ForwardMessageRequest,
    ForwardMessageResponse,
    GetMessageListRequest,
    GetMessageListResponse,
    MessageInfo,
    MessageNotification,
    NewMessage,
    RejectMessageRequest,
    SetDeliveryMethodRequest,
)
from imps.model.address import Address
from imps.model.capability import DeliveryMethod
from imps.model.version import V11, V13
from imps.store.messages import DISPOSALS
from imps.testing.conformance import ALL, shows, shows_feature
from imps.testing.door import EVERY, OK, Speaker, delivered, text_of
from tests.csp.test_notification import NOTIFY, DeliveryTestCase

ANN = Address.parse("wv:ann@localhost")
LOBBY = Address.parse("wv:/lobby@localhost")


def to(*users: str) -> Recipient:
    return Recipient(users=tuple(User(user_id=Address.parse(each)) for each in users))


class MailboxTestCase(DeliveryTestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        await self.directory.add(Address("carl"), "secret")
        self.carl = self.speaker("carl")
        await self.carl.sign_on()

    async def bobs(self) -> Any:
        """Bob, in every version and encoding, who is notified of messages."""
        for version, encoding in EVERY:
            bob = self.speaker("bob", "phone", version, encoding)
            await bob.sign_on()
            await self.offer(bob, NOTIFY)
            yield bob
            listed = await self.listed(bob)
            if listed:
                ids = tuple(each.message_id or "" for each in listed)
                await bob.ask(RejectMessageRequest(message_ids=ids))
            await self.reports(self.ann)

    async def listed(self, speaker: Speaker, **asked: Any) -> tuple[MessageInfo, ...]:
        """What waits, in the shape of each version."""
        answer = await speaker.ask(GetMessageListRequest(**asked))
        assert isinstance(answer, GetMessageListResponse), answer
        if speaker.version is not V13:
            return answer.message_infos
        assert answer.message_total_count is not None
        return answer.message_info_list.message_infos if answer.message_info_list else ()

    async def reports(self, speaker: Speaker) -> list[tuple[int, Address]]:
        """What a sender is told of messages: the code, and of whom."""
        await self.settled()
        reports = []
        transaction = await speaker.poll()
        while transaction is not None:
            content: Any = transaction.content
            assert isinstance(content, DeliveryReportRequest), content
            (user,) = content.message_info.recipient.users
            reports.append((int(content.result.code), user.user_id))
            transaction = await speaker.say(OK, transaction)
        return reports


class ListTests(MailboxTestCase):
    @shows(GetMessageListRequest, *ALL)
    @shows_feature("messages kept for who is away", "listed and fetched")
    async def test_what_waits_is_listed_in_order_and_not_more_than_is_wanted(self) -> None:
        async for bob in self.bobs():
            ids = [await self.ann.send("bob", text=f"hello {n}") for n in range(3)]
            infos = await self.listed(bob)
            self.assertEqual([each.message_id for each in infos], ids)
            self.assertEqual({each.content_size for each in infos}, {7})
            self.assertEqual(infos[0].sender, Sender(user=User(user_id=ANN)))
            first = await bob.ask(GetMessageListRequest(message_count=1))
            assert isinstance(first, GetMessageListResponse)
            (only,) = await self.listed(bob, message_count=1)
            self.assertEqual(only.message_id, ids[0])
            if bob.version is V13:
                self.assertEqual(first.message_total_count, 3)

    async def test_group_that_is_not_there_is_800(self) -> None:
        async for bob in self.bobs():
            for request in (
                GetMessageListRequest(group_id=LOBBY),
                SetDeliveryMethodRequest(delivery_method=NOTIFY, group_id=LOBBY),
            ):
                answer: Any = await bob.ask(request)
                self.assertEqual(answer.result.code, 800)


class RejectTests(MailboxTestCase):
    @shows(RejectMessageRequest, *ALL)
    async def test_what_is_rejected_is_gone_and_its_sender_is_told(self) -> None:
        async for bob in self.bobs():
            ids = [await self.ann.send("bob", report=True) for _ in range(2)]
            self.assertEqual(await bob.ask(RejectMessageRequest(message_ids=(ids[0],))), OK)
            self.assertEqual(await self.reports(self.ann), [(538, bob.user.at_home("localhost"))])
            self.assertEqual([each.message_id for each in await self.listed(bob)], ids[1:])
            answer = await bob.ask(RejectMessageRequest(message_ids=(ids[0], ids[1])))
            named = () if bob.version is V11 else (ids[0],)
            gone = DetailedResult(code=426, message_ids=named)
            self.assertEqual(answer, Status(result=Result(code=201, detailed_results=(gone,))))
            answer = await bob.ask(RejectMessageRequest(message_ids=(ids[0],)))
            self.assertEqual(answer, Status(result=Result(code=426)))

    async def test_to_reject_nothing_is_402(self) -> None:
        request = self.bob.request(RejectMessageRequest(message_ids=("m0",)), "r")
        octets = self.bob.octets_of(request).replace(b"<MessageID>m0</MessageID>", b"")
        answer: Any = await self.bob.post_octets(octets)
        self.assertEqual(answer.session.transactions[0].content.result.code, 402)

    async def test_message_in_flight_can_be_rejected(self) -> None:
        message_id = await self.ann.send("bob", report=True)
        self.assertEqual(text_of(await self.bob.poll()), "hi")
        self.assertEqual(await self.bob.ask(RejectMessageRequest(message_ids=(message_id,))), OK)
        await self.ann.send("bob", text="next")
        self.assertEqual(text_of(await self.bob.poll()), "next")


class ForwardTests(MailboxTestCase):
    async def forward(self, bob: Speaker, message_id: str, *users: str, **said: Any) -> Primitive:
        request = ForwardMessageRequest(message_id=message_id, recipient=to(*users), **said)
        return await bob.ask(request)

    @shows(ForwardMessageRequest, *ALL)
    @shows_feature("announced messages forwarded or rejected")
    async def test_message_is_sent_on_unread_and_its_sender_is_told(self) -> None:
        async for bob in self.bobs():
            message_id = await self.ann.send("bob", text="for Carl", report=True)
            answer = await self.forward(bob, message_id, "carl")
            if bob.version is V13:
                assert isinstance(answer, ForwardMessageResponse), answer
            else:
                self.assertEqual(answer, OK)
            new = await self.carl.poll()
            assert new is not None and isinstance(new.content, NewMessage)
            self.assertEqual(text_of(new), "for Carl")
            info = new.content.message_info
            assert info.sender is not None and info.sender.user is not None
            self.assertEqual(info.sender.user.user_id, bob.user.at_home("localhost"))
            self.assertNotEqual(info.message_id, message_id)
            await self.carl.say(delivered(new), new)
            self.assertEqual(await self.reports(self.ann), [(541, bob.user.at_home("localhost"))])
            self.assertEqual(await self.listed(bob), ())
            self.assertEqual(await self.code(bob, message_id), 426)

    async def test_message_that_cannot_be_sent_on_stays(self) -> None:
        async for bob in self.bobs():
            message_id = await self.ann.send("bob", report=True)
            for users, code in ((("nobody",), 531), ((), 400)):
                answer: Any = await self.forward(bob, message_id, *users)
                self.assertEqual(answer.result.code, code)
            # Bob has a list, with nobody in it.
            friends = Recipient(contact_lists=(Address.parse("wv:bob/friends@localhost"),))
            request = ForwardMessageRequest(message_id=message_id, recipient=friends)
            answer = await bob.ask(request)
            self.assertEqual(answer.result.code, 400)
            self.assertEqual(len(await self.listed(bob)), 1)
            self.assertEqual(await self.reports(self.ann), [])
            answer = await self.forward(bob, "m0", "carl")
            self.assertEqual(answer.result.code, 426)
            if bob.version is V13:
                ann = Sender(user=User(user_id=ANN))
                answer = await self.forward(bob, message_id, "carl", sender=ann)
                self.assertEqual(answer.result.code, 427)
            answer = await self.forward(bob, message_id, "carl", "nobody")
            self.assertEqual(answer.result.code, 201)
            new = await self.carl.poll()
            assert new is not None
            await self.carl.say(delivered(new), new)


class RepetitionTests(MailboxTestCase):
    """A client says again what was done and not answered: it gets the answer that it missed."""

    async def repeated(self, bob: Speaker, *requests: Primitive) -> tuple[list[Primitive], ...]:
        """What requests in one message are answered, and when they come again, the process that
        did them having died before it could answer."""
        numbered = [bob.request(each, f"r{n}") for n, each in enumerate(requests)]
        octets = bob.octets_of(*numbered)
        answers = []
        for _ in range(2):
            answer = await bob.post_octets(octets)
            assert answer is not None
            answers.append([each.content for each in answer.session.transactions])
            (key,) = await self.store.client.execute("KEYS", f"*answers:{bob.session_id}")
            await self.store.client.execute("DEL", key.decode())
        return tuple(answers)

    async def test_what_was_rejected_is_said_to_be(self) -> None:
        async for bob in self.bobs():
            ids = tuple([await self.ann.send("bob", report=True) for _ in range(3)])
            first, again = await self.repeated(
                bob,
                RejectMessageRequest(message_ids=(ids[0], "m0")),
                RejectMessageRequest(message_ids=ids[:2]),
            )
            self.assertEqual([each.result.code for each in first], [201, 201])  # type: ignore[attr-defined]
            self.assertEqual(again, first)
            self.assertEqual(len(await self.reports(self.ann)), 2)
            self.assertEqual([each.message_id for each in await self.listed(bob)], [ids[2]])

    async def test_what_was_sent_on_is_said_to_be_and_not_sent_again(self) -> None:
        async for bob in self.bobs():
            ids = [await self.ann.send("bob", text=text) for text in ("one", "two")]
            first, again = await self.repeated(
                bob,
                ForwardMessageRequest(message_id=ids[0], recipient=to("carl")),
                ForwardMessageRequest(message_id=ids[1], recipient=to("carl", "nobody")),
            )
            self.assertEqual(again, first)
            done: Any = first[0]
            new: Any = await self.carl.poll()
            if bob.version is V13:
                self.assertEqual(done.message_id, new.content.message_info.message_id)
            else:
                self.assertEqual(done, OK)
            partly: Any = first[1]
            self.assertEqual(partly.result.code, 201)
            self.assertEqual(partly.result.detailed_results[0].code, 531)
            self.assertEqual(text_of(new), "one")
            new = await self.carl.say(delivered(new), new)
            self.assertEqual(text_of(new), "two")
            self.assertIsNone(await self.carl.say(delivered(new), new))

    async def test_what_another_operation_did_is_not_said_again(self) -> None:
        ids = [await self.ann.send("bob") for _ in range(DISPOSALS + 2)]
        for message_id in ids[1:]:
            request = ForwardMessageRequest(message_id=message_id, recipient=to("carl"))
            self.assertEqual(await self.bob.ask(request), OK)
            answer: Any = await self.bob.ask(request)
            self.assertEqual(answer.result.code, 426)
        (key,) = await self.store.client.execute("KEYS", "*disposals:*")
        self.assertEqual(await self.store.client.execute("LLEN", key.decode()), DISPOSALS)
        self.assertGreater(await self.store.client.execute("TTL", key.decode()), 0)


class DeliveryMethodTests(MailboxTestCase):
    @shows(SetDeliveryMethodRequest, *ALL)
    @shows_feature("how messages are delivered, chosen and changed", "changed later")
    async def test_client_changes_its_mind(self) -> None:
        async for bob in self.bobs():
            request = SetDeliveryMethodRequest(delivery_method=DeliveryMethod.PUSH)
            self.assertEqual(await bob.ask(request), OK)
            await self.ann.send("bob", text="pushed")
            new = await bob.poll()
            self.assertEqual(text_of(new), "pushed")
            assert new is not None
            await bob.say(delivered(new), new)
            if bob.version is not V13:
                request = SetDeliveryMethodRequest(
                    delivery_method=DeliveryMethod.PUSH, accepted_content_length=5
                )
                self.assertEqual(await bob.ask(request), OK)
                await self.ann.send("bob", text="too long")
                notification = await self.notified(bob)
                assert isinstance(notification.content, MessageNotification)
                message_id = notification.content.message_info.message_id or ""
                self.assertEqual(await self.code(bob, message_id), 432)
                await bob.say(OK, notification)
