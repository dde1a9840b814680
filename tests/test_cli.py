import os
import pty
import select
import subprocess
import sys
from pathlib import Path

from twisted.internet import reactor

from imps.config import Settings
from imps.store.opening import open_store
from imps.testing.store import StoreTestCase, private_directory

ROOT = Path(__file__).parent.parent
IMPS = [sys.executable, "-m", "imps.cli"]


def imps(*arguments, password=None):
    given = None if password is None else f"{password}\n"
    return subprocess.run(
        [*IMPS, *arguments], cwd=ROOT, input=given, capture_output=True, text=True
    )


class CommandLineTestCase(StoreTestCase):
    def imps(self, *arguments, password=None):
        """What a command says when it succeeds."""
        done = imps(*arguments, password=password)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def refused(self, *arguments, password=None):
        """The one line a command says when it fails."""
        done = imps(*arguments, password=password)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr.strip()


class UserCommandsTests(CommandLineTestCase):
    async def setUp(self):  # type: ignore[override]
        await super().setUp()
        self.place = ("--redis", self.settings.redis, "--data", self.settings.data)

    def add(self, *arguments, password="secret"):
        return ("user", "add", *arguments, "--password-stdin", *self.place), password

    async def test_user_is_added_listed_and_shown(self):
        arguments, password = self.add("ann", "--msisdn", "358 50 1234567")
        said = self.imps(*arguments, password=password)
        self.assertEqual(said, "wv:ann@localhost added\n")
        self.assertEqual(self.imps("user", "list", *self.place), "wv:ann@localhost\n")
        shown = self.imps("user", "show", "ann", *self.place)
        self.assertEqual(
            shown,
            "address: wv:ann@localhost\nmsisdn: +358501234567\nstate: active\nservices: all\n",
        )

    async def test_errors_are_one_line(self):
        arguments, password = self.add("ann@elsewhere.org")
        self.assertEqual(
            self.refused(*arguments, password=password),
            "imps: elsewhere.org is not a home domain; those are localhost",
        )
        self.assertEqual(
            self.refused("user", "show", "nobody", *self.place),
            "imps: there is no user wv:nobody@localhost",
        )
        self.assertEqual(
            self.refused("user", "list", "--redis", "http://somewhere"),
            "imps: redis: expected redis://[user:password@]host[:port][/database] or unix:///path",
        )

    async def test_settings_file_is_used_and_its_errors_are_one_line(self):
        file = Path(self.mktemp())
        data, redis = self.settings.data, self.settings.redis
        file.write_text(f"data = '{data}'\nredis = '{redis}'\n")
        self.assertEqual(self.imps("user", "list", "--config", str(file.absolute())), "")
        file.write_text("[store]\ndurability = 'never'\n")
        self.assertEqual(
            self.refused("user", "list", "--config", str(file.absolute())),
            "imps: store.durability: must be one of everysec, always",
        )

    async def test_password_is_asked_for_twice(self):
        self.assertIn("added", self.typed("bob", "secret", "secret"))
        self.assertIn("imps: the passwords differ", self.typed("carl", "secret", "other"))
        self.assertEqual(self.imps("user", "list", *self.place), "wv:bob@localhost\n")

    def typed(self, address, *passwords):
        """What is seen on the terminal by one who types the passwords there."""
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(ROOT)
            os.execv(sys.executable, [*IMPS, "user", "add", address, *self.place])
        seen = b""
        for prompt, password in zip((b"Password: ", b"Again: "), passwords, strict=True):
            while prompt not in seen:
                seen += self.read(terminal)
            os.write(terminal, password.encode() + b"\n")
        while chunk := self.read(terminal):
            seen += chunk
        os.waitpid(process, 0)
        os.close(terminal)
        self.assertNotIn(passwords[0].encode(), seen)
        return seen.decode()

    def read(self, terminal):
        ready, _, _ = select.select([terminal], [], [], 20)
        self.assertTrue(ready)
        try:
            return os.read(terminal, 1000)
        except OSError:  # how Linux says that the other side has closed
            return b""


class EmbeddedStoreTests(CommandLineTestCase):
    async def test_commands_work_without_a_service(self):
        data = ("--data", str(private_directory(self) / "data"))
        self.imps("user", "add", "ann", "--password-stdin", *data, password="secret")
        self.assertEqual(self.imps("user", "list", *data), "wv:ann@localhost\n")
        self.assertFalse((Path(data[1]) / "store.sock").exists())

    async def test_commands_work_while_the_service_runs(self):
        data = str(private_directory(self) / "data")
        settings = Settings.read(None, {"data": data, "domain": ["example.org"]})
        service = await open_store(settings, reactor, for_service=True)
        self.addCleanup(service.close)
        said = self.imps(
            "user", "add", "ann", "--password-stdin", "--data", data, password="secret"
        )
        self.assertEqual(said, "wv:ann@example.org added\n")
        self.assertEqual(await service.client.execute("PING"), b"PONG")


class UsageTests(CommandLineTestCase):
    async def test_version_is_told(self):
        self.assertRegex(self.imps("--version"), r"^imps \S+")
