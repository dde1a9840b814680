from imps.store.partner_transactions import PartnerTransactions, Received, Standing
from imps.testing.store import StoreTestCase

SOUTH = "south.example"


class ReceivedTests(StoreTestCase):
    """What a partner asks is done once."""

    async def setUp(self):
        await super().setUp()
        self.transactions = PartnerTransactions(self.store.client, self.store.buckets)

    async def receive(self, id="t", domain=SOUTH):
        now = self.clock.seconds()
        return await self.transactions.receive(domain, id, now=now, until=now + 30)

    async def test_a_request_is_new_once(self):
        self.assertEqual(await self.receive(), Received(Standing.NEW))
        self.assertEqual(await self.receive(), Received(Standing.IN_HAND))

    async def test_a_repetition_gets_the_same_answer(self):
        await self.receive()
        await self.transactions.answered(SOUTH, "t", b"<Status/>")
        self.assertEqual(await self.receive(), Received(Standing.ANSWERED, b"<Status/>"))

    async def test_what_nobody_finished_is_served_again(self):
        await self.receive()
        self.clock.advance(30)
        self.assertEqual(await self.receive(), Received(Standing.NEW))

    async def test_partners_and_transactions_are_apart(self):
        await self.receive()
        self.assertIs((await self.receive("t2")).standing, Standing.NEW)
        self.assertIs((await self.receive(domain="east.example")).standing, Standing.NEW)

    async def test_what_is_remembered_is_forgotten_after_a_day(self):
        await self.receive()
        await self.transactions.answered(SOUTH, "t", b"")
        (key,) = await self.store.client.execute("KEYS", "*received*")
        self.assertTrue(86_000 < await self.store.client.execute("TTL", key.decode()) <= 86_400)


class WaitingTests(StoreTestCase):
    """Who waits for an answer gets it, in whichever process it came."""

    async def setUp(self):
        await super().setUp()
        self.transactions = PartnerTransactions(self.store.client, self.store.buckets)

    async def test_an_answer_is_brought_to_who_waits_for_it(self):
        await self.transactions.wait(SOUTH, "t", 60)
        self.assertIsNone(await self.transactions.take(SOUTH, "t"))
        self.assertTrue(await self.transactions.bring(SOUTH, "t", b"<Status/>"))
        self.assertEqual(await self.transactions.take(SOUTH, "t"), b"<Status/>")

    async def test_an_answer_of_another_partner_is_not(self):
        await self.transactions.wait(SOUTH, "t", 60)
        self.assertFalse(await self.transactions.bring("east.example", "t", b"<Status/>"))
        self.assertIsNone(await self.transactions.take(SOUTH, "t"))

    async def test_an_answer_that_nobody_waits_for_is_not_kept(self):
        self.assertFalse(await self.transactions.bring(SOUTH, "t", b"<Status/>"))
        await self.transactions.wait(SOUTH, "t", 60)
        await self.transactions.forget(SOUTH, "t")
        self.assertFalse(await self.transactions.bring(SOUTH, "t", b"<Status/>"))
        self.assertEqual(await self.store.client.execute("KEYS", "*waiting*"), [])
