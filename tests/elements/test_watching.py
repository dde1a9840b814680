"""What a dead process has left undone is done: watchers learn what they may see."""

from itertools import count

from attrs import define, evolve, field

from imps.model.contacts import Change, Contact
from imps.parts import Parts
from imps.store.client import StoreClient
from imps.store.errors import StoreError
from imps.store.presence import Presences
from imps.store.work import LEASE_SECONDS
from tests.elements.test_presence import ANN, BOB, FRIENDS, MOOD, PresenceTestCase, value


@define(eq=False)
class MortalClient(StoreClient):
    """The store as a process sees it that dies when it has made so many calls."""

    calls_left: int = field(kw_only=True)

    async def run(self, *arguments):
        self.live_on()
        return await super().run(*arguments)

    async def execute(self, *arguments):
        self.live_on()
        return await super().execute(*arguments)

    def live_on(self):
        if self.calls_left == 0:
            raise StoreError("the process is dead")
        self.calls_left -= 1


class WorkTestCase(PresenceTestCase):
    async def setUp(self):
        await super().setUp()
        await self.allow(MOOD)
        self.stored = Presences(self.store.client, self.store.buckets)

    async def when_due(self):
        self.clock.advance(LEASE_SECONDS)
        await self.parts.timers.do_all()
        await self.settled()


class UnfinishedTests(WorkTestCase):
    """The process that took a request dies before anybody is told."""

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


class DeathTests(WorkTestCase):
    """The process dies at any step of the work, and another one does it again."""

    async def setUp(self):
        await super().setUp()
        self.works = []
        self.parts.contact_lists._begin = self.works.append

    async def dies_at_any_step(self, cause, check):
        """Have one process after another do what is caused, and die one call later each time, until
        one lives; what is checked is so each time, when all is done."""
        for calls in count():
            self.works.clear()
            await cause()
            is_alive = await self.lives_for(calls)
            await self.when_due()
            await check()
            if is_alive:
                self.assertGreater(calls, 2)
                return

    async def lives_for(self, calls):
        client = MortalClient(self.store.client.link, calls_left=calls)
        mortal = Parts(self.settings, evolve(self.store, client=client), self.clock)
        self.assertIsNot(mortal.presence, self.presence)
        try:
            for work in self.works:
                await mortal.working.do(work)
        except StoreError:
            return False
        return True

    async def change_friends(self, **changed):
        await self.parts.contacts.change(self.bob, FRIENDS, Change(**changed), with_contacts=False)

    async def say(self, mood):
        session_id, now = self.ann.session_id, self.clock.seconds()
        work = await self.stored.publish(ANN, session_id, {MOOD: value(mood)}, now=now)
        self.works += [] if work is None else [work]

    async def test_watchers_are_told_what_was_published(self):
        await self.subscribe(ANN)
        moods = count()

        async def cause():
            await self.say(str(next(moods)))
            self.now = str(next(moods))
            await self.say(self.now)

        async def check():
            self.assertEqual(await self.told(), [(str(ANN), {MOOD: self.now})])

        await self.dies_at_any_step(cause, check)

    async def test_contacts_who_come_are_watched(self):
        await self.publish(STATUS_MOOD="HAPPY")
        await self.subscribe(lists=[FRIENDS], follows=True)

        async def cause():
            await self.change_friends(added=(Contact(ANN),))

        async def check():
            self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])
            self.assertEqual(list(await self.presence.watchers(self.ann)), [BOB])
            await self.change_friends(removed=(ANN,))
            await self.when_due()

        await self.dies_at_any_step(cause, check)

    async def test_contacts_who_go_are_watched_no_more(self):
        await self.subscribe(lists=[FRIENDS], follows=True)
        moods = count()

        async def cause():
            await self.change_friends(added=(Contact(ANN),))
            await self.when_due()
            await self.told()
            self.works.clear()
            await self.change_friends(removed=(ANN,))

        async def check():
            await self.publish(STATUS_MOOD=str(next(moods)))
            self.assertEqual(await self.told(), [])
            self.assertEqual(await self.presence.watchers(self.ann), {})

        await self.dies_at_any_step(cause, check)
