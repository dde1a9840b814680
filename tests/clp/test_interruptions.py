"""Whatever is interrupted, after any step in the store, is done again and does nothing twice."""

import re
from typing import ClassVar

from attrs import evolve

from imps.csp.primitives.common import Result, Status
from imps.model.address import Address
from imps.model.text import IncomingText
from imps.parts import Parts
from imps.store.client import StoreClient
from imps.store.errors import StoreError, StoreUnavailable
from imps.store.work import Work
from tests.clp.phones import AMY, PhoneTestCase
from tests.clp.test_dialogue import SHOWN

USER = Address.parse("wv:amy@localhost")
MOST_STEPS = 100


class Interruptible(StoreClient):
    """A client of the store that is interrupted after so many steps, which it has done."""

    def interrupt_after(self, steps):
        self._left = steps

    async def run(self, script, keys, *arguments):
        return self._done(await super().run(script, keys, *arguments))

    async def execute(self, command, *arguments):
        return self._done(await super().execute(command, *arguments))

    def _done(self, reply):
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                raise StoreUnavailable("interrupted")
        return reply


class InterruptionsTestCase(PhoneTestCase):
    overrides: ClassVar = {
        "presence": {"default_attributes": SHOWN},
        "contacts": {"max_lists": 1000},
        "clp": {
            "texts_per_minute": 10_000,
            "replies_per_minute": 10_000,
            "replies_per_hour": 100_000,
        },
    }

    async def setUp(self):
        await super().setUp()
        await self.signed_on(self.amy, "add bob", "report on", "end")
        self.client = Interruptible(self.store.client.link)
        self.client.interrupt_after(None)
        self.other = Parts(self.settings, evolve(self.store, client=self.client), self.clock)
        assert self.other.clp

    async def text(self, number, body):
        text = IncomingText(
            id=f"s:{number}",
            gateway="s",
            sender=AMY,
            number="4664",
            received_at=self.clock.seconds(),
            body=body,
        )
        self.assertTrue(await self.other.clp.take(text))

    async def interrupted(self, doing):
        """Do something again and again, each time interrupted one step later, until it is not; and
        after each time without interruption."""
        for steps in range(1, MOST_STEPS):
            self.client.interrupt_after(steps)
            try:
                await doing(steps)
            except StoreError:
                self.client.interrupt_after(None)
                await doing(steps)
                await self.later()
            else:
                self.client.interrupt_after(None)
                return steps
        raise AssertionError(f"more than {MOST_STEPS} steps")


class TextsTests(InterruptionsTestCase):
    async def test_message_is_sent_once_and_said_to_be_sent_once(self):
        steps = await self.interrupted(lambda number: self.text(number, f"s bob hello {number}"))
        self.assertGreater(steps, 5)
        await self.later()
        heard = await self.heard_by(self.bob)
        wanted = [("amy", f"hello {number}") for number in range(1, steps + 1)]
        self.assertEqual(sorted(heard), sorted(wanted))
        said = [each for each in self.amy.new() if each.startswith("Sent to bob")]
        self.assertEqual(len(said), steps)

    async def test_account_moves_to_another_phone_and_the_old_one_is_told_once(self):
        def phone(number):
            return f"+3584055500{number:02}" if number else AMY

        async def link(number):
            text = IncomingText(
                id=f"s:{number}",
                gateway="s",
                sender=phone(number),
                number="4664",
                received_at=self.clock.seconds(),
                body="link amy secret",
            )
            self.assertTrue(await self.other.clp.take(text))

        steps = await self.interrupted(link)
        self.assertGreater(steps, 5)
        await self.later()
        for number in range(1, steps):
            got = [each.message.text for each in self.gateway.accepted if each.to == phone(number)]
            self.assertEqual(len(got), 2, got)
            self.assertIn("This phone now belongs to amy.", got[0])
            self.assertIn("amy is on another phone now", got[1])

    async def test_question_is_asked_once_under_one_number(self):
        async def ask(number):
            # Who says the very same thing again and again is taken for a machine.
            word = "/remove" if number % 2 else "/REMOVE"
            await self.text(f"{number}", f"{word} bob *friends")

        steps = await self.interrupted(ask)
        await self.later()
        self.assertEqual(set(self.amy.new()), {"Remove bob from all your lists? YES 1 or NO 1"})
        self.assertGreater(steps, 5)

    async def test_friend_is_added_once_and_said_to_be(self):
        async def add(number):
            await self.text(number, f"/add u{number}@elsewhere.org")

        steps = await self.interrupted(add)
        await self.later()
        wanted = [
            f"u{number}@elsewhere.org is friend no. {number + 1}." for number in range(1, steps + 1)
        ]
        self.assertEqual(self.amy.new(), wanted)


class DeletionsTests(InterruptionsTestCase):
    """What is deleted is not there when it is deleted again; the answer is the same."""

    async def asked(self, question):
        """The number of the question that comes back."""
        *_, said = await self.amy.text(question)
        return re.search(r"YES (\d+)", said)[1]

    def said(self, pattern):
        """All that amy was told that is like this."""
        texts = (each.message.text for each in self.gateway.accepted if each.to == AMY)
        return [each for each in texts if re.fullmatch(pattern, each)]

    async def test_list_is_deleted_once_and_said_to_be(self):
        async def delete(number):
            if number not in prompts:
                await self.amy.text(f"/newlist l{number}")
                prompts[number] = await self.asked(f"/dellist l{number}")
            await self.text(number, f"yes {prompts[number]}")

        prompts = {}
        steps = await self.interrupted(delete)
        await self.later()
        wanted = [f"List *l{number} deleted." for number in range(1, steps + 1)]
        self.assertEqual(self.said(r"List .* deleted\."), wanted)
        self.amy.new()
        await self.amy.says("lists", "Lists: *friends (1, main)")

    async def test_friend_is_removed_once_and_said_to_be_by_the_same_name(self):
        async def remove(number):
            if number not in prompts:
                await self.amy.text(f"/add u{number}@elsewhere.org as U{number}")
                prompts[number] = await self.asked(f"/remove u{number}")
            await self.text(number, f"yes {prompts[number]}")

        prompts = {}
        steps = await self.interrupted(remove)
        await self.later()
        wanted = [f"U{number} removed." for number in range(1, steps + 1)]
        self.assertEqual(self.said(r".* removed\."), wanted)

    async def test_phone_is_unlinked_once_and_said_to_be(self):
        async def unlink(number):
            if number not in prompts:
                await self.parts.directory.change(USER, msisdn=AMY)
                await self.amy.text("lists")
                prompts[number] = await self.asked("/unlink")
            await self.text(number, f"yes {prompts[number]}")

        prompts = {}
        steps = await self.interrupted(unlink)
        await self.later()
        said = "This phone is no longer linked."
        self.assertEqual(self.said(re.escape(said)), [said] * steps)
        self.assertEqual(await self.parts.phones.get(USER), b"")


class EventsTests(InterruptionsTestCase):
    async def test_message_is_told_once(self):
        async def tell(number):
            if number not in sent:
                sent.add(number)
                await self.bob.send("amy", text=f"hello {number}")
            work = Work("phone:x", 0, "phone", (USER.canonical, 1))
            await self.other.working._kinds["phone"](work)

        sent = set()
        steps = await self.interrupted(tell)
        for _ in range(steps + 2):
            await self.later()
        told = [each for each in self.amy.new() if "hello" in each]
        self.assertEqual(told, [f"bob: hello {number}" for number in sorted(sent)])
        self.assertGreater(steps, 5)

    async def test_outcome_is_reported_once(self):
        watcher = self.other.texts._watchers["clp"]
        self.parts.texts._watchers["clp"] = self._ignored
        outcomes = []
        self.outcomes = outcomes
        await self.interrupted(self._send_and_settle(watcher))
        self.parts.texts._watchers["clp"] = watcher
        # What nobody has done in half a minute is done by somebody else.
        await self.later(31)
        codes = []
        transaction = await self.bob.poll()
        while transaction is not None:
            codes.append(transaction.content.result.code)
            transaction = await self.bob.say(self.ok, transaction)
        self.assertEqual(codes, [200] * len(self.sent))

    async def _ignored(self, outcome):
        self.outcomes.append(outcome)

    def _send_and_settle(self, watcher):
        self.ok, self.sent = Status(result=Result(code=200)), set()

        async def settle(number):
            if number not in self.sent:
                self.sent.add(number)
                await self.bob.send("amy", text=f"hello {number}", report=True)
                await self.later()
            for outcome in self.outcomes:
                await watcher(outcome)
            self.outcomes.clear()

        return settle
