"""``imps trace``, over whole services."""

from __future__ import annotations

import re
import signal

from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from imps.model.address import Address
from imps.testing.commands import IMPS, CommandLineTestCase
from imps.testing.nokia import Nokia
from imps.testing.process import Program, reactor
from imps.testing.service import LOOK_SECONDS, PASSWORD, Services, add_users, store_of

ANN, BOB = "wv:ann@localhost", "wv:bob@localhost"
TEXT = "meet me at the harbour"


class TraceTests(TestCase):
    async def start(self, processes: int) -> Program:
        """Services with two users, of whom one is traced in every process."""
        self.services = Services(self, processes)
        await self.services.start()
        await add_users(self.services.data, "ann", "bob")
        return await self.traced(processes)

    async def traced(self, processes: int) -> Program:
        command = [*IMPS, "trace", "ann", "--data", str(self.services.data)]
        program = Program.start(self, command)
        await program.says(f"imps: tracing {ANN} until Ctrl-C\n")
        for _ in range(processes):
            await program.says(r"process \d+ on \S+ joins in\n")
        return program

    async def heard(self) -> None:
        """Wait until somebody hears what is traced."""
        async with store_of(self.services.data) as store:
            while not await store.client.execute("PUBSUB", "CHANNELS", "imps:{store}:trace:*"):
                await deferLater(reactor, LOOK_SECONDS)

    async def talk(self, program: Program, encoding: str) -> None:
        """Have both users say something to each other; Ann's part of it is shown, but no secret."""
        begin = len(program.output)
        ann, bob = (Nokia(self, self.services.urls, user, encoding=encoding) for user in (ANN, BOB))
        for client in (ann, bob):
            await client.sign_on()
        await ann.send(BOB, text=TEXT)
        await bob.send(ANN, text=TEXT)
        await ann.poll()
        self.assertEqual(ann.texts, [TEXT])
        ids = {client: client.session_id or "" for client in (ann, bob)}
        await ann.sign_off()
        await program.says(rf"(?s)<Logout-Request/>.* to client, .*{encoding.upper()}")
        await program.says("</WV-CSP-Message>\n")
        shown = program.output[begin:]
        for name in ("Login-Request", "SendMessage-Request", "NewMessage", "MessageDelivered"):
            self.assertIn(f"<{name}>", shown)
        self.assertIn(f"<Password>[{len(PASSWORD)} octets]</Password>", shown)
        self.assertIn(f"<ContentData>[{len(TEXT)} octets]</ContentData>", shown)
        self.assertEqual(set(re.findall(r"session (\w+)…", shown)), {ids[ann][:6]})
        self.assertEqual(set(re.findall("WBXML|XML, ", shown)), {f"{encoding.upper()}, "[:5]})
        for secret in (TEXT, PASSWORD, *ids.values()):
            self.assertNotIn(secret, shown)

    async def end(self, program: Program) -> None:
        """Press Ctrl-C, and see that it ends in good order."""
        program.signal(signal.SIGINT)
        self.assertEqual(await program.ends(), 0)
        self.assertNotIn("Traceback", program.output)

    async def test_user_is_shown_in_xml_and_wbxml(self) -> None:
        program = await self.start(1)
        for encoding in ("xml", "wbxml"):
            await self.talk(program, encoding)
        await self.end(program)
        await self.services.stop()

    async def test_user_is_shown_in_every_process(self) -> None:
        program = await self.start(2)
        for encoding in ("xml", "wbxml"):
            await self.talk(program, encoding)
        await self.end(program)
        await self.services.stop()

    async def test_trace_goes_on_when_the_store_was_away(self) -> None:
        program = await self.start(1)
        await self.services.kill_store()
        await self.services.each[0].program.says("The store is back")
        await self.heard()
        await self.talk(program, "wbxml")
        await self.end(program)
        await self.services.stop()

    async def test_trace_ends_while_the_store_is_away(self) -> None:
        program = await self.start(1)
        await self.services.stop()
        await program.says("imps: the store does not answer")
        await self.end(program)

    async def test_trace_ends_when_nobody_reads_it(self) -> None:
        await self.start(1)
        command = ["/bin/sh", "-c", '"$@" | head -n 1', "sh", *IMPS, "trace", "ann"]
        program = Program.start(self, [*command, "--data", str(self.services.data)])
        await program.says("joins in")
        ann = Nokia(self, self.services.urls, ANN)
        await ann.sign_on()
        self.assertEqual(await program.ends(), 0)
        await self.services.stop()


class RefusedTests(CommandLineTestCase):
    async def test_user_that_there_is_not_is_said_in_one_line(self) -> None:
        said = self.refused("trace", "ann", *self.place)
        self.assertEqual(said, "imps: there is no user wv:ann@localhost")

    async def test_store_that_nobody_serves_is_said_in_one_line(self) -> None:
        await self.add_accounts(Address.parse(ANN))
        said = self.refused("trace", "ann", *self.place)
        self.assertEqual(said, "imps: no service runs on this store")
