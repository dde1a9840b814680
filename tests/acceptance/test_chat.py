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

WATCHED = {
    "bob": (("1.1", "xml"), ("1.2", "wbxml")),
    "carol": (("1.3", "wbxml"), ("1.1", "wbxml")),
    "dave": (("1.2", "xml"), ("1.3", "xml")),
}
"""Who is watched, and the versions and encodings of the watcher and of them."""


def speaking(version, encoding):
    """The options for a version and an encoding."""
    return ("--csp", version, "--encoding", encoding)


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

    async def allows(self, publisher, watcher):
        """Have somebody who is asked let another see the presence."""
        await publisher.says(
            rf"\* {watcher} asks to see whether you are there: "
            rf"/allow {watcher} or /deny {watcher}\r\n"
        )
        publisher.type(f"/allow {watcher}\n")
        await publisher.says(rf"\* {watcher} may see whether you are there\.")


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


class Watching:
    async def test_contact_who_allows_it_is_seen_to_come_to_change_and_to_go(self):
        for bob, (watcher_speaks, bob_speaks) in WATCHED.items():
            watcher = await self.signed_on("ann", *speaking(*watcher_speaks))
            watched = await self.signed_on(bob, *speaking(*bob_speaks))
            watcher.type(f"/add {bob} Bobby\n")
            await watcher.says(rf"\* {bob} \(Bobby\) is among your contacts\.")
            await self.allows(watched, "ann")
            await watcher.says(rf"\* {bob} is there\.")
            watched.type("/status in a <meeting>, grüße 😀\n")
            await watcher.says(rf'\* {bob}: "in a <meeting>, grüße 😀"')
            watched.type("/away\n")
            await watcher.says(rf"\* {bob}: not available")
            watcher.type("/who\n")
            await watcher.says(rf'  {bob} \(Bobby\): away, "in a <meeting>, grüße 😀"')
            watched.type("/back\n/status\n")
            await watcher.says(rf"\* {bob}: available")
            await watcher.says(rf"\* {bob}: no status text any more")
            watched.type("/quit\n")
            await watcher.says(rf"\* {bob} has left\.")
            watcher.type("/who\n")
            await watcher.says(rf"  {bob} \(Bobby\): not there")
            watched = await self.signed_on(bob, *speaking(*bob_speaks))
            await watcher.says(rf"\* {bob} is there\.")
            watcher.type(f"/remove {bob}\n")
            await watcher.says(rf"\* {bob} is not among your contacts\.")
            watcher.type("/who\n")
            await watcher.says(r"\* You have no contacts")
            self.assertEqual(watcher.output.count(f"* {bob} is there."), 2, watcher.output)
            for each in (watcher, watched):
                each.type("/quit\n")
                self.assertEqual(await each.ends(), 0)

    async def test_contacts_are_seen_when_one_signs_on_and_who_is_denied_sees_nothing(self):
        ann = await self.signed_on("ann", "--to", "bob")
        bob, carol = await self.signed_on("bob"), await self.signed_on("carol")
        ann.type("/add bob\n/add carol\n/add nobody\n")
        await ann.says(r"\* Not added: there is no such user\.")
        await self.allows(bob, "ann")
        await ann.says(r"\* bob is there\.")
        await carol.says(r"\* ann asks")
        carol.type("/deny ann\n")
        await carol.says(r"\* ann may not see whether you are there\.")
        carol.type("/status a secret\n")
        await carol.says(r'\* Your status is "a secret"\.')
        bob.type("/status no secret\n/away\n")
        await ann.says(r"\* bob: not available")
        ann.type("/quit\n")
        self.assertEqual(await ann.ends(), 0)
        self.assertNotIn("a secret", ann.output)
        self.assertNotIn("carol is there", ann.output)
        again = await self.signed_on("ann", *speaking("1.3", "wbxml"))
        await again.says(r"\* bob is there\.")
        await again.says(r"\* bob: not available")
        await again.says(r'\* bob: "no secret"')
        again.type("/who\n")
        await again.says(r'  bob: away, "no secret"')
        await again.says(r"  carol: nothing known")


class ChatTests(Talking, ChatTestCase):
    async def setUp(self):
        self.service = Service(self)
        self.url = await self.service.start()
        await add_users(self.service.data, "ann", "bob", "carol")

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

    async def test_contacts_are_watched_still_when_the_server_comes_back(self):
        port = self.url.rpartition(":")[2].strip("/")
        self.service.options = ("--csp", f"tcp:{port}:interface=127.0.0.1")
        ann = await self.signed_on("ann")
        bob = await self.signed_on("bob")
        ann.type("/add bob\n")
        await self.allows(bob, "ann")
        await ann.says(r"\* bob is there\.")
        await self.service.kill()
        await ann.says("The server cannot be reached")
        ann.type("/add carol\n")
        await ann.says(r"\* Not added: the server cannot be reached\.")
        await bob.says("The server cannot be reached")
        await self.service.start()
        await bob.says("The server is back")
        bob.type("/status still here\n")
        await ann.says(r'\* bob: "still here"')
        self.assertEqual(ann.output.count("* bob is there."), 1, ann.output)

    async def test_who_has_neither_contact_lists_nor_presence_chats(self):
        services = frozenset(("FundamentalFeat", "IMFeat"))
        await add_users(self.service.data, "eve", "fred", services=services)
        eve = await self.signed_on("eve", *speaking("1.3", "xml"))
        fred = await self.signed_on("fred", "--to", "eve")
        fred.type("hello eve\n")
        await eve.says("fred: hello eve")
        fred.type("/add eve\n")
        await fred.says(r"\* Not added: there is no contact list\.")
        eve.type("/away\n")
        await eve.says(r"\* Not published: the server does not offer that\.")
        for each in (eve, fred):
            self.assertNotIn("contacts", each.output)
            self.assertNotIn("you are there", each.output)


class WatchingTests(Watching, ChatTestCase):
    """Terminals that are woken."""

    async def setUp(self):
        service = Service(self, CIR)
        self.url = await service.start()
        await add_users(service.data, "ann", "bob", "carol", "dave")


class TwoProcessTestCase(ChatTestCase):
    """Each request goes to the other process than the last."""

    options: tuple[str, ...] = ()

    async def setUp(self):
        services = Services(self, 2, self.options)
        await services.start()
        self.url = (await Network(self, services.urls).route()).url
        await add_users(services.data, "ann", "bob", "carol", "dave")


class TwoProcessTests(Talking, TwoProcessTestCase):
    pass


class TwoProcessWatchingTests(Watching, TwoProcessTestCase):
    options = CIR
