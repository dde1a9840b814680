from pathlib import Path

from attrs import evolve
from cryptography.fernet import Fernet
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from imps.store.errors import StoreError
from imps.store.keys import FORMAT
from imps.store.opening import open_store
from imps.testing.store import StoreTestCase, empty_store


class FormatTests(StoreTestCase):
    async def refused(self, settings=None):
        settings = settings or self.settings
        opening = open_store(settings, reactor, for_service=True)
        return str(await self.assertFailure(Deferred.fromCoroutine(opening), StoreError))

    async def opened(self, for_service, **changes):
        store = await open_store(evolve(self.settings, **changes), reactor, for_service)
        self.addCleanup(store.close)
        return store

    async def test_new_store_gets_a_key_and_64_buckets(self):
        self.assertEqual(self.store.buckets.count, 64)
        self.assertEqual(self.store.domains, ("localhost",))
        self.assertEqual(self.store.secrets.decrypt(self.store.secrets.encrypt("ü")), "ü")
        key = Path(self.settings.data) / "key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)

    async def test_number_of_buckets_is_the_stores(self):
        await self.store.client.execute("HSET", FORMAT, "buckets", 16)
        self.assertEqual((await self.opened(for_service=True)).buckets.count, 16)

    async def test_commands_take_the_domains_from_the_store(self):
        await self.opened(for_service=True, domain=("a.example", "b.example"))
        command = await self.opened(for_service=False, domain=("c.example",))
        self.assertEqual(command.domains, ("a.example", "b.example"))

    async def test_newer_format_is_refused(self):
        await self.store.client.execute("HSET", FORMAT, "number", 2)
        self.assertEqual(
            await self.refused(), "the store has format 2, newer than this program's 1"
        )

    async def test_older_format_asks_for_an_upgrade(self):
        await self.store.client.execute("HSET", FORMAT, "number", 0)
        self.assertEqual(await self.refused(), "the store has the old format 0: run imps upgrade")

    async def test_wrong_key_is_refused(self):
        key = Path(self.mktemp())
        key.write_bytes(Fernet.generate_key())
        key.chmod(0o600)
        self.assertEqual(
            await self.refused(evolve(self.settings, key_file=str(key))),
            "the key file is not the one this store was made with",
        )

    async def test_missing_key_of_an_existing_store_is_not_made_anew(self):
        key = Path(self.mktemp())
        refusal = await self.refused(evolve(self.settings, key_file=str(key)))
        self.assertEqual(refusal, f"the key file {key} is missing: this store was made with one")
        self.assertFalse(key.exists())

    async def test_key_file_that_others_may_read_is_refused(self):
        key = Path(self.mktemp())
        key.write_bytes(Fernet.generate_key())
        key.chmod(0o644)
        refusal = await self.refused(evolve(self.settings, key_file=str(key)))
        self.assertEqual(refusal, f"others may read the key file {key}: do chmod 600 {key}")

    async def test_file_without_a_key_is_refused(self):
        key = Path(self.mktemp())
        for content in (b"", b"no key at all"):
            key.write_bytes(content)
            key.chmod(0o600)
            refusal = await self.refused(evolve(self.settings, key_file=str(key)))
            self.assertEqual(refusal, f"there is no key in the key file {key}")

    async def test_added_key_reads_what_the_old_one_wrote(self):
        old = (Path(self.settings.data) / "key").read_bytes()
        key = Path(self.mktemp())
        key.write_bytes(Fernet.generate_key() + b"\n" + old)
        key.chmod(0o600)
        rotated = await self.opened(for_service=True, key_file=str(key))
        self.assertEqual(rotated.secrets.decrypt(self.store.secrets.encrypt("word")), "word")

    async def test_key_of_a_new_store_is_made_where_the_settings_say(self):
        await empty_store(reactor, self.settings)
        key = Path(self.mktemp())
        await self.opened(for_service=False, key_file=str(key))
        self.assertTrue(key.exists())
