from imps.model.address import Address
from imps.store.partner_queues import PartnerQueues, Waiting, lane_of
from imps.testing.store import StoreTestCase

SOUTH = "south.example"
ANN = Address.parse("wv:ann@localhost")
OTHER = Address.parse("wv:abe@localhost")


class PartnerQueuesTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.queues = PartnerQueues(self.store.client, self.store.buckets, 3, 100)
        self.operations = 0

    async def put(self, message, user=ANN, *, operation_id="", key="", lives=60, domain=SOUTH):
        self.operations += 1
        now = self.clock.seconds()
        return await self.queues.put(
            domain,
            user,
            message,
            transaction_id=f"t-{message.decode()}",
            operation_id=operation_id or str(self.operations),
            key=key,
            now=now,
            expires_at=now + lives,
        )

    async def claimed(self, domain=SOUTH, lease=30, at_most=32):
        now = self.clock.seconds()
        return await self.queues.claim(domain, now=now, until=now + lease, at_most=at_most)

    async def messages(self):
        return [each.message for each in await self.claimed()]

    async def finish(self, queued):
        await self.queues.finish(SOUTH, queued, now=self.clock.seconds())

    async def test_what_a_user_said_first_is_said_first(self):
        await self.put(b"one")
        await self.put(b"two")
        (first,) = await self.claimed()
        self.assertEqual((first.message, first.transaction_id), (b"one", "t-one"))
        self.assertEqual(await self.claimed(), [])
        await self.finish(first)
        self.assertEqual(await self.messages(), [b"two"])

    async def test_users_do_not_wait_for_each_other(self):
        await self.put(b"one")
        await self.put(b"two", OTHER)
        self.assertEqual(sorted(await self.messages()), [b"one", b"two"])

    def test_every_user_has_a_lane(self):
        lanes = {lane_of(Address(f"user{n}", None, "localhost")) for n in range(1000)}
        self.assertEqual(len(lanes), 1000)

    async def test_no_more_is_claimed_than_is_asked_for(self):
        await self.put(b"one")
        await self.put(b"two", OTHER)
        self.assertEqual(len(await self.claimed(at_most=1)), 1)
        self.assertEqual(len(await self.claimed(at_most=1)), 1)

    async def test_what_waits_for_a_partner_that_is_away_is_said_when_it_is_there(self):
        await self.put(b"one")
        await self.put(b"two", OTHER)
        first, second = await self.claimed()
        until = self.clock.seconds() + 100
        await self.queues.postpone(SOUTH, first, until=until, is_away=True)
        await self.queues.postpone(SOUTH, second, until=until)
        self.assertEqual(await self.queues.hasten(SOUTH, now=self.clock.seconds()), 1)
        self.assertEqual(await self.messages(), [first.message])
        self.assertEqual(await self.queues.hasten(SOUTH, now=self.clock.seconds()), 0)

    async def test_what_is_being_said_is_not_hastened(self):
        await self.put(b"one")
        (first,) = await self.claimed()
        await self.queues.postpone(SOUTH, first, until=self.clock.seconds(), is_away=True)
        await self.claimed()
        self.assertEqual(await self.queues.hasten(SOUTH, now=self.clock.seconds()), 0)
        self.assertEqual(await self.claimed(), [])

    async def test_partners_do_not_wait_for_each_other(self):
        await self.put(b"one")
        await self.put(b"two", domain="east.example")
        self.assertEqual(await self.messages(), [b"one"])

    async def test_a_lane_is_claimed_by_one_until_its_lease_is_over(self):
        await self.put(b"one")
        self.assertEqual(await self.messages(), [b"one"])
        self.clock.advance(29)
        self.assertEqual(await self.messages(), [])
        self.clock.advance(1)
        (again,) = await self.claimed()
        self.assertEqual((again.message, again.transaction_id, again.tries), (b"one", "t-one", 1))

    async def test_what_could_not_be_said_is_tried_later_and_nothing_overtakes_it(self):
        await self.put(b"one")
        await self.put(b"two")
        (first,) = await self.claimed()
        await self.queues.postpone(SOUTH, first, until=self.clock.seconds() + 100)
        self.clock.advance(99)
        self.assertEqual(await self.messages(), [])
        self.clock.advance(1)
        self.assertEqual(await self.messages(), [b"one"])

    async def test_postponing_what_is_done_does_not_hold_up_the_next(self):
        await self.put(b"one")
        await self.put(b"two")
        (first,) = await self.claimed()
        await self.finish(first)
        await self.queues.postpone(SOUTH, first, until=self.clock.seconds() + 100)
        self.assertEqual(await self.messages(), [b"two"])

    async def test_an_operation_queues_once_even_when_it_is_done(self):
        await self.put(b"one", operation_id="op")
        await self.put(b"one", operation_id="op")
        (first,) = await self.claimed()
        await self.finish(first)
        self.assertTrue(await self.put(b"one", operation_id="op"))
        self.assertEqual(await self.messages(), [])

    async def test_a_newer_message_of_a_key_takes_the_place_of_one_that_was_not_said(self):
        await self.put(b"old", key="presence")
        await self.put(b"two")
        await self.put(b"newer", key="presence")
        self.assertEqual(await self.queues.waiting(SOUTH), Waiting(2, len(b"newertwo")))
        (first,) = await self.claimed()
        self.assertEqual((first.message, first.transaction_id), (b"newer", "t-old"))
        await self.put(b"last", key="presence")
        self.assertEqual((await self.queues.waiting(SOUTH)).count, 3)
        await self.finish(first)
        (second,) = await self.claimed()
        await self.finish(second)
        self.assertEqual([second.message, *await self.messages()], [b"two", b"last"])

    async def test_no_more_waits_than_may(self):
        for n in range(3):
            self.assertTrue(await self.put(b"%d" % n))
        self.assertFalse(await self.put(b"more", operation_id="more"))
        (first,) = await self.claimed()
        await self.finish(first)
        self.assertTrue(await self.put(b"more", operation_id="more"))

    async def test_no_more_octets_wait_than_may(self):
        self.assertTrue(await self.put(60 * b"a"))
        self.assertFalse(await self.put(41 * b"b"))
        self.assertTrue(await self.put(40 * b"c"))

    async def test_a_message_is_found_by_its_transaction_until_it_is_done(self):
        await self.put(b"one")
        found = await self.queues.find(SOUTH, "t-one")
        self.assertEqual(found.message, b"one")
        await self.finish(found)
        self.assertIsNone(await self.queues.find(SOUTH, "t-one"))

    async def test_what_has_expired_is_told_to_one_at_a_time_until_it_is_done(self):
        await self.put(b"long", lives=1000)
        await self.put(b"short", lives=10)
        now = self.clock.seconds()
        self.assertEqual(await self.queues.expired(SOUTH, now=now + 9, until=now + 40), [])
        (over,) = await self.queues.expired(SOUTH, now=now + 10, until=now + 40)
        self.assertEqual(over.message, b"short")
        self.assertEqual(await self.queues.expired(SOUTH, now=now + 39, until=now + 70), [])
        self.assertEqual(await self.queues.expired(SOUTH, now=now + 40, until=now + 70), [over])
        await self.finish(over)
        self.assertEqual(await self.queues.expired(SOUTH, now=now + 70, until=now + 99), [])
        self.assertEqual(await self.messages(), [b"long"])

    async def test_nothing_is_left_in_the_store_of_what_is_done(self):
        await self.put(b"one", key="k")
        (first,) = await self.claimed()
        await self.finish(first)
        self.assertEqual(await self.queues.waiting(SOUTH), Waiting(0, 0))
        keys = await self.store.client.execute("KEYS", "*partner-*")
        kinds = {key.decode().split(":")[2] for key in keys}
        self.assertEqual(kinds, {"partner-queue", "partner-operations"})
