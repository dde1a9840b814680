from xml.etree.ElementTree import fromstring

from imps.http.message import HTTPRequest
from imps.model.address import Address
from imps.model.version import V11, V12, V13
from imps.testing.handset import NAMESPACES
from imps.testing.store import StoreTestCase

LOGIN = (
    "<Login-Request><UserID>ann</UserID><ClientID><URL>phone</URL></ClientID>"
    "<Password>secret</Password><SessionCookie>c</SessionCookie></Login-Request>"
)
XML = "application/vnd.wv.csp.xml"
SESSION = {version: NAMESPACES[version].format("CSP") for version in (V11, V12, V13)}


def message(*contents, session_id="", namespace=SESSION[V12], doctype=""):
    """A message of requests, with the ids 1, 2 and so on."""
    inside = "".join(
        "<Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode>"
        f"<TransactionID>{number}</TransactionID></TransactionDescriptor>"
        f"<TransactionContent>{content}</TransactionContent></Transaction>"
        for number, content in enumerate(contents, 1)
    )
    kind, named = "Outband", ""
    if session_id:
        kind, named = "Inband", f"<SessionID>{session_id}</SessionID>"
    xmlns = f' xmlns="{namespace}"' if namespace else ""
    return (
        f"{doctype}<WV-CSP-Message{xmlns}><Session><SessionDescriptor>"
        f"<SessionType>{kind}</SessionType>{named}</SessionDescriptor>{inside}</Session>"
        "</WV-CSP-Message>"
    ).encode()


class DoorTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.http = self.parts.csp
        await self.parts.directory.add(Address("ann"), "secret")

    async def post(self, body, content_type=XML, method="POST"):
        headers = {} if content_type is None else {"content-type": content_type}
        return await self.http._answer(
            HTTPRequest(method=method, headers=headers, body=body, peer="10.0.0.1")
        )

    async def answers(self, body):
        """The primitives of the answer by transaction id, and the namespace of its root."""
        response = await self.post(body)
        self.assertEqual(response.status, 200)
        root = fromstring(response.body)
        said = {
            each.findtext(".//{*}TransactionID"): each.find("{*}TransactionContent")[0]
            for each in root.iter()
            if each.tag.endswith("}Transaction")
        }
        return said, root.tag.partition("}")[0][1:]

    async def signed_on(self):
        said, _ = await self.answers(message(LOGIN))
        return said["1"].findtext("{*}SessionID")

    async def test_several_requests_are_answered_in_order_in_one_message(self):
        session_id = await self.signed_on()
        said, _ = await self.answers(
            message(
                "<KeepAlive-Request/>",
                "<Teleport-Request/>",
                "<GetSPInfo-Request/>",
                session_id=session_id,
            )
        )
        names = {each: primitive.tag.partition("}")[2] for each, primitive in said.items()}
        self.assertEqual(
            list(names.items()),
            [("1", "KeepAlive-Response"), ("2", "Status"), ("3", "GetSPInfo-Response")],
        )

    async def test_poll_in_the_same_octets_gets_what_there_is_by_then(self):
        session_id = await self.signed_on()
        poll = message("<Polling-Request/>", session_id=session_id)
        self.assertEqual((await self.post(poll)).body, b"")
        await self.parts.directory.add(Address("bob"), "secret")
        said, _ = await self.answers(message(LOGIN.replace("ann", "bob")))
        of_bob = said["1"].findtext("{*}SessionID")
        await self.answers(
            message(
                "<SendMessage-Request><DeliveryReport>F</DeliveryReport><MessageInfo><ContentSize>2"
                "</ContentSize><Recipient><User><UserID>ann</UserID></User></Recipient>"
                "</MessageInfo><ContentData>hi</ContentData></SendMessage-Request>",
                session_id=of_bob,
            )
        )
        self.assertIn(b"<NewMessage>", (await self.post(poll)).body)
        await self.answers(message("<Logout-Request/>", session_id=session_id))
        self.assertIn(b"<Code>604</Code>", (await self.post(poll)).body)

    async def test_version_is_told_by_namespace_then_document_type_then_session(self):
        old = '<!DOCTYPE WV-CSP-Message PUBLIC "-//OMA//DTD WV-CSP 1.1//EN" "x">'
        request = "<GetSPInfo-Request/>"
        for each in SESSION.values():
            _, namespace = await self.answers(message(request, namespace=each))
            self.assertEqual(namespace, each)
        _, namespace = await self.answers(message(request, namespace=SESSION[V13], doctype=old))
        self.assertEqual(namespace, SESSION[V13])
        _, namespace = await self.answers(message(request, namespace="", doctype=old))
        self.assertEqual(namespace, SESSION[V11])
        said, _ = await self.answers(message(LOGIN, namespace=SESSION[V13]))
        session_id = said["1"].findtext("{*}SessionID")
        _, namespace = await self.answers(message(request, session_id=session_id, namespace=""))
        self.assertEqual(namespace, SESSION[V13])
        _, namespace = await self.answers(message(request, namespace=""))
        self.assertEqual(namespace, SESSION[V12])

    async def test_answer_has_the_content_type_of_the_request(self):
        for content_type in (
            XML,
            "application/vnd.wv.csp+xml",
            "text/xml; charset=utf-8",
            "Application/XML",
        ):
            response = await self.post(message("<GetSPInfo-Request/>"), content_type)
            self.assertEqual(
                (response.status, response.headers["content-type"]), (200, content_type)
            )
        response = await self.post(message("<GetSPInfo-Request/>"), None)
        self.assertEqual((response.status, response.headers["content-type"]), (200, XML))

    async def test_what_is_no_request_has_an_http_status(self):
        for status, arguments in (
            (405, (b"", XML, "GET")),
            (415, (b"", "image/png")),
            (400, (b"", XML)),
            (400, (b"<m/>", XML)),
            (400, (message(), "application/vnd.wv.csp.wbxml")),
        ):
            self.assertEqual((await self.post(*arguments)).status, status, arguments)

    async def test_session_expires_and_is_remembered_for_a_while(self):
        session_id = await self.signed_on()
        limits = self.settings.session
        alive = limits.time_to_live_seconds + limits.grace_seconds

        async def code():
            said, _ = await self.answers(message("<KeepAlive-Request/>", session_id=session_id))
            return said["1"].findtext("{*}Result/{*}Code")

        self.clock.advance(alive - 1)
        self.assertEqual(await code(), "200")
        self.clock.advance(alive)
        self.assertEqual(await code(), "600")
        self.assertEqual(await code(), "600")

    async def test_any_time_to_live_is_taken_and_made_to_fit(self):
        session_id = await self.signed_on()
        limits = self.settings.session
        for wanted, given in (
            ("4294967296", limits.max_time_to_live_seconds),
            ("9" * 1000, limits.max_time_to_live_seconds),
            ("-1", limits.min_time_to_live_seconds),
        ):
            request = f"<KeepAlive-Request><TimeToLive>{wanted}</TimeToLive></KeepAlive-Request>"
            said, _ = await self.answers(message(request, session_id=session_id))
            self.assertEqual(said["1"].findtext("{*}Result/{*}Code"), "200")
            self.assertEqual(said["1"].findtext("{*}KeepAliveTime"), str(given))
        request = "<KeepAlive-Request><TimeToLive>soon</TimeToLive></KeepAlive-Request>"
        said, _ = await self.answers(message(request, session_id=session_id))
        self.assertEqual(said["1"].findtext("{*}Result/{*}Code"), "605")

    async def test_versions_in_common_are_told_in_a_transaction_too(self):
        request = (
            "<WV-CSP-VersionDiscovery-Request><VersionList><SessionNSName>"
            f"{SESSION[V12]}</SessionNSName></VersionList></WV-CSP-VersionDiscovery-Request>"
        )
        for version, session_id in ((V12, ""), (V13, ""), (V12, await self.signed_on())):
            said, _ = await self.answers(
                message(request, session_id=session_id, namespace=SESSION[version])
            )
            self.assertTrue(said["1"].tag.endswith("}WV-CSP-VersionDiscovery-Response"))
            names = [each.text for each in said["1"].iterfind(".//{*}SessionNSName")]
            self.assertEqual(names, [SESSION[V12]])
        said, _ = await self.answers(message(request, namespace=SESSION[V11]))
        self.assertEqual(said["1"].findtext("{*}Result/{*}Code"), "405")

    async def test_versions_in_common_are_told(self):
        for asked, told in (
            ("", {V11, V12, V13}),
            (SESSION[V12], {V12}),
            ("urn:unknown", {V11, V12, V13}),
        ):
            named = f"<SessionNSName>{asked}</SessionNSName>" if asked else ""
            response = await self.post(
                f"<WV-CSP-VersionDiscovery-Request><VersionList>{named}</VersionList>"
                "</WV-CSP-VersionDiscovery-Request>".encode()
            )
            root = fromstring(response.body)
            self.assertTrue(root.tag.endswith("WV-CSP-VersionDiscovery-Response"))
            names = {each.text for each in root.iter() if each.tag.endswith("SessionNSName")}
            self.assertEqual(names, {SESSION[version] for version in told})
