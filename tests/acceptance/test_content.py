"""A picture on its way between clients of 1.3: pushed, or fetched by its URI from any process."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

from twisted.web.client import Agent, readBody

from imps.client import CSPClient
from imps.csp.primitives.access import ClientCapabilityRequest, ClientCapabilityResponse
from imps.csp.primitives.capability import CapabilityList
from imps.csp.primitives.common import Status
from imps.csp.primitives.identity import Recipient, Sender, User
from imps.csp.primitives.im import (
    MessageDelivered,
    MessageInfo,
    MessageNotification,
    NewMessage,
    SendMessageRequest,
    SendMessageResponse,
)
from imps.csp.primitives.values import TransferEncoding
from imps.model.address import Address
from imps.model.version import V13
from imps.testing.conformance import shows_feature
from imps.testing.process import reactor
from imps.testing.service import PASSWORD, ServiceTestCase

PICTURE = bytes(range(256)) * 1600
NAME = "Grüße vom Meer.jpg"


class OneProcessTests(ServiceTestCase):
    async def signed_on(self, user: str, encoding: str, **capabilities: Any) -> CSPClient:
        client = CSPClient(self.urls[0], Address.parse(user), Agent(reactor), V13, encoding)
        await client.login(PASSWORD)
        offered = CapabilityList(any_content=True, parser_size=1_000_000, **capabilities)
        request = ClientCapabilityRequest(capability_list=offered)
        await client.request(request, ClientCapabilityResponse)
        return client

    async def sent(self, sender: CSPClient, recipient: CSPClient) -> None:
        info = MessageInfo(
            recipient=Recipient(users=(User(user_id=recipient.user),)),
            sender=Sender(user=User(user_id=sender.user)),
            content_type="image/jpeg",
            content_encoding=TransferEncoding.BASE64,
            content_size=len(PICTURE),
            content_name=NAME,
        )
        data = b64encode(PICTURE).decode()
        request = SendMessageRequest(delivery_report=False, message_info=info, content_data=data)
        await sender.request(request, SendMessageResponse)

    async def got(self, uri: str, method: bytes = b"GET") -> tuple[int, dict[str, str], bytes]:
        response = await Agent(reactor).request(method, uri.encode())
        headers = {
            name.decode().lower(): values[0].decode()
            for name, values in response.headers.getAllRawHeaders()
        }
        return response.code, headers, await readBody(response)

    @shows_feature("what messages hold", "content of any type")
    @shows_feature("names of files", "carried")
    async def test_picture_arrives_as_it_was_under_its_name(self) -> None:
        ann, bob = await self.known("ann", "bob")
        sender = await self.signed_on(ann, "xml")
        receiver = await self.signed_on(bob, "wbxml")
        pushed: list[NewMessage] = []
        receiver.receive = pushed.append
        await self.sent(sender, receiver)
        await receiver.poll()
        (new,) = pushed
        self.assertEqual(new.content_data, PICTURE)
        self.assertEqual(new.message_info.content_name, NAME)

    async def test_picture_that_is_too_large_is_fetched_by_its_uri(self) -> None:
        ann, bob = await self.known("ann", "bob")
        sender = await self.signed_on(ann, "xml")
        limits = {"accepted_push_length": 10_000, "accepted_pull_length": 10_000}
        receiver = await self.signed_on(bob, "wbxml", **limits)
        notified: list[Any] = []
        receiver.notified = notified.append
        await self.sent(sender, receiver)
        await receiver.poll()
        (notification,) = notified
        assert isinstance(notification, MessageNotification)
        info = notification.message_info
        assert info.message_uri is not None and info.message_id is not None
        self.assertTrue(info.message_uri.startswith(f"{self.urls[0]}content/"), info.message_uri)
        path = urlsplit(info.message_uri).path
        for url in self.urls:
            uri = url.rstrip("/") + path
            code, headers, body = await self.got(uri)
            self.assertEqual((code, body), (200, PICTURE))
            self.assertEqual(headers["content-type"], "image/jpeg")
            self.assertIn("filename*=UTF-8''Gr%C3%BC%C3%9Fe%20vom", headers["content-disposition"])
            code, headers, body = await self.got(uri, b"HEAD")
            self.assertEqual((code, body), (200, b""))
            self.assertEqual(headers["content-length"], str(len(PICTURE)))
        await receiver.request(MessageDelivered(message_id=info.message_id), Status)
        for url in self.urls:
            code, _, body = await self.got(url.rstrip("/") + path)
            self.assertEqual((code, body), (404, b"not found\n"))


class TwoProcessTests(OneProcessTests):
    """The same with a URI of one process that is fetched from either."""

    processes = 2
