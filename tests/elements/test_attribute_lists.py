from attrs import evolve

from imps.config import PresenceSettings
from imps.elements.attribute_lists import AttributeLists
from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.presence import DEFAULT, Attribute, AttributeList, Target, TargetKind
from imps.model.status import Refusal
from imps.parts import Parts
from imps.store.attribute_lists import AttributeLists as StoredAttributeLists
from imps.store.subscriptions import Subscriptions
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:ann@localhost")
NUMBER = Address.parse("wv:+358501234567")
MOOD = AttributeList(frozenset({Attribute.STATUS_MOOD}))
TEXT = AttributeList(frozenset({Attribute.STATUS_TEXT}))


def user(text):
    return Target(TargetKind.USER, Address.parse(text))


def contact_list(text):
    return Target(TargetKind.CONTACT_LIST, Address.parse(text))


BOB = user("wv:bob@localhost")
FRIENDS = contact_list("wv:ann/friends@localhost")


class AttributeListsTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        directory = self.parts.directory
        await directory.add(ANN, "secret")
        await directory.add(BOB.address, "secret", NUMBER.user)
        self.caused = []
        self.caller = Caller(ANN, "")
        client, buckets = self.store.client, self.store.buckets
        self.lists = AttributeLists(
            StoredAttributeLists(client, buckets, self.caused.append),
            self.parts.contacts,
            directory,
            self.parts.stored_authorizations,
            self.parts.delivery,
            5,
        )

    async def create(self, *targets, said=MOOD):
        return await self.lists.create(self.caller, dict.fromkeys(targets, said))

    async def delete(self, *targets):
        return await self.lists.delete(self.caller, targets)

    async def get(self, *targets):
        return await self.lists.get(self.caller, targets)

    async def refused(self, operation):
        with self.assertRaises(Refusal) as raised:
            await operation
        return raised.exception.code

    def failed(self, outcome):
        return {
            detail.code: {str(each) for each in detail.users + detail.contact_lists}
            for detail in outcome.details
        }

    async def test_lists_are_kept_until_deleted(self):
        self.assertEqual((await self.create(BOB, FRIENDS, DEFAULT)).code, 200)
        self.assertEqual((await self.get()).lists, {BOB: MOOD, FRIENDS: MOOD, DEFAULT: MOOD})
        self.assertEqual((await self.create(BOB, said=TEXT)).code, 200)
        self.assertEqual((await self.get(BOB, DEFAULT)).lists, {BOB: TEXT, DEFAULT: MOOD})
        self.assertEqual((await self.delete(BOB, DEFAULT)).code, 200)
        self.assertEqual((await self.get()).lists, {FRIENDS: MOOD})

    async def test_what_does_not_exist_is_told_and_the_rest_done(self):
        odd = user("wv:a b@localhost")
        targets = (BOB, user("nobody"), odd, contact_list("ann/foes"), FRIENDS)
        failures = {531: {"wv:nobody", str(odd.address)}, 700: {"wv:ann/foes"}}
        for operation in (self.create, self.delete):
            outcome = await operation(*targets)
            self.assertEqual((outcome.code, self.failed(outcome)), (201, failures))
        outcome = (await self.get(*targets)).outcome
        self.assertEqual((outcome.code, self.failed(outcome)), (201, failures))

    async def test_contact_list_of_another_is_none_of_the_callers(self):
        other = contact_list("wv:bob/friends@localhost")
        for outcome in (
            await self.create(other),
            await self.delete(other),
            (await self.get(other)).outcome,
        ):
            self.assertEqual(outcome.code, 700)

    async def test_contact_list_may_be_named_by_the_number_of_its_owner(self):
        caller = Caller(BOB.address, "")
        by_number, by_name = contact_list(f"{NUMBER}/friends"), contact_list("wv:bob/friends")
        lists = {by_number: MOOD}
        self.assertEqual((await self.lists.create(caller, lists)).code, 200)
        self.assertEqual(list((await self.lists.get(caller, [by_name])).lists.values()), [MOOD])
        self.assertEqual((await self.lists.delete(caller, [by_number])).code, 200)
        self.assertEqual((await self.lists.get(caller, ())).lists, {})

    async def test_contact_list_without_domain_is_in_that_of_its_owner(self):
        domains = ("first.example", "second.example")
        directory = evolve(self.parts.directory, domains=domains)
        carl = await directory.add(Address("carl", None, "second.example"), "secret")
        contacts = evolve(self.parts.contacts, directory=directory)
        lists = evolve(self.lists, contacts=contacts, directory=directory)
        caller = Caller(carl.address, "")
        self.assertEqual(
            (await lists.create(caller, {contact_list("carl/friends"): MOOD})).code, 200
        )

    async def test_users_of_other_domains_are_taken_as_they_are(self):
        stranger = user("wv:eve@elsewhere.example")
        self.assertEqual((await self.create(stranger)).code, 200)
        self.assertEqual((await self.get(stranger)).lists, {stranger: MOOD})

    async def test_user_named_by_number_is_the_same_user(self):
        self.assertEqual((await self.create(user(str(NUMBER)))).code, 200)
        found = await self.get(user("BOB"))
        self.assertEqual(found.lists, {BOB: MOOD})
        self.assertEqual([target.spelled for target in found.lists], [NUMBER])
        self.assertEqual((await self.delete(user(str(NUMBER)))).code, 200)
        self.assertEqual((await self.get()).lists, {})

    async def test_target_without_a_list_is_no_error(self):
        self.assertEqual((await self.delete(BOB, FRIENDS, DEFAULT)).code, 200)
        found = await self.get(BOB, FRIENDS, DEFAULT)
        self.assertEqual((found.outcome.code, found.lists), (200, {}))

    async def test_list_of_a_user_who_is_gone_can_be_read_and_deleted(self):
        await self.create(BOB)
        await self.parts.directory.delete(BOB.address)
        found = await self.get(BOB)
        self.assertEqual((found.outcome.code, found.lists), (200, {BOB: MOOD}))
        self.assertEqual((await self.delete(BOB)).code, 200)
        self.assertEqual((await self.delete(BOB)).code, 531)

    async def test_no_target_is_402(self):
        self.assertEqual(await self.refused(self.create()), 402)
        self.assertEqual(await self.refused(self.delete()), 402)

    async def test_too_many_are_755_and_too_many_targets_402(self):
        strangers = [user(f"wv:user{number}@elsewhere.example") for number in range(6)]
        self.assertEqual(await self.refused(self.create(*strangers)), 755)
        await self.create(*strangers[:5])
        self.assertEqual(await self.refused(self.create(strangers[5])), 755)
        self.assertEqual(len((await self.get()).lists), 5)
        self.assertEqual(await self.refused(self.delete(*strangers)), 402)
        self.assertEqual(await self.refused(self.get(*strangers)), 402)

    async def test_those_who_watch_are_told_of_changes_and_of_nothing_else(self):
        await self.create(BOB)
        self.assertEqual(self.caused, [])
        await self.delete(BOB)
        subscriptions = Subscriptions(self.store.client, self.store.buckets, 10)
        everything = frozenset(Attribute)
        await subscriptions.subscribe("00session", [BOB.address], [ANN], everything)
        await self.create(user("nobody"))
        await self.create(contact_list("ann/foes"))
        await self.delete(BOB)
        await self.get()
        self.assertEqual(self.caused, [])
        await self.create(BOB)
        await self.delete(BOB, DEFAULT)
        told = [(each.kind, each.details[0]) for each in self.caused]
        self.assertEqual(told, [("presence", str(ANN))] * 2)


class DefaultAttributesTests(StoreTestCase):
    async def allowed(self, *names):
        """What a new user allows when the settings name these attributes."""
        presence = PresenceSettings(default_attributes=names)
        parts = Parts(evolve(self.settings, presence=presence), self.store, self.clock)
        account = await parts.directory.add(Address(f"user{len(names)}"), "secret")
        return (await parts.attribute_lists.get(Caller(account.address, ""), ())).lists

    async def test_new_user_allows_what_the_settings_say(self):
        self.assertEqual(await self.allowed(), {})
        both = MOOD.attributes | TEXT.attributes
        self.assertEqual(
            await self.allowed("StatusMood", "StatusText"), {DEFAULT: AttributeList(both)}
        )
