from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.syntax.charsets import in_utf8


class CharsetTests(SynchronousTestCase):
    def test_charset_is_known_by_its_names_and_its_number(self):
        for text, encoding, names in (
            ("grüße", "latin-1", "ISO-8859-1 iso8859-1 latin1 4"),
            ("grüße €", "cp1252", "windows-1252 cp1252 2252"),
            ("привет", "koi8-r", "KOI8-R 2084"),
            ("привет", "iso8859-5", "iso-8859-5 8"),
            ("かな漢字", "shift-jis", "Shift_JIS sjis 17"),
            ("漢字", "big5", "Big5 2026"),
            ("plain", "ascii", "us-ascii ASCII 3"),
            ("grüße 😀", "utf-8", "UTF-8 utf8 106"),
            ("grüße", "utf-16-be", "UTF-16BE 1013 ISO-10646-UCS-2 1000 utf-16"),
            ("grüße 😀", "utf-16", "UTF-16 1015"),
        ):
            for name in names.split():
                self.assertEqual(in_utf8(text.encode(encoding), name), text.encode(), name)

    def test_what_is_no_charset_of_text_is_not_known(self):
        for name in ("klingon", "zlib", "punycode", "idna", "unicode_escape", "99", "a\0b", ".."):
            self.assertIsNone(in_utf8(b"text", name), name)

    def test_text_in_another_charset_than_it_says_is_not_read(self):
        for octets, name in ((b"\xff", "utf-8"), (b"\xff", "us-ascii"), (b"\xd8\x00", "utf-16be")):
            self.assertIsNone(in_utf8(octets, name))

    @given(st.binary(max_size=20), st.text(max_size=12) | st.integers(0, 3000).map(str))
    def test_whatever_is_read_is_utf_8(self, octets, name):
        text = in_utf8(octets, name)
        if text is not None:
            text.decode()
