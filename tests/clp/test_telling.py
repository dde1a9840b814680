"""How things are put: names, times, lists in parts."""

from datetime import UTC, datetime, timedelta, timezone
from functools import partial

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.clp.catalogues import Catalogues
from imps.clp.references import Person
from imps.clp.telling import (
    LONGEST_TEXT,
    Names,
    clean,
    in_pages,
    joined,
    lasts,
    moment,
    pieces,
    quiet_until,
    with_tail,
    zone_of,
)
from imps.model.address import Address
from imps.model.short_message import how_many

in_latin_1 = partial(lasts, within_latin_1=True)
ENGLISH = Catalogues.load().get("en")
NOW = datetime(2026, 3, 10, 12, 41, tzinfo=UTC).timestamp()
ANN = Address.parse("wv:ann@x.org")
OTHER_ANN = Address.parse("wv:ann@far.org")


class TailTests(SynchronousTestCase):
    def test_text_is_cut_to_make_room_for_what_is_behind_it(self):
        self.assertEqual(with_tail("Chatter: we chat", ""), "Chatter: we chat")
        self.assertEqual(with_tail("Chatter: we chat", "http://x"), "Chatter: we chat http://x")
        long = with_tail("Chatter: " + "we chat " * 40, "http://x")
        self.assertEqual(long[:24], "Chatter: we chat we chat")
        self.assertRegex(long, r"[^ ]\.\.\. http://x$")
        self.assertEqual(how_many(long), 1)

    @given(st.text(min_size=1, max_size=300), st.text(st.characters(codec="ascii"), max_size=200))
    def test_it_is_always_one_sms(self, body, tail):
        self.assertTrue(lasts(with_tail(body, tail)))

    @given(
        st.text("ab\u20ac\u03a9", min_size=1, max_size=300),
        st.text(st.characters(codec="ascii"), max_size=60),
    )
    def test_it_is_so_within_latin_1(self, body, tail):
        self.assertTrue(in_latin_1(with_tail(body, tail, in_latin_1)))


class NamesTests(SynchronousTestCase):
    def test_contacts_go_by_nickname_and_others_by_the_part_before_the_domain(self):
        names = Names((Person(ANN, "Annie", 1),), "x.org")
        self.assertEqual(names.of(ANN), "Annie")
        self.assertEqual(names.of(Address.parse("wv:bob@x.org")), "bob")
        self.assertEqual(names.of(OTHER_ANN), "ann@far.org")

    def test_who_would_be_called_like_another_goes_by_the_address(self):
        names = Names((Person(OTHER_ANN, "ann", 1),), "x.org")
        self.assertEqual(names.of(OTHER_ANN), "ann")
        self.assertEqual(names.of(ANN), "ann@x.org")

    def test_name_cannot_pass_for_something_else(self):
        self.assertEqual(clean("bob: pay\nme"), "bob pay me")
        self.assertEqual(clean(":"), "?")

    def test_names_together_are_cut(self):
        self.assertEqual(joined(["ann", "bob"]), "ann, bob")
        self.assertEqual(joined(["n" * 30, "m" * 30, "o" * 30]), f"{'n' * 20}, {'m' * 20}...")


class TimesTests(SynchronousTestCase):
    def test_time_of_today_and_of_another_day(self):
        self.assertEqual(moment(NOW - 60, NOW, UTC, ENGLISH), "12:40")
        self.assertEqual(moment(NOW - 86_400, NOW, UTC, ENGLISH), "9 Mar 12:41")
        german = Catalogues.load().get("de")
        self.assertEqual(moment(NOW - 86_400, NOW, UTC, german), "9. März 12:41")
        self.assertEqual(moment(NOW, NOW, timezone(timedelta(hours=2)), ENGLISH), "14:41")

    def test_zones(self):
        for name, hours in (("UTC", 0), ("gmt", 0), ("+2", 2), ("-3:30", -3.5), ("+0545", 5.75)):
            zone = zone_of(name)
            self.assertEqual(zone.utcoffset(None), timedelta(hours=hours), name)
        for name in ("", "+15", "nowhere", "../etc/passwd", "Europe/Nowhere", "+2:99"):
            self.assertIsNone(zone_of(name), name)

    def test_quiet_hours(self):
        def until(hours, hour):
            now = datetime(2026, 3, 10, hour, 30, tzinfo=UTC).timestamp()
            end = quiet_until(hours, now, UTC)
            return None if end is None else datetime.fromtimestamp(end, UTC)

        seven = datetime(2026, 3, 10, 7, tzinfo=UTC)
        for hours, hour, end in [
            (None, 3, None),
            ((22, 7), 3, seven),
            ((22, 7), 23, seven + timedelta(days=1)),
            ((22, 7), 12, None),
            ((1, 7), 3, seven),
            ((1, 7), 7, None),
            ((1, 7), 0, None),
            ((12, 24), 13, datetime(2026, 3, 11, tzinfo=UTC)),
        ]:
            self.assertEqual(until(hours, hour), end, (hours, hour))


class PartsTests(SynchronousTestCase):
    def test_short_list_is_one_part(self):
        self.assertEqual(in_pages("List: ", ["a", "b"], " MORE", ", "), ["List: a, b"])

    @given(st.lists(st.text("abcäß[日 ", min_size=1, max_size=40), min_size=1, max_size=60))
    def test_long_lists_are_parts_of_one_sms_with_everything_in_them(self, items):
        pages = in_pages("List: ", items, " MORE", ", ")
        for page in pages:
            self.assertTrue(lasts(page), page)
        whole = "".join(
            page.removesuffix(" MORE") + ("" if page is pages[-1] else ", ") for page in pages
        )
        self.assertEqual(whole, "List: " + ", ".join(items))

    def test_within_latin_1_a_part_with_a_character_of_gsm_alone_holds_less(self):
        items = [f"{number} \u03a9mega" for number in range(40)]
        pages = in_pages("List: ", items, " MORE", ", ", fits=in_latin_1)
        self.assertTrue(all(map(in_latin_1, pages)), pages)
        self.assertGreater(len(pages), len(in_pages("List: ", items, " MORE", ", ")))

    @given(st.text(min_size=1, max_size=800), st.integers(1, 3))
    def test_pieces_are_the_whole(self, body, count):
        found = pieces(body, count, "...")
        self.assertEqual("".join(each.removesuffix("...") for each in found[:-1]) + found[-1], body)
        for each in found:
            self.assertTrue(lasts(each, count))

    @given(st.text(min_size=1, max_size=500))
    def test_what_lasts_one_sms_is_sent_as_one(self, body):
        self.assertEqual(lasts(body), how_many(body) == 1)

    def test_no_more_is_cut_of_what_is_very_long_than_any_phone_is_told(self):
        found = pieces("x" * 10 * LONGEST_TEXT, 3, "+")
        self.assertLess(len(found), 100)
        self.assertTrue(all(lasts(each, 3) for each in found))
        whole = "".join(each.removesuffix("+") for each in found)
        self.assertEqual(whole, "x" * LONGEST_TEXT + "...")
