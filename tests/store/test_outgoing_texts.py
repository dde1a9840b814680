from imps.model.short_message import TextTooLong
from imps.model.text import OutgoingText
from imps.store.outgoing_texts import (
    DOUBT_SECONDS,
    LEASE_SECONDS,
    REPORT_SECONDS,
    OutgoingTexts,
    PartSettled,
    Put,
    Reported,
    Said,
)
from imps.store.phones import Phones
from imps.testing.store import StoreTestCase

ANN = "+358401234567"
BOB = "+358407654321"
DAY = 86_400
LONG = "x" * 400  # three short messages


class OutgoingTextsTestCase(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.one, self.other = (self.process(name) for name in ("one", "other"))
        self.told = []

    def process(self, name, max_waiting=10):
        return OutgoingTexts(self.store.client, self.store.buckets, name, max_waiting, 3)

    @property
    def now(self):
        return self.clock.seconds()

    async def put(self, id, to=ANN, body="hello", watcher="im", **changes):
        text = OutgoingText(id=id, to=to, body=body, number="4664", watcher=watcher, **changes)
        return await self.one.put(text, now=self.now)

    async def taken(self, process=None, phone=ANN):
        submission, work = await (process or self.one).take(phone, now=self.now)
        self.note(work)
        return submission and submission.text.id

    async def settle(self, id, said=Said.ACCEPTED, part=0, process=None, phone=ANN, **changes):
        settled = PartSettled(part, said, **changes)
        process = process or self.one
        goes_on, work = await process.settle(phone, id, settled, now=self.now)
        self.note(work)
        return goes_on

    async def report(self, reported, phone=ANN, **which):
        known, work = await self.one.report(phone, reported, now=self.now, **which)
        self.note(work)
        return known

    def note(self, work):
        for each in work:
            _, id, _, state, *_ = each.details
            self.told.append((id, state))

    async def due(self):
        phones = []
        for bucket in range(self.store.buckets.count):
            due = await self.one.due(bucket, now=self.now)
            self.note(due.work)
            phones += due.outgoing
        return phones

    async def sent(self, id, **changes):
        """A text that the gateway has accepted."""
        await self.put(id, **changes)
        self.assertEqual(await self.taken(), id)
        self.assertFalse(await self.settle(id))
        self.assertEqual(self.told.pop(), (id, "accepted"))

    async def left_of(self, phone=ANN):
        kinds = [key.decode().split(":")[2] for key in await self.keys(phone)]
        return sorted(kinds)

    async def keys(self, phone=ANN):
        return await self.store.client.execute("KEYS", f"*{phone}*")


class SendingTests(OutgoingTextsTestCase):
    async def test_text_is_taken_as_it_was_put(self):
        text = OutgoingText(
            id="a b", to=ANN, octets=b"\xff\x00", port=2948, number="4664", validity_seconds=60
        )
        await self.one.put(text, now=self.now)
        submission, _ = await self.one.take(ANN, now=self.now)
        self.assertEqual(submission.text, text)
        self.assertEqual((submission.expires_at, submission.done), (self.now + 60, 0))

    async def test_text_is_put_once_under_its_id(self):
        self.assertIs(await self.put("1"), Put.YES)
        self.assertIs(await self.put("1"), Put.BEFORE)
        await self.taken()
        await self.settle("1")
        self.assertIs(await self.put("1"), Put.BEFORE)
        await self.report(Reported.DELIVERED, text_id="1")
        self.assertIs(await self.put("1"), Put.BEFORE)
        self.assertIs(await self.put("1", BOB), Put.YES)
        self.assertIsNone(await self.taken())

    async def test_one_text_of_a_phone_is_with_the_gateway_at_a_time_in_order(self):
        for id in ("1", "2"):
            await self.put(id, answer=True)
        await self.put("3", BOB)
        self.assertEqual(await self.taken(), "1")
        self.assertIsNone(await self.taken(self.other))
        self.assertEqual(await self.taken(self.other, BOB), "3")
        await self.settle("1")
        self.assertEqual(await self.taken(self.other), "2")

    async def test_what_nobody_asked_for_waits_for_the_final_report(self):
        await self.sent("1")
        await self.put("2")
        self.assertIsNone(await self.taken())
        await self.report(Reported.ACCEPTED, text_id="1")
        self.assertIsNone(await self.taken())
        await self.report(Reported.DELIVERED, text_id="1")
        self.assertEqual(await self.due(), [ANN])
        self.assertEqual(await self.taken(), "2")

    async def test_no_report_is_waited_for_longer_than_a_minute(self):
        await self.sent("1")
        await self.put("2")
        self.clock.advance(REPORT_SECONDS - 1)
        self.assertEqual(await self.due(), [])
        self.assertIsNone(await self.taken())
        self.clock.advance(1)
        self.assertEqual(await self.due(), [ANN])
        self.assertEqual(await self.taken(), "2")

    async def test_answer_waits_for_no_report_and_not_for_what_does(self):
        await self.sent("1")
        await self.put("2")
        await self.put("3", answer=True)
        self.assertEqual(await self.due(), [ANN])
        self.assertEqual(await self.taken(), "3")
        await self.settle("3")
        self.assertIsNone(await self.taken())
        await self.report(Reported.DELIVERED, text_id="1")
        self.assertIsNone(await self.taken())
        await self.report(Reported.UNDELIVERED, text_id="3")
        self.assertEqual(await self.taken(), "2")

    async def test_answer_stands_behind_what_could_be_sent_before(self):
        await self.put("1")
        await self.put("2", answer=True)
        self.assertEqual(await self.taken(), "1")

    async def test_only_so_many_wait_for_a_phone(self):
        self.one = self.process("one", max_waiting=2)
        outcomes = [await self.put(id) for id in ("1", "2", "3")]
        self.assertEqual(outcomes, [Put.YES, Put.YES, Put.TOO_MANY])
        await self.taken()
        await self.settle("1")
        self.assertIs(await self.put("3"), Put.YES)

    async def test_text_of_too_many_parts_is_not_put(self):
        with self.assertRaises(TextTooLong):
            await self.put("1", body="x" * 460)

    async def test_text_of_several_parts_is_accepted_with_the_last(self):
        await self.put("1", body=LONG)
        await self.put("2", answer=True)
        await self.taken()
        self.assertTrue(await self.settle("1", part=0))
        self.assertTrue(await self.settle("1", part=1))
        self.assertEqual(self.told, [])
        self.assertIsNone(await self.taken())
        self.assertFalse(await self.settle("1", part=2))
        self.assertEqual(self.told, [("1", "accepted")])
        self.assertEqual(await self.taken(), "2")

    async def test_rest_of_a_text_is_sent_later_before_anything_else(self):
        await self.put("1", body=LONG)
        await self.put("2", answer=True)
        await self.taken()
        await self.settle("1", part=0)
        await self.settle("1", Said.LATER, part=1, resume_at=self.now + 5)
        self.clock.advance(4)
        self.assertEqual(await self.due(), [])
        self.assertIsNone(await self.taken())
        self.clock.advance(1)
        self.assertEqual(await self.due(), [ANN])
        submission, _ = await self.other.take(ANN, now=self.now)
        self.assertEqual((submission.text.id, submission.done, submission.tries), ("1", 1, 0))

    async def test_tries_in_vain_are_counted(self):
        await self.put("1")
        for tries in range(3):
            submission, _ = await self.one.take(ANN, now=self.now)
            self.assertEqual(submission.tries, tries)
            await self.settle("1", Said.LATER, resume_at=self.now, in_vain=True)

    async def test_what_the_gateway_never_takes_fails(self):
        await self.put("1")
        await self.put("2")
        await self.taken()
        self.assertFalse(await self.settle("1", Said.FAILED, reason="no such number"))
        self.assertEqual(self.told, [("1", "failed")])
        self.assertEqual(await self.taken(), "2")

    async def test_text_that_is_not_accepted_in_time_expires(self):
        await self.put("1", validity_seconds=30)
        await self.put("2", validity_seconds=90)
        self.clock.advance(29)
        self.assertEqual(await self.due(), [ANN])
        self.assertEqual(self.told, [])
        self.clock.advance(1)
        await self.due()
        self.assertEqual(self.told, [("1", "expired")])
        self.assertEqual(await self.taken(), "2")

    async def test_expired_text_is_not_taken_although_nobody_has_looked(self):
        await self.put("1", validity_seconds=30)
        self.clock.advance(30)
        self.assertIsNone(await self.taken())
        self.assertEqual(self.told, [("1", "expired")])
        await self.due()
        self.assertEqual(self.told, [("1", "expired")])

    async def test_phone_that_wants_to_hear_nothing_gets_that_answer_alone(self):
        phones = Phones(self.store.client, self.store.buckets)
        self.one = self.process("one", max_waiting=2)
        await self.put("1")
        await self.put("2", answer=True)
        await phones.stop(ANN)
        self.assertIs(await self.put("3", answer=True, despite_stop=True), Put.YES)
        self.assertEqual(await self.taken(), "3")
        await self.settle("3")
        self.assertIsNone(await self.taken())
        self.assertEqual(self.told, [("1", "stopped"), ("2", "stopped"), ("3", "accepted")])

    async def test_what_was_not_sent_after_stop_may_be_handed_in_again(self):
        phones = Phones(self.store.client, self.store.buckets)
        await self.put("1")
        await phones.stop(ANN)
        self.assertIsNone(await self.taken())
        await phones.start(ANN)
        self.assertIs(await self.put("1"), Put.YES)
        self.assertEqual(await self.taken(), "1")

    async def test_what_the_gateway_wants_later_is_not_sent_after_stop(self):
        await self.put("1")
        await self.taken()
        await Phones(self.store.client, self.store.buckets).stop(ANN)
        await self.settle("1", Said.LATER, resume_at=self.now)
        self.assertIsNone(await self.taken())
        self.assertEqual(self.told, [("1", "stopped")])

    async def test_what_waits_for_a_phone_that_is_its_users_no_longer_is_not_sent(self):
        for id, answer in (("a", True), ("b", False), ("notice", False)):
            await self.put(id, answer=answer)
        self.note(await self.one.recall(ANN, but="notice", now=self.now))
        self.assertEqual(self.told, [("a", "stopped"), ("b", "stopped")])
        self.assertEqual(await self.taken(), "notice")
        await self.settle("notice")
        # It may be handed in again for another phone, or for this one.
        self.assertIs(await self.put("a"), Put.YES)

    async def test_what_the_gateway_wants_later_is_not_sent_to_such_a_phone(self):
        await self.put("a")
        await self.taken()
        self.note(await self.one.recall(ANN, but="", now=self.now))
        self.assertEqual(self.told, [])
        await self.settle("a", Said.LATER, resume_at=self.now + 1)
        self.clock.advance(2)
        self.assertIsNone(await self.taken())
        self.assertEqual(self.told, [("a", "stopped")])

    async def test_what_the_gateway_has_got_before_is_accepted(self):
        await self.put("a")
        await self.taken()
        await self.one.recall(ANN, but="", now=self.now)
        await self.settle("a")
        self.assertEqual(self.told, [("a", "accepted")])

    async def test_nobody_is_told_where_nobody_watches(self):
        await self.put("1", watcher="")
        await self.taken()
        await self.settle("1")
        await self.report(Reported.DELIVERED, text_id="1")
        self.assertEqual(self.told, [])

    async def test_text_is_kept_for_a_day_after_its_end_and_nothing_else(self):
        await self.put("1", watcher="")
        await self.taken()
        await self.settle("1")
        await self.report(Reported.DELIVERED, text_id="1")
        self.assertEqual(await self.left_of(), ["text"])
        (key,) = await self.keys()
        left = await self.store.client.execute("TTL", key)
        self.assertTrue(DAY - 10 < left <= DAY, left)


class DoubtTests(OutgoingTextsTestCase):
    """The service was killed, or the gateway did not say what it did."""

    async def test_what_a_process_that_died_had_is_submitted_once_more(self):
        await self.put("1")
        await self.put("2", answer=True)
        await self.taken(self.one)
        self.clock.advance(LEASE_SECONDS - 1)
        self.assertEqual(await self.due(), [])
        self.assertIsNone(await self.taken(self.other))
        self.clock.advance(1)
        self.assertEqual(await self.due(), [ANN])
        self.assertEqual(await self.taken(self.other), "1")
        self.clock.advance(LEASE_SECONDS)
        self.assertEqual(await self.taken(self.one), "2")
        self.assertEqual(self.told, [("1", "failed")])

    async def test_text_in_doubt_is_submitted_once_more_unless_it_is_reported(self):
        await self.put("1")
        await self.taken()
        await self.settle("1", Said.UNKNOWN)
        self.assertIsNone(await self.taken())
        self.clock.advance(DOUBT_SECONDS)
        self.assertEqual(await self.taken(), "1")
        await self.settle("1", Said.UNKNOWN)
        self.clock.advance(DOUBT_SECONDS)
        self.assertIsNone(await self.taken())
        self.assertEqual(self.told, [("1", "failed")])

    async def test_report_settles_a_doubt(self):
        await self.put("1")
        await self.taken()
        await self.settle("1", Said.UNKNOWN)
        await self.report(Reported.ACCEPTED, text_id="1")
        self.assertEqual(self.told, [("1", "accepted")])
        self.clock.advance(REPORT_SECONDS)
        self.assertIsNone(await self.taken())
        await self.report(Reported.DELIVERED, text_id="1")
        self.assertEqual(self.told, [("1", "accepted"), ("1", "delivered")])

    async def test_report_on_a_part_in_doubt_lets_the_rest_go_on(self):
        await self.put("1", body=LONG)
        await self.taken()
        await self.settle("1", Said.UNKNOWN, part=0)
        await self.report(Reported.DELIVERED, text_id="1", part=0)
        self.clock.advance(DOUBT_SECONDS)
        submission, _ = await self.one.take(ANN, now=self.now)
        self.assertEqual(submission.done, 1)

    async def test_who_has_lost_a_text_says_what_is_true_all_the_same(self):
        await self.put("1")
        await self.taken(self.one)
        self.clock.advance(LEASE_SECONDS)
        await self.taken(self.other)
        await self.settle("1", Said.LATER, process=self.one, resume_at=self.now)
        self.assertIsNone(await self.taken(self.one))
        await self.settle("1", process=self.one)
        self.assertEqual(self.told, [("1", "accepted")])
        await self.settle("1", process=self.other)
        self.assertEqual(self.told, [("1", "accepted")])


class ReportTests(OutgoingTextsTestCase):
    async def test_final_report_ends_a_text_and_doubled_ones_change_nothing(self):
        await self.sent("1")
        for _ in range(2):
            self.assertTrue(await self.report(Reported.DELIVERED, text_id="1"))
        await self.report(Reported.UNDELIVERED, text_id="1")
        self.assertEqual(self.told, [("1", "delivered")])

    async def test_failed_report_ends_a_text(self):
        await self.sent("1")
        await self.report(Reported.UNDELIVERED, text_id="1", reason="absent")
        self.assertEqual(self.told, [("1", "undelivered")])

    async def test_text_of_several_parts_is_delivered_with_all_of_them(self):
        await self.put("1", body=LONG)
        await self.taken()
        for part in range(3):
            await self.settle("1", part=part)
        self.told.clear()
        for part in (2, 0, 0, 2):
            await self.report(Reported.DELIVERED, text_id="1", part=part)
        self.assertEqual(self.told, [])
        await self.report(Reported.DELIVERED, text_id="1", part=1)
        self.assertEqual(self.told, [("1", "delivered")])

    async def test_text_is_not_delivered_if_a_part_is_not(self):
        await self.put("1", body=LONG)
        await self.taken()
        await self.settle("1", part=0)
        await self.report(Reported.UNDELIVERED, text_id="1", part=0)
        self.assertEqual(self.told, [("1", "undelivered")])
        self.assertFalse(await self.settle("1", part=1))

    async def test_report_names_a_part_as_the_gateway_does(self):
        await self.put("1")
        await self.taken()
        await self.settle("1", reference="smsc:77")
        self.assertFalse(await self.report(Reported.DELIVERED, reference="smsc:78"))
        self.assertFalse(await self.report(Reported.DELIVERED, BOB, reference="smsc:77"))
        self.assertTrue(await self.report(Reported.DELIVERED, reference="smsc:77"))
        self.assertEqual(self.told, [("1", "accepted"), ("1", "delivered")])

    async def test_report_may_come_before_the_gateway_has_said_its_name(self):
        await self.put("1")
        await self.taken()
        await self.report(Reported.DELIVERED, reference="smsc:77")
        self.assertEqual(self.told, [])
        await self.settle("1", reference="smsc:77")
        self.assertEqual(self.told, [("1", "accepted"), ("1", "delivered")])

    async def test_text_without_a_final_report_expires(self):
        await self.sent("1", validity_seconds=100)
        self.clock.advance(99)
        await self.due()
        self.assertEqual(self.told, [])
        self.clock.advance(1)
        await self.due()
        self.assertEqual(self.told, [("1", "expired")])

    async def test_report_that_comes_too_late_changes_nothing(self):
        await self.sent("1", validity_seconds=100)
        self.clock.advance(100)
        await self.due()
        self.assertTrue(await self.report(Reported.DELIVERED, text_id="1"))
        self.assertEqual(self.told, [("1", "expired")])

    async def test_report_on_nothing_is_not_known(self):
        await self.sent("1")
        self.assertFalse(await self.report(Reported.DELIVERED, text_id="2"))
        self.assertFalse(await self.report(Reported.DELIVERED, BOB, text_id="1"))
        self.assertTrue(await self.report(Reported.DELIVERED, text_id="1", part=7))
        self.assertEqual(self.told, [])
