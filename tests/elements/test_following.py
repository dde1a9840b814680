"""Contact lists that are followed: whoever is in them is watched, from then on."""

from imps.model.contacts import Change, Contact
from imps.model.status import StatusCode
from imps.testing.conformance import shows_feature
from tests.elements.test_presence import (
    ANN,
    ANNS_FRIENDS,
    BOB,
    CARL,
    FRIENDS,
    MOOD,
    NUMBER,
    STRANGER,
    TEXT,
    PresenceTestCase,
)


class FollowTests(PresenceTestCase):
    async def setUp(self):
        await super().setUp()
        await self.allow(MOOD)
        await self.publish(STATUS_MOOD="HAPPY")

    @shows_feature("a contact list in place of its users", "subscriptions")
    async def test_contacts_of_a_list_that_is_followed_are_watched(self):
        await self.subscribe(lists=[FRIENDS], follows=True)
        self.assertEqual(await self.told(), [])
        await self.change(FRIENDS, added=[NUMBER, STRANGER])
        self.assertEqual(await self.told(), [(str(NUMBER), {MOOD: "HAPPY"})])
        await self.change(FRIENDS, removed=[NUMBER])
        await self.publish(STATUS_MOOD="SAD")
        self.assertEqual(await self.told(), [])

    async def test_list_may_be_named_by_the_number_of_its_owner(self):
        await self.allow(MOOD, by=BOB)
        await self.publish(self.bob, STATUS_MOOD="SAD")
        friends = NUMBER.resource_named("friends")
        await self.subscribe(lists=[friends], follows=True, caller=self.ann)
        await self.change(ANNS_FRIENDS, added=[BOB])
        self.assertEqual(await self.told(self.ann), [(str(BOB), {MOOD: "SAD"})])
        await self.presence.unsubscribe(self.ann, [], [friends])
        await self.publish(self.bob, STATUS_MOOD="HAPPY")
        self.assertEqual(await self.told(self.ann), [])

    async def test_list_that_is_not_followed_stays_what_it_was(self):
        for follows in (True, False):
            await self.subscribe(lists=[FRIENDS], follows=follows)
        await self.change(FRIENDS, added=[ANN])
        self.assertEqual(await self.told(), [])
        await self.subscribe(lists=[FRIENDS], follows=False)
        await self.change(FRIENDS, removed=[ANN])
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])

    async def test_list_is_followed_for_what_was_asked(self):
        await self.subscribe(lists=[FRIENDS], to=[TEXT], follows=True)
        await self.change(FRIENDS, added=[ANN])
        self.assertEqual(await self.told(), [])
        await self.allow(MOOD, TEXT)
        await self.publish(STATUS_TEXT="hello", STATUS_MOOD="SAD")
        self.assertEqual(await self.told(), [(str(ANN), {TEXT: "hello"})])

    async def test_who_is_in_the_list_again_is_told_again(self):
        await self.subscribe(lists=[FRIENDS], follows=True)
        for _ in range(2):
            await self.change(FRIENDS, added=[ANN])
            self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])
            await self.change(FRIENDS, removed=[ANN])

    async def test_contact_who_goes_at_once_is_not_watched(self):
        await self.subscribe(lists=[FRIENDS], follows=True)
        for change in (Change(added=(Contact(ANN),)), Change(removed=(ANN,))):
            await self.parts.contacts.change(self.bob, FRIENDS, change, with_contacts=False)
        await self.settled()
        await self.told()
        await self.publish(STATUS_MOOD="SAD")
        self.assertEqual(await self.told(), [])

    async def test_end_of_a_list_ends_what_came_through_it(self):
        await self.change(FRIENDS, added=[ANN])
        for follows in (True, False):
            await self.subscribe(lists=[FRIENDS], follows=follows)
        await self.told()
        await self.parts.contacts.delete(self.bob, FRIENDS)
        await self.settled()
        await self.publish(STATUS_MOOD="SAD")
        self.assertEqual(await self.told(), [])

    async def test_list_is_followed_no_more_once_unsubscribed(self):
        await self.subscribe(lists=[FRIENDS], follows=True)
        self.assertIs((await self.unsubscribe(lists=[FRIENDS])).code, StatusCode.OK)
        await self.change(FRIENDS, added=[ANN])
        self.assertEqual(await self.told(), [])


class DeclineTests(PresenceTestCase):
    """Somebody follows a contact list, and does not want to be told of one who is in it."""

    async def setUp(self):
        await super().setUp()
        await self.allow(MOOD)
        await self.publish(STATUS_MOOD="HAPPY")
        await self.change(FRIENDS, added=[ANN])
        await self.subscribe(lists=[FRIENDS], follows=True)
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])
        self.assertIs((await self.unsubscribe(ANN)).code, StatusCode.OK)

    async def test_change_of_another_contact_does_not_subscribe_again(self):
        for change in ({"added": [CARL]}, {"removed": [CARL]}, {"added": [ANN]}):
            await self.change(FRIENDS, **change)
            await self.publish(STATUS_MOOD=f"with {change}")
            self.assertEqual(await self.told(), [])
            self.assertEqual(await self.presence.watchers(self.ann), {})

    async def test_contact_who_has_only_just_come_is_declined_as_well(self):
        self.parts.contact_lists._begin = lambda work: None
        await self.parts.contacts.change(
            self.bob, FRIENDS, Change(added=(Contact(CARL),)), with_contacts=False
        )
        await self.unsubscribe(CARL)
        await self.parts.timers.do_all()
        carl = await self.signed_on(CARL)
        self.assertEqual(await self.presence.watchers(carl), {})

    async def test_news_that_are_late_are_not_told(self):
        await self.subscribe(ANN)
        await self.publish(STATUS_MOOD="SAD")
        await self.parts.delivery.take(self.bob.session_id)
        await self.unsubscribe(ANN)
        self.clock.advance(60)
        self.assertEqual(await self.told(), [])

    async def test_contact_who_goes_and_comes_is_new(self):
        await self.change(FRIENDS, removed=[ANN])
        await self.change(FRIENDS, added=[ANN])
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])

    async def test_subscribing_to_the_list_again_counts(self):
        for follows in (True, False):
            await self.subscribe(lists=[FRIENDS], follows=follows)
            self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])
            await self.unsubscribe(ANN)

    async def test_subscribing_to_the_contact_alone_counts_until_the_end(self):
        await self.subscribe(ANN)
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])
        await self.unsubscribe(ANN)
        await self.change(FRIENDS, added=[CARL])
        await self.publish(STATUS_MOOD="SAD")
        self.assertEqual(await self.told(), [])

    async def test_another_list_may_bring_the_contact(self):
        foes = BOB.resource_named("foes")
        await self.parts.contacts.create(self.bob, foes)
        await self.subscribe(lists=[foes], follows=True)
        await self.change(foes, added=[ANN])
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])
        await self.change(foes, removed=[ANN])
        await self.change(FRIENDS, added=[CARL])
        await self.publish(STATUS_MOOD="SAD")
        self.assertEqual(await self.told(), [])

    async def test_other_sessions_are_told_still(self):
        other = await self.signed_on(BOB, "computer")
        await self.subscribe(lists=[FRIENDS], follows=True, caller=other)
        await self.told(other)
        await self.publish(STATUS_MOOD="SAD")
        self.assertEqual(await self.told(other), [(str(ANN), {MOOD: "SAD"})])
        self.assertEqual(await self.told(), [])

    async def test_nothing_stays_behind_when_the_list_is_not_followed_any_more(self):
        await self.unsubscribe(lists=[FRIENDS])
        self.assertEqual(await self.store.client.execute("KEYS", "imps:*:subscri*"), [])
