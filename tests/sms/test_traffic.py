from imps.model.address import Address
from imps.store.errors import StoreUnavailable
from tests.sms.scripted import ANN, TrafficTestCase


class LookingTests(TrafficTestCase):
    """What is looked for, bucket by bucket, while some of them cannot be looked into."""

    async def test_buckets_that_cannot_be_looked_into_keep_no_other_waiting(self):
        buckets = self.store.buckets
        ours = buckets.of(Address(ANN))
        for bucket in range(buckets.count):
            if bucket != ours:
                key = f"{buckets.prefix(bucket)}due-parts"
                await self.store.client.execute("ZADD", key, 0, "no name of any parts")
        await self.send()
        await self.look()
        self.assertEqual(self.gateway.texts, ["hello"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), buckets.count - 1)

    async def test_bucket_in_which_the_store_refuses_keeps_no_other_waiting(self):
        buckets = self.store.buckets
        ours = buckets.of(Address(ANN))
        for bucket in range(buckets.count):
            if bucket != ours:
                key = f"{buckets.prefix(bucket)}due-parts"
                await self.store.client.execute("SET", key, "in the way")
        await self.send()
        await self.look()
        self.assertEqual(self.gateway.texts, ["hello"])

    async def test_while_the_store_is_away_no_other_bucket_is_looked_into(self):
        asked = []

        async def due(bucket, *, now):
            asked.append(bucket)
            raise StoreUnavailable("away")

        self.patch(type(self.traffic._stored), "due", lambda _, *args, **more: due(*args, **more))
        with self.assertRaises(StoreUnavailable):
            await self.traffic.look()
        self.assertEqual(asked, [0])
