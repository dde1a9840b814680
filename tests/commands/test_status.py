import os
import socket
import subprocess
from pathlib import Path

from twisted.trial.unittest import TestCase

from imps.model.address import Address
from imps.store.keys import FORMAT
from imps.store.processes import Process, Processes
from imps.testing.commands import IMPS, ROOT, CommandLineTestCase, run
from imps.testing.service import Service
from imps.testing.store import private_directory


class StatusTests(CommandLineTestCase):
    async def test_store_and_its_processes_are_described(self):
        await self.add_accounts(Address.parse("wv:ann@localhost"), Address.parse("wv:b@localhost"))
        process = Process("a", "host", 7, "1.0", 1_767_225_600.0, ["CSP on 127.0.0.1:8080"])
        await Processes(self.store.client).announce(process, now=0.0)
        said = self.imps("status", *self.place)
        self.assertIn(f"store: {self.settings.redis}\n", said)
        self.assertIn("format: 1\n", said)
        self.assertRegex(said, r"server: (Valkey|Redis) \d+\.")
        self.assertRegex(said, r"memory: \d+\.\d MB, without a limit\n")
        self.assertIn("domains: localhost\n", said)
        self.assertIn("accounts: 2\n", said)
        self.assertIn("processes: 1\n  process 7 on host, imps 1.0, since 2026-01-01 ", said)
        self.assertTrue(said.endswith("00:00:00 UTC, CSP on 127.0.0.1:8080\n"), said)

    async def test_who_reads_no_further_is_no_trouble(self):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [*IMPS, "status", *self.place], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE
        )
        os.close(writing)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    async def test_store_that_cannot_be_used_is_said_in_one_line(self):
        await self.store.client.execute("HSET", FORMAT, "number", 2)
        said = self.refused("status", *self.place)
        self.assertEqual(said, "imps: the store has format 2, newer than this program's 1")
        await self.store.client.execute("HSET", FORMAT, "number", 0)
        said = self.refused("status", *self.place)
        self.assertEqual(said, "imps: the store has the old format 0: run imps upgrade")

    async def test_password_of_the_store_is_not_shown(self):
        said = self.refused("status", "--redis", "redis://:hidden@127.0.0.1:1", *self.place[2:])
        self.assertNotIn("hidden", said)


class UpgradeTests(CommandLineTestCase):
    async def test_there_is_nothing_to_do(self):
        said = self.imps("upgrade", *self.place)
        self.assertEqual(said, "the store has format 1: there is nothing to do\n")

    async def test_store_that_it_cannot_upgrade_is_refused(self):
        for number, complaint in {
            2: "imps: the store has format 2, newer than this program's 1",
            0: "imps: there is no way from format 0, which this store has",
        }.items():
            await self.store.client.execute("HSET", FORMAT, "number", number)
            self.assertEqual(self.refused("upgrade", *self.place), complaint)


class ServiceTests(TestCase):
    async def test_status_is_told_while_the_service_runs_and_without_it(self):
        service = Service(self, ("--admin", "tcp:0", "--domain", "a.example"))
        await service.start()
        data = ("--data", str(service.data))
        said = run("status", *data).stdout
        self.assertIn(f"store: embedded, in {service.data}\n", said)
        self.assertIn("domains: a.example\n", said)
        self.assertIn(" of 512 MB\n", said)
        process = f"process {service.program.process_id} on {socket.gethostname()}"
        self.assertRegex(
            said, rf"processes: 1\n  {process}, imps .* UTC, CSP on 127.*, Admin on 127.*\n"
        )
        await service.stop()
        self.assertIn("processes: 0\n", run("status", *data).stdout)
        self.assertIn("nothing to do", run("upgrade", *data).stdout)

    async def test_new_store_needs_no_upgrade(self):
        data = private_directory(self) / "data"
        said = run("upgrade", "--data", str(data)).stdout
        self.assertEqual(said, "the store is new: there is nothing to do\n")
        self.assertFalse(Path(data / "store.sock").exists())
