from twisted.internet.defer import Deferred

from imps.sms.inbox import MOST_TRIES, TAKE_SECONDS
from imps.store.errors import StoreUnavailable
from imps.store.incoming_texts import Received
from tests.sms.scripted import ANN, BOB, TrafficTestCase


class InboxTests(TrafficTestCase):
    async def test_text_is_done_once(self):
        self.assertIs(await self.receive(), Received.STORED)
        await self.quiet()
        self.assertIs(await self.receive(), Received.REPEATED)
        await self.look(100)
        self.assertEqual(self.taken, ["hello"])

    async def test_texts_of_a_phone_are_done_in_order_one_at_a_time(self):
        gates = [Deferred() for _ in range(3)]
        running = []

        async def take(text):
            running.append(text.body)
            await gates[int(text.body)]
            running.remove(text.body)
            self.taken.append(text.body)
            return True

        self.take_with(take)
        for number in range(3):
            await self.receive(f"s:{number}", str(number))
        await self.receive("s:b", "0", BOB)
        for number, gate in enumerate(gates):
            while str(number) not in running:
                await self.pause()
            self.assertEqual(set(running), {str(number)})
            gate.callback(None)
        await self.quiet()
        self.assertEqual([each for each in self.taken if each != "0"], ["1", "2"])
        self.assertEqual(self.taken.count("0"), 2)

    async def test_first_consumer_that_wants_a_text_gets_it(self):
        seen = []

        async def wants_none(text):
            seen.append(text.body)
            return False

        self.parts.texts._consumers.insert(0, wants_none)
        await self.receive()
        await self.quiet()
        self.assertEqual((seen, self.taken), (["hello"], ["hello"]))

    async def test_text_that_nobody_wants_is_through(self):
        self.parts.texts._consumers.clear()
        await self.receive()
        await self.look(100)
        self.parts.texts.consume(self.take)
        await self.look(100)
        self.assertEqual(self.taken, [])

    async def test_text_that_cannot_be_done_is_tried_again_and_given_up(self):
        tries = []

        async def take(text):
            if text.body == "bad":
                tries.append(self.clock.seconds())
                raise RuntimeError("cannot")
            return await self.take(text)

        self.take_with(take)
        await self.receive("s:1", "bad")
        await self.receive("s:2", "good")
        await self.quiet()
        self.assertEqual(self.taken, [])
        for _ in range(60):
            await self.look(1)
        self.assertEqual(len(tries), MOST_TRIES)
        self.assertEqual(self.taken, ["good"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), MOST_TRIES)

    async def test_text_is_not_given_up_while_the_store_is_away(self):
        failures = [StoreUnavailable("away")] * (MOST_TRIES * 2)

        async def take(text):
            if failures:
                raise failures.pop()
            return await self.take(text)

        self.take_with(take)
        await self.receive()
        for _ in range(MOST_TRIES * 2 + 1):
            await self.look(1)
        self.assertEqual(self.taken, ["hello"])

    async def test_text_that_takes_too_long_is_interrupted(self):
        ended = []
        self.take_with(lambda text: self.never(ended))
        await self.receive()
        while not ended:
            await self.pause()
        self.clock.advance(TAKE_SECONDS)
        await self.quiet()
        self.assertEqual(ended, ["began", "interrupted"])
        self.assertEqual(len(self.flushLoggedErrors()), 1)
        self.take_with(self.take)
        await self.look(1)
        self.assertEqual(self.taken, ["hello"])

    async def test_what_another_process_left_behind_is_done_when_its_time_is_over(self):
        self.traffic.inbox.turns._is_over = True
        await self.receive()
        await self.parts.inbox._stored.take(ANN, now=self.clock.seconds())
        self.traffic.inbox.turns._is_over = False
        await self.look(14)
        self.assertEqual(self.taken, [])
        await self.look(1)
        self.assertEqual(self.taken, ["hello"])

    def take_with(self, consumer):
        self.parts.texts._consumers[:] = [consumer]

    async def never(self, ended):
        ended.append("began")
        try:
            await Deferred()
        finally:
            ended.append("interrupted")
