"""What the network knows of a user's phone, and who sees it."""

from imps.model.presence import Attribute, Target, TargetKind
from imps.model.status import Refusal, StatusCode
from imps.testing.conformance import shows_feature
from tests.elements.test_presence import (
    ANN,
    BOB,
    CARL,
    NOBODY,
    NUMBER,
    ON_LINE,
    STRANGER,
    PresenceTestCase,
    value,
)

REGISTRATION, PLMN, LOCATION = Attribute.REGISTRATION, Attribute.PLMN, Attribute.GEO_LOCATION


class NetworkPresenceTests(PresenceTestCase):
    async def tell(self, user=ANN, **values):
        """Have the network tell of a user."""
        said = {
            Attribute[name]: None if what is None else value(what) for name, what in values.items()
        }
        await self.presence.publish_from_network(user, said)
        await self.settled()

    async def sign_off(self, caller):
        await self.parts.sessions.close(
            (await self.parts.sessions.check(caller.session_id)).session
        )
        await self.settled()

    @shows_feature("presence and location from the network", "registration")
    async def test_it_is_known_without_a_client_and_stays_when_clients_go(self):
        await self.allow(ON_LINE, REGISTRATION, PLMN)
        await self.subscribe(ANN)
        await self.tell(REGISTRATION=True, PLMN="Sonera")
        await self.told()
        await self.sign_off(self.ann)
        self.assertEqual((await self.told())[-1][1][ON_LINE], False)
        known = {ON_LINE: False, REGISTRATION: True, PLMN: "Sonera"}
        self.assertEqual((await self.get(ANN))[0], {str(ANN): known})
        await self.tell(REGISTRATION=False, PLMN=None)
        known = {ON_LINE: False, REGISTRATION: False, PLMN: None}
        self.assertEqual(await self.told(), [(str(ANN), known)])
        self.assertEqual(
            (await self.get(ANN))[0], {str(ANN): {ON_LINE: False, REGISTRATION: False}}
        )

    @shows_feature("presence and location from the network", "location")
    async def test_it_is_seen_by_those_alone_who_may(self):
        carl = await self.signed_on(CARL)
        await self.allow(LOCATION, by=ANN)
        await self.allow(REGISTRATION, to=Target(TargetKind.USER, CARL))
        for watcher in (self.bob, carl):
            await self.subscribe(ANN, caller=watcher)
        await self.tell(REGISTRATION=True, GEO_LOCATION="here")
        self.assertEqual(await self.told(), [(str(ANN), {LOCATION: "here"})])
        self.assertEqual(await self.told(carl), [(str(ANN), {REGISTRATION: True})])
        await self.tell(GEO_LOCATION=None)
        self.assertEqual(await self.told(), [(str(ANN), {LOCATION: None})])
        self.assertEqual(await self.told(carl), [])
        self.assertEqual((await self.get(ANN, caller=carl))[0], {str(ANN): {REGISTRATION: True}})

    async def test_what_clients_say_of_it_stays_and_comes_before_it(self):
        await self.allow(PLMN)
        await self.publish(PLMN="home")
        await self.subscribe(ANN)
        await self.told()
        await self.tell(PLMN="abroad")
        self.assertEqual(await self.told(), [(str(ANN), {PLMN: ["home", "abroad"]})])
        await self.publish(PLMN="at home")
        self.assertEqual(await self.told(), [(str(ANN), {PLMN: ["at home", "abroad"]})])
        await self.tell(PLMN=None)
        self.assertEqual(await self.told(), [(str(ANN), {PLMN: "at home"})])

    async def test_nobody_is_told_what_is_known_already(self):
        await self.allow(PLMN)
        await self.subscribe(ANN)
        await self.tell(PLMN="Sonera")
        await self.told()
        await self.tell(PLMN="Sonera", REGISTRATION=None)
        self.assertEqual(await self.told(), [])

    async def test_who_subscribes_later_is_told_what_is_known(self):
        await self.allow(PLMN, REGISTRATION)
        await self.tell(PLMN="Sonera", REGISTRATION=True)
        await self.tell(REGISTRATION=None)
        await self.subscribe(ANN)
        self.assertEqual(await self.told(), [(str(ANN), {PLMN: "Sonera", REGISTRATION: None})])

    async def test_user_may_be_named_by_number(self):
        await self.tell(NUMBER, PLMN="Sonera")
        told, _ = await self.get(ANN, caller=self.ann, to=[PLMN])
        self.assertEqual(told, {str(ANN): {PLMN: "Sonera"}})

    async def test_unknown_user_is_refused_whatever_is_told(self):
        for user in (NOBODY, STRANGER, ANN.resource_named("friends")):
            for values in ({"PLMN": "Sonera"}, {"PLMN": None}, {}):
                with self.assertRaises(Refusal) as raised:
                    await self.tell(user, **values)
                self.assertIs(raised.exception.code, StatusCode.UNKNOWN_USER)

    async def test_it_goes_with_its_user(self):
        await self.tell(BOB, PLMN="Sonera")
        await self.directory.delete(BOB)
        await self.parts.timers.do_all()
        self.assertEqual(await self.store.client.execute("KEYS", "imps:*:presence:*"), [])
