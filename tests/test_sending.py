from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from imps.sending import DirectSender

PIECES = [bytes([number]) * 1_000_003 for number in range(16)]


class Receiver(Protocol):
    """Reads nothing until it is told to; then all that comes."""

    def __init__(self, octets):
        self.received = bytearray()
        self.complete = Deferred()
        self._octets = octets

    def connectionMade(self):
        self.transport.pauseProducing()

    def dataReceived(self, data):
        self.received += data
        if len(self.received) >= self._octets and not self.complete.called:
            self.complete.callback(None)


class Speaker(Protocol):
    def __init__(self):
        self.made = Deferred()
        self.lost = Deferred()

    def connectionMade(self):
        self.sender = DirectSender(self.transport)
        self.made.callback(None)

    def connectionLost(self, reason):
        self.lost.callback(None)


class SendingTests(TestCase):
    async def connected(self, octets):
        speaker = Speaker()
        factory = Factory.forProtocol(lambda: speaker)
        factory.noisy = False
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        client = TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
        receiver = await connectProtocol(client, Receiver(octets))
        await speaker.made
        return speaker, receiver

    async def test_what_a_slow_reader_cannot_take_at_once_comes_later_and_in_order(self):
        speaker, receiver = await self.connected(sum(map(len, PIECES)))
        for piece in PIECES:
            speaker.sender.send(piece)
        receiver.transport.resumeProducing()
        await receiver.complete
        self.assertEqual(bytes(receiver.received), b"".join(PIECES))
        # Once that is out, what comes goes at once again: the reactor is not asked for room.
        speaker.sender.send(b"and more")
        self.assertNotIn(speaker.transport, reactor.getWriters())
        receiver.transport.abortConnection()
        await speaker.lost

    async def test_sending_to_a_client_that_is_gone_does_nothing(self):
        speaker, receiver = await self.connected(1)
        receiver.transport.abortConnection()
        speaker.sender.send(b"still there?")
        await speaker.lost
        speaker.sender.send(b"no")
