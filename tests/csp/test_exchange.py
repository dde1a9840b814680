from xml.etree.ElementTree import fromstring

from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.content_links import ContentLinks
from imps.csp.door import Door
from imps.csp.im import Messaging
from imps.csp.notices import Notices
from imps.csp.outbox import Outbox
from imps.csp.presence import PresenceDelivery
from imps.csp.primitives.common import Result
from imps.csp.primitives.im import SendMessageRequest, SendMessageResponse
from imps.csp.reactive_authorization import PresenceAuthorization
from imps.csp.transactions import Transactions
from imps.http.message import HTTPRequest
from imps.model.address import Address
from imps.sap.sessions import SessionLimits, Sessions
from imps.store.errors import StoreUnavailable
from imps.store.sessions import Sessions as StoredSessions
from imps.testing.store import StoreTestCase

TRC = "http://www.openmobilealliance.org/DTD/WV-TRC1.2"
CSP = "http://www.openmobilealliance.org/DTD/WV-CSP1.2"


MESSAGE = (
    "<SendMessage-Request><MessageInfo><ContentSize>2</ContentSize><Recipient><User>"
    "<UserID>ann</UserID></User></Recipient></MessageInfo><ContentData>hi</ContentData>"
    "</SendMessage-Request>"
)


def message(session_id: str, *transactions: tuple[str, str], mode: str = "Request") -> bytes:
    """A message of transactions, each an id and a primitive."""
    inside = "".join(
        f"<Transaction><TransactionDescriptor><TransactionMode>{mode}</TransactionMode>"
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
    async def setUp(self):
        await super().setUp()
        buckets = self.store.buckets
        limits = SessionLimits(
            time_to_live_seconds=60,
            min_time_to_live_seconds=60,
            max_time_to_live_seconds=60,
            grace_seconds=0,
            remember_seconds=60,
        )
        stored = StoredSessions(self.store.client, buckets, 30, 50, 20)
        sessions = Sessions(stored, buckets, self.clock, limits, self.parts.working)
        self.transactions = Transactions()
        links = ContentLinks(self.parts.im)
        messaging = Messaging(self.parts.im, self.parts.delivery, self.clock, links)
        presence = PresenceDelivery(self.parts.presence)
        authorization = PresenceAuthorization(
            self.parts.reactive_authorization, self.parts.presence
        )
        outbox = Outbox(self.parts.delivery, messaging, presence, authorization, Notices(sessions))
        tracing = self.parts.tracing
        self.door = Door(XMLCodec(), WBXMLCodec(), self.transactions, sessions, outbox, tracing)
        user = Address.parse("wv:ann@localhost")
        await self.add_accounts(user)
        self.session = await sessions.open(user, "phone", None, {"version": 12, "cookie": "c"})

    async def say(self, *transaction_ids):
        """What each of the requests is answered, sent together."""
        response = await self.door.answer(
            HTTPRequest(
                method="POST",
                headers={"content-type": "text/xml"},
                body=message(self.session.id, *((each, MESSAGE) for each in transaction_ids)),
                peer="",
            )
        )
        transactions = XMLCodec().decode(response.body).root.session.transactions
        return [each.content for each in transactions]

    async def ask(self):
        return (await self.say("1"))[0]

    def serve(self):
        """Serve messages; returns the operation ids that come."""
        operations = []

        async def served(context, request):
            operations.append(context.operation_id)
            return SendMessageResponse(result=Result(code=200))

        self.transactions.serve(SendMessageRequest, served, once=True)
        return operations

    async def test_requests_without_a_transaction_id_are_each_done(self):
        operations = self.serve()
        for _ in range(2):
            codes = [each.result.code for each in await self.say("", "")]
            self.assertEqual(codes, [200, 200])
        self.assertEqual(len(set(operations)), 4)
        self.assertNotIn("", operations)

    async def test_second_request_of_one_transaction_id_in_a_message_is_refused(self):
        operations = self.serve()
        codes = [each.result.code for each in await self.say("1", "1", "2")]
        self.assertEqual(codes, [200, 420, 200])
        self.assertEqual(len(operations), 2)

    async def test_failure_that_may_pass_is_not_kept(self):
        outcomes = [StoreUnavailable(), ValueError(), SendMessageResponse(result=Result(code=200))]

        async def serve(context, request):
            outcome = outcomes.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        self.transactions.serve(SendMessageRequest, serve, once=True)
        codes = [(await self.ask()).result.code for _ in range(3)]
        self.assertEqual(codes, [503, 500, 200])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)


class FullStoreTests(StoreTestCase):
    """A store that has reached its memory cap takes nothing new, and gives out what it has."""

    async def setUp(self):
        await super().setUp()
        self.door = self.parts.csp
        await self.parts.directory.add(Address("ann"), "secret")
        self.session_id = ""
        login = (
            "<Login-Request><UserID>ann</UserID><ClientID><URL>phone</URL></ClientID>"
            "<Password>secret</Password><SessionCookie>c</SessionCookie></Login-Request>"
        )
        self.session_id = (await self.ask(login)).findtext(".//{*}SessionID")

    async def ask(self, content, transaction_id="", mode="Request"):
        response = await self.door._answer(
            HTTPRequest(
                method="POST",
                headers={"content-type": "text/xml"},
                body=message(self.session_id, (transaction_id, content), mode=mode),
                peer="",
            )
        )
        self.assertEqual(response.status, 200)
        if not response.body:
            return None
        return fromstring(response.body).find(".//{*}TransactionContent")[0]

    async def fill(self):
        self.addCleanup(self.store.client.execute, "CONFIG", "SET", "maxmemory", "0")
        await self.store.client.execute("CONFIG", "SET", "maxmemory", "1mb")

    async def test_nothing_new_is_taken_and_what_there_is_can_be_fetched(self):
        code = "{*}Result/{*}Code"
        self.assertEqual((await self.ask(MESSAGE, "1")).findtext(code), "200")
        self.assertEqual((await self.ask(MESSAGE, "2")).findtext(code), "200")
        await self.fill()
        self.assertEqual((await self.ask(MESSAGE, "3")).findtext(code), "507")
        self.assertEqual((await self.ask("<KeepAlive-Request/>", "4")).findtext(code), "200")
        new = await self.ask("<Polling-Request/>")
        for transaction_id in ("s1", "s2"):
            delivered = (
                "<MessageDelivered><MessageID>"
                f"{new.findtext('.//{*}MessageID')}</MessageID></MessageDelivered>"
            )
            new = await self.ask(delivered, transaction_id, "Response")
        self.assertIsNone(new)
        self.assertEqual((await self.ask("<Logout-Request/>", "5")).findtext(code), "200")
