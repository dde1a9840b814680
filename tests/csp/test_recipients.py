"""For whom a message is: users, one of a user's clients, and what those want who are away."""

from __future__ import annotations

from typing import Any

from imps.csp.primitives.identity import ClientID, Recipient, Sender, User
from imps.csp.primitives.im import MessageInfo, NewMessage, SendMessageRequest
from imps.model.address import Address
from imps.model.capability import OfflineETEMHandling
from imps.model.version import V11, V12, V13
from imps.testing.conformance import shows_feature
from imps.testing.door import Speaker, delivered
from tests.csp.test_notification import DeliveryTestCase

BOB = Address.parse("wv:bob@localhost")
PHONE, TABLET, WATCH = (ClientID(url=each) for each in ("phone", "tablet", "watch"))


class RecipientTestCase(DeliveryTestCase):
    async def code(self, speaker: Speaker, *users: User) -> int:  # type: ignore[override]
        """With which code a message to users is answered."""
        request = SendMessageRequest(
            delivery_report=False,
            message_info=MessageInfo(
                recipient=Recipient(users=users),
                sender=Sender(user=User(user_id=speaker.user)),
                content_size=2,
            ),
            content_data="hi",
        )
        answer: Any = await speaker.ask(request)
        code: int = answer.result.code
        return code

    async def received(self, speaker: Speaker) -> int:
        """How many messages a client gets, which acknowledges them."""
        count = 0
        while (transaction := await speaker.poll()) is not None:
            assert isinstance(transaction.content, NewMessage)
            await speaker.say(delivered(transaction), transaction)
            count += 1
        return count

    async def clients(self, *names: str) -> list[Speaker]:
        speakers = [self.speaker("bob", name, V13) for name in names]
        for each in speakers:
            await each.sign_on()
            await self.received(each)
        return speakers


class OneClientTests(RecipientTestCase):
    async def test_message_is_for_the_client_that_is_named(self) -> None:
        phone, tablet = await self.clients("phone", "tablet")
        self.assertEqual(await self.code(self.ann, User(user_id=BOB, client_id=TABLET)), 200)
        self.assertEqual((await self.received(phone), await self.received(tablet)), (0, 1))

    async def test_client_that_is_not_signed_on_has_no_such_id(self) -> None:
        await self.clients("phone")
        for version, code in ((V11, 422), (V12, 422), (V13, 428)):
            ann = self.speaker("ann", "phone", version)
            await ann.sign_on()
            if version is not V11:
                self.assertEqual(await self.code(ann, User(user_id=BOB, client_id=WATCH)), code)
        ann = self.speaker("ann", "phone", V13)
        await ann.sign_on()
        self.assertEqual(await self.code(ann, User(user_id=BOB, application_id="game")), 450)

    async def test_clients_of_one_user_get_one_copy_each_and_all_if_the_user_is_named(self) -> None:
        everybody = await self.clients("phone", "tablet", "watch")
        both = [User(user_id=BOB, client_id=each) for each in (PHONE, WATCH, PHONE)]
        self.assertEqual(await self.code(self.ann, *both), 200)
        self.assertEqual([await self.received(each) for each in everybody], [1, 0, 1])
        self.assertEqual(await self.code(self.ann, *both, User(user_id=BOB)), 200)
        self.assertEqual([await self.received(each) for each in everybody], [1, 1, 1])

    @shows_feature("several applications and sessions of a user", "several applications")
    async def test_applications_of_one_client_have_sessions_and_messages_of_their_own(self) -> None:
        for encoding in ("xml", "wbxml"):
            chess, cards = (self.speaker("bob", "phone", V13, encoding) for _ in range(2))
            for speaker, name in ((chess, "chess"), (cards, "cards")):
                speaker.application_id = name
                await speaker.sign_on()
                await self.received(speaker)
            ann = self.speaker("ann", "phone", V13, encoding)
            await ann.sign_on()
            for user, expected in (
                (User(user_id=BOB, application_id="chess"), [1, 0]),
                (User(user_id=BOB, application_id="cards"), [0, 1]),
                (User(user_id=BOB, client_id=PHONE), [1, 1]),
                (User(user_id=BOB), [1, 1]),
            ):
                self.assertEqual(await self.code(ann, user), 200)
                self.assertEqual([await self.received(each) for each in (chess, cards)], expected)
            self.assertEqual(await self.code(ann, User(user_id=BOB, application_id="go")), 450)

    async def test_what_a_client_has_not_taken_waits_for_it_alone(self) -> None:
        phone, tablet = await self.clients("phone", "tablet")
        await self.code(self.ann, User(user_id=BOB, client_id=TABLET))
        session = (await self.parts.sessions.check(tablet.session_id or "")).session
        await self.parts.sessions.close(session)
        self.assertEqual(await self.received(phone), 0)
        await tablet.sign_on()
        self.assertEqual(await self.received(tablet), 1)


class AwayTests(RecipientTestCase):
    @shows_feature("messages kept for who is away", "pushed at the next login")
    async def test_what_is_kept_is_what_the_user_agreed_on_last(self) -> None:
        ann = self.speaker("ann", "phone", V13)
        await ann.sign_on()
        for handling, code in (
            (OfflineETEMHandling.REJECT, 533),
            (OfflineETEMHandling.SEND_STORE, 200),
            (OfflineETEMHandling.SEND_REJECT, 533),
            (None, 533),
            (OfflineETEMHandling.PRIORITY_STORE, 200),
        ):
            (bob,) = await self.clients("phone")
            await self.offer(bob, offline_etem_handling=handling)
            self.assertEqual(await self.code(ann, User(user_id=BOB)), 200)
            self.assertEqual(await self.received(bob), 1)
            session = (await self.parts.sessions.check(bob.session_id or "")).session
            await self.parts.sessions.close(session)
            self.assertEqual(await self.code(ann, User(user_id=BOB)), code, handling)
