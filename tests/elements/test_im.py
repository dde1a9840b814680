from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.contacts import Change, Contact
from imps.model.message import Content, Draft
from imps.model.status import Refusal, StatusCode
from imps.sap.sessions import SessionLimits, Sessions
from imps.store.deliveries import Acknowledgement
from imps.store.sessions import Sessions as StoredSessions
from imps.testing.store import EPOCH, StoreTestCase

ANN = Address.parse("wv:ann@localhost")
BOB = Address.parse("wv:Bob@localhost")
NUMBERED = Address.parse("wv:+358501234567@localhost")
NOBODY = Address.parse("wv:nobody@localhost")
STRANGER = Address.parse("wv:eve@elsewhere.example")

LIMITS = SessionLimits(
    time_to_live_seconds=1000,
    min_time_to_live_seconds=1000,
    max_time_to_live_seconds=1000,
    grace_seconds=0,
    remember_seconds=1000,
)


class InstantMessagingTestCase(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.im = self.parts.im
        stored = StoredSessions(self.store.client, self.store.buckets, 30, 50, 20)
        self.sessions = Sessions(stored, self.store.buckets, self.clock, LIMITS, self.parts.working)
        accounts = self.parts.directory
        await accounts.add(ANN, "secret")
        await accounts.add(BOB, "secret", NUMBERED.user)
        self.operations = 0

    async def send(self, *users, text="hello", caller=None, **fields):
        self.operations += 1
        draft = Draft(content=Content(octets=text.encode()), users=users, **fields)
        return await self.im.send(caller or Caller(ANN, "", f"op{self.operations}"), draft)

    async def session(self, user=BOB, client="phone"):
        return (await self.sessions.open(user, client, None, {})).id

    async def take(self, session_id):
        """All messages that a session gets, each acknowledged."""
        messages = []
        while (flight := (await self.parts.delivery.take(session_id)).in_flight) is not None:
            messages.append(flight.what)
            acknowledged = Acknowledgement.TRANSACTION
            await self.parts.delivery.take(
                session_id, acknowledged, flight.transaction_id, wanted=False
            )
        return messages


class SendTests(InstantMessagingTestCase):
    async def test_message_is_stamped_and_waits_for_its_recipient(self):
        sent = await self.send(BOB, validity_seconds=600)
        self.assertEqual(sent.outcome.code, StatusCode.OK)
        (message,) = await self.take(await self.session())
        self.assertEqual(
            (message.message_id, message.sender, message.sent_at, message.expires_at),
            (sent.message_id, ANN, EPOCH, EPOCH + 600),
        )

    async def test_validity_has_a_default_and_a_bound(self):
        await self.send(BOB)
        await self.send(BOB, validity_seconds=10**9)
        messages = await self.take(await self.session())
        lives = [message.expires_at - message.sent_at for message in messages]
        self.assertEqual(lives, [86_400, 604_800])

    async def test_user_is_reached_once_by_whatever_names(self):
        spellings = (BOB, Address.parse("bob"), Address.parse("wv:BOB@LOCALHOST"), NUMBERED)
        sent = await self.send(*spellings)
        self.assertEqual((sent.outcome.code, sent.outcome.details), (200, ()))
        self.assertEqual(len(await self.take(await self.session())), 1)

    async def test_every_operation_has_its_message_and_a_repetition_the_same(self):
        caller = Caller(ANN, "", "same")
        first = await self.send(BOB, caller=caller)
        self.assertEqual(await self.send(BOB, caller=caller), first)
        other = await self.send(BOB)
        self.assertNotEqual(other.message_id, first.message_id)
        self.assertEqual(len(await self.take(await self.session())), 2)

    async def test_what_fails_is_told_by_recipient(self):
        odd = Address.parse("wv:a b@localhost")
        sent = await self.send(BOB, NOBODY, STRANGER, odd)
        self.assertEqual(sent.outcome.code, StatusCode.PARTLY_DONE)
        self.assertIsNotNone(sent.message_id)
        failed = {detail.code: set(detail.users) for detail in sent.outcome.details}
        self.assertEqual(
            failed,
            {
                StatusCode.UNKNOWN_USER: {NOBODY, odd},
                StatusCode.DOMAIN_NOT_SUPPORTED: {STRANGER},
            },
        )
        self.assertEqual(len(await self.take(await self.session())), 1)

    async def test_single_failure_has_its_own_code_and_several_900(self):
        group = Address.parse("wv:ann/group@localhost")
        contacts = Address.parse("wv:bob/friends@localhost")
        for code, sent in (
            (531, await self.send(NOBODY)),
            (516, await self.send(STRANGER)),
            (800, await self.send(groups=(group,))),
            (700, await self.send(contact_lists=(contacts,))),
            (900, await self.send(NOBODY, STRANGER)),
        ):
            self.assertEqual((sent.outcome.code, sent.message_id), (code, None))

    async def test_message_itself_may_be_at_fault(self):
        limits = self.settings.messages
        for code, users, text in (
            (400, (), "hello"),
            (402, [Address(f"user{number}") for number in range(101)], "hello"),
            (402, (BOB,), "x" * (limits.max_content_octets + 1)),
        ):
            with self.assertRaises(Refusal) as raised:
                await self.send(*users, text=text)
            self.assertEqual(raised.exception.code, code)

    async def test_contact_list_may_be_longer_than_recipients_can_be_named(self):
        users = [Address(f"user{number}", None, "localhost") for number in range(101)]
        await self.add_accounts(*users)
        friends = ANN.resource_named("friends")
        added = Change(added=tuple(map(Contact, users)))
        contacts, caller = self.parts.contacts, Caller(ANN, "")
        await contacts.change(caller, friends, added, with_contacts=False)
        sent = await self.send(BOB, users[0], contact_lists=(friends,))
        self.assertEqual((sent.outcome.code, sent.outcome.served), (200, 102))
        for user in (BOB, users[0], users[-1]):
            self.assertEqual(len(await self.take(await self.session(user))), 1)

    async def test_full_queue_refuses_the_next(self):
        for _ in range(self.settings.messages.max_waiting):
            await self.send(BOB)
        self.assertEqual((await self.send(BOB)).outcome.code, StatusCode.MESSAGE_QUEUE_FULL)
        sent = await self.send(BOB, ANN)
        self.assertEqual(sent.outcome.code, StatusCode.PARTLY_DONE)
