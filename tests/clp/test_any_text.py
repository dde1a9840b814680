"""Any text gets an answer, or is ignored by rule; and none does anything but what it says."""

import random

from imps.clp.commands import COMMANDS
from imps.clp.telling import lasts
from tests.clp.phones import PhoneTestCase

PIECES = (
    *(word for each in COMMANDS.values() for word in (*each.words, *each.short, *each.casual)),
    *("bob", "ann", "cy", "eve@elsewhere.org", "nobody", "1", "2", "99", "*friends", "*work", "#g"),
    *('"Bob B"', '"', ",", "/", "//", "as", "all", "off", "on", "22-7", "+358403333333", "\u263a"),
    *("hello", "{name}", "%s", "\x00", "\n", "\ud800", "x" * 300, "yes", "no"),
)
LEFT_OUT = {"stop", "stopall", "unsubscribe", "unlink"}


class AnyTextTests(PhoneTestCase):
    overrides = {"clp": {"replies_per_minute": 1000, "replies_per_hour": 100_000}}

    async def test_any_text_gets_an_answer_or_is_ignored(self):
        chance = random.Random(8)
        await self.signed_on(self.amy, "add bob", "newlist work")
        for _ in range(400):
            pieces = chance.choices(PIECES, k=chance.randint(1, 5))
            text = chance.choice(("", "/", "", "  ")) + " ".join(pieces)
            if LEFT_OUT & set(text.casefold().replace("/", " ").split()):
                continue
            if chance.random() < 0.1:
                await self.bob.send("amy", text=chance.choice(("hi", "a longer one " * 30)))
                await self.later()
            self.clock.advance(3)
            for reply in await self.amy.text(text):
                self.assertTrue(lasts(reply, 3), (text, reply))
        await self.later(1000)
        await self.signed_on(self.cy)
        self.assertEqual(self.cy.got[0][:24], "You are online as cy. No")
