"""The steps of a handshake that a partner does, in order and otherwise, over real sockets (SSP,
session establishment; security)."""

from __future__ import annotations

from base64 import b64encode
from hashlib import md5
from typing import Any

from twisted.internet.defer import Deferred

from imps.model.partner import Partner, TLSMode
from imps.model.status import Refusal
from imps.ssp.discovery import Target
from imps.ssp.messages.envelope import Mode, SetupTransaction
from imps.ssp.messages.setup import KeepAliveRequest, LoginRequest
from imps.testing.federation import serve
from imps.testing.process import until
from tests.ssp.doors import ID, OTHER, DoorTestCase, Listener, token


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
