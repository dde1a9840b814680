"""Two terminals with ``imps chat``."""

import signal
import sys

from twisted.trial.unittest import TestCase

from imps.testing.process import Program
from imps.testing.service import PASSWORD, Service, add_users

CHAT = (sys.executable, "-m", "imps.cli", "chat")


class ChatTests(TestCase):
    async def setUp(self):
        self.service = Service(self)
        self.url = await self.service.start()
        await add_users(self.service.data, "ann", "bob")

    async def terminal(self, name, *options, password=PASSWORD):
        """A chat in a terminal, after the password was typed."""
        command = [*CHAT, name, "--server", self.url, *options]
        chat = Program.start(self, command, terminal=True, variables={"TERM": "xterm"})
        await chat.says("Password: ")
        chat.type(f"{password}\n")
        return chat

    async def signed_on(self, name, *options):
        chat = await self.terminal(name, *options)
        await chat.says(rf"Signed on as {name}\.")
        self.assertNotIn(PASSWORD, chat.output)
        return chat

    async def test_two_talk(self):
        for options in ((), ("--csp", "1.1", "--encoding", "xml"), ("--csp", "1.3")):
            ann = await self.signed_on("ann", "--to", "bob", *options)
            bob = await self.signed_on("bob", *options)
            ann.type("hello bob, grüße 😀\n")
            await bob.says("ann: hello bob, grüße 😀")
            await bob.says("ann> ")
            bob.type("hello ann\n")
            await ann.says("bob: hello ann")
            for chat in (ann, bob):
                chat.type("/quit\n")
                self.assertEqual(await chat.ends(), 0)

    async def test_who_was_killed_gets_what_came_meanwhile_once_and_in_order(self):
        ann = await self.signed_on("ann", "--to", "bob")
        bob = await self.signed_on("bob")
        ann.type("before\n")
        await bob.says("ann: before")
        bob.signal(signal.SIGKILL)
        self.assertEqual(await bob.ends(), -signal.SIGKILL)
        for text in ("one", "two", "three"):
            ann.type(f"{text}\n")
            await ann.says(f"{text}\r\n")
        # Once this is told, what was typed before has been sent.
        ann.type("/to nobody\nare you there?\n")
        await ann.says("Not sent: there is no such user")
        again = await self.signed_on("bob")
        for text in ("one", "two", "three"):
            await again.says(f"ann: {text}")
        again.type("/to ann\nthanks\n")
        await ann.says("bob: thanks")
        shown = [line for line in again.output.splitlines() if "ann: " in line]
        self.assertEqual(len(shown), 3, shown)
        self.assertNotIn("before", again.output)

    async def test_every_way_out_is_clean(self):
        for way_out in ("/quit\n", "\x04", "\x03"):
            ann = await self.signed_on("ann", "--to", "bob")
            await ann.says("bob> ")
            ann.type(way_out)
            await ann.says("Signed off")
            self.assertEqual(await ann.ends(), 0, ann.output)
            self.assertNotIn("Traceback", ann.output)

    async def test_wrong_password_is_said_to_be_wrong(self):
        for name in ("ann", "nobody"):
            chat = await self.terminal(name, password="wrong")
            await chat.says("imps: wrong user or password")
            self.assertEqual(await chat.ends(), 1)
            self.assertNotIn("Traceback", chat.output)

    async def test_server_that_is_not_there_is_said_so(self):
        await self.service.stop()
        chat = await self.terminal("ann")
        await chat.says("imps: http://127.*cannot be reached")
        self.assertEqual(await chat.ends(), 1)
        self.assertNotIn("Traceback", chat.output)

    async def test_server_that_comes_back_is_found_again(self):
        port = self.url.rpartition(":")[2].strip("/")
        self.service.options = ("--csp", f"tcp:{port}:interface=127.0.0.1")
        ann = await self.signed_on("ann", "--to", "bob")
        await self.service.kill()
        await ann.says("The server cannot be reached")
        await self.service.start()
        await ann.says("The server is back")
        ann.type("/quit\n")
        self.assertEqual(await ann.ends(), 0)
