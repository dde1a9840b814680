"""Sessions with the other open server, as far as its double goes, in both roles."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import TestCase

from imps.model.address import Address
from imps.model.partner import Partner, Profile, TLSMode
from imps.model.status import Refusal
from imps.ssp.messages.blocks import (
    ContentData,
    MessageInfo,
    MetaInfo,
    Recipient,
    Sender,
    Status,
    User,
)
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.im import SendMessageRequest, SendMessageResponse
from imps.ssp.messages.presence import (
    GetPresenceRequest,
    GetPresenceResponse,
    PresenceNotification,
)
from imps.ssp.messages.setup import KeepAliveRequest
from imps.ssp.served import Asked
from imps.store.partner_sessions import PartnerSessions
from imps.testing.baraza import Baraza
from imps.testing.federation import Server, serve
from imps.testing.process import reactor, until

STORE_SECONDS = 0.3
"""How long the double takes to know where we are: a message that overtakes that is lost."""

ANN, BO = Address.parse("wv:ann@north.example"), Address.parse("wv:bo@baraza.example")


class BarazaTests(TestCase):
    north: Server
    baraza: Baraza

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        self.north = await serve(self, "north.example")
        self.baraza = Baraza("baraza.example", reactor, store_seconds=STORE_SECONDS)
        await self.baraza.start()
        self.addCleanup(self.baraza.stop)
        self.baraza.endpoints["north.example"] = [self.north.url]
        self.bo = self.baraza.user("bo")
        await self.know(Profile.BARAZA)
        self.got: list[str] = []
        self.told: list[tuple[str, Message]] = []
        served = self.north.federation.served
        served.serve(SendMessageRequest, self.take, needs_user=True)
        served.answered(SendMessageRequest, self.learn)

    async def know(self, profile: Profile) -> None:
        partner = Partner(
            domain="baraza.example", urls=(self.baraza.url,), tls=TLSMode.OFF, profile=profile
        )
        await self.north.add(partner)

    async def take(self, asked: Asked, request: SendMessageRequest) -> Message:
        content = request.content_data
        self.got.append(content.octets.decode() if content else "")
        return SendMessageResponse(
            message_id=request.message_info.message_id, status=Status(code=200)
        )

    async def learn(self, domain: str, request: SendMessageRequest, answer: Message) -> None:
        self.told.append((request.message_info.message_id or "", answer))

    async def post(self, text: str, to: Address = BO) -> None:
        request = SendMessageRequest(
            delivery_report=False,
            meta_info=MetaInfo.of_user(ANN, "north.example"),
            message_info=MessageInfo(
                message_id=text,
                content_type="text/plain",
                content_size=len(text),
                validity=3600,
                recipients=(Recipient(user=User(user_id=to)),),
                sender=Sender(user=User(user_id=ANN)),
            ),
            content_data=ContentData(content_type="text/plain", octets=text.encode()),
        )
        partners, expires_at = self.north.federation.partners, reactor.seconds() + 3600
        await partners.post("baraza.example", ANN, request, expires_at, text)

    def assert_nothing_went_wrong(self) -> None:
        self.assertEqual(self.baraza.accidents, [])
        self.assertEqual(self.baraza.sessions.lost, [])

    async def test_we_set_a_session_up_and_its_users_get_messages(self) -> None:
        for text in ("one", "two", "three"):
            await self.post(text)
        await until(lambda: len(self.told) == 3)
        self.assertEqual([each.content for each in self.bo.messages], [b"one", b"two", b"three"])
        self.assertEqual([each[0] for each in self.told], ["one", "two", "three"])
        self.assertEqual({each[1].status.code for each in self.told}, {200})  # type: ignore[attr-defined]
        self.assert_nothing_went_wrong()

    async def test_it_sets_a_session_up_and_our_users_get_messages(self) -> None:
        self.baraza.send_message(self.bo, "ann@north.example", content=b"one")
        await until(lambda: self.got)
        self.baraza.send_message(self.bo, "ann@north.example", content=b"two")
        await until(lambda: len(self.got) == 2)
        self.assertEqual(self.got, ["one", "two"])
        (row,) = self.baraza.sessions.rows.values()
        self.assertTrue(row.is_initiator)
        self.assert_nothing_went_wrong()

    async def test_one_session_does_for_both(self) -> None:
        self.baraza.send_message(self.bo, "ann@north.example", content=b"one")
        await until(lambda: self.got)
        await self.post("two")
        await until(lambda: self.told)
        self.assertEqual(len(self.baraza.sessions.rows), 1)
        self.assert_nothing_went_wrong()

    async def test_presence_without_a_status_is_an_answer(self) -> None:
        self.bo.presence["Alias"] = "<Qualifier>T</Qualifier><PresenceValue>Bo</PresenceValue>"
        answer = await self.north.federation.partners.ask(
            "baraza.example", ANN, GetPresenceRequest(user_ids=(BO,)), 15
        )
        assert isinstance(answer, GetPresenceResponse)
        self.assertIsNone(answer.status)
        self.assertEqual([each.user_id for each in answer.presence_values], [BO])

    async def test_what_it_answers_nothing_to_is_said_once(self) -> None:
        notification = PresenceNotification(users=(User(user_id=BO),))
        partners = self.north.federation.partners
        expires_at = reactor.seconds() + 3600
        await partners.post("baraza.example", ANN, notification, expires_at, "notice")
        await self.post("after it")
        await until(lambda: self.told)
        bodies = [body for body in self.baraza.heard if b"PresenceNotification" in body]
        self.assertEqual(len(bodies), 1)

    async def test_a_session_that_we_forgot_is_taken_up(self) -> None:
        """It makes no other: were it refused, it would post to the old one for ever."""
        await self.post("one")
        await until(lambda: self.told)
        stored = PartnerSessions(self.north.store.client, self.north.store.buckets)
        (session,) = await stored.all("baraza.example")
        await stored.remove(session)
        await stored.put(evolve(session, peer_id="99@baraza.example"))
        self.baraza.send_message(self.bo, "ann@north.example", content=b"two")
        await until(lambda: self.got)
        self.assert_nothing_went_wrong()

    async def test_a_session_goes_on_when_we_start_again(self) -> None:
        await self.post("one")
        await until(lambda: self.told)
        port = self.north.number
        await self.north.stop()
        self.north = await serve(self, "north.example", fresh=False, port=port)
        self.north.federation.served.serve(SendMessageRequest, self.take, needs_user=True)
        self.baraza.send_message(self.bo, "ann@north.example", content=b"two")
        await until(lambda: self.got)
        self.assertEqual(len(self.baraza.sessions.rows), 1)

    async def test_what_breaks_off_is_over_for_it_as_well(self) -> None:
        """It does not find us, and closes the connection; nothing stays half-way."""
        self.baraza.endpoints.clear()
        with self.assertRaises(Refusal):
            await self.north.federation.partners.ask("baraza.example", None, KeepAliveRequest(), 5)
        self.assertEqual(self.baraza.sessions.rows, {})

    async def test_who_is_held_to_the_letter_does_not_wait_for_it(self) -> None:
        """The traps are real: without the pause, our third step is lost."""
        await self.know(Profile.STRICT)
        with self.assertRaises(Refusal):
            await self.north.federation.partners.ask("baraza.example", None, KeepAliveRequest(), 2)
        self.assertNotEqual(self.baraza.sessions.lost, [])
