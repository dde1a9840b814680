"""Presence, as real clients publish it and see that of others."""

from twisted.internet import reactor
from twisted.internet.task import deferLater

from imps.csp.primitives.presence import (
    CancelAuthRequest,
    GetPresenceRequest,
    PresenceAuthRequest,
    PresenceAuthUser,
    PresenceNotificationRequest,
    SubscribePresenceRequest,
    UpdatePresenceRequest,
)
from imps.model.version import V11, V12
from imps.testing.conformance import ALL, WBXML, XML, shows
from imps.testing.contacts import list_of
from imps.testing.sms2 import SMS2
from tests.acceptance.test_handsets import ANDROIDS, NOKIAS, HandsetTestCase

LOOK_SECONDS = 0.02


def attribute(name, value):
    return f"<{name}><Qualifier>T</Qualifier><PresenceValue>{value}</PresenceValue></{name}>"


class Watching:
    async def sees(self, handset, publisher, **seen):
        """Poll until a client shows this of somebody."""
        for _ in range(250):
            await handset.poll()
            shown = handset.presence.get(publisher, {})
            if {name: shown.get(name) for name in seen} == seen:
                return
            await deferLater(reactor, LOOK_SECONDS)
        self.fail(f"{handset} shows {handset.presence.get(publisher)}, and not {seen}")


class Presence(Watching):
    @shows(GetPresenceRequest, UpdatePresenceRequest, SubscribePresenceRequest, *ALL)
    @shows(PresenceNotificationRequest, *ALL)
    async def test_contacts_are_seen_to_come_to_change_and_to_go(self):
        ann, bob = await self.known("ann", "bob")
        for number, (version, encoding) in enumerate(ANDROIDS):
            (nokia,) = await self.signed_on(self.nokia(bob, *NOKIAS[number % len(NOKIAS)]))
            await nokia.allow("OnlineStatus UserAvailability StatusText StatusMood")
            (android,) = await self.signed_on(self.android(ann, version, encoding))
            await android.allow("OnlineStatus StatusText")
            self.assertEqual(await android.add_contact("friends", bob, "Bobby"), 200)
            await self.sees(android, bob, OnlineStatus="T", UserAvailability="AVAILABLE")
            text = f"in {version} {encoding} & more"
            await nokia.publish(
                attribute("StatusText", nokia.quoted(text)) + attribute("StatusMood", "HAPPY")
            )
            await self.sees(android, bob, StatusText=text, StatusMood="HAPPY")
            subscriptions = list_of(bob, "~PEP1.0_subscriptions")
            contact = f"<AddNickList><UserID>{ann}</UserID></AddNickList>"
            await nokia.manage_list(subscriptions, contact)
            await self.sees(nokia, ann, OnlineStatus="T")
            await android.publish(attribute("StatusText", "hello"))
            await self.sees(nokia, ann, OnlineStatus="T", StatusText="hello")
            self.assertNotIn("UserAvailability", nokia.presence[ann])
            await nokia.sign_off()
            await self.sees(android, bob, OnlineStatus="F")
            await android.remove_contact("friends", bob)

    @shows(GetPresenceRequest, UpdatePresenceRequest, SubscribePresenceRequest, V12, XML)
    @shows(PresenceNotificationRequest, V12, XML)
    async def test_sms2_sees_the_alias_of_its_contacts(self):
        ann, bob = await self.known("ann", "bob")
        (android,) = await self.signed_on(self.android(bob))
        await android.allow("OnlineStatus Alias StatusText")
        await android.publish(attribute("Alias", "Bob the Builder"))
        sms2 = SMS2(self, self.urls, ann)
        await sms2.sign_on()
        contacts = list_of(ann, "~PEP1.0_subscriptions")
        added = f"<AddNickList><UserID>{bob}</UserID></AddNickList><ReceiveList>F</ReceiveList>"
        await sms2.ask(
            f"<ListManage-Request><ContactList>{contacts}</ContactList>{added}</ListManage-Request>"
        )
        await self.sees(sms2, bob, OnlineStatus="T", Alias="Bob the Builder")
        await android.publish(attribute("StatusText", "x") + attribute("Alias", "Bob"))
        await self.sees(sms2, bob, Alias="Bob")
        self.assertNotIn("StatusText", sms2.presence[bob])

    @shows(PresenceAuthRequest, PresenceAuthUser, CancelAuthRequest, V11, V12, XML, WBXML)
    async def test_user_is_asked_by_the_client_and_answers(self):
        for version, encoding in NOKIAS:
            ann, bob = await self.known("ann", "bob")
            watcher, asked = await self.signed_on(
                self.android(ann, version, encoding), self.android(bob, version, encoding)
            )
            await asked.publish(attribute("StatusText", "hello"))
            await watcher.add_contact("friends", bob, "Bobby")
            await self.is_asked(asked, ann)
            self.assertEqual(await asked.accept(ann), 200)
            await self.sees(watcher, bob, OnlineStatus="T", StatusText="hello")
            self.assertEqual(await asked.cancel(ann), 200)
            await asked.publish(attribute("StatusText", "a secret"))
            await watcher.load_lists()
            self.assertEqual(watcher.presence[bob]["StatusText"], "hello")
            self.assertEqual(await watcher.remove_contact("friends", bob), 200)

    async def is_asked(self, handset, watcher):
        """Poll until a client is asked about somebody."""
        for _ in range(250):
            await handset.poll()
            if watcher in handset.asked_by:
                return
            await deferLater(reactor, LOOK_SECONDS)
        self.fail(f"{handset} is not asked about {watcher}")


class OneProcessTests(Presence, HandsetTestCase):
    pass


class TwoProcessTests(Presence, HandsetTestCase):
    """The same with each request going to the other process than the last."""

    processes = 2
