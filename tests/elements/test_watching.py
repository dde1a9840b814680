"""Whatever happens, watchers learn what they may see, and nothing else."""

from random import Random

from imps.elements.authorization import Permissions, visible
from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.contacts import Change, Contact
from imps.model.presence import DEFAULT, Attribute, AttributeList, Target, TargetKind
from imps.store.deliveries import Acknowledgement
from imps.store.presence import Presences
from imps.store.work import LEASE_SECONDS
from tests.elements.test_presence import (
    ANN,
    FRIENDS,
    MOOD,
    TEXT,
    PresenceTestCase,
    value,
)

ATTRIBUTES = (MOOD, TEXT, Attribute.ALIAS, Attribute.USER_AVAILABILITY)
OPERATIONS = 60
SEEDS = range(12)


class UnfinishedTests(PresenceTestCase):
    """The process that took a request dies before anybody is told."""

    async def setUp(self):
        await super().setUp()
        await self.allow(MOOD)
        self.stored = Presences(self.store.client, self.store.buckets)

    async def when_due(self):
        self.clock.advance(LEASE_SECONDS)
        await self.parts.timers.do_all()
        await self.settled()

    async def test_watchers_are_told_what_was_published(self):
        await self.subscribe(ANN)
        self.assertEqual(await self.told(), [])
        session_id, now = self.ann.session_id, self.clock.seconds()
        await self.stored.publish(ANN, session_id, {MOOD: value("HAPPY")}, now=now)
        self.assertEqual(await self.told(), [])
        await self.when_due()
        self.assertEqual([seen[MOOD] for _, seen in await self.told()], ["HAPPY"])

    async def test_work_that_was_begun_before_does_not_end_what_came_later(self):
        await self.subscribe(ANN)
        session_id, now = self.ann.session_id, self.clock.seconds()
        works = [
            await self.stored.publish(ANN, session_id, {MOOD: value(mood)}, now=now)
            for mood in ("SAD", "HAPPY")
        ]
        for work in works:
            await self.parts.working.do(work)
            told = await self.told()
            self.assertEqual([seen[MOOD] for _, seen in told], ["HAPPY"])
        await self.settled()

    async def test_contacts_who_came_are_watched(self):
        await self.publish(STATUS_MOOD="HAPPY")
        await self.subscribe(lists=[FRIENDS], follows=True)
        self.parts.contact_lists._begin = lambda work: None
        change = Change(added=(Contact(ANN),))
        await self.parts.contacts.change(self.bob, FRIENDS, change, with_contacts=False)
        self.assertEqual(await self.told(), [])
        await self.when_due()
        self.assertEqual([seen[MOOD] for _, seen in await self.told()], ["HAPPY"])

    async def test_subscriptions_end_with_their_session(self):
        await self.subscribe(ANN)
        await self.parts.sessions._stored.end(self.bob.session_id, now=self.clock.seconds())
        await self.when_due()
        self.assertEqual(await self.store.client.execute("KEYS", "imps:*:subscribers:*"), [])


class AnyOrderTests(PresenceTestCase):
    """A random history of one publisher and several watchers, and a model of it beside.

    The model knows what the publisher says of whom and the values; it is told nothing by the store.
    """

    async def setUp(self):
        await super().setUp()
        self.users = [Address(f"user{number}", None, "localhost") for number in range(4)]
        await self.add_accounts(*self.users)
        self.lists = [ANN.resource_named(name) for name in ("friends", "foes")]

    async def begin(self, seed):
        self.random = Random(seed)
        self.values, self.allowed, self.answers = {}, {}, {}
        self.contacts = {each: set() for each in self.lists}
        self.sessions, self.asked, self.seen = {}, {}, {}
        for each in self.users:
            await self.sign_on(each)

    def may_see(self, user):
        said = self.allowed
        granted, denied = self.answers.get(user, (frozenset(), frozenset()))
        return visible(
            Permissions(
                user=said.get(Target(TargetKind.USER, user)),
                contact_lists=tuple(
                    said[target]
                    for each in self.lists
                    if user in self.contacts[each]
                    and (target := Target(TargetKind.CONTACT_LIST, each)) in said
                ),
                default=said.get(DEFAULT),
                granted=granted,
                denied=denied,
            )
        )

    def some(self):
        return frozenset(self.random.sample(ATTRIBUTES, self.random.randint(1, len(ATTRIBUTES))))

    async def sign_on(self, user):
        session = await self.parts.sessions.open(user, "phone", None, {})
        self.sessions[user] = Caller(user, session.id)
        self.asked[user], self.seen[user] = frozenset(), {}

    async def publish_something(self, _):
        value_now = str(self.random.random())
        names = self.some()
        said = {each: value(value_now) for each in names}
        await self.presence.publish(self.ann, said)
        self.values.update(dict.fromkeys(names, value_now))

    async def allow_something(self, user):
        target = self.random.choice(
            [
                DEFAULT,
                Target(TargetKind.USER, user),
                *(Target(TargetKind.CONTACT_LIST, each) for each in self.lists),
            ]
        )
        said = self.some()
        await self.parts.attribute_lists.create(self.ann, {target: AttributeList(said)})
        if target.address in self.contacts or target.kind is not TargetKind.CONTACT_LIST:
            self.allowed[target] = said

    async def take_back(self, user):
        targets = [DEFAULT, *self.allowed]
        target = self.random.choice(targets)
        await self.parts.attribute_lists.delete(self.ann, [target])
        self.allowed.pop(target, None)

    async def change_contacts(self, user):
        contact_list = self.lists[0]
        known = self.contacts[contact_list]
        added = user not in known
        change = Change(added=(Contact(user),)) if added else Change(removed=(user,))
        await self.parts.contacts.change(self.ann, contact_list, change, with_contacts=False)
        known ^= {user}

    async def answer_watcher(self, user):
        if self.random.random() < 0.3:
            await self.parts.reactive_authorization.cancel(self.ann, user)
            self.answers.pop(user, None)
            return
        accepted, said = self.random.random() < 0.6, self.some()
        reactive = self.parts.reactive_authorization
        await reactive.answer(self.ann, user, accepted, said)
        answered = (await reactive.answers(self.ann, [user]))[user]
        granted, _ = self.answers.get(user, (frozenset(), frozenset()))
        granted = granted | said if accepted else granted - said
        self.assertEqual(answered.granted, granted)
        self.answers[user] = granted, answered.denied

    async def watch(self, user):
        self.asked[user] = self.some()
        await self.subscribe(ANN, to=self.asked[user], caller=self.sessions[user])

    async def stop_watching(self, user):
        await self.presence.unsubscribe(self.sessions[user], [ANN], ())
        self.asked[user] = frozenset()

    async def come_back(self, user):
        await self.sign_on(user)

    async def fetch(self, user):
        """Nothing comes that the model hides."""
        caller = self.sessions[user]
        while (flight := (await self.parts.delivery.take(caller.session_id)).in_flight) is not None:
            for presence in (await self.presence.told(caller, flight.what)).presences:
                for each in presence.published:
                    self.assertIn(each.attribute, self.may_see(user) & self.asked[user])
                    told = each.value.first("PresenceValue")
                    self.assertEqual(told or None, self.values.get(each.attribute))
                    self.seen[user][each.attribute] = told
            acknowledged = Acknowledgement.TRANSACTION
            await self.parts.delivery.take(
                caller.session_id, acknowledged, flight.transaction_id, wanted=False
            )

    async def test_nothing_hidden_is_told_and_everything_else_is_in_the_end(self):
        kinds = (
            *[self.publish_something, self.fetch] * 2,
            self.allow_something,
            self.allow_something,
            self.take_back,
            self.change_contacts,
            self.answer_watcher,
            self.watch,
            self.watch,
            self.stop_watching,
            self.come_back,
        )
        for seed in SEEDS:
            await self.begin(seed)
            for _ in range(OPERATIONS):
                await self.random.choice(kinds)(self.random.choice(self.users))
                if self.random.random() < 0.3:
                    await self.all_done()
            await self.all_done()
            for user in self.users:
                await self.fetch(user)
                expected = {
                    each: self.values[each]
                    for each in self.asked[user] & self.may_see(user)
                    if each in self.values
                }
                shown = {each: self.seen[user].get(each) for each in expected}
                self.assertEqual(shown, expected, f"{user}, seed {seed}")
            await self.forget_all()

    async def all_done(self):
        await self.parts.timers.do_all()
        await self.settled()

    async def forget_all(self):
        await self.parts.attribute_lists.delete(self.ann, list(self.allowed) or [DEFAULT])
        change = Change(removed=tuple(self.contacts[self.lists[0]]))
        await self.parts.contacts.change(self.ann, self.lists[0], change, with_contacts=False)
        for user in self.users:
            await self.parts.reactive_authorization.cancel(self.ann, user)
        await self.presence.publish(
            self.ann, {each: value("") for each in ATTRIBUTES if each in self.values}
        )
        await self.all_done()
