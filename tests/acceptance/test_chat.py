"""Two terminals with ``imps chat``."""

import signal
import sys

from twisted.trial.unittest import TestCase

from imps.testing.process import Program
from imps.testing.service import CIR, PASSWORD, Service, Services, add_users
from imps.testing.trouble import Network

CHAT = (sys.executable, "-m", "imps.cli", "chat")

# What a shell does around a program: it stays when that is interrupted, and shows how it ended.
WITH_TERMINAL = 'trap : INT; "$@"; echo "ended with $?"; stty -a'


class ChatTestCase(TestCase):
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


class Talking:
    async def test_two_talk(self):
        ann = await self.signed_on("ann", "--to", "bob", "--csp", "1.1", "--encoding", "xml")
        bob = await self.signed_on("bob")
        ann.type("hello bob, grüße 😀\n")
        await bob.says("ann: hello bob, grüße 😀")
        await bob.says("ann> ")
        bob.type("hello ann\n")
        await ann.says("bob: hello ann")

    async def test_who_was_killed_gets_what_came_meanwhile_once_and_in_order(self):
        ann = await self.signed_on("ann", "--to", "bob")
        bob = await self.signed_on("bob")
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


class ChatTests(Talking, ChatTestCase):
    async def setUp(self):
        self.service = Service(self)
        self.url = await self.service.start()
        await add_users(self.service.data, "ann", "bob")

    async def test_two_who_are_woken_talk(self):
        await self.service.stop()
        self.service.options = CIR
        self.url = await self.service.start()
        ann = await self.signed_on("ann", "--to", "bob", "--csp", "1.1", "--encoding", "xml")
        bob = await self.signed_on("bob")
        for number in range(3):
            ann.type(f"hello bob {number}\n")
            await bob.says(f"ann: hello bob {number}")
            bob.type(f"hello ann {number}\n")
            await ann.says(f"bob: hello ann {number}")
        ann.type("/to ann\nand hello me\n")
        await ann.says("ann: and hello me")
        bob.type("/quit\n")
        self.assertEqual(await bob.ends(), 0)

    async def test_every_way_out_is_clean(self):
        for way_out in ("/quit\n", "\x04", "\x03"):
            command = [*CHAT, "ann", "--to", "bob", "--server", self.url]
            shell = ["/bin/sh", "-c", WITH_TERMINAL, "sh", *command]
            chat = Program.start(self, shell, terminal=True, variables={"TERM": "xterm"})
            await chat.says("Password: ")
            chat.type(f"{PASSWORD}\n")
            await chat.says("bob> ")
            chat.type(way_out)
            await chat.says("ended with 0")
            self.assertNotIn("Traceback", chat.output)
            # The terminal shows again what is typed.
            await chat.says("[^-]echo ")
            await chat.ends()

    async def test_wrong_password_is_said_to_be_wrong(self):
        chat = await self.terminal("ann", password="wrong")
        await chat.says("imps: wrong user or password")
        self.assertEqual(await chat.ends(), 1)
        self.assertNotIn("Traceback", chat.output)

    async def test_server_that_is_not_there_is_said_so(self):
        await self.service.stop()
        chat = await self.terminal("ann")
        await chat.says(r"imps: http://127\S* cannot be reached")
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


class TwoProcessTests(Talking, ChatTestCase):
    """The same with each request going to the other process than the last."""

    async def setUp(self):
        self.services = Services(self, 2)
        await self.services.start()
        self.url = (await Network(self, self.services.urls).route()).url
        await add_users(self.services.data, "ann", "bob")
