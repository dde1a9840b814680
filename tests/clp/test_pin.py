"""The PIN, where the network does not vouch for numbers."""

from imps.clp.state import print_of
from imps.model.address import Address
from tests.clp.phones import PhoneTestCase
from tests.clp.test_dialogue import SHOWN

USER = Address.parse("wv:amy@localhost")
ASKED = "First your PIN: send PIN and its digits, like PIN 4711. Then I do what you asked for."
SET = "Your PIN is set. Please delete your last message, it shows the PIN."
ON = "You are online as amy. 1 friend online: 1 bob. Waiting: 0. Send HELP for commands."
ALONE = ON.replace("1 friend online: 1 bob", "No friends online")


class PinTestCase(PhoneTestCase):
    overrides = {"presence": {"default_attributes": SHOWN}, "clp": {"trust": "pin"}}

    async def setUp(self):
        await super().setUp()
        await self.signed_on(self.amy, "add bob", "end")

    async def record(self):
        return await self.parts.phones.get(USER)


class GivingTests(PinTestCase):
    async def setUp(self):
        await super().setUp()
        await self.amy.says("pin 4711", SET)

    async def test_sign_on_wants_it_once_in_twelve_hours(self):
        await self.amy.says("on", ON)
        await self.later(12 * 3600)
        await self.amy.says("on", ASKED)
        await self.amy.says("pin 4711", ALONE)
        await self.amy.says("on", ALONE)

    async def test_what_signs_on_waits_for_it_and_is_done_then(self):
        await self.signed_on(self.cy)
        await self.later(25 * 3600)
        await self.amy.says("s cy hello", ASKED)
        await self.cy.gets(seconds=3)
        await self.amy.says("pin 4711")
        await self.later(3)
        self.assertEqual([each[:10] for each in self.cy.new()], ["amy: hello"])

    async def test_text_that_waits_is_forgotten_after_ten_minutes(self):
        await self.signed_on(self.cy)
        await self.later(25 * 3600)
        await self.amy.says("s cy hello", ASKED)
        await self.later(601)
        await self.amy.says("pin 4711", "Your PIN is right.")
        await self.cy.gets(seconds=3)

    async def test_it_is_wanted_before_something_is_deleted(self):
        await self.amy.text("newlist work")
        await self.later(601)
        await self.amy.says("dellist work", ASKED)
        # It is no question that can be answered by yes.
        await self.amy.says("/yes", "Nothing to answer.")
        (question,) = await self.amy.text("pin 4711")
        self.assertIn("Delete *work", question)
        number = question.split("YES ")[1].split()[0]
        await self.amy.says(f"yes {number}", "List *work deleted.")

    async def test_unlinking_wants_it(self):
        await self.later(601)
        await self.amy.says("unlink", ASKED)
        (question,) = await self.amy.text("pin 4711")
        self.assertIn("Unlink this phone from amy?", question)

    async def test_only_so_many_are_tried_in_a_day(self):
        await self.later(13 * 3600)
        await self.amy.says("on", ASKED)
        for left in (4, 3, 2):
            await self.amy.says("pin 1111", f"Wrong PIN. {left} tries left.")
        await self.amy.says("pin 1111", "Wrong PIN. 1 try left.")
        await self.amy.says("pin 1111", "Wrong PIN. No tries left today.")
        await self.amy.says("pin 4711")
        await self.amy.says("on", "Too many wrong PINs. Try again tomorrow.")
        await self.later(86_400)
        await self.amy.says("pin 4711", "Your PIN is right.")
        await self.amy.says("on", ALONE)

    async def test_it_is_changed_by_who_knows_it(self):
        await self.amy.says("pin 1111 2222", "Wrong PIN. 4 tries left.")
        await self.amy.says("pin 4711 2222", SET)
        await self.amy.says("pin 4711", "Wrong PIN. 4 tries left.")
        await self.amy.says("pin 2222", "Your PIN is right.")

    async def test_it_is_not_said_to_whom_one_talks_to(self):
        await self.amy.says("s bob hi")
        await self.amy.says("pin 4711", "Your PIN is right.")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "hi")])

    async def test_store_does_not_tell_it(self):
        await self.amy.says("pin 4711 9876", SET)
        record = await self.record()
        self.assertNotIn(b"9876", record)
        self.assertNotIn(print_of("pin 4711 9876").encode(), record)
        await self.amy.text("/link amy secret")
        self.assertNotIn(print_of("/link amy secret").encode(), await self.record())


class WithoutTests(PinTestCase):
    async def test_who_has_none_is_told_how_to_set_one(self):
        await self.amy.says(
            "on",
            ON,
            "So that nobody can write in your name, send PIN and 4 to 6 digits, like PIN 4711.",
        )

    async def test_nothing_else_is_a_pin(self):
        await self.amy.says("/pin 123", "Use: PIN 1234 (4321)")
        await self.amy.says("/pin 1234567", "Use: PIN 1234 (4321)")


class TrustTests(PhoneTestCase):
    async def test_network_that_vouches_for_numbers_needs_none(self):
        await self.signed_on(self.amy)
        await self.amy.says("pin 4711", "This service does not offer PIN.")
