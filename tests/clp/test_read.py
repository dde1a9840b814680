"""READ: a message that is shown waits until the gateway has the last of it."""

from typing import ClassVar

from imps.model.short_message import how_many
from imps.sms.gateway import Answer
from imps.store.outgoing_texts import Said
from tests.clp.test_events import EventsTestCase
from tests.sms.scripted import ACCEPTED, LATER

NOTICE = "Message {} from bob, {} ch. READ {} / DROP {}"
ALPHABET = "".join(f"<{number:03}>" for number in range(200))


class ReadTestCase(EventsTestCase):
    async def setUp(self):
        await super().setUp()
        await self.amy.text("push off")

    async def announced(self, text="important", **options):
        """A message of which amy is told that there is one."""
        await self.bob.send("amy", text=text, **options)
        await self.later()
        self.amy.new()

    async def passes(self, *waits):
        for seconds in waits:
            await self.later(seconds)


class GatewayTests(ReadTestCase):
    async def test_message_waits_until_the_gateway_has_what_shows_it(self):
        await self.announced(report=True)
        self.answers(LATER)
        await self.amy.says("read 1")
        self.assertEqual(await self.waiting(), 1)
        self.answers(ACCEPTED)
        await self.passes(5, 5)
        self.assertEqual(self.amy.new(), ["bob (0:00): important"])
        self.assertEqual(await self.waiting(), 0)
        await self.amy.says("read 1", "There is no message 1. Send READ.")

    async def test_what_shows_it_is_sent_however_late_the_gateway_takes_it(self):
        await self.announced()
        self.answers(LATER)
        await self.amy.says("read 1")
        await self.passes(*[1000] * 5)
        self.answers(ACCEPTED)
        await self.passes(100, 100)
        self.assertEqual(self.amy.new(), ["bob (0:00): important"])
        self.assertEqual(await self.waiting(), 0)

    async def test_what_the_gateway_does_not_take_can_be_read_again(self):
        await self.announced(report=True)
        self.answers(Answer(said=Said.FAILED, reason="not now"))
        await self.amy.says("read 1")
        self.assertEqual(await self.waiting(), 1)
        self.answers(ACCEPTED)
        await self.amy.says("read 1", "bob (0:00): important")
        self.assertEqual(await self.waiting(), 0)

    async def test_sender_is_told_what_the_gateway_reports(self):
        self.reports = False
        await self.announced(report=True)
        await self.amy.says("read 1", "bob (0:00): important")
        self.assertEqual(await self.waiting(), 0)
        self.assertEqual(await self.reports_to(self.bob), [])
        await self.cannot_be_delivered()
        self.assertEqual(await self.reports_to(self.bob), [410])

    async def test_silence_of_the_gateway_is_expiry(self):
        self.reports = False
        await self.announced(report=True)
        await self.amy.says("read 1", "bob (0:00): important")
        await self.later(86_500)
        await self.settled_reports()
        await self.bob.sign_on()
        self.assertEqual(await self.reports_to(self.bob), [542])


class ManyTests(ReadTestCase):
    overrides: ClassVar = {**ReadTestCase.overrides, "sms": {"max_waiting": 3}}

    async def test_message_waits_where_too_many_texts_do(self):
        await self.announced()
        self.answers(LATER)
        for _ in range(3):
            await self.amy.text("lists")
        await self.amy.says("read 1")
        self.answers(ACCEPTED)
        await self.passes(60, 60, 60, 4000)
        self.assertNotIn("important", str(self.amy.new()))
        self.assertEqual(await self.waiting(), 1)
        await self.amy.says("read 1", "bob (0:00): important")
        self.assertEqual(await self.waiting(), 0)


class BudgetTests(ReadTestCase):
    overrides: ClassVar = {**ReadTestCase.overrides, "clp": {"replies_per_minute": 10}}

    async def setUp(self):
        await super().setUp()
        await self.passes(70)

    async def test_message_waits_where_too_much_was_said(self):
        for _ in range(4):
            await self.announced("x" * 430)
            await self.passes(70)
        for number in (1, 2, 3):
            (said,) = [await self.amy.text(f"read {number}")]
            self.assertIn("bob", said[0])
        self.assertEqual(await self.waiting(), 1)
        await self.amy.says("read 4", "Too many messages. Please wait a minute.")
        self.assertEqual(await self.waiting(), 1)
        self.clock.advance(70)
        self.assertIn("bob", (await self.amy.text("read 4"))[0])
        self.assertEqual(await self.waiting(), 0)

    async def test_part_that_was_too_much_is_the_next_one_all_the_same(self):
        await self.announced(ALPHABET)
        await self.passes(70)
        told = await self.amy.text("read 1")
        for _ in range(7):
            await self.amy.text("report off")
        await self.amy.says("more", "Too many messages. Please wait a minute.")
        self.assertEqual(await self.waiting(), 1)
        self.clock.advance(70)
        while told[-1].endswith(" MORE"):
            told += await self.amy.text("more")
        self.assertIn(ALPHABET, "".join(told).replace(" MORE", ""))
        self.assertEqual(await self.waiting(), 0)


class PagesTests(ReadTestCase):
    async def test_message_waits_until_its_last_part_is_told(self):
        await self.announced(ALPHABET)
        self.assertEqual(how_many("".join(await self.amy.text("read 1"))), 3)
        self.assertEqual(await self.waiting(), 1)
        await self.amy.says("list", "friends: 1 bob")
        await self.amy.says("more", "There is no more.")
        told = await self.amy.text("read 1")
        self.assertEqual(await self.waiting(), 1)
        while told[-1].endswith(" MORE"):
            told += await self.amy.text("more")
        self.assertIn(ALPHABET, "".join(told).replace(" MORE", ""))
        self.assertEqual(await self.waiting(), 0)
