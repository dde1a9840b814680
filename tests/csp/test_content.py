from base64 import b64decode, b64encode

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.content import content_of, font_element, wrapped
from imps.csp.primitives.identity import Recipient
from imps.csp.primitives.im import Font as FontElement
from imps.csp.primitives.im import MessageInfo
from imps.csp.primitives.values import TransferEncoding
from imps.model.capability import Capabilities
from imps.model.message import Color, Content, Font, FontSize, FontStyle
from imps.model.status import Refusal
from imps.testing.conformance import shows_feature

BARE, WITH_BASE64 = Capabilities(), Capabilities(takes_base64=True)


def info(content_type=None, encoding=None, **fields):
    return MessageInfo(
        content_type=content_type, content_encoding=encoding, recipient=Recipient(), **fields
    )


class ReadingTests(SynchronousTestCase):
    def test_text_is_plain_text_in_utf_8_unless_told_otherwise(self):
        for data in ("grüße 😀", "grüße 😀".encode()):
            content = content_of(info(), data)
            self.assertEqual((content.type, content.text), ("text/plain", "grüße 😀"))

    def test_no_content_is_empty(self):
        self.assertEqual(content_of(info(), None), Content())

    def test_octets_of_a_known_charset_become_utf_8(self):
        for content_type in (
            "text/html; charset=iso-8859-1",
            'TEXT/HTML;CHARSET="ISO-8859-1"',
            "text/html;charset=latin1; format=flowed",
            "text/html; charset=4",
        ):
            for data, encoding in (
                ("grüße".encode("latin-1"), None),
                (b64encode("grüße".encode("latin-1")).decode(), TransferEncoding.BASE64),
            ):
                content = content_of(info(content_type, encoding), data)
                self.assertEqual(content.text, "grüße")
                self.assertNotIn("charset", content.type.lower())

    def test_characters_are_utf_8_whatever_charset_they_claim(self):
        content = content_of(info("text/plain; charset=iso-8859-1"), "grüße")
        self.assertEqual((content.type, content.text), ("text/plain", "grüße"))

    def test_octets_of_another_charset_stay_as_they_are(self):
        for content_type, octets in (
            ("text/plain; charset=klingon", b"gr\xfc\xdfe"),
            ("text/plain; charset=us-ascii", b"gr\xfc\xdfe"),
            ("text/plain; charset=klingon", b"\0q\0a\0p"),
        ):
            content = content_of(info(content_type), octets)
            self.assertEqual((content.type, content.octets), (content_type, octets))
            self.assertIsNone(content.text)

    def test_plain_text_holds_only_what_every_client_can_be_sent(self):
        for data in ("a\0b\x0c\uffffc", b"a\0b\x0c\xef\xbf\xbfc"):
            content = content_of(info("Text/Plain; format=flowed"), data)
            self.assertEqual(content.text, "a\ufffdb\ufffd\ufffdc")
            self.assertEqual(content.size, 12)
            content = content_of(info("text/x-vcard"), data)
            self.assertEqual(content.octets, b"a\0b\x0c\xef\xbf\xbfc")

    def test_characters_in_two_surrogates_are_joined(self):
        self.assertEqual(content_of(info(), b"\xed\xa0\xbd\xed\xb8\x80").text, "😀")

    def test_base64_is_taken_off_with_its_line_ends(self):
        octets = bytes(range(256))
        data = b64encode(octets).decode()
        folded = "\r\n".join(data[at : at + 76] for at in range(0, len(data), 76))
        for each in (data, folded, f"  {data}\n"):
            content = content_of(info("image/png", TransferEncoding.BASE64), each)
            self.assertEqual(content.octets, octets)

    def test_octets_are_not_taken_for_base64(self):
        content = content_of(info("image/png", TransferEncoding.BASE64), b"AAAA")
        self.assertEqual(content.octets, b"AAAA")

    def test_what_is_not_base64_is_refused(self):
        for data in ("é", "AAA", "A*AA", "===="):
            with self.assertRaises(Refusal) as raised:
                content_of(info("image/png", TransferEncoding.BASE64), data)
            self.assertEqual(raised.exception.code, 402)

    def test_name_and_font_are_kept(self):
        element = FontElement(size=FontSize.BIG, styles=(FontStyle.BOLD,), color=Color.RED)
        content = content_of(info(content_name="n.txt", font=element), "x")
        font = Font(size=FontSize.BIG, styles=(FontStyle.BOLD,), color=Color.RED)
        self.assertEqual((content.name, content.font), ("n.txt", font))
        self.assertEqual(font_element(font), element)
        self.assertIsNone(font_element(None))

    @given(st.text() | st.binary() | st.none(), st.text(max_size=40), st.booleans())
    def test_whatever_comes_is_read_or_refused(self, data, content_type, in_base64):
        encoding = TransferEncoding.BASE64 if in_base64 else None
        try:
            content = content_of(info(content_type, encoding), data)
        except Refusal as refusal:
            self.assertEqual(refusal.code, 402)
        else:
            self.assertEqual(content.size, len(content.octets))


class WrappingTests(SynchronousTestCase):
    def test_text_goes_as_text_everywhere(self):
        content = Content(octets="grüße\r\n😀".encode(), type="text/html")
        for encoding in ("xml", "wbxml"):
            for capabilities in (BARE, WITH_BASE64):
                self.assertEqual(
                    wrapped(content, capabilities, encoding),
                    (TransferEncoding.NONE, "grüße\r\n😀"),
                )

    @shows_feature("capabilities respected", "transfer encodings")
    def test_octets_go_in_base64_in_xml_and_where_the_client_takes_it(self):
        for content in (
            Content(octets=b"\x89PNG\xff", type="image/png"),
            Content(octets=b"gr\xfc\xdfe", type="text/plain; charset=klingon"),
            Content(octets=b"BEGIN:VCARD\x0cEND:VCARD", type="text/x-vcard"),
        ):
            for encoding, capabilities in (
                ("xml", BARE),
                ("xml", WITH_BASE64),
                ("wbxml", WITH_BASE64),
            ):
                how, data = wrapped(content, capabilities, encoding)
                self.assertIs(how, TransferEncoding.BASE64)
                self.assertEqual(b64decode(data), content.octets)
            self.assertEqual(
                wrapped(content, BARE, "wbxml"), (TransferEncoding.NONE, content.octets)
            )

    @given(
        st.builds(
            Content,
            octets=st.binary(max_size=50),
            type=st.sampled_from(["text/plain", "image/png"]),
        ),
        st.sampled_from(["xml", "wbxml"]),
        st.booleans(),
    )
    def test_what_is_wrapped_reads_as_it_was(self, content, encoding, takes_base64):
        how, data = wrapped(content, Capabilities(takes_base64=takes_base64), encoding)
        self.assertEqual(content_of(info(content.type, how), data), content)
