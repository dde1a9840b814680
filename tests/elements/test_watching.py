"""What a dead process has left undone is done: watchers learn what they may see."""

from imps.model.contacts import Change, Contact
from imps.store.presence import Presences
from imps.store.work import LEASE_SECONDS
from tests.elements.test_presence import ANN, FRIENDS, MOOD, PresenceTestCase, value


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
