"""A client's connection for CIR, to a server that is played here."""

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from imps.channel import ANSWER_SECONDS, PING_SECONDS, Channel


class ChannelTests(SynchronousTestCase):
    def setUp(self):
        self.reactor = MemoryReactorClock()
        self.calls = 0
        self.channel = Channel("127.0.0.1", 3171, "00abc", self.woken, self.reactor)
        self.channel.open()

    def woken(self):
        self.calls += 1

    def connected(self):
        """The server takes the latest connection; it, and what is said on it."""
        host, port, factory, *_ = self.reactor.tcpClients[-1]
        self.assertEqual((host, port), ("127.0.0.1", 3171))
        line = factory.buildProtocol(None)
        transport = StringTransport()
        line.makeConnection(transport)
        return line, transport

    def greeted(self):
        line, transport = self.connected()
        self.assertEqual(transport.value(), b"HELO 00abc\r\n")
        transport.clear()
        line.dataReceived(b"OK\r\n")
        return line, transport

    def seconds_to_the_next(self):
        """Wait until it connects again; how long that took."""
        begun, attempts = self.reactor.seconds(), len(self.reactor.tcpClients)
        while len(self.reactor.tcpClients) == attempts:
            self.assertLess(self.reactor.seconds() - begun, 60)
            self.reactor.advance(0.1)
        return self.reactor.seconds() - begun

    def lose(self, line):
        line.connectionLost(Failure(ConnectionDone()))

    def test_client_looks_when_it_is_greeted_and_when_it_is_woken(self):
        line, _ = self.greeted()
        self.assertEqual((self.calls, self.channel.is_open), (1, True))
        for each in b"WVCI 1.2 imps\r\n":
            line.dataReceived(bytes([each]))
        self.assertEqual(self.calls, 2)

    def test_wake_up_may_come_with_the_ok(self):
        line, _ = self.connected()
        line.dataReceived(b"OK\r\nWVCI 1.2 imps\r\n")
        self.assertEqual(self.calls, 2)

    def test_silence_is_broken(self):
        line, transport = self.greeted()
        self.reactor.advance(PING_SECONDS)
        self.assertEqual(transport.value(), b"PING\r\n")
        line.dataReceived(b"OK\r\n")
        self.reactor.advance(ANSWER_SECONDS)
        self.assertFalse(transport.disconnecting)

    def test_server_that_does_not_answer_is_left(self):
        for stage in (self.connected, self.greeted):
            line, transport = stage()
            self.reactor.advance(PING_SECONDS)
            self.reactor.advance(ANSWER_SECONDS)
            self.assertTrue(transport.disconnecting)
            self.lose(line)
            self.seconds_to_the_next()

    def test_connection_that_is_lost_is_made_again_after_a_while(self):
        line, _ = self.greeted()
        self.lose(line)
        self.assertEqual((self.calls, self.channel.is_open), (2, False))
        for pause in (3, 9, 27, 27):
            self.assertApproximates(self.seconds_to_the_next(), pause, 1)
            factory = self.reactor.tcpClients[-1][2]
            factory.clientConnectionFailed(None, Failure(ConnectionRefusedError()))
        self.seconds_to_the_next()
        line, _ = self.greeted()
        self.assertEqual(self.calls, 3)
        self.lose(line)
        self.assertApproximates(self.seconds_to_the_next(), 3, 1)

    def test_server_that_knows_no_such_session_is_asked_again_later(self):
        line, _ = self.connected()
        self.lose(line)
        self.assertEqual(self.calls, 0)
        self.seconds_to_the_next()
        self.greeted()
        self.assertTrue(self.channel.is_open)

    def test_closed_channel_leaves_nothing(self):
        for stage in (lambda: (None, None), self.connected, self.greeted):
            self.setUp()
            line, transport = stage()
            closing = Deferred.fromCoroutine(self.channel.close())
            if line is not None:
                self.assertTrue(transport.disconnecting)
                self.lose(line)
            self.successResultOf(closing)
            calls = self.calls
            self.reactor.advance(10_000)
            self.assertEqual((self.calls, len(self.reactor.tcpClients)), (calls, 1))
