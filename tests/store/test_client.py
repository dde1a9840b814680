import os
import signal
from socket import socket

from attrs import evolve
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase

from imps.config import StoreSettings
from imps.store.client import connect
from imps.store.embedded import EmbeddedStore
from imps.store.errors import StoreError, StoreFull, StoreUnavailable
from imps.testing.store import StoreTestCase, private_directory


def deferred(coroutine):
    return Deferred.fromCoroutine(coroutine)


class StoreClientTests(StoreTestCase):
    async def test_values_are_bytes(self):
        await self.store.client.execute("SET", "number", "007")
        self.assertEqual(await self.store.client.execute("GET", "number"), b"007")
        self.assertIsNone(await self.store.client.execute("GET", "nothing"))

    async def test_script_runs_though_the_server_has_forgotten_it(self):
        for _ in range(2):
            reply = await self.store.client.run("list_contact_lists", ["imps:{00}:"], "nobody")
            self.assertEqual(reply, [])
            await self.store.client.execute("SCRIPT", "FLUSH")

    async def test_commands_of_one_caller_keep_their_order(self):
        client = self.store.client
        pushes = [deferred(client.execute("RPUSH", "list", n)) for n in range(100)]
        self.assertEqual(await gatherResults(pushes), list(range(1, 101)))

    async def test_command_that_asks_for_nonsense_fails(self):
        wrong = deferred(self.store.client.execute("HGET", "just one"))
        await self.assertFailure(wrong, StoreError)

    async def test_cancelled_command_confuses_no_other(self):
        client = self.store.client
        await client.execute("SET", "first", "1")
        first = deferred(client.execute("GET", "first"))
        second = deferred(client.execute("GET", "second"))
        first.cancel()
        self.assertIsNone(await second)
        self.failureResultOf(first)

    async def test_connection_that_is_cut_is_made_again(self):
        client = self.store.client
        first = await client.execute("CLIENT", "ID")
        await client.execute("CLIENT", "KILL", "ID", first, "SKIPME", "no")
        now = first
        while now == first:
            await client.ready(5)
            asked = deferred(client.execute("CLIENT", "ID"))
            now = await asked.addErrback(lambda failure: failure.trap(StoreUnavailable) and first)
        self.assertNotEqual(now, first)

    async def test_full_store_says_so(self):
        client = self.store.client
        await client.execute("CONFIG", "SET", "maxmemory", "1")
        try:
            await self.assertFailure(deferred(client.execute("SET", "a", "b")), StoreFull)
            fields = ("number", 1)
            script = deferred(client.run("make_format", ["imps:{store}:other"], *fields))
            await self.assertFailure(script, StoreFull)
        finally:
            await client.execute("CONFIG", "SET", "maxmemory", "0")

    async def test_server_over_tcp_with_password_and_database(self):
        with socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        await self.store.client.execute("CONFIG", "SET", "port", port)
        await self.store.client.execute("CONFIG", "SET", "requirepass", "right")
        try:
            right = connect(reactor, f"redis://:right@127.0.0.1:{port}/3", 5)
            self.addCleanup(right.close)
            self.assertIn(b" db=3 ", await right.execute("CLIENT", "INFO"))
            wrong = connect(reactor, f"redis://:wrong@127.0.0.1:{port}/3", 0.2)
            self.addCleanup(wrong.close)
            refusal = await self.assertFailure(deferred(wrong.execute("PING")), StoreUnavailable)
            self.assertIn("WRONGPASS", str(refusal))
        finally:
            await self.store.client.execute("CONFIG", "SET", "requirepass", "")
            await self.store.client.execute("CONFIG", "SET", "port", 0)

    async def test_server_that_is_no_longer_the_master_is_left(self):
        client = self.store.client
        for deposed, restored in [
            (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
            (
                ("CONFIG", "SET", "min-replicas-to-write", "1"),
                ("CONFIG", "SET", "min-replicas-to-write", "0"),
            ),
        ]:
            first = await client.execute("CLIENT", "ID")
            await client.execute(*deposed)
            try:
                for asked in (
                    client.execute("SET", "a", "b"),
                    client.run("make_format", ["imps:{store}:other"], "number", 1),
                ):
                    await client.ready(5)
                    await self.assertFailure(deferred(asked), StoreUnavailable)
            finally:
                await client.ready(5)
                await client.execute(*restored)
            self.assertNotEqual(await client.execute("CLIENT", "ID"), first)

    async def test_client_can_be_closed_as_soon_as_it_is_ready(self):
        client = connect(reactor, self.settings.redis, 5)
        await client.ready(5)
        await client.close()
        await client.close()

    async def test_closed_client_serves_no_more(self):
        client = connect(reactor, self.settings.redis, 0.05)
        await client.close()
        await self.assertFailure(deferred(client.execute("PING")), StoreUnavailable)


class AbsentServerTests(TestCase):
    def setUp(self):
        settings = evolve(StoreSettings(), memory_megabytes=32)
        self.embedded = EmbeddedStore(private_directory(self), settings, reactor)
        self.client = connect(reactor, self.embedded.url, 0.2)
        self.addCleanup(self.client.close)

    async def test_absent_server_is_unavailable_until_it_is_there(self):
        await self.assertFailure(deferred(self.client.execute("PING")), StoreUnavailable)
        await self.embedded.start()
        self.addCleanup(self.embedded.stop)
        await self.client.ready(5)
        self.assertEqual(await self.client.execute("PING"), b"PONG")

    async def test_server_that_hangs_is_unavailable_until_it_goes_on(self):
        await self.embedded.start()
        self.addCleanup(self.embedded.stop)
        await self.client.ready(5)
        process_id = (await self.client.execute("INFO", "server")).split(b"process_id:")[1]
        server = int(process_id.split()[0])
        os.kill(server, signal.SIGSTOP)
        try:
            late = [deferred(self.client.execute("SET", "a", n)) for n in range(3)]
            for reply in late:
                await self.assertFailure(reply, StoreUnavailable)
            await self.assertFailure(deferred(self.client.execute("GET", "a")), StoreUnavailable)
        finally:
            os.kill(server, signal.SIGCONT)
        await self.client.ready(5)
        await self.client.execute("SET", "a", "now")
        self.assertEqual(await self.client.execute("GET", "a"), b"now")
