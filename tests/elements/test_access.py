"""Whom users take messages from: the rule, over any lists and senders, against a model of it."""

from __future__ import annotations

from itertools import product
from random import Random

from imps.elements.interfaces import Caller
from imps.model.access import AccessChange, Entity, EntityKind
from imps.model.address import Address
from imps.model.contacts import Change, Contact
from imps.model.message import Content, Draft
from imps.model.status import Refusal, StatusCode
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:Ann@localhost")
BOB = Address.parse("wv:bob@localhost")
CARL = Address.parse("wv:carl@localhost")
NUMBER = Address.parse("wv:+358501234567@localhost")
NOBODY = Address.parse("wv:nobody@localhost")
STRANGER = Address.parse("wv:eve@elsewhere.example")
FRIENDS, FOES = ANN.resource_named("friends"), ANN.resource_named("foes")
GAME = Entity(EntityKind.APPLICATION, name="Game")
ROUNDS = 150


def user(address: Address) -> Entity:
    return Entity(EntityKind.USER, address)


def those_in(contact_list: Address) -> Entity:
    return Entity(EntityKind.CONTACT_LIST, contact_list)


class AccessTestCase(StoreTestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.access, self.contacts = self.parts.access_control, self.parts.contacts
        await self.parts.directory.add(ANN, "secret")
        await self.parts.directory.add(BOB, "secret", NUMBER.user)
        await self.parts.directory.add(CARL, "secret")
        self.ann = Caller(ANN, "")
        self.operations = 0

    async def send(
        self, sender: Address = BOB, recipient: Address = ANN, application: str = ""
    ) -> StatusCode:
        self.operations += 1
        caller = Caller(sender, "", f"op{self.operations}", application)
        draft = Draft(content=Content(octets=b"hello"), users=(recipient,))
        return (await self.parts.im.send(caller, draft)).outcome.code

    async def block(self, *entities: Entity, **said: object) -> StatusCode:
        change = AccessChange(is_in_use=True, added=entities, **said)  # type: ignore[arg-type]
        return (await self.access.change(self.ann, block=change)).code

    async def grant(self, *entities: Entity, **said: object) -> StatusCode:
        change = AccessChange(is_in_use=True, added=entities, **said)  # type: ignore[arg-type]
        return (await self.access.change(self.ann, grant=change)).code

    async def know(self, contact_list: Address, *contacts: Address) -> None:
        change = Change(added=tuple(map(Contact, contacts)))
        await self.contacts.change(self.ann, contact_list, change, with_contacts=False)


class RuleTests(AccessTestCase):
    async def test_who_is_blocked_learns_it_and_nobody_else_is_kept_out(self) -> None:
        await self.block(user(BOB))
        self.assertIs(await self.send(BOB), StatusCode.RECIPIENT_BLOCKED_SENDER)
        self.assertIs(await self.send(CARL), StatusCode.OK)
        self.assertIs(await self.send(BOB, CARL), StatusCode.OK)
        await self.access.change(self.ann, block=AccessChange(is_in_use=False))
        self.assertIs(await self.send(BOB), StatusCode.OK)

    async def test_grant_list_in_use_keeps_out_all_others(self) -> None:
        await self.grant()
        for sender in (BOB, CARL):
            self.assertIs(await self.send(sender), StatusCode.RECIPIENT_BLOCKED_SENDER)
        self.assertIs(await self.send(ANN), StatusCode.OK)
        await self.grant(user(BOB))
        self.assertIs(await self.send(BOB), StatusCode.OK)
        self.assertIs(await self.send(CARL), StatusCode.RECIPIENT_BLOCKED_SENDER)

    async def test_to_block_counts_more_than_to_grant(self) -> None:
        await self.grant(user(BOB))
        await self.block(user(BOB))
        self.assertIs(await self.send(BOB), StatusCode.RECIPIENT_BLOCKED_SENDER)

    async def test_contact_list_stands_for_those_who_are_in_it_at_the_time(self) -> None:
        await self.block(those_in(FRIENDS))
        self.assertIs(await self.send(BOB), StatusCode.OK)
        await self.know(FRIENDS, NUMBER)
        self.assertIs(await self.send(BOB), StatusCode.RECIPIENT_BLOCKED_SENDER)
        await self.contacts.delete(self.ann, FRIENDS)
        self.assertIs(await self.send(BOB), StatusCode.OK)
        # A list of that name that is made anew blocks nobody.
        await self.contacts.create(Caller(ANN, "", "op"), FRIENDS, [Contact(BOB)])
        self.assertIs(await self.send(BOB), StatusCode.OK)

    async def test_number_stands_for_its_user(self) -> None:
        await self.block(user(NUMBER))
        self.assertIs(await self.send(BOB), StatusCode.RECIPIENT_BLOCKED_SENDER)

    async def test_message_that_was_taken_before_is_taken_again(self) -> None:
        self.assertIs(await self.send(BOB), StatusCode.OK)
        await self.block(user(BOB))
        self.operations -= 1
        self.assertIs(await self.send(BOB), StatusCode.OK)

    async def test_who_is_deleted_has_said_nothing(self) -> None:
        await self.grant()
        await self.parts.directory.delete(ANN)
        await self.parts.directory.add(ANN, "secret")
        self.assertIs(await self.send(BOB), StatusCode.OK)


class ListTests(AccessTestCase):
    async def test_lists_are_as_they_were_made(self) -> None:
        entities = (
            user(BOB),
            user(STRANGER),
            Entity(EntityKind.SCREEN_NAME, Address.parse("wv:/lobby@elsewhere.example"), "Bob B."),
            Entity(EntityKind.GROUP, Address.parse("wv:/lobby@elsewhere.example")),
            those_in(FRIENDS),
            Entity(EntityKind.APPLICATION, name="game"),
        )
        self.assertIs(await self.block(*entities), StatusCode.OK)
        both = await self.access.lists(self.ann)
        self.assertEqual(both.block.entities, entities)
        self.assertEqual((both.block.is_in_use, both.grant.is_in_use), (True, False))
        self.assertEqual(both.grant.entities, ())
        change = AccessChange(added=(user(CARL),), removed=(entities[0], user(NOBODY)))
        self.assertIs((await self.access.change(self.ann, block=change)).code, StatusCode.OK)
        both = await self.access.lists(self.ann)
        self.assertEqual(both.block.entities, (*entities[1:], user(CARL)))
        self.assertTrue(both.block.is_in_use)
        replaced = AccessChange(replaced=(user(BOB), entities[4]))
        await self.access.change(self.ann, block=replaced)
        both = await self.access.lists(self.ann)
        self.assertEqual(set(both.block.entities), {user(BOB), entities[4]})

    async def test_what_does_not_exist_is_told_and_the_rest_is_done(self) -> None:
        group = Entity(EntityKind.GROUP, Address.parse("wv:/lobby@localhost"))
        change = AccessChange(added=(user(NOBODY), user(BOB), those_in(FOES), group))
        outcome = await self.access.change(self.ann, block=change)
        self.assertEqual({each.code.value for each in outcome.details}, {531, 700, 800})
        self.assertEqual((await self.access.lists(self.ann)).block.entities, (user(BOB),))

    async def test_lists_are_limited(self) -> None:
        strangers = [user(Address(f"user{n}", None, "elsewhere.example")) for n in range(1000)]
        self.assertIs(await self.block(*strangers), StatusCode.OK)
        self.assertIs(await self.block(*strangers), StatusCode.OK)
        with self.assertRaises(Refusal) as raised:
            await self.block(user(BOB))
        self.assertIs(raised.exception.code, StatusCode.BAD_PARAMETER)


class ModelTests(AccessTestCase):
    async def test_whoever_the_model_lets_through_is_let_through_and_nobody_else(self) -> None:
        random = Random(6)
        await self.contacts.create(Caller(ANN, "", "op"), FOES)
        in_lists: dict[Address, set[Address]] = {FRIENDS: set(), FOES: set()}
        said: dict[str, tuple[bool, set[Entity]]] = {}
        entities = [user(BOB), user(CARL), user(STRANGER), those_in(FRIENDS), those_in(FOES), GAME]
        for _ in range(ROUNDS):
            contact_list, contact = random.choice([FRIENDS, FOES]), random.choice([BOB, CARL])
            change = Change(added=(Contact(contact),))
            if contact in in_lists[contact_list]:
                change = Change(removed=(contact,))
            in_lists[contact_list] ^= {contact}
            await self.contacts.change(self.ann, contact_list, change, with_contacts=False)
            which = random.choice(["block", "grant"])
            is_in_use, chosen = random.random() < 0.7, random.sample(entities, random.randint(0, 3))
            said[which] = is_in_use, set(chosen)
            access = AccessChange(is_in_use=is_in_use, replaced=tuple(chosen))
            await self.access.change(self.ann, **{which: access})
            for sender, application in product((BOB, CARL), ("", "game", "another game")):

                def names(
                    which: str, sender: Address = sender, application: str = application
                ) -> bool:
                    lists = [each for each in in_lists if those_in(each) in said[which][1]]
                    is_named = user(sender) in said[which][1]
                    by_game = application == "game" and GAME in said[which][1]
                    return is_named or by_game or any(sender in in_lists[each] for each in lists)

                blocked = said.get("block", (False,))[0] and names("block")
                left_out = said.get("grant", (False,))[0] and not names("grant")
                expected = 532 if blocked or left_out else 200
                code = await self.send(sender, application=application)
                self.assertEqual(code.value, expected)
