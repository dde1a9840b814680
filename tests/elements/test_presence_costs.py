"""What presence costs the store where there is much of it: how many steps, how large each."""

from collections import Counter
from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, gatherResults

from imps.elements.interfaces import Caller
from imps.model.account import Account
from imps.model.address import Address
from imps.model.contacts import Contact
from imps.model.presence import AttributeList, Target, TargetKind
from imps.parts import Parts
from imps.store.accounts import Accounts
from imps.store.client import StoreClient
from imps.store.presence import CHUNK
from tests.elements.test_presence import (
    ANN,
    ANNS_FRIENDS,
    BOB,
    MOOD,
    ON_LINE,
    TEXT,
    TO_FRIENDS,
    ZONE,
    PresenceTestCase,
)

WATCHERS, ON_LINE_STILL = 1000, 100
LISTS, CONTACTS = 20, 500
AT_A_TIME = 100
NEWS_AT_A_TIME = 50


@define(eq=False)
class CountingClient(StoreClient):
    """Remembers which scripts it ran in which bucket, and what they were given besides."""

    runs: list[Any] = field(factory=list, init=False)

    async def run(self, script, keys, *arguments):
        self.runs.append((script, keys[0], arguments))
        return await super().run(script, keys, *arguments)

    def arguments_of(self, script):
        """What each run of a script was given."""
        return [arguments for name, _, arguments in self.runs if name == script]

    def most_in_a_bucket(self, script):
        """How often a script was run in the bucket where it was run most."""
        return max(Counter(prefix for name, prefix, _ in self.runs if name == script).values())


def in_chunks(count):
    """How many steps it takes to do something for so many in one place."""
    return -(-count // CHUNK)


AT_A_TIME = 500


class CostsTestCase(PresenceTestCase):
    async def setUp(self):
        await super().setUp()
        self.client = CountingClient(self.store.client.link)
        self.parts = Parts(self.settings, evolve(self.store, client=self.client), self.clock)
        self.presence = self.parts.presence

    async def add_users(self, count, *attributes):
        """Make so many users, who allow everybody to see attributes."""
        users = [Address(f"user{number}", None, "localhost") for number in range(count)]
        accounts = Accounts(self.store.client, self.store.buckets)
        made = [Account(address=each, secret=b"", created_at=0) for each in users]
        allowed = AttributeList(frozenset(attributes))
        for start in range(0, count, AT_A_TIME):
            some = made[start : start + AT_A_TIME]
            await all_of([accounts.add(each, allowed) for each in some])
        return users

    async def published(self, mood):
        """Publish, and have all told: which scripts were run how often."""
        self.client.runs.clear()
        await self.publish(STATUS_MOOD=mood)
        return Counter(script for script, *_ in self.client.runs)


async def all_of(work):
    """Do all of this, some at a time: what a busy machine does not answer in time has failed."""
    done = []
    for start in range(0, len(work), AT_A_TIME):
        some = [Deferred.fromCoroutine(each) for each in work[start : start + AT_A_TIME]]
        done += await gatherResults(some)
    return done


class WatchersTests(CostsTestCase):
    async def test_update_costs_a_script_a_bucket_and_what_the_watchers_on_line_do(self):
        await self.allow(MOOD)
        users = await self.add_users(WATCHERS)
        sign_on = self.parts.sessions.open
        sessions = await all_of([sign_on(each, "phone", None, {}) for each in users])
        callers = [Caller(each.user, each.id) for each in sessions]
        await all_of([self.subscribe(ANN, caller=each) for each in callers])
        await self.settled()
        await self.check("HAPPY", callers)
        await all_of([self.parts.sessions.close(each) for each in sessions[ON_LINE_STILL:]])
        await self.settled()
        await self.check("SAD", callers[:ON_LINE_STILL])

    async def check(self, mood, on_line):
        scripts = await self.published(mood)
        buckets = {self.store.buckets.of(each.user) for each in on_line}
        # What nobody sees anew is not noted.
        others = {"publish_presence": 1, "finish_work": 1}
        self.assertEqual(
            {name: count for name, count in scripts.items() if name != "permissions"},
            {"put_news": len(buckets), **others},
        )
        self.assertEqual(self.client.most_in_a_bucket("put_news"), 1)
        # The server gives out watchers in parts, which are small where many have gone.
        self.assertLessEqual(scripts["permissions"], 2 * in_chunks(WATCHERS))
        judged = sum(len(each) - 1 for each in self.client.arguments_of("permissions"))
        told = sum(len(each) - 1 for each in self.client.arguments_of("put_news"))
        self.assertEqual((judged, told), (len(on_line), 3 * len(on_line)))
        for each in on_line[::50]:
            self.assertEqual(await self.told(each), [(str(ANN), {MOOD: mood})])

    async def test_those_who_ask_at_the_same_time_are_told_what_each_may_see_by_one_read(self):
        users = await self.add_users(CHUNK + 20)
        await self.allow(MOOD)
        await self.change(ANNS_FRIENDS, users[1:3])
        await self.allow(TEXT, ZONE, to=TO_FRIENDS)
        await self.allow(ZONE, to=Target(TargetKind.USER, users[2]))
        await self.publish(STATUS_MOOD="HAPPY", STATUS_TEXT="hello", TIME_ZONE="0")
        self.client.runs.clear()

        got = await all_of([self.get(ANN, caller=Caller(each, "")) for each in users])
        seen = [told[str(ANN)] for told, _ in got]
        own = {1: {TEXT: "hello", ZONE: "0"}, 2: {ZONE: "0"}}
        self.assertEqual(seen, [own.get(i, {MOOD: "HAPPY"}) for i in range(len(users))])
        reads = [each[3].split("\n") for each in self.client.arguments_of("read_presence")]
        self.assertEqual([len(each) for each in reads], [CHUNK, 20])
        watchers = [each.canonical for each in users]
        self.assertCountEqual([name for each in reads for name in each], watchers)
        self.assertEqual(set(await self.presence.watchers(self.ann, 60)), set(users))


class ContactsTests(CostsTestCase):
    async def test_many_lists_cost_a_script_a_bucket_and_list_none_of_which_is_long(self):
        users = await self.add_users(LISTS * CONTACTS, ON_LINE)
        lists = [BOB.resource_named(f"list{number}") for number in range(LISTS)]
        bob = evolve(self.bob, operation_id="make")
        for number, each in enumerate(lists):
            contacts = map(Contact, users[number * CONTACTS : (number + 1) * CONTACTS])
            await self.parts.contacts.create(bob, each, contacts)
        self.client.runs.clear()

        await self.subscribe(lists=lists, to=[ON_LINE])
        in_one_bucket = LISTS * in_chunks(CONTACTS)
        most = {
            "subscribe": LISTS,
            "note_seen": LISTS,
            "note_subscriptions": in_one_bucket,
            "put_news": in_one_bucket,
        }
        for script, times in most.items():
            self.assertLessEqual(self.client.most_in_a_bucket(script), times, script)
            longest = max(map(len, self.client.arguments_of(script)))
            self.assertLessEqual(longest, 5 + 4 * CHUNK, script)
        # And a few for each list, to read it and to find its owner.
        buckets = self.store.buckets.count
        all_scripts = LISTS * (2 * buckets + 2 * in_chunks(CONTACTS) + 5)
        self.assertLessEqual(len(self.client.runs), all_scripts)

        self.client.runs.clear()
        self.assertEqual(len(await self.told()), LISTS * CONTACTS)
        notifications = LISTS * CONTACTS // NEWS_AT_A_TIME
        # Each is acknowledged by a step of its own here, and the last one finds nothing.
        self.assertEqual(len(self.client.arguments_of("deliver")), 2 * notifications + 1)
        # What there is to be told is in the order of the buckets, list by list.
        reads = self.client.arguments_of("read_presence")
        self.assertLessEqual(len(reads), LISTS * buckets + notifications)
        self.assertLessEqual(max(map(len, reads)), 1 + 3 * NEWS_AT_A_TIME)

        self.client.runs.clear()
        await self.presence.renew(self.bob)
        # The server gives them out in parts of about that size.
        steps = self.client.arguments_of("renew_news")
        self.assertLessEqual(len(steps), 2 * in_chunks(LISTS * CONTACTS))
        self.assertEqual(len(await self.told()), LISTS * CONTACTS)
