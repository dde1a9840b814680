"""What a text tells its reader to send back is what works, also while somebody is talked to."""

import re
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from imps.clp.catalogue import CatalogueError
from imps.clp.catalogues import Catalogues
from imps.clp.opt_out import replaced, words_instead
from imps.clp.references import Known, Person, References, referring
from imps.clp.vocabulary import nearest
from imps.model.address import Address
from tests.clp.phones import PhoneTestCase
from tests.clp.test_dialogue import DialogueTestCase


class StrangersMessagesTests(DialogueTestCase):
    async def told(self, language):
        """What a stranger's message tells to send back: to add that one, and to block."""
        await self.amy.text(f"lang {language}")
        await self.ann.send("amy", text="buy pills")
        await self.later()
        (said,) = self.amy.new()
        return re.search(r"\((\S+ \S+) [a-z ]+, (\S+ \S+) [a-z]+\)$", said).groups()

    async def test_stranger_is_blocked_by_the_words_that_the_message_tells(self):
        for language, blocked in (("en", "ann is blocked."), ("de", "ann ist gesperrt.")):
            self.clock.advance(90_000)
            await self.ann.sign_on()
            _, block = await self.told(language)
            (said,) = await self.amy.text(block)
            self.assertTrue(said.startswith(blocked), said)
            await self.amy.text("/unblock ann")
        self.assertEqual(await self.heard_by(self.ann), [])

    async def test_stranger_is_added_by_the_words_that_the_message_tells(self):
        for language, added in (("en", "ann is friend no. 2."), ("de", "ann ist Freund Nr. 2.")):
            self.clock.advance(90_000)
            await self.ann.sign_on()
            add, _ = await self.told(language)
            await self.amy.says(add, added)
            await self.amy.text("/remove ann")
            await self.amy.text("yes")
        self.assertEqual(await self.heard_by(self.ann), [])

    async def test_who_is_blocked_while_somebody_is_talked_to_is_unblocked_as_told(self):
        await self.amy.says("s bob hi")
        (said,) = await self.amy.text("/block ann")
        undo = re.search(r"UNBLOCK \S+", said)[0]
        await self.amy.says(undo, "ann is not blocked any more.")
        (said,) = await self.amy.text("/watch ann")
        undo = re.search(r"UNWATCH \S+", said)[0]
        await self.amy.says(undo, "No more alerts about ann.")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "hi")])


class ReferringTests(SynchronousTestCase):
    def test_any_name_is_told_as_it_names_somebody(self):
        for name in ("bob", "Bob B", '"Bob"', "7", "*x", "#x", "/x", "a,b", "12345678", "x@y.org"):
            bob = Person(Address("bob", None, "x.org"), name, 1)
            named = References(Known(people=(bob,)), is_own=True).person(referring(name))
            self.assertEqual(named, bob, name)


class OptOutTests(PhoneTestCase):
    overrides: ClassVar = {"clp": {"optout_words": ["END", "quit"]}}

    async def setUp(self):
        await super().setUp()
        await self.signed_on(self.amy, "add bob")

    async def test_conversation_is_closed_by_the_word_that_is_told(self):
        (said,) = await self.amy.text("chat bob")
        self.assertEqual(said, "You now write to bob. Just type. DONE to finish.")
        await self.amy.says(re.search(r"[A-Z]{2,}", said)[0], "Closed.")
        await self.amy.says("help done", "Use: DONE = end that.")
        await self.amy.says("lang de", "Sprache: Deutsch.")
        await self.amy.says("chat bob", "Du schreibst jetzt an bob. Einfach tippen. ENDE beendet.")

    async def test_word_opts_out_that_the_operator_wants(self):
        self.assertTrue((await self.amy.text("end"))[0].startswith("You get no more messages"))


class OptOutWordsTests(SynchronousTestCase):
    def test_no_text_names_a_word_that_opts_out_for_anything_else(self):
        words = ["end", "off", "read", "help", "more", "ja", "no"]
        catalogues = Catalogues.load("en", words)
        for code, catalogue in catalogues.of.items():
            said = [*catalogue.help_texts.values()]
            for each in catalogue.texts.values():
                said += [each] if isinstance(each, str) else each.values()
            for text in said:
                for found in re.finditer(r"(?<![A-Z] )(?<!\w)[^\W\d_a-z]{2,}", text):
                    self.assertNotIn(found[0].casefold(), words, (code, text))
        english = catalogues.get("en")
        self.assertEqual(
            english.say("notice", number=7, name="bob", size=5)[-16:], " MSGS 7 / DROP 7"
        )

    def test_argument_of_a_command_is_none(self):
        instead = words_instead({}, ["off"])
        self.assertEqual(instead, {"OFF": "LOGOUT"})
        said = replaced("OFF, PUSH OFF or /OFF. OFFER off", instead)
        self.assertEqual(said, "LOGOUT, PUSH OFF or /LOGOUT. OFFER off")

    def test_words_of_stop_stay(self):
        self.assertEqual(words_instead({}, ["STOP", "CANCEL"]), {})

    def test_command_without_another_word_is_refused(self):
        self.assertRaises(CatalogueError, Catalogues.load, "en", ["watchers"])

    def test_no_such_word_is_proposed(self):
        words = Catalogues.load("en", ["end"]).vocabulary("en")
        self.assertNotIn("END", nearest("ent", words))
        self.assertIn("STOP", nearest("stopp", words))
