import os
import signal
import time
from itertools import permutations
from urllib.parse import urlsplit

from twisted.internet.defer import succeed
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from imps.model.version import V11, V13
from imps.testing.android import Android
from imps.testing.conformance import shows_feature
from imps.testing.nokia import Nokia
from imps.testing.process import reactor
from imps.testing.service import Service, add_users, settings_file
from imps.testing.sms2 import SMS2
from imps.testing.trouble import Network

MESSAGES = 8
USERS = ("ann", "bob", "eve")


async def again():
    """How these clients wait when a connection is lost: not at all."""
    return await succeed(None)


class LostAnswersTests(TestCase):
    @shows_feature("CSP over HTTP", "lost answers")
    async def test_clients_chat_over_a_network_that_loses_answers(self):
        options = (
            "--config",
            settings_file(
                self,
                "[messages]\nresend_seconds = 1\nmax_tries = 50\n"
                "[session]\nrequests_per_second = 1000",
            ),
        )
        service = Service(self, options)
        url = await service.start()
        await add_users(service.data, *USERS)
        network = Network(self, urlsplit(url).netloc)
        troubled = await network.listen()
        ann, bob, eve = (f"wv:{name}@localhost" for name in USERS)
        clients = {
            # What this one says twice it says under another id: it would say some things twice.
            ann: Android(self, [url], ann, V13),
            bob: Nokia(self, [troubled], bob, V11, "xml", wait=again),
            eve: SMS2(self, [troubled], eve, wait=again),
        }
        for client in clients.values():
            await client.sign_on()
        for number in range(MESSAGES):
            for sender, recipient in permutations(clients, 2):
                sent = await clients[sender].send(recipient, text=f"{sender} {number}")
                self.assertEqual(sent.code, 200)
        for user, client in clients.items():
            while len(client.texts) < 2 * MESSAGES:
                await client.poll()
                await deferLater(reactor, 0.05)
            await client.poll()
            for sender in clients.keys() - {user}:
                came = [text for text in client.texts if text.startswith(sender)]
                self.assertEqual(came, [f"{sender} {number}" for number in range(MESSAGES)])
            self.assertEqual(len(client.texts), 2 * MESSAGES)
        self.assertGreater(network.lost, 10)
        await service.stop()


class StoreAwayTests(TestCase):
    async def test_requests_are_answered_while_the_store_is_away_and_served_when_it_is_back(self):
        service = Service(self)
        url = await service.start()
        await add_users(service.data, "ann")
        ann = Nokia(self, [url], "wv:ann@localhost")
        self.assertEqual(await ann.login(), 200)
        store = service.store_process_id
        os.kill(store, signal.SIGSTOP)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            asked_at = time.monotonic()
            self.assertEqual(await ann.keep_alive(), 503)
            self.assertLess(time.monotonic() - asked_at, 2)
        os.kill(store, signal.SIGCONT)
        while await ann.keep_alive() == 503:
            pass
        self.assertEqual(await ann.keep_alive(), 200)
        self.assertEqual((await ann.send("wv:ann@localhost", text="back")).code, 200)
        await ann.poll()
        self.assertEqual(ann.texts, ["back"])
        await service.stop()
