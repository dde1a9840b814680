"""What the server sends on its own account: messages and reports, until they are answered."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from imps.csp.codec.xml import XMLCodec
from imps.csp.door import HTTPRequest
from imps.csp.primitives.access import Disconnect, LoginRequest, LoginResponse, PollingRequest
from imps.csp.primitives.common import Result, Status
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.envelope import (
    Session,
    SessionDescriptor,
    Transaction,
    TransactionDescriptor,
    WVCSPMessage,
)
from imps.csp.primitives.identity import ClientID, Recipient, Sender, User
from imps.csp.primitives.im import (
    DeliveryReportRequest,
    MessageDelivered,
    MessageInfo,
    NewMessage,
    SendMessageRequest,
    SendMessageResponse,
)
from imps.csp.primitives.values import SessionType, TransactionMode
from imps.elements.directory import Directory
from imps.model.address import Address
from imps.model.version import V12
from imps.store.accounts import Accounts
from imps.tap import http_door, instant_messaging
from imps.testing.store import StoreTestCase

CODEC = XMLCodec()


class Line:
    """A client at the pure edge of the door, who says just what a test has it say."""

    def __init__(self, answer: Any, user: str, client: str) -> None:
        self._answer = answer
        self.user = Address.parse(user)
        self._client = ClientID(url=client)
        self.session_id: str | None = None
        self._next = 0

    async def post(self, *transactions: Transaction) -> WVCSPMessage | None:
        inband = SessionType.INBAND if self.session_id else SessionType.OUTBAND
        descriptor = SessionDescriptor(session_type=inband, session_id=self.session_id)
        session = Session(descriptor=descriptor, transactions=transactions)
        return await self.post_octets(CODEC.encode(WVCSPMessage(session=session), V12))

    async def post_octets(self, octets: bytes) -> WVCSPMessage | None:
        response = await self._answer(
            HTTPRequest(
                method="POST", headers={"content-type": "text/xml"}, body=octets, peer="127.0.0.1"
            )
        )
        assert response.status == 200
        if not response.body:
            return None
        root = CODEC.decode(response.body).root
        assert isinstance(root, WVCSPMessage)
        return root

    async def ask(self, request: Primitive) -> Primitive:
        self._next += 1
        answer = await self.post(self.request(request, str(self._next)))
        assert answer is not None
        return answer.session.transactions[0].content

    @staticmethod
    def request(request: Primitive, transaction_id: str | None) -> Transaction:
        descriptor = TransactionDescriptor(
            mode=TransactionMode.REQUEST, transaction_id=transaction_id
        )
        return Transaction(descriptor=descriptor, content=request)

    async def sign_on(self) -> None:
        request = LoginRequest(
            user_id=self.user, client_id=self._client, password="secret", session_cookie="c"
        )
        self.session_id = None
        response = await self.ask(request)
        assert isinstance(response, LoginResponse), response
        self.session_id = response.session_id

    async def send(self, *recipients: str, text: str = "hi", report: bool = False) -> str:
        response = await self.ask(message_to(self.user, *recipients, text=text, report=report))
        assert isinstance(response, SendMessageResponse), response
        return response.message_id or ""

    async def poll(self) -> Transaction | None:
        answer = await self.post(self.request(PollingRequest(), None))
        return answer.session.transactions[0] if answer else None

    async def say(self, answer: Primitive, to: Transaction) -> Transaction | None:
        """Answer a request of the server, and take what comes in return."""
        descriptor = TransactionDescriptor(
            mode=TransactionMode.RESPONSE, transaction_id=to.descriptor.transaction_id
        )
        answered = await self.post(Transaction(descriptor=descriptor, content=answer))
        return answered.session.transactions[0] if answered else None


def message_to(
    sender: Address, *recipients: str, text: str = "hi", report: bool = False
) -> SendMessageRequest:
    users = tuple(User(user_id=Address.parse(each)) for each in recipients)
    return SendMessageRequest(
        delivery_report=report,
        message_info=MessageInfo(
            recipient=Recipient(users=users),
            sender=Sender(user=User(user_id=sender)),
            content_size=len(text),
        ),
        content_data=text,
    )


def text_of(transaction: Transaction | None) -> str | bytes | None:
    assert transaction is not None
    assert isinstance(transaction.content, NewMessage), transaction.content
    return transaction.content.content_data


def delivered(transaction: Transaction) -> MessageDelivered:
    assert isinstance(transaction.content, NewMessage)
    return MessageDelivered(message_id=transaction.content.message_info.message_id or "")


OK = Status(result=Result(code=200))


class OutboxTestCase(StoreTestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        im = instant_messaging(self.settings, self.store, self.clock)
        self.im = im
        self.door = http_door(self.settings, self.store, im, self.clock)
        accounts = Accounts(self.store.client, self.store.buckets)
        directory = Directory(accounts, self.store.secrets, self.store.domains, self.clock)
        for user in ("ann", "bob"):
            await directory.add(Address(user), "secret")
        self.ann, self.bob = self.line("ann"), self.line("bob")
        await self.ann.sign_on()
        await self.bob.sign_on()

    def line(self, user: str, client: str = "phone") -> Line:
        return Line(self.door._answer, user, client)


class NewMessageTests(OutboxTestCase):
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

    async def test_message_waits_for_the_next_session_after_three_tries(self) -> None:
        await self.ann.send("bob")
        for _ in range(3):
            self.assertEqual(text_of(await self.bob.poll()), "hi")
            self.clock.advance(30)
        self.assertIsNone(await self.bob.poll())
        await self.ann.send("bob", text="next")
        self.assertEqual(text_of(await self.bob.poll()), "next")
        other = self.line("bob", "other phone")
        await other.sign_on()
        self.assertEqual(text_of(await other.poll()), "hi")

    async def test_every_session_gets_a_copy_and_a_later_one_none_of_what_arrived(self) -> None:
        tablet, late = self.line("bob", "tablet"), self.line("bob", "late")
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

    async def test_expired_message_is_not_delivered(self) -> None:
        await self.ann.send("bob")
        self.clock.advance(3600)
        await self.bob.poll()
        await self.ann.sign_on()
        self.clock.advance(86_400 - 3600)
        await self.bob.sign_on()
        self.assertIsNone(await self.bob.poll())

    async def test_refused_message_is_left_to_the_next_session(self) -> None:
        await self.ann.send("bob")
        first = await self.bob.poll()
        assert first is not None
        refusal = Status(result=Result(code=415))
        self.assertIsNone(await self.bob.say(refusal, first))
        self.clock.advance(60)
        self.assertIsNone(await self.bob.poll())
        await self.bob.sign_on()
        self.assertEqual(text_of(await self.bob.poll()), "hi")

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


class RepetitionTests(OutboxTestCase):
    def octets(self, line: Line, text: str, transaction_id: str) -> bytes:
        descriptor = SessionDescriptor(session_type=SessionType.INBAND, session_id=line.session_id)
        request = line.request(message_to(line.user, "bob", text=text), transaction_id)
        session = Session(descriptor=descriptor, transactions=(request,))
        return CODEC.encode(WVCSPMessage(session=session), V12)

    async def waiting(self) -> int:
        bob = Address.parse("wv:bob@localhost")
        prefix = self.store.buckets.prefix_of(bob)
        count: int = await self.store.client.execute("ZCARD", f"{prefix}queue:{bob}")
        return count

    async def forget_answers(self) -> None:
        """Wait until an answer is kept, for which nobody else waits, and forget it."""
        while not (keys := await self.store.client.execute("KEYS", "*answers:*")):
            pass
        await self.store.client.execute("DEL", *[each.decode() for each in keys])

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
        await self.forget_answers()
        answer = await self.ann.post_octets(self.octets(self.ann, "two", "7"))
        assert answer is not None
        refused = answer.session.transactions[0].content
        assert isinstance(refused, Status)
        self.assertEqual(refused.result.code, 420)


class ReportTests(OutboxTestCase):
    async def report(self, line: Line) -> Transaction:
        transaction = await line.poll()
        assert transaction is not None
        self.assertIsInstance(transaction.content, DeliveryReportRequest)
        return transaction

    async def arrive(self, text: str = "hi") -> None:
        transaction = await self.bob.poll()
        self.assertEqual(text_of(transaction), text)
        assert transaction is not None
        await self.bob.say(delivered(transaction), transaction)

    async def test_arrival_is_reported_once(self) -> None:
        tablet = self.line("bob", "tablet")
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


class EndedSessionTests(OutboxTestCase):
    async def test_client_that_signs_on_again_ends_its_old_session(self) -> None:
        again = self.line("bob")
        await again.sign_on()
        goodbye = await self.bob.poll()
        assert goodbye is not None
        self.assertEqual(goodbye.content, Disconnect(result=Result(code=601)))
        self.assertEqual(goodbye.descriptor.mode, TransactionMode.REQUEST)
        self.assertIsNone(await self.bob.say(OK, goodbye))
        gone = await self.bob.poll()
        assert gone is not None and isinstance(gone.content, Status)
        self.assertEqual(gone.content.result.code, 604)

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
