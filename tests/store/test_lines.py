"""Which line has a user."""

from imps.model.address import Address
from imps.store.lines import KEPT_SECONDS, StoredLines
from imps.testing.store import StoreTestCase

AMY = Address.parse("wv:amy@localhost")


class StoredLinesTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.lines = StoredLines(self.store.client, self.store.buckets)
        self.first, self.second = self.lines.new_id(AMY), self.lines.new_id(AMY)

    async def test_last_line_has_the_user(self):
        self.assertEqual(await self.lines.of(AMY), "")
        self.assertEqual(await self.lines.take(AMY, self.first), "")
        self.assertEqual(await self.lines.take(AMY, self.second), self.first)
        self.assertEqual(await self.lines.of(AMY), self.second)
        self.assertFalse(await self.lines.keep(AMY, self.first))
        self.assertTrue(await self.lines.keep(AMY, self.second))

    async def test_only_the_line_that_has_the_user_leaves_with_it(self):
        await self.lines.take(AMY, self.first)
        await self.lines.take(AMY, self.second)
        self.assertFalse(await self.lines.leave(AMY, self.first))
        self.assertEqual(await self.lines.of(AMY), self.second)
        self.assertTrue(await self.lines.leave(AMY, self.second))
        self.assertEqual(await self.lines.of(AMY), "")

    async def test_line_that_says_nothing_is_forgotten_and_one_that_goes_on_is_known_again(self):
        await self.lines.take(AMY, self.first)
        (key,) = await self.store.client.execute("KEYS", "imps:*:line:*")
        self.assertLessEqual(await self.store.client.execute("TTL", key), KEPT_SECONDS)
        await self.store.client.execute("DEL", key)
        self.assertTrue(await self.lines.keep(AMY, self.first))
        self.assertEqual(await self.lines.of(AMY), self.first)
        self.assertGreater(await self.store.client.execute("TTL", key), 0)
