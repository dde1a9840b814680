from twisted.internet.defer import Deferred

from imps.store.errors import StoreError
from imps.store.format import NUMBER
from imps.store.keys import FORMAT
from imps.store.migrations import MIGRATIONS, upgrade
from imps.store.processes import Process, Processes
from imps.testing.store import StoreTestCase


class MigrationTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.client = self.store.client
        self.steps: list[tuple[int, int]] = []

    async def number(self):
        return int(await self.client.execute("HGET", FORMAT, "number"))

    def step(self, number, failing=()):
        async def migrate(client, buckets):
            if number in failing:
                raise StoreError("the power went out")
            self.steps.append((number, buckets.count))

        return migrate

    async def refused(self, *arguments):
        upgrading = Deferred.fromCoroutine(upgrade(self.client, *arguments))
        return str(await self.assertFailure(upgrading, StoreError))

    async def test_there_is_a_way_from_every_older_format(self):
        self.assertEqual(sorted(MIGRATIONS), list(range(1, NUMBER)))

    async def test_store_of_this_format_is_left_alone(self):
        self.assertEqual(await upgrade(self.client), NUMBER)
        self.assertEqual(await self.number(), NUMBER)

    async def test_older_store_is_migrated_step_by_step(self):
        migrations = {1: self.step(1), 2: self.step(2)}
        self.assertEqual(await upgrade(self.client, migrations, 3), 1)
        self.assertEqual(self.steps, [(1, 64), (2, 64)])
        self.assertEqual(await self.number(), 3)
        self.assertEqual(await upgrade(self.client, migrations, 3), 3)
        self.assertEqual(len(self.steps), 2)

    async def test_interrupted_upgrade_goes_on_where_it_was(self):
        broken = {1: self.step(1), 2: self.step(2, failing=(2,))}
        self.assertEqual(await self.refused(broken, 3), "the power went out")
        self.assertEqual(await self.number(), 2)
        self.assertEqual(await upgrade(self.client, {1: self.step(1), 2: self.step(2)}, 3), 2)
        self.assertEqual([number for number, _ in self.steps], [1, 2])

    async def test_newer_store_is_refused(self):
        await self.client.execute("HSET", FORMAT, "number", NUMBER + 1)
        self.assertRegex(await self.refused(), "^the store has format .*, newer than this program")

    async def test_format_that_no_migration_knows_is_refused_before_anything_is_done(self):
        await self.client.execute("HSET", FORMAT, "number", 0)
        said = await self.refused({1: self.step(1)}, 2)
        self.assertEqual(said, "there is no way from format 0, which this store has")
        self.assertEqual(self.steps, [])

    async def test_store_that_is_served_is_refused(self):
        process = Process("a", "host", 7, "1.0", 0.0, ())
        await Processes(self.client).announce(process, now=0.0)
        said = await self.refused({1: self.step(1)}, 2)
        self.assertRegex(said, "^process 7 on host serves this store: stop it first")
        self.assertEqual((self.steps, await self.number()), ([], 1))
        await Processes(self.client).withdraw(process)
        self.assertEqual(await upgrade(self.client, {1: self.step(1)}, 2), 1)

    async def test_new_store_needs_nothing(self):
        await self.client.execute("DEL", FORMAT)
        self.assertIsNone(await upgrade(self.client))
