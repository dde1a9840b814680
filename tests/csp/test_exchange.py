
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.door import Door, HTTPRequest
from imps.csp.outbox import Outbox
from imps.csp.primitives.common import Result
from imps.csp.primitives.im import SendMessageRequest, SendMessageResponse
from imps.csp.transactions import Transactions
from imps.elements.directory import Directory
from imps.model.address import Address
from imps.sap.sessions import SessionLimits, Sessions
from imps.store.accounts import Accounts
from imps.store.errors import StoreUnavailable
from imps.store.sessions import Sessions as StoredSessions
from imps.tap import http_door, instant_messaging
from imps.testing.store import StoreTestCase

TRC = "http://www.openmobilealliance.org/DTD/WV-TRC1.2"
CSP = "http://www.openmobilealliance.org/DTD/WV-CSP1.2"


def message(session_id: str, *transactions: tuple[str, str]) -> bytes:
    """A message of requests, each an id and a primitive."""
    inside = "".join(
        "<Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode>"
        f"<TransactionID>{each}</TransactionID></TransactionDescriptor>"
        f'<TransactionContent xmlns="{TRC}">{content}</TransactionContent></Transaction>'
        for each, content in transactions
    )
    return (
        f'<WV-CSP-Message xmlns="{CSP}"><Session><SessionDescriptor>'
        f"<SessionType>Inband</SessionType><SessionID>{session_id}</SessionID>"
        f"</SessionDescriptor>{inside}</Session></WV-CSP-Message>"
    ).encode()


class RepetitionTests(StoreTestCase):
    async def setUp(self):  # type: ignore[override]
        await super().setUp()
        buckets = self.store.buckets
        limits = SessionLimits(
            time_to_live_seconds=60,
            min_time_to_live_seconds=60,
            max_time_to_live_seconds=60,
            grace_seconds=0,
            remember_seconds=60,
        )
        stored = StoredSessions(self.store.client, buckets)
        sessions = Sessions(stored, buckets, self.clock, limits, 30)
        self.transactions = Transactions()
        outbox = Outbox(instant_messaging(self.settings, self.store, self.clock))
        self.door = Door(XMLCodec(), WBXMLCodec(), self.transactions, sessions, outbox)
        user = Address.parse("wv:ann@localhost")
        self.session = await sessions.open(user, "phone", None, {"version": 12, "cookie": "c"})

    async def ask(self):
        request = (
            "<SendMessage-Request><MessageInfo><ContentSize>0</ContentSize><Recipient/>"
            "</MessageInfo></SendMessage-Request>"
        )
        response = await self.door.answer(
            HTTPRequest(
                method="POST",
                headers={"content-type": "text/xml"},
                body=message(self.session.id, ("1", request)),
                peer="",
            )
        )
        return XMLCodec().decode(response.body).root.session.transactions[0].content

    async def test_failure_that_may_pass_is_not_kept(self):
        outcomes = [StoreUnavailable(), ValueError(), SendMessageResponse(result=Result(code=200))]

        async def serve(context, request):
            outcome = outcomes.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        self.transactions.serve(SendMessageRequest, serve, once=True)
        codes = [(await self.ask()).result.code for _ in range(4)]
        self.assertEqual(codes, [503, 500, 200, 200])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)


class FullStoreTests(StoreTestCase):
    async def test_x(self):
        im = instant_messaging(self.settings, self.store, self.clock)
        door = http_door(self.settings, self.store, im, self.clock)
        accounts = Accounts(self.store.client, self.store.buckets)
        d = Directory(accounts, self.store.secrets, self.store.domains, self.clock)
        await d.add(Address("ann"), "secret")
        async def say(body):
            r = await door._answer(HTTPRequest(method="POST", headers={"content-type":"text/xml"}, body=body, peer=""))
            print(r.status, r.body[-400:])
            return r
        login = '<Login-Request><UserID>wv:ann</UserID><ClientID><URL>x</URL></ClientID><Password>secret</Password><SessionCookie>c</SessionCookie></Login-Request>'
        r = await say(message("x", ("1", login)))
        import re
        sid = re.search(rb"<SessionID>(\d\d\w{32})", r.body)[1].decode()
        send = '<SendMessage-Request><MessageInfo><ContentSize>0</ContentSize><Recipient><User><UserID>wv:ann</UserID></User></Recipient></MessageInfo><ContentData>x</ContentData></SendMessage-Request>'
        await say(message(sid, ("2", send)))
        await self.store.client.execute("CONFIG", "SET", "maxmemory", "1mb")
        self.addCleanup(self.store.client.execute, "CONFIG", "SET", "maxmemory", "0")
        await say(message(sid, ("3", send)))
        await say(message(sid, ("4", "<KeepAlive-Request/>")))
        await say(message(sid, ("5", "<Polling-Request/>")))
        await say(message("x", ("6", login)))
