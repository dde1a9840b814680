import itertools

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.model.gsm7 import Coding, coded, septets
from imps.model.short_message import (
    Header,
    Place,
    ShortMessage,
    TextTooLong,
    how_many,
    joined,
    room,
    short_messages,
)
from imps.model.text import OutgoingText
from tests.model.test_gsm7 import ALPHABET

PHONE = "+358401234567"


def text_of(body="", **changes):
    return OutgoingText(id="1", to=PHONE, body=body, **changes)


def sizes(body="", **changes):
    return [len(each.octets) for each in short_messages(text_of(body, **changes))]


class SizeTests(SynchronousTestCase):
    def test_one_short_message_holds_what_the_standard_says(self):
        self.assertEqual(room(Coding.GSM), 160)
        self.assertEqual(room(Coding.UCS2), 70)
        self.assertEqual(room(Coding.OCTETS), 140)
        self.assertEqual(room(Coding.GSM, is_part=True), 153)
        self.assertEqual(room(Coding.UCS2, is_part=True), 67)
        self.assertEqual(room(Coding.OCTETS, is_part=True), 134)
        self.assertEqual(room(Coding.OCTETS, port=2948), 133)
        self.assertEqual(room(Coding.OCTETS, port=2948, is_part=True), 128)

    def test_text_that_fits_is_one_and_has_no_header(self):
        (message,) = short_messages(text_of("x" * 160))
        self.assertEqual(message.header.octets, b"")
        self.assertEqual(sizes("Я" * 70), [140])
        self.assertEqual(sizes(octets=b"\xff" * 140), [140])

    def test_text_that_does_not_fit_is_split_where_it_has_to_be(self):
        self.assertEqual(sizes("x" * 161), [153, 8])
        self.assertEqual(sizes("x" * 306), [153, 153])
        self.assertEqual(sizes("x" * 307), [153, 153, 1])
        self.assertEqual(sizes("Я" * 71), [134, 8])
        self.assertEqual(sizes(octets=b"\xff" * 141), [134, 7])
        self.assertEqual(sizes(octets=b"\xff" * 134, port=2948), [128, 6])

    def test_no_character_is_cut_in_two(self):
        self.assertEqual(sizes("€" * 81), [152, 10])
        self.assertEqual(sizes("x" * 152 + "€" * 5), [152, 10])
        self.assertEqual(sizes("😀" * 36), [132, 12])
        self.assertEqual(sizes("Я" * 66 + "😀" * 3), [132, 12])

    def test_one_extension_too_many_is_a_second_message(self):
        self.assertEqual(sizes("x" * 158 + "€"), [160])
        self.assertEqual(sizes("x" * 159 + "€"), [153, 8])

    def test_parts_are_numbered_and_the_same_each_time(self):
        text = text_of("x" * 400)
        places = [each.header.place for each in short_messages(text)]
        self.assertEqual([(each.number, each.total) for each in places], [(1, 3), (2, 3), (3, 3)])
        self.assertEqual(places, [each.header.place for each in short_messages(text)])

    def test_text_of_too_many_parts_is_refused(self):
        self.assertEqual(len(short_messages(text_of("x" * 306), at_most=2)), 2)
        self.assertRaises(TextTooLong, short_messages, text_of("x" * 307), at_most=2)
        self.assertEqual(len(short_messages(text_of("x" * 153 * 255))), 255)
        self.assertRaises(TextTooLong, short_messages, text_of("x" * (153 * 255 + 1)))

    def test_empty_text_is_one_empty_message(self):
        self.assertEqual(sizes(""), [0])

    @given(st.text(ALPHABET, max_size=1000) | st.text(max_size=1000), st.booleans())
    def test_how_many_is_how_many_there_are(self, body, within_latin_1):
        parts = short_messages(text_of(body, within_latin_1=within_latin_1))
        self.assertEqual(how_many(body, within_latin_1=within_latin_1), len(parts))

    def test_how_many_is_said_of_any_length_and_is_exact_where_characters_take_two(self):
        for body, count in (
            ("x" * 40_000, 262),
            ("€" * 40_000, 527),
            (("x" * 152 + "€") * 3, 4),
            ("Ж" * 40_000, 598),
            ("😀" * 40_000, 1213),
            ("a" + "\u0316\u0301" * 20_000, 598),
        ):
            self.assertEqual(how_many(body), count, body[:2])
        self.assertEqual(how_many("€" * 71), 1)
        self.assertEqual(how_many("€" * 71, within_latin_1=True), 2)


class SplittingTests(SynchronousTestCase):
    @given(st.text(ALPHABET, max_size=1000) | st.text(max_size=1000))
    def test_parts_fit_and_make_the_text_again(self, body):
        parts = short_messages(text_of(body))
        for part, after in itertools.pairwise(parts):
            one_more = ShortMessage(part.coding, part.text + after.text[0])
            units = 1 if part.coding is Coding.GSM else 2
            self.assertGreater(len(one_more.octets), room(part.coding, is_part=True) * units)
        for part in parts:
            length = septets(part.text) if part.coding is Coding.GSM else len(part.octets) // 2
            self.assertLessEqual(length, room(part.coding, is_part=len(parts) > 1))
            part.octets.decode("utf-16-be" if part.coding is Coding.UCS2 else "latin-1")
        whole = joined(dict(enumerate(parts, 1)), len(parts))
        self.assertEqual(whole.text, coded(body).text)

    @given(st.binary(min_size=1, max_size=1000), st.none() | st.integers(0, 65535))
    def test_octets_and_their_port_come_through(self, octets, port):
        parts = short_messages(text_of(octets=octets, port=port))
        for part in parts:
            self.assertLessEqual(len(part.header.octets) + len(part.octets), 140)
        whole = joined(dict(enumerate(parts, 1)), len(parts))
        self.assertEqual((whole.octets, whole.header.port), (octets, port))

    def test_what_is_missing_is_marked(self):
        parts = {number: ShortMessage(Coding.GSM, f"part {number} ") for number in (2, 5)}
        self.assertEqual(joined(parts, 5).text, "...part 2 ...part 5 ")
        self.assertEqual(joined({1: ShortMessage(Coding.GSM, "a")}, 2).text, "a...")

    def test_parts_of_different_codings_are_one_text(self):
        octets = ShortMessage(Coding.OCTETS, content=b"caf\xe9 ", header=Header(port=3590))
        for other, text in (
            (ShortMessage(Coding.GSM, "gar\xe2on"), "caf\xe9 gar\xe2on"),
            (ShortMessage(Coding.UCS2, "Жди"), "caf\xe9 Жди"),
        ):
            whole = joined({1: octets, 2: other}, 2)
            self.assertEqual((whole.coding, whole.text), (Coding.UCS2, text))
            self.assertEqual(whole.header.port, 3590)
            self.assertEqual(joined({2: octets, 3: other}, 3).text, f"...{text}")
            self.assertEqual(joined({1: other, 2: octets}, 2).header.port, 3590)

    @given(
        st.dictionaries(
            st.integers(1, 9),
            st.builds(ShortMessage, st.just(Coding.OCTETS), content=st.binary())
            | st.builds(
                ShortMessage,
                st.sampled_from([Coding.GSM, Coding.UCS2]),
                st.text(st.characters(codec=None)),
            ),
            min_size=1,
        )
    )
    def test_any_parts_can_be_joined_and_nothing_is_lost(self, parts):
        whole = joined(parts, 9)
        if whole.coding is Coding.OCTETS:
            said = [parts[number].content for number in sorted(parts)]
            self.assertEqual(whole.content, b"".join(said))
            return
        rest = whole.text
        for number in sorted(parts):
            said = parts[number].text or parts[number].content.decode("latin-1")
            before, said, rest = rest.partition(said) if said else ("", "", rest)
            self.assertEqual(before.strip("."), "")
        self.assertEqual(rest.strip("."), "")


class HeaderTests(SynchronousTestCase):
    def test_headers_are_written_as_the_standard_has_them(self):
        self.assertEqual(Header(Place(7, 3, 2)).octets, bytes.fromhex("05 0003 07 03 02"))
        self.assertEqual(Header(port=2948).octets, bytes.fromhex("06 0504 0b84 0b84"))
        both = Header(Place(7, 3, 2), 2948).octets
        self.assertEqual(both, bytes.fromhex("0b 0504 0b84 0b84 0003 07 03 02"))
        self.assertEqual(Header().octets, b"")

    def test_headers_of_others_are_read(self):
        for octets, place, port in (
            ("05 0003 07 03 02", Place(7, 3, 2), None),
            ("06 0804 0107 03 02", Place(263, 3, 2), None),
            ("06 0504 0b84 23f0", None, 2948),
            ("04 0402 e8 e9", None, 232),
            ("0a 0003 07 03 02 2403 010203", Place(7, 3, 2), None),
        ):
            self.assertEqual(Header.read(bytes.fromhex(octets)), Header(place, port))

    def test_broken_header_says_what_it_can(self):
        for octets in ("", "00", "05", "05 0003", "05 0003 07 00 00", "05 0003 07 02 03", "01 00"):
            self.assertEqual(Header.read(bytes.fromhex(octets)), Header(), octets)
        broken = bytes.fromhex("0a 0504 0b84 23f0 0009 01")
        self.assertEqual(Header.read(broken), Header(port=2948))

    @given(st.binary())
    def test_any_octets_can_be_read(self, octets):
        Header.read(octets)

    @given(st.integers(1, 255), st.integers(0, 255), st.none() | st.integers(0, 65535))
    def test_what_is_written_is_read_again(self, total, reference, port):
        for header in (Header(Place(reference, total, total), port), Header(port=port)):
            self.assertEqual(Header.read(header.octets), header)
