from attrs import evolve

from imps.model.text import IncomingText
from imps.store.incoming_texts import LEASE_SECONDS, REMEMBER_SECONDS, IncomingTexts, Received
from imps.testing.store import StoreTestCase

ANN = "+358401234567"
BOB = "+358407654321"
TEXT = IncomingText(
    id="k:1",
    gateway="k",
    sender=ANN,
    number="4664",
    received_at=0.0,
    body="hej å 😀",
    sent_at=1.5,
)
DATA = evolve(TEXT, id="k:2", body="", octets=b"\x00\xff", port=3590, sent_at=None)


class IncomingTextsTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.one, self.other = (self.process(name) for name in ("one", "other"))

    def process(self, name, max_waiting=10):
        return IncomingTexts(self.store.client, self.store.buckets, name, max_waiting)

    @property
    def now(self):
        return self.clock.seconds()

    async def store_text(self, id="k:1", sender=ANN, **changes):
        text = evolve(TEXT, id=id, sender=sender, received_at=self.now, **changes)
        return await self.one.store(text)

    async def taken(self, process=None, phone=ANN, done=""):
        taken = await (process or self.one).take(phone, now=self.now, done=done)
        return taken and taken.text.id

    async def due(self):
        phones = []
        for bucket in range(self.store.buckets.count):
            phones += (await self.parts.outgoing_texts.due(bucket, now=self.now)).incoming
        return phones

    async def test_text_is_taken_as_it_was_stored(self):
        for text in (TEXT, DATA):
            self.assertIs(await self.one.store(text), Received.STORED)
        first = await self.one.take(ANN, now=self.now)
        self.assertEqual((first.text, first.tries), (TEXT, 0))
        second = await self.one.take(ANN, now=self.now, done=TEXT.id)
        self.assertEqual(second.text, DATA)
        self.assertIsNone(await self.one.take(ANN, now=self.now, done=DATA.id))
        self.assertEqual(await self.due(), [])

    async def test_one_of_a_phone_is_taken_at_a_time_in_order(self):
        for id in ("k:1", "k:2", "k:3"):
            await self.store_text(id)
        await self.store_text("k:4", BOB)
        self.assertEqual(await self.taken(self.one), "k:1")
        self.assertIsNone(await self.taken(self.other))
        self.assertEqual(await self.taken(self.other, BOB), "k:4")
        self.assertEqual(await self.taken(self.one, done="k:1"), "k:2")
        self.assertIsNone(await self.taken(self.other))

    async def test_text_that_is_kept_stays_with_who_keeps_it(self):
        await self.store_text()
        await self.taken()
        for _ in range(3):
            self.clock.advance(LEASE_SECONDS - 1)
            self.assertTrue(await self.one.keep(ANN, now=self.now))
            self.assertFalse(await self.other.keep(ANN, now=self.now))
            self.assertIsNone(await self.taken(self.other))
            self.assertEqual(await self.due(), [])
        self.clock.advance(LEASE_SECONDS)
        self.assertEqual(await self.due(), [ANN])
        self.assertEqual(await self.taken(self.other), "k:1")
        self.assertFalse(await self.one.keep(ANN, now=self.now))
        self.assertIsNone(await self.taken(self.other, done="k:1"))
        self.assertFalse(await self.other.keep(ANN, now=self.now))
        self.assertEqual(await self.due(), [])

    async def test_what_a_process_that_died_had_is_taken_again_once_its_lease_is_over(self):
        for id in ("k:1", "k:2"):
            await self.store_text(id)
        self.assertEqual(await self.due(), [ANN])
        await self.taken(self.one)
        self.assertEqual(await self.due(), [])
        self.clock.advance(LEASE_SECONDS)
        self.assertEqual(await self.due(), [ANN])
        self.assertEqual(await self.taken(self.other), "k:1")
        # Who was slow, and not dead, says that it is done: nobody does it again, nor two at a time.
        self.assertIsNone(await self.taken(self.one, done="k:1"))
        self.assertEqual(await self.taken(self.other, done="k:1"), "k:2")
        self.assertIsNone(await self.taken(self.other, done="k:2"))

    async def test_text_that_comes_again_is_stored_once_a_day(self):
        self.assertIs(await self.store_text(), Received.STORED)
        self.assertIs(await self.store_text(), Received.REPEATED)
        await self.taken()
        self.assertIsNone(await self.taken(done="k:1"))
        self.clock.advance(REMEMBER_SECONDS - 1)
        self.assertIs(await self.store_text(), Received.REPEATED)
        self.assertIsNone(await self.taken())
        self.clock.advance(1)
        self.assertIs(await self.store_text(), Received.STORED)

    async def test_only_so_many_of_a_phone_wait(self):
        self.one = self.process("one", max_waiting=2)
        outcomes = [await self.store_text(f"k:{number}") for number in range(3)]
        self.assertEqual(outcomes, [Received.STORED, Received.STORED, Received.TOO_MANY])
        self.assertIs(await self.store_text("k:9", BOB), Received.STORED)
        await self.taken()
        await self.taken(done="k:0")
        # It was not taken, so the gateway may bring it again.
        self.assertIs(await self.store_text("k:2"), Received.STORED)

    async def test_text_that_is_put_off_is_tried_again_then_and_nothing_overtakes_it(self):
        for id in ("k:1", "k:2"):
            await self.store_text(id)
        await self.taken()
        await self.one.postpone(ANN, until=self.now + 5, in_vain=True)
        self.clock.advance(4)
        self.assertEqual(await self.due(), [])
        self.assertIsNone(await self.taken(self.one))
        self.assertIsNone(await self.taken(self.other))
        self.clock.advance(1)
        self.assertEqual(await self.due(), [ANN])
        again = await self.other.take(ANN, now=self.now)
        self.assertEqual((again.text.id, again.tries), ("k:1", 1))
        # Tries are those of one text.
        following = await self.other.take(ANN, now=self.now, done="k:1")
        self.assertEqual((following.text.id, following.tries), ("k:2", 0))

    async def test_who_has_lost_a_text_does_not_put_it_off(self):
        await self.store_text()
        await self.taken(self.one)
        self.clock.advance(LEASE_SECONDS)
        await self.taken(self.other)
        await self.one.postpone(ANN, until=self.now, in_vain=True)
        self.assertIsNone(await self.taken(self.one))

    async def test_nothing_stays_of_what_is_done_but_its_id(self):
        await self.store_text()
        await self.taken()
        await self.taken(done="k:1")
        keys = await self.store.client.execute("KEYS", f"*{ANN}*")
        self.assertEqual([key.decode().split(":")[2] for key in keys], ["incoming-seen"])
