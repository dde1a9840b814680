"""Those who ask for somebody's presence at the same time are each told what they may see."""

from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.contacts import Contact
from imps.model.presence import Target, TargetKind
from imps.testing.together import together
from tests.elements.test_presence import (
    ANN,
    ANNS_FOES,
    ANNS_FRIENDS,
    BOB,
    CARL,
    MOOD,
    TEXT,
    ZONE,
    PresenceTestCase,
)

DAN = Address.parse("wv:dan@localhost")
DANS_NUMBER = Address.parse("wv:+358507654321@localhost")


class AskingTogetherTests(PresenceTestCase):
    async def setUp(self):
        await super().setUp()
        await self.directory.add(DAN, "secret", DANS_NUMBER.user)
        self.watchers = [await self.signed_on(each) for each in (CARL, DAN)] + [self.bob]
        await self.publish(STATUS_MOOD="HAPPY", STATUS_TEXT="hello", TIME_ZONE="0")

    async def seen(self, name=ANN):
        """What Carl, Dan, Bob and Ann see who ask in one turn."""
        seen = {}

        async def ask(caller):
            told, _ = await self.get(name, to=[MOOD, TEXT, ZONE], caller=caller)
            seen[caller.user] = told[str(name)]

        await together(*map(ask, [*self.watchers, self.ann]))
        self.assertEqual(set(seen.pop(ANN)), {MOOD, TEXT, ZONE})
        return {user: set(each) for user, each in seen.items()}

    async def answer(self, accepted, watcher, *attributes):
        await self.parts.reactive_authorization.answer(
            self.ann, watcher, accepted, frozenset(attributes)
        )

    async def test_by_what_was_answered_to_each(self):
        for each in self.watchers:
            await self.subscribe(ANN, to=[MOOD, TEXT], caller=each)
        await self.answer(True, CARL, MOOD, TEXT)
        await self.answer(False, CARL, TEXT)
        await self.answer(True, BOB, TEXT)
        self.assertEqual(await self.seen(), {CARL: {MOOD}, DAN: set(), BOB: {TEXT}})

    async def test_by_the_lists_that_hold_any_name_of_theirs(self):
        await self.allow(ZONE)
        await self.change(ANNS_FRIENDS, [DANS_NUMBER, DAN, BOB])
        owner = Caller(ANN, "", "foes")
        await self.parts.contacts.create(owner, ANNS_FOES, [Contact(DANS_NUMBER)])
        await self.allow(MOOD, to=Target(TargetKind.CONTACT_LIST, ANNS_FRIENDS))
        await self.allow(TEXT, to=Target(TargetKind.CONTACT_LIST, ANNS_FOES))
        self.assertEqual(await self.seen(), {CARL: {ZONE}, DAN: {MOOD, TEXT}, BOB: {MOOD}})

    async def test_by_the_last_list_for_a_user_under_any_name(self):
        await self.allow(MOOD)
        await self.allow(TEXT, to=Target(TargetKind.USER, DANS_NUMBER))
        self.assertEqual(await self.seen(), {CARL: {MOOD}, DAN: {TEXT}, BOB: {MOOD}})
        await self.allow(ZONE, to=Target(TargetKind.USER, DAN))
        self.assertEqual(await self.seen(), {CARL: {MOOD}, DAN: {ZONE}, BOB: {MOOD}})

    async def test_each_by_the_name_that_it_uses(self):
        names = [Address.parse(name) for name in ("wv:aNN@localhost", "wv:ann@LOCALHOST")]
        told = []

        async def ask(caller, name):
            told.append((name, (await self.presence.get(caller, [name], [], frozenset([MOOD])))))

        await together(*map(ask, self.watchers, names))
        spelled = [(str(name), str(got.presences[0].publisher)) for name, got in told]
        self.assertEqual(spelled, [(str(name), str(name)) for name in names])


class AskingOnceTests(PresenceTestCase):
    async def test_only_who_asks_once_is_remembered_for_that(self):
        async def read(watcher, is_access):
            presences, now = self.presence._presences, self.clock.seconds()
            await presences.read([ANN], [watcher], now=now, is_access=is_access)

        await together(read(BOB, True), read(CARL, False), read(ANN, True))
        watchers = await self.presence.watchers(Caller(ANN, ""), 60)
        self.assertEqual(set(watchers), {BOB})
