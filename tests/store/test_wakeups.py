from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from imps.model.address import Address
from imps.model.status import StatusCode
from imps.store.errors import StoreError
from imps.store.sessions import Sessions
from imps.store.wakeups import Wakeups
from imps.testing.process import reactor
from imps.testing.store import StoreTestCase

ANN = Address.parse("ann")


class WakeupsTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.wakeups = Wakeups(self.store.client, self.store.buckets)
        self.wakeups.start()
        self.addCleanup(self.wakeups.close)
        self.session_id = f"{self.store.buckets.of(ANN):02}abc"
        self.calls = 0
        self.called = Deferred()

    def woken(self):
        self.calls += 1
        self.called.callback(None)
        self.called = Deferred()

    async def wake(self, session_id=None):
        """Wake a session; how many processes it reached."""
        prefix = self.store.buckets.prefix_of(ANN)
        channel = f"{prefix}wake:{session_id or self.session_id}"
        return await self.store.client.execute("PUBLISH", channel, "")

    async def until(self, calls):
        while self.calls < calls:
            await self.called.addTimeout(10, reactor)

    async def cut(self):
        """Cut the connection on which wake-ups come."""
        killed = await self.store.client.execute("CLIENT", "KILL", "TYPE", "pubsub")
        self.assertEqual(killed, 1)

    async def test_who_listens_is_woken(self):
        await self.wakeups.listen(self.session_id, self.woken)
        for calls in (1, 2):
            self.assertEqual(await self.wake(), 1)
            await self.until(calls)

    async def test_who_has_forgotten_is_not_woken(self):
        other = []
        await self.wakeups.listen(self.session_id, self.woken)
        await self.wakeups.listen(self.session_id, lambda: other.append(1))
        self.wakeups.forget(self.session_id, self.woken)
        await self.wake()
        while not other:
            await deferLater(reactor, 0.01)
        self.assertEqual(self.calls, 0)

    async def test_nothing_comes_for_a_session_that_nobody_listens_to(self):
        await self.wakeups.listen(self.session_id, self.woken)
        self.wakeups.forget(self.session_id, self.woken)
        self.wakeups.forget(self.session_id, self.woken)
        while await self.wake():
            await deferLater(reactor, 0.01)
        self.assertEqual(self.calls, 0)

    async def test_one_that_fails_keeps_nobody_from_being_woken(self):
        def failing():
            raise RuntimeError("on purpose")

        await self.wakeups.listen(self.session_id, failing)
        await self.wakeups.listen(self.session_id, self.woken)
        await self.wake()
        await self.until(1)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    async def test_connection_that_is_lost_is_made_again_and_everybody_looks(self):
        await self.wakeups.listen(self.session_id, self.woken)
        others = [f"{self.session_id}{number}" for number in range(250)]
        looked = set()
        for other in others:
            await self.wakeups.listen(other, lambda other=other: looked.add(other))
        await self.cut()
        await self.until(1)
        while len(looked) < len(others):
            await deferLater(reactor, 0.01)
        self.assertEqual(await self.wake(), 1)
        await self.until(2)

    async def test_listening_waits_for_the_connection(self):
        await self.wakeups.listen(self.session_id, self.woken)
        await self.cut()
        other = f"{self.session_id}d"
        await self.until(1)
        await self.wakeups.listen(other, self.woken)
        before = self.calls
        self.assertEqual(await self.wake(other), 1)
        await self.until(before + 1)

    async def test_who_cannot_listen_is_told_so(self):
        await self.wakeups.close()
        listening = Deferred.fromCoroutine(self.wakeups.listen(self.session_id, self.woken))
        await self.assertFailure(listening, StoreError)
        listening = Deferred.fromCoroutine(self.wakeups.listen("nonsense", self.woken))
        await self.assertFailure(listening, StoreError)

    async def test_end_of_a_session_wakes_those_who_hold_its_channel(self):
        await self.add_accounts(ANN)
        sessions = Sessions(self.store.client, self.store.buckets, 30, 50, 20)
        now, lives = (
            self.clock.seconds(),
            {"lifetime_seconds": 60, "remember_seconds": 60, "fields": {}},
        )
        await sessions.open(self.session_id, ANN, "phone", b"{}", now=now, **lives)
        await self.wakeups.listen(self.session_id, self.woken)
        await sessions.open(f"{self.session_id}2", ANN, "phone", b"{}", now=now, **lives)
        await self.until(1)
        self.assertIs(await sessions.look(self.session_id, now=now), StatusCode.FORCED_LOGOUT)
