from pathlib import Path

from twisted.internet import reactor

from imps.config import Settings
from imps.store.opening import open_store
from imps.testing.commands import CommandLineTestCase
from imps.testing.store import private_directory


class PlaceTests(CommandLineTestCase):
    async def test_url_that_names_no_store_is_refused(self):
        said = self.refused("user", "list", "--redis", "http://somewhere")
        self.assertRegex(said, "^imps: redis: expected redis://")

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

    async def test_version_is_told(self):
        self.assertRegex(self.imps("--version"), r"^imps \S+")


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
