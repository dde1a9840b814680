"""CIR over TCP, on a real store, with a clock that stands still and octets that go nowhere."""

from __future__ import annotations

from attrs import evolve
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import deferLater
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from imps.csp.cir.tcp import (
    COMMANDS_PER_MINUTE,
    HELLO_SECONDS,
    MAX_LINE_OCTETS,
    CIRConnection,
    CIRLimits,
    TCPDoor,
)
from imps.csp.cir.turns import PAUSE_SECONDS
from imps.csp.primitives.access import Disconnect
from imps.csp.primitives.envelope import Session, SessionDescriptor, WVCSPMessage
from imps.csp.primitives.values import SessionType
from imps.model.version import V12
from imps.store.wakeups import Wakeups
from imps.testing.door import CODECS, DoorTestCase, Speaker, delivered, message_to, text_of
from imps.testing.process import reactor

WVCI = b"WVCI 1.2 c\r\n"
LIMITS = CIRLimits(connections_per_source=2, idle_timeout_seconds=3600)


class Line:
    """A connection to the door, and what came on it."""

    def __init__(self, door: TCPDoor, host: str = "10.0.0.1") -> None:
        connection = door.buildProtocol(IPv4Address("TCP", host, 5000))
        assert connection is not None
        self.connection: CIRConnection = connection
        self.transport = StringTransport()
        connection.makeConnection(self.transport)

    def say(self, text: str) -> None:
        self.connection.dataReceived(text.encode())

    def said(self) -> bytes:
        """What the server has said since this was asked last."""
        value: bytes = self.transport.value()
        self.transport.clear()
        return value

    @property
    def is_closed(self) -> bool:
        closed: bool = self.transport.disconnecting
        return closed

    def lose(self) -> None:
        self.connection.connectionLost(Failure(ConnectionDone()))


class CIRTestCase(DoorTestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.wakeups = Wakeups(self.store.client, self.store.buckets)
        self.wakeups.start()
        self.addCleanup(self.wakeups.close)
        self.news = 0
        self.cir = self.served()

    def served(self, limits: CIRLimits = LIMITS) -> TCPDoor:
        sessions = self.parts.sessions
        cir = TCPDoor(sessions, self.wakeups, limits, self.clock)
        self.addCleanup(cir.hang_up)
        return cir

    async def answer(self, line: Line) -> bytes:
        """What the server says next, or that it closes."""
        while not line.transport.value() and not line.is_closed:
            await deferLater(reactor, 0.002)
        return line.said()

    async def settled(self) -> None:
        """Wait for the looks that are under way: the store answers in order."""
        await self.store.client.execute("PING")

    async def later(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.settled()

    async def greeted(self, speaker: Speaker) -> Line:
        """A connection for a session whose client has been told all there is."""
        line = Line(self.cir)
        line.say(f"HELO {speaker.session_id}\r\n")
        self.assertEqual(await self.answer(line), b"OK\r\n")
        await self.later(0.2)

        def count() -> None:
            self.news += 1

        await self.wakeups.listen(speaker.session_id or "", count)
        return line

    async def heard(self, times: int) -> None:
        """Wait until there was news so many times, and it was looked for."""
        while self.news < times:
            await deferLater(reactor, 0.002)
        await self.later(PAUSE_SECONDS)


class GreetingTests(CIRTestCase):
    async def test_client_is_greeted_in_its_session(self) -> None:
        line = Line(self.cir)
        line.say(f"HELO {self.bob.session_id}\r\n")
        self.assertEqual(await self.answer(line), b"OK\r\n")
        await self.later(0.2)
        self.assertEqual(line.said(), b"")

    async def test_octets_may_come_one_by_one_and_lines_together(self) -> None:
        line = Line(self.cir)
        for each in f"HELO {self.bob.session_id}\r\nPING \r\n":
            line.say(each)
        line.say("ping\nPing  \r\n\r\n")
        said = b""
        while len(said) < 16:
            said += await self.answer(line)
        self.assertEqual(said, b"OK\r\n" * 4)
        self.assertFalse(line.is_closed)

    async def test_unknown_session_is_not_greeted(self) -> None:
        for session_id in ("00unknown", "nonsense", "99" + "a" * 100, f"{self.bob.session_id}0"):
            line = Line(self.cir)
            line.say(f"HELO {session_id}\r\n")
            self.assertEqual(await self.answer(line), b"")
            self.assertTrue(line.is_closed)
            line.lose()

    async def test_session_that_has_expired_is_not_greeted(self) -> None:
        self.clock.advance(10_000)
        line = Line(self.cir)
        line.say(f"HELO {self.bob.session_id}\r\n")
        self.assertEqual(await self.answer(line), b"")
        self.assertTrue(line.is_closed)

    async def test_rubbish_closes_the_connection(self) -> None:
        for rubbish in ("GET / HTTP/1.1\r\n", "HELO\r\n", "PING me\r\n", "\xff\0\r\n", "x" * 300):
            line = Line(self.cir)
            line.say(rubbish)
            self.assertTrue(line.is_closed, rubbish)
            line.say("PING\r\n")
            self.assertEqual(line.said(), b"")
            line.lose()

    async def test_line_that_is_too_long_closes_the_connection(self) -> None:
        line = Line(self.cir)
        line.say(" " * (MAX_LINE_OCTETS + 2))
        self.assertTrue(line.is_closed)

    async def test_who_says_too_much_is_hung_up_on(self) -> None:
        line = Line(self.cir)
        line.say("PING\r\n" * COMMANDS_PER_MINUTE)
        self.assertFalse(line.is_closed)
        line.say("PING\r\n")
        self.assertTrue(line.is_closed)

    async def test_who_reads_nothing_is_hung_up_on(self) -> None:
        line = await self.greeted(self.bob)
        assert line.transport.producer is not None
        line.transport.producer.pauseProducing()
        self.assertTrue(line.is_closed)

    async def test_who_names_no_session_is_hung_up_on(self) -> None:
        line = Line(self.cir)
        self.clock.advance(HELLO_SECONDS - 1)
        line.say("PING\r\n")
        self.clock.advance(0.5)
        self.assertFalse(line.is_closed)
        self.clock.advance(0.5)
        self.assertTrue(line.is_closed)

    async def test_who_is_silent_for_long_is_hung_up_on(self) -> None:
        line = await self.greeted(self.bob)
        for _ in range(3):
            # As rarely as one client does.
            await self.later(1200)
            line.say("PING \r\n")
            self.assertEqual(line.said(), b"OK\r\n")
            await self.bob.poll()
        self.assertFalse(line.is_closed)
        for _ in range(6):
            await self.later(600)
            await self.bob.poll()
        self.assertTrue(line.is_closed)

    async def test_source_has_only_so_many_connections(self) -> None:
        lines = [Line(self.cir) for _ in range(2)]
        self.assertIsNone(self.cir.buildProtocol(IPv4Address("TCP", "10.0.0.1", 1)))
        Line(self.cir, "10.0.0.2")
        lines[0].lose()
        Line(self.cir)

    async def test_one_connection_may_go_on_to_another_session(self) -> None:
        line = await self.greeted(self.bob)
        line.say(f"HELO {self.ann.session_id}\r\n")
        self.assertEqual(await self.answer(line), b"OK\r\n")
        await self.later(0.2)
        await self.ann.send("bob")
        await self.heard(1)
        self.assertEqual(line.said(), b"")
        await self.bob.send("ann")
        self.assertEqual(await self.answer(line), WVCI)

    async def test_second_connection_of_a_session_replaces_the_first(self) -> None:
        first = await self.greeted(self.bob)
        second = await self.greeted(self.bob)
        self.assertTrue(first.is_closed)
        self.assertEqual(first.said(), b"")
        first.lose()
        await self.ann.send("bob")
        self.assertEqual(await self.answer(second), WVCI)
        self.assertEqual(first.said(), b"")

    async def test_connection_that_is_lost_while_it_is_greeted_leaves_nothing(self) -> None:
        line = Line(self.cir)
        line.say(f"HELO {self.bob.session_id}\r\n")
        line.lose()
        await self.settled()
        await self.settled()
        self.assertEqual(line.said(), b"")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_connection_that_is_lost_leaves_nothing(self) -> None:
        line = await self.greeted(self.bob)
        line.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class WakeUpTests(CIRTestCase):
    async def test_client_is_woken_by_a_message(self) -> None:
        line = await self.greeted(self.bob)
        await self.ann.send("bob", text="hello")
        self.assertEqual(await self.answer(line), WVCI)
        self.assertEqual(text_of(await self.bob.poll()), "hello")

    async def test_client_that_repeats_a_request_is_woken_like_any_other(self) -> None:
        line = await self.greeted(self.ann)
        descriptor = SessionDescriptor(
            session_type=SessionType.INBAND, session_id=self.ann.session_id
        )
        sending = self.ann.request(message_to(self.ann.user, "bob"), "1")
        session = Session(descriptor=descriptor, transactions=(sending,))
        octets = CODECS["xml"].encode(WVCSPMessage(session=session), V12)
        for _ in range(2):
            await self.ann.post_octets(octets)
        await self.bob.send("ann")
        self.assertEqual(await self.answer(line), WVCI)

    async def test_client_is_woken_by_a_report(self) -> None:
        line = await self.greeted(self.ann)
        await self.ann.send("bob", report=True)
        message = await self.bob.poll()
        assert message is not None
        await self.bob.say(delivered(message), message)
        self.assertEqual(await self.answer(line), WVCI)

    async def test_what_waits_at_the_greeting_wakes_in_a_segment_of_its_own(self) -> None:
        await self.ann.send("bob")
        line = Line(self.cir)
        line.say(f"HELO {self.bob.session_id}\r\n")
        self.assertEqual(await self.answer(line), b"OK\r\n")
        await self.later(0.19)
        self.assertEqual(line.said(), b"")
        await self.later(0.02)
        self.assertEqual(line.said(), WVCI)

    async def test_wake_up_and_ok_keep_apart(self) -> None:
        line = await self.greeted(self.bob)
        line.say("PING\r\n")
        self.assertEqual(line.said(), b"OK\r\n")
        await self.ann.send("bob")
        await self.heard(1)
        self.assertEqual(line.said(), b"")
        await self.later(0.2)
        self.assertEqual(line.said(), WVCI)
        line.say("PING\r\n")
        self.assertEqual(line.said(), b"")
        self.clock.advance(0.2)
        self.assertEqual(line.said(), b"OK\r\n")

    async def test_it_is_woken_once_until_it_polls(self) -> None:
        line = await self.greeted(self.bob)
        for number in range(3):
            await self.ann.send("bob")
            await self.heard(number + 1)
        self.assertEqual(line.said(), WVCI)
        message = await self.bob.poll()
        while message is not None:
            message = await self.bob.say(delivered(message), message)
        await self.ann.send("bob")
        self.assertEqual(await self.answer(line), WVCI)

    async def test_it_is_woken_again_if_it_does_not_poll(self) -> None:
        line = await self.greeted(self.bob)
        await self.ann.send("bob")
        self.assertEqual(await self.answer(line), WVCI)
        for _ in range(3):
            await self.later(29.9)
            self.assertEqual(line.said(), b"")
            await self.later(0.2)
            self.assertEqual(line.said(), WVCI)
        await self.later(300)
        self.assertEqual(line.said(), b"")
        await self.ann.send("bob")
        self.assertEqual(await self.answer(line), WVCI)

    async def test_what_is_not_acknowledged_wakes_again_when_it_is_due(self) -> None:
        line = await self.greeted(self.bob)
        await self.ann.send("bob", text="one")
        self.assertEqual(await self.answer(line), WVCI)
        self.assertEqual(text_of(await self.bob.poll()), "one")
        await self.ann.send("bob", text="two")
        await self.heard(2)
        self.assertEqual(line.said(), b"")
        await self.later(30)
        self.assertEqual(line.said(), WVCI)
        self.assertEqual(text_of(await self.bob.poll()), "one")

    async def test_client_that_comes_back_gets_at_once_what_was_in_flight(self) -> None:
        line = await self.greeted(self.bob)
        await self.ann.send("bob", text="one")
        self.assertEqual(await self.answer(line), WVCI)
        self.assertEqual(text_of(await self.bob.poll()), "one")
        line.lose()
        line = Line(self.cir)
        line.say(f"HELO {self.bob.session_id}\r\n")
        self.assertEqual(await self.answer(line), b"OK\r\n")
        await self.later(0.2)
        self.assertEqual(line.said(), WVCI)
        self.assertEqual(text_of(await self.bob.poll()), "one")

    async def test_sender_to_itself_is_told_by_the_answer(self) -> None:
        line = await self.greeted(self.bob)
        to_itself = message_to(self.bob.user, "bob")
        answer = await self.bob.post(self.bob.request(to_itself, "to itself"))
        assert answer is not None
        self.assertTrue(answer.session.poll)
        await self.heard(1)
        self.assertEqual(line.said(), b"")
        self.assertIsNotNone(await self.bob.poll())
        await self.later(5)
        self.assertEqual(line.said(), b"")

    async def test_sender_to_itself_that_lost_the_answer_is_woken(self) -> None:
        line = await self.greeted(self.bob)
        await self.bob.send("bob")
        await self.heard(1)
        await self.later(2)
        self.assertEqual(line.said(), WVCI)

    async def test_client_whose_session_the_server_ended_is_woken_once_to_hear_it(self) -> None:
        line = await self.greeted(self.bob)
        accounts = self.parts.directory
        await accounts.suspend(self.bob.user)
        self.assertEqual(await self.answer(line), WVCI)
        self.assertFalse(line.is_closed)
        goodbye = await self.bob.poll()
        assert goodbye is not None
        self.assertIsInstance(goodbye.content, Disconnect)
        await self.later(60)
        self.assertEqual(line.said(), b"")
        await self.later(60)
        self.assertTrue(line.is_closed)

    async def test_connection_of_a_session_that_expires_is_closed(self) -> None:
        self.cir = self.served(evolve(LIMITS, idle_timeout_seconds=100_000))
        line = await self.greeted(self.bob)
        for _ in range(6):
            await self.later(600)
        self.assertFalse(line.is_closed)
        await self.later(600)
        self.assertTrue(line.is_closed)
        self.assertEqual(line.said(), b"")

    async def test_store_that_was_away_wakes_for_what_came_meanwhile(self) -> None:
        line = await self.greeted(self.bob)
        killed = await self.store.client.execute("CLIENT", "KILL", "TYPE", "pubsub")
        self.assertEqual(killed, 1)
        await self.ann.send("bob")
        self.assertEqual(await self.answer(line), WVCI)

    async def test_door_hangs_up_on_those_whom_it_is_about_to_greet(self) -> None:
        for looks in (0, 1):
            line = Line(self.cir)
            line.say(f"HELO {self.bob.session_id}\r\n")
            for _ in range(looks):
                await self.settled()
            self.cir.hang_up()
            self.assertTrue(line.is_closed)
            await self.settled()
            await self.wakeups.listen(self.bob.session_id or "", lambda: None)
            self.assertEqual(line.said(), b"")
            line.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_door_hangs_up_on_everybody(self) -> None:
        lines = [await self.greeted(self.bob), Line(self.cir)]
        self.cir.hang_up()
        self.assertTrue(all(line.is_closed for line in lines))
        for line in lines:
            line.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])
