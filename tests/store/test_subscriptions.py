"""Who subscribed to whom, in the buckets of both."""

from imps.model.address import Address
from imps.model.contacts import Change, Contact
from imps.model.presence import EVERY_ATTRIBUTE, Attribute, PresenceValue, WatcherStatus
from imps.store.contact_lists import ContactLists
from imps.store.presence import NoSuchPublisher, Presences
from imps.store.sessions import Sessions
from imps.store.subscriptions import Seen, Subscriptions, Through, Told, TooManySubscriptions
from imps.store.work import WorkRecords
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:ann@localhost")
BOB = Address.parse("wv:bob@localhost")
NOBODY = Address.parse("wv:nobody@localhost")
LIST = Address.parse("wv:bob/friends@localhost")
MOOD, TEXT = Attribute.STATUS_MOOD, Attribute.STATUS_TEXT
ZONE = Attribute.TIME_ZONE
HAPPY = PresenceValue(content=(("PresenceValue", "HAPPY"),))


class SubscriptionsTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        await self.add_accounts(ANN, BOB)
        client, buckets = self.store.client, self.store.buckets
        self.subscriptions = Subscriptions(client, buckets, 2)
        self.presences = Presences(client, buckets)
        self.work = WorkRecords(client, buckets)
        self.sessions = Sessions(client, buckets, 30, 50, 20)
        self.ann, self.bob = await self.session(ANN), await self.session(BOB)

    async def session(self, user):
        session_id = f"{self.store.buckets.of(user):02}session"
        await self.sessions.open(
            session_id,
            user,
            "phone",
            b"record",
            now=self.clock.seconds(),
            lifetime_seconds=100,
            remember_seconds=100,
            fields={},
        )
        return session_id

    async def subscribe(self, attributes=EVERY_ATTRIBUTE, through=None, follows=False):
        await self.subscriptions.note(self.bob, {ANN: ANN}, attributes, through, follows)
        return await self.subscriptions.subscribe(self.bob, [BOB], [ANN], attributes, through)

    async def publish(self, **options):
        now = self.clock.seconds()
        user, session_id = options.get("user", ANN), options.get("session_id", self.ann)
        values = {options.get("attribute", MOOD): options.get("value", HAPPY)}
        return await self.presences.publish(user, session_id, values, now=now)

    async def subscribers(self):
        return [each async for some in self.subscriptions.subscribers(ANN) for each in some]

    async def test_what_nobody_watches_causes_no_work(self):
        self.assertIsNone(await self.publish())
        await self.subscribe()
        self.assertIsNone(await self.publish())
        self.assertIsNotNone(await self.publish(value=PresenceValue(is_valid=False)))

    async def test_only_who_is_there_publishes(self):
        for options in ({"user": NOBODY}, {"session_id": "00gone"}):
            with self.assertRaises(NoSuchPublisher):
                await self.publish(**options)

    async def test_work_on_one_publisher_is_one(self):
        await self.subscribe()
        first = await self.publish()
        second = await self.publish(attribute=TEXT)
        self.assertEqual(second.id, first.id)
        self.assertEqual(second.details[2], "StatusMood StatusText")
        await self.work.finish(first)
        third = await self.publish(attribute=ZONE)
        self.assertEqual(third.details[2], "StatusMood StatusText TimeZone")
        await self.work.finish(third)
        self.assertEqual((await self.publish(attribute=Attribute.ALIAS)).details[2], "Alias")

    async def test_what_was_asked_for_adds_up_by_the_way_it_was(self):
        await self.subscribe(frozenset({MOOD}))
        await self.subscribe(frozenset({TEXT}), LIST, True)
        await self.subscribe(frozenset({ZONE}), LIST, True)
        (subscriber,) = await self.subscribers()
        self.assertEqual(subscriber.asked, {MOOD, ZONE})
        self.assertEqual((subscriber.session_id, subscriber.watcher), (self.bob, (BOB,)))
        self.assertEqual(await self.subscriptions.publishers(self.bob), [ANN])
        through = await self.subscriptions.through(self.bob, LIST)
        self.assertEqual(through, Through(frozenset({ANN}), frozenset({ZONE})))
        through = await self.subscriptions.through(self.bob, BOB.resource_named("foes"))
        self.assertEqual(through, Through(frozenset(), None))

    async def test_publisher_who_does_not_exist_is_left_out(self):
        found = await self.subscriptions.subscribe(self.bob, [BOB], [ANN, NOBODY], EVERY_ATTRIBUTE)
        self.assertEqual(found.keys(), {ANN})

    async def test_nothing_is_noted_of_a_session_that_is_gone(self):
        noted = await self.subscriptions.note("00gone", {ANN: ANN}, EVERY_ATTRIBUTE)
        self.assertFalse(noted)

    async def bring(self, session_id, *publishers):
        names = {each: each for each in publishers}
        told = dict.fromkeys(publishers, frozenset({MOOD}))
        now = self.clock.seconds()
        return await self.subscriptions.note_brought(
            session_id, LIST, names, EVERY_ATTRIBUTE, told, now=now
        )

    async def test_contact_is_brought_by_a_list_that_is_followed(self):
        lists = ContactLists(self.store.client, self.store.buckets, 10, 10)
        self.assertEqual(await self.bring(self.bob, ANN), [ANN])
        await self.subscriptions.note(self.bob, {}, EVERY_ATTRIBUTE, LIST, True)
        self.assertEqual(await self.bring(self.bob, ANN), [ANN])
        change = Change(added=(Contact(ANN), Contact(NOBODY)))
        await lists.change(BOB, LIST, change, with_contacts=False)
        self.assertEqual(await self.bring("00gone", ANN), [ANN])
        for _ in range(2):
            self.assertEqual(await self.bring(self.bob, ANN), [])
        through = await self.subscriptions.through(self.bob, LIST)
        self.assertEqual(through.publishers, {ANN})
        await self.subscriptions.unsubscribe(self.bob, [ANN], now=self.clock.seconds())
        self.assertEqual(await self.bring(self.bob, ANN), [ANN])
        await self.subscriptions.note(self.bob, {BOB: BOB}, EVERY_ATTRIBUTE)
        self.assertEqual(await self.bring(self.bob, NOBODY), [NOBODY])

    async def test_too_many_are_none(self):
        some = {Address(f"user{number}"): BOB for number in range(3)}
        with self.assertRaises(TooManySubscriptions):
            await self.subscriptions.note(self.bob, some, EVERY_ATTRIBUTE)
        self.assertEqual(await self.subscriptions.publishers(self.bob), [])

    async def test_news_reach_who_subscribed_and_is_there(self):
        news = [Told(each, ANN, EVERY_ATTRIBUTE) for each in (self.bob, "00gone")]
        gone = await self.subscriptions.put_news(news, now=self.clock.seconds())
        self.assertEqual(gone, {self.bob, "00gone"})
        await self.subscribe()
        gone = await self.subscriptions.put_news(news, now=self.clock.seconds())
        self.assertEqual(gone, {"00gone"})

    async def test_what_was_seen_is_kept_until_the_next_subscription(self):
        await self.subscribe()
        await self.subscriptions.note_seen([Seen(self.bob, ANN, frozenset({MOOD}), 2)])
        await self.subscriptions.note_seen([Seen(self.bob, ANN, frozenset({TEXT}), 1)])
        (subscriber,) = await self.subscribers()
        self.assertEqual(subscriber.seen, {MOOD})
        await self.subscribe()
        (subscriber,) = await self.subscribers()
        self.assertEqual(subscriber.seen, frozenset())
        await self.subscriptions.note_seen([Seen("00gone", ANN, frozenset({MOOD}), 2)])
        self.assertEqual(len(await self.subscribers()), 1)

    async def test_who_unsubscribes_has_been_a_watcher(self):
        await self.subscribe()
        now = self.clock.seconds()
        watchers = await self.subscriptions.watchers(ANN, since=now, now=now)
        self.assertEqual(watchers, {BOB: WatcherStatus.CURRENT_SUBSCRIBER})
        await self.subscriptions.unsubscribe(self.bob, [ANN], now=now)
        self.assertEqual(await self.subscribers(), [])
        watchers = await self.subscriptions.watchers(ANN, since=now, now=now)
        self.assertEqual(watchers, {BOB: WatcherStatus.FORMER_SUBSCRIBER})
        self.assertEqual(await self.subscriptions.watchers(ANN, since=now + 1, now=now), {})

    async def test_client_status_goes_with_its_session(self):
        await self.publish(attribute=ZONE)
        await self.publish(attribute=MOOD)
        now = self.clock.seconds()
        (client,) = (await self.presences.read([ANN], [BOB], now=now))[ANN].clients
        self.assertEqual((client.client, client.values), ("phone", {ZONE: HAPPY}))
        self.assertEqual(await self.sessions.end(self.ann, now=now), [])
        known = (await self.presences.read([ANN, NOBODY], [BOB], now=now))[ANN]
        self.assertEqual((known.clients, known.values), ((), {MOOD: HAPPY}))

    async def test_end_of_a_session_tells_watchers_and_ends_its_own_subscriptions(self):
        await self.subscribe()
        works = await self.sessions.end(self.ann, now=self.clock.seconds())
        self.assertEqual([each.kind for each in works], ["presence"])
        works = await self.sessions.end(self.bob, now=self.clock.seconds())
        self.assertEqual([each.kind for each in works], ["unsubscribe"])
