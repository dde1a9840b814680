import contextlib

from twisted.internet.defer import CancelledError, Deferred, TimeoutError

from imps.model.gsm7 import Coding
from imps.model.short_message import Header, Place, ShortMessage
from imps.sap.texts import TAKE_SECONDS, NotYet
from imps.sms.holding import KEEP_SECONDS, Hold
from imps.sms.inbox import MOST_TRIES
from imps.ssp.publishers import ANSWER_SECONDS
from imps.store.errors import StoreUnavailable
from imps.store.incoming_texts import (
    LEASE_SECONDS,
    MAX_GROUPS,
    PARTS_SECONDS,
    Hearing,
    IncomingTexts,
    PartsOf,
    Received,
)
from tests.sms.scripted import ANN, BOB, TrafficTestCase


class Away:
    """A store that is away."""

    async def run(self, *arguments):
        raise StoreUnavailable("away")


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

    async def test_text_that_is_wanted_later_keeps_those_behind_it(self):
        until = self.clock.seconds() + 10

        async def take(text):
            if self.clock.seconds() < until:
                raise NotYet(until)
            self.taken.append(text.body)
            return True

        self.take_with(take)
        await self.receive("s:1", "one")
        await self.receive("s:2", "two")
        await self.quiet()
        for _ in range(9):
            await self.look(1)
        self.assertEqual(self.taken, [])
        await self.look(1)
        self.assertEqual(self.taken, ["one", "two"])

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

    async def test_text_for_which_partners_do_not_answer_in_time_is_not_interrupted(self):
        async def waits_for_two_partners(text):
            for _ in range(2):
                with contextlib.suppress(TimeoutError):
                    await Deferred().addTimeout(ANSWER_SECONDS, self.clock)
            return await self.take(text)

        self.take_with(waits_for_two_partners)
        await self.receive()
        while self.traffic.inbox.turns.is_busy:
            self.clock.advance(1)
            await self.pause()
        self.assertEqual(self.taken, ["hello"])

    async def test_text_is_in_nobody_elses_hands_however_long_it_takes_and_has_an_end(self):
        waits = []

        async def waits_for_many_who_do_not_answer(text):
            for number in range(5):
                waits.append(number)
                with contextlib.suppress(CancelledError):
                    await Deferred()

        self.take_with(waits_for_many_who_do_not_answer)
        await self.receive()
        seconds = 0
        while self.traffic.inbox.turns.is_busy:
            self.assertIsNone(await self.another.take(ANN, now=self.clock.seconds()))
            self.clock.advance(1)
            seconds += 1
            for _ in range(5):
                await self.pause()
        self.assertEqual(len(waits), 5)
        self.assertGreater(seconds, LEASE_SECONDS)
        self.assertLessEqual(seconds, TAKE_SECONDS + 5 * KEEP_SECONDS)
        # It was done.
        self.assertIsNone(await self.another.take(ANN, now=self.clock.seconds() + LEASE_SECONDS))

    async def test_text_that_somebody_else_has_is_left_to_them(self):
        ended = []
        self.take_with(lambda text: self.never(ended))
        await self.receive()
        while not ended:
            await self.pause()
        # As if this process had stood still for a while.
        taken = await self.another.take(ANN, now=self.clock.seconds() + LEASE_SECONDS)
        self.clock.advance(KEEP_SECONDS)
        await self.quiet()
        self.assertEqual(ended, ["began", "interrupted"])
        kept = await self.another.keep(ANN, now=self.clock.seconds())
        self.assertEqual((taken.text.body, taken.tries, kept), ("hello", 0, True))

    async def test_text_is_let_go_when_it_cannot_be_kept(self):
        ended = []
        stored = self.parts.inbox._stored
        self.patch(stored, "_client", Away())
        hold = Hold(lambda: stored.keep(ANN, now=self.clock.seconds()), self.clock)
        doing = Deferred.fromCoroutine(hold.until_done(self.never(ended), "1"))
        self.clock.pump([1] * (LEASE_SECONDS - 1))
        self.assertEqual(ended, ["began"])
        self.assertFalse(hold.is_lost)
        self.clock.pump([1] * KEEP_SECONDS)
        self.assertEqual(ended, ["began", "interrupted"])
        self.assertTrue(hold.is_lost)
        with self.assertRaises(CancelledError):
            await doing

    async def test_what_another_process_left_behind_is_done_when_its_time_is_over(self):
        self.traffic.inbox.turns._is_over = True
        await self.receive()
        await self.parts.inbox._stored.take(ANN, now=self.clock.seconds())
        self.traffic.inbox.turns._is_over = False
        await self.look(14)
        self.assertEqual(self.taken, [])
        await self.look(1)
        self.assertEqual(self.taken, ["hello"])

    @property
    def another(self):
        """What another process has of the inbox."""
        return IncomingTexts(self.store.client, self.store.buckets, "another", 10)

    def take_with(self, consumer):
        self.parts.texts._consumers[:] = [consumer]

    async def never(self, ended):
        ended.append("began")
        try:
            await Deferred()
        finally:
            ended.append("interrupted")


class PartsTests(TrafficTestCase):
    """Texts that a gateway brings in parts."""

    async def part(self, number, body=None, total=3, reference=7, id=None, **changes):
        header = Header(Place(reference, total, number))
        message = ShortMessage(Coding.GSM, body or f"part {number} ", header=header)
        return await self.arrive(message, id or f"{reference}.{number}", **changes)

    async def test_parts_are_one_text_once_all_have_come_in_any_order(self):
        for number in (3, 1):
            self.assertIs(await self.part(number), Received.STORED)
            await self.quiet()
        self.assertEqual(self.taken, [])
        await self.part(2)
        await self.quiet()
        self.assertEqual(self.taken, ["part 1 part 2 part 3 "])
        await self.look(PARTS_SECONDS)
        self.assertEqual(len(self.taken), 1)
        self.assertEqual(await self.left_of_parts(), [])

    async def test_part_that_comes_again_changes_nothing(self):
        for number in (1, 1, 2, 3, 3, 2):
            await self.part(number)
        await self.look(PARTS_SECONDS)
        self.assertEqual(self.taken, ["part 1 part 2 part 3 "])

    async def test_what_has_come_is_done_with_a_mark_where_the_rest_does_not(self):
        await self.part(1)
        await self.look(PARTS_SECONDS - 1)
        await self.part(3)
        self.assertEqual(self.taken, [])
        await self.look(1)
        self.assertEqual(self.taken, ["part 1 ...part 3 "])
        self.assertEqual(await self.left_of_parts(), [])

    async def test_parts_of_different_texts_are_told_apart(self):
        for number in (1, 2):
            await self.part(number, f"a{number}", total=2, reference=1)
            await self.part(number, f"b{number}", total=2, reference=2)
            await self.part(number, f"c{number}", total=2, reference=1, sender=BOB)
        await self.quiet()
        self.assertEqual(sorted(self.taken), ["a1a2", "b1b2", "c1c2"])

    async def test_reference_is_used_again_by_another_text(self):
        for text in "ab":
            for number in (1, 2):
                await self.part(number, f"{text}{number}", total=2, id=f"{text}{number}")
            self.clock.advance(1)
        await self.quiet()
        self.assertEqual(self.taken, ["a1a2", "b1b2"])

    async def test_parts_that_are_joined_by_two_are_one_text(self):
        for number in (1, 2):
            await self.part(number)
        of = PartsOf("s", ANN, "4664", 7, 3)
        found = await self.parts.inbox._stored.parts(of)
        for _ in range(2):
            await self.parts.inbox._join(of, found)
        await self.quiet()
        self.assertEqual(self.taken, ["part 1 part 2 ..."])

    async def test_parts_of_only_so_many_texts_wait(self):
        outcomes = [await self.part(1, reference=each) for each in range(MAX_GROUPS + 1)]
        self.assertEqual(set(outcomes[:-1]), {Received.STORED})
        self.assertIs(outcomes[-1], Received.TOO_MANY)
        self.assertIs(await self.part(2, reference=0), Received.STORED)

    async def test_parts_of_different_codings_are_one_text(self):
        octets = ShortMessage(Coding.OCTETS, content=b"caf\xe9 ", header=Header(Place(7, 2, 1)))
        self.assertIs(await self.arrive(octets, "7.1"), Received.STORED)
        self.assertIs(await self.part(2, "gar\xe2on", total=2), Received.STORED)
        await self.quiet()
        self.assertEqual(self.taken, ["caf\xe9 gar\xe2on"])
        self.assertEqual(await self.left_of_parts(), [])

    async def test_character_that_is_cut_between_parts_is_whole(self):
        for number, body in ((2, "\ude00!"), (1, "hi \ud83d")):
            await self.part(number, body, total=2)
        await self.quiet()
        self.assertEqual(self.taken, ["hi 😀!"])

    async def test_half_a_character_is_none(self):
        await self.receive(body="hi")
        await self.arrive(ShortMessage(Coding.UCS2, "\ude00 hi \ud83d"), "2")
        await self.quiet()
        self.assertEqual(self.taken, ["hi", "\ufffd hi \ufffd"])

    async def test_parts_that_cannot_be_read_keep_nobody_waiting(self):
        unreadable = PartsOf("s", BOB, "4664", 7, 2)
        stored = self.parts.inbox._stored
        await stored.store_part(unreadable, 1, b"broken", "1", Hearing(), now=self.clock.seconds())
        await self.part(1)
        await self.look(PARTS_SECONDS)
        self.assertEqual(self.taken, ["part 1 ..."])
        self.assertEqual(len(self.flushLoggedErrors()), 1)
        await self.look(PARTS_SECONDS)
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertEqual(await self.left_of_parts(), [])

    async def left_of_parts(self):
        keys = await self.store.client.execute("KEYS", "*")
        return [key for key in keys if b"parts" in key or b"groups" in key]


class HearingTests(TrafficTestCase):
    """A gateway without ids says again what it does not know that we have."""

    async def hear(self, session, id, body="ok"):
        message = ShortMessage(Coding.GSM, body)
        return await self.arrive(message, id, hearing=Hearing(session, f"digest of {body}"))

    async def test_what_is_said_again_in_another_session_is_the_same_text(self):
        self.assertIs(await self.hear("one", "1"), Received.STORED)
        self.assertIs(await self.hear("two", "2"), Received.REPEATED)
        await self.quiet()
        self.assertEqual(self.taken, ["ok"])

    async def test_what_is_said_twice_in_one_session_is_two_texts(self):
        for id in "12":
            self.assertIs(await self.hear("one", id), Received.STORED)
        await self.quiet()
        self.assertEqual(self.taken, ["ok", "ok"])

    async def test_what_is_said_again_once_the_first_was_confirmed_is_another_text(self):
        await self.hear("one", "1")
        await self.parts.inbox.confirm(ANN, [Hearing("one", "digest of ok")])
        self.assertIs(await self.hear("two", "2"), Received.STORED)

    async def test_what_is_heard_once_more_in_the_other_session_is_another_text(self):
        await self.hear("one", "1")
        await self.hear("two", "2")
        self.assertIs(await self.hear("two", "3"), Received.STORED)

    async def test_what_is_said_again_in_one_session_after_the_other_is_the_same_text(self):
        await self.hear("one", "1")
        for session in ("two", "three", "four"):
            self.assertIs(await self.hear(session, session), Received.REPEATED)

    async def test_texts_that_are_alike_are_told_apart_by_how_many_there_are(self):
        for id in "12":
            await self.hear("one", id)
        outcomes = [await self.hear("two", id) for id in "345"]
        self.assertEqual(outcomes, [Received.REPEATED, Received.REPEATED, Received.STORED])

    async def test_one_of_two_that_are_alike_was_confirmed(self):
        for id in "12":
            await self.hear("one", id)
        await self.parts.inbox.confirm(ANN, [Hearing("one", "digest of ok")])
        outcomes = [await self.hear("two", id) for id in "34"]
        self.assertEqual(outcomes, [Received.REPEATED, Received.STORED])

    async def test_another_text_is_another_text(self):
        await self.hear("one", "1")
        self.assertIs(await self.hear("two", "2", "no"), Received.STORED)

    async def test_part_that_is_heard_again_is_the_same(self):
        message = ShortMessage(Coding.GSM, "a", header=Header(Place(1, 2, 1)))
        for session, received in (("one", Received.STORED), ("two", Received.REPEATED)):
            hearing = Hearing(session, "digest")
            self.assertIs(await self.arrive(message, session, hearing=hearing), received)
