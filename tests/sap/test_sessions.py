from imps.model.address import Address
from imps.model.capability import Bearer, Capabilities, ClientType, ContentLimit, ContentPolicy
from imps.model.status import Refusal, StatusCode
from imps.sap.sessions import SessionLimits, Sessions
from imps.store.sessions import Sessions as StoredSessions
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:Ann@localhost")

LIMITS = SessionLimits(
    time_to_live_seconds=3600,
    min_time_to_live_seconds=60,
    max_time_to_live_seconds=86_400,
    grace_seconds=60,
    remember_seconds=600,
)


class SessionsTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        await self.add_accounts(ANN)
        stored = StoredSessions(self.store.client, self.store.buckets, 30, 50, 20)
        self.sessions = Sessions(stored, self.store.buckets, self.clock, LIMITS, self.parts.working)

    async def open(self, client="phone", seconds=None, door=None):
        return await self.sessions.open(ANN, client, seconds, door or {"version": 12})

    async def refused(self, session_id, **options):
        try:
            await self.sessions.check(session_id, **options)
        except Refusal as refusal:
            return refusal.code
        return None

    async def test_session_is_found_as_it_was_opened(self):
        session = await self.open(door={"version": 11, "cookie": "wv:nokia.1 é"})
        present = await self.sessions.check(session.id)
        self.assertEqual(present.session, session)
        self.assertEqual(str(present.session.user), "wv:Ann@localhost")

    async def test_ids_are_long_random_and_short_enough_for_clients(self):
        ids = [(await self.open()).id for _ in range(20)]
        self.assertEqual(len(set(ids)), 20)
        for session_id in ids:
            # 128 bits and the bucket; the longest that clients keep is 50.
            self.assertEqual(len(session_id), 2 + 32)

    async def test_time_to_live_is_within_bounds(self):
        for wanted, given in ((None, 3600), (0, 60), (7205, 7205), (10**9, 86_400)):
            self.assertEqual((await self.open(seconds=wanted)).time_to_live_seconds, given)

    async def test_session_expires_after_its_time_and_some_grace(self):
        session = await self.open(seconds=60)
        self.clock.advance(119)
        self.assertIsNone(await self.refused(session.id))
        self.clock.advance(120)
        self.assertIs(await self.refused(session.id), StatusCode.SESSION_EXPIRED)

    async def test_time_to_live_may_be_agreed_anew(self):
        session = await self.sessions.keep_alive(await self.open(seconds=60), 600)
        self.assertEqual(session.time_to_live_seconds, 600)
        self.clock.advance(659)
        self.assertEqual((await self.sessions.check(session.id)).session, session)

    async def test_what_was_agreed_is_remembered(self):
        capabilities = Capabilities(
            client_type=ClientType.PDA,
            any_content=True,
            content_types=(
                ContentLimit(
                    content_type="image/png",
                    max_octets=100,
                    policy=ContentPolicy.REJECT,
                    policy_octets=5,
                ),
            ),
            takes_base64=True,
            max_push_octets=0,
            offline_bearers=(Bearer.SMS,),
            server_poll_min_seconds=8,
        )
        session = await self.sessions.agree(await self.open(), capabilities=capabilities)
        session = await self.sessions.agree(session, services=frozenset({"NEWM", "GETSPI"}))
        found = (await self.sessions.check(session.id)).session
        self.assertEqual(found, session)
        self.assertEqual(found.capabilities, capabilities)
        self.assertEqual(found.services, {"NEWM", "GETSPI"})

    async def test_nothing_agreed_differs_from_not_having_agreed(self):
        session = await self.open()
        self.assertIsNone((await self.sessions.check(session.id)).session.services)
        await self.sessions.agree(session, services=frozenset())
        self.assertEqual((await self.sessions.check(session.id)).session.services, frozenset())

    async def test_session_that_was_closed_is_unknown_and_cannot_agree(self):
        session = await self.open()
        await self.sessions.close(session)
        self.assertIs(await self.refused(session.id), StatusCode.INVALID_SESSION)
        for change in (self.sessions.agree(session), self.sessions.keep_alive(session, 60)):
            with self.assertRaises(Refusal) as raised:
                await change
            self.assertIs(raised.exception.code, StatusCode.INVALID_SESSION)

    async def test_superseded_session_is_told_so_until_it_knows(self):
        old = await self.open()
        await self.open()
        self.assertIs(await self.refused(old.id), StatusCode.FORCED_LOGOUT)
        self.assertTrue(await self.sessions.say_goodbye(old.id))
        self.assertIs(await self.refused(old.id), StatusCode.FORCED_LOGOUT)
        self.assertFalse(await self.sessions.say_goodbye(old.id, is_known=True))
        self.assertIs(await self.refused(old.id), StatusCode.INVALID_SESSION)
        self.assertFalse(await self.sessions.say_goodbye(old.id))

    async def test_session_is_resumed_with_all_that_was_agreed(self):
        session = await self.sessions.agree(await self.open(), services=frozenset({"NEWM"}))
        resumed = await self.sessions.resume(session.id, ANN, "phone", 600, {"version": 13})
        self.assertEqual(
            (resumed.id, resumed.services, resumed.door, resumed.time_to_live_seconds),
            (session.id, {"NEWM"}, {"version": 13}, 600),
        )
        self.assertEqual((await self.sessions.check(session.id)).session, resumed)

    async def test_only_its_own_client_resumes_a_session(self):
        session = await self.open()
        for user, client in ((Address.parse("wv:bob@localhost"), "phone"), (ANN, "tablet")):
            with self.assertRaises(Refusal) as raised:
                await self.sessions.resume(session.id, user, client, None, {})
            self.assertIs(raised.exception.code, StatusCode.USER_AND_CLIENT_DO_NOT_MATCH)
        self.assertIsNone(await self.sessions.resume("nonsense", ANN, "phone", None, {}))

    async def test_same_request_is_the_same_operation(self):
        session = await self.open()
        asked = [("1", "digest")]
        first = (await self.sessions.check(session.id, asked)).operations[0]
        again = (await self.sessions.check(session.id, asked)).operations[0]
        self.assertEqual(first, again)
        self.assertEqual(len(first.id), 32)
        await self.sessions.finish(session, [("1", first.id)], (b"answer", b"poll!"))
        again = (await self.sessions.check(session.id, asked)).operations[0]
        self.assertEqual(again.answer, b"answer")
