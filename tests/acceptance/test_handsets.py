from itertools import product

from imps.csp.primitives.access import (
    ClientCapabilityRequest,
    GetSPInfoRequest,
    LoginRequest,
    LogoutRequest,
    PollingRequest,
    ServiceRequest,
)
from imps.csp.primitives.im import NewMessage, SendMessageRequest
from imps.model.version import V11, V12, V13
from imps.testing.android import Android
from imps.testing.conformance import ALL, WBXML, XML, shows, shows_feature
from imps.testing.nokia import MOST_CONNECTIONS, Nokia
from imps.testing.service import ServiceTestCase
from imps.testing.together import together

ENCODINGS = ("xml", "wbxml")
ANDROIDS = tuple(product((V11, V12, V13), ENCODINGS))
NOKIAS = tuple(product((V11, V12), ENCODINGS))

AWKWARD = "<b>&amp;\"' \\ ]]> grüße € Ελλάδα 日本 😀🏳️‍🌈"
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256))


class HandsetTestCase(ServiceTestCase):
    def android(self, user, version=V12, encoding="wbxml"):
        return Android(self, self.urls, user, version, encoding)

    def nokia(self, user, version=V12, encoding="wbxml"):
        return Nokia(self, self.urls, user, version, encoding)

    async def signed_on(self, *handsets):
        for handset in handsets:
            await handset.sign_on()
        return handsets


class SigningOn:
    @shows(LoginRequest, LogoutRequest, ClientCapabilityRequest, ServiceRequest, *ALL)
    @shows_feature("login", "by password", "by digest")
    async def test_every_client_signs_on_and_off(self):
        ann, bob = await self.known("ann", "bob")
        for version, encoding in ANDROIDS:
            android = self.android(ann, version, encoding)
            await android.sign_on()
            self.assertEqual(await android.sign_off(), 200)
        for version, encoding in NOKIAS:
            for four_way in (False, True):
                nokia = self.nokia(bob, version, encoding)
                nokia.four_way = four_way
                await nokia.sign_on()
                self.assertEqual(await nokia.sign_off(), 200)

    @shows_feature("users authenticated and authorized", "a wrong password is refused")
    async def test_wrong_password_and_unknown_user_are_answered_alike(self):
        for number, (version, encoding) in enumerate(ANDROIDS):
            for user in (*await self.known("ann"), f"wv:nobody-{number}@localhost"):
                android = self.android(user, version, encoding)
                android.password = "wrong"
                challenge = await android.begin_login("1")
                self.assertEqual(challenge.code, 200 if version is V11 else 401)
                self.assertEqual((await android.end_login(challenge)).code, 409)
                self.assertIsNone(android.session_id)
        for number, (version, encoding) in enumerate(NOKIAS):
            for user in (*await self.known("bob"), f"wv:nobody-{number}@localhost"):
                nokia = self.nokia(user, version, encoding)
                nokia.password = "wrong"
                self.assertEqual(await nokia.login(), 409)
                self.assertIsNone(nokia.session_id)

    async def test_nonce_that_was_used_is_answered_with_a_new_one(self):
        (ann,) = await self.known("ann")
        android = self.android(ann)
        challenge = await android.begin_login("1")
        self.assertEqual((await android.end_login(challenge)).code, 200)
        android.session_id = None
        again = await android.end_login(challenge)
        self.assertEqual(again.code, 401)
        self.assertNotIn(
            again.primitive.findtext("Nonce"), (None, challenge.primitive.findtext("Nonce"))
        )
        self.assertEqual((await android.end_login(again)).code, 200)

    async def test_schemas_that_nobody_else_knows_are_refused(self):
        (ann,) = await self.known("ann")
        answer = await self.nokia(ann, encoding="xml").ask(login(ann, "MD6", "MD4"))
        self.assertEqual(answer.code, 543)

    async def test_schemas_in_one_element_are_understood(self):
        (ann,) = await self.known("ann")
        answer = await self.nokia(ann, V11, "xml").ask(login(ann, "PWD, SHA,MD4, MD5"))
        self.assertEqual((answer.code, answer.primitive.findtext("DigestSchema")), (200, "SHA"))

    async def test_user_of_another_domain_is_refused(self):
        for challenge in (True, False):
            nokia = self.nokia("wv:ann@elsewhere.example")
            nokia.four_way = challenge
            self.assertEqual(await nokia.login(), 516)

    async def test_login_may_name_a_session_that_is_gone(self):
        (ann,) = await self.known("ann")
        for version, encoding in ANDROIDS:
            android = self.android(ann, version, encoding)
            await android.sign_on()
            gone = android.session_id
            await android.sign_off()
            self.assertEqual(await android.login(gone), 200)
            self.assertNotEqual(android.session_id, gone)
            self.assertEqual(await android.keep_alive(), 200)

    @shows_feature("login", "a session resumed")
    async def test_login_may_name_a_session_that_lives(self):
        ann, bob = await self.known("ann", "bob")
        android, nokia = await self.signed_on(self.android(ann), self.nokia(bob))
        await nokia.send(ann, text="while you paused")
        self.assertEqual(await android.login(android.session_id), 200)
        await android.poll()
        self.assertEqual(android.texts, ["while you paused"])

    @shows(GetSPInfoRequest, V11, V12, XML, WBXML)
    async def test_provider_is_told_before_and_after_signing_on(self):
        (ann,) = await self.known("ann")
        for version, encoding in NOKIAS:
            nokia = self.nokia(ann, version, encoding)
            for _ in range(2):
                answer = await nokia.ask("<GetSPInfo-Request/>")
                self.assertEqual(answer.primitive.tag, "GetSPInfo-Response")
                self.assertEqual(answer.primitive.findtext("Name"), "localhost")
                await nokia.sign_on()


class Sessions:
    async def test_unknown_session_is_604(self):
        for handset in (self.android("wv:ann@localhost"), self.nokia("wv:ann@localhost")):
            for session_id in ("nonsense", "00" + "a" * 32, "99" + "a" * 32):
                handset.session_id = session_id
                self.assertEqual(await handset.keep_alive(), 604)
                self.assertEqual(handset.ended_with, 604)

    async def test_poll_in_an_unknown_session_is_604_without_an_id(self):
        handset = self.android("wv:ann@localhost")
        handset.session_id = "nonsense"
        message = await handset.exchange(handset.written("<Polling-Request/>", None))
        (answer,) = message.transactions
        self.assertEqual((answer.primitive.tag, answer.code), ("Status", 604))
        self.assertIsNone(answer.transaction_id)

    async def test_request_without_a_session_is_604(self):
        self.assertEqual(await self.nokia("wv:ann@localhost").keep_alive(), 604)

    async def test_session_is_over_once_its_client_has_signed_off(self):
        (ann,) = await self.known("ann")
        (nokia,) = await self.signed_on(self.nokia(ann))
        session_id = nokia.session_id
        await nokia.sign_off()
        nokia.session_id = session_id
        self.assertEqual(await nokia.keep_alive(), 604)

    async def test_session_of_the_same_client_is_superseded(self):
        (ann,) = await self.known("ann")
        old, new = await self.signed_on(self.nokia(ann), self.nokia(ann))
        self.assertNotEqual(await old.keep_alive(), 200)
        self.assertIsNone(old.session_id)
        self.assertEqual(await new.keep_alive(), 200)

    async def test_keep_alive_may_agree_on_another_time(self):
        (ann,) = await self.known("ann")
        (nokia,) = await self.signed_on(self.nokia(ann))
        for wanted, given in ((600, "600"), (1, "60"), (999_999, "86400")):
            answer = await nokia.ask(
                f"<KeepAlive-Request><TimeToLive>{wanted}</TimeToLive></KeepAlive-Request>"
            )
            self.assertEqual(
                (answer.code, answer.primitive.findtext("KeepAliveTime")), (200, given)
            )

    async def test_names_that_no_version_has_are_405_and_those_to_come_501(self):
        (ann,) = await self.known("ann")
        for version, verify_id in ((V11, 405), (V12, 501)):
            nokia = self.nokia(ann, version, "xml")
            await nokia.sign_on()
            for content, code in {
                "<Teleport-Request/>": 405,
                "<GetMap-Request/>": 405,
                "<VerifyID-Request><IDList/></VerifyID-Request>": verify_id,
                "<StopSearch-Request><SearchID>1</SearchID></StopSearch-Request>": 501,
                "<NewMessage/>": 501,
            }.items():
                answer = await nokia.ask(content)
                self.assertEqual((answer.primitive.tag, answer.code), ("Status", code), content)


class Messages:
    @shows(SendMessageRequest, PollingRequest, NewMessage, *ALL)
    @shows_feature("messages to users, groups and contact lists", "a user")
    @shows_feature("messages from who is no contact")
    @shows_feature("what messages hold", "text in UTF-8")
    @shows_feature("clients of any make, by CSP", "1.1", "1.2", "1.3")
    async def test_every_client_chats_with_every_other(self):
        pairs = list(product(ANDROIDS, NOKIAS))
        users = iter(await self.known(*("ann", "bob") * len(pairs)))
        for one, other in pairs:
            ann, bob = next(users), next(users)
            android, nokia = await self.signed_on(self.android(ann, *one), self.nokia(bob, *other))
            self.assertEqual((await android.send(bob, text=AWKWARD)).code, 200)
            await nokia.poll()
            self.assertEqual(nokia.texts, [AWKWARD], f"{android} to {nokia}")
            self.assertEqual((await nokia.send(ann, text=AWKWARD)).code, 200)
            await android.poll()
            self.assertEqual(android.texts, [AWKWARD], f"{nokia} to {android}")
            self.assertEqual(android.received[0].sender, bob)

    async def test_line_ends_and_blanks_arrive_as_they_were(self):
        ann, bob = await self.known("ann", "bob")
        text = "  two\r\nlines\n\tand a bit  "
        for one, other in product(NOKIAS, NOKIAS):
            sender, receiver = await self.signed_on(self.nokia(ann, *one), self.nokia(bob, *other))
            await sender.send(bob, text=text)
            await receiver.poll()
            self.assertEqual(receiver.texts, [text], f"{sender} to {receiver}")

    @shows_feature("what messages hold", "content of any type")
    async def test_octets_arrive_as_they_were(self):
        ann, bob = await self.known("ann", "bob")
        for one, other in product(NOKIAS, NOKIAS):
            sender, receiver = await self.signed_on(self.nokia(ann, *one), self.nokia(bob, *other))
            sent = await sender.send_octets(bob, PICTURE, "image/png")
            self.assertEqual(sent.code, 200)
            await receiver.poll()
            self.assertEqual(receiver.texts, [PICTURE], f"{sender} to {receiver}")
            self.assertEqual(receiver.received[0].content_type, "image/png")

    async def test_octets_do_not_stop_a_client_that_cannot_take_them(self):
        ann, bob = await self.known("ann", "bob")
        for version, encoding in ANDROIDS:
            nokia, android = await self.signed_on(
                self.nokia(ann), self.android(bob, version, encoding)
            )
            await nokia.send_octets(bob, PICTURE, "image/png")
            await nokia.send(bob, text="nice?")
            await android.poll()
            self.assertEqual(android.texts[-1], "nice?")
            self.assertEqual(len(android.texts), 2)

    @shows_feature("messages kept for who is away", "pushed at the next login")
    @shows_feature("messages for who is away, announced", "at the next login")
    async def test_who_is_away_gets_all_once_and_in_order(self):
        ann, bob = await self.known("ann", "bob")
        (nokia,) = await self.signed_on(self.nokia(ann))
        texts = [f"message {number}" for number in range(12)]
        for text in texts:
            self.assertEqual((await nokia.send(bob, text=text)).code, 200)
        # The Poll flag of its last answer at sign-on is what makes it fetch them.
        (android,) = await self.signed_on(self.android(bob))
        self.assertEqual(android.texts, texts)
        await android.sign_off()
        (again,) = await self.signed_on(self.android(bob))
        await again.poll()
        self.assertEqual(again.texts, [])

    @shows_feature("several applications and sessions of a user", "a copy for each session")
    async def test_every_session_of_a_user_gets_a_copy(self):
        ann, bob = await self.known("ann", "bob")
        sender, one, other = await self.signed_on(
            self.android(ann), self.android(bob), self.nokia(bob, V11, "xml")
        )
        await sender.send(bob, text="to both")
        await one.poll()
        await other.poll()
        self.assertEqual((one.texts, other.texts), (["to both"], ["to both"]))
        await one.sign_off()
        (later,) = await self.signed_on(self.android(bob, V13))
        await later.poll()
        self.assertEqual(later.texts, [])

    @shows_feature("CSP over HTTP", "polls")
    async def test_message_in_flight_holds_back_the_others(self):
        ann, bob = await self.known("ann", "bob")
        sender, receiver = await self.signed_on(self.nokia(ann), self.nokia(bob))
        for text in ("one", "two"):
            await sender.send(bob, text=text)
        poll = receiver.written("<Polling-Request/>", None)
        first = await receiver.exchange(poll)
        self.assertTrue(first.poll)
        self.assertIsNone(await receiver.exchange(poll))
        (acknowledgement, _) = receiver.responses(first)
        second = await receiver.exchange(acknowledgement)
        self.assertFalse(second.poll)
        (acknowledgement,) = receiver.responses(second)
        self.assertIsNone(await receiver.exchange(acknowledgement))
        self.assertIsNone(await receiver.exchange(poll))
        self.assertEqual(receiver.texts, ["one", "two"])

    @shows_feature("CSP over HTTP", "several connections")
    async def test_session_may_have_several_connections(self):
        ann, bob = await self.known("ann", "bob")
        for version, encoding in NOKIAS:
            one, other = await self.signed_on(self.nokia(ann, version, encoding), self.nokia(bob))

            async def talk(connection, sender=one):
                # Each answer must have the TransactionID of the request on its connection.
                for number in range(5):
                    sent = await sender.send(bob, text=f"{connection} {number}")
                    self.assertEqual(sent.code, 200)
                    await sender.keep_alive()

            async def listen(recipient, count):
                while len(recipient.texts) < count:
                    await recipient.poll()

            async def answer(sender=other):
                for number in range(5):
                    self.assertEqual((await sender.send(ann, text=f"{number}")).code, 200)

            await together(*map(talk, range(3)), listen(one, 5), answer(), listen(other, 15))
            self.assertGreaterEqual(one.connections, MOST_CONNECTIONS)
            self.assertEqual(one.texts, [f"{number}" for number in range(5)])
            self.assertEqual(len(other.texts), 15)
            for connection in range(3):
                came = [text for text in other.texts if text.startswith(f"{connection} ")]
                self.assertEqual(came, [f"{connection} {number}" for number in range(5)])

    async def test_acknowledgement_said_twice_does_no_harm(self):
        ann, bob = await self.known("ann", "bob")
        sender, receiver = await self.signed_on(self.nokia(ann), self.nokia(bob))
        await sender.send(bob, text="one")
        message = await receiver.exchange(receiver.written("<Polling-Request/>", None))
        (acknowledgement,) = receiver.responses(message)
        for _ in range(2):
            self.assertIsNone(await receiver.exchange(acknowledgement))
        await sender.send(bob, text="two")
        self.assertIsNotNone(await receiver.exchange(acknowledgement))

    async def test_request_said_twice_is_done_once(self):
        ann, bob = await self.known("ann", "bob")
        for version, encoding in NOKIAS:
            sender, receiver = await self.signed_on(
                self.nokia(ann, version, encoding), self.nokia(bob)
            )
            first = await sender.send(bob, text="once", transaction_id="nok99")
            again = await sender.send(bob, text="once", transaction_id="nok99")
            self.assertEqual(again, first)
            other = await sender.send(bob, text="twice", transaction_id="nok99")
            self.assertNotEqual(other.message_id, first.message_id)
            await receiver.poll()
            self.assertEqual(receiver.texts, ["once", "twice"])

    @shows_feature("messages to users, groups and contact lists", "several users")
    async def test_what_cannot_be_delivered_is_told_by_recipient(self):
        ann, bob = await self.known("ann", "bob")
        nobody, stranger = "wv:nobody@localhost", "wv:eve@elsewhere.example"
        for version, encoding in NOKIAS:
            nokia = self.nokia(ann, version, encoding)
            await nokia.sign_on()
            partly = await nokia.send(bob, nobody, stranger, text="hello")
            self.assertEqual(partly.code, 201)
            self.assertIsNotNone(partly.message_id)
            self.assertEqual(partly.failures[531], [nobody])
            self.assertIn(stranger, partly.failures[516])
            for recipients, code in (
                ([nobody], 531),
                ([stranger], 516),
                ([nobody, stranger], 900),
                ([], 400),
            ):
                refused = await nokia.send(*recipients, text="hello")
                self.assertEqual((refused.code, refused.message_id), (code, None))

    @shows_feature("users authenticated and authorized", "a client acts as itself only")
    async def test_sender_who_is_someone_else_is_refused(self):
        ann, bob = await self.known("ann", "bob")
        (android,) = await self.signed_on(self.android(ann))
        android.user = bob
        self.assertEqual((await android.send(ann, text="from bob, really")).code, 402)
        (android,) = await self.signed_on(self.android(ann, V13))
        android.user = bob
        self.assertEqual((await android.send(ann, text="from bob, really")).code, 427)
        android.user = ann.removeprefix("wv:").upper()
        self.assertEqual((await android.send(ann, text="from me")).code, 200)


class OneProcessTests(SigningOn, Sessions, Messages, HandsetTestCase):
    pass


class TwoProcessTests(SigningOn, Sessions, Messages, HandsetTestCase):
    """The same with each request going to the other process than the last."""

    processes = 2


def login(user, *schemas):
    offered = "".join(f"<DigestSchema>{schema}</DigestSchema>" for schema in schemas)
    return (
        f"<Login-Request><UserID>{user}</UserID><ClientID><URL>test</URL></ClientID>{offered}"
        "<TimeToLive>3600</TimeToLive><SessionCookie>c</SessionCookie></Login-Request>"
    )
