"""Clients that are woken over TCP, on whole servers."""

from itertools import product

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from imps.config import Settings
from imps.elements.directory import Directory
from imps.model.address import Address
from imps.model.version import V11, V12, V13
from imps.store.accounts import Accounts
from imps.store.opening import open_store
from imps.testing.android import Android
from imps.testing.conformance import shows_feature
from imps.testing.nokia import Nokia
from imps.testing.process import reactor
from imps.testing.service import (
    CIR,
    Service,
    Services,
    ServiceTestCase,
    add_users,
    settings_file,
)
from imps.testing.wbxml import Choked

ENCODINGS = ("xml", "wbxml")
FAST = """
[messages]
max_tries = 100
[session]
requests_per_second = 1000
"""
ANDROIDS = tuple(product((V11, V12, V13), ENCODINGS))
NOKIAS = tuple(product((V11, V12), ENCODINGS))


async def again():
    """How these clients wait when a connection is lost: not at all."""
    return await succeed(None)


async def suspend(data, user):
    """Suspend a user of a running server, as an operator would."""
    store = await open_store(Settings.read(None, {"data": str(data)}), reactor, for_service=False)
    try:
        accounts = Accounts(store.client, store.buckets)
        await Directory(accounts, store.secrets, store.domains, reactor).suspend(user)
    finally:
        await store.close()


class Waking:
    """``here`` is where senders are, and ``there`` where those are who are woken."""

    @property
    def here(self):
        return self.urls[:1]

    @property
    def there(self):
        return self.urls[-1:]

    async def sender(self, name):
        (user,) = await self.known(name)
        sender = Nokia(self, self.here, user)
        await sender.sign_on()
        return sender

    async def every_client(self):
        """One of each kind, version and encoding, which has signed on."""
        for kind, combinations in ((Android, ANDROIDS), (Nokia, NOKIAS)):
            for version, encoding in combinations:
                (user,) = await self.known("bob")
                client = kind(self, self.there, user, version, encoding)
                await client.sign_on()
                yield client

    async def connect_again(self, client):
        """Open another connection of a client to the same place."""
        place = client.channel.transport.getPeer()
        client.channel = await client.reading.to(place.host, place.port)
        self.addCleanup(client.channel.close)
        await client.channel.ask(f"HELO {client.session_id}")

    @shows_feature("wake-up of clients", "TCP")
    async def test_every_client_is_woken_and_polls_only_then(self):
        ann = await self.sender("ann")
        async for bob in self.every_client():
            for texts in (["one"], ["one", "two"]):
                self.assertEqual((await ann.send(bob.user, text=texts[-1])).code, 200)
                await bob.poll_when_woken()
                self.assertEqual(bob.texts, texts)
                self.assertTrue(bob.channel.is_silent())

    async def test_connection_is_kept_as_clients_do(self):
        ann = await self.sender("ann")
        async for bob in self.every_client():
            for _ in range(2):
                await bob.channel.ask("PING " if isinstance(bob, Android) else "PING")
            await ann.send(bob.user, text="one")
            await bob.poll_when_woken()
            self.assertEqual(bob.texts, ["one"])

    async def test_what_waits_wakes_when_the_client_connects(self):
        ann = await self.sender("ann")
        async for bob in self.every_client():
            bob.channel.close()
            await ann.send(bob.user, text="one")
            await self.connect_again(bob)
            await bob.poll_when_woken()
            self.assertEqual(bob.texts, ["one"])

    async def test_who_sends_to_itself_is_told_by_the_answer(self):
        ann = await self.sender("ann")
        async for bob in self.every_client():
            await bob.send(bob.user, text="to myself")
            self.assertEqual(bob.texts, ["to myself"])
            await ann.send(bob.user, text="to you")
            await bob.poll_when_woken()
            self.assertEqual(bob.texts, ["to myself", "to you"])
            self.assertTrue(bob.channel.is_silent())

    async def test_who_was_suspended_is_woken_to_hear_it(self):
        (user,) = await self.known("bob")
        bob = Nokia(self, self.there, user)
        await bob.sign_on()
        await suspend(self._services.data, Address.parse(user))
        await bob.poll_when_woken()
        self.assertEqual(await bob.login(), 403)

    async def test_second_connection_of_a_session_is_woken(self):
        ann = await self.sender("ann")
        (user,) = await self.known("bob")
        bob = Android(self, self.there, user)
        await bob.sign_on()
        first = bob.channel
        await self.connect_again(bob)
        with self.assertRaises(Choked):
            await first.hears("WVCI")
        await ann.send(user, text="one")
        await bob.poll_when_woken()
        self.assertEqual(bob.texts, ["one"])


class OneProcessTests(Waking, ServiceTestCase):
    pass


class TwoProcessTests(Waking, ServiceTestCase):
    processes = 2

    async def test_connection_to_one_replaces_that_to_the_other(self):
        ann = await self.sender("ann")
        (user,) = await self.known("bob")
        here, there = Nokia(self, self.here, user), Nokia(self, self.there, user)
        await there.sign_on()
        here.session_id = there.session_id
        await here._negotiate()
        with self.assertRaises(Choked):
            await there.channel.hears("WVCI")
        await ann.send(user, text="one")
        await here.poll_when_woken()
        self.assertEqual(here.texts, ["one"])


class KilledProcessTests(TestCase):
    """Two processes on one store; that to which a client is connected is killed in mid-traffic."""

    async def test_client_goes_on_with_the_other_woken_and_answered(self):
        services = Services(self, 2, (*CIR, "--config", settings_file(self, FAST)))
        await services.start()
        await add_users(services.data, "ann", "bob")
        clients = [
            Nokia(self, services.urls, f"wv:{name}@localhost", wait=again)
            for name in ("ann", "bob")
        ]
        for client in clients:
            await client.sign_on()
        ann, self.bob = clients
        self.sent, self.is_over = [], False
        sending = Deferred.fromCoroutine(self.keep_sending(ann))
        for _ in range(2):
            await self.woken_for(10)
            port = self.bob.channel.transport.getPeer().port
            (victim,) = [
                number
                for number, service in enumerate(services.each)
                if f"CIR on 127.0.0.1:{port}" in service.program.logged
            ]
            await services.kill(victim)
            await self.woken_for(10)
            await services.start(victim)
        self.is_over = True
        await sending
        await self.woken_for(len(self.sent) - len(self.bob.texts))
        self.assertEqual(self.bob.texts, self.sent)
        await services.stop()

    async def keep_sending(self, ann):
        while not self.is_over:
            text = f"number {len(self.sent)}"
            self.assertEqual((await ann.send(self.bob.user, text=text)).code, 200)
            self.sent.append(text)
            await deferLater(reactor, 0.01)

    async def woken_for(self, more):
        """Fetch so many more messages, polling only when woken; connect anew when hung up on."""
        wanted = len(self.bob.texts) + more
        while len(self.bob.texts) < wanted:
            try:
                await self.bob.poll_when_woken()
            except Choked:
                await self.bob._negotiate()


class ServerTests(TestCase):
    """A server that is started and stopped."""

    async def started(self, *options):
        self.service = Service(self, options)
        self.url = await self.service.start()
        await add_users(self.service.data, "ann", "bob")

    async def signed_on(self, user, kind=Android):
        client = kind(self, [self.url], f"wv:{user}@localhost")
        await client.sign_on()
        return client

    async def test_without_cir_clients_poll(self):
        await self.started()
        self.assertIsNone((await self.signed_on("ann")).channel)

    async def test_where_it_listens_on_every_address_the_client_gets_the_one_it_knows(self):
        await self.started("--cir", "tcp:0", "--cir", "tcp:0:interface=127.0.0.1")
        ann, bob = await self.signed_on("ann", Nokia), await self.signed_on("bob")
        self.assertEqual(bob.channel.transport.getPeer().host, "127.0.0.1")
        await ann.send(bob.user, text="one")
        await bob.poll_when_woken()

    async def test_store_that_was_killed_wakes_for_what_comes_then(self):
        await self.started(*CIR)
        ann, bob = await self.signed_on("ann", Nokia), await self.signed_on("bob")
        await self.service.kill_store()
        while (await ann.send(bob.user, text="one")).code != 200:
            await deferLater(reactor, 0.05)
        while not bob.received:
            await bob.poll_when_woken()
        self.assertEqual(bob.texts, ["one"])

    async def test_server_that_stops_hangs_up(self):
        await self.started(*CIR)
        bob = await self.signed_on("bob")
        await self.service.stop()
        with self.assertRaises(Choked):
            await bob.channel.hears("WVCI")

    async def test_endpoint_that_cannot_be_is_named(self):
        service = Service(self, ("--cir", "tcp:nonsense"))
        service.launch()
        await service.program.says("imps cannot start: cir.endpoint: tcp:nonsense: ")
        self.assertEqual(await service.program.ends(), 1)
