import os
import signal
import time

from twisted.internet.defer import succeed
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from imps.model.version import V11, V12, V13
from imps.testing.android import Android
from imps.testing.conformance import shows_feature
from imps.testing.nokia import Nokia
from imps.testing.process import reactor
from imps.testing.service import Services, add_users, settings_file
from imps.testing.sms2 import SMS2
from imps.testing.together import together
from imps.testing.trouble import Network, Trouble

MESSAGES = 6

SETTINGS = """
[messages]
resend_seconds = 2
max_tries = 50
[session]
requests_per_second = 1000
"""

# Each version and encoding of the one with one of the other's; SMS 2.0 has but one.
MIXES = (
    ((V11, "xml"), (V12, "wbxml")),
    ((V11, "wbxml"), (V11, "xml")),
    ((V12, "xml"), (V11, "wbxml")),
    ((V12, "wbxml"), (V12, "xml")),
    ((V13, "xml"), (V11, "xml")),
    ((V13, "wbxml"), (V12, "wbxml")),
)


async def again():
    """How these clients wait when a connection is lost: not at all."""
    return await succeed(None)


class TroubledNetworkTests(TestCase):
    """Two processes, and clients of all kinds that chat over a network which gets things wrong."""

    async def setUp(self):
        self.services = Services(self, 2, ("--config", settings_file(self, SETTINGS)))
        await self.services.start()
        self.network = Network(self, self.services.urls)

    @shows_feature("CSP over HTTP", "lost answers")
    async def test_clients_chat_as_if_nothing_was_wrong(self):
        groups = [await self.signed_on(number, *mix) for number, mix in enumerate(MIXES)]
        await together(*(self.talk(client, clients) for clients in groups for client in clients))
        await self.network.settled()
        for clients in groups:
            for client in clients:
                await client.poll()
                self.check(client, clients)
        await self.network.settled()
        for trouble in Trouble:
            self.assertGreater(self.network.done[trouble], 10, trouble)
        await self.services.stop()

    async def signed_on(self, number, android, nokia):
        """Three clients, each with troubles of its own from now on."""
        names = [f"{name}-{number}" for name in ("ann", "bob", "eve")]
        await add_users(self.services.data, *names)
        ann, bob, eve = (f"wv:{name}@localhost" for name in names)
        calm = await self.network.route()
        lossy, lossy_too = [await self.network.route(Trouble.LOST_ANSWER) for _ in range(2)]
        clients = (
            Android(self, [calm.url], ann, *android),
            Nokia(self, [lossy.url], bob, *nokia, wait=again),
            SMS2(self, [lossy_too.url], eve, wait=again),
        )
        await together(*(client.sign_on() for client in clients))
        # Not before: a login that comes twice opens a session, and ends the one before.
        lossy.troubles = lossy_too.troubles = tuple(Trouble)
        # What this one says again after a loss it says under another id: some things twice.
        calm.troubles = [each for each in Trouble if each is not Trouble.LOST_ANSWER]
        return clients

    def check(self, client, clients):
        """See that all that the others said is there, once and in order."""
        self.assertEqual(len(client.texts), 2 * MESSAGES, client)
        for sender in set(clients) - {client}:
            came = [text for text in client.texts if text.startswith(sender.user)]
            self.assertEqual(came, said_by(sender), f"{sender} to {client}")

    async def talk(self, client, clients):
        """Send what there is to say, and fetch what the others say; on several connections at the
        same time where the client has them."""
        if isinstance(client, Nokia):
            await together(self.tell(client, clients), self.fetch(client))
        else:
            await self.tell(client, clients)
            await self.fetch(client)

    async def tell(self, client, clients):
        for text in said_by(client):
            for other in clients:
                if other is not client:
                    self.assertEqual((await client.send(other.user, text=text)).code, 200)
            await client.poll()

    async def fetch(self, client):
        while len(client.texts) < 2 * MESSAGES:
            await client.poll()
            await deferLater(reactor, 0.05)


def said_by(client):
    """What a client says to each other, in order."""
    return [f"{client.user} {number}" for number in range(MESSAGES)]


class StoreAway:
    async def test_requests_are_answered_while_the_store_is_away_and_served_when_it_is_back(self):
        services = Services(self, self.processes)
        await services.start()
        await add_users(services.data, "ann")
        ann = Nokia(self, services.urls, "wv:ann@localhost")
        self.assertEqual(await ann.login(), 200)
        store = services.each[0].store_process_id
        os.kill(store, signal.SIGSTOP)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            asked_at = time.monotonic()
            self.assertEqual(await ann.keep_alive(), 503)
            self.assertLess(time.monotonic() - asked_at, 2)
        os.kill(store, signal.SIGCONT)
        while 503 in [await ann.keep_alive() for _ in services.urls]:
            pass
        self.assertEqual(await ann.keep_alive(), 200)
        self.assertEqual((await ann.send("wv:ann@localhost", text="back")).code, 200)
        await ann.poll()
        self.assertEqual(ann.texts, ["back"])
        await services.stop()


class OneProcessTests(StoreAway, TestCase):
    processes = 1


class TwoProcessTests(StoreAway, TestCase):
    """The same with each request going to the other process than the last."""

    processes = 2
