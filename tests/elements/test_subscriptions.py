"""Subscriptions to presence, from the first notification to the end."""

from attrs import evolve

from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.presence import EVERY_ATTRIBUTE, AttributeList, Target, TargetKind
from imps.model.status import Refusal, StatusCode
from imps.parts import Parts
from imps.store.attribute_lists import AttributeLists
from imps.store.deliveries import Acknowledgement
from imps.testing.conformance import shows_feature
from tests.elements.test_presence import (
    ALIAS,
    ANN,
    ANNS_FRIENDS,
    BOB,
    CARL,
    CLIENT_INFO,
    COMM_CAP,
    EVERYBODY,
    FRIENDS,
    MOOD,
    NOBODY,
    NUMBER,
    ON_LINE,
    STRANGER,
    TEXT,
    TO_BOB,
    TO_FRIENDS,
    ZONE,
    PresenceTestCase,
    failed,
    said,
)


class SubscribeTests(PresenceTestCase):
    @shows_feature("subscriptions to presence", "at first and at every change")
    async def test_watcher_is_told_what_is_known_and_then_what_changes(self):
        await self.allow(MOOD, TEXT)
        await self.publish(STATUS_MOOD="HAPPY", ALIAS="Ann")
        outcome = await self.subscribe(ANN)
        self.assertIs(outcome.code, StatusCode.OK)
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])
        await self.publish(STATUS_TEXT="hello", ALIAS="Anna")
        self.assertEqual(await self.told(), [(str(ANN), {TEXT: "hello"})])
        await self.publish(STATUS_TEXT="hello", ALIAS="Anna")
        self.assertEqual(await self.told(), [])

    async def test_alias_of_the_account_is_told_where_none_is_published(self):
        await self.allow(ALIAS)
        await self.subscribe(ANN)
        self.assertEqual(await self.told(), [(str(ANN), {ALIAS: "Annie"})])
        await self.call("Anna")
        self.assertEqual(await self.told(), [(str(ANN), {ALIAS: "Anna"})])
        await self.publish(ALIAS="A.")
        self.assertEqual(await self.told(), [(str(ANN), {ALIAS: "A."})])
        await self.call("Ann")
        self.assertEqual(await self.told(), [])

    async def call(self, alias):
        await self.directory.change(ANN, alias=alias)
        await self.parts.timers.do_all()
        await self.settled()

    async def test_only_what_was_asked_for_is_told(self):
        await self.allow(MOOD, TEXT)
        await self.subscribe(ANN, to=[TEXT])
        await self.publish(STATUS_MOOD="HAPPY", STATUS_TEXT="hello")
        self.assertEqual(await self.told(), [(str(ANN), {TEXT: "hello"})])
        await self.subscribe(ANN, to=[MOOD])
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])
        await self.publish(STATUS_MOOD="SAD", STATUS_TEXT="bye")
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "SAD"})])

    async def test_what_waits_is_told_once_and_as_it_is_by_then(self):
        await self.allow(MOOD, TEXT)
        await self.subscribe(ANN)
        await self.publish(STATUS_MOOD="SAD")
        await self.publish(STATUS_MOOD="HAPPY", STATUS_TEXT="hello")
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY", TEXT: "hello"})])

    async def test_who_may_see_nothing_is_told_nothing_and_not_woken(self):
        await self.subscribe(ANN)
        await self.publish(STATUS_MOOD="HAPPY")
        taken = await self.parts.delivery.take(self.bob.session_id)
        self.assertIsNone(taken.in_flight)
        self.assertFalse(taken.has_more)

    @shows_feature("subscriptions to presence", "what is not authorized is hidden")
    async def test_what_was_revoked_meanwhile_is_not_told(self):
        await self.allow(MOOD, TEXT)
        await self.subscribe(ANN)
        await self.told()
        await self.publish(STATUS_MOOD="HAPPY", STATUS_TEXT="hello")
        await self.allow(TEXT, to=TO_BOB)
        self.assertEqual(await self.told(), [(str(ANN), {TEXT: "hello"})])
        await self.publish(STATUS_TEXT="bye")
        await self.allow(to=TO_BOB)
        self.assertEqual(await self.told(), [])

    async def test_what_was_revoked_and_allowed_again_is_told_however_soon_that_is(self):
        await self.allow(TEXT)
        await self.publish(STATUS_TEXT="old")
        await self.subscribe(ANN)
        await self.told()
        await self.publish(STATUS_TEXT="new")
        # Whoever did this has not come to judge those who watch.
        lists = AttributeLists(self.store.client, self.store.buckets)
        await lists.set(ANN, {EVERYBODY: AttributeList()}, at_most=1)
        self.assertEqual(await self.told(), [])
        await lists.set(ANN, {EVERYBODY: AttributeList(frozenset({TEXT}))}, at_most=1)
        await self.parts.timers.do_all()
        await self.settled()
        self.assertEqual(await self.told(), [(str(ANN), {TEXT: "new"})])

    async def test_twenty_revoke_what_waits_to_be_told(self):
        publishers = [Address(f"user{i}", None, "localhost") for i in range(20)]
        for each in publishers:
            await self.directory.add(each, "secret")
            await self.allow(MOOD, TEXT, by=each)
        await self.subscribe(*publishers, to=[MOOD, TEXT])
        for each in publishers:
            caller = await self.signed_on(each)
            await self.publish(caller, STATUS_MOOD="HAPPY", STATUS_TEXT="hello")
        for each in publishers[::2]:
            await self.allow(TEXT, by=each)
        for each in publishers[1::2]:
            await self.allow(by=each, to=TO_BOB)
        told = dict(await self.told())
        self.assertEqual(told, {str(each): {TEXT: "hello"} for each in publishers[::2]})

    async def test_what_becomes_visible_is_told_and_nothing_else(self):
        await self.publish(STATUS_MOOD="HAPPY", STATUS_TEXT="hello")
        await self.subscribe(ANN)
        await self.allow(MOOD)
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])
        await self.allow(MOOD, TEXT)
        self.assertEqual(await self.told(), [(str(ANN), {TEXT: "hello"})])
        await self.allow(TEXT, to=TO_BOB)
        self.assertEqual(await self.told(), [])
        await self.publish(STATUS_MOOD="SAD")
        self.assertEqual(await self.told(), [])
        await self.disallow(TO_BOB)
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "SAD"})])

    async def test_contacts_who_come_may_see_more_and_those_who_go_less(self):
        await self.publish(STATUS_MOOD="HAPPY")
        await self.subscribe(ANN)
        await self.allow(MOOD, to=TO_FRIENDS)
        self.assertEqual(await self.told(), [])
        await self.change(ANNS_FRIENDS, added=[BOB])
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])
        await self.change(ANNS_FRIENDS, removed=[BOB])
        await self.publish(STATUS_MOOD="SAD")
        self.assertEqual(await self.told(), [])

    async def test_contact_list_that_goes_takes_what_it_allowed(self):
        await self.subscribe(ANN, to=[MOOD])
        await self.allow(MOOD, to=TO_FRIENDS)
        await self.change(ANNS_FRIENDS, added=[BOB])
        await self.allow(to=EVERYBODY)
        await self.publish(STATUS_MOOD="HAPPY")
        await self.parts.contacts.delete(self.ann, ANNS_FRIENDS)
        await self.settled()
        self.assertEqual(await self.told(), [])

    async def test_who_is_unknown_is_in_the_outcome(self):
        outcome = await self.subscribe(ANN, NOBODY, STRANGER, lists=[ANNS_FRIENDS])
        expected = {531: {str(NOBODY)}, 516: {str(STRANGER)}, 700: {str(ANNS_FRIENDS)}}
        self.assertEqual((outcome.code, failed(outcome)), (201, expected))
        self.assertIs((await self.subscribe(NOBODY)).code, StatusCode.UNKNOWN_USER)
        outcome = await self.unsubscribe(ANN, NOBODY, STRANGER, lists=[ANNS_FRIENDS])
        expected = {531: {str(NOBODY), str(STRANGER)}, 700: {str(ANNS_FRIENDS)}}
        self.assertEqual((outcome.code, failed(outcome)), (201, expected))

    async def test_session_that_is_over_cannot_subscribe(self):
        for session_id in ("nonsense", f"{self.store.buckets.of(BOB):02}gone"):
            with self.assertRaises(Refusal) as raised:
                await self.subscribe(ANN, caller=Caller(BOB, session_id))
            self.assertEqual(raised.exception.code, StatusCode.INVALID_SESSION)

    async def test_watcher_is_told_by_the_name_that_it_knows(self):
        await self.allow(ALIAS)
        await self.subscribe(NUMBER)
        self.assertEqual(await self.told(), [(str(NUMBER), {ALIAS: "Annie"})])

    async def test_each_session_has_its_own(self):
        await self.allow(MOOD)
        other = await self.signed_on(BOB, "computer")
        await self.subscribe(ANN)
        await self.publish(STATUS_MOOD="HAPPY")
        self.assertEqual(await self.told(other), [])
        await self.subscribe(ANN, caller=other)
        self.assertEqual(await self.told(other), [(str(ANN), {MOOD: "HAPPY"})])
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])

    async def test_own_presence_may_be_watched(self):
        await self.subscribe(BOB, to=[MOOD])
        await self.publish(self.bob, STATUS_MOOD="HAPPY")
        self.assertEqual(await self.told(), [(str(BOB), {MOOD: "HAPPY"})])

    async def test_unanswered_news_come_again_as_they_are_by_then(self):
        await self.allow(MOOD)
        await self.subscribe(ANN)
        await self.publish(STATUS_MOOD="SAD")
        first = (await self.parts.delivery.take(self.bob.session_id)).in_flight
        await self.publish(STATUS_MOOD="HAPPY")
        await self.told()
        self.clock.advance(60)
        second = (await self.parts.delivery.take(self.bob.session_id)).in_flight
        self.assertNotEqual(first.transaction_id, second.transaction_id)
        (told,) = (await self.presence.told(self.bob, second.what)).presences
        self.assertEqual(said(told), {MOOD: "HAPPY"})

    async def test_subscriptions_are_limited_and_nobody_unknown_counts(self):
        presence = evolve(self.settings.presence, max_subscriptions=2)
        parts = Parts(evolve(self.settings, presence=presence), self.store, self.clock)
        self.presence = parts.presence
        for _ in range(2):
            self.assertIs((await self.subscribe(NOBODY)).code, StatusCode.UNKNOWN_USER)
            self.assertIs((await self.subscribe(ANN)).code, StatusCode.OK)
        self.assertIs((await self.subscribe(CARL)).code, StatusCode.OK)
        with self.assertRaises(Refusal) as raised:
            await self.subscribe(BOB)
        self.assertEqual(raised.exception.code, StatusCode.BAD_PARAMETER)

    async def test_what_is_too_much_at_a_time_is_told_in_parts(self):
        users = [Address(f"user{number}", None, "localhost") for number in range(5)]
        for each in users:
            await self.directory.add(each, "secret")
            await self.allow(TEXT, by=each)
            await self.publish(await self.signed_on(each), STATUS_TEXT="x" * 16_384)
        await self.subscribe(*users, to=[TEXT])
        sizes = []
        while (
            flight := (await self.parts.delivery.take(self.bob.session_id)).in_flight
        ) is not None:
            told = await self.presence.told(self.bob, flight.what)
            sizes.append((len(told.presences), told.has_more))
            acknowledged = Acknowledgement.TRANSACTION
            await self.parts.delivery.take(
                self.bob.session_id, acknowledged, flight.transaction_id, wanted=False
            )
        self.assertEqual(sizes, [(1, True)] * 4 + [(1, False)])


class EndTests(PresenceTestCase):
    async def setUp(self):
        await super().setUp()
        await self.allow(ON_LINE, CLIENT_INFO, MOOD, ZONE)

    async def test_who_unsubscribes_is_told_no_more(self):
        await self.subscribe(ANN, CARL)
        await self.publish(STATUS_MOOD="SAD")
        outcome = await self.unsubscribe(ANN)
        self.assertIs(outcome.code, StatusCode.OK)
        await self.publish(STATUS_MOOD="HAPPY")
        self.assertEqual(await self.told(), [])

    async def test_unsubscribing_twice_is_fine_and_from_nobody_is_not(self):
        self.assertIs((await self.unsubscribe(ANN)).code, StatusCode.OK)
        outcome = await self.unsubscribe(ANN, NOBODY, lists=[ANNS_FRIENDS])
        expected = {531: {str(NOBODY)}, 700: {str(ANNS_FRIENDS)}}
        self.assertEqual((outcome.code, failed(outcome)), (201, expected))

    async def test_subscription_through_a_list_ends_alone(self):
        await self.change(FRIENDS, added=[ANN])
        await self.subscribe(lists=[FRIENDS], to=[MOOD])
        await self.subscribe(ANN, to=[ZONE])
        await self.unsubscribe(lists=[FRIENDS])
        await self.publish(STATUS_MOOD="SAD", TIME_ZONE="0")
        self.assertEqual(await self.told(), [(str(ANN), {ZONE: "0"})])

    async def test_watchers_see_a_client_come_and_go(self):
        await self.publish(TIME_ZONE="0", STATUS_MOOD="HAPPY")
        await self.subscribe(ANN)
        await self.told()
        await self.parts.sessions.close(await self.session(self.ann))
        await self.settled()
        gone = {ON_LINE: False, CLIENT_INFO: None, ZONE: None, COMM_CAP: False}
        self.assertEqual(await self.told(), [(str(ANN), gone)])
        await self.signed_on(ANN)
        self.assertEqual(
            await self.told(), [(str(ANN), {ON_LINE: True, CLIENT_INFO: None, COMM_CAP: 1})]
        )

    async def session(self, caller):
        return (await self.parts.sessions.check(caller.session_id)).session

    async def test_watchers_see_a_session_expire(self):
        session = await self.parts.sessions.open(BOB, "computer", 86_400, {})
        watcher = Caller(BOB, session.id)
        await self.subscribe(ANN, to=[ON_LINE], caller=watcher)
        self.assertEqual(await self.told(watcher), [(str(ANN), {ON_LINE: True})])
        self.clock.advance(self.settings.session.time_to_live_seconds + 100)
        await self.parts.timers.do_all()
        await self.settled()
        self.assertEqual(await self.told(watcher), [(str(ANN), {ON_LINE: False})])

    async def test_who_subscribes_to_everything_again_sees_what_has_gone_meanwhile(self):
        await self.allow(*EVERY_ATTRIBUTE)
        await self.publish(TIME_ZONE="0")
        await self.subscribe(ANN)
        self.assertEqual((await self.told())[0][1][ZONE], "0")
        await self.parts.sessions.close(await self.session(self.ann))
        await self.settled()
        await self.subscribe(ANN)
        ((_, seen),) = await self.told()
        self.assertEqual((seen[ON_LINE], seen[ZONE], seen[COMM_CAP]), (False, None, False))

    async def test_session_that_takes_the_place_of_another_is_seen(self):
        await self.publish(TIME_ZONE="0")
        await self.subscribe(ANN, to=[ON_LINE, ZONE])
        await self.told()
        await self.signed_on(ANN)
        self.assertEqual(await self.told(), [(str(ANN), {ON_LINE: True, ZONE: None})])

    async def test_user_who_is_suspended_is_seen_to_go(self):
        await self.subscribe(ANN, to=[ON_LINE])
        await self.told()
        await self.directory.suspend(ANN)
        await self.parts.timers.do_all()
        await self.settled()
        self.assertEqual(await self.told(), [(str(ANN), {ON_LINE: False})])

    async def test_user_who_is_deleted_is_seen_to_go_by_those_who_could_see_it(self):
        await self.allow(MOOD, to=Target(TargetKind.USER, CARL))
        carl = await self.signed_on(CARL)
        for watcher in (self.bob, carl):
            await self.subscribe(ANN, caller=watcher)
            await self.told(watcher)
        await self.directory.delete(ANN)
        await self.parts.timers.do_all()
        await self.settled()
        self.assertEqual(await self.told(), [(str(ANN), {ON_LINE: False})])
        self.assertEqual(await self.told(carl), [])
        left = await self.store.client.execute("KEYS", "imps:*:subscribers:*")
        self.assertEqual(left, [])

    async def test_subscriptions_end_with_their_session(self):
        await self.change(FRIENDS, added=[CARL])
        await self.subscribe(ANN, lists=[FRIENDS], follows=True)
        await self.parts.sessions.close(await self.session(self.bob))
        await self.settled()
        left = await self.store.client.execute("KEYS", "*")
        names = {each.decode().split(":")[2] for each in left}
        ended = {"subscribers", "subscriptions", "followed", "news", "news-of"}
        self.assertEqual(names & ended, set())

    async def test_session_that_was_forgotten_is_forgotten_by_publishers(self):
        await self.subscribe(ANN)
        keys = await self.store.client.execute("KEYS", "imps:*:subscriptions:*")
        await self.store.client.execute("DEL", *keys)
        await self.publish(STATUS_MOOD="SAD")
        left = await self.store.client.execute("KEYS", "imps:*:subscribers:*")
        self.assertEqual(left, [])
