"""Content that is too large for a client is fetched by its URI, over plain HTTP."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.content_page import _headers
from imps.csp.primitives.im import (
    GetMessageListRequest,
    GetMessageListResponse,
    MessageDelivered,
    MessageNotification,
    RejectMessageRequest,
)
from imps.csp.primitives.values import TransferEncoding
from imps.http.message import HTTPRequest, HTTPResponse
from imps.model.address import Address
from imps.model.message import Content
from imps.model.version import V13
from imps.testing.door import EVERY, OK, Speaker, message_to
from tests.csp.test_notification import NOTIFY, DeliveryTestCase

PICTURE = bytes(range(256)) * 600
NAME = "Grüße vom Meer.jpg"


class ContentPageTestCase(DeliveryTestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.ann = self.speaker("ann", "computer", V13)
        await self.ann.sign_on()

    async def send(self, *, octets: bytes = PICTURE, content_type: str = "image/jpeg") -> str:
        """Send a picture to Bob; its id."""
        request: Any = message_to(self.ann.user, "bob", text=b64encode(octets).decode())
        info: Any = evolve(
            request.message_info,
            content_type=content_type,
            content_encoding=TransferEncoding.BASE64,
            content_name=NAME,
        )
        answer: Any = await self.ann.ask(evolve(request, message_info=info))
        return str(answer.message_id)

    async def bob_of(self, version: Any = V13, encoding: str = "wbxml", **offered: Any) -> Speaker:
        bob = self.speaker("bob", "phone", version, encoding)
        await bob.sign_on()
        limits = {"accepted_push_length": 1000, "accepted_pull_length": 10_000}
        await self.offer(bob, **({**limits, **offered} if version is V13 else offered))
        return bob

    async def uris(self, bob: Speaker) -> list[str]:
        """The URIs in the notifications of messages."""
        found = []
        notification: Any = await bob.poll()
        while notification is not None:
            self.assertIsInstance(notification.content, MessageNotification)
            found.append(notification.content.message_info.message_uri)
            notification = await bob.say(OK, notification)
        return found

    async def uri(self, bob: Speaker) -> str:
        """The one URI in notifications."""
        (uri,) = await self.uris(bob)
        return uri

    async def get(self, uri: str, method: str = "GET") -> HTTPResponse:
        request = HTTPRequest(
            method=method, headers={}, body=b"", peer="10.0.0.1", target=urlsplit(uri).path
        )
        return await self.door._answer(request)


class FetchingTests(ContentPageTestCase):
    async def test_client_of_1_3_is_told_where_to_fetch_what_is_too_large(self) -> None:
        for version, encoding in EVERY:
            bob = await self.bob_of(version, encoding)
            message_id = await self.send()
            notification: Any = await bob.poll()
            self.assertIsInstance(notification.content, MessageNotification)
            uri = notification.content.message_info.message_uri
            listed: Any = await bob.ask(GetMessageListRequest())
            assert isinstance(listed, GetMessageListResponse)
            self.assertEqual(await self.code(bob, message_id), 432)
            if version is V13:
                assert listed.message_info_list is not None
                (info,) = listed.message_info_list.message_infos
                self.assertRegex(uri, r"^http://imps\.example:8080/content/[\w-]{24}$")
                answer = await self.get(uri)
                self.assertEqual((answer.status, answer.body), (200, PICTURE))
            else:
                (info,) = listed.message_infos
                self.assertIsNone(uri)
            self.assertEqual(info.message_uri, uri)
            await bob.say(OK, notification)
            self.assertEqual(await bob.ask(MessageDelivered(message_id=message_id)), OK)

    async def test_content_comes_as_a_file_of_its_name_and_type(self) -> None:
        bob = await self.bob_of()
        await self.send()
        uri = await self.uri(bob)
        for method in ("GET", "HEAD"):
            answer = await self.get(uri, method)
            self.assertEqual(
                dict(answer.headers),
                {
                    "content-type": "image/jpeg",
                    "content-disposition": 'attachment; filename="Gr__e vom Meer.jpg"; '
                    "filename*=UTF-8''Gr%C3%BC%C3%9Fe%20vom%20Meer.jpg",
                    "x-content-type-options": "nosniff",
                    "cache-control": "private, no-store",
                },
            )

    async def test_message_has_one_uri_that_ends_with_it(self) -> None:
        bob, other = await self.bob_of(), self.speaker("bob", "other", V13)
        await other.sign_on()
        await self.offer(other, accepted_push_length=1000)
        ids = [await self.send() for _ in range(3)]
        uris = await self.uris(bob)
        self.assertEqual(len(set(uris)), 3)
        self.assertEqual(await self.uris(other), uris)
        await bob.ask(MessageDelivered(message_id=ids[0]))
        self.assertEqual((await self.get(uris[0])).status, 200)
        await other.ask(MessageDelivered(message_id=ids[0]))
        await bob.ask(RejectMessageRequest(message_ids=(ids[1],)))
        for uri, status in zip(uris, (404, 404, 200), strict=True):
            self.assertEqual((await self.get(uri)).status, status)
        self.clock.advance(86_400)
        self.assertEqual((await self.get(uris[2])).status, 404)
        await self.parts.timers.do_all()
        self.assertEqual(await self.store.client.execute("KEYS", "*link:*"), [])

    async def test_fetching_by_uri_is_no_acknowledgement(self) -> None:
        bob = await self.bob_of()
        message_id = await self.send()
        await self.get(await self.uri(bob))
        self.assertEqual(await bob.ask(MessageDelivered(message_id=message_id)), OK)

    async def test_what_fits_has_no_uri(self) -> None:
        bob = await self.bob_of(initial_delivery_method=NOTIFY)
        await self.send(octets=b"small")
        self.assertEqual(await self.uris(bob), [None])
        self.assertEqual(await self.store.client.execute("KEYS", "*link:*"), [])

    async def test_what_there_is_not_is_404_and_nothing_more_is_told(self) -> None:
        bob = await self.bob_of()
        await self.send()
        uri = await self.uri(bob)
        other = f"{(int(uri[-24:-22]) + 1) % 64:02}"
        for wrong in (
            uri[:-1],
            uri + "x",
            uri[:-24] + other + uri[-22:],
            uri[:-24] + "99" + uri[-22:],
            uri[:-22] + "A" * 22,
            uri[:-24],
            uri[:-24] + "../" + uri[-24:],
        ):
            answer = await self.get(wrong)
            self.assertEqual((answer.status, answer.body), (404, b"not found\n"), wrong)

    async def test_content_is_only_got(self) -> None:
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            answer = await self.get("/content/00aaaaaaaaaaaaaaaaaaaaaa", method)
            self.assertEqual((answer.status, answer.headers["allow"]), (405, "GET, HEAD"))

    async def test_deleted_user_leaves_no_content(self) -> None:
        bob = await self.bob_of()
        await self.send()
        uri = await self.uri(bob)
        await self.directory.delete(Address.parse("wv:bob@localhost"))
        self.assertEqual((await self.get(uri)).status, 404)
        self.assertEqual(await self.store.client.execute("KEYS", "*link:*"), [])


class PublicURLTests(ContentPageTestCase):
    overrides = {"messages": {"content_url": "https://example.org/imps/"}}

    async def test_public_url_is_what_clients_are_told(self) -> None:
        bob = await self.bob_of()
        await self.send()
        self.assertRegex(await self.uri(bob), r"^https://example\.org/imps/content/[\w-]{24}$")


class OriginTests(SynchronousTestCase):
    def origin(self, host: str, is_secure: bool = False) -> str:
        return HTTPRequest(
            method="POST", headers={"host": host}, body=b"", peer="", is_secure=is_secure
        ).origin

    def test_origin_is_where_the_request_was_sent_to(self) -> None:
        self.assertEqual(self.origin("imps.example"), "http://imps.example")
        self.assertEqual(self.origin("imps.example:80", True), "https://imps.example:80")
        self.assertEqual(self.origin("[::1]:8080"), "http://[::1]:8080")

    def test_what_is_no_host_is_no_origin(self) -> None:
        for host in ("", "a b", "a/b", "user@host", "a:b", "[x]", "a\r\nb"):
            self.assertEqual(self.origin(host), "", host)


class HeaderTests(SynchronousTestCase):
    def headers(
        self, content_type: str = "a/b", name: str | None = None, octets: bytes = b""
    ) -> Any:
        return _headers(Content(octets=octets, type=content_type, name=name))

    def test_text_says_that_it_is_utf_8(self) -> None:
        for content_type, octets, said in (
            ("text/plain", "grün".encode(), "text/plain; charset=utf-8"),
            ("text/plain; format=flowed", b"", "text/plain; format=flowed; charset=utf-8"),
            ("text/plain; charset=klingon", b"x", "text/plain; charset=klingon"),
            ("text/x-vcard", b"\xff", "text/x-vcard"),
            ("image/svg+xml", b"", "image/svg+xml"),
            ('audio/amr; codecs="a b"', b"", 'audio/amr; codecs="a b"'),
        ):
            self.assertEqual(self.headers(content_type, octets=octets)["content-type"], said)

    def test_what_is_no_type_is_octets(self) -> None:
        for said in (
            "picture",
            "a/b\r\nSet-Cookie: c",
            "a/b;\r\nx=y",
            "a/b\n;x=y",
            'a/b; x="\r\n"',
            "a/b; x",
            "a/" + "b" * 300,
            "bild/grün",
        ):
            self.assertEqual(self.headers(said)["content-type"], "application/octet-stream")

    def test_name_leads_nowhere(self) -> None:
        for name, said in (
            (None, "attachment"),
            ("", "attachment"),
            ("..", "attachment"),
            ("a (1).jpg", 'attachment; filename="a (1).jpg"'),
            ("../../etc/passwd", 'attachment; filename="_.._etc_passwd"'),
        ):
            self.assertEqual(self.headers(name=name)["content-disposition"], said)

    @given(st.text(max_size=30), st.text(max_size=30) | st.just("../a\\b\"c\r\nd'%41"))
    def test_whatever_a_message_says_a_header_is_one_line_of_ascii(
        self, content_type: str, name: str
    ) -> None:
        for value in self.headers(content_type, name).values():
            self.assertTrue(value.isascii() and value.isprintable(), value)
