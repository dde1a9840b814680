"""Whatever happens, each text has one end, and none is sent twice without a doubt.

Random histories of processes that submit texts and are killed, of a gateway that says what it
likes, and of its reports; and a book beside, which is told nothing by the store.
"""

from collections import Counter, defaultdict
from random import Random

from attrs import evolve

from imps.model.text import OutgoingText
from imps.sms.gateway import SUBMIT_SECONDS
from imps.store.outgoing_texts import (
    REPORT_SECONDS,
    OutgoingTexts,
    PartSettled,
    Put,
    Reported,
    Said,
)
from imps.testing.store import StoreTestCase

PHONES = ("+358401234567", "+358407654321")
BODIES = ("short", "x" * 200, "x" * 400)
OPERATIONS = 120
SEEDS = range(25)
VALIDITY_SECONDS = 600


class Process:
    """Whoever takes texts of a phone, and what it has in hand."""

    def __init__(self, stored):
        self.stored = stored
        self.in_hand = {}


class AnyHistoryTests(StoreTestCase):
    timeout = 300

    def begin(self, seed):
        self.random = Random(seed)
        self.processes = [self.process(f"{seed}-{number}") for number in range(2)]
        self.killed = 0
        self.put = defaultdict(list)
        self.given = Counter()
        self.doubted = set()
        self.accepted_at = {}
        self.reported = defaultdict(set)
        self.told = defaultdict(list)

    def process(self, name):
        return Process(OutgoingTexts(self.store.client, self.store.buckets, name, 1000, 3))

    @property
    def now(self):
        return self.clock.seconds()

    def note(self, work):
        for each in work:
            watcher, id, _, state, *_ = each.details
            self.assertEqual(watcher, "book")
            self.told[id].append(state)

    async def hand_in(self, process, phone):
        id = f"{phone} {len(self.put[phone])}"
        text = OutgoingText(
            id=id,
            to=phone,
            number="4664",
            body=self.random.choice(BODIES),
            answer=self.random.random() < 0.5,
            validity_seconds=VALIDITY_SECONDS,
            watcher="book",
        )
        self.put[phone].append(text)
        self.assertIs(await process.stored.put(text, now=self.now), Put.YES)
        self.assertIs(await process.stored.put(text, now=self.now), Put.BEFORE)

    async def take(self, process, phone):
        if phone in process.in_hand:
            return
        taken, work = await process.stored.take(phone, now=self.now)
        self.note(work)
        if taken is None:
            return
        if not taken.text.answer:
            self.check_that_no_report_is_out(phone)
        process.in_hand[phone] = (taken, self.now)

    def check_that_no_report_is_out(self, phone):
        for text in self.put[phone]:
            since = self.accepted_at.get(text.id)
            is_out = since is not None and not {"delivered", "undelivered", "expired"} & {
                *self.told[text.id]
            }
            self.assertFalse(is_out and self.now < since + REPORT_SECONDS, text.id)

    async def submit(self, process, phone):
        """Give the gateway the next part of what is in hand; it says what it likes."""
        if phone not in process.in_hand:
            return
        taken, since = process.in_hand.pop(phone)
        text, part = taken.text, taken.done
        if self.now >= since + SUBMIT_SECONDS:
            # It has given up waiting for the gateway before now.
            self.doubted.add(text.id)
            return
        said = self.random.choices(list(Said), (8, 2, 1, 1))[0]
        has_it = said is Said.ACCEPTED or (said is Said.UNKNOWN and self.random.random() < 0.5)
        if has_it:
            self.given[text.id, part] += 1
        if said is Said.UNKNOWN:
            self.doubted.add(text.id)
        if self.random.random() < 0.1:
            # Killed before it could say so.
            self.doubted.add(text.id)
            self.kill(process)
            return
        settled = PartSettled(part, said, resume_at=self.now + self.random.choice((0, 3)))
        goes_on, work = await process.stored.settle(phone, text.id, settled, now=self.now)
        self.note(work)
        if "accepted" in self.told[text.id]:
            self.accepted_at.setdefault(text.id, self.now)
        if goes_on:
            process.in_hand[phone] = (evolve(taken, done=part + 1), self.now)

    def kill(self, process):
        """Another process takes its place, which knows nothing."""
        self.killed += 1
        self.doubted.update(taken.text.id for taken, _ in process.in_hand.values())
        self.processes.remove(process)
        self.processes.append(self.process(f"again-{self.killed}-{self.random.random()}"))

    async def report(self, process, phone):
        """The gateway reports on something that it has, perhaps again."""
        has = [each for each in self.given if each[0].startswith(phone)]
        if not has:
            return
        id, part = self.random.choice(has)
        reported = self.random.choices(list(Reported), (3, 6, 1))[0]
        _, work = await process.stored.report(phone, reported, now=self.now, text_id=id, part=part)
        self.note(work)
        if "accepted" in self.told[id]:
            self.accepted_at.setdefault(id, self.now)

    async def look(self):
        for bucket in range(self.store.buckets.count):
            due = await self.processes[0].stored.due(bucket, now=self.now)
            self.note(due.work)

    async def step(self):
        process, phone = self.random.choice(self.processes), self.random.choice(PHONES)
        operations = (self.hand_in, self.take, self.submit, self.report)
        operation = self.random.choices(operations, (3, 6, 8, 4))[0]
        await operation(process, phone)
        if self.random.random() < 0.02:
            self.kill(process)
        if self.random.random() < 0.3:
            self.clock.advance(self.random.choice((1, 5, 20, 61)))
            await self.look()

    async def test_each_text_has_one_end_and_is_sent_once_unless_in_doubt(self):
        ends = Counter()
        for seed in SEEDS:
            await self.store.client.execute("DEL", *await self.keys("*"), "none")
            self.begin(seed)
            for _ in range(OPERATIONS):
                await self.step()
            self.clock.advance(VALIDITY_SECONDS)
            await self.look()
            self.check(seed, ends)
            left = [key for key in await self.keys("*+358*") if b":text:" not in key]
            self.assertEqual(left, [], seed)
        self.assertEqual(set(ends), {"delivered", "undelivered", "failed", "expired"})

    def check(self, seed, ends):
        for text in (each for texts in self.put.values() for each in texts):
            told, about = self.told[text.id], (seed, text.id, self.told[text.id])
            self.assertEqual(len(told), len(set(told)), about)
            *before, end = told
            self.assertLessEqual(set(before), {"accepted"}, about)
            self.assertNotEqual(end, "accepted", about)
            ends[end] += 1
            if end == "delivered":
                self.assertEqual(before, ["accepted"], about)
        for (id, part), times in self.given.items():
            self.assertLessEqual(times, 2 if id in self.doubted else 1, (seed, id, part))

    async def keys(self, pattern):
        return await self.store.client.execute("KEYS", f"imps:{{[0-9]*{pattern}")
