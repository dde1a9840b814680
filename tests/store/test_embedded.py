import os
import signal
import subprocess
import sys
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import SkipTest, TestCase

from imps.config import Settings
from imps.store.embedded import EmbeddedStore, faster
from imps.store.errors import StoreError, StoreUnavailable
from imps.store.opening import open_store
from imps.testing.process import until
from imps.testing.store import private_directory

ROOT = Path(__file__).parent.parent.parent


def deferred(coroutine):
    return Deferred.fromCoroutine(coroutine)


def is_alive(process_id):
    """Whether a process runs; one that is dead and not yet waited for does not."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"


class EmbeddedStoreTestCase(TestCase):
    def setUp(self):
        self.data = private_directory(self) / "data"
        self.settings = Settings.read(None, {"data": str(self.data)})
        self.addCleanup(self.leave_nothing_behind)

    def leave_nothing_behind(self):
        if (self.data / "store.pid").exists():
            os.kill(self.server, signal.SIGKILL)

    @property
    def server(self):
        return int((self.data / "store.pid").read_text())

    async def opened(self, for_service=True):
        store = await open_store(self.settings, reactor, for_service)
        self.addCleanup(store.close)
        return store

    def embedded(self, **seconds):
        return EmbeddedStore(self.data, self.settings.store, reactor, **seconds)

    async def refused(self, for_service=True):
        opening = open_store(self.settings, reactor, for_service)
        return str(await self.assertFailure(deferred(opening), StoreError))

    def owner(self, role):
        """Another process that opens the store, and what it says then."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.owner", str(self.data), role],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        self.addCleanup(self.end, process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    def end(self, process):
        process.kill()
        process.wait()
        for end in (process.stdin, process.stdout):
            end.close()


class EmbeddedStoreTests(EmbeddedStoreTestCase):
    async def test_stop_leaves_no_process_and_keeps_the_data(self):
        store = await self.opened()
        server = self.server
        await store.client.execute("SET", "a", "b")
        await store.close()
        self.assertFalse(is_alive(server))
        self.assertFalse((self.data / "store.sock").exists())
        self.assertFalse((self.data / "store.pid").exists())
        again = await self.opened()
        self.assertEqual(await again.client.execute("GET", "a"), b"b")

    async def test_all_is_private_to_its_user(self):
        await self.opened()
        for path in (self.data, *self.data.rglob("*")):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    async def test_settings_reach_the_server(self):
        client = (await self.opened()).client
        for name, value in {
            b"appendonly": b"yes",
            b"appendfsync": b"no",
            b"maxmemory": b"%d" % (512 * 2**20),
            b"maxmemory-policy": b"noeviction",
            b"save": b"",
        }.items():
            self.assertEqual(await client.execute("CONFIG", "GET", name), [name, value])
        # Redis 6 does not know it.
        timing = await client.execute("CONFIG", "GET", "latency-tracking")
        self.assertIn(timing, ([], [b"latency-tracking", b"no"]))

    async def test_better_allocator_is_used_where_it_is_installed(self):
        allocator = faster().get("LD_PRELOAD")
        if allocator is None:
            raise SkipTest("jemalloc is not installed")
        await self.opened()
        used = Path(f"/proc/{self.server}/maps").read_text()
        self.assertIn(os.path.realpath(allocator), used)

    async def test_server_that_dies_is_started_again_with_its_data(self):
        store = await self.opened()
        await store.client.execute("SET", "a", "b")
        os.kill(self.server, signal.SIGKILL)
        value = None
        while value is None:
            asked = deferred(store.client.execute("GET", "a"))
            value = await asked.addErrback(lambda failure: failure.trap(StoreUnavailable) and None)
        self.assertEqual(value, b"b")

    async def test_server_is_adopted_when_its_owner_was_killed(self):
        owner, says = self.owner("service")
        self.assertEqual(says, "open")
        server = self.server
        self.end(owner)
        self.assertTrue(is_alive(server))
        store = await self.opened()
        self.assertEqual(self.server, server)
        await store.close()
        self.assertFalse(is_alive(server))

    async def test_what_a_killed_server_left_behind_does_not_hinder(self):
        owner, _ = self.owner("service")
        self.end(owner)
        server = self.server
        os.kill(server, signal.SIGKILL)
        self.assertTrue((self.data / "store.sock").exists())
        store = await self.opened()
        self.assertNotEqual(self.server, server)
        self.assertEqual(await store.client.execute("PING"), b"PONG")

    async def test_no_second_server_is_started_beside_one_that_hangs(self):
        first, second = self.embedded(), self.embedded(answer_seconds=0.2)
        await first.start()
        self.addCleanup(first.stop)
        server = self.server
        os.kill(server, signal.SIGSTOP)
        self.addCleanup(os.kill, server, signal.SIGCONT)
        refusal = await self.assertFailure(deferred(second.start()), StoreError)
        self.assertEqual(
            str(refusal),
            f"a store server (process {server}) uses {self.data} and does not answer",
        )
        # Nor when its socket is gone.
        (self.data / "store.sock").rename(self.data / "hidden.sock")
        refusal = await self.assertFailure(deferred(second.start()), StoreError)
        self.assertIn("does not answer", str(refusal))
        self.assertEqual(self.server, server)
        (self.data / "hidden.sock").rename(self.data / "store.sock")

    async def test_server_that_hangs_is_stopped_all_the_same(self):
        store = self.embedded(stop_seconds=0.2)
        await store.start()
        server = self.server
        os.kill(server, signal.SIGSTOP)
        await store.stop()
        self.assertFalse(is_alive(server))
        self.assertFalse((self.data / "store.pid").exists())

    async def test_stop_while_it_starts_leaves_nothing_behind(self):
        async def no_answer(store, line, command):
            await Deferred()

        # Otherwise it might have started before it is stopped.
        self.patch(EmbeddedStore, "_answer", no_answer)
        for is_so_far in (
            lambda: True,
            lambda: not self.embedded()._is_gone,
            (self.data / "store.sock").exists,
        ):
            store = self.embedded()
            starting = deferred(store.start())
            await until(is_so_far)
            starting.cancel()
            await self.assertFailure(starting, CancelledError)
            self.assertTrue(store._is_gone)
            self.assertFalse((self.data / "store.sock").exists())

    async def test_server_that_cannot_start_says_why(self):
        self.data.mkdir(mode=0o700)
        (self.data / "appendonlydir").write_text("in the way")
        self.assertRegex(await self.refused(), "^the store server did not start: .*appendonly")

    async def test_path_too_long_for_a_socket_is_refused(self):
        self.data /= "d" * 100
        self.settings = Settings.read(None, {"data": str(self.data)})
        self.assertIn("choose a shorter data directory", await self.refused())

    async def test_data_directory_that_cannot_be_made_is_refused(self):
        self.data.write_text("a file")
        self.assertRegex(await self.refused(), "^cannot use the data directory ")


class OwnershipTests(EmbeddedStoreTestCase):
    async def test_second_service_is_refused_at_once(self):
        await self.opened()
        second, says = self.owner("service")
        self.assertEqual(
            says,
            f"another service (process {os.getpid()}) uses the data directory {self.data}; "
            "to share it, give both the same redis",
        )
        self.assertEqual(second.wait(), 0)

    async def test_refused_service_leaves_the_first_one_running(self):
        store = await self.opened()
        await self.refused()
        self.assertEqual(await store.client.execute("PING"), b"PONG")

    async def test_command_shares_the_store_of_a_running_service(self):
        store = await self.opened()
        command = await self.opened(for_service=False)
        await command.client.execute("SET", "a", "b")
        await command.close()
        self.assertEqual(await store.client.execute("GET", "a"), b"b")

    async def test_command_without_a_service_starts_and_stops_the_store(self):
        command = await self.opened(for_service=False)
        server = self.server
        await command.close()
        self.assertFalse(is_alive(server))

    async def test_service_waits_for_a_command(self):
        command, says = self.owner("command")
        self.assertEqual(says, "open")
        service = deferred(self.opened())
        await deferLater(reactor, 0)
        self.assertNoResult(service)
        command.stdin.close()
        await (await service).client.execute("PING")

    async def test_command_waits_for_a_command(self):
        first = await self.opened(for_service=False)
        second = deferred(self.opened(for_service=False))
        await deferLater(reactor, 0)
        self.assertNoResult(second)
        await first.close()
        self.assertEqual(await (await second).client.execute("PING"), b"PONG")
