"""Numbers of a pool: which stands for whom, and what is texted to them."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.clp.reply_numbers import (
    KEPT_SECONDS,
    USED_SECONDS,
    Overtaken,
    lent,
    number_for,
    partner_of,
)
from imps.clp.state import State
from imps.clp.states import packed, unpacked
from imps.model.address import Address
from tests.clp.phones import AMY, PhoneTestCase
from tests.clp.test_dialogue import SHOWN

ANN, BOB, CY = (Address.parse(f"wv:{name}@localhost") for name in ("ann", "bob", "cy"))
POOL = ("4665", "4666")
WEEK = KEPT_SECONDS


class LendingTests(SynchronousTestCase):
    def setUp(self):
        self.state = State()

    def lend(self, partner, now):
        number = number_for(self.state, partner, POOL, now)
        if number:
            self.state = unpacked(packed(lent(number, partner, now)(self.state)))
        return number

    def test_each_gets_one_and_keeps_it(self):
        self.assertEqual([self.lend(each, 0) for each in (BOB, ANN, BOB)], ["4665", "4666", "4665"])
        self.assertEqual(self.lend(CY, WEEK - 1), "")
        self.assertEqual(self.lend(BOB, 10 * WEEK), "4665")

    def test_the_one_that_was_used_least_lately_passes_on_after_a_week(self):
        self.lend(BOB, 0)
        self.lend(ANN, 0)
        self.lend(BOB, 5)
        self.assertEqual(self.lend(CY, WEEK), "4666")
        self.assertEqual(partner_of(self.state, "+4666", POOL), ("4666", CY))

    def test_what_is_in_use_does_not_pass_on(self):
        self.lend(BOB, 0)
        self.lend(ANN, 0)
        for partner in (BOB, ANN):
            self.lend(partner, WEEK)
        self.assertEqual(self.lend(CY, WEEK + USED_SECONDS - 1), "")
        self.assertEqual(self.lend(CY, WEEK + USED_SECONDS), "4665")

    def test_number_that_was_lent_meanwhile_is_not_lent_again(self):
        state = lent("4665", BOB, 0)(State())
        with self.assertRaises(Overtaken):
            lent("4665", ANN, 1)(state)

    def test_other_numbers_stand_for_nobody(self):
        self.lend(BOB, 0)
        self.assertIsNone(partner_of(self.state, "4664", POOL))
        self.assertIsNone(partner_of(self.state, "4666", POOL))
        self.assertIsNone(partner_of(self.state, "4665", ()))

    @given(st.lists(st.tuples(st.sampled_from((ANN, BOB, CY)), st.integers(0, 3 * 86_400))))
    def test_nobody_loses_a_number_that_is_new_or_in_use(self, uses):
        state, now = State(), 0
        for partner, passed in uses:
            now += passed
            number = number_for(state, partner, POOL, now)
            if not number:
                continue
            before = state.lent.get(number)
            state = lent(number, partner, now)(state)
            if before is not None and before.name != partner.canonical:
                self.assertGreaterEqual(now - before.lent_at, KEPT_SECONDS)
                self.assertGreaterEqual(now - before.used_at, USED_SECONDS)
        names = [each.name for each in state.lent.values()]
        self.assertEqual(len(names), len(set(names)))


class PoolTests(PhoneTestCase):
    overrides = {"presence": {"default_attributes": SHOWN}, "clp": {"reply_pool": list(POOL)}}

    async def setUp(self):
        await super().setUp()
        await self.signed_on(self.amy, "add bob", "end")

    def came_from(self):
        return [each.number for each in self.gateway.accepted if each.to == AMY][-1]

    async def told_by(self, speaker, name):
        await speaker.send("amy", text="where?")
        await self.amy.gets(f"{name}: where?")
        return self.came_from()

    async def test_answer_goes_to_who_has_written_from_the_number(self):
        self.assertEqual(await self.told_by(self.bob, "bob"), "4665")
        self.assertEqual(await self.told_by(self.ann, "ann"), "4666")
        await self.amy.says("here", to="4665")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "here")])
        self.assertEqual(await self.heard_by(self.ann), [])
        await self.amy.text("who")
        self.assertEqual(self.came_from(), "4664")

    async def test_same_text_to_two_numbers_at_once_is_two_texts(self):
        await self.told_by(self.bob, "bob")
        await self.told_by(self.ann, "ann")
        sent_at = self.clock.seconds()
        for number in ("4665", "4666", "4666"):
            await self.amy.says("at 8", to=number, sent_at=sent_at)
        self.assertEqual(await self.heard_by(self.bob), [("amy", "at 8")])
        self.assertEqual(await self.heard_by(self.ann), [("amy", "at 8")])

    async def test_text_to_such_a_number_is_no_command_but_stop_and_after_a_slash(self):
        await self.told_by(self.bob, "bob")
        for text in ("off", "who", "s ann hi", "y"):
            await self.amy.says(text, to="4665")
        said = await self.heard_by(self.bob)
        self.assertEqual(said, [("amy", each) for each in ("off", "who", "s ann hi", "y")])
        off = "You are offline. Messages will still come by SMS. Send ON to return."
        await self.amy.says("/off", off, to="4665")
        await self.amy.says(
            "stop", "You get no more messages from localhost. Send START to return.", to="4665"
        )
        self.assertEqual(await self.heard_by(self.bob), [])

    async def test_password_is_said_to_nobody_by_such_a_number_either(self):
        await self.told_by(self.bob, "bob")
        kept = (
            "This phone belongs to amy. It may hold a password, so I sent it to nobody; "
            "//LINK says it."
        )
        await self.amy.says("link ann secret", kept, to="4665")
        await self.amy.says("login amy secret", "Use: LOGIN", to="4665")
        await self.amy.says("link me", to="4665")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "link me")])

    async def test_when_all_are_in_use_messages_come_from_the_services_own(self):
        await self.told_by(self.bob, "bob")
        await self.told_by(self.ann, "ann")
        await self.cy.text("s amy hi")
        await self.later()
        (said,) = self.amy.new()
        self.assertTrue(said.startswith("cy: hi"), said)
        self.assertEqual(self.came_from(), "4664")
        # All three have written since: it is not guessed to whom this goes.
        asked = "To whom? 1 bob 2 ann 3 cy. Answer 1, 2 or 3, or 0 to drop it."
        await self.amy.says("hello", asked)
        await self.amy.says("3")
        await self.later()
        self.assertTrue(self.cy.new()[-1].startswith("amy: hello"))

    async def test_number_that_stands_for_nobody_is_as_the_services_own(self):
        await self.amy.says("lists", "Lists: *friends (1, main)", to="4666")

    async def test_what_comes_from_a_number_of_the_pool_is_our_own(self):
        self.assertLessEqual({"4664", "+4665", "4666"}, self.parts.own_numbers)
