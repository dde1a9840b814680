"""Whatever happens, watchers learn what they may see, and nothing else.

Random histories of users who all publish and watch, and a model of them beside, which knows the
published rules and is told nothing by the store.
"""

from collections import defaultdict
from random import Random

from attrs import evolve

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
from imps.parts import Parts
from imps.store.deliveries import Acknowledgement
from tests.elements.presence_model import ON_LINE, REACHABLE, ModelSession, ModelUser
from tests.elements.test_presence import MOOD, TEXT, ZONE, PresenceTestCase, value

PUBLISHED = (MOOD, TEXT, ZONE, Attribute.FREE_TEXT_LOCATION)
SEEN = (*PUBLISHED, ON_LINE, REACHABLE)
USERS, CLIENTS, LISTS = 3, ("phone", "computer"), ("friends", "foes")
OPERATIONS = 100
SEEDS = range(30)


class AnyHistoryTests(PresenceTestCase):
    async def setUp(self):
        await super().setUp()
        # A client that never answers is given up; these answer in the end.
        messages = evolve(self.settings.messages, max_tries=1000)
        self.parts = Parts(evolve(self.settings, messages=messages), self.store, self.clock)
        self.presence = self.parts.presence

    async def begin(self, seed):
        self.random = Random(seed)
        self.users = {}
        for number in range(USERS):
            address = Address(f"user{seed}-{number}", None, "localhost")
            await self.directory.add(address, "secret")
            lists = [address.resource_named(name) for name in LISTS]
            await self.parts.contacts.create(Caller(address, "", "op"), lists[1])
            self.users[address] = ModelUser(address, {each: set() for each in lists})
            for client in CLIENTS:
                await self.sign_on(self.users[address], client)

    @property
    def sessions(self):
        return [session for user in self.users.values() for session in user.sessions.values()]

    def user(self):
        return self.random.choice(list(self.users.values()))

    def attributes(self):
        if self.random.random() < 0.4:
            return EVERY_ATTRIBUTE
        return frozenset(self.random.sample(SEEN, self.random.randint(1, len(SEEN))))

    async def sign_on(self, user, client):
        session = await self.parts.sessions.open(user.address, client, None, {})
        user.sessions[client] = ModelSession(Caller(user.address, session.id), client)

    async def come_or_go(self):
        user, client = self.user(), self.random.choice(CLIENTS)
        if client not in user.sessions or self.random.random() < 0.2:
            await self.sign_on(user, client)
            return
        session_id = user.sessions.pop(client).caller.session_id
        await self.parts.sessions.close((await self.parts.sessions.check(session_id)).session)

    async def publish(self):
        user = self.user()
        some = self.random.sample(PUBLISHED, self.random.randint(1, len(PUBLISHED)))
        if user.sessions:
            values = [None, *map(str, range(5))]
            await self.publish_as(user, {each: self.random.choice(values) for each in some})

    async def publish_as(self, user, said):
        session = self.random.choice(list(user.sessions.values()))
        values = {
            each: PresenceValue(is_valid=False) if what is None else value(what)
            for each, what in said.items()
        }
        await self.presence.publish(session.caller, values)
        for each, what in said.items():
            (session if each.is_of_client else user).values[each] = what

    async def allow(self):
        user, watcher, said = self.user(), self.user().address, self.attributes()
        contact_list = self.random.choice(list(user.lists))
        which = self.random.choice(("default", "user", "list"))
        targets = {
            "default": DEFAULT,
            "user": Target(TargetKind.USER, watcher),
            "list": Target(TargetKind.CONTACT_LIST, contact_list),
        }
        lists = {targets[which]: AttributeList(said)}
        takes_back = self.random.random() < 0.4
        if takes_back:
            await self.parts.attribute_lists.delete(Caller(user.address, ""), list(lists))
        else:
            await self.parts.attribute_lists.create(Caller(user.address, ""), lists)
        if which == "default":
            user.default = None if takes_back else said
        else:
            of_kind, who = (
                (user.for_users, watcher) if which == "user" else (user.for_lists, contact_list)
            )
            of_kind.pop(who, None)
            if not takes_back:
                of_kind[who] = said

    async def answer(self):
        user, watcher, said = self.user(), self.user().address, self.attributes()
        caller, reactive = Caller(user.address, ""), self.parts.reactive_authorization
        what = self.random.choice(("grant", "grant", "deny", "cancel"))
        granted = user.granted.pop(watcher, frozenset())
        if what == "cancel":
            await reactive.cancel(caller, watcher)
            return
        await reactive.answer(caller, watcher, what == "grant", said)
        user.granted[watcher] = granted | said if what == "grant" else granted - said

    async def change_contacts(self):
        user, who = self.user(), self.user().address
        contact_list, contacts = self.random.choice(list(user.lists.items()))
        is_new = who not in contacts
        change = Change(added=(Contact(who),)) if is_new else Change(removed=(who,))
        caller = Caller(user.address, "")
        await self.parts.contacts.change(caller, contact_list, change, with_contacts=False)
        contacts ^= {who}
        for session in user.sessions.values():
            session.contacts_changed(contact_list, contacts)
        if not is_new:
            # Who comes back at once may not have been missed.
            await self.all_done()

    async def subscribe(self):
        user, publisher, said = self.user(), self.user().address, self.attributes()
        contact_list, members = self.random.choice(list(user.lists.items()))
        follows = self.random.random() < 0.7
        for session in list(user.sessions.values())[: self.random.randint(1, 2)]:
            if self.random.random() < 0.5:
                await self.presence.subscribe(session.caller, [publisher], (), said)
                session.subscribe(publisher, said)
            else:
                if contact_list not in session.followed:
                    # A change that is not done with would count as if it had been followed then.
                    await self.all_done()
                await self.presence.subscribe(
                    session.caller, (), [contact_list], said, follows=follows
                )
                session.subscribe_through(contact_list, members, said, follows)

    async def unsubscribe(self):
        user, publisher = self.user(), self.user().address
        contact_list = self.random.choice(list(user.lists))
        for session in list(user.sessions.values())[: self.random.randint(1, 2)]:
            if self.random.random() < 0.7:
                await self.presence.unsubscribe(session.caller, [publisher], ())
                session.unsubscribe(publisher, user.lists)
            else:
                await self.presence.unsubscribe(session.caller, (), [contact_list])
                session.unsubscribe_through(contact_list)

    async def fetch(self):
        """A client polls; the network loses what it gets, or its answer to that, or neither."""
        for session in self.sessions:
            if self.random.random() < 0.3:
                await self.take(session, self.random.choice(("all", "nothing", "no answer")))

    async def take(self, session, what_arrives="all"):
        caller, delivery, told = session.caller, self.parts.delivery, defaultdict(set)
        while (flight := (await delivery.take(caller.session_id)).in_flight) is not None:
            # Questions for authorization come as well.
            news = flight.what if isinstance(flight.what, tuple) else ()
            for presence in (await self.presence.told(caller, news)).presences:
                self.check(session, presence, is_lost=what_arrives == "nothing")
                told[presence.publisher] |= {each.attribute for each in presence.published}
            if what_arrives != "all":
                break
            acknowledged = Acknowledgement.TRANSACTION
            await delivery.take(
                caller.session_id, acknowledged, flight.transaction_id, wanted=False
            )
        return told

    def check(self, session, presence, is_lost):
        """Nothing is told that the model hides, and everything as it is now."""
        publisher = self.users[presence.publisher]
        may_see = publisher.shows_to(session.caller.user)
        told = {}
        for each in presence.published:
            self.assertIn(each.attribute, may_see)
            of_clients = told.setdefault(each.attribute, {})
            if each.value.is_valid:
                of_clients[each.client] = said(each)
        for attribute, of_clients in told.items():
            self.assertEqual(of_clients, publisher.now(attribute), attribute)
            if not is_lost:
                session.shown[presence.publisher][attribute] = of_clients

    async def let_time_pass(self):
        is_too_long = self.random.random() < 0.1
        self.clock.advance(5000 if is_too_long else 31)
        if is_too_long:
            for user in self.users.values():
                user.sessions.clear()
        await self.all_done()

    async def all_done(self):
        await self.parts.timers.do_all()
        await self.settled()

    async def check_all(self):
        """Everybody shows what is so, and is told of what happens then and of nothing else."""
        await self.all_done()
        self.clock.advance(31)
        for session in self.sessions:
            await self.take(session)
            self.check_shown(session)
        publishers = [each for each in self.users.values() if each.sessions]
        for publisher in publishers:
            await self.publish_as(publisher, dict.fromkeys(PUBLISHED, "the last"))
        await self.all_done()
        for session in self.sessions:
            for publisher, attributes in (await self.take(session)).items():
                self.assertLessEqual(attributes, session.asked(publisher))
            self.check_shown(session)
        for publisher in publishers:
            watchers = await self.presence.watchers(Caller(publisher.address, ""))
            asking = {each.caller.user for each in self.sessions if each.asked(publisher.address)}
            self.assertEqual(set(watchers), asking)

    def check_shown(self, session):
        for address, publisher in self.users.items():
            for each in session.asked(address) & publisher.shows_to(session.caller.user):
                shown = session.shown[address].get(each, {})
                self.assertEqual(shown, publisher.now(each), f"{each} of {address} to {session}")

    async def test_nothing_hidden_is_told_and_everything_else_is_in_the_end(self):
        kinds = (
            *[self.publish, self.fetch, self.subscribe] * 3,
            *[self.allow, self.answer, self.change_contacts] * 2,
            self.unsubscribe,
            self.come_or_go,
            self.come_or_go,
            self.let_time_pass,
        )
        for seed in SEEDS:
            await self.begin(seed)
            history = []
            try:
                for _ in range(OPERATIONS):
                    operation = self.random.choice(kinds)
                    history.append(operation.__name__)
                    await operation()
                    if self.random.random() < 0.3:
                        await self.all_done()
                await self.check_all()
            except self.failureException as failure:
                raise self.failureException(f"seed {seed}: {failure}; {history}") from failure


def said(published):
    """The value of an attribute, as the model has it."""
    if published.attribute is not REACHABLE:
        return published.value.first("PresenceValue")
    ((_, means),) = published.value.content
    return dict(means)["Cap"]
