"""Dates, numbers and truth as text and octets."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.codec.document import CodecError, Unusable
from imps.syntax.texts import boolean, date, date_text, integer, octets_of, printable, utf8
from imps.testing.conformance import shows_feature


def utc(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


class DateTests(SynchronousTestCase):
    MOMENT = utc(2001, 9, 25, 13, 40, 13)

    @shows_feature("CSP data types", "dates")
    def test_all_forms_of_text_are_read(self) -> None:
        for text, expected in (
            ("20010925T134013Z", self.MOMENT),
            ("20010925T134013", self.MOMENT),
            ("20010925T134013A", utc(2001, 9, 25, 12, 40, 13)),
            ("20010925T134013M", utc(2001, 9, 25, 1, 40, 13)),
            ("20010925T134013N", utc(2001, 9, 25, 14, 40, 13)),
            ("20010925t134013y", utc(2001, 9, 26, 1, 40, 13)),
            ("20010925T1340Z", utc(2001, 9, 25, 13, 40)),
            ("20010925T1340", utc(2001, 9, 25, 13, 40)),
            ("2001-09-25T13:40:13Z", self.MOMENT),
            ("2001-09-25T13:40:13", self.MOMENT),
            ("2001-09-25T13:40", utc(2001, 9, 25, 13, 40)),
            ("2001-09-25T13:40:13+01:00", utc(2001, 9, 25, 12, 40, 13)),
            ("2001-09-25T13:40:13+0100", utc(2001, 9, 25, 12, 40, 13)),
            ("2001-09-25T13:40:13+01", utc(2001, 9, 25, 12, 40, 13)),
            ("2001-09-25T13:40:13+1", utc(2001, 9, 25, 12, 40, 13)),
            ("2001-09-25T13:40:13-05:30", utc(2001, 9, 25, 19, 10, 13)),
            (" 20010925T134013Z\n", self.MOMENT),
        ):
            self.assertEqual(date("DateTime", text), expected, text)
            self.assertEqual(date("DateTime", text.encode()), expected, text)

    def test_octets_are_read(self) -> None:
        for octets, expected in (
            ("1f 46 73 0e bb 5a", utc(2001, 9, 25, 16, 58, 59)),
            ("1f 46 a6 9c 9f 5a", utc(2001, 10, 19, 9, 50, 31)),
            ("1f 5f 3f 7e fa 5a", utc(2007, 12, 31, 23, 59, 58)),
            ("1f 40 42 00 00 5a", utc(2000, 1, 1)),
            ("1f a9 c8 c0 45 41", utc(2026, 7, 4, 11, 1, 5)),
            ("1f 46 72 da 0d 00", utc(2001, 9, 25, 13, 40, 13)),
            ("1f 46 72 da 0d 4a", utc(2001, 9, 25, 13, 40, 13)),
        ):
            self.assertEqual(date("DateTime", bytes.fromhex(octets)), expected, octets)

    def test_no_date_is_none(self) -> None:
        self.assertIsNone(date("DateTime", " "))
        self.assertIsNone(date("DateTime", b""))

    def test_what_is_no_date_is_unusable(self) -> None:
        for text in (
            "yesterday",
            "20010925",
            "20010925T25",
            "20011325T134013Z",
            "20010931T134013Z",
            "20010925T244013Z",
            "20010925T134060Z",
            "20010925T134013J",
            "20010925T134013+99",
            "00000925T134013Z",
            "00010101T000000A",
            "99991231T235959Y",
            "\u0662\u0660\u0660\u0661\u0660\u0669\u0662\u0665T1340Z",
        ):
            self.assertRaises(Unusable, date, "DateTime", text)
        for octets in ("00 00 00 00 00 00", "ff ff ff ff ff ff", "00 04 42 00 00 41"):
            self.assertRaises(Unusable, date, "DateTime", bytes.fromhex(octets))

    @given(st.datetimes(datetime(1, 1, 2), timezones=st.timezones()))
    def test_what_is_written_is_read(self, moment: datetime) -> None:
        whole = moment.replace(microsecond=0)
        text = date_text(whole)
        self.assertEqual(len(text), 16)
        self.assertEqual(date("DateTime", text), whole.astimezone(UTC))

    @given(st.binary(min_size=6, max_size=6))
    def test_any_octets_are_a_date_or_unusable(self, octets: bytes) -> None:
        try:
            moment = date("DateTime", octets)
        except Unusable:
            return
        assert moment is not None
        self.assertEqual(moment.tzinfo, UTC)


class NumberTests(SynchronousTestCase):
    @shows_feature("CSP data types", "numbers")
    @given(st.integers(0, 0xFFFFFFFF))
    def test_every_form_is_read(self, number: int) -> None:
        forms: list[str | bytes] = [
            str(number),
            f" 00{number}\n",
            hex(number),
            octets_of(number),
            b"\0\0" + octets_of(number),
        ]
        for form in forms:
            self.assertEqual(integer("Code", form), number)
        self.assertEqual(len(octets_of(number)), max(1, -(-number.bit_length() // 8)))

    def test_no_octets_are_zero_and_no_text_is_nothing(self) -> None:
        self.assertEqual(integer("Code", b""), 0)
        self.assertEqual(integer("Code", b"\0\0\0\0\0\0"), 0)
        self.assertIsNone(integer("Code", " "))

    def test_digits_without_end_are_refused_unread(self) -> None:
        for form in ("9" * 1_000_000, b"\xff" * 1_000_000):
            error = self.assertRaises(Unusable, integer, "Code", form)
            self.assertFalse(error.missing_or_unusable)
        self.assertEqual(integer("Code", "0" * 1_000_000 + "7"), 7)

    def test_clamped_number_is_the_nearest_that_can_be_written(self) -> None:
        for form in ("4294967296", "9" * 1_000_000, b"\1\0\0\0\0", b"\xff" * 1_000_000):
            self.assertEqual(integer("TimeToLive", form, clamped=True), 0xFFFFFFFF)
        for form in ("-1", "-" + "9" * 1_000_000):
            self.assertEqual(integer("TimeToLive", form, clamped=True), 0)
        for form in ("soon", "1.5", "--1", "-", "\u0661"):
            self.assertRaises(Unusable, integer, "TimeToLive", form, clamped=True)

    def test_other_numbers_are_unusable(self) -> None:
        for text in ("-1", "+1", "1.5", "1e3", "0x", "0xfffffffff", "1 2", "\u0661", "\u00b2", "T"):
            self.assertRaises(Unusable, integer, "Code", text)


class TruthTests(SynchronousTestCase):
    @shows_feature("CSP data types", "truth")
    def test_letters_in_either_case_are_read(self) -> None:
        for text, value in (("T", True), ("t", True), (" F ", False), ("f", False), ("", None)):
            self.assertEqual(boolean("Poll", text), value)
            self.assertEqual(boolean("Poll", text.encode()), value)

    def test_words_are_unusable(self) -> None:
        for text in ("true", "1", "TF", b"no"):
            self.assertRaises(Unusable, boolean, "Poll", text)


class TextTests(SynchronousTestCase):
    @shows_feature("CSP data types", "text")
    def test_surrogate_pairs_in_utf_8_are_joined(self) -> None:
        self.assertEqual(utf8(b"a\xed\xa0\xbd\xed\xb8\x80b"), "a\U0001f600b")

    def test_half_pairs_and_other_octets_are_refused(self) -> None:
        for octets in (b"\xed\xa0\xbd", b"\xed\xb8\x80\xed\xa0\xbd", b"\xff", b"\xc0\x80", b"\xc3"):
            self.assertRaises(CodecError, utf8, octets)

    @given(st.text(st.characters()))
    def test_printable_text_can_be_written(self, text: str) -> None:
        self.assertEqual(len(printable(text)), len(text))
        printable(text).encode()
