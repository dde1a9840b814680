from twisted.internet.error import ConnectionAborted
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from txredisapi import ConnectionError, RedisFactory, ResponseError

from imps.store.connection import Connection

DEADLINE = 1.5


class ConnectionTests(SynchronousTestCase):
    def setUp(self):
        self.clock, self.transport = Clock(), StringTransport()
        self.connection = Connection(self.clock)
        self.connection.factory = RedisFactory(None, None, 1)
        self.connection.makeConnection(self.transport)

    def send(self, *command):
        return self.connection.send(DEADLINE, *command)

    def test_commands_of_one_turn_are_written_together_by_their_words(self):
        self.send("SET", b"caf\xc3\xa9", 7)
        self.send("GET", "caf\u00e9")
        self.assertEqual(self.transport.value(), b"")
        self.clock.advance(0)
        self.assertEqual(
            self.transport.value(),
            b"*3\r\n$3\r\nSET\r\n$5\r\ncaf\xc3\xa9\r\n$1\r\n7\r\n"
            b"*2\r\n$3\r\nGET\r\n$5\r\ncaf\xc3\xa9\r\n",
        )

    def test_replies_are_for_the_commands_in_their_order(self):
        first, second, third = self.send("GET", "1"), self.send("GET", "2"), self.send("GET", "3")
        for octet in b"$3\r\none\r\n-ERR no\r\n:3\r\n":
            self.connection.dataReceived(bytes((octet,)))
        self.assertEqual(self.successResultOf(first), b"one")
        self.failureResultOf(second, ResponseError)
        self.assertEqual(self.successResultOf(third), 3)

    def test_overdue_reply_ends_the_connection(self):
        reply = self.send("GET", "1")
        self.clock.advance(DEADLINE - 0.1)
        self.assertFalse(self.transport.disconnected)
        self.clock.advance(0.1)
        self.assertTrue(self.transport.disconnected)
        self.connection.connectionLost(Failure(ConnectionAborted()))
        self.failureResultOf(reply, ConnectionError)
        self.assertRaises(ConnectionError, self.send, "GET", "1")

    def test_reply_that_is_in_hand_is_not_overdue(self):
        late = self.send("GET", "1")
        # What the system has received is read after what was due.
        self.clock.callLater(DEADLINE, self.connection.dataReceived, b":1\r\n")
        self.clock.advance(DEADLINE)
        self.assertEqual(self.successResultOf(late), 1)
        self.assertFalse(self.transport.disconnected)
