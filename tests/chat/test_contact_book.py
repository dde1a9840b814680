"""What is known of contacts, and the lines about it."""

from twisted.trial.unittest import SynchronousTestCase

from imps.chat.contact_book import ContactBook, Seen, changes, meant_by
from imps.csp.primitives.attributes import (
    OnlineStatus,
    PresenceSubList,
    StatusText,
    UserAvailability,
)
from imps.csp.primitives.presence import Presence
from imps.model.address import Address
from imps.model.contacts import Contact
from imps.model.presence import Availability

FRIENDS = Address.parse("wv:ann/friends@localhost")
WORK = Address.parse("wv:ann/work@localhost")
BOB = Address.parse("wv:bob@localhost")
CAROL = Address.parse("wv:carol@example.org")


def online(*values, qualifier=True):
    return {
        "online_status": tuple(
            OnlineStatus(qualifier=qualifier, presence_value=value) for value in values
        )
    }


def available(value, qualifier=True):
    availability = None if value is None else Availability(value)
    return {"user_availability": UserAvailability(qualifier=qualifier, presence_value=availability)}


def text(value, qualifier=True):
    return {"status_text": StatusText(qualifier=qualifier, presence_value=value)}


class ContactBookTests(SynchronousTestCase):
    def setUp(self):
        self.book = ContactBook("localhost", FRIENDS)
        self.book.keep(FRIENDS, [Contact(BOB, "Bobby"), Contact(CAROL)])

    def told(self, address=BOB, **attributes):
        sub_list = PresenceSubList(**attributes)
        return self.book.told(Presence(user_id=address, presence_sub_lists=(sub_list,)))

    def test_contact_who_comes_and_goes_is_told_of_once(self):
        self.assertEqual(self.told(**online(True)), ["* bob is there."])
        self.assertEqual(self.told(**online(True)), [])
        self.assertEqual(self.told(**online(False)), ["* bob has left."])
        self.assertEqual(self.told(**online(False)), [])

    def test_whoever_was_not_there_has_not_left(self):
        self.assertEqual(self.told(**online(False)), [])
        self.assertEqual(self.told(**online(None, qualifier=False)), [])

    def test_one_client_on_line_is_enough(self):
        self.assertEqual(self.told(**online(False, True)), ["* bob is there."])
        self.assertEqual(self.told(**online(True, False)), [])

    def test_availability_is_told_when_it_changes_or_is_not_as_usual(self):
        self.assertEqual(self.told(**online(True), **available("AVAILABLE")), ["* bob is there."])
        self.assertEqual(self.told(**available("NOT_AVAILABLE")), ["* bob: not available"])
        self.assertEqual(self.told(**available("NOT_AVAILABLE")), [])
        self.assertEqual(self.told(**available("DISCREET")), ["* bob: discreet"])
        self.assertEqual(self.told(**available("AVAILABLE")), ["* bob: available"])
        self.assertEqual(self.told(**available(None, qualifier=False)), [])

    def test_status_text_is_told_when_it_changes_and_when_it_holds_no_more(self):
        self.assertEqual(self.told(**text("in a meeting")), ['* bob: "in a meeting"'])
        self.assertEqual(self.told(**online(True), **text("in a meeting"))[0], "* bob is there.")
        self.assertEqual(self.told(**text("in a meeting")), [])
        self.assertEqual(self.told(**text(None, False)), ["* bob: no status text any more"])
        self.assertEqual(self.told(**text("")), [])

    def test_of_those_who_are_not_there_the_rest_is_told_when_they_come(self):
        away = {**available("NOT_AVAILABLE"), **text("asleep")}
        self.assertEqual(self.told(**online(False), **away), [])
        self.assertEqual(
            self.told(**online(True)),
            ["* bob is there.", "* bob: not available", '* bob: "asleep"'],
        )
        self.assertEqual(self.told(**online(False), **text("gone")), ["* bob has left."])

    def test_texts_of_others_cannot_meddle_with_the_terminal(self):
        evil = "a\x1b[2Jb\n* carol is there.\u202e"
        self.assertEqual(self.told(**text(evil)), ['* bob: "a�[2Jb * carol is there.�"'])
        mallory = Address("mal\x1bl\nory", None, "localhost")
        self.assertEqual(self.told(mallory, **online(True)), ["* mal�l ory is there."])
        self.book.keep(FRIENDS, [Contact(BOB, "Bob\x07\nby")])
        self.assertIn("  bob (Bob� by): ", self.book.lines()[0])

    def test_list_shows_what_is_known(self):
        self.assertEqual(
            self.book.lines(),
            ["  bob (Bobby): nothing known", "  carol@example.org: nothing known"],
        )
        self.told(**online(True), **available("AVAILABLE"), **text("in a meeting"))
        self.told(CAROL, **online(False), **available("NOT_AVAILABLE"))
        self.assertEqual(
            self.book.lines(),
            ['  bob (Bobby): there, "in a meeting"', "  carol@example.org: not there"],
        )

    def test_words_for_what_is_seen(self):
        for seen, words in {
            Seen(True, Availability.NOT_AVAILABLE, "x"): 'away, "x"',
            Seen(True, Availability.DISCREET): "discreet",
            Seen(True): "there",
            Seen(None, Availability.AVAILABLE): "available",
            Seen(None, Availability.NOT_AVAILABLE): "away",
            Seen(None, None, "x"): 'nothing known, "x"',
            Seen(False, Availability.NOT_AVAILABLE, "x"): 'not there, "x"',
        }.items():
            self.assertEqual(str(seen), words)

    def test_contact_in_several_lists_is_shown_once_with_a_nickname(self):
        self.book.keep(WORK, [Contact(CAROL, "Boss")])
        lines = [line for line in self.book.lines() if "carol" in line]
        self.assertEqual(lines, ["  carol@example.org (Boss): nothing known"])

    def test_contact_who_was_removed_is_forgotten_unless_in_another_list(self):
        self.book.keep(WORK, [Contact(CAROL)])
        for each in (BOB, CAROL):
            self.told(each, **online(True))
        self.book.keep(FRIENDS, [])
        self.assertEqual(self.book.lines(), ["  carol@example.org: there"])
        self.assertEqual(self.told(BOB, **online(True)), ["* bob is there."])

    def test_nothing_is_made_of_presence_without_a_user(self):
        self.assertEqual(self.book.told(Presence(contact_list=FRIENDS)), [])

    def test_without_a_home_domain_names_go_without_any(self):
        self.book.home = ""
        self.assertEqual(self.told(CAROL, **online(True)), ["* carol is there."])


class MeantTests(SynchronousTestCase):
    def test_name_without_a_domain_means_whoever_has_it_at_home(self):
        for name in ("carol", "Carol", "wv:carol"):
            self.assertEqual(meant_by(name, [BOB, CAROL], ""), CAROL)
            self.assertEqual(
                meant_by(name, [BOB, CAROL], "localhost"), Address.parse("wv:carol@localhost")
            )
        self.assertEqual(meant_by("carol@example.org", [BOB, CAROL], "localhost"), CAROL)

    def test_nothing_has_changed_where_all_is_as_before(self):
        seen = Seen(True, Availability.DISCREET, "x")
        self.assertEqual(list(changes(seen, seen)), [])
