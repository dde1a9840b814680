"""Presence between users of one domain, as the element has it."""

from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.contacts import Change, Contact
from imps.model.presence import (
    DEFAULT,
    EVERY_ATTRIBUTE,
    Attribute,
    AttributeList,
    PresenceValue,
    Target,
    TargetKind,
)
from imps.model.status import Refusal, StatusCode
from imps.store.deliveries import Acknowledgement
from imps.testing.conformance import shows_feature
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:Ann@localhost")
BOB = Address.parse("wv:bob@localhost")
CARL = Address.parse("wv:carl@localhost")
NUMBER = Address.parse("wv:+358501234567@localhost")
NOBODY = Address.parse("wv:nobody@localhost")
STRANGER = Address.parse("wv:eve@elsewhere.example")
FRIENDS = BOB.resource_named("friends")
ANNS_FRIENDS = ANN.resource_named("friends")
ANNS_FOES = ANN.resource_named("foes")

ON_LINE, MOOD, TEXT = Attribute.ONLINE_STATUS, Attribute.STATUS_MOOD, Attribute.STATUS_TEXT
ALIAS, COMM_CAP, CLIENT_INFO = Attribute.ALIAS, Attribute.COMM_CAP, Attribute.CLIENT_INFO
ZONE = Attribute.TIME_ZONE

EVERYBODY = DEFAULT
TO_BOB = Target(TargetKind.USER, BOB)
TO_FRIENDS = Target(TargetKind.CONTACT_LIST, ANNS_FRIENDS)


def value(what):
    return PresenceValue(content=(("PresenceValue", what),))


class PresenceTestCase(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.presence, self.directory = self.parts.presence, self.parts.directory
        await self.directory.add(ANN, "secret", NUMBER.user, alias="Annie")
        await self.directory.add(BOB, "secret")
        await self.directory.add(CARL, "secret")
        self.ann, self.bob = await self.signed_on(ANN), await self.signed_on(BOB)

    async def signed_on(self, user, client="phone"):
        session = await self.parts.sessions.open(user, client, None, {})
        await self.settled()
        return Caller(user, session.id, "op")

    async def allow(self, *attributes, to=EVERYBODY, by=ANN):
        lists = {to: AttributeList(frozenset(attributes))}
        await self.parts.attribute_lists.create(Caller(by, ""), lists)
        await self.settled()

    async def disallow(self, *targets):
        await self.parts.attribute_lists.delete(Caller(ANN, ""), targets)
        await self.settled()

    async def publish(self, caller=None, **values):
        said = {Attribute[name]: value(what) for name, what in values.items()}
        await self.presence.publish(caller or self.ann, said)
        await self.settled()

    async def subscribe(self, *users, lists=(), to=EVERY_ATTRIBUTE, caller=None, **options):
        caller = caller or self.bob
        return await self.presence.subscribe(caller, users, lists, frozenset(to), **options)

    async def unsubscribe(self, *users, lists=()):
        return await self.presence.unsubscribe(self.bob, users, lists)

    async def change(self, contact_list, added=(), removed=()):
        change = Change(added=tuple(map(Contact, added)), removed=removed)
        caller = Caller(contact_list.owner, "", "op")
        await self.parts.contacts.change(caller, contact_list, change, with_contacts=False)
        await self.settled()

    async def get(self, *users, lists=(), to=EVERY_ATTRIBUTE, caller=None):
        got = await self.presence.get(caller or self.bob, users, lists, frozenset(to))
        return {str(each.publisher): said(each) for each in got.presences}, got.outcome

    async def told(self, caller=None):
        """What a session is told, of one publisher or several, all of it acknowledged."""
        caller, all_told = caller or self.bob, []
        while (flight := (await self.parts.delivery.take(caller.session_id)).in_flight) is not None:
            for each in (await self.presence.told(caller, flight.what)).presences:
                all_told.append((str(each.publisher), said(each)))
            acknowledged = Acknowledgement.TRANSACTION
            await self.parts.delivery.take(
                caller.session_id, acknowledged, flight.transaction_id, wanted=False
            )
        return all_told


def said(presence):
    """What is said of a publisher: by attribute the value, or all values of several clients."""
    values = {}
    for each in presence.published:
        what = each.value.first("PresenceValue") if each.value.is_valid else None
        if each.attribute is CLIENT_INFO:
            what = each.value.first("ClientType")
        if each.attribute is COMM_CAP:
            what = each.value.is_valid and len(each.value.content)
        values.setdefault(each.attribute, []).append(what)
    return {key: what[0] if len(what) == 1 else what for key, what in values.items()}


def failed(outcome):
    return {
        detail.code: {str(each) for each in detail.users + detail.contact_lists}
        for detail in outcome.details
    }


class GetTests(PresenceTestCase):
    @shows_feature("client status", "set by the client")
    async def test_own_presence_is_all_that_was_published(self):
        await self.publish(STATUS_MOOD="HAPPY", TIME_ZONE="0")
        await self.publish(STATUS_TEXT="hello")
        told, outcome = await self.get(ANN, caller=self.ann)
        self.assertIs(outcome.code, StatusCode.OK)
        own = {ON_LINE: True, ZONE: "0", COMM_CAP: 1, TEXT: "hello", MOOD: "HAPPY", ALIAS: "Annie"}
        self.assertEqual(told, {str(ANN): own})

    async def test_size_of_a_value_is_counted_in_octets(self):
        await self.publish(STATUS_TEXT="a" * 16384)
        for too_much in ("a" * 16385, "日" * 5462):
            with self.assertRaises(Refusal) as raised:
                await self.publish(STATUS_TEXT=too_much)
            self.assertIs(raised.exception.code, StatusCode.INVALID_PRESENCE_VALUE)

    @shows_feature("client status", "set by the server")
    async def test_client_does_not_say_whether_it_is_on_line(self):
        await self.publish(ONLINE_STATUS=False)
        told, _ = await self.get(ANN, caller=self.ann, to=[ON_LINE])
        self.assertEqual(told, {str(ANN): {ON_LINE: True}})

    @shows_feature("presence on demand", "as far as it is authorized")
    @shows_feature("authorization ahead, by attribute lists", "for users", "by default")
    async def test_what_is_not_allowed_is_not_there_and_its_owner_still_is(self):
        await self.publish(STATUS_MOOD="HAPPY", STATUS_TEXT="hello")
        self.assertEqual((await self.get(ANN))[0], {str(ANN): {}})
        await self.allow(MOOD)
        self.assertEqual((await self.get(ANN))[0], {str(ANN): {MOOD: "HAPPY"}})
        self.assertEqual((await self.get(ANN, to=[TEXT]))[0], {str(ANN): {}})
        await self.allow(TEXT, to=TO_BOB)
        self.assertEqual((await self.get(ANN))[0], {str(ANN): {TEXT: "hello"}})

    @shows_feature("a contact list in place of its users", "authorization")
    @shows_feature("authorization ahead, by attribute lists", "for contact lists")
    async def test_contacts_of_a_list_with_an_attribute_list_see_it(self):
        await self.publish(STATUS_MOOD="HAPPY")
        await self.allow(MOOD, to=TO_FRIENDS)
        self.assertEqual((await self.get(ANN))[0], {str(ANN): {}})
        await self.change(ANNS_FRIENDS, added=[BOB])
        self.assertEqual((await self.get(ANN))[0], {str(ANN): {MOOD: "HAPPY"}})

    async def test_who_is_a_contact_by_number_is_one(self):
        await self.directory.change(BOB, msisdn="+15550100")
        await self.publish(STATUS_MOOD="HAPPY")
        await self.allow(MOOD, to=TO_FRIENDS)
        await self.change(ANNS_FRIENDS, added=[Address.parse("wv:+15550100")])
        self.assertEqual((await self.get(ANN))[0], {str(ANN): {MOOD: "HAPPY"}})

    async def test_user_is_told_of_by_the_name_that_was_asked(self):
        self.assertEqual((await self.get(NUMBER))[0], {str(NUMBER): {}})

    async def test_user_without_a_client_is_off_line_and_keeps_what_is_not_of_clients(self):
        await self.allow(*EVERY_ATTRIBUTE)
        await self.publish(STATUS_MOOD="HAPPY", TIME_ZONE="0")
        await self.parts.sessions.close(await self.session(self.ann))
        told, _ = await self.get(ANN)
        self.assertEqual(told[str(ANN)], {ON_LINE: False, MOOD: "HAPPY", ALIAS: "Annie"})

    async def session(self, caller):
        return (await self.parts.sessions.check(caller.session_id)).session

    async def test_each_client_is_told_the_last_to_publish_at_the_end(self):
        await self.allow(ZONE, MOOD)
        self.clock.advance(1)
        other = await self.signed_on(ANN, "computer")
        await self.publish(other, TIME_ZONE="1", STATUS_MOOD="SAD")
        self.clock.advance(1)
        await self.publish(TIME_ZONE="0", STATUS_MOOD="HAPPY")
        self.assertEqual((await self.get(ANN))[0], {str(ANN): {ZONE: ["1", "0"], MOOD: "HAPPY"}})

    async def test_who_is_unknown_is_in_the_outcome(self):
        own_list = BOB.resource_named("foes")
        _, outcome = await self.get(ANN, NOBODY, STRANGER, lists=[own_list, ANNS_FRIENDS])
        expected = {531: {str(NOBODY)}, 516: {str(STRANGER)}}
        expected[700] = {str(own_list), str(ANNS_FRIENDS)}
        self.assertEqual((outcome.code, failed(outcome)), (201, expected))

    async def test_lists_stand_for_those_in_them(self):
        await self.allow(ALIAS)
        await self.change(FRIENDS, added=[ANN, STRANGER])
        told, outcome = await self.get(lists=[FRIENDS])
        self.assertEqual((told, outcome.code), ({str(ANN): {ALIAS: "Annie"}}, 200))

    async def test_somebody_has_to_be_named(self):
        with self.assertRaises(Refusal) as raised:
            await self.get()
        self.assertEqual(raised.exception.code, StatusCode.BAD_PARAMETER)


class WatcherTests(PresenceTestCase):
    async def watchers(self, seconds=None):
        found = await self.presence.watchers(self.ann, seconds)
        return {str(watcher): status.value for watcher, status in found.items()}

    @shows_feature("watcher lists", "subscribers without access, too")
    async def test_subscribers_are_named_whether_they_may_see_something_or_not(self):
        await self.allow(MOOD, to=TO_BOB)
        for client in ("phone", "computer"):
            for user in (BOB, CARL):
                await self.subscribe(ANN, caller=await self.signed_on(user, client))
        both = {str(BOB): "CURRENT_SUBSCRIBER", str(CARL): "CURRENT_SUBSCRIBER"}
        self.assertEqual(await self.watchers(), both)
        self.assertEqual(await self.watchers(60), both)

    async def test_who_has_watched_is_named_for_a_while(self):
        await self.subscribe(ANN)
        await self.unsubscribe(ANN)
        self.clock.advance(30)
        await self.get(ANN, caller=await self.signed_on(CARL))
        await self.get(ANN, caller=self.ann)
        self.clock.advance(30)
        self.assertEqual(await self.watchers(), {})
        carl = {str(CARL): "PRESENCE_ACCESS"}
        self.assertEqual(await self.watchers(40), carl)
        self.assertEqual(await self.watchers(80), {**carl, str(BOB): "FORMER_SUBSCRIBER"})
        await self.subscribe(ANN)
        self.assertEqual(await self.watchers(80), {**carl, str(BOB): "CURRENT_SUBSCRIBER"})
