"""What real clients send in WBXML is read, however they put it."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from imps.csp.codec.document import Document
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.primitives.access import ClientCapabilityRequest, KeepAliveRequest, LoginRequest
from imps.csp.primitives.blocking import BlockEntityRequest
from imps.csp.primitives.capability import CapabilityList
from imps.csp.primitives.declaration import Unknown, Unreadable
from imps.csp.primitives.envelope import WVCSPMessage
from imps.csp.primitives.identity import Recipient
from imps.csp.primitives.im import MessageInfo, NewMessage, SendMessageRequest
from imps.csp.primitives.invitations import InviteRequest
from imps.csp.primitives.notices import SystemMessageRequest
from imps.csp.primitives.presence import (
    GetReactiveAuthStatusResponse,
    PresenceAuthUser,
    SubscribePresenceRequest,
    UpdatePresenceRequest,
)
from imps.model.address import Address
from imps.model.capability import Bearer, CIRMethod
from imps.model.invitation import InviteType
from imps.model.presence import CommunicationMeans
from imps.model.version import V11, V12, V13, Version
from imps.testing.messages import contents, message, wbxml_message

LOGIN = "00 01 5d 00 00 7a 03 77763a616e6e 00 01 01"
ANN = LoginRequest(user_id=Address("ann"))


def text(string: str) -> str:
    """A string in line, in hexadecimal."""
    return f"03 {string.encode().hex()} 00"


class WBXMLTestCase(SynchronousTestCase):
    codec = WBXMLCodec()

    def decoded(self, octets: bytes | str) -> Document:
        return self.codec.decode(bytes.fromhex(octets) if isinstance(octets, str) else octets)

    def read(self, content: str, version: Version = V12, table: bytes = b"") -> Any:
        """The one primitive of a message."""
        (primitive,) = contents(
            self.decoded(wbxml_message(content, version=version, table=table)).root
        )
        return primitive

    def password(self, pieces: str, table: bytes = b"", version: Version = V12) -> Any:
        """What these pieces of content make of a password, which keeps its blanks."""
        return self.read(f"00 01 5d 61 {pieces} 01 01 00 00", version, table).password


class TextTests(WBXMLTestCase):
    """The text of an element is all its pieces, one after the other."""

    def test_pieces_are_joined(self) -> None:
        pieces = f"{text('a')} 02 81 69 83 02 {text('')} 80 2c 80 42 c3 02 62 63 83 00"
        self.assertEqual(self.password(pieces, b"x\0yz\0"), "a\u00e9yzTHTTPbcx")

    def test_pieces_that_are_octets_stay_octets(self) -> None:
        new = NewMessage(
            message_info=MessageInfo(recipient=Recipient(), content_size=3),
            content_data=b"\x89P\xff",
        )
        written = self.codec.encode(message(new), V13)
        in_pieces = written.replace(b"\xc3\x03\x89P\xff", b"\xc3\x02\x89P\xc3\x00\xc3\x01\xff")
        self.assertEqual(contents(self.decoded(in_pieces).root), [new])

    def test_tail_of_a_table_string_is_a_string(self) -> None:
        self.assertEqual(self.password("83 02", b"secret\0"), "cret")

    def test_table_string_without_end_ends_with_the_table(self) -> None:
        self.assertEqual(self.password("83 01", b"abc"), "bc")

    def test_opaque_text_is_utf_8(self) -> None:
        self.assertEqual(self.password("c3 03 c3a9 21"), "\u00e9!")

    def test_no_content_is_empty_text(self) -> None:
        self.assertEqual(self.read("00 01 5d 61 01 01 00 00").password, "")
        self.assertEqual(self.read("00 01 5d 21 01 00 00").password, "")
        self.assertEqual(self.password("03 00"), "")

    def test_outer_blanks_are_kept_where_they_count_alone(self) -> None:
        login = self.read(f"00 01 5d 61 {text(' a ')} 01 70 {text(' a ')} 01 01 00 00")
        self.assertEqual((login.password, login.session_cookie), (" a ", "a"))

    def test_surrogate_pairs_are_joined_and_written_as_utf_8(self) -> None:
        for pieces in ("03 ed a0 bd ed b8 80 00", "c3 06 ed a0 bd ed b8 80", "02 87 ec 00"):
            self.assertEqual(self.password(pieces), "\U0001f600")
        message = (
            "00 06 57 48 80 2c 01 53 00 00 4f c3 01 04 01 67 01 "
            f"6c 79 7a {text('wv:a')} 01 01 01 01 4d 03 ed a0 bd ed b8 80 00 01 01"
        )
        written = self.codec.encode(self.decoded(wbxml_message(message)).root, V12)
        self.assertIn("\U0001f600".encode(), written)

    def test_repeated_table_strings_are_read(self) -> None:
        user = b"wv:somebody.with.a.long.name@example.org\0"
        request = self.read("00 04 5f 00 00" + "7a 83 00 01" * 1_000 + "01", table=user)
        self.assertEqual(len(request.user_ids), 1_000)


class ValueTests(WBXMLTestCase):
    """Numbers, words and truth, in whatever form."""

    def time_to_live(self, pieces: str) -> Any:
        request = self.read(f"00 01 5b 72 {pieces} 01 01 00 00")
        assert isinstance(request, KeepAliveRequest), request
        return request.time_to_live

    def test_numbers_are_octets_or_digits(self) -> None:
        for pieces, number in (
            ("c3 00", 0),
            ("c3 01 00", 0),
            ("c3 01 c8", 200),
            ("c3 04 ff ff ff ff", 0xFFFFFFFF),
            ("c3 06 00 00 00 00 0e 10", 3600),
            ("c3 02 30 30", 0x3030),
            (text("3600"), 3600),
            (text(" 0003600 "), 3600),
            (text("0x10"), 16),
            (f"{text('36')} {text('00')}", 3600),
            ("02 31 02 32", 12),
            ("", None),
        ):
            self.assertEqual(self.time_to_live(pieces), number, pieces)

    def test_time_to_live_above_32_bits_is_the_longest(self) -> None:
        for pieces in ("c3 05 01 00 00 00 00", "c3 0a" + " ff" * 10, text("4294967296")):
            self.assertEqual(self.time_to_live(pieces), 0xFFFFFFFF, pieces)

    def test_truth_is_a_token_or_a_letter_or_an_octet(self) -> None:
        for pieces, value in (
            ("80 2c", True),
            ("80 0b", False),
            (text("T"), True),
            (text(" f"), False),
            ("c3 01 01", True),
            ("c3 01 ff", True),
            ("c3 01 00", False),
            ("c3 01 54", True),
            ("c3 01 46", False),
            ("", None),
        ):
            request = self.read(f"00 04 5d 00 04 5e {pieces} 01 01 00 00")
            self.assertEqual(request, SubscribePresenceRequest(auto_subscribe=value), pieces)

    def capabilities(self, octets: str, version: Version = V12) -> CapabilityList:
        request = self.read(f"00 01 4c 4a 00 03 {octets} 01 01 00 00", version)
        assert isinstance(request, ClientCapabilityRequest), request
        assert request.capability_list is not None
        return request.capability_list

    def test_both_tokens_of_a_word_are_read(self) -> None:
        for token in ("43", "75"):
            capabilities = self.capabilities(f"4f 80 {token} 01")
            self.assertEqual(capabilities.supported_bearers, (Bearer.SMS,))
            self.assertEqual(self.means(token, V11), CommunicationMeans.SMS)
        for token in ("12", "68"):
            for version in (V11, V12):
                self.assertEqual(self.means(token, version), CommunicationMeans.IM)

    def means(self, token: str, version: Version) -> Any:
        update = self.read(
            f"00 04 5c 00 00 63 00 05 52 51 6f 80 {token} 01 01 01 01 01 00 00", version
        )
        assert isinstance(update, UpdatePresenceRequest), update
        assert update.presence_sub_list is not None
        return update.presence_sub_list.comm_caps[0].comm_cs[0].cap

    def test_reused_token_is_read_by_version(self) -> None:
        invite = f"00 01 56 54 {text('i')} 01 58 80 68 01 00 00 67 01 01"
        for version, invite_type in (
            (V11, InviteType.INSTANT_MESSAGING),
            (V12, InviteType.INSTANT_MESSAGING),
            (V13, InviteType.APPLICATION),
        ):
            request = self.read(invite, version)
            assert isinstance(request, InviteRequest), request
            self.assertEqual(request.invite_type, invite_type)

    def test_words_of_later_versions_are_read(self) -> None:
        for version in (V11, V12):
            capabilities = self.capabilities("50 80 81 24 01 50 80 81 25 01", version)
            self.assertEqual(capabilities.supported_cir_methods, (CIRMethod.SSMS, CIRMethod.SHTTP))

    def test_unknown_words_are_skipped(self) -> None:
        capabilities = self.capabilities("4f 80 83 7f 01 4f 80 42 01 4f 03 58 00 01")
        self.assertEqual(capabilities.supported_bearers, (Bearer.HTTP,))

    def test_binary_content_stays_binary(self) -> None:
        content = "00 06 57 53 00 00 67 01 01 4d c3 03 00 ff 61 01 01"
        message = self.read(content)
        assert isinstance(message, SendMessageRequest), message
        self.assertEqual(message.content_data, b"\x00\xffa")

    def test_text_that_is_not_utf_8_spoils_its_transaction_alone(self) -> None:
        bad = "00 01 5d 61 c3 02 ff fe 01 01 00 00"
        primitives = contents(self.decoded(wbxml_message(bad, LOGIN)).root)
        self.assertIsInstance(primitives[0], Unreadable)
        self.assertEqual(primitives[1], ANN)


class TagTests(WBXMLTestCase):
    """Tags of any version and spelling."""

    def test_redundant_page_switches_are_read(self) -> None:
        content = (
            "00 05 00 01 00 01 5d 00 07 00 00 00 00 7a 00 03 03 77763a616e6e 00 00 00 01 00 00 01"
        )
        self.assertEqual(self.read(content), ANN)

    def test_page_stays_until_the_next_switch(self) -> None:
        login = self.read(f"00 01 5d 61 {text('a')} 01 70 {text('b')} 01 01 00 00")
        self.assertEqual((login.password, login.session_cookie), ("a", "b"))

    def test_literal_names_are_read(self) -> None:
        table = b"Login-Request\0UserID\0Unheard\0"
        content = f"44 00 44 15 {text('old')} 01 44 0e {text('wv:ann')} 01 04 15 01"
        self.assertEqual(self.read(content, table=table), ANN)

    def test_unknown_tokens_are_skipped_with_their_content(self) -> None:
        unknown = f"00 20 7f {text('x')} 45 01 05 01 00 00"
        content = f"00 01 5d {unknown} 7a {text('wv:ann')} 01 {unknown} 01 00 00"
        self.assertEqual(self.read(f"{unknown} {content}"), ANN)

    def test_unknown_primitive_is_named_where_it_has_a_name(self) -> None:
        self.assertEqual(self.read("04 00", table=b"Foo-Request\0"), Unknown(name="Foo-Request"))
        self.assertEqual(self.read("00 20 3f 00 00"), Unknown(name=""))

    def test_attributes_of_any_element_are_skipped(self) -> None:
        table = b"lang\0en\0"
        attributes = f"04 00 {text('e')} 83 05 02 6e 80 2c 05 {text('1.1')} "
        attributes += f"77 {text('?')} c3 02 01 01 85 00 03 01"
        content = f"00 01 dd {attributes} 00 00 fa {attributes} {text('wv:ann')} 01 01"
        self.assertEqual(self.read(content, table=table), ANN)

    def test_opaque_attribute_values_are_skipped_whole(self) -> None:
        content = f"00 01 dd 04 00 c3 03 01 01 01 01 00 00 7a {text('wv:ann')} 01 01"
        self.assertEqual(self.read(content, table=b"a\0"), ANN)

    def test_extensions_and_instructions_of_wbxml_are_skipped(self) -> None:
        noise = f"40 6100 41 00 42 6200 81 05 82 81 00 c0 c1 c2 43 04 00 {text('v')} 01"
        content = f"{noise} 00 01 5d {noise} 00 00 7a {noise} {text('wv:ann')} {noise} 01 01"
        self.assertEqual(self.read(content, table=b"a\0"), ANN)

    def test_tags_of_later_versions_are_read(self) -> None:
        for version in (V11, V12, V13):
            request = self.read("00 04 5d 5e 80 2c 01 01 00 00", version)
            self.assertEqual(request, SubscribePresenceRequest(auto_subscribe=True))
        message = self.read(f"00 0a 55 00 09 6b 69 6a {text('m')} 01 01 01 01 00 00", V11)
        self.assertIsInstance(message, SystemMessageRequest)

    def test_tags_of_earlier_versions_are_read(self) -> None:
        content = f"00 04 5a 00 00 7a {text('wv:ann')} 01 45 80 2c 01 01"
        expected = PresenceAuthUser(user_id=Address("ann"), acceptance=True)
        self.assertEqual(self.read(content, V13), expected)
        capabilities = self.read("00 01 4c 4a 00 03 46 03 323032 00 01 01 01 00 00", V13)
        assert isinstance(capabilities, ClientCapabilityRequest), capabilities
        assert capabilities.capability_list is not None
        self.assertEqual(capabilities.capability_list.accepted_content_length, 202)

    def test_reused_tag_is_read_by_version(self) -> None:
        in_1_2 = (
            f"00 04 60 00 09 4d 4c 00 00 7a {text('wv:ann')} 01 00 09 4b 80 35 01 01 01 01 00 00"
        )
        self.assertIsInstance(self.read(in_1_2, V12), GetReactiveAuthStatusResponse)
        option = f"5b 5c c3 01 01 01 4b {text('yes')} 01 01"
        in_1_3 = f"00 0a 55 00 09 6b 69 6a {text('m')} 01 5d {option} 01 01 01 01 00 00"
        request = self.read(in_1_3, V13)
        assert isinstance(request, SystemMessageRequest), request
        assert request.system_message_list is not None
        (asked,) = request.system_message_list.system_messages
        assert asked.answer_options is not None, asked
        self.assertEqual(asked.answer_options.answer_options[0].answer_option_text, "yes")

    def test_renamed_request_is_read_in_every_version(self) -> None:
        for version in (V11, V12, V13):
            self.assertEqual(self.read("00 06 06 00 00", version), BlockEntityRequest())


class HeaderTests(WBXMLTestCase):
    """The namespace of the root tells the version, else the public id does."""

    BODY = f"6d 6e 70 80 11 01 01 72 74 76 80 20 01 01 73 {LOGIN} 01 01 01 01"

    def assert_version(self, octets: str, version: Version | None, served: bool = True) -> None:
        document = self.decoded(octets)
        self.assertEqual((document.version, document.served), (version, served))
        self.assertEqual(contents(document.root), [ANN])

    def test_number_tells_the_version_of_a_document_without_namespace(self) -> None:
        for number, version in (("10", V11), ("11", V12), ("12", V13), ("01", None), ("0f", None)):
            self.assert_version(f"03 {number} 6a 00 49 {self.BODY}", version)

    def test_string_tells_the_version_of_a_document_without_namespace(self) -> None:
        public_id = b"-//OMA//DTD IMPS-CSP 1.3//EN\0".hex()
        self.assert_version(f"03 00 00 6a 1d {public_id} 49 {self.BODY}", V13)

    def test_other_wbxml_versions_and_unnamed_charsets_are_read(self) -> None:
        for header in ("01 11 6a 00", "02 11 6a 00", "03 11 00 00", "03 80 11 80 6a 80 00"):
            self.assert_version(f"{header} 49 {self.BODY}", V12)

    def test_namespace_outweighs_the_public_id(self) -> None:
        self.assert_version(f"03 10 6a 00 c9 08 {text('1.2')} 01 {self.BODY}", V12)

    def test_tokens_are_those_of_the_namespace(self) -> None:
        octets = wbxml_message(
            f"00 01 56 54 {text('i')} 01 58 80 68 01 00 00 67 01 01", version=V13
        )
        (request,) = contents(self.decoded(octets[:1] + b"\x10" + octets[2:]).root)
        assert isinstance(request, InviteRequest), request
        self.assertEqual(request.invite_type, InviteType.APPLICATION)

    def test_namespace_of_a_literal_attribute_is_read(self) -> None:
        table = b"xmlns\0http://www.wireless-village.org/\0".hex()
        root = f"c9 04 00 83 06 {text('CSP')} {text('1')} 02 2e {text('1')} 01"
        self.assert_version(f"03 12 6a 27 {table} {root} {self.BODY}", V11)

    def test_version_that_is_not_served_is_noticed(self) -> None:
        for number in ("1.0", "2.0"):
            self.assert_version(f"03 11 6a 00 c9 05 {text(number)} 01 {self.BODY}", None, False)

    def test_what_follows_the_document_is_left_alone(self) -> None:
        self.assert_version(f"03 11 6a 00 49 {self.BODY} 00 ff ff", V12)

    def test_several_transactions_are_read(self) -> None:
        root = self.decoded(wbxml_message(LOGIN, "00 01 22 00 00", LOGIN)).root
        assert isinstance(root, WVCSPMessage)
        self.assertEqual(len(root.session.transactions), 3)
        ids = [each.descriptor.transaction_id for each in root.session.transactions]
        self.assertEqual(ids, ["t1", "t2", "t3"])
