"""What texts mean: the rules one by one, and that every text means something."""

from __future__ import annotations

import unicodedata
from time import process_time

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.clp.commands import COMMANDS, TABLE, Shape
from imps.clp.grammar import (
    READINGS,
    Asked,
    Chosen,
    Doubtful,
    Mistaken,
    Nothing,
    Reading,
    Said,
    first_word,
    names_in,
    normal,
    read,
)
from imps.clp.patterns import Pattern
from imps.clp.references import ContactListNamed, Group, Known, Person
from imps.clp.vocabulary import Vocabulary
from imps.model.address import Address

BOB = Person(Address.parse("wv:bob@x.org"), "bob", 1)
CY = Person(Address.parse("wv:cy@x.org"), "cy", 3)
DANNY = Person(Address.parse("wv:dan@elsewhere.org"), "danny", 6)
BOB_B = Person(Address.parse("wv:brown@x.org"), "Bob B", 7)
WORK = ContactListNamed(Address.parse("wv:amy/work@x.org"), "work")
CHESS = Group(Address.parse("wv:/chess@x.org"), "chess", 1)
CLUB = Group(Address.parse("wv:/club@x.org"), "club", 2)

CLOSED = Known(
    people=(BOB, CY, DANNY, BOB_B),
    contact_lists=(WORK,),
    groups=(CHESS, CLUB),
    domain="x.org",
)
OPEN = evolve(CLOSED, is_open=True)
ENGLISH = Vocabulary.of()


def shown(reading: Reading) -> str:
    """What a reading is, in a word or two."""
    match reading:
        case Said(body):
            return f"text {body}"
        case Asked(command):
            return command.name
        case Mistaken(error):
            return error
        case Doubtful():
            return "ask first"
        case Chosen(number):
            return f"chosen {number}"
        case Nothing():
            return "nothing"
    raise AssertionError(reading)


class ClassifierTests(SynchronousTestCase):
    """The table of what is a command and what is said to bob, who is talked to."""

    def check(self, known: Known, table: str) -> None:
        for line in table.strip().splitlines():
            text, _, meant = (part.strip() for part in line.partition("=>"))
            expected = f"text {text}" if meant == "text" else meant
            self.assertEqual(shown(read(text, known, ENGLISH)), expected, text)

    def test_texts_while_somebody_is_talked_to(self):
        self.check(
            OPEN,
            """
            on my way => text
            join us at 8 => text
            to tell you the truth => text
            get well soon => text
            add salt and stir => text
            invite bob to tea => text
            help me please => text
            who is it => text
            leave me alone => text
            busy today => text
            y => text
            yes of course => text
            hi => text
            bye => text
            me => text
            1 => text
            r see you => SAY
            r => text
            help me => text
            help to => text
            help on => text
            help s => text
            help block => HELP
            help friends => HELP
            p bob => text
            in => text
            say => text
            //on fire => text /on fire
            the usual place => text
            SEND => text
            on => ON
            On => ON
            s bob lunch? => SEND
            s bob => E02
            to bob => E02
            to nobody => text
            s "Bob B",cy,*work meeting 3pm => SEND
            s bob_b hi => SEND
            S "Bob B" hi => SEND
            s 9 hi => text
            get 6 => GET
            add dan@x.org as danny => ADD
            invite bob #club come too => INVITE
            help => HELP
            help send => HELP
            ? => HELP
            who => WHO
            read 2 => READ
            block 9 => ask first
            block party => ask first
            block careful => ask first
            block bob => BLOCK
            block +358401234567 => BLOCK
            block 0401234567 => ask first
            /busy today => BUSY
            /block party => E10
            /on => ON
            /frobnicate => E01
            / => E01
            stop => STOP
            START => START
            stop it => text
            say stop it => SAY
            g #chess your move => G
            g #nowhere your move => E24
            s #nowhere your move => E24
            s bob,#nowhere your move => E24
            pm queen #nowhere psst => E24
            g #chess => E24
            to #9 fan => text
            g force => text
            link amy secret => LINK
            LINK amy my secret words => LINK
            link me => text
            link => text
            //link amy secret => text /link amy secret
            login amy secret => E02
            login to the site first => text
            login => ON
            pin 4711 => PIN
            pin code please => text
            """,
        )

    def test_texts_while_nobody_is_talked_to(self):
        self.check(
            CLOSED,
            """
            the usual place => text
            busy today => BUSY
            on my way => E02
            hi => ON
            get 9 => E10
            get bob => GET
            get dan => GET
            s bob => E02
            s nobody hi => E10
            s *nowhere hi => E30
            y => YES
            p bob => GET
            1 => text
            help me please => E02
            stop => STOP
            //stop => text /stop
            """,
        )

    def test_prompts_and_choices_take_their_answers(self):
        asked = evolve(OPEN, prompts=frozenset({3, 12}))
        self.check(
            asked,
            """
            y => YES
            yes => YES
            no 12 => NO
            no 12 too late => NO
            no way => text
            yes 4 => text
            3 => text
            """,
        )
        chooses = evolve(CLOSED, has_choice=True)
        self.check(chooses, "2 => chosen 2\n12 => text\n0 => chosen 0\nu2 => text")

    def test_text_to_the_number_of_a_partner_is_said_to_that_one(self):
        to_partner = evolve(OPEN, to_a_partner=True)
        self.check(to_partner, "off => text\nwho => text\n/off => OFF\nstop => STOP")

    def test_every_example_is_its_command(self):
        known = evolve(
            CLOSED,
            people=(*CLOSED.people, Person(Address.parse("wv:queen@x.org"), "Queen", 8)),
        )
        for _, commands in TABLE:
            for command in commands:
                reading = read(command.example, known, ENGLISH)
                self.assertIsInstance(reading, Asked, command.example)
                self.assertIs(reading.command, command)


class ReferenceTests(SynchronousTestCase):
    """Who is meant."""

    def person(self, name: str, known: Known = CLOSED) -> Person | str:
        reading = read(f"get {name}", known, ENGLISH)
        if isinstance(reading, Asked):
            person = reading.arguments["ref"]
            assert isinstance(person, Person)
            return person
        assert isinstance(reading, Mistaken)
        return reading.error

    def test_contacts_go_by_number_nickname_user_and_the_beginning_of_a_name(self):
        for name, meant in [
            ("1", BOB),
            ("BOB", BOB),
            ("bób", BOB),
            ("bob_b", BOB_B),
            ('"bob b"', BOB_B),
            ("brown", BOB_B),
            ("dann", DANNY),
            ("da", "E10"),
            ("dan@elsewhere.org", DANNY),
            ("wv:dan@elsewhere.org", DANNY),
            ("bob@x.org", BOB),
        ]:
            self.assertEqual(self.person(name), meant, name)

    def test_strangers_go_by_address_number_and_user_of_the_home_domain(self):
        eve = Address.parse("wv:eve@x.org")
        known = evolve(CLOSED, users={"eve": eve})
        self.assertEqual(self.person("eve", known), Person(eve, "eve"))
        self.assertEqual(self.person("eve", CLOSED), "E10")
        far = self.person("fay@far.org")
        self.assertEqual(far, Person(Address.parse("wv:fay@far.org"), "fay@far.org"))
        phone = Address("+358401234567", None, "x.org")
        for name in ("+358401234567", "358401234567"):
            self.assertEqual(self.person(name), Person(phone, "+358401234567"))

    def test_names_before_the_beginnings_of_names(self):
        eve = Person(Address.parse("wv:e1@x.org"), "evelyn", 9)
        known = evolve(CLOSED, people=(eve,), users={"eve": Address.parse("wv:eve@x.org")})
        self.assertEqual(self.person("eve", known).address, Address.parse("wv:eve@x.org"))
        self.assertEqual(self.person("eve", evolve(known, users={})), eve)

    def test_two_who_could_be_meant_are_asked_about(self):
        bobby = Person(Address.parse("wv:r@x.org"), "bobby", 2)
        robert = Person(Address.parse("wv:s@x.org"), "bobbie", 4)
        known = evolve(CLOSED, people=(bobby, robert))
        reading = read("get bobb", known, ENGLISH)
        self.assertEqual(reading.error, "E12")
        self.assertEqual([each.number for each in reading.among], [2, 4])

    def test_beginning_of_a_name_while_somebody_is_talked_to(self):
        theo = evolve(OPEN, people=(Person(Address.parse("wv:theo@x.org"), "theo", 1),))
        for text, meant in (
            ("s the secret", "SEND"),
            ("s the", "E02"),
            ("get the", "GET"),
            ("s th secret", "text s th secret"),
            ("to the point", "text to the point"),
            ("to the", "text to the"),
            ("send the", "text send the"),
            # Nobody knows whether it is for Theo, and it must not go to anybody else.
            ("send the secret", "ask first"),
            ("send my secret", "text send my secret"),
        ):
            self.assertEqual(shown(read(text, theo, ENGLISH)), meant, text)

    def test_beginning_of_two_names_while_somebody_is_talked_to(self):
        two = [Person(Address.parse(f"wv:{name}@x.org"), name, 1) for name in ("theo", "thea")]
        known = evolve(OPEN, people=tuple(two))
        for text, meant in (
            ("s the secret", "E12"),
            ("get the", "E12"),
            ("send the secret", "ask first"),
            ("to the point", "text to the point"),
        ):
            self.assertEqual(shown(read(text, known, ENGLISH)), meant, text)

    def test_recipients(self):
        reading = read('s "Bob B",cy,*work,dan@elsewhere.org meeting  3pm\nthere', CLOSED, ENGLISH)
        self.assertEqual(reading.arguments["rcpts"], (BOB_B, CY, WORK, DANNY))
        self.assertEqual(reading.arguments["rest"], "meeting  3pm\nthere")

    def test_too_many_recipients_are_refused(self):
        many = ",".join(f"u{number}@x.org" for number in range(21))
        for known in (CLOSED, OPEN):
            self.assertEqual(shown(read(f"s {many} hi", known, ENGLISH)), "E15_names")

    def test_words_that_may_be_users(self):
        self.assertEqual(names_in("s bob,EVE,*l,#g,3,+358,a@b hi there"), ("bob", "eve", "hi"))
        self.assertEqual(names_in("hello"), ())


class ReadingTests(SynchronousTestCase):
    def test_typing_of_phones_is_read(self):
        reading = read("\ufeff  \uff22\uff35\uff33\uff39\tin “class”  ", CLOSED, ENGLISH)
        self.assertIs(reading.command, COMMANDS["busy"])
        self.assertEqual(reading.arguments["rest"], "in “class”")
        reading = read("s “Bob B” “quoted”", CLOSED, ENGLISH)
        self.assertEqual(reading.arguments, {"rcpts": (BOB_B,), "rest": "“quoted”"})

    def test_empty_text_is_nothing(self):
        for text in ("", " \r\n ", "\ufeff"):
            self.assertEqual(read(text, OPEN, ENGLISH), Nothing())

    def test_half_a_character_is_none(self):
        self.assertEqual(read("a \ud800 b", OPEN, ENGLISH), Said("a \ufffd b"))
        self.assertEqual(read("\ud83d\ude00", OPEN, ENGLISH), Said("\U0001f600"))

    def test_arguments(self):
        for text, arguments in [
            ("add dan@x.org as danny *work", {"choice": "AS", "name": "danny", "list": WORK}),
            ("watch *work", {"list": WORK}),
            ("unwatch all", {"choice": "ALL"}),
            ("allow bob basic", {"ref": BOB, "choice": "BASIC"}),
            ("show *work none", {"list": WORK, "choice": "NONE"}),
            ("quiet 22-7", {"hours": "22-7"}),
            ("quiet off", {"choice": "OFF"}),
            ("link amy my secret", {"word": "amy", "rest": "my secret"}),
            ("no 3 too  late", {"num": 3, "rest": "too  late"}),
            ('newlist "at work"', {"newlist": "at work"}),
            ("dellist work", {"listname": WORK}),
            ("fwd 2 bob,cy", {"num": 2, "rcpts": (BOB, CY)}),
            ("set name Amy B", {"choice": "NAME", "rest": "Amy B"}),
        ]:
            reading = read(text, CLOSED, ENGLISH)
            self.assertIsInstance(reading, Asked, text)
            told = dict(reading.arguments)
            if "dan" in text:
                told.pop("ref")
            self.assertEqual(told, arguments, text)

    def test_words_of_another_language_and_of_the_operator(self):
        german = Vocabulary.of({"wer": "who", "Hilfe": "help"}, opt_out=["ende"])
        self.assertEqual(shown(read("Wer", OPEN, german)), "WHO")
        self.assertEqual(shown(read("hilfe", OPEN, german)), "HELP")
        self.assertEqual(shown(read("who", OPEN, german)), "WHO")
        self.assertEqual(shown(read("Ende", OPEN, german)), "STOP")
        self.assertRaises(ValueError, Vocabulary.of, {"who": "list"})
        self.assertRaises(ValueError, Vocabulary.of, {"wer": "frobnicate"})


_pieces = st.one_of(
    st.sampled_from(
        [word for each in COMMANDS.values() for word in (*each.words, *each.short, *each.casual)]
    ),
    st.sampled_from(
        ["bob", "1", "#chess", "*work", '"Bob B"', '"', ",", "/", "@", "as", "+358401"]
    ),
    st.text(max_size=8),
)
_texts = st.one_of(
    st.text(max_size=600),
    st.builds(lambda words, gap: gap.join(words), st.lists(_pieces), st.sampled_from(" ,\n")),
)
_states = st.builds(
    Known,
    people=st.sampled_from([(), CLOSED.people]),
    contact_lists=st.sampled_from([(), CLOSED.contact_lists]),
    groups=st.sampled_from([(), CLOSED.groups]),
    domain=st.just("x.org"),
    is_open=st.booleans(),
    target_is_group=st.booleans(),
    prompts=st.frozensets(st.integers(1, 99), max_size=3),
    has_choice=st.booleans(),
    to_a_partner=st.booleans(),
)


class AnyTextTests(SynchronousTestCase):
    @given(_texts, _states)
    def test_any_text_means_something(self, text, known):
        reading = read(text, known, ENGLISH)
        self.assertIsInstance(reading, READINGS)
        if isinstance(reading, Mistaken):
            self.assertLessEqual(reading.values.keys(), {"word", "name"})

    @given(_texts)
    def test_what_is_said_in_a_conversation_names_nobody_but_contacts(self, text):
        if text.lstrip("\ufeff \t\r\n\0").startswith(("/", "\uff0f")):
            return
        reading = read(text, OPEN, ENGLISH)
        if isinstance(reading, Asked) and reading.command.shape is Shape.REFERENCE:
            named = [reading.arguments.get("ref"), *reading.arguments.get("rcpts", ())]
            for each in named:
                if isinstance(each, Person) and each not in OPEN.people:
                    self.assertTrue("@" in text or "+" in text, text)

    @given(_texts)
    def test_what_is_said_is_what_was_written(self, text):
        reading = read(text, OPEN, ENGLISH)
        if isinstance(reading, Said):
            whole = read(f"//{reading.body}", OPEN, ENGLISH)
            self.assertEqual(whole, Said(f"/{reading.body}"))

    def test_long_and_nasty_texts_take_no_time(self):
        for text in [
            "s " + '"' * 5000,
            "s " + "a," * 5000,
            "/add " + '""' * 3000 + "x",
            "*" * 9999,
        ]:
            for known in (OPEN, CLOSED):
                read(text, known, ENGLISH)


class MarksTests(SynchronousTestCase):
    """Characters with many marks: to compose all of them takes the square of their number."""

    MARKS = "\u0301\u0316"

    def test_texts_of_nothing_but_marks_take_no_time(self):
        begun = process_time()
        for text in (f"s bob {self.MARKS * 200_000}", self.MARKS * 200_000):
            for known in (OPEN, CLOSED):
                read(text, known, ENGLISH)
            for look in (first_word, names_in):
                look(text)
        # By their square, it would be hours.
        self.assertLess(process_time() - begun, 20)

    def test_so_many_marks_as_anybody_writes_stay(self):
        text = f"o{self.MARKS * 15} and o"
        self.assertEqual(normal(text), unicodedata.normalize("NFC", text))
        self.assertEqual(normal(f"o{self.MARKS * 15}x"), normal(f"o{self.MARKS * 99}x"))

    @given(st.text("ab\u0301\u0316\u0344\xe9", max_size=200))
    def test_normal_form_is_its_own(self, text):
        self.assertEqual(normal(normal(text)), normal(text))

    def test_very_long_names_are_nobodys(self):
        people = tuple(Person(Address("u", None, "x.org"), f"u{n}", n) for n in range(1, 1000))
        begun = process_time()
        for known in (OPEN, CLOSED):
            known = evolve(known, people=people)
            for name in ("1" * 40_000, '"' * 40_000, "u" * 40_000):
                self.assertNotEqual(shown(read(f"s {name} hi", known, ENGLISH)), "SEND")
        self.assertLess(process_time() - begun, 10)


class PatternTests(SynchronousTestCase):
    def test_what_is_no_pattern_is_refused(self):
        for source in ("nobody", "[ref", "ref  num", "[[ref]]"):
            self.assertRaises(ValueError, Pattern.parse, source)

    def test_group_that_may_be_missing(self):
        pattern = Pattern.parse("ref [AS name] [list]")
        found = pattern.match("bob as B *l", 0)
        self.assertEqual([each.kind for each in found], ["ref", "choice", "name", "list"])
        self.assertEqual([each.kind for each in pattern.match("bob *l", 0)], ["ref", "list"])
        self.assertIsNone(pattern.match("bob as", 0))
        self.assertIsNone(pattern.match("bob and all", 0))
