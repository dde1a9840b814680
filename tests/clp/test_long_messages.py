"""Messages that are longer than what is sent to a phone at once."""

from typing import ClassVar

from imps.clp.changes import handed_in
from imps.clp.state import Out
from tests.clp.phones import WRITES_LATIN_1
from tests.clp.test_events import USER, EventsTestCase
from tests.sms.scripted import ACCEPTED, LATER


class ShortTextsTests(EventsTestCase):
    overrides = {**EventsTestCase.overrides, "sms": {"max_parts": 1}}

    async def test_what_is_longer_than_the_operator_allows_is_announced_and_read_as_a_whole(self):
        long = " ".join(f"word{number:03}" for number in range(40))
        await self.bob.send("amy", text=long)
        await self.later()
        (said,) = self.amy.new()
        self.assertTrue(said.startswith("bob: word000 "), said)
        self.assertTrue(said.endswith(" (+2 SMS: READ 1)"), said)
        self.assertEqual(await self.waiting(), 1)
        (told,) = await self.amy.text("read 1")
        while told.endswith(" MORE"):
            (more,) = await self.amy.text("more")
            told = told.removesuffix(" MORE") + more
        self.assertEqual(told, f"bob (0:00): {long}")
        self.assertEqual(await self.waiting(), 0)

    async def test_text_that_cannot_be_sent_does_not_hold_up_those_behind_it(self):
        out = Out(id="noted", body="", validity_seconds=600)
        await self.parts.clp_services.states.change(USER, handed_in(out))
        await self.bob.send("amy", text="hello")
        await self.later()
        await self.amy.gets("bob: hello")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)


class LongestTextsTests(EventsTestCase):
    overrides = {**EventsTestCase.overrides, "sms": {"max_parts": 3}}

    async def told_of(self, *bodies):
        """What amy is told when bob sends these, and then a short one."""
        for each in (*bodies, "and on"):
            await self.bob.send("amy", text=each)
        for _ in range(5):
            await self.later(70)
        return "".join(self.amy.new())

    async def test_what_is_too_long_only_as_no_character_is_cut_is_told_in_part(self):
        # The border of the first SMS is in the middle of a character.
        in_gsm = "x" * (153 - len("bob: ") - 1) + "\u20ac" + "x" * (2 * 153 - 1)
        in_ucs2 = "\u0434" * (67 - len("bob: ") - 1) + "\U0001f600" + "\u0434" * (2 * 67 - 1)
        for body in (in_gsm, in_ucs2):
            told = await self.told_of(body)
            self.assertRegex(told, r"^bob: [^ ]+ \(\+1 SMS: READ \d\)bob: and on$")
        self.assertEqual(await self.waiting(), 2)

    async def test_what_is_just_short_enough_is_told_as_it_is(self):
        body = "x" * (153 - len("bob: ") - 2) + "\u20ac" + "x" * (2 * 153)
        self.assertEqual(await self.told_of(body), f"bob: {body}bob: and on")

    async def test_what_becomes_too_long_as_it_is_late_is_told_in_part(self):
        self.answers(LATER)
        await self.amy.text("quiet 0-1")
        await self.bob.send("amy", text="x" * (459 - len("bob: ")))
        self.answers(ACCEPTED)
        await self.later(3700)
        await self.later()
        self.assertRegex("".join(self.amy.new()[-3:]), r"^bob \(0:00\): x+ \(\+1 SMS: READ 1\)$")
        self.assertEqual(await self.waiting(), 1)


class FewRepliesTests(EventsTestCase):
    overrides: ClassVar = {
        **EventsTestCase.overrides,
        "clp": {"replies_per_minute": 2, "replies_per_hour": 100},
    }

    async def test_message_of_more_sms_than_may_go_in_a_minute_comes_and_the_next_one_waits(self):
        await self.later(120)
        self.amy.new()
        whole = "bob: " + "x" * 450
        await self.bob.send("amy", text=whole.removeprefix("bob: "))
        await self.later()
        self.assertEqual("".join(self.amy.new()), whole)
        await self.bob.send("amy", text="and on")
        await self.later(60)
        self.assertEqual(self.amy.new(), [])
        await self.later(60)
        self.assertEqual(len(self.amy.new()), 1)
        self.assertEqual(await self.waiting(), 0)


class Latin1Tests(EventsTestCase):
    overrides = {
        **EventsTestCase.overrides,
        "sms": WRITES_LATIN_1,
    }

    async def test_text_is_as_long_as_the_smsc_takes_it(self):
        # What Latin-1 lacks goes as UCS-2, in three times as many short messages.
        await self.bob.send("amy", text="\u20ac" + "x" * 440)
        await self.bob.send("amy", text="and on")
        for _ in range(5):
            await self.later(70)
        told = "".join(self.amy.new())
        self.assertRegex(told, r"^bob: \u20acx{170,190} \(\+2 SMS: READ 1\)bob: and on$")
        self.assertEqual(await self.waiting(), 1)
