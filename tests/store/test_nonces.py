from imps.model.address import Address
from imps.store.nonces import LIFETIME_SECONDS, Nonces
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:ann@localhost")


class NoncesTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.nonces = Nonces(self.store.client, self.store.buckets)

    async def test_nonce_is_taken_once(self):
        await self.nonces.keep(ANN, "login", "n1")
        self.assertEqual(await self.nonces.take(ANN, "login"), "n1")
        self.assertIsNone(await self.nonces.take(ANN, "login"))

    async def test_newer_nonce_replaces_an_older_one(self):
        await self.nonces.keep(ANN, "login", "n1")
        await self.nonces.keep(ANN, "login", "n2")
        self.assertEqual(await self.nonces.take(ANN, "login"), "n2")
        self.assertIsNone(await self.nonces.take(ANN, "login"))

    async def test_nonce_is_for_one_login_of_one_user_in_any_spelling(self):
        await self.nonces.keep(ANN, "login", "n1")
        self.assertIsNone(await self.nonces.take(ANN, "other"))
        self.assertIsNone(await self.nonces.take(Address.parse("wv:bob@localhost"), "login"))
        self.assertEqual(await self.nonces.take(Address.parse("ANN@LocalHost"), "login"), "n1")

    async def test_nonce_is_void_after_a_short_time(self):
        await self.nonces.keep(ANN, "login", "n1")
        (key,) = await self.store.client.execute("KEYS", "*nonce*")
        left = await self.store.client.execute("TTL", key.decode())
        self.assertTrue(0 < left <= LIFETIME_SECONDS)
