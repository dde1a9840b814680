"""What phones are told: complete in every language, and short."""

from __future__ import annotations

import json
from importlib.resources import files

from twisted.trial.unittest import SynchronousTestCase

from imps.clp.catalogue import Catalogue, CatalogueError, Catalogues, nearest
from imps.clp.commands import COMMANDS
from imps.clp.vocabulary import Vocabulary
from imps.model.gsm7 import is_gsm, septets


def data(code):
    return json.loads(files("imps.clp").joinpath("texts", f"{code}.json").read_text("utf-8"))


class CatalogueTests(SynchronousTestCase):
    def setUp(self):
        self.catalogues = Catalogues.load()
        self.english = self.catalogues.get("en")

    def test_there_are_languages_and_a_default(self):
        self.assertEqual(list(self.catalogues.of), ["de", "en"])
        self.assertEqual(self.catalogues.get("fi").name, "English")
        self.assertEqual(Catalogues.load("de").get("fi").name, "Deutsch")
        self.assertRaises(CatalogueError, Catalogues.load, "fi")

    def test_texts_take_values_and_cut_long_names(self):
        self.assertEqual(self.english.say("message", name="bob", body="hi"), "bob: hi")
        said = self.english.say("comes", name="n" * 30)
        self.assertEqual(said, "n" * 20 + " is online.")
        friends = [self.english.say("friends_online", n=n, people="1 bob") for n in range(3)]
        self.assertEqual(
            friends,
            ["No friends online.", "1 friend online: 1 bob.", "2 friends online: 1 bob."],
        )

    def test_usage_is_derived_from_the_table(self):
        for command_id, usage in [
            ("send", "SEND name text"),
            ("add", "ADD name (AS newname) (*list)"),
            ("watch", "WATCH *list/name"),
            ("push", "PUSH ON/OFF"),
            ("quiet", "QUIET (OFF/22-7)"),
        ]:
            self.assertEqual(self.english.usage(COMMANDS[command_id]), usage)
        self.assertEqual(self.english.usage(COMMANDS["send"], "S"), "S name text")

    def test_help(self):
        words = Vocabulary.of()
        self.assertIn("HELP word=more", self.english.help("", words))
        self.assertEqual(self.english.help("chess", words), self.english.help("", words))
        self.assertEqual(self.english.help("S", words), self.english.help("SEND", words))
        self.assertEqual(
            self.english.help("get", words), "Use: GET name = how somebody is. GET bob"
        )

    def test_every_word_has_help_of_one_sms_in_every_language(self):
        for code, catalogue in self.catalogues.of.items():
            words = self.catalogues.vocabulary(code)
            for word in words.keywords:
                said = catalogue.help(word, words)
                self.assertTrue(is_gsm(said), said)
                self.assertLessEqual(septets(said), 160, said)

    def test_incomplete_catalogues_are_refused(self):
        def broken(change):
            changed = data("de")
            change(changed)
            return Catalogue.read("de", changed)

        for change, complaint in [
            (lambda said: said["texts"].pop("online"), "text"),
            (lambda said: said["texts"].update(E01="?"), "E01 has other places"),
            (lambda said: said["texts"].update(saved="x" * 161), "longer than one SMS"),
            (lambda said: said["texts"].update(saved="\u0434" * 71), "longer than one SMS"),
            (lambda said: said["keywords"].update(LIST="lists"), "already"),
            (lambda said: said["about"].pop("get"), "command"),
            (lambda said: said["help"].update({"": "x" * 161}), "help"),
        ]:
            with self.assertRaisesRegex(CatalogueError, complaint):
                broken(change).check(self.english)

    def test_nearest_words(self):
        words = Vocabulary.of()
        self.assertEqual(nearest("blok", words)[0], "BLOCK")
        self.assertEqual(nearest("xyzzy", words), [])
        self.assertEqual(nearest("z" * 100_000, words), [])
