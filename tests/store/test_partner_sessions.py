from attrs import evolve

from imps.model.version import V13
from imps.store.partner_sessions import Backoff, PartnerSession, PartnerSessions
from imps.testing.store import EPOCH, StoreTestCase

SOUTH = "south.example"


def session(peer_id="k7@south.example", established_at=EPOCH):
    return PartnerSession(
        own_id="a1@north.example",
        peer_id=peer_id,
        own_domain="north.example",
        peer_domain=SOUTH,
        url="https://south.example/",
        identity=("south.example",),
        version=V13,
        time_to_live=100,
        established_at=established_at,
        heard_at=established_at,
        is_initiator=True,
    )


class PartnerSessionsTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.sessions = PartnerSessions(self.store.client, self.store.buckets)

    async def test_a_session_is_found_by_the_id_that_the_partner_gave_it(self):
        await self.sessions.put(session())
        self.assertEqual(await self.sessions.of_peer(SOUTH, "k7@south.example"), session())
        self.assertIsNone(await self.sessions.of_peer(SOUTH, "K7@south.example"))
        self.assertIsNone(await self.sessions.of_peer("east.example", "k7@south.example"))

    async def test_the_youngest_comes_first(self):
        older, younger = session("1@south.example"), session("2@south.example", EPOCH + 1)
        await self.sessions.put(younger)
        await self.sessions.put(older)
        self.assertEqual(await self.sessions.all(SOUTH), (younger, older))

    async def test_a_session_that_is_used_goes_on(self):
        await self.sessions.put(session())
        self.assertFalse(session().is_over(EPOCH + 99))
        self.assertTrue(session().is_over(EPOCH + 100))
        prolonged = await self.sessions.heard(session(), now=EPOCH + 50)
        self.assertFalse(prolonged.is_over(EPOCH + 149))
        self.assertEqual(await self.sessions.all(SOUTH), (prolonged,))

    async def test_one_that_has_ended_does_not_come_back_by_being_used(self):
        await self.sessions.put(session())
        await self.sessions.remove(session())
        await self.sessions.heard(session(), now=EPOCH + 50)
        self.assertEqual(await self.sessions.all(SOUTH), ())

    async def test_ids_do_not_stand_in_keys(self):
        await self.sessions.put(evolve(session(), peer_id="secret@south.example"))
        (key,) = await self.store.client.execute("KEYS", "*partner-sessions*")
        fields = await self.store.client.execute("HKEYS", key.decode())
        self.assertNotIn(b"secret", b"".join([key, *fields]))


class HandshakesTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.sessions = PartnerSessions(self.store.client, self.store.buckets)

    async def test_one_secret_is_asked_for_at_a_time(self):
        self.assertTrue(await self.sessions.begin_out(SOUTH, b"one", 30))
        self.assertFalse(await self.sessions.begin_out(SOUTH, b"two", 30))
        self.assertTrue(await self.sessions.begin_out("east.example", b"three", 30))
        await self.sessions.change_out(SOUTH, b"changed", 30)
        self.assertEqual(await self.sessions.take_out(SOUTH), b"changed")
        self.assertIsNone(await self.sessions.take_out(SOUTH))
        await self.sessions.change_out(SOUTH, b"late", 30)
        self.assertIsNone(await self.sessions.take_out(SOUTH))

    async def test_a_step_is_taken_once_by_its_partner_in_its_role(self):
        await self.sessions.keep_step(SOUTH, True, "t", b"record", 30)
        self.assertIsNone(await self.sessions.take_step("east.example", True, "t"))
        self.assertIsNone(await self.sessions.take_step(SOUTH, False, "t"))
        self.assertEqual(await self.sessions.take_step(SOUTH, True, "t"), b"record")
        self.assertIsNone(await self.sessions.take_step(SOUTH, True, "t"))

    async def test_of_too_many_that_a_partner_begins_the_oldest_is_over(self):
        for n in range(4):
            await self.sessions.begin_in(SOUTH, f"t{n}", b"%d" % n, 30)
        taken = [await self.sessions.take_step(SOUTH, False, f"t{n}") for n in range(4)]
        self.assertEqual(taken, [None, b"1", b"2", b"3"])

    async def test_what_is_not_finished_is_forgotten(self):
        await self.sessions.begin_out(SOUTH, b"one", 30)
        await self.sessions.begin_in(SOUTH, "t", b"two", 30)
        for key in await self.store.client.execute("KEYS", "*partner-*"):
            self.assertGreater(await self.store.client.execute("PTTL", key.decode()), 0)

    async def test_failures_are_counted_until_one_succeeds(self):
        self.assertEqual(await self.sessions.backoff(SOUTH), Backoff())
        await self.sessions.failed(SOUTH, Backoff(EPOCH + 20, 1))
        self.assertEqual(await self.sessions.backoff(SOUTH), Backoff(EPOCH + 20, 1))
        await self.sessions.succeeded(SOUTH)
        self.assertEqual(await self.sessions.backoff(SOUTH), Backoff())

    async def test_a_secret_is_new_once(self):
        self.assertTrue(await self.sessions.is_new_token(SOUTH, b"s"))
        self.assertFalse(await self.sessions.is_new_token(SOUTH, b"s"))
        self.assertTrue(await self.sessions.is_new_token("east.example", b"s"))

    async def test_tries_are_counted_by_the_minute_for_domain_and_source(self):
        now = self.clock.seconds()
        for count in (1, 2):
            self.assertEqual(await self.sessions.count_try(SOUTH, now=now), count)
            self.assertEqual(await self.sessions.count_source("10.0.0.1", now=now), count)
        self.assertEqual(await self.sessions.count_try("e.example", now=now), 1)
        self.assertEqual(await self.sessions.count_source("10.0.0.2", now=now), 1)
        self.assertEqual(await self.sessions.count_try(SOUTH, now=now + 60), 1)
        self.assertEqual(await self.sessions.count_source("10.0.0.1", now=now + 60), 1)
