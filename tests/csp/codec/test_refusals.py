"""What is no document of CSP is refused with the one error of the codecs, at little cost."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial

from twisted.trial.unittest import SynchronousTestCase

from imps.csp.codec.document import CodecError, Limits
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.primitives.access import LoginRequest
from imps.csp.primitives.declaration import Unreadable
from imps.testing.messages import contents, wbxml_message, xml_message

POLLING = "<Polling-Request/>"
SUBSET = "<!DOCTYPE WV-CSP-Message [<!ENTITY secret 'wv:mallory'>]>"
LOGIN_WITH_ENTITY = "<Login-Request><UserID>&secret;</UserID></Login-Request>"
WBXML_POLLING = "00 01 22 00 00"


def peak_of(work: Callable[[], object]) -> int:
    """The most memory that Python held at once for this work, in octets."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class XMLRefusalTests(SynchronousTestCase):
    codec = XMLCodec()

    def assert_refused(self, document: bytes, reason: str) -> None:
        error = self.assertRaises(CodecError, self.codec.decode, document)
        self.assertIn(reason, str(error))

    def test_what_is_not_xml_is_refused(self) -> None:
        for document in (
            b"",
            b" ",
            b"hello",
            b"\xff\xfe\x00",
            b"<",
            b"<a>",
            b"<a></b>",
            b"<a/><a/>",
        ):
            self.assert_refused(document, "not ")

    def test_cut_off_document_is_refused(self) -> None:
        document = xml_message(POLLING)
        for length in range(len(document) - 1):
            self.assertRaises(CodecError, self.codec.decode, document[:length])

    def test_other_root_is_refused(self) -> None:
        self.assert_refused(b"<html/>", "not a document of CSP")

    def test_message_without_session_is_refused(self) -> None:
        self.assert_refused(b"<WV-CSP-Message/>", "Session")

    def test_octets_that_are_not_utf_8_are_refused(self) -> None:
        document = xml_message("<Login-Request><UserID>\u00e9</UserID></Login-Request>")
        self.assert_refused(document.replace(b"\xc3\xa9", b"\xe9"), "not well-formed")

    def test_other_encodings_are_refused(self) -> None:
        text = xml_message(POLLING).decode()
        for encoding in ("UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-7", "cp037", "cp500"):
            declaration = f'<?xml version="1.0" encoding="{encoding}"?>'
            self.assert_refused((declaration + text).encode(encoding), "not ")

    def test_undeclared_utf_16_is_refused(self) -> None:
        self.assert_refused(xml_message(POLLING).decode().encode("utf-16"), "not in UTF-8")

    def test_declared_charset_that_nobody_knows_is_refused(self) -> None:
        for encoding in ("iso-8859-99", "EBCDIC", "", "x" * 50):
            prolog = f'<?xml version="1.0" encoding="{encoding}"?>'
            self.assert_refused(xml_message(POLLING, prolog=prolog), "not in UTF-8")

    def test_internal_subset_is_refused(self) -> None:
        self.assert_refused(xml_message(POLLING, prolog=SUBSET), "internal DTD subset")
        self.assert_refused(
            xml_message(POLLING, prolog="<!DOCTYPE WV-CSP-Message []>"), "internal DTD subset"
        )

    def test_internal_subset_behind_anything_is_refused(self) -> None:
        disguises = [
            "\ufeff",
            " \ufeff",
            "\ufeff \n",
            "\n\t ",
            "<!-- <!DOCTYPE a> -->",
            "<!-- [ --><?pi [ ?>",
            '<?xml version="1.0"?>',
            '<?xml version="1.0"?><?pi ?><!----> ',
            "<?a <!-- ?><!-- ?> -->",
        ]
        for disguise in disguises:
            document = xml_message(LOGIN_WITH_ENTITY, prolog=disguise + SUBSET)
            self.assert_refused(document, "internal DTD subset")

    def test_internal_subset_after_external_ids_is_refused(self) -> None:
        for external in (
            'PUBLIC "-//OMA//DTD WV-CSP 1.1//EN" "http://a/"',
            "SYSTEM 'a\">'",
            'SYSTEM "]>"',
            "PUBLIC \"'\" '\"'",
            "\n",
        ):
            prolog = f"<!DOCTYPE WV-CSP-Message {external} [<!ENTITY secret 'x'>]>"
            document = xml_message(LOGIN_WITH_ENTITY, prolog=prolog)
            self.assert_refused(document, "internal DTD subset")

    def test_internal_subset_in_utf_7_is_not_read(self) -> None:
        text = xml_message(LOGIN_WITH_ENTITY, prolog=SUBSET).decode()
        hidden = text.replace("<", "+ADw-").replace("!", "+ACE-")
        for padding in ("", " " * 200):
            declaration = f'<?xml version="1.0"{padding} encoding="UTF-7"?>'
            self.assert_refused((declaration + hidden).encode(), "not in UTF-8")

    def test_billion_laughs_is_refused(self) -> None:
        entities = "<!ENTITY e0 'ha'>" + "".join(
            f"<!ENTITY e{level} '{f'&e{level - 1};' * 10}'>" for level in range(1, 10)
        )
        document = xml_message(
            "<Login-Request><UserID>&e9;</UserID></Login-Request>",
            prolog=f"<!DOCTYPE WV-CSP-Message [{entities}]>",
        )
        self.assert_refused(document, "internal DTD subset")

    def test_external_entity_is_not_fetched(self) -> None:
        secret = self.mktemp()
        with open(secret, "w") as file:
            file.write("<!ENTITY secret 'wv:mallory'>")
        document = xml_message(
            LOGIN_WITH_ENTITY, prolog=f'<!DOCTYPE WV-CSP-Message SYSTEM "{secret}">'
        )
        (login,) = contents(self.codec.decode(document).root)
        self.assertIsInstance(login, LoginRequest)
        self.assertNotIn("mallory", str(login))

    def test_undeclared_entity_is_refused(self) -> None:
        self.assert_refused(xml_message(LOGIN_WITH_ENTITY), "not well-formed")

    def test_depth_is_bounded(self) -> None:
        codec = XMLCodec(Limits(depth=8))
        extension = "<ExtBlock><a><b><c/></b></a></ExtBlock>"
        codec.decode(xml_message(POLLING, extension=extension))
        codec.decode(xml_message(POLLING, extension=extension.replace("<c/>", "<c></c>")))
        deeper = extension.replace("<c/>", "<c><d><e/></d></c>")
        error = self.assertRaises(CodecError, codec.decode, xml_message(POLLING, extension=deeper))
        self.assertIn("nested too deeply", str(error))

    def test_any_depth_is_refused_without_recursion(self) -> None:
        for depth in (65, 255, 300, 10_000):
            nested = "<a>" * depth + "</a>" * depth
            self.assertRaises(CodecError, self.codec.decode, xml_message(POLLING, extension=nested))

    def test_number_of_elements_is_bounded(self) -> None:
        for element in ("<UserID/>", "<UserID>wv:a</UserID>"):
            codec = XMLCodec(Limits(elements=100))
            for count, refused in ((80, False), (92, True), (1000, True)):
                document = xml_message(f"<Login-Request>{element * count}</Login-Request>")
                if refused:
                    error = self.assertRaises(CodecError, codec.decode, document)
                    self.assertIn("too many elements", str(error))
                else:
                    codec.decode(document)

    def test_texts_are_bounded_and_contents_are_not(self) -> None:
        codec = XMLCodec(Limits(text_characters=20))
        for length, refused in ((20, False), (21, True)):
            document = xml_message(
                f"<Login-Request><UserID>{'u' * length}</UserID></Login-Request>"
            )
            (content,) = contents(codec.decode(document).root)
            self.assertIsInstance(content, Unreadable if refused else LoginRequest)
        assert isinstance(content, Unreadable)
        self.assertEqual((content.element, content.reason), ("UserID", "too long"))
        message = f"<SendMessage-Request><ContentData>{'t' * 100}</ContentData>"
        (content,) = contents(codec.decode(xml_message(message + "</SendMessage-Request>")).root)
        self.assertEqual(getattr(content, "element", None), "MessageInfo")

    def test_long_namespaces_are_refused_before_they_are_copied_to_each_element(self) -> None:
        namespace = "u" * 100_000
        for declared in (f'xmlns:p="{namespace}"', f"xmlns:p\n=\n'{namespace}'"):
            extension = f"<ExtBlock {declared}>{'<p:a/>' * 15_000}</ExtBlock>"
            document = xml_message(POLLING, extension=extension)
            spent = peak_of(partial(self.assert_refused, document, "namespace"))
            self.assertLess(spent, 4 * len(document))

    def test_long_prefixes_are_refused(self) -> None:
        prefix = "p" * 1000
        extension = f'<ExtBlock xmlns:{prefix}="{"u" * 2000}"/>'
        self.assert_refused(xml_message(POLLING, extension=extension), "namespace too long")

    def test_pathological_prologs_cost_one_pass(self) -> None:
        for unit in (
            b"<!--",
            b"<?",
            b"<!-- -->",
            b"<?a?>",
            b"<!DOCTYPE ",
            b'"',
            b"xmlns:",
            b"xmlns =",
        ):
            self.assertRaises(CodecError, self.codec.decode, unit * 50_000)
            self.assertRaises(CodecError, self.codec.decode, b"<!DOCTYPE a " + unit * 50_000)

    def test_long_numbers_are_refused(self) -> None:
        for number in ("4294967296", "9" * 5000, "0x100000000", "-1", "1.0", "1e3", "\u0661"):
            document = xml_message(
                f"<StopSearch-Request><SearchID>{number}</SearchID></StopSearch-Request>"
            )
            (content,) = contents(self.codec.decode(document).root)
            assert isinstance(content, Unreadable)
            self.assertEqual(content.element, "SearchID")


class WBXMLRefusalTests(SynchronousTestCase):
    codec = WBXMLCodec()

    def assert_refused(self, document: bytes | str, reason: str) -> None:
        octets = bytes.fromhex(document) if isinstance(document, str) else document
        error = self.assertRaises(CodecError, self.codec.decode, octets)
        self.assertIn(reason, str(error))

    def test_cut_off_document_is_refused(self) -> None:
        document = wbxml_message(WBXML_POLLING)
        for length in range(len(document) - 1):
            self.assertRaises(CodecError, self.codec.decode, document[:length])

    def test_other_version_bytes_are_refused(self) -> None:
        for version in (0, 4, 0x3C, 0xFF):
            octets = bytes((version,)) + wbxml_message(WBXML_POLLING)[1:]
            self.assert_refused(octets, "not WBXML")

    def test_other_charsets_are_refused(self) -> None:
        for charset in ("04", "87 68", "07"):
            self.assert_refused(f"03 11 {charset} 00 89", "not in UTF-8")

    def test_other_root_is_refused(self) -> None:
        self.assert_refused("03 11 6a 00 6d 01", "not a document of CSP")

    def test_message_without_session_descriptor_is_refused(self) -> None:
        self.assert_refused("03 10 6a 00 c9 05 03 31 2e 31 00 01 2d 01", "SessionDescriptor")

    def test_string_table_beyond_the_document_is_refused(self) -> None:
        self.assert_refused("03 11 6a 05 61 62 63 00", "string table longer than the document")
        self.assert_refused("03 11 6a 8f ff ff ff 7f 61", "string table longer than the document")

    def test_reference_outside_the_string_table_is_refused(self) -> None:
        self.assert_refused("03 11 6a 02 61 00 44 02 01", "outside the string table")
        self.assert_refused("03 11 6a 00 49 83 00 01", "outside the string table")
        self.assert_refused("03 00 09 6a 02 61 00 49 01", "outside the string table")

    def test_integer_of_more_than_five_octets_is_refused(self) -> None:
        self.assert_refused("03 80 80 80 80 80 11 6a 00", "integer too long")

    def test_integer_above_32_bits_is_refused(self) -> None:
        self.assert_refused("03 90 80 80 80 00 6a 00", "integer too long")

    def test_opaque_number_above_32_bits_is_unreadable(self) -> None:
        for octets in ("c3 05 01 00 00 00 00", "c3 0a ff ff ff ff ff ff ff ff ff ff"):
            document = wbxml_message(f"00 01 71 66 {octets} 01 01 00 00")
            (content,) = contents(self.codec.decode(document).root)
            assert isinstance(content, Unreadable), content
            self.assertEqual(content.element, "SearchID")
            self.assertFalse(content.missing_or_unusable)

    def test_opaque_beyond_the_document_is_refused(self) -> None:
        self.assert_refused("03 11 6a 00 49 c3 05 61", "truncated")
        self.assert_refused("03 11 6a 00 49 c3 8f ff ff ff 7f 61 01", "truncated")

    def test_string_without_end_is_refused(self) -> None:
        self.assert_refused("03 11 6a 00 49 03 61 62", "string without end")

    def test_character_above_10ffff_is_refused(self) -> None:
        self.assert_refused("03 11 6a 00 49 02 c4 80 00 01", "no such character")

    def test_half_a_surrogate_is_refused(self) -> None:
        self.assert_refused("03 11 6a 00 49 02 83 b0 00 01", "no such character")
        self.assert_refused("03 11 6a 00 49 03 ed a0 80 00 01", "not UTF-8")

    def test_unbalanced_ends_are_refused(self) -> None:
        self.assert_refused("03 11 6a 00 01", "truncated")
        self.assert_refused("03 11 6a 00 49 6d", "truncated")
        self.assert_refused("03 11 6a 00 49 6d 01", "truncated")

    def test_depth_is_bounded(self) -> None:
        for depth in (65, 1_000, 50_000):
            nested = "6d" * depth + "01" * depth
            self.assert_refused(f"03 11 6a 00 {nested}", "nested too deeply")

    def test_number_of_elements_is_bounded(self) -> None:
        codec = WBXMLCodec(Limits(elements=100))
        for count, refused in ((80, False), (92, True), (5_000, True)):
            document = wbxml_message(f"00 01 5d 00 00 {'3a' * count} 01")
            if refused:
                error = self.assertRaises(CodecError, codec.decode, document)
                self.assertIn("too many elements", str(error))
            else:
                codec.decode(document)

    def test_long_names_are_refused(self) -> None:
        document = wbxml_message(f"{WBXML_POLLING} 44 00 01", table=b"n" * 101 + b"\0")
        self.assert_refused(document, "name too long")

    def test_long_attributes_are_refused(self) -> None:
        value = "03" + "61" * 600 + "00"
        self.assert_refused(f"03 11 6a 00 c9 05 {value} {value} 01 01", "attributes too long")
        names = "".join(f"04 {2 * place:02x} 03 61 00" for place in range(21))
        table = b"".join(bytes((0x61 + place, 0)) for place in range(21))
        document = wbxml_message(f"{WBXML_POLLING} 84 00 {names} 01", table=table)
        self.assert_refused(document, "attributes too long")

    def test_many_references_to_a_long_string_are_refused(self) -> None:
        table = b"x" * 50_000 + b"\0"
        document = wbxml_message("7a" + "83 00" * 20_000 + "01", table=table)
        spent = peak_of(lambda: self.assert_refused(document, "too often referred to"))
        self.assertLess(spent, 64 * len(document))

    def test_many_tails_of_a_long_string_are_refused(self) -> None:
        table = b"x" * 16_000 + b"\0"
        references = "".join(
            f"3a 83 {0x80 | place >> 7:02x} {place & 0x7F:02x}" for place in range(10_000)
        )
        self.assert_refused(wbxml_message(references, table=table), "too often referred to")

    def test_attributes_of_many_table_references_are_refused(self) -> None:
        table = b"x" * 900 + b"\0"
        for octets in ("84 00 04 00 83 00 83 00 01", "43 04 00" + "83 00" * 20_000 + "01"):
            self.assertRaises(CodecError, self.codec.decode, wbxml_message(octets, table=table))
