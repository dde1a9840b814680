"""What strangers and partners may post, over real sockets: the rest gets its HTTP status, and does
no harm (SSP, security; HTTP status codes)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from imps.model.address import Address
from imps.model.partner import Partner, Profile, TLSMode
from imps.ssp.messages.blocks import MetaInfo, Status
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.envelope import Mode
from imps.ssp.messages.presence import (
    GetPresenceRequest,
    GetPresenceResponse,
    SubscribeRequest,
)
from imps.ssp.messages.setup import KeepAliveRequest, LogoutRequest
from imps.ssp.served import Asked
from imps.ssp.sessions import MOST_SESSIONS
from imps.testing.process import reactor, until
from tests.ssp.doors import ID, OTHER, TYPE, DoorTestCase, token


class TransportTests(DoorTestCase):
    async def test_a_request_is_acknowledged_and_answered_by_a_post(self) -> None:
        self.assertEqual(await self.status(self.said(self.message())), 200)
        (answer,) = await self.answers()
        self.assertEqual((answer.mode, answer.transaction_id), (Mode.RESPONSE, "t1"))
        (content,) = self.listener.posts
        self.assertEqual(content.session_id, "south-id@south.example")
        headers = self.listener.headers[0]
        self.assertEqual(headers["content-type"], "application/vnd.wv.ssp+xml")
        self.assertEqual(headers["x-wv-transactionid"], "t1")
        self.assertIn("content-length", headers)
        self.assertNotIn("transfer-encoding", headers)

    async def test_another_method_is_not_allowed(self) -> None:
        answer = await self.line.say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual((answer.status, answer.headers["allow"]), (405, "POST"))

    async def test_another_content_type_is_not_read(self) -> None:
        for kind in ("application/vnd.wv.csp+xml", "text/xml", ""):
            body = self.said(self.message())
            self.assertEqual(await self.status(body, {"Content-Type": kind}), 415)
        upper = {"Content-Type": "APPLICATION/VND.WV.SSP+XML"}
        self.assertEqual(await self.status(self.said(self.message()), upper), 200)

    async def test_what_is_no_message_is_not_accepted(self) -> None:
        for body in (
            "",
            "hello",
            "<WV-CSP-Message/>",
            "<WV-SSP-Message/>",
            "<WV-SSP-Message><Poll/></WV-SSP-Message>",
            '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><WV-SSP-Message>&x;'
            "</WV-SSP-Message>",
            self.said(self.message()).replace(b"<MessageInfo", b"<MessageInfo\0"),
            self.said(self.message()).replace(
                b"<MessageInfo", b'<MessageInfo validity="1"  validity="2"'
            ),
            laughs(),
            200_000 * "<a>",
            100_000 * "<a>" + 100_000 * "</a>",
            "<WV-SSP-Message " + " ".join(f'a{n}="1"' for n in range(50_000)) + "/>",
        ):
            self.assertEqual(await self.status(body), 400, body[:60])
        self.assertEqual(await self.code(self.message()), 200)

    async def test_the_path_makes_no_difference(self) -> None:
        body = self.said(self.message())
        head = (
            "POST /any/where?x HTTP/1.1\r\nHost: a\r\nContent-Type: application/vnd.wv.ssp+xml\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.assertEqual((await self.line.say(head.encode() + body)).status, 200)

    async def test_requests_and_answers_come_together(self) -> None:
        body = self.said(self.message("one"), KeepAliveRequest(), self.message("two"))
        self.assertEqual(await self.status(body), 200)
        answers = await self.answers(3)
        self.assertEqual([each.transaction_id for each in answers], ["t1", "t11", "t12"])
        self.assertEqual(len(self.listener.posts), 1)
        self.assertEqual(self.took, ["one", "two"])

    async def test_too_many_transactions_at_once_are_not_accepted(self) -> None:
        many = [self.message() for _ in range(21)]
        self.assertEqual(await self.status(self.said(*many)), 413)
        self.assertEqual(self.took, [])


class SmallTests(DoorTestCase):
    def limits(self) -> dict[str, Any]:
        return {"max_body_octets": 2000, "transactions_per_second": 2, "handshakes_per_domain": 2}

    async def test_a_body_over_the_bound_is_not_read(self) -> None:
        self.assertEqual(await self.status(2001 * b"x"), 413)

    async def test_a_partner_that_asks_too_much_is_told_to_wait(self) -> None:
        """It has a reserve of five seconds."""
        for n in range(10):
            self.assertEqual(await self.status(self.said(self.message(), id=f"t{n}")), 200)
        answer = await self.post(self.said(self.message(), id="more"))
        self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "5"))

    async def test_answers_to_what_we_asked_are_not_counted(self) -> None:
        for n in range(15):
            asked = Deferred.fromCoroutine(
                self.server.federation.partners.ask(OTHER, None, KeepAliveRequest(), 10)
            )
            await until(lambda n=n: len(self.listener.posts) > n)
            id = self.listener.posts[-1].transactions[0].transaction_id
            self.assertEqual(await self.status(self.answered(id)), 200)
            self.assertEqual(await asked, Status(code=200))

    def answered(self, id: str, session_id: str = ID) -> bytes:
        body = self.said(Status(code=200), id=id, session_id=session_id)
        return body.replace(b'mode="Request"', b'mode="Response"')

    async def test_answers_that_nobody_asked_for_are(self) -> None:
        async def is_turned_away() -> bool:
            return await self.status(self.answered("stray")) == 429

        await until(is_turned_away)
        # That is no reason to refuse what it asks.
        self.assertEqual(await self.code(self.message()), 200)

    async def test_the_flood_of_one_partner_is_no_bother_to_another(self) -> None:
        for n in range(12):
            await self.post(self.said(self.message(), id=f"t{n}"))
        await self.server.add(
            Partner(domain="west.example", urls=(self.listener.url,), tls=TLSMode.OFF)
        )
        west = self.session(peer_domain="west.example", peer_id="w@west.example")
        await self.stored.put(west)
        said = self.said(KeepAliveRequest(), session_id="w@west.example")
        self.assertEqual(await self.status(said), 200)

    async def test_handshakes_that_strangers_begin_in_its_name_do_not_keep_a_partner_out(
        self,
    ) -> None:
        await self.know(urls=("http://192.0.2.1/",))
        for n in range(5):
            self.assertEqual(await self.status(token(secret=f"x{n}")), 403)
        await self.know()
        self.assertEqual(await self.status(token()), 200)

    async def test_handshakes_are_limited(self) -> None:
        for n, status in enumerate((200, 200, 429)):
            self.assertEqual(await self.status(token(secret=f"s{n}")), status)


class UserLimitTests(DoorTestCase):
    """How much each user of a partner may ask (SSP, rate limits)."""

    def limits(self) -> dict[str, Any]:
        return {"messages_per_user": 2, "subscriptions_per_user": 1}

    async def answer(self, request: Message, id: str) -> Status:
        before = len(self.listener.posts)
        self.assertEqual(await self.status(self.said(request, id=id)), 200)
        await until(lambda: len(self.listener.posts) > before)
        answer = self.listener.posts[-1].transactions[0].message
        return answer if isinstance(answer, Status) else answer.status

    async def test_a_user_who_sends_too_much_is_told_when_to_try_again(self) -> None:
        for n in range(2):
            self.assertEqual(await self.code(self.message(f"m{n}"), id=f"t{n}"), 200)
        answer = await self.answer(self.message("more"), "more")
        self.assertEqual(answer.code, 503)
        self.assertTrue(answer.try_again_seconds and 0 < answer.try_again_seconds <= 30)
        self.assertEqual(self.took, ["m0", "m1"])
        # A repetition of what was served is no more of it.
        self.assertEqual(await self.code(self.message("m0"), id="t0"), 200)
        self.assertEqual(self.took, ["m0", "m1"])

    async def test_other_users_of_the_partner_do_not_notice(self) -> None:
        for n in range(5):
            await self.code(self.message(f"m{n}"), id=f"t{n}")
        other = self.message("other", user="abe@north.example")
        self.assertEqual(await self.code(other, id="other"), 200)
        self.assertEqual(self.took, ["m0", "m1", "other"])

    async def test_subscriptions_have_a_limit_of_their_own(self) -> None:
        subscribed: list[Address | None] = []

        async def subscribe(asked: Asked, request: SubscribeRequest) -> Message:
            subscribed.append(asked.user)
            return Status(code=200)

        self.server.federation.served.serve(SubscribeRequest, subscribe, needs_user=True)
        ann = Address.parse("wv:ann@north.example")
        request = SubscribeRequest(meta_info=MetaInfo.of_user(ann, OTHER))
        self.assertEqual((await self.answer(request, "s1")).code, 200)
        self.assertEqual((await self.answer(request, "s2")).code, 503)
        self.assertEqual(await self.code(self.message()), 200)
        self.assertEqual(subscribed, [ann])


class SessionTests(DoorTestCase):
    async def test_a_session_that_nobody_knows(self) -> None:
        body = self.said(self.message(), session_id="other@north.example")
        self.assertEqual(await self.status(body), 401)

    async def test_a_session_of_a_domain_that_is_no_partner(self) -> None:
        for id in ("a@west.example", "a", "a@", "@north.example@west.example"):
            body = self.said(self.message(), session_id=id)
            self.assertEqual(await self.status(body), 403)

    async def test_a_session_that_is_over(self) -> None:
        await self.stored.put(self.session(heard_at=reactor.seconds() - 3601))
        self.assertEqual(await self.status(self.said(self.message())), 401)
        self.assertEqual(await self.stored.all(OTHER), ())

    async def test_a_session_that_is_used_from_elsewhere(self) -> None:
        """Where nothing is secured, a partner is told by its addresses."""
        await self.know(urls=("http://192.0.2.1/",))
        self.server.federation.identities.forget(OTHER)
        self.assertEqual(await self.status(self.said(self.message())), 403)
        self.assertEqual(self.took, [])

    async def test_a_session_that_was_made_with_a_certificate_is_not_used_without(self) -> None:
        await self.stored.put(self.session(identity=(OTHER,)))
        self.assertEqual(await self.status(self.said(self.message())), 403)

    async def test_headers_say_nothing(self) -> None:
        headers = {**TYPE, "x-wv-sessionid": ID, "x-wv-transactionid": "t9"}
        body = self.said(self.message(), session_id="other@north.example")
        self.assertEqual(await self.status(body, headers), 401)

    async def test_there_are_not_more_sessions_than_anybody_needs(self) -> None:
        now = reactor.seconds()
        for n in range(2 * MOST_SESSIONS):
            await self.stored.put(
                self.session(peer_id=f"{n}@north.example", established_at=now - n)
            )
        partner = self.server.federation.known.get(OTHER)
        assert partner is not None
        await self.server.federation.sessions.forget_old(partner)
        left = [each.peer_id for each in await self.stored.all(OTHER)]
        self.assertEqual(len(left), MOST_SESSIONS)
        self.assertIn("0@north.example", left)

    async def test_logging_out_ends_it(self) -> None:
        self.assertEqual(await self.code(LogoutRequest()), 200)

        async def is_over() -> bool:
            return not await self.stored.all(OTHER)

        await until(is_over)
        self.assertEqual(await self.status(self.said(self.message(), id="t2")), 401)


class TransactionTests(DoorTestCase):
    async def test_a_repeated_request_is_answered_and_not_done(self) -> None:
        for _ in range(3):
            self.assertEqual(await self.status(self.said(self.message())), 200)
        first, *others = await self.answers(3)
        self.assertEqual(self.took, ["m"])
        self.assertEqual(others, [first, first])

    async def test_what_changes_nothing_is_not_remembered(self) -> None:
        """However much is asked, it does not fill the store."""

        async def get(asked: Asked, request: GetPresenceRequest) -> Message:
            return GetPresenceResponse(status=Status(code=200))

        self.server.federation.served.serve(GetPresenceRequest, get, needs_user=True)
        ann = Address.parse("wv:ann@north.example")
        asking = GetPresenceRequest(meta_info=MetaInfo.of_user(ann, OTHER))
        bodies = [
            self.said(KeepAliveRequest(), asking),
            self.said(KeepAliveRequest(), id="w").replace(b"KeepAliveRequest", b"WaveRequest"),
        ]
        for body in 2 * bodies:
            self.assertEqual(await self.status(body), 200)
        answers = await self.answers(6)
        self.assertEqual({each.transaction_id for each in answers}, {"t1", "t11", "w"})
        keys = self.server.store.client.execute("KEYS", "*partner-received*")
        self.assertEqual(await keys, [])

    async def test_a_user_of_somebody_else_is_no_sender(self) -> None:
        self.assertEqual(await self.code(self.message(user="bo@south.example")), 901)
        self.assertEqual(await self.code(self.message(user="eve@west.example"), id="t2"), 901)
        self.assertEqual(self.took, [])

    async def test_a_partner_may_speak_for_those_it_relays_for(self) -> None:
        await self.know(relay_for=("west.example",))
        self.assertEqual(await self.code(self.message(user="eve@west.example")), 200)

    async def test_what_is_unknown_or_not_served_does_not_harm_the_session(self) -> None:
        body = self.said(KeepAliveRequest())
        for name, code in ((b"WaveRequest", 405), (b"GetWatcherListRequest", 501)):
            self.assertEqual(
                await self.status(body.replace(b"KeepAliveRequest", name).replace(b"t1", name)), 200
            )
            answers = await self.answers(len(self.listener.posts) or 1)
            await until(lambda name=name: self._coded(name))
            self.assertEqual(self._coded(name), code)
            self.assertTrue(answers)
        self.assertEqual(await self.code(self.message(), id="t2"), 200)

    def _coded(self, id: bytes) -> int | None:
        for content in self.listener.posts:
            for each in content.transactions:
                if each.transaction_id == id.decode():
                    return each.message.code  # type: ignore[no-any-return]
        return None

    async def test_nobody_answers_in_the_place_of_another(self) -> None:
        await self.server.add(
            Partner(domain="west.example", urls=(self.listener.url,), tls=TLSMode.OFF)
        )
        west = self.session(peer_domain="west.example", peer_id="w@west.example")
        await self.stored.put(west)
        asked = Deferred.fromCoroutine(
            self.server.federation.partners.ask(OTHER, None, KeepAliveRequest(), 10)
        )
        await until(lambda: self.listener.posts)
        id = self.listener.posts[-1].transactions[0].transaction_id
        for session_id, code in (("w@west.example", 532), (ID, 200)):
            body = self.said(Status(code=code), id=id, session_id=session_id)
            body = body.replace(b'mode="Request"', b'mode="Response"')
            self.assertEqual(await self.status(body), 200)
            await self.server.federation.door.finish()
        self.assertEqual(await asked, Status(code=200))

    async def test_an_answer_that_nobody_waits_for_is_dropped(self) -> None:
        body = self.said(Status(code=200)).replace(b'mode="Request"', b'mode="Response"')
        self.assertEqual(await self.status(body), 200)
        self.assertEqual(await self.code(self.message(), id="t2"), 200)


def laughs() -> str:
    """A small document that would be large."""
    entities = "".join(f'<!ENTITY l{n} "{10 * f"&l{n - 1};" if n else "ha"}">' for n in range(10))
    return f"<!DOCTYPE a [{entities}]><WV-SSP-Message>&l9;</WV-SSP-Message>"


class BarazaTests(DoorTestCase):
    """What is done otherwise for the open server."""

    profile = Profile.BARAZA

    async def test_what_it_writes_that_is_no_xml_is_mended(self) -> None:
        body = self.said(self.message("a &amp; b")).replace(b"&amp;amp;", b"&")
        self.assertIn(b"a & b", body)
        self.assertEqual(await self.status(body), 200)
        await until(lambda: self.took)
        self.assertEqual(self.took, ["a & b"])

    async def test_what_cannot_be_mended_is_not_asked_for_again(self) -> None:
        body = self.said(self.message()).replace(b"</SendMessageRequest>", b"")
        self.assertEqual(await self.status(body), 200)
        self.assertEqual(self.took, [])

    async def test_a_session_that_it_goes_on_with_is_taken_up(self) -> None:
        self.assertEqual(
            await self.status(self.said(self.message(), session_id="7@north.example")), 200
        )
        await self.answers()
        (content,) = self.listener.posts
        self.assertEqual(content.session_id, "south-id@south.example")

    async def test_its_sessions_live_for_ever(self) -> None:
        await self.stored.put(self.session(heard_at=reactor.seconds() - 10**8))
        self.assertEqual(await self.status(self.said(self.message())), 200)

    async def test_its_answers_are_posted_one_by_one(self) -> None:
        await self.status(self.said(self.message("one"), self.message("two")))
        await self.answers(2)
        self.assertEqual(len(self.listener.posts), 2)
