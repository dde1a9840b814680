from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from imps.testing.http import Line


class ReusedPortTests(TestCase):
    async def listen(self, description):
        factory = Factory.forProtocol(Protocol)
        factory.noisy = False
        port = await serverFromString(reactor, description).listen(factory)
        self.addCleanup(port.stopListening)
        return port.getHost()

    async def test_port_can_be_had_twice(self):
        first = await self.listen("reuse:0:interface=127.0.0.1")
        self.assertEqual(first.host, "127.0.0.1")
        again = await self.listen(f"reuse:{first.port}:interface=127.0.0.1:backlog=5")
        self.assertEqual(again.port, first.port)
        line = await Line.to(f"http://127.0.0.1:{first.port}")
        line.close()

    async def test_ipv6_is_an_interface_as_well(self):
        self.assertEqual((await self.listen(r"reuse:0:interface=\:\:1")).host, "::1")

    async def test_port_of_another_is_refused(self):
        for first, second in (("tcp", "reuse"), ("reuse", "tcp")):
            port = (await self.listen(f"{first}:0:interface=127.0.0.1")).port
            endpoint = serverFromString(reactor, f"{second}:{port}:interface=127.0.0.1")
            listening = endpoint.listen(Factory.forProtocol(Protocol))
            await self.assertFailure(listening, CannotListenError)

    async def test_description_that_means_nothing_is_refused(self):
        for description in ("reuse:web", "reuse:1:interface=here", "reuse:1:speed=3", "reuse:"):
            with self.assertRaises((ValueError, TypeError)):
                serverFromString(reactor, description)

    async def test_port_that_is_none_is_refused(self):
        listening = serverFromString(reactor, "reuse:99999").listen(Factory.forProtocol(Protocol))
        self.assertIsInstance(listening, Deferred)
        await self.assertFailure(listening, OverflowError)
