"""Presence, as real clients publish it and see that of others."""

from imps.csp.primitives.presence import (
    CancelAuthRequest,
    CreateAttributeListRequest,
    DeleteAttributeListRequest,
    GetPresenceRequest,
    PresenceAuthRequest,
    PresenceAuthUser,
    PresenceNotificationRequest,
    SubscribePresenceRequest,
    UnsubscribePresenceRequest,
    UpdatePresenceRequest,
)
from imps.model.version import V11, V12
from imps.testing.conformance import WBXML, XML, shows
from imps.testing.contacts import list_of
from imps.testing.nokia import BLOCKED, PRIVATE
from imps.testing.presence import attribute
from imps.testing.sms2 import SMS2
from tests.acceptance.test_handsets import ANDROIDS, NOKIAS, HandsetTestCase


class Presence:
    async def test_android_watches_those_in_its_lists_and_no_others(self):
        for version, encoding in ANDROIDS:
            ann, bob, carl = await self.known("ann", "bob", "carl")
            android, *others = await self.signed_on(
                self.android(ann, version, encoding), self.nokia(bob), self.nokia(carl)
            )
            for each in others:
                await each.allow("OnlineStatus StatusText")
            self.assertEqual(await android.add_contact("friends", bob, "Bobby"), 200)
            self.assertEqual(await android.create_list("work", carl, is_default=False), 200)
            for each in others:
                await each.publish(attribute("StatusText", "seen"))
                await android.sees(each.user, OnlineStatus="T", StatusText="seen")
            self.assertEqual(await android.remove_contact("friends", bob), 200)
            self.assertEqual(await android.delete_list("work"), 200)
            for each in others:
                await each.publish(attribute("StatusText", "not seen"))
            self.assertEqual(await android.add_contact("friends", ann, "Me"), 200)
            await android.set_status("DISCREET", "here & there")
            await android.sees(ann, StatusText="here & there", UserAvailability="DISCREET")
            for each in others:
                self.assertEqual(android.shown(each.user, "StatusText"), "seen")

    @shows(CreateAttributeListRequest, V11, V12, XML, WBXML)
    async def test_nokia_shows_more_to_some_and_nothing_to_others(self):
        for version, encoding in NOKIAS:
            users = await self.known("ann", "bob", "carl", "dora")
            nokia, *watchers = await self.signed_on(
                self.nokia(users[0], version, encoding), *map(self.android, users[1:])
            )
            for contact_list, watcher in zip((PRIVATE, BLOCKED), watchers, strict=False):
                contact = f"<AddNickList><UserID>{watcher.user}</UserID></AddNickList>"
                await nokia.manage_list(list_of(nokia.user, contact_list), contact)
            for watcher in watchers:
                await watcher.add_contact("friends", nokia.user, "Ann")
            await nokia.publish(attribute("StatusMood", "SLEEPY"))
            friend, blocked, stranger = watchers
            await friend.sees(nokia.user, OnlineStatus="T", StatusMood="SLEEPY")
            await stranger.sees(nokia.user, OnlineStatus="T", StatusMood=None)
            await blocked.poll()
            self.assertNotIn(nokia.user, blocked.presence)

    @shows(GetPresenceRequest, UpdatePresenceRequest, SubscribePresenceRequest, V12, XML)
    @shows(PresenceNotificationRequest, V12, XML)
    async def test_sms2_sees_the_alias_of_its_contacts(self):
        ann, bob = await self.known("ann", "bob")
        (android,) = await self.signed_on(self.android(bob))
        await android.allow("OnlineStatus Alias PreferredLanguage")
        await android.publish(attribute("Alias", "Bob the Builder"))
        sms2 = SMS2(self, self.urls, ann)
        await sms2.sign_on()
        self.assertEqual(await sms2.add_contact(bob), 200)
        await sms2.sees(bob, OnlineStatus="T", Alias="Bob the Builder")
        await android.publish(attribute("PreferredLanguage", "fin") + attribute("Alias", "Bob"))
        await sms2.sees(bob, Alias="Bob")
        self.assertNotIn("PreferredLanguage", sms2.presence[bob])

    @shows(PresenceAuthRequest, PresenceAuthUser, CancelAuthRequest, V11, V12, XML, WBXML)
    async def test_user_is_asked_by_the_client_and_answers(self):
        for version, encoding in NOKIAS:
            ann, bob = await self.known("ann", "bob")
            watcher, asked = await self.signed_on(
                self.android(ann, version, encoding), self.android(bob, version, encoding)
            )
            await asked.publish(attribute("StatusText", "hello"))
            await watcher.add_contact("friends", bob, "Bobby")
            await asked.is_asked(ann)
            self.assertEqual(await asked.accept(ann), 200)
            await watcher.sees(bob, OnlineStatus="T", StatusText="hello")
            self.assertEqual(await asked.cancel(ann), 200)
            await asked.publish(attribute("StatusText", "a secret"))
            await watcher.load_lists()
            self.assertEqual(watcher.presence[bob]["StatusText"], "hello")
            self.assertEqual(await watcher.remove_contact("friends", bob), 200)

    @shows(PresenceAuthRequest, PresenceAuthUser, CancelAuthRequest, V12, XML)
    @shows(DeleteAttributeListRequest, UnsubscribePresenceRequest, V12, XML)
    async def test_sms2_answers_takes_back_and_watches_no_more(self):
        ann, bob = await self.known("ann", "bob")
        sms2 = SMS2(self, self.urls, ann)
        await sms2.sign_on()
        (nokia,) = await self.signed_on(self.nokia(bob))
        await nokia.watch(ann)
        await sms2.is_asked(bob)
        self.assertIsNone(nokia.shown(ann, "OnlineStatus"))
        self.assertEqual(await sms2.accept(bob), 200)
        await nokia.sees(ann, OnlineStatus="T")
        self.assertEqual(await sms2.cancel(bob), 200)
        await sms2.allow("StatusMood")
        await sms2.publish(attribute("StatusText", "a secret") + attribute("StatusMood", "SAD"))
        await nokia.sees(ann, StatusMood="SAD")
        await sms2.disallow()
        await sms2.publish(attribute("StatusMood", "HAPPY"))
        await sms2.watch(bob)
        await sms2.sees(bob, OnlineStatus="T")
        await sms2.unsubscribe(bob)
        await nokia.publish(attribute("UserAvailability", "DISCREET"))
        await sms2.watch(ann)
        await sms2.sees(ann, OnlineStatus="T")
        self.assertEqual(sms2.shown(bob, "UserAvailability"), "AVAILABLE")
        await nokia.poll()
        self.assertEqual(nokia.shown(ann, "StatusMood"), "SAD")
        self.assertIsNone(nokia.shown(ann, "StatusText"))


class OneProcessTests(Presence, HandsetTestCase):
    pass


class TwoProcessTests(Presence, HandsetTestCase):
    """The same with each request going to the other process than the last."""

    processes = 2
