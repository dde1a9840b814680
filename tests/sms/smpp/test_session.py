from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from imps.sms.smpp.pdu import (
    PDU,
    RESPONSE,
    Bind,
    Command,
    MessageId,
    Reader,
    ShortMessagePDU,
    Status,
)
from imps.sms.smpp.session import (
    IN_HAND,
    RESPONSE_SECONDS,
    UNBIND_SECONDS,
    WINDOW_SECONDS,
    BindRefused,
    Session,
    State,
    Unanswered,
    Unbound,
)

BIND = Bind(system_id="imps", password="secret")
HELLO = ShortMessagePDU(short_message=b"hello")


class SessionTestCase(SynchronousTestCase):
    def setUp(self):
        self.clock, self.line, self.reader = Clock(), StringTransport(), Reader()
        self.delivered, self.confirmed = [], []
        self.status = Status.OK
        self.session = Session(
            self.clock,
            self.deliver,
            window=2,
            enquire_link_seconds=30,
            confirmed=self.confirmed.append,
        )
        self.session.makeConnection(self.line)

    async def deliver(self, pdu, body):
        self.delivered.append(body.short_message)
        if isinstance(self.status, Deferred):
            await self.status
            return Status.OK
        if isinstance(self.status, Exception):
            raise self.status
        return self.status

    def said(self):
        """What the session has said since the last time."""
        found = self.reader.feed(self.line.value())
        self.line.clear()
        return found

    def asked(self, command):
        """The one thing that the session has said, which is this."""
        (pdu,) = self.said()
        self.assertEqual(pdu.command, command)
        return pdu

    def answer(self, pdu, status=0, body=None):
        response = PDU(pdu.command | RESPONSE, pdu.sequence, status, body)
        self.session.dataReceived(response.octets)

    def say(self, command, sequence=1, body=None):
        self.session.dataReceived(PDU(command, sequence, body=body).octets)

    def begin(self, coroutine):
        return Deferred.fromCoroutine(coroutine)

    def bind(self):
        binding = self.begin(self.session.bind(BIND))
        self.answer(self.asked(Command.BIND_TRANSCEIVER))
        self.successResultOf(binding)

    def submit(self):
        return self.begin(self.session.request(Command.SUBMIT_SM, HELLO))


class BindTests(SessionTestCase):
    def test_bind_opens_the_session(self):
        binding = self.begin(self.session.bind(BIND))
        pdu = self.asked(Command.BIND_TRANSCEIVER)
        self.assertEqual(pdu.body, BIND)
        self.assertIs(self.session.state, State.OPEN)
        self.answer(pdu)
        self.successResultOf(binding)
        self.assertIs(self.session.state, State.BOUND)

    def test_bind_that_is_refused_says_why(self):
        binding = self.begin(self.session.bind(BIND))
        self.answer(self.asked(Command.BIND_TRANSCEIVER), Status.INVALID_PASSWORD)
        problem = self.failureResultOf(binding, BindRefused).value
        self.assertEqual(problem.status, Status.INVALID_PASSWORD)
        self.assertTrue(self.line.disconnecting)

    def test_bind_is_not_waited_for_without_end(self):
        binding = self.begin(self.session.bind(BIND))
        self.clock.advance(RESPONSE_SECONDS)
        self.failureResultOf(binding, Unanswered)

    def test_nothing_is_asked_before(self):
        self.failureResultOf(self.submit(), Unbound)
        self.assertEqual(self.said(), [])

    def test_nothing_is_delivered_before(self):
        self.say(Command.DELIVER_SM, body=HELLO)
        self.assertEqual(self.asked(Command.DELIVER_SM_RESP).status, Status.INCORRECT_BIND_STATUS)
        self.assertEqual(self.delivered, [])

    def test_session_ends_in_good_order(self):
        self.bind()
        ending = self.begin(self.session.unbind())
        pdu = self.asked(Command.UNBIND)
        self.failureResultOf(self.submit(), Unbound)
        self.answer(pdu)
        self.successResultOf(ending)
        self.assertTrue(self.line.disconnecting)

    def test_session_ends_although_the_smsc_does_not_answer(self):
        self.bind()
        ending = self.begin(self.session.unbind())
        self.clock.advance(UNBIND_SECONDS)
        self.successResultOf(ending)
        self.assertTrue(self.line.disconnecting)

    def test_smsc_ends_the_session(self):
        self.bind()
        self.say(Command.UNBIND)
        self.asked(Command.UNBIND_RESP)
        self.assertTrue(self.line.disconnecting)
        self.failureResultOf(self.submit(), Unbound)


class RequestTests(SessionTestCase):
    def setUp(self):
        super().setUp()
        self.bind()

    def test_responses_find_their_requests_in_any_order(self):
        first, second = self.submit(), self.submit()
        asked = self.said()
        self.answer(asked[1], body=MessageId(message_id="two"))
        self.answer(asked[0], body=MessageId(message_id="one"))
        self.assertEqual(self.successResultOf(first).body.message_id, "one")
        self.assertEqual(self.successResultOf(second).body.message_id, "two")

    def test_no_more_wait_for_an_answer_than_may(self):
        submitting = [self.submit() for _ in range(3)]
        asked = self.said()
        self.assertEqual(len(asked), 2)
        self.answer(asked[0])
        self.asked(Command.SUBMIT_SM)
        self.successResultOf(submitting[0])
        self.assertNoResult(submitting[2])

    def test_what_waits_for_too_long_was_not_asked(self):
        self.submit()
        self.submit()
        waiting = self.submit()
        self.clock.advance(WINDOW_SECONDS)
        self.failureResultOf(waiting, Unbound)
        for asked in self.said():
            self.answer(asked)
        self.submit()
        self.asked(Command.SUBMIT_SM)

    def test_refusal_is_a_response(self):
        submitting = self.submit()
        pdu = self.asked(Command.SUBMIT_SM)
        nack = PDU(Command.GENERIC_NACK, pdu.sequence, Status.SYSTEM_ERROR)
        self.session.dataReceived(nack.octets)
        self.assertEqual(self.successResultOf(submitting).status, Status.SYSTEM_ERROR)

    def test_answer_is_not_waited_for_without_end(self):
        submitting = self.submit()
        pdu = self.asked(Command.SUBMIT_SM)
        self.clock.advance(RESPONSE_SECONDS)
        self.failureResultOf(submitting, Unanswered)
        self.answer(pdu)
        self.submit()
        self.asked(Command.SUBMIT_SM)

    def test_end_of_the_connection_leaves_it_unanswered(self):
        submitting = [self.submit() for _ in range(3)]
        self.session.connectionLost()
        for each in submitting[:2]:
            self.failureResultOf(each, Unanswered)
        self.failureResultOf(submitting[2], Unbound)
        self.successResultOf(self.session.ended)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_response_to_nothing_changes_nothing(self):
        self.answer(PDU(Command.SUBMIT_SM, 99))
        self.assertEqual(self.said(), [])


class DeliverTests(SessionTestCase):
    def setUp(self):
        super().setUp()
        self.bind()

    def test_what_is_delivered_is_answered_once_it_is_taken(self):
        self.status = Deferred()
        self.say(Command.DELIVER_SM, 7, HELLO)
        self.assertEqual(self.delivered, [b"hello"])
        self.assertEqual(self.said(), [])
        self.status.callback(Status.OK)
        pdu = self.asked(Command.DELIVER_SM_RESP)
        self.assertEqual((pdu.sequence, pdu.status), (7, Status.OK))
        self.assertEqual(self.session.answered, 1)

    def test_what_could_not_be_taken_is_to_come_again(self):
        self.status = RuntimeError("broken")
        self.say(Command.DELIVER_SM, body=HELLO)
        self.assertEqual(self.asked(Command.DELIVER_SM_RESP).status, Status.TEMPORARY_ERROR)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_no_more_is_read_than_can_be_taken(self):
        self.status = Deferred()
        for sequence in range(IN_HAND):
            self.say(Command.DELIVER_SM, sequence, HELLO)
        self.assertEqual(self.line.producerState, "paused")
        self.status.callback(Status.OK)
        self.assertEqual(self.line.producerState, "producing")
        self.assertEqual(len(self.said()), IN_HAND)

    def test_what_is_delivered_when_the_connection_is_gone_is_not_answered(self):
        self.status = Deferred()
        self.say(Command.DELIVER_SM, body=HELLO)
        self.session.connectionLost()
        self.status.callback(Status.OK)
        self.assertEqual(self.said(), [])

    def test_broken_message_is_refused_and_the_session_goes_on(self):
        octets = PDU(Command.DELIVER_SM, 7, body=HELLO).octets[:-1]
        self.session.dataReceived(len(octets).to_bytes(4, "big") + octets[4:])
        pdu = self.asked(Command.DELIVER_SM_RESP)
        self.assertEqual((pdu.sequence, pdu.status), (7, Status.INVALID_COMMAND_LENGTH))
        self.assertFalse(self.line.disconnecting)

    def test_what_is_not_known_is_refused(self):
        self.say(0x103, 7)
        pdu = self.asked(Command.GENERIC_NACK)
        self.assertEqual((pdu.sequence, pdu.status), (7, Status.INVALID_COMMAND_ID))

    def test_what_is_no_smpp_ends_the_connection(self):
        self.session.dataReceived(b"HTTP/1.1 400 Bad Request\r\n")
        self.assertTrue(self.line.disconnected or self.line.disconnecting)


class EnquireLinkTests(SessionTestCase):
    def setUp(self):
        super().setUp()
        self.bind()

    def test_smsc_is_answered(self):
        self.say(Command.ENQUIRE_LINK, 5)
        self.assertEqual(self.asked(Command.ENQUIRE_LINK_RESP).sequence, 5)

    def test_smsc_is_asked_from_time_to_time(self):
        for _ in range(3):
            self.clock.advance(30)
            self.answer(self.asked(Command.ENQUIRE_LINK))
        self.assertFalse(self.line.disconnecting)

    def test_smsc_that_misses_two_is_left(self):
        self.clock.advance(30)
        self.asked(Command.ENQUIRE_LINK)
        self.clock.advance(RESPONSE_SECONDS)
        self.assertFalse(self.line.disconnected or self.line.disconnecting)
        self.clock.advance(30 - RESPONSE_SECONDS)
        self.clock.advance(RESPONSE_SECONDS)
        self.assertTrue(self.line.disconnected or self.line.disconnecting)

    def test_answer_shows_how_much_was_read(self):
        self.say(Command.DELIVER_SM, 1, HELLO)
        self.session.confirm_soon(1)
        self.session.confirm_soon(1)
        self.asked(Command.DELIVER_SM_RESP)
        self.clock.advance(1)
        pdu = self.asked(Command.ENQUIRE_LINK)
        self.say(Command.DELIVER_SM, 2, HELLO)
        self.answer(pdu)
        # The second may not have been read when this was answered.
        self.assertEqual(self.confirmed, [1])
