"""What is shown to operators who look at a user: all that is said, whatever becomes of it."""

from __future__ import annotations

import re

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from imps.csp.primitives.access import LoginRequest, PollingRequest
from imps.csp.primitives.identity import ClientID
from imps.csp.tracing import MOST_UNDER_WAY
from imps.http.message import HTTPRequest
from imps.model.address import Address
from imps.store.traces import LIFETIME_SECONDS, Look, Trace, Traces
from imps.testing.door import EVERY, DoorTestCase

ANN = Address.parse("wv:ann@localhost")
TEXT = "meet me at the harbour"


class TracingTestCase(DoorTestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.traces = Traces(self.store.client)
        self.shown = ""
        self.moved: Deferred[None] = Deferred()

    async def look(self, *names: Address, id: str = "1") -> Look:
        """Look at a user from now on."""
        look = Look(self.store.client, self.traces, Trace(id, names or (ANN,)), self.see)
        look.start()
        self.addCleanup(look.close)
        await look.renew(now=self.clock.seconds())
        await self.parts.tracing.look()
        await self.until("joins in")
        return look

    def see(self, text: str) -> None:
        self.shown += f"{text}\n"
        moved, self.moved = self.moved, Deferred()
        moved.callback(None)

    async def until(self, pattern: str) -> str:
        """Wait until this is shown; what was shown until then."""
        while (found := re.search(pattern, self.shown)) is None:
            await self.moved.addTimeout(10, reactor)
        before, self.shown = self.shown[: found.end()], self.shown[found.end() :]
        return before

    async def post(self, body: bytes) -> int:
        headers = {"content-type": "application/vnd.wv.csp.xml"}
        request = HTTPRequest(method="POST", headers=headers, body=body, peer="127.0.0.1")
        return (await self.parts.door.answer(request)).status


class ShownTests(TracingTestCase):
    async def test_what_is_said_is_shown_in_every_version_and_encoding(self) -> None:
        await self.look()
        for version, encoding in EVERY:
            ann = self.speaker("ann", "phone", version, encoding)
            await ann.sign_on()
            how = rf"CSP {version}, {encoding.upper()}, \d+ octets\n"
            await self.until(rf"Z from client, no session, {how}<WV-CSP-Message>\n  <Session>")
            said = await self.until(rf"Z to client, no session, {how}(.|\n)*</WV-CSP-Message>\n")
            self.assertIn("<Login-Request>", said)
            self.assertIn("<Password>[6 octets]</Password>", said)
            begin = (ann.session_id or "")[:6]
            self.assertIn(f"<SessionID>{begin}…</SessionID>", said)
            await ann.send("bob", text=TEXT)
            await self.until(f"Z from client, session {begin}…, {how}")
            said += await self.until("</SendMessage-Response>")
            self.assertIn(f"<ContentData>[{len(TEXT)} octets]</ContentData>", said)
            self.assertIn("<UserID>wv:bob</UserID>", said)
            for secret in (TEXT, "secret", ann.session_id or ""):
                self.assertNotIn(secret, said)

    async def test_others_are_not_shown(self) -> None:
        await self.look()
        await self.bob.send("ann")
        await self.ann.send("bob")
        said = await self.until("</SendMessage-Response>")
        self.assertEqual(len(re.findall("from client", said)), 1)
        self.assertIn(f"from client, session {(self.ann.session_id or '')[:6]}…", said)

    async def test_poll_that_brings_nothing_is_shown(self) -> None:
        await self.look()
        await self.ann.poll()
        await self.until(r"<Polling-Request/>(.|\n)*to client, .*, 0 octets\nnothing")

    async def test_who_fails_to_sign_on_is_shown_by_any_name(self) -> None:
        await self.directory.change(ANN, msisdn="+358401234567")
        await self.look(ANN, Address.parse("wv:+358401234567@localhost"))
        for name in ("ann", "wv:ANN@localhost", "+358401234567"):
            request = LoginRequest(
                user_id=Address.parse(name),
                client_id=ClientID(url="tablet"),
                password="hunter2",
                session_cookie="c",
            )
            await self.speaker("ann").ask(request)
            said = await self.until(r"to client(.|\n)*<Code>409</Code>")
            self.assertNotIn("hunter2", said)

    async def test_session_that_is_over_is_still_known(self) -> None:
        await self.look()
        await self.directory.suspend(ANN)
        await self.ann.poll()
        await self.until(r"<Disconnect>\s*<Result>\s*<Code>601</Code>")

    async def test_what_cannot_be_read_is_shown_by_its_size(self) -> None:
        await self.look()
        body = f"<WV-CSP-Message>{TEXT}<SessionID>{self.ann.session_id}".encode()
        self.assertEqual(await self.post(body), 400)
        said = await self.until(r"to client, session \w{6}…, XML\nHTTP 400")
        self.assertRegex(said, rf"XML, {len(body)} octets\ncannot be read: not well-formed\n")
        self.assertNotIn(TEXT, said)

    async def test_failure_of_the_server_is_shown(self) -> None:
        await self.look()
        session = f"{self.store.buckets.prefix_of(ANN)}session:{self.ann.session_id}"
        await self.store.client.execute("HSET", session, "record", "no record")
        octets = self.ann.octets_of(self.ann.request(PollingRequest(), None))
        self.assertEqual(await self.post(octets), 500)
        await self.until(r"<Polling-Request/>(.|\n)*to client, .*\nHTTP 500")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)


class LookTests(TracingTestCase):
    async def test_nothing_is_done_while_nobody_looks(self) -> None:
        await self.parts.tracing.look()
        self.assertFalse(self.parts.tracing.is_on)
        look = await self.look()
        self.assertTrue(self.parts.tracing.is_on)
        await look.close()
        await self.parts.tracing.look()
        self.assertFalse(self.parts.tracing.is_on)

    async def test_who_stops_to_say_so_does_not_look_for_long(self) -> None:
        await self.look()
        expires_in = await self.store.client.execute("TTL", "imps:{store}:trace:1")
        self.assertLessEqual(expires_in, LIFETIME_SECONDS)
        await self.store.client.execute("DEL", "imps:{store}:trace:1")
        await self.parts.tracing.look()
        self.assertFalse(self.parts.tracing.is_on)

    async def test_each_who_looks_sees_it(self) -> None:
        await self.look(id="1")
        await self.look(id="2")
        await self.ann.poll()
        for _ in range(2):
            await self.until("<Polling-Request/>(.|\n)*nothing")

    async def test_look_goes_on_when_its_connection_was_cut(self) -> None:
        look = await self.look()
        await self.store.client.execute("CLIENT", "KILL", "TYPE", "pubsub")
        while await self.store.client.execute("PUBSUB", "NUMSUB", "imps:{store}:trace:1") != [
            b"imps:{store}:trace:1",
            1,
        ]:
            await look.renew(now=self.clock.seconds())
        await self.ann.poll()
        await self.until("<Polling-Request/>")

    async def test_nobody_waits_for_what_is_shown_and_not_much_of_it_waits(self) -> None:
        await self.look()
        tracing, text = self.parts.tracing, "x"
        for _ in range(2 * MOST_UNDER_WAY):
            tracing._show([Trace("1", (ANN,))], text)
        await self.store.client.execute("PUBLISH", "imps:{store}:trace:1", "end")
        said = await self.until("end")
        self.assertEqual(said.count(text), MOST_UNDER_WAY)
        await self.ann.poll()
        await self.until("<Polling-Request/>")
