"""The line port of services as operators start them, with handsets on the other side."""

from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.trial.unittest import TestCase

from imps.model.version import V12
from imps.testing.android import Android
from imps.testing.process import reactor, until
from imps.testing.service import PASSWORD, Service, Services, add_users, settings_file
from imps.testing.store import private_directory
from imps.testing.telnet import Telnet

SETTINGS = """
log_level = "debug"
[clp]
line = "tcp:0:interface=127.0.0.1"
"""
HINT = " (/A bob@localhost adds, /B bob@localhost blocks)"


class LinePortTests(TestCase):
    """Two processes on one store, each with a line port; bob's handset asks one after the other."""

    async def setUp(self):
        file = settings_file(self, SETTINGS)
        self.services = Services(self, 2, ("--config", file))
        await self.services.start()
        await add_users(self.services.data, "amy", "bob")
        self.bob = Android(self, self.services.urls, "wv:bob@localhost", V12, "wbxml")
        await self.bob.sign_on()

    async def line(self, number):
        """A connection to a process, on which amy has logged in."""
        said = self.services.each[number].program.said("Line on (.+)")
        line = await Telnet.to(self, int(said.rpartition(":")[2]))
        line.say(f"LOGIN amy {PASSWORD}")
        await line.has(1)
        await until(lambda: "You are online as amy" in str(line.lines))
        return line

    async def shows(self, line, text):
        await until(lambda: any(text in each for each in line.lines), lambda: str(line.lines))

    async def bob_hears(self, *texts):
        async def has_polled():
            await self.bob.poll()
            return len(set(self.bob.texts)) >= len(texts)

        await until(has_polled, lambda: f"only {self.bob.texts}")
        self.assertEqual(self.bob.texts, list(texts))

    async def test_user_on_a_line_and_handset_talk_through_any_process(self):
        line = await self.line(1)
        line.say("s bob lunch?")
        await self.bob_hears("lunch?")
        for text in ("yes at 12", "bring amy's book"):
            self.assertEqual((await self.bob.send("wv:amy@localhost", text=text)).code, 200)
            await self.shows(line, f"bob: {text}")
        line.say("on my way \u263a")
        await self.bob_hears("lunch?", "on my way \u263a")
        await self.services.stop()
        await line.is_closed()
        self.assertEqual(sum("bob: " in each for each in line.lines), 2, line.lines)
        self.assertNotIn("Traceback", self.services.output)
        for secret in (PASSWORD, "lunch?", "yes at 12"):
            self.assertNotIn(secret, self.services.output)

    async def test_message_that_comes_after_a_process_was_killed_is_on_the_next_line(self):
        line = await self.line(1)
        await self.services.kill(1)
        await line.is_closed()
        self.services.urls[1] = self.services.urls[0]
        sent = await self.bob.send("wv:amy@localhost", text="still there?")
        self.assertEqual(sent.code, 200)
        again = await self.line(0)
        await self.shows(again, f"bob: still there?{HINT}")
        again.say("here again")
        await self.bob_hears("here again")


class SocketTests(TestCase):
    async def test_unix_socket_is_a_line_port_for_whom_its_mode_lets_in(self):
        path = private_directory(self) / "line"
        file = settings_file(self, f'[clp]\nline = "unix:{path}:mode=600"\n')
        service = Service(self, ("--config", file))
        await service.start()
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        await add_users(service.data, "amy")
        line = await Telnet.over(self, UNIXClientEndpoint(reactor, str(path)))
        line.say("LOGIN amy wrong")
        await line.gets("Wrong name or password. 2 tries left.")
        line.say(f"LOGIN amy {PASSWORD}")
        await line.has(2)
        self.assertIn("You are online as amy.", line.new()[0])
        await service.stop()
        await line.is_closed()
        self.assertFalse(path.exists())


class RefusedTests(TestCase):
    async def test_line_port_that_others_could_reach_is_refused_at_the_start(self):
        file = settings_file(self, '[clp]\nline = "tcp:4664"\n')
        service = Service(self, ("--config", file))
        service.launch()
        self.assertNotEqual(await service.program.ends(), 0)
        self.assertIn(
            "clp.line: 'tcp:4664' is not on the loopback interface", service.program.output
        )
