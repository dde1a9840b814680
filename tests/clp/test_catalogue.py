"""What phones are told: complete in every language, and short."""

from __future__ import annotations

import json
from copy import deepcopy
from importlib.resources import files

from twisted.trial.unittest import SynchronousTestCase

from imps.clp.catalogue import Catalogue, CatalogueError
from imps.clp.catalogue_checks import check
from imps.clp.catalogues import Catalogues
from imps.clp.commands import COMMANDS
from imps.clp.direction import MARK
from imps.clp.vocabulary import Vocabulary, nearest
from imps.model.gsm7 import is_gsm, septets
from imps.model.short_message import how_many
from tests.clp.other_scripts import HEBREW, RUSSIAN, hebrew, russian
from tests.clp.phones import PhoneTestCase
from tests.clp.test_dialogue import SHOWN


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
                check(broken(change), self.english)

    def test_nearest_words(self):
        words = Vocabulary.of()
        self.assertEqual(nearest("blok", words)[0], "BLOCK")
        self.assertEqual(nearest("xyzzy", words), [])
        self.assertEqual(nearest("z" * 100_000, words), [])


class OtherScriptsTests(SynchronousTestCase):
    """Languages whose letters the alphabet of GSM lacks."""

    def setUp(self):
        self.english = Catalogues.load().get("en")

    def test_catalogues_with_short_variants_are_complete(self):
        check(russian(), self.english)
        check(hebrew(), self.english)

    def test_text_is_short_where_the_full_one_needs_two_sms(self):
        said = russian()
        self.assertEqual(
            said.say("unlink_ask", name="анна" * 5, prompt=33),
            f"Отвязать {'анна' * 5}? YES 33 / NO 33",
        )
        full = "Вы в сети как bob.  Ждут: 0. Пришлите HELP, чтобы узнать команды."
        self.assertEqual(said.say("online", name="bob", friends="", n=0), full)
        longer = said.say("online", name="b" * 20, friends="", n=0)
        self.assertEqual(longer, f"Сеть: {'b' * 20}.  Ждут: 0.")

    def test_text_in_the_alphabet_of_gsm_is_never_short(self):
        said = data("en")
        said["short"] = {"texts": {"linked": "This is {name}'s."}}
        english = Catalogue.read("en", said)
        self.assertIn("Please delete your last message", english.say("linked", name="n" * 20))
        self.assertEqual(english.say("linked", name="д" * 20), f"This is {'д' * 20}'s.")

    def test_text_is_short_within_latin_1_where_that_lacks_a_letter(self):
        said = data("en")
        said["short"] = {"texts": {"linked": "This is {name}'s."}}
        for within_latin_1, expected in ((False, "Please delete"), (True, "This is \u03a9mega's.")):
            english = Catalogue.sparing("en", said, (), within_latin_1=within_latin_1)
            self.assertIn(expected, english.say("linked", name="\u03a9mega"))

    def test_help_is_short_where_it_has_to_be(self):
        said, words = russian(), Vocabulary.of()
        self.assertEqual(said.help("", words), "S имя текст, WHO, ADD имя, LIST, READ, OFF, STOP")
        for command in COMMANDS.values():
            self.assertEqual(how_many(said.about(command)), 1, said.about(command))

    def test_numbers_are_marked_in_what_is_read_from_right_to_left(self):
        said = hebrew()
        self.assertEqual(
            said.say("friends_online", n=2, people="1 bob, 3 cy"),
            f"{MARK}2{MARK} חברים: {MARK}1{MARK} bob, {MARK}3{MARK} cy.",
        )

    def test_what_somebody_has_written_is_not_marked(self):
        self.assertEqual(
            hebrew().say("message_late", name="אבי", time="12:41", body="ב 5 #chess"),
            f"אבי ({MARK}12:41{MARK}): ב 5 #chess",
        )

    def test_text_in_the_alphabet_of_gsm_is_not_marked(self):
        self.assertEqual(hebrew().say("message", name="bob", body="at 5"), "bob: at 5")
        self.assertEqual(hebrew().laid_out("1 bob, 3 cy"), "1 bob, 3 cy")

    def test_incomplete_ones_are_refused(self):
        name = "{name}"
        for change, complaint in [
            (lambda said: said["short"]["texts"].pop("nobody"), "nobody is longer than one SMS"),
            (lambda said: said["short"]["texts"].update(unlink_ask=f"{name}" + "д" * 51), "longer"),
            (lambda said: said["short"]["texts"].update(online="{name} {word}"), "other places"),
            (lambda said: said["short"]["texts"].update(what="д"), "variants of nothing: what"),
            (lambda said: said["short"]["help"].update({"": "д" * 71}), "help  is longer"),
            (lambda said: said["about"].update(mood="д" * 71), None),
            (lambda said: said["arguments"].update(ref="имя друга"), "no word for an argument"),
            (lambda said: said["texts"].update(saved="{"), "Single|expected"),
            (lambda said: said["texts"].update(saved="\U0001f600" * 36), "longer than one SMS"),
            (lambda said: said["texts"].update(saved="\U0001f600" * 35), None),
        ]:
            changed = deepcopy(RUSSIAN)
            change(changed)
            if complaint is None:
                check(Catalogue.read("ru", changed), self.english)
                continue
            with self.assertRaisesRegex(CatalogueError, complaint):
                check(Catalogue.read("ru", changed), self.english)

    def test_marks_count(self):
        changed = deepcopy(HEBREW)
        changed["texts"]["saved"] = "1 " + "א" * 67
        with self.assertRaisesRegex(CatalogueError, "saved is longer"):
            check(Catalogue.read("he", changed), self.english)
        changed["direction"] = "ltr"
        check(Catalogue.read("he", changed), self.english)

    def test_example_that_would_be_read_as_something_else_is_refused(self):
        changed = deepcopy(RUSSIAN)
        changed["keywords"] = {"wer": "who"}
        check(Catalogue.read("ru", changed), self.english)
        changed["keywords"] = {"list": "who"}
        self.assertRaises(CatalogueError, check, Catalogue.read("ru", changed), self.english)


class RightToLeftDialogueTests(PhoneTestCase):
    overrides = {"presence": {"default_attributes": SHOWN}}

    async def test_phone_in_hebrew(self):
        self.parts.clp_services.catalogues.of["he"] = hebrew()
        await self.signed_on(self.amy, "add bob", "add ann", "lang he")
        await self.amy.says("who", f"מחוברים: {MARK}1{MARK} bob, {MARK}2{MARK} ann")
        await self.bob.send("amy", text="ב 5 #chess")
        await self.amy.gets("bob: ב 5 #chess")
        await self.ann.send("amy", text="at 5")
        await self.amy.gets("ann: at 5")
        await self.amy.says(
            "?? 5", f"למי? {MARK}1{MARK} bob {MARK}2{MARK} ann. {MARK}1{MARK} א {MARK}2{MARK}"
        )

    async def test_list_of_several_pages(self):
        self.parts.clp_services.catalogues.of["he"] = hebrew()
        await self.signed_on(self.amy, "lang he")
        for number in range(12):
            await self.amy.text(f"add friend{number:02}@x.org as f{number:02}")
        (page,) = await self.amy.text("list")
        pages = [page]
        while page != "א":
            self.clock.advance(60)
            (page,) = await self.amy.text("more")
            pages.append(page)
        # The last says that there is no more.
        self.assertGreater(len(pages), 2)
        pages.pop()
        for page in pages:
            self.assertEqual(how_many(page), 1, page)
            self.assertEqual(MARK in page, not is_gsm(page), page)
        for number in range(12):
            self.assertIn(f"f{number:02}", "".join(pages))
