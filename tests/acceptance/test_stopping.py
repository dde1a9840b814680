"""How a service stops while it is used: what load balancers, clients and operators see."""

import os
import signal
import time

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import TestCase

from imps.testing.http import Line
from imps.testing.nokia import Nokia
from imps.testing.service import Service, Services, add_users, settings_file

WHOLE_STOP_SECONDS = 10


async def at_once():
    """How clients wait when a connection is lost: not at all."""
    return await succeed(None)


class StoppingTests(TestCase):
    async def start(self, text="[admin]\ndrain_seconds = 3\n"):
        options = ("--admin", "tcp:0", "--config", settings_file(self, text))
        self.service = Service(self, options)
        self.url = await self.service.start()
        found = self.service.program.said(r"Admin on (127\.0\.0\.1:\d+)")
        self.admin = f"http://{found}"
        await add_users(self.service.data, "ann", "bob")

    async def health(self):
        line = await Line.to(self.admin)
        answer = await line.say(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        line.close()
        return answer.status, answer.body

    def client(self, name):
        return Nokia(self, (self.url,), f"wv:{name}@localhost")

    async def ended(self):
        """How long the service still runs."""
        began_at = time.monotonic()
        self.assertEqual(await self.service.program.ends(), -signal.SIGTERM)
        return time.monotonic() - began_at

    async def test_clients_are_served_while_it_stops_and_nobody_signs_on(self):
        await self.start()
        self.assertEqual(await self.health(), (200, b"ok\n"))
        ann, bob = self.client("ann"), self.client("bob")
        await ann.sign_on()
        self.service.program.signal(signal.SIGTERM)
        while await self.health() == (200, b"ok\n"):
            pass
        self.assertEqual(await self.health(), (503, b"stopping\n"))
        self.assertEqual(await bob.login(), 503)
        self.assertEqual(await ann.keep_alive(), 200)
        self.assertEqual((await ann.send("wv:bob@localhost", text="late")).code, 200)
        self.assertLess(await self.ended(), WHOLE_STOP_SECONDS)

    async def test_it_stops_in_time_though_its_store_hangs_and_clients_stay(self):
        await self.start()
        ann = self.client("ann")
        await ann.sign_on()
        idle = [await Line.to(self.url) for _ in range(3)]
        busy = await Line.to(self.url)
        busy.transport.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx")
        store = self.service.store_process_id
        os.kill(store, signal.SIGSTOP)
        asked = Deferred.fromCoroutine(ann.keep_alive())
        self.service.program.signal(signal.SIGTERM)
        self.assertEqual(await asked, 503)
        self.assertLess(await self.ended(), WHOLE_STOP_SECONDS)
        self.service.check_nothing_stays(store)
        for line in (*idle, busy):
            line.close()

    async def test_one_of_two_processes_stops_and_clients_see_nothing_of_it(self):
        often = "[session]\nrequests_per_second = 1000\n[admin]\ndrain_seconds = 1\n"
        options = ("--admin", "tcp:0", "--config", settings_file(self, often))
        services = Services(self, 2, options)
        await services.start()
        await add_users(services.data, "ann", "bob")
        ann, bob = (
            Nokia(self, services.urls, f"wv:{name}@localhost", wait=at_once)
            for name in ("ann", "bob")
        )
        for client in (ann, bob):
            await client.sign_on()
        session_ids = ann.session_id, bob.session_id
        stopping = Deferred.fromCoroutine(services.each[1].stop_process())
        texts = []
        while not stopping.called:
            texts.append(f"message {len(texts)}")
            self.assertEqual((await ann.send(bob.user, text=texts[-1])).code, 200)
            await bob.poll()
        await stopping
        self.assertEqual((await ann.send(bob.user, text="last")).code, 200)
        await bob.poll()
        self.assertEqual(bob.texts, [*texts, "last"])
        self.assertEqual((ann.session_id, bob.session_id), session_ids)
        await services.each[0].stop()

    async def test_without_anybody_watching_it_stops_at_once(self):
        service = Service(self)
        url = await service.start()
        line = await Line.to(url)
        began_at = time.monotonic()
        await service.stop()
        self.assertLess(time.monotonic() - began_at, 2)
        line.close()
