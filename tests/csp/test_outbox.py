"""What the server sends on its own account: messages and reports, until they are answered."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from attrs import evolve

from imps.csp.primitives.access import (
    ClientCapabilityRequest,
    Disconnect,
    Functions,
    KeepAliveRequest,
    LoginRequest,
    LoginResponse,
    LogoutRequest,
    ServiceRequest,
)
from imps.csp.primitives.capability import CapabilityList
from imps.csp.primitives.common import Result, Status
from imps.csp.primitives.envelope import (
    Session,
    SessionDescriptor,
    Transaction,
    WVCSPMessage,
)
from imps.csp.primitives.identity import ClientID
from imps.csp.primitives.im import (
    DeliveryReportRequest,
    MessageDelivered,
    MessageNotification,
    SendMessageResponse,
)
from imps.csp.primitives.services import PresenceFeat, WVCSPFeat
from imps.csp.primitives.values import SessionType, TransactionMode, TransferEncoding
from imps.model.address import Address
from imps.model.capability import Bearer, ClientType, DeliveryMethod
from imps.model.events import MessageReported
from imps.model.status import StatusCode
from imps.model.version import V12
from imps.store.outboxes import Outboxes
from imps.testing.conformance import shows_feature
from imps.testing.door import CODECS, OK, DoorTestCase, Speaker, delivered, message_to, text_of

REPORT = MessageReported(
    message_id="1",
    sender=Address.parse("wv:ann@localhost"),
    recipient=Address.parse("wv:bob@localhost"),
    code=StatusCode.OK,
    at=0,
    sent_at=0,
    content_type="text/plain",
    content_size=2,
)


class NewMessageTests(DoorTestCase):
    async def test_message_is_in_flight_until_it_is_acknowledged(self) -> None:
        await self.ann.send("bob", text="one")
        await self.ann.send("bob", text="two")
        first = await self.bob.poll()
        self.assertEqual(text_of(first), "one")
        assert first is not None
        self.assertIsNone(await self.bob.poll())
        second = await self.bob.say(delivered(first), first)
        self.assertEqual(text_of(second), "two")
        assert second is not None
        self.assertIsNone(await self.bob.say(delivered(second), second))
        self.assertIsNone(await self.bob.poll())

    async def test_message_is_sent_again_as_it_was_under_its_transaction_id(self) -> None:
        await self.ann.send("bob")
        first = await self.bob.poll()
        self.clock.advance(29)
        self.assertIsNone(await self.bob.poll())
        self.clock.advance(1)
        self.assertEqual(await self.bob.poll(), first)

    async def test_message_is_sent_again_as_it_was_whatever_was_agreed_since(self) -> None:
        self.bob = self.speaker("bob", encoding="wbxml")
        await self.bob.sign_on()
        octets = b64encode(b"\xff\0")
        request: Any = message_to(self.ann.user, "bob", text=octets.decode())
        info: Any = evolve(
            request.message_info,
            content_type="image/gif",
            content_encoding=TransferEncoding.BASE64,
        )
        for _ in range(2):
            await self.ann.ask(evolve(request, message_info=info))
        first = await self.bob.poll()
        self.assertEqual(text_of(first), b"\xff\0")
        capabilities = CapabilityList(
            client_type=ClientType.MOBILE_PHONE,
            initial_delivery_method=DeliveryMethod.PUSH,
            accepted_transfer_encodings=(TransferEncoding.BASE64,),
            supported_bearers=(Bearer.HTTP,),
            multi_trans=1,
            parser_size=10_000,
            accepted_content_length=10_000,
        )
        await self.bob.ask(ClientCapabilityRequest(capability_list=capabilities))
        self.clock.advance(30)
        self.assertEqual(await self.bob.poll(), first)
        assert first is not None
        self.assertEqual(text_of(await self.bob.say(delivered(first), first)), octets.decode())

    async def test_message_waits_for_the_next_session_after_three_tries(self) -> None:
        await self.ann.send("bob")
        for _ in range(3):
            self.assertEqual(text_of(await self.bob.poll()), "hi")
            self.clock.advance(30)
        self.assertIsNone(await self.bob.poll())
        await self.ann.send("bob", text="next")
        self.assertEqual(text_of(await self.bob.poll()), "next")
        other = self.speaker("bob", "other phone")
        await other.sign_on()
        self.assertEqual(text_of(await other.poll()), "hi")

    async def test_every_session_gets_a_copy_and_a_later_one_none_of_what_arrived(self) -> None:
        tablet, late = self.speaker("bob", "tablet"), self.speaker("bob", "late")
        await tablet.sign_on()
        await self.ann.send("bob")
        at_phone = await self.bob.poll()
        assert at_phone is not None
        await self.bob.say(delivered(at_phone), at_phone)
        await late.sign_on()
        self.assertIsNone(await late.poll())
        at_tablet = await tablet.poll()
        self.assertEqual(text_of(at_tablet), "hi")
        assert at_tablet is not None
        await tablet.say(delivered(at_tablet), at_tablet)
        self.assertEqual(await self.store.client.execute("KEYS", "*message:*"), [])

    @shows_feature("messages kept for who is away", "for a bounded time")
    async def test_expired_message_is_not_delivered(self) -> None:
        await self.ann.send("bob")
        self.clock.advance(3600)
        await self.bob.poll()
        await self.ann.sign_on()
        self.clock.advance(86_400 - 3600)
        await self.bob.sign_on()
        self.assertIsNone(await self.bob.poll())

    async def test_client_that_refuses_a_message_is_notified_of_it_instead(self) -> None:
        await self.ann.send("bob")
        first = await self.bob.poll()
        assert first is not None
        refusal = Status(result=Result(code=415))
        notification = await self.bob.say(refusal, first)
        assert notification is not None
        self.assertIsInstance(notification.content, MessageNotification)
        self.assertIsNone(await self.bob.say(OK, notification))
        self.clock.advance(60)
        self.assertIsNone(await self.bob.poll())
        await self.bob.sign_on()
        self.assertEqual(text_of(await self.bob.poll()), "hi")

    async def test_late_acknowledgement_counts(self) -> None:
        await self.ann.send("bob")
        first = await self.bob.poll()
        assert first is not None
        for _ in range(3):
            self.clock.advance(30)
            await self.bob.poll()
        answer = await self.bob.say(delivered(first), first)
        assert answer is not None
        self.assertEqual((answer.content, answer.descriptor.mode), (OK, TransactionMode.RESPONSE))
        self.assertIsNone(await self.bob.say(delivered(first), first))
        await self.bob.sign_on()
        self.assertIsNone(await self.bob.poll())

    async def test_acknowledgement_of_another_message_is_none_of_this(self) -> None:
        await self.ann.send("bob", text="first")
        second = await self.ann.send("bob", text="second")
        first = await self.bob.poll()
        assert first is not None
        answer = await self.bob.say(MessageDelivered(message_id="m0"), first)
        assert answer is not None and isinstance(answer.content, Status)
        self.assertEqual(answer.content.result.code, 426)
        answer = await self.bob.say(MessageDelivered(message_id=second), first)
        assert answer is not None
        self.assertEqual(answer.content, OK)
        self.clock.advance(30)
        self.assertEqual(await self.bob.poll(), first)
        self.assertIsNone(await self.bob.say(delivered(first), first))
        self.assertIsNone(await self.bob.poll())

    async def test_client_that_never_answers_notifications_gets_the_rest(self) -> None:
        capabilities = CapabilityList(
            client_type=ClientType.MOBILE_PHONE,
            initial_delivery_method=DeliveryMethod.PUSH,
            supported_bearers=(Bearer.HTTP,),
            multi_trans=1,
            parser_size=10_000,
            accepted_content_length=5,
        )
        await self.bob.ask(ClientCapabilityRequest(capability_list=capabilities))
        for number in range(7):
            await self.ann.send("bob", text=f"too long {number}")
        await self.ann.send("bob", text="short")
        for _ in range(5):
            transaction = await self.bob.poll()
            assert transaction is not None
            self.assertIsInstance(transaction.content, MessageNotification)
        self.assertEqual(text_of(await self.bob.poll()), "short")
        self.assertIsNone(await self.bob.poll())

    async def test_repeated_acknowledgement_changes_nothing(self) -> None:
        await self.ann.send("bob")
        first = await self.bob.poll()
        assert first is not None
        self.assertIsNone(await self.bob.say(delivered(first), first))
        self.assertIsNone(await self.bob.say(delivered(first), first))

    async def test_acknowledgement_as_a_request_is_answered(self) -> None:
        message_id = await self.ann.send("bob")
        await self.bob.poll()
        for _ in range(2):
            self.assertEqual(await self.bob.ask(MessageDelivered(message_id=message_id)), OK)
        unknown = await self.bob.ask(MessageDelivered(message_id="m0"))
        assert isinstance(unknown, Status)
        self.assertEqual(unknown.result.code, 426)


class RepetitionTests(DoorTestCase):
    def octets(self, speaker: Speaker, text: str, transaction_id: str) -> bytes:
        descriptor = SessionDescriptor(
            session_type=SessionType.INBAND, session_id=speaker.session_id
        )
        request = speaker.request(message_to(speaker.user, "bob", text=text), transaction_id)
        session = Session(descriptor=descriptor, transactions=(request,))
        return CODECS["xml"].encode(WVCSPMessage(session=session), V12)

    async def forget_answers(self) -> None:
        """Forget the answer that is being kept: nobody waits for that."""
        while not (keys := await self.store.client.execute("KEYS", "*answers:*")):
            pass
        await self.store.client.execute("DEL", *[each.decode() for each in keys])

    async def forget_that_it_is_done(self) -> None:
        """Make the request look as if it was still being carried out."""
        (key,) = [
            each.decode() for each in await self.store.client.execute("KEYS", "*transactions:*")
        ]
        record = await self.store.client.execute("HGET", key, "7")
        await self.store.client.execute("HSET", key, "7", record.removesuffix(b" done"))

    async def test_id_that_is_used_again_does_not_get_the_answer_to_what_it_was_used_for(
        self,
    ) -> None:
        first, second = (self.octets(self.ann, text, "7") for text in ("one", "two"))
        answer = await self.ann.post_octets(first)
        other = await self.ann.post_octets(second)
        self.assertNotEqual(other, answer)
        self.assertEqual(await self.ann.post_octets(second), other)
        self.assertEqual(await self.waiting(), 2)

    async def test_repeated_logout_gets_its_answer(self) -> None:
        sending = self.ann.request(message_to(self.ann.user, "bob", text="bye"), "8")
        leaving = self.ann.request(LogoutRequest(), "9")
        for transactions in ((leaving,), (sending, leaving)):
            await self.ann.sign_on()
            descriptor = SessionDescriptor(
                session_type=SessionType.INBAND, session_id=self.ann.session_id
            )
            session = Session(descriptor=descriptor, transactions=transactions)
            octets = CODECS["xml"].encode(WVCSPMessage(session=session), V12)
            answer = await self.ann.post_octets(octets)
            assert answer is not None
            self.assertEqual(answer.session.transactions[-1].content, OK)
            self.assertEqual(await self.ann.post_octets(octets), answer)
        self.assertEqual(await self.waiting(), 1)

    async def test_what_follows_a_logout_has_no_session(self) -> None:
        leaving = self.ann.request(LogoutRequest(), "8")
        sending = self.ann.request(message_to(self.ann.user, "bob"), "9")
        answer = await self.ann.post(leaving, sending)
        assert answer is not None
        codes = [each.content.result.code for each in answer.session.transactions]  # type: ignore[attr-defined]
        self.assertEqual(codes, [200, 604])
        self.assertEqual(await self.waiting(), 0)

    async def waiting(self) -> int:
        bob = Address.parse("wv:bob@localhost")
        prefix = self.store.buckets.prefix_of(bob)
        count: int = await self.store.client.execute("ZCARD", f"{prefix}queue:{bob}")
        return count

    async def test_same_octets_get_the_same_answer_and_do_nothing_twice(self) -> None:
        octets = self.octets(self.ann, "once", "7")
        first = await self.ann.post_octets(octets)
        self.assertEqual(await self.ann.post_octets(octets), first)
        self.assertEqual(await self.waiting(), 1)

    async def test_answer_that_was_not_kept_is_made_again(self) -> None:
        octets = self.octets(self.ann, "once", "7")
        first = await self.ann.post_octets(octets)
        await self.forget_answers()
        self.assertEqual(await self.ann.post_octets(octets), first)
        self.assertEqual(await self.waiting(), 1)

    async def test_answer_that_says_try_again_is_not_kept(self) -> None:
        octets = self.octets(self.ann, "once", "7")
        script = self.store.client._read("store_messages")
        self.store.client._scripts["store_messages"] = evolve(
            script, text=b"return redis.error_reply('MISCONF disk full')", digest="0" * 40
        )
        failed = await self.ann.post_octets(octets)
        assert failed is not None
        refused = failed.session.transactions[0].content
        assert isinstance(refused, SendMessageResponse)
        self.assertEqual(refused.result.code, 503)
        self.store.client._scripts["store_messages"] = script
        answer = await self.ann.post_octets(octets)
        assert answer is not None
        taken = answer.session.transactions[0].content
        assert isinstance(taken, SendMessageResponse)
        self.assertEqual(taken.result.code, 200)
        self.assertEqual(await self.waiting(), 1)

    async def test_other_octets_under_the_same_id_are_another_request(self) -> None:
        await self.ann.post_octets(self.octets(self.ann, "one", "7"))
        await self.ann.post_octets(self.octets(self.ann, "two", "7"))
        self.assertEqual(await self.waiting(), 2)

    async def test_same_octets_after_three_minutes_are_another_request(self) -> None:
        octets = self.octets(self.ann, "again", "7")
        await self.ann.post_octets(octets)
        self.clock.advance(181)
        await self.ann.post_octets(octets)
        self.assertEqual(await self.waiting(), 2)

    async def test_other_request_under_an_id_in_use_is_refused(self) -> None:
        octets = self.octets(self.ann, "one", "7")
        await self.ann.post_octets(octets)
        await self.forget_that_it_is_done()
        answer = await self.ann.post_octets(self.octets(self.ann, "two", "7"))
        assert answer is not None
        refused = answer.session.transactions[0].content
        assert isinstance(refused, Status)
        self.assertEqual(refused.result.code, 420)


class ReportTests(DoorTestCase):
    async def report(self, speaker: Speaker) -> Transaction:
        transaction = await speaker.poll()
        assert transaction is not None
        self.assertIsInstance(transaction.content, DeliveryReportRequest)
        return transaction

    async def arrive(self, text: str = "hi") -> None:
        transaction = await self.bob.poll()
        self.assertEqual(text_of(transaction), text)
        assert transaction is not None
        await self.bob.say(delivered(transaction), transaction)

    async def test_arrival_is_reported_once(self) -> None:
        tablet = self.speaker("bob", "tablet")
        await tablet.sign_on()
        message_id = await self.ann.send("bob", report=True)
        await self.arrive()
        at_tablet = await tablet.poll()
        assert at_tablet is not None
        await tablet.say(delivered(at_tablet), at_tablet)
        report = await self.report(self.ann)
        assert isinstance(report.content, DeliveryReportRequest)
        self.assertEqual(report.content.result.code, 200)
        info = report.content.message_info
        self.assertEqual(info.message_id, message_id)
        self.assertEqual(info.recipient.users[0].user_id, Address.parse("wv:bob@localhost"))
        self.assertIsNone(await self.ann.say(OK, report))
        self.assertIsNone(await self.ann.poll())

    async def test_report_waits_for_a_sender_who_is_away(self) -> None:
        await self.ann.send("bob", report=True)
        self.clock.advance(3700)
        await self.bob.sign_on()
        await self.arrive()
        await self.ann.sign_on()
        await self.report(self.ann)

    async def test_report_without_an_answer_does_not_block_the_rest(self) -> None:
        await self.ann.send("bob", report=True)
        await self.arrive()
        first = await self.report(self.ann)
        await self.bob.send("ann", text="back")
        self.assertEqual(text_of(await self.ann.poll()), "back")
        for _ in range(2):
            self.clock.advance(30)
            self.assertEqual(await self.ann.poll(), first)
        self.clock.advance(30)
        self.assertEqual(text_of(await self.ann.poll()), "back")

    async def test_several_reports_may_be_in_flight_in_order(self) -> None:
        sent = []
        for number in range(7):
            sent.append(await self.ann.send("bob", text=str(number), report=True))
            await self.arrive(str(number))
        reports = [await self.report(self.ann) for _ in range(5)]
        self.assertIsNone(await self.ann.poll())
        sixth = await self.ann.say(OK, reports[0])
        assert sixth is not None
        told = [each.content for each in (*reports, sixth)]
        ids = [
            each.message_info.message_id for each in told if isinstance(each, DeliveryReportRequest)
        ]
        self.assertEqual(ids, sent[:6])

    async def test_report_that_a_session_has_not_answered_is_left_to_the_next(self) -> None:
        reported = []
        for text in ("told", "waiting", "also waiting"):
            reported.append(await self.ann.send("bob", text=text, report=True))
            await self.arrive(text)
        await self.report(self.ann)
        for end in (self.supersede, self.sign_off, self.expire):
            await end()
            self.assertEqual(await self.reported(), reported)

    async def supersede(self) -> None:
        await self.ann.sign_on()

    async def sign_off(self) -> None:
        await self.ann.ask(LogoutRequest())
        await self.ann.sign_on()

    async def expire(self) -> None:
        self.clock.advance(3700)
        await self.ann.sign_on()

    async def reported(self) -> list[str | None]:
        """The messages whose reports come, in order."""
        ids = []
        while (transaction := await self.ann.poll()) is not None:
            assert isinstance(transaction.content, DeliveryReportRequest)
            ids.append(transaction.content.message_info.message_id)
        return ids

    async def test_report_that_another_session_tells_is_not_kept(self) -> None:
        tablet = self.speaker("ann", "tablet")
        await tablet.sign_on()
        await self.ann.send("bob", report=True)
        await self.arrive()
        await self.ann.ask(LogoutRequest())
        await self.ann.sign_on()
        self.assertEqual(await self.reported(), [])
        await self.report(tablet)

    async def test_report_that_no_live_session_was_told_is_told_by_the_one_that_came_since(
        self,
    ) -> None:
        message_id = await self.ann.send("bob", report=True)
        await self.arrive()
        self.clock.advance(1)
        tablet = self.speaker("ann", "tablet")
        await tablet.sign_on()
        await self.ann.ask(LogoutRequest())
        report = await self.report(tablet)
        assert isinstance(report.content, DeliveryReportRequest)
        self.assertEqual(report.content.message_info.message_id, message_id)

    async def agree(self, speaker: Speaker, features: WVCSPFeat) -> None:
        functions = Functions(features=features)
        await speaker.ask(ServiceRequest(functions=functions, all_functions_request=False))

    async def test_report_goes_to_a_session_that_takes_reports(self) -> None:
        message_id = await self.ann.send("bob", report=True)
        await self.ann.ask(LogoutRequest())
        await self.arrive()
        presence = self.speaker("ann", "presence engine")
        await presence.sign_on()
        await self.agree(presence, WVCSPFeat(presence_feat=PresenceFeat()))
        self.assertIsNone(await presence.poll())
        await self.ann.sign_on()
        self.assertEqual(await self.reported(), [message_id])

    async def test_report_is_told_once_a_session_takes_reports(self) -> None:
        presence = self.speaker("ann", "presence engine")
        await presence.sign_on()
        await self.agree(presence, WVCSPFeat(presence_feat=PresenceFeat()))
        message_id = await self.ann.send("bob", report=True)
        await self.ann.ask(LogoutRequest())
        await self.arrive()
        self.assertIsNone(await presence.poll())
        await self.agree(presence, WVCSPFeat())
        report = await self.report(presence)
        assert isinstance(report.content, DeliveryReportRequest)
        self.assertEqual(report.content.message_info.message_id, message_id)

    async def test_later_event_does_not_outlive_the_others_with_it(self) -> None:
        ann = Address.parse("wv:ann@localhost")
        outboxes = Outboxes(self.store.client, self.store.buckets, 10)
        now = self.clock.seconds()
        for number, seconds in (("1", 1000), ("2", 10)):
            event = evolve(REPORT, message_id=number)
            await outboxes.put(ann, event, number, now=now, expires_at=now + seconds)
        prefix = self.store.buckets.prefix_of(ann)
        for kind in ("outbox", "events"):
            key = f"{prefix}{kind}:{self.ann.session_id}"
            self.assertGreater(await self.store.client.execute("TTL", key), 900)
        self.clock.advance(11)
        self.assertEqual(await self.reported(), ["1"])

    async def test_events_behind_a_message_in_flight_are_told_of(self) -> None:
        await self.bob.send("ann", text="first")
        first = await self.ann.poll()
        await self.ann.send("bob", report=True)
        await self.arrive()
        assert first is not None
        # The report is put into the outbox after the arrival was answered.
        while (
            answer := await self.ann.post(self.ann.request(KeepAliveRequest(), "1"))
        ) is None or (not answer.session.poll):
            pass
        await self.report(self.ann)


class EndedSessionTests(DoorTestCase):
    async def goodbye(self) -> Transaction:
        goodbye = await self.bob.poll()
        assert goodbye is not None
        self.assertEqual(goodbye.content, Disconnect(result=Result(code=601)))
        self.assertEqual(goodbye.descriptor.mode, TransactionMode.REQUEST)
        return goodbye

    async def code_of_poll(self) -> int:
        gone = await self.bob.poll()
        assert gone is not None and isinstance(gone.content, Status)
        return gone.content.result.code

    async def test_client_that_signs_on_again_ends_its_old_session(self) -> None:
        again = self.speaker("bob")
        await again.sign_on()
        goodbye = await self.goodbye()
        self.assertIsNone(await self.bob.say(OK, goodbye))
        self.assertEqual(await self.code_of_poll(), 604)

    async def test_client_is_told_again_that_its_session_ended_a_few_times(self) -> None:
        await self.speaker("bob").sign_on()
        first = await self.goodbye()
        self.assertEqual([await self.goodbye(), await self.goodbye()], [first, first])
        self.assertEqual(await self.code_of_poll(), 604)

    async def test_requests_in_a_session_that_was_ended_get_604(self) -> None:
        await self.speaker("bob").sign_on()
        for _ in range(5):
            refused = await self.bob.ask(KeepAliveRequest())
            assert isinstance(refused, Status)
            self.assertEqual(refused.result.code, 604)
        await self.goodbye()

    async def test_session_that_is_resumed_goes_on(self) -> None:
        await self.ann.send("bob")
        first = await self.bob.poll()
        before = self.bob.session_id
        request = LoginRequest(
            user_id=Address("bob"),
            client_id=ClientID(url="phone"),
            password="secret",
            session_cookie="c",
        )
        response = await self.bob.ask(request)
        assert isinstance(response, LoginResponse)
        self.assertEqual(response.session_id, before)
        self.assertEqual(await self.bob.poll(), first)

    async def test_expired_session_is_remembered(self) -> None:
        self.clock.advance(3660)
        expired = await self.bob.poll()
        assert expired is not None and isinstance(expired.content, Status)
        self.assertEqual(expired.content.result.code, 600)
