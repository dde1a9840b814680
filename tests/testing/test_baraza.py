"""The double of that server, by what goes over the wire; imps.ssp has no part in it."""

from __future__ import annotations

import base64
from hashlib import md5
from typing import Any

from lxml import etree
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import Site

from imps.testing.baraza import Baraza
from imps.testing.http import Line
from imps.testing.process import PATIENCE_SECONDS, reactor

SECRET = "0123456789abcdef0123456789abcdef"
TYPE = "application/vnd.wv.ssp+xml"
TID = "0000000311-9f3c0a77d2e45b10"
NORTH = "k7q2m5x4c1d9e8b6@north.example"


class Partner(Resource):
    """A partner written by hand: it keeps what is posted to it, and answers with one status."""

    isLeaf = True

    def __init__(self, test: TestCase) -> None:
        super().__init__()
        self.status = 200
        self.bodies: list[bytes] = []
        self.headers: list[Any] = []
        self._waiting: list[Deferred[None]] = []
        site = Site(self)
        site.noisy = False
        self._port = reactor.listenTCP(0, site, interface="127.0.0.1")
        test.addCleanup(self._port.stopListening)
        self.url = f"http://127.0.0.1:{self._port.getHost().port}/"

    def render_POST(self, request: Any) -> bytes:
        self.bodies.append(request.content.read())
        self.headers.append(request.requestHeaders)
        request.setResponseCode(self.status)
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)
        return b""

    async def next(self) -> Any:
        """The next message that comes, or came and was not read."""
        while not self.bodies:
            waiting: Deferred[None] = Deferred()
            self._waiting.append(waiting)
            await waiting.addTimeout(PATIENCE_SECONDS, reactor)
        return etree.fromstring(self.bodies.pop(0))


def envelope(inside: str) -> bytes:
    return f'<WV-SSP-Message xmlns="urn:x">{inside}</WV-SSP-Message>'.encode()


def set_up(mode: str, tid: str, inside: str) -> bytes:
    return envelope(
        f'<SetupTransaction mode="{mode}" transactionID="{tid}">{inside}</SetupTransaction>'
    )


def token(mode: str = "Request", tid: str = TID, secret: str = SECRET) -> bytes:
    start = '<SendSecretToken serviceID="wv:@north.example" protocol="WV-SSP">'
    return set_up(mode, tid, f"{start}<SecretToken>{secret}</SecretToken></SendSecretToken>")


def login(mode: str, tid: str, secret: str, domain: str = "north.example") -> bytes:
    proof = base64.b64encode(md5(secret.encode()).digest()).decode()
    digest = f'<PasswordDigest encoding="base64">{proof}</PasswordDigest>'
    return set_up(mode, tid, f'<LoginRequest serviceID="wv:@{domain}">{digest}</LoginRequest>')


def logged_in(mode: str, tid: str, code: int = 200) -> bytes:
    status = f'<Status code="{code}"/>'
    return set_up(mode, tid, f'<LoginResponse sessionID="{NORTH}">{status}</LoginResponse>')


def requests(*transactions: str, session_id: str = NORTH) -> bytes:
    return envelope(f'<Session sessionID="{session_id}">{"".join(transactions)}</Session>')


def request(name: str, inside: str = "", tid: str = "t-1", user: str = "ann@north.example") -> str:
    meta = (
        '<MetaInfo clientOriginated="Yes"><Requestor serviceID="wv:@north.example">'
        f'<User userID="wv:{user}"/></Requestor></MetaInfo>'
    )
    head, _, attributes = name.partition(" ")
    element = f"<{head} {attributes}>{meta}{inside}</{head}>"
    return f'<Transaction mode="Request" transactionID="{tid}">{element}</Transaction>'


def local(element: Any) -> str:
    return str(etree.QName(element).localname)


class BarazaTestCase(TestCase):
    """Baraza at south.example, and a partner at north.example."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.clock = Clock()
        self.partner = Partner(self)
        self.baraza = Baraza("south.example", self.clock, {"north.example": [self.partner.url]})
        await self.baraza.start()
        self.addCleanup(self.baraza.stop)
        self.bo = self.baraza.user("bo")

    async def post(self, body: bytes, content_type: str = TYPE) -> int | None:
        """The HTTP status that it answers with; None if it closes the connection."""
        line = await Line.to(self.baraza.url)
        try:
            return (await line.post(body, {"Content-Type": content_type})).status
        except ConnectionLost:
            return None
        finally:
            line.close()

    async def transaction(self) -> Any:
        """The transaction that it posts next."""
        message = await self.partner.next()
        return message[0] if local(message[0]) == "SetupTransaction" else message[0][0]

    async def log_in(self) -> None:
        """Set a session up, with the partner as the initiator."""
        await self.post(token())
        secret = (await self.transaction())[0][0].text.strip()
        await self.baraza.at_rest()
        await self.post(login("Request", TID, secret))
        await self.transaction()
        await self.post(logged_in("Request", TID))
        await self.transaction()
        await self.baraza.at_rest()


class SettingUpTests(BarazaTestCase):
    async def test_it_answers_message_1_with_a_token_under_an_id_of_its_own(self) -> None:
        self.assertEqual(await self.post(token()), 200)
        answer = await self.transaction()
        self.assertEqual(answer.get("mode"), "Response")
        self.assertTrue(answer.get("transactionID").isdecimal())
        self.assertEqual(answer[0].get("serviceID"), "wv:@south.example")
        self.assertEqual(answer[0].get("procotolVersion"), "1.3")
        self.assertNotIn("protocolVersion", answer[0].attrib)
        secret = answer[0][0]
        self.assertEqual(secret.attrib, {})
        self.assertRegex(secret.text, r"^\n[0-9a-f]{32}\n$")

    async def test_it_proves_that_it_got_the_secret_and_names_its_session_by_a_row(self) -> None:
        await self.post(token())
        secret = (await self.transaction())[0][0].text.strip()
        await self.baraza.at_rest()
        self.assertEqual(await self.post(login("Request", TID, secret)), 200)
        answer = await self.transaction()
        self.assertEqual(answer.get("transactionID"), TID)
        self.assertEqual(answer[0][0].text, "hRasmdxgYDKV3nvbahU1MA==\n")
        self.assertEqual(await self.post(logged_in("Request", TID)), 200)
        answer = await self.transaction()
        self.assertRegex(answer[0].get("sessionID"), r"^\d+@south\.example$")
        self.assertEqual(answer[0][0].get("code"), "200")

    async def test_message_3_that_comes_before_it_has_stored_where_to_is_lost(self) -> None:
        self.baraza.sessions.store_seconds = 0.3
        await self.post(token())
        secret = (await self.transaction())[0][0].text.strip()
        self.assertEqual(await self.post(login("Request", TID, secret)), 200)
        await self.baraza.until(lambda: self.baraza.sessions.lost)
        self.clock.advance(0.3)
        self.assertEqual(await self.post(login("Request", TID, secret)), 200)
        self.assertEqual(local((await self.transaction())[0]), "LoginRequest")

    async def test_what_it_refuses_gets_no_answer_at_all(self) -> None:
        self.assertIsNone(await self.post(token().replace(b"wv:@north", b"wv:@nowhere")))
        self.assertIsNone(await self.post(token(secret=" ")))
        self.assertIsNone(await self.post(login("Request", "unknown", SECRET)))
        await self.post(token())
        await self.transaction()
        self.assertIsNone(await self.post(login("Request", TID, "wrong")))
        # The row is gone: even the right one comes too late.
        self.assertEqual(self.baraza.sessions.rows, {})

    async def test_a_login_response_before_the_digest_is_refused(self) -> None:
        await self.post(token())
        await self.transaction()
        self.assertIsNone(await self.post(logged_in("Request", TID)))

    async def test_it_sets_a_session_up_when_it_has_something_to_say(self) -> None:
        self.baraza.subscribe(self.bo, "ann@north.example")
        first = await self.transaction()
        self.assertEqual(first.get("mode"), "Request")
        number, secret = first.get("transactionID"), first[0][0].text.strip()
        await self.baraza.at_rest()
        await self.post(token("Response", "of-our-own"))
        third = await self.transaction()
        self.assertEqual((local(third[0]), third.get("transactionID")), ("LoginRequest", number))
        await self.post(login("Response", number, secret))
        fifth = await self.transaction()
        self.assertEqual(fifth[0].get("sessionID"), f"{number}@south.example")
        await self.post(logged_in("Response", number))
        said = await self.transaction()
        self.assertEqual(local(said[0]), "SubscribeRequest")
        self.assertEqual(said[0][0].get("clientOriginated"), "Yes")

    async def test_a_set_up_that_stops_half_way_keeps_everything_waiting_for_ever(self) -> None:
        self.baraza.subscribe(self.bo, "ann@north.example")
        first = await self.transaction()
        await self.baraza.at_rest()
        self.baraza.subscribe(self.bo, "anna@north.example")
        self.clock.pump([60] * 60)
        await self.baraza.at_rest()
        self.assertEqual(self.partner.bodies, [])
        # Until it is told that nothing will come of it.
        number = first.get("transactionID")
        self.assertIsNone(await self.post(logged_in("Response", number, 503)))
        self.clock.advance(15)
        self.assertEqual(local((await self.transaction())[0]), "SendSecretToken")


class InSessionTests(BarazaTestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        await self.log_in()

    async def test_a_session_that_it_does_not_know_gets_no_answer(self) -> None:
        for session_id in ("1@south.example", "other@north.example", NORTH.replace("north", "x")):
            body = requests(request("GetPresenceRequest"), session_id=session_id)
            self.assertIsNone(await self.post(body))

    async def test_what_it_cannot_read_gets_400(self) -> None:
        for body in (b"<", b"<x/>", b"<WV-SSP-Message/>", envelope("<Other/>")):
            self.assertEqual(await self.post(body), 400)

    async def test_answers_come_bundled_in_a_post_of_its_own(self) -> None:
        body = requests(request("FlyRequest", tid="t-1"), request("JoinGroupRequest", tid="t-2"))
        self.assertEqual(await self.post(body), 200)
        session = (await self.partner.next())[0]
        self.assertRegex(session.get("sessionID"), r"^\d+@south\.example$")
        answers = [(each.get("transactionID"), each[0].get("code")) for each in session]
        self.assertEqual(answers, [("t-1", "405"), ("t-2", "516")])

    async def test_a_user_of_another_domain_gets_901(self) -> None:
        await self.post(requests(request("GetPresenceRequest", user="eve@east.example")))
        self.assertEqual((await self.transaction())[0].get("code"), "901")

    async def test_presence_is_answered_without_a_status(self) -> None:
        self.bo.presence["StatusText"] = "<PresenceValue>here</PresenceValue>"
        asked = '<VerUserID userID="wv:bo@south.example"/>'
        await self.post(requests(request("GetPresenceRequest", asked)))
        answer = (await self.transaction())[0]
        self.assertEqual([local(each) for each in answer], ["PresenceValue"])

    async def test_whoever_subscribes_is_told_at_once_and_for_ever(self) -> None:
        publisher = '<UserID userID="wv:bo@south.example"/><UserID userID="wv:no@south.example"/>'
        await self.post(requests(request("SubscribeRequest", publisher)))
        answer = (await self.transaction())[0]
        self.assertEqual((answer.get("code"), answer[0].get("code")), ("201", "531"))
        notice = await self.transaction()
        self.assertEqual(
            (notice.get("mode"), local(notice[0])), ("Request", "PresenceNotification")
        )
        await self.post(requests(request("UnsubscribeRequest", publisher)))
        self.assertEqual((await self.transaction())[0].get("code"), "200")
        self.baraza.publish(self.bo, "StatusText", "still", anonymously=True)
        notice = (await self.transaction())[0]
        self.assertEqual(local(notice[0]), "User")

    async def test_notices_get_no_answer(self) -> None:
        notice = '<User userID="wv:bo@south.example"/>'
        body = request("PresenceNotification", notice) + request("FlyRequest", tid="t-2")
        await self.post(requests(body))
        session = (await self.partner.next())[0]
        self.assertEqual([each.get("transactionID") for each in session], ["t-2"])
        self.assertEqual(len(self.bo.named("PresenceNotification")), 1)

    def message(self, recipients: str, attributes: str = "") -> str:
        info = (
            f'<MessageInfo messageID="m-1" contentType="text/plain" {attributes}>{recipients}'
            '<Sender><User userID="wv:ann@north.example"/></Sender></MessageInfo>'
        )
        content = '<ContentData encoding="base64">aGVsbG8=</ContentData>'
        return request('SendMessageRequest deliveryReport="Yes"', info + content)

    async def test_a_message_is_taken_and_its_validity_read_as_it_spells_it(self) -> None:
        to_bo = '<Recipient><User userID="wv:bo@south.example"/></Recipient>'
        await self.post(requests(self.message(to_bo, 'validity="60" validlity="70"')))
        answer = (await self.transaction())[0]
        self.assertEqual((answer.get("messageID"), answer[0].get("code")), ("m-1", "200"))
        [message] = self.bo.messages
        self.assertEqual((message.content, message.validity_seconds), (b"hello", 70))
        await self.post(requests(self.message(to_bo, 'validity="60"')))
        await self.transaction()
        self.assertEqual(self.bo.messages[1].validity_seconds, 86400)

    async def test_who_is_unknown_or_has_blocked_the_sender_is_in_the_details(self) -> None:
        self.bo.blocked.add("ann@north.example")
        users = ("bo", "no")
        to_both = "".join(
            f'<Recipient><User userID="wv:{each}@south.example"/></Recipient>' for each in users
        )
        await self.post(requests(self.message(to_both)))
        status = (await self.transaction())[0][0]
        self.assertEqual(status.get("code"), "900")
        self.assertEqual([each.get("code") for each in status], ["532", "531"])

    async def test_an_answer_that_comes_as_a_request_reaches_nobody(self) -> None:
        await self.post(requests(request("DeliveryStatusReport"), request("InviteResponse")))
        self.assertEqual(len(self.baraza.services.misdelivered), 2)
        self.assertEqual(self.partner.bodies, [])

    async def test_an_answer_finds_the_client_by_the_number_of_the_row(self) -> None:
        transaction_id = self.baraza.send_message(self.bo, "ann@north.example")
        self.assertRegex(transaction_id, r"^\d{10}-\d+$")
        await self.transaction()
        await self.baraza.at_rest()
        answer = (
            f'<Transaction transactionID="{transaction_id}"><Status code="{{}}"/></Transaction>'
        )
        await self.post(requests(answer.format(200)))
        self.assertEqual(self.bo.told, [])
        await self.post(requests(answer.format(532)))
        self.assertEqual(self.bo.told[0].get("code"), "532")
        self.baraza.queue.clean_up()
        await self.post(requests(answer.format(532)))
        self.assertEqual(len(self.baraza.services.misdelivered), 1)

    async def test_a_request_of_nobody_ends_it_and_so_does_an_invitation_to_nothing(self) -> None:
        anonymous = (
            '<Transaction mode="Request" transactionID="t"><SubscribeRequest/></Transaction>'
        )
        self.assertIsNone(await self.post(requests(anonymous)))
        self.assertIsNone(await self.post(requests(request("InviteRequest"))))
        self.assertEqual(len(self.baraza.accidents), 2)

    async def test_what_is_not_taken_is_sent_again_later_under_its_id(self) -> None:
        self.partner.status = 503
        self.baraza.send_message(self.bo, "ann@north.example")
        first = await self.transaction()
        await self.baraza.at_rest()
        self.clock.advance(15)
        second = await self.transaction()
        await self.baraza.at_rest()
        self.assertEqual(first.get("transactionID"), second.get("transactionID"))
        # The second wait is of twenty seconds: the queue is looked at too early once.
        self.partner.status = 200
        self.clock.advance(15)
        await self.baraza.at_rest()
        self.assertEqual(self.partner.bodies, [])
        self.clock.advance(15)
        await self.transaction()
        await self.baraza.at_rest()
        self.clock.pump([15] * 4)
        self.assertEqual(self.partner.bodies, [])

    async def test_what_nobody_takes_expires(self) -> None:
        self.partner.status = 503
        self.baraza.get_presence(self.bo, "ann@north.example")
        self.baraza.send_message(self.bo, "ann@north.example")
        await self.baraza.at_rest()
        self.clock.pump([60, 60])
        await self.baraza.at_rest()
        self.assertEqual([each.name for each in self.baraza.queue.expired], ["GetPresenceRequest"])
        self.clock.advance(86400)
        await self.baraza.at_rest()
        self.assertEqual(len(self.baraza.queue.expired), 2)

    async def test_it_goes_on_in_a_session_that_the_partner_has_forgotten(self) -> None:
        self.partner.status = 401
        self.baraza.send_message(self.bo, "ann@north.example")
        first = await self.partner.next()
        await self.baraza.at_rest()
        self.clock.advance(15)
        again = await self.partner.next()
        self.assertEqual(first[0].get("sessionID"), again[0].get("sessionID"))
        self.assertEqual(local(again[0]), "Session")

    async def test_the_answer_to_an_invitation_names_the_two_the_wrong_way_round(self) -> None:
        self.baraza.answer_invitation(self.bo, "ann@north.example", "i-1", accepts=True)
        transaction = await self.transaction()
        answer = transaction[0]
        self.assertEqual(transaction.get("mode"), "Request")
        self.assertEqual([local(each) for each in answer], ["Status", "Inviting", "Responding"])
        self.assertEqual(answer[1][0].get("userID"), "wv:bo@south.example")
        self.assertEqual(answer[2][0].get("userID"), "wv:ann@north.example")

    async def test_a_cancelled_invitation_is_not_well_formed(self) -> None:
        self.baraza.cancel_invitation(self.bo, "ann@north.example", "i-1")
        await self.baraza.until(lambda: self.partner.bodies)
        self.assertIn(b"<Canceled/></CancelInviteRequest>", self.partner.bodies[0])
        with self.assertRaises(etree.XMLSyntaxError):
            etree.fromstring(self.partner.bodies[0])

    async def test_its_headers_name_the_session_of_whoever_asked(self) -> None:
        seen = self.partner.headers
        seen.clear()
        self.baraza.send_message(self.bo, "ann@north.example")
        await self.transaction()
        await self.post(requests(request("FlyRequest")))
        await self.transaction()
        [own] = seen[0].getRawHeaders("x-wv-sessionid")
        self.assertRegex(own, r"^\d+@south\.example$")
        self.assertTrue(seen[0].hasHeader("x-wv-transactionid"))
        self.assertEqual(seen[1].getRawHeaders("x-wv-sessionid"), [NORTH])
        self.assertFalse(seen[1].hasHeader("x-wv-transactionid"))
