"""What strangers and partners may post, over real sockets: the rest gets its HTTP status, and does
no harm (SSP, security; HTTP status codes)."""

from __future__ import annotations

from base64 import b64encode
from hashlib import md5
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.trial.unittest import TestCase

from imps.http.door import HTTPDoor, HTTPLimits
from imps.http.message import HTTPRequest, HTTPResponse
from imps.model.address import Address
from imps.model.partner import Partner, Profile, TLSMode
from imps.model.status import Refusal
from imps.model.version import V13
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.discovery import Target
from imps.ssp.messages.blocks import MessageInfo, MetaInfo, Status
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.envelope import InSession, Mode, SetupTransaction, Transaction
from imps.ssp.messages.im import SendMessageRequest, SendMessageResponse
from imps.ssp.messages.presence import (
    GetPresenceRequest,
    GetPresenceResponse,
    SubscribeRequest,
)
from imps.ssp.messages.setup import KeepAliveRequest, LoginRequest, LogoutRequest
from imps.ssp.served import Asked
from imps.ssp.sessions import MOST_SESSIONS
from imps.store.partner_sessions import PartnerSession, PartnerSessions
from imps.testing.federation import Server, serve, until
from imps.testing.http import Answer, Line
from imps.testing.process import reactor

TYPE = {"Content-Type": "application/vnd.wv.ssp+xml; charset=UTF-8"}
CODEC = XMLCodec()
OTHER = "north.example"
ID = "north-id@north.example"


class Listener:
    """Where a partner gets its posts: what they say, and the status they are answered."""

    def __init__(self, status: int = 200) -> None:
        self.status, self.location = status, ""
        self.posts: list[Any] = []
        self.headers: list[dict[str, str]] = []

    async def listen(self, test: TestCase) -> Listener:
        async def answer(request: HTTPRequest) -> HTTPResponse:
            self.headers.append(dict(request.headers))
            self.posts.append(CODEC.decode(request.body).content)
            headers = {"location": self.location} if self.location else {}
            return HTTPResponse(status=self.status, headers=headers)

        limits = HTTPLimits(
            max_body_octets=1_000_000,
            max_header_octets=10_000,
            connections_per_source=100,
            requests_per_source=10_000,
            body_timeout_seconds=10,
            idle_timeout_seconds=60,
            body_memory_octets=10_000_000,
        )
        door = HTTPDoor(answer, limits, reactor)
        port: Any = await serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(door)
        self.url = f"http://127.0.0.1:{port.getHost().port}/"
        test.addCleanup(port.stopListening)
        test.addCleanup(lambda: Deferred.fromCoroutine(door.finish()))
        return self


class DoorTestCase(TestCase):
    """A server, and the test as its partner north.example, with a session."""

    profile = Profile.OURS
    server: Server
    line: Line

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        self.server = await serve(self, "south.example", **self.limits())
        self.listener = await Listener().listen(self)
        await self.know()
        self.stored = PartnerSessions(self.server.store.client, self.server.store.buckets)
        await self.stored.put(self.session())
        self.line = await Line.to(self.server.url)
        self.addCleanup(self.line.close)
        self.took: list[str] = []
        self.server.federation.served.serve(SendMessageRequest, self.take, needs_user=True)

    def limits(self) -> dict[str, Any]:
        return {}

    async def know(self, **details: Any) -> None:
        said = {"urls": (self.listener.url,), "tls": TLSMode.OFF, "profile": self.profile}
        await self.server.add(Partner(domain=OTHER, **{**said, **details}))

    def session(self, **details: Any) -> PartnerSession:
        now = reactor.seconds()
        said: dict[str, Any] = {
            "own_id": "south-id@south.example",
            "peer_id": ID,
            "own_domain": "south.example",
            "peer_domain": OTHER,
            "url": self.listener.url,
            "identity": (),
            "version": V13,
            "time_to_live": 3600,
            "established_at": now,
            "heard_at": now,
            "is_initiator": False,
        }
        return PartnerSession(**{**said, **details})

    async def take(self, asked: Asked, request: SendMessageRequest) -> Message:
        self.took.append(request.message_info.message_id or "")
        return SendMessageResponse(status=Status(code=200))

    async def post(self, body: bytes | str, headers: dict[str, str] | None = None) -> Answer:
        octets = body.encode() if isinstance(body, str) else body
        if not self.line.is_open:
            self.line = await Line.to(self.server.url)
            self.addCleanup(self.line.close)
        return await self.line.post(octets, TYPE if headers is None else headers)

    async def status(self, body: bytes | str, headers: dict[str, str] | None = None) -> int:
        answer = await self.post(body, headers)
        self.assertEqual(answer.body, b"")
        return answer.status

    def said(self, *messages: Message, id: str = "t1", session_id: str = ID) -> bytes:
        transactions = tuple(
            Transaction(mode=Mode.REQUEST, transaction_id=f"{id}{n or ''}", message=each)
            for n, each in enumerate(messages)
        )
        return CODEC.encode(InSession(session_id=session_id, transactions=transactions))

    def message(self, text: str = "m", user: str = "ann@north.example") -> SendMessageRequest:
        return SendMessageRequest(
            meta_info=MetaInfo.of_user(Address.parse(user), OTHER),
            message_info=MessageInfo(message_id=text),
        )

    async def answers(self, count: int = 1) -> list[Transaction]:
        """What was posted back."""

        def there() -> list[Transaction]:
            return [
                each
                for content in self.listener.posts
                if isinstance(content, InSession)
                for each in content.transactions
            ]

        await until(lambda: len(there()) >= count)
        return there()

    async def code(self, *messages: Message, id: str = "t1") -> int | None:
        """What a partner is told in a Status."""
        before = len(self.listener.posts)
        self.assertEqual(await self.status(self.said(*messages, id=id)), 200)
        await until(lambda: len(self.listener.posts) > before)
        answer = self.listener.posts[-1].transactions[0].message
        return answer.code if isinstance(answer, Status) else answer.status.code


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


def token(
    domain: str = "wv:@north.example", secret: str = "0123456789abcdef", mode: str = "Request"
) -> str:
    return (
        f'<WV-SSP-Message><SetupTransaction mode="{mode}" transactionID="T{secret}">'
        f'<SendSecretToken serviceID="{domain}" protocol="WV-SSP" protocolVersion="1.3">'
        f"<SecretToken>{secret}</SecretToken></SendSecretToken></SetupTransaction>"
        "</WV-SSP-Message>"
    )


def login(secret: bytes, id: str, domain: str = "wv:@north.example") -> str:
    """The third step, which shows that one has a secret."""
    digest = b64encode(md5(secret, usedforsecurity=False).digest()).decode()
    return (
        f'<WV-SSP-Message><SetupTransaction mode="Request" transactionID="{id}">'
        f'<LoginRequest serviceID="{domain}" timeToLive="3600"><PasswordDigest encoding="base64">'
        f"{digest}</PasswordDigest></LoginRequest></SetupTransaction></WV-SSP-Message>"
    )


def response(id: str, session_id: str = "new@north.example", more: str = "") -> str:
    """The fifth step, which names a session."""
    return (
        f'<WV-SSP-Message><SetupTransaction mode="Request" transactionID="{id}">'
        f'<LoginResponse sessionID="{session_id}" timeToLive="3600"><Status code="200"/>{more}'
        "</LoginResponse></SetupTransaction></WV-SSP-Message>"
    )


class HandshakeTests(DoorTestCase):
    FIRST = "T0123456789abcdef"

    async def begin(self, secret: str = "0123456789abcdef") -> bytes:
        """Begin a handshake; the secret that we are sent."""
        count = len(self.listener.posts)
        self.assertEqual(await self.status(token(secret=secret)), 200)
        message: Any = (await self.steps(count + 1))[-1].message
        octets: bytes = message.secret_token.octets
        return octets

    async def sessions(self) -> set[str]:
        return {each.peer_id for each in await self.stored.all(OTHER)} - {ID}

    async def assert_none_comes_of_it(self, *bodies: str) -> None:
        """Neither these steps nor the next one lead to a session."""
        for body in bodies:
            await self.status(body)
        await self.status(response(self.FIRST))
        self.assertEqual(await self.sessions(), set())

    async def test_step_by_step_there_is_a_session(self) -> None:
        secret = await self.begin()
        self.assertEqual(await self.status(login(secret, self.FIRST)), 200)
        await self.steps(2)
        self.assertEqual(await self.status(response(self.FIRST)), 200)
        await self.steps(3)
        self.assertEqual(await self.sessions(), {"new@north.example"})

    async def test_steps_count_once(self) -> None:
        secret = await self.begin()
        self.assertEqual(await self.status(login(secret, self.FIRST)), 200)
        await self.steps(2)
        self.assertEqual(await self.status(response(self.FIRST)), 200)
        await self.steps(3)
        self.assertEqual(await self.status(token()), 403)
        self.assertEqual(await self.status(login(secret, self.FIRST)), 403)
        await self.status(response(self.FIRST, "other@north.example"))
        self.assertEqual(await self.sessions(), {"new@north.example"})

    async def test_a_login_that_is_repeated_ends_it(self) -> None:
        secret = await self.begin()
        self.assertEqual(await self.status(login(secret, self.FIRST)), 200)
        await self.steps(2)
        await self.assert_none_comes_of_it(login(secret, self.FIRST))

    async def test_a_session_is_named_by_who_was_known_before_only(self) -> None:
        secret = await self.begin()
        await self.assert_none_comes_of_it(
            response(self.FIRST), login(secret, self.FIRST), response(self.FIRST)
        )

    async def test_another_transaction_is_another_handshake(self) -> None:
        secret = await self.begin()
        self.assertEqual(await self.status(login(secret, "T-other")), 403)
        await self.assert_none_comes_of_it()

    async def test_the_transaction_of_another_domain_is_of_no_use(self) -> None:
        """West is a partner as well, and knows what nobody should: it is not north for that."""
        await self.server.add(
            Partner(domain="west.example", urls=(self.listener.url,), tls=TLSMode.OFF)
        )
        secret = await self.begin()
        body = login(secret, self.FIRST, "wv:@west.example")
        self.assertEqual(await self.status(body), 403)
        await self.status(login(secret, self.FIRST))
        await self.steps(2)
        await self.status(response(self.FIRST, "new@west.example"))
        self.assertEqual(await self.stored.all("west.example"), ())
        self.assertEqual(await self.sessions(), set())

    async def test_other_servers_that_a_response_names_are_not_followed(self) -> None:
        elsewhere = await Listener().listen(self)
        secret = await self.begin()
        await self.status(login(secret, self.FIRST))
        await self.steps(2)
        more = f'<RedirectList><Redirect url="{elsewhere.url}"/></RedirectList>'
        self.assertEqual(await self.status(response(self.FIRST, more=more)), 200)
        await self.steps(3)
        self.assertEqual({each.url for each in await self.stored.all(OTHER)}, {self.listener.url})
        self.assertEqual(elsewhere.posts, [])

    async def test_a_redirection_by_http_is_not_followed(self) -> None:
        elsewhere = await Listener().listen(self)
        self.listener.status, self.listener.location = 307, elsewhere.url
        self.assertEqual(await self.status(token()), 200)
        await self.steps()
        with self.assertRaises(Refusal):
            await self.server.federation.partners.ask(OTHER, None, KeepAliveRequest(), 1)
        self.assertEqual(elsewhere.posts, [])

    async def assert_taken_as_second(self, own_id: str = "") -> None:
        await self.server.federation.sessions.end_all(OTHER)
        asked = Deferred.fromCoroutine(
            self.server.federation.partners.ask(OTHER, None, KeepAliveRequest(), 2)
        )
        (first,) = await self.steps()
        body = token(mode="Response").replace(self.FIRST, own_id or first.transaction_id)
        self.assertEqual(await self.status(body), 200)
        third = (await self.steps(2))[1]
        self.assertIsInstance(third.message, LoginRequest)
        self.assertEqual(third.transaction_id, first.transaction_id)
        await self.assertFailure(asked, Refusal)

    async def test_the_second_step_may_have_an_id_of_its_own(self) -> None:
        await self.assert_taken_as_second("R1")

    async def test_the_second_step_may_have_the_id_of_the_first(self) -> None:
        await self.assert_taken_as_second()

    async def test_no_more_than_three_are_under_way_for_a_domain(self) -> None:
        first = await self.begin()
        for n in range(3):
            last = await self.begin(f"secret-{n}")
        self.assertEqual(await self.status(login(first, self.FIRST)), 403)
        self.assertEqual(await self.status(login(last, "Tsecret-2")), 200)

    async def steps(self, count: int = 1) -> list[SetupTransaction]:
        await until(lambda: len(self.listener.posts) >= count)
        return [each for each in self.listener.posts if isinstance(each, SetupTransaction)]

    async def test_the_second_step_is_posted_to_where_the_domain_is(self) -> None:
        self.assertEqual(await self.status(token()), 200)
        (second,) = await self.steps()
        self.assertIs(second.mode, Mode.RESPONSE)
        self.assertNotEqual(second.transaction_id, "T0123456789abcdef")

    async def test_who_may_not_begin(self) -> None:
        for domain in (
            "wv:@west.example",
            "wv:@south.example",
            "wv:ann@north.example",
            "wv:/@north.example",
            "wv:@",
        ):
            self.assertEqual(await self.status(token(domain)), 403)
        await self.know(allow_in=False)
        self.assertEqual(await self.status(token(secret="other")), 403)
        self.assertEqual(self.listener.posts, [])

    async def test_a_secret_that_was_used_before(self) -> None:
        self.assertEqual(await self.status(token()), 200)
        self.assertEqual(await self.status(token()), 403)

    async def test_a_domain_that_cannot_be_found(self) -> None:
        await self.know(urls=())
        self.server.federation.identities.forget(OTHER)
        self.assertEqual(await self.status(token()), 403)

    async def test_steps_that_nobody_expects(self) -> None:
        digest = (
            '<WV-SSP-Message><SetupTransaction mode="{}" transactionID="T1">'
            '<LoginRequest serviceID="wv:@north.example"><PasswordDigest encoding="base64">'
            "AAAA</PasswordDigest></LoginRequest></SetupTransaction></WV-SSP-Message>"
        )
        for mode in ("Request", "Response"):
            self.assertEqual(await self.status(digest.format(mode)), 403)
        self.assertEqual(await self.status(token(mode="Response")), 403)

    async def test_a_wrong_digest_ends_a_handshake_and_the_next_one_works(self) -> None:
        await self.status(token())
        await self.steps()
        wrong = (
            '<WV-SSP-Message><SetupTransaction mode="Request" transactionID="T0123456789abcdef">'
            '<LoginRequest serviceID="wv:@north.example"><PasswordDigest encoding="base64">'
            "AAAA</PasswordDigest></LoginRequest></SetupTransaction></WV-SSP-Message>"
        )
        self.assertEqual(await self.status(wrong), 200)
        refused = (await self.steps(2))[1]
        message: Any = refused.message
        self.assertEqual((message.session_id, message.status.code), (None, 401))
        self.assertEqual(await self.status(wrong), 403)
        other = await serve(self, OTHER)
        await other.know(self.server)
        await self.know(urls=(other.url,))
        answer = await other.federation.partners.ask("south.example", None, KeepAliveRequest(), 10)
        self.assertTrue(answer)

    async def test_a_private_address_from_the_dns_is_not_connected_to(self) -> None:
        north = await serve(self, "east.example", private_networks=False)
        await north.add(Partner(domain="south.example", tls=TLSMode.OFF))
        north.targets["_imps-server._tcp.south.example"] = [
            Target(0, 0, host, self.server.number)
            for host in ("127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254")
        ]
        with self.assertRaises(Refusal) as caught:
            await north.federation.partners.ask("south.example", None, KeepAliveRequest(), 10)
        self.assertIn("is not a public address", str(caught.exception))


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
