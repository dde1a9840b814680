"""Phones of which nobody knows whose they are, in each mode of registration."""

from typing import ClassVar

from twisted.logger import globalLogPublisher

from imps.model.address import Address
from imps.testing.conformance import shows_feature
from tests.clp.phones import Phone, PhoneTestCase
from tests.sms.scripted import ACCEPTED, LATER

NUMBER = "+358409999999"
USER = Address.parse("wv:amy@localhost")
LINKED = "This phone now belongs to amy. Please delete your last message, it shows your password."
MOVED = (
    "amy is on another phone now, and hears nothing here any more. If you did not do that, "
    "ask localhost."
)
LINK = "This phone is not registered. Send LINK name password."


class StrangersTestCase(PhoneTestCase):
    async def setUp(self):
        await super().setUp()
        self.phone = Phone(self, NUMBER)

    async def number_of(self, user):
        return (await self.directory.get(Address(user))).msisdn


class LinkTests(StrangersTestCase):
    async def test_stranger_is_told_once_a_day_how_to_get_in(self):
        await self.phone.says("hello", LINK)
        await self.phone.says("on")
        await self.phone.says("joinme eve")
        self.clock.advance(86_401)
        await self.phone.says("hello", LINK)

    @shows_feature("CLP: signing on", "a phone linked to an account")
    async def test_phone_is_linked_by_password(self):
        await self.phone.says(
            "link ann secret",
            "This phone now belongs to ann. Please delete your last message, it shows your "
            "password.",
        )
        self.assertEqual(await self.number_of("ann"), NUMBER)
        self.assertIn("You are online as ann.", (await self.phone.text("on"))[0])

    async def test_wrong_passwords_are_counted(self):
        for left in (4, 3, 2):
            said = f"Wrong name or password. {left} tries left."
            await self.phone.says("link ann wrong", said)
        await self.phone.says("link nobody secret", "Wrong name or password. 1 try left.")
        await self.phone.says("link ann wrong", "Wrong name or password.")
        await self.phone.says("link ann secret")
        self.assertIsNone(await self.number_of("ann"))
        self.clock.advance(86_401)
        self.assertIn("now belongs to ann", (await self.phone.text("link ann secret"))[0])

    async def test_no_more_is_said_to_a_stranger_in_a_day_than_anybody_needs(self):
        for _ in range(20):
            await self.phone.says("start", "Welcome back. Send ON to go online.")
        await self.phone.says("start")
        await self.phone.says("stop")
        self.assertTrue(await self.parts.phones.is_stopped(NUMBER))
        self.clock.advance(86_401)
        await self.phone.says("start", "Welcome back. Send ON to go online.")

    async def test_linked_phone_is_unlinked_first(self):
        await self.phone.text("link ann secret")
        await self.phone.says("link bob secret", "This phone belongs to ann. Send /UNLINK first.")
        await self.phone.text("unlink")
        await self.phone.says("yes", "This phone is no longer linked.")
        self.assertIsNone(await self.number_of("ann"))
        self.assertEqual(await self.parts.phones.get(Address.parse("wv:ann@localhost")), b"")
        await self.phone.says(
            "link bob secret",
            "This phone now belongs to bob. Please delete your last message, it shows your "
            "password.",
        )

    async def test_new_phone_of_a_user_takes_the_place_of_the_old_one(self):
        await self.phone.text("link amy secret")
        self.assertEqual(await self.number_of("amy"), NUMBER)
        await self.amy.gets(MOVED)
        await self.amy.says("on", LINK)
        # It is said once.
        await self.phone.says("link amy secret", LINKED)
        await self.amy.gets()

    async def test_what_waits_for_the_old_phone_goes_to_the_new_one(self):
        await self.signed_on(self.amy, "add bob")
        self.gateway.answers = [LATER]
        await self.bob.send("amy", text="hello")
        await self.later()
        await self.amy.text("lists")
        await self.phone.text("link amy secret")
        self.gateway.answers = [ACCEPTED]
        for _ in range(5):
            await self.later(70)
        self.assertEqual(self.amy.new(), [MOVED])
        self.assertEqual(self.phone.new(), [LINKED, "bob: hello"])
        key = f"{self.store.buckets.prefix_of(USER)}queue:{USER.canonical}"
        self.assertEqual(await self.store.client.execute("ZCARD", key), 0)

    async def test_old_phone_that_wants_to_hear_nothing_is_told_nothing(self):
        await self.amy.text("stop")
        await self.phone.says("link amy secret", LINKED)
        await self.amy.gets()

    async def test_password_is_not_logged(self):
        logged = []
        globalLogPublisher.addObserver(logged.append)
        self.addCleanup(globalLogPublisher.removeObserver, logged.append)
        await self.phone.text("link ann a-very-secret-word")
        self.assertNotIn("a-very-secret-word", str(logged))

    async def test_repeated_text_is_answered_the_same(self):
        await self.phone.says("hello", LINK, id="s:same")
        text = await self.phone.text("hello", id="s:same")
        self.assertEqual(text, [])


class UrlTests(StrangersTestCase):
    overrides: ClassVar = {"provider": {"url": "http://chat.example/"}}

    async def test_stranger_is_told_where_more_is_said(self):
        await self.phone.says("hello", f"{LINK} Or see http://chat.example/.")


class ClosedTests(StrangersTestCase):
    overrides: ClassVar = {"clp": {"registration": "closed"}, "provider": {"name": "Chatter"}}

    async def test_nobody_gets_in(self):
        await self.phone.says(
            "link ann secret", "This phone is not registered. Please ask Chatter."
        )
        await self.phone.says("joinme eve")
        self.assertIsNone(await self.number_of("ann"))


class OpenTests(StrangersTestCase):
    overrides: ClassVar = {"clp": {"registration": "open"}}

    @shows_feature("CLP: signing on", "a new account")
    async def test_whoever_wants_gets_an_address(self):
        said = "Welcome {}! Your address is {}@localhost. Send HELP."
        await self.phone.says("joinme ann", "ann is taken. JOINME another")
        await self.phone.says("joinme eve", said.format("eve", "eve"))
        self.assertEqual(await self.number_of("eve"), NUMBER)
        await self.phone.says("joinme fay", said.format("eve", "eve"))
        other = Phone(self, "+358408888888")
        await other.says("joinme", said.format("358408888888", "358408888888"))
        await other.says(
            "s eve hi",
            "S name text=send, WHO=online, ADD name, LIST, "
            "FREE/BUSY/AWAY, READ, BLOCK name, OFF. HELP word=more. STOP=end",
        )
        nobody = Phone(self, "+358407777777")
        for name in ("a/b", "#chess", "*x", "0", "wv:zz", "a:b", "x@y.org", "_", "+35"):
            said = f"{name} cannot be a name: letters and digits can, like JOINME ann."
            await nobody.says(f"joinme {name}", said)
        self.assertIsNone(await self.directory.find(Address("#chess")))
        said = "Welcome {0}! Your address is {0}@localhost. Send HELP."
        for digit, name in enumerate(("fay", "Gina7", "h.i-j_k", "\u0436", "me")):
            await Phone(self, f"+35840666666{digit}").says(f"joinme {name}", said.format(name))

    async def test_stranger_is_told_both_ways(self):
        await self.phone.says(
            "hello",
            "This phone is not registered. Send JOINME name, or LINK name password.",
        )


class LanguageTests(StrangersTestCase):
    overrides: ClassVar = {"clp": {"languages": ["+49=de", "+358=en"], "optout_words": ["ende"]}}

    async def test_language_is_that_of_the_country(self):
        german = Phone(self, "+491701234567")
        await german.says("hallo", "Dieses Telefon ist nicht angemeldet. Sende LINK Name Passwort.")
        await german.says(
            "ende", "Du bekommst nichts mehr von localhost. START bringt dich zurück."
        )


class SharedNumberTests(StrangersTestCase):
    overrides: ClassVar = {"clp": {"keyword": "IM", "signature": "-- sent by my phone"}}

    async def test_keyword_and_signature_are_no_part_of_what_is_said(self):
        await self.signed_on(self.amy)
        await self.amy.says("im s bob hi there\n-- sent by my phone")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "hi there")])

    async def test_keyword_stands_alone_in_a_line_or_before_any_blank(self):
        await self.signed_on(self.amy)
        for text in ("IM\nlists", "im\tlists", "  Im   lists", "lists"):
            await self.amy.says(text, "Lists: *friends (0, main)")
        await self.amy.says("image of you", "Nobody to send to. Write: S name text. HELP for more.")
        await self.amy.says("im")
        await self.amy.says("im\n-- sent by my phone")
        await self.amy.says(
            "im stop", "You get no more messages from localhost. Send START to return."
        )

    async def test_signature_ends_a_text_and_is_nowhere_else(self):
        await self.signed_on(self.amy)
        await self.amy.says("im s bob -- sent by my phone, or not?")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "-- sent by my phone, or not?")])
