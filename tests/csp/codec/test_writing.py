"""What is written is what its version allows, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from imps.csp.codec.document import CannotEncode, Root
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import LONGEST_KEPT, MOST_KEPT, XMLCodec
from imps.csp.primitives.access import (
    ClientCapabilityRequest,
    ClientCapabilityResponse,
    GetSPInfoResponse,
    KeepAliveRequest,
    LoginRequest,
    PollingRequest,
)
from imps.csp.primitives.attributes import CommC, CommCap, PresenceSubList, StatusText
from imps.csp.primitives.blocking import BlockEntityRequest, BlockList
from imps.csp.primitives.capability import AcceptedContentType, AgreedCapabilityList, CapabilityList
from imps.csp.primitives.common import Property, Result, Status
from imps.csp.primitives.contacts import (
    AddNickList,
    ContactListProperties,
    CreateListRequest,
    ListManageRequest,
)
from imps.csp.primitives.declaration import Primitive, Unknown, Unreadable
from imps.csp.primitives.discovery import OtherServer, WVCSPVersionDiscoveryRequest
from imps.csp.primitives.discovery import WVCSPVersionDiscoveryResponse as DiscoveryResponse
from imps.csp.primitives.envelope import Session, SessionDescriptor, WVCSPMessage
from imps.csp.primitives.identity import ClientID, Group, NickName, Recipient, Sender, User
from imps.csp.primitives.im import MessageInfo, NewMessage, SendMessageRequest
from imps.csp.primitives.notices import NotificationRequest
from imps.csp.primitives.presence import (
    DefaultAttributeList,
    GetAttributeListResponse,
    UpdatePresenceRequest,
)
from imps.csp.primitives.search import SearchPair, SearchPairList, SearchRequest
from imps.csp.primitives.values import DigestSchema, SessionType
from imps.model.address import Address
from imps.model.capability import ClientType, DeliveryMethod
from imps.model.notice import NotificationType
from imps.model.presence import CommunicationMeans, ContactStatus
from imps.model.search import SearchElement
from imps.model.version import V11, V12, V13, Version
from imps.testing.messages import contents, message

xml, wbxml = XMLCodec(), WBXMLCodec()
CODECS: tuple[XMLCodec | WBXMLCodec, ...] = (xml, wbxml)
ANN = Address("ann")
SENDER = Sender(user=User(user_id=ANN))


def new_message(**info: Any) -> NewMessage:
    info = {"content_size": 2, "recipient": Recipient(), "sender": SENDER, **info}
    return NewMessage(message_info=MessageInfo(**info), content_data="hi")


def capabilities_agreed(**agreed: Any) -> ClientCapabilityResponse:
    return ClientCapabilityResponse(agreed_capability_list=AgreedCapabilityList(**agreed))


def adding(**contacts: Any) -> ListManageRequest:
    return ListManageRequest(
        contact_list=ANN, add_nick_list=AddNickList(**contacts), receive_list=False
    )


class StrictnessTests(SynchronousTestCase):
    """What a version does not allow cannot be encoded, in either encoding."""

    def assert_refused(self, root: Primitive | Root, version: Version, reason: str) -> None:
        document = message(root) if isinstance(root, Primitive) else root
        for codec in CODECS:
            error = self.assertRaises(CannotEncode, codec.encode, document, version)
            self.assertIn(reason, str(error))

    def assert_written(self, primitive: Primitive, version: Version) -> None:
        for codec in CODECS:
            codec.encode(message(primitive), version)

    def test_child_that_a_version_requires_must_be_there(self) -> None:
        login = LoginRequest(user_id=ANN, session_cookie="c")
        self.assert_refused(login, V11, "client_id")
        self.assert_refused(login, V12, "client_id")
        self.assert_written(login, V13)
        self.assert_refused(new_message(content_size=None), V12, "content_size")
        self.assert_refused(new_message(sender=None), V12, "sender")
        self.assert_written(new_message(sender=None), V13)
        info = MessageInfo(content_size=0, recipient=Recipient(), sender=SENDER)
        self.assert_refused(SendMessageRequest(message_info=info), V12, "delivery_report")
        self.assert_refused(SendMessageRequest(message_info=info), V11, "content_data")
        self.assert_written(SendMessageRequest(message_info=info, content_data=""), V11)

    def test_zero_false_and_empty_text_are_there(self) -> None:
        info = MessageInfo(content_size=0, recipient=Recipient(), sender=SENDER)
        request = SendMessageRequest(message_info=info, delivery_report=False, content_data="")
        self.assert_written(request, V11)
        self.assert_written(request, V12)

    def test_message_needs_a_transaction(self) -> None:
        descriptor = SessionDescriptor(session_type=SessionType.INBAND)
        self.assert_refused(
            WVCSPMessage(session=Session(descriptor=descriptor)), V12, "transactions"
        )

    def test_one_alternative_of_a_choice_must_be_there(self) -> None:
        self.assert_refused(new_message(sender=Sender()), V12, "Sender")
        self.assert_refused(new_message(recipient=Recipient(groups=(Group(),))), V12, "Group")
        self.assert_refused(DiscoveryResponse(other_servers=(OtherServer(),)), V12, "OtherServer")

    def test_two_alternatives_of_a_choice_exclude_each_other(self) -> None:
        both = Sender(user=User(user_id=ANN), group=Group(group_id=ANN))
        self.assert_refused(new_message(sender=both), V12, "Sender")
        user = User(user_id=ANN, client_id=ClientID(url="a"), application_id="b")
        self.assert_refused(new_message(sender=Sender(user=user)), V13, "User")
        self.assert_written(new_message(sender=Sender(user=user)), V12)

    def test_zero_and_false_are_alternatives_too(self) -> None:
        notification = NotificationRequest(
            notification_type=NotificationType.SESSION_PRIORITY_CHANGED,
            session_priority=0,
            block_list_in_use=False,
        )
        self.assert_refused(notification, V13, "Notification-Request")

    def test_children_of_one_alternative_go_together(self) -> None:
        capabilities = CapabilityList(
            client_type=ClientType.MOBILE_PHONE,
            initial_delivery_method=DeliveryMethod.PUSH,
            any_content=True,
            accepted_charsets=(106,),
            accepted_content_length=1,
            multi_trans=1,
            parser_size=1,
        )
        self.assert_written(ClientCapabilityRequest(capability_list=capabilities), V12)

    def test_pair_is_there_or_is_not(self) -> None:
        for one, other in (
            ({"tcp_address": "imps.example"}, {"tcp_port": 0}),
            ({"udp_address": "imps.example"}, {"udp_port": 3717}),
        ):
            for agreed in (one, other):
                self.assert_refused(capabilities_agreed(**agreed), V13, "both")
            self.assert_written(capabilities_agreed(**one, **other), V13)
        self.assert_written(capabilities_agreed(), V13)
        self.assert_written(capabilities_agreed(tcp_port=3171), V12)

    def test_added_contacts_are_at_least_one(self) -> None:
        named = NickName(name="Ann", user_id=ANN)
        for version in (V11, V12, V13):
            self.assert_refused(adding(), version, "AddNickList")
            for added in (
                {"nick_names": (named,)},
                {"user_ids": (ANN,)},
                {"nick_names": (named,), "user_ids": (ANN, ANN)},
            ):
                self.assert_written(adding(**added), version)

    def test_attributes_by_default_are_one_list_in_1_3_and_many_before(self) -> None:
        lists = DefaultAttributeList(presence_sub_lists=(PresenceSubList(), PresenceSubList()))
        answer = GetAttributeListResponse(result=Result(code=200), default_attribute_list=lists)
        self.assert_written(answer, V11)
        self.assert_written(answer, V12)
        self.assert_refused(answer, V13, "more than one")

    def test_list_that_a_version_has_but_once_cannot_be_longer(self) -> None:
        pair = SearchPair(search_element=SearchElement.USER_ID, search_string="a")
        search = SearchRequest(search_pair_lists=(SearchPairList(search_pairs=(pair, pair)),))
        self.assert_refused(search, V12, "more than one")
        self.assert_written(search, V13)

    def test_primitive_of_another_version_is_refused(self) -> None:
        notification = NotificationRequest(notification_type=NotificationType.GROUP_CREATED)
        self.assert_refused(notification, V12, "CSP 1.2 has no Notification-Request")
        self.assert_refused(WVCSPVersionDiscoveryRequest(), V11, "CSP 1.1 has no")

    def test_what_was_not_understood_cannot_be_written(self) -> None:
        self.assert_refused(Unknown(name="Foo"), V12, "Unknown")
        bad = Unreadable(name="Status", element="Code", reason="missing")
        self.assert_refused(bad, V12, "Unreadable")

    def test_octets_cannot_be_written_in_xml(self) -> None:
        root = message(NewMessage(message_info=new_message().message_info, content_data=b"\xff"))
        self.assertRaises(CannotEncode, xml.encode, root, V12)
        self.assertIn(b"\xc3\x01\xff", wbxml.encode(root, V12))


class VersionTests(SynchronousTestCase):
    """What another version lacks is left out, and some things move."""

    def assert_comes_back(
        self, primitive: Primitive, version: Version, expected: Primitive
    ) -> None:
        for codec in CODECS:
            octets = codec.encode(message(primitive), version)
            self.assertEqual(contents(codec.decode(octets).root), [expected])

    def test_children_of_later_versions_are_left_out(self) -> None:
        named = new_message(content_name="photo.gif")
        self.assert_comes_back(named, V12, new_message())
        self.assert_comes_back(named, V13, named)

    def test_children_of_earlier_versions_are_left_out(self) -> None:
        request = BlockEntityRequest(block_list=BlockList(in_use=False))
        self.assert_comes_back(request, V12, request)
        self.assert_comes_back(request, V13, BlockEntityRequest(block_list=BlockList()))

    def test_content_types_are_bare_text_until_1_2(self) -> None:
        capabilities = CapabilityList(
            client_type=ClientType.PDA,
            initial_delivery_method=DeliveryMethod.NOTIFY,
            accepted_content_types=(AcceptedContentType(content_type="text/plain"),),
            accepted_content_length=1,
            multi_trans=1,
            parser_size=1,
        )
        root = message(ClientCapabilityRequest(capability_list=capabilities))
        bare = b"<AcceptedContentType>text/plain</AcceptedContentType>"
        self.assertIn(bare, xml.encode(root, V12))
        self.assertNotIn(bare, xml.encode(root, V13))

    def test_digest_schemas_are_one_list_in_1_1(self) -> None:
        login = LoginRequest(
            user_id=ANN,
            client_id=ClientID(url="a"),
            session_cookie="c",
            digest_schemas=(DigestSchema.SHA, DigestSchema.MD5),
        )
        written = {version: xml.encode(message(login), version) for version in (V11, V12)}
        self.assertIn(b"<DigestSchema>SHA,MD5</DigestSchema>", written[V11])
        self.assertIn(b"<DigestSchema>SHA</DigestSchema><DigestSchema>MD5<", written[V12])
        self.assert_comes_back(login, V11, login)

    def test_nothing_of_1_3_is_sent_to_others_as_a_token(self) -> None:
        notice = new_message(content_type="www.openmobilealliance.org")
        self.assertIn(b"\x80\x78\x01", wbxml.encode(message(notice), V13))
        self.assertIn(b"\x03www.openmobilealliance.org\0", wbxml.encode(message(notice), V12))


class FormTests(SynchronousTestCase):
    """How values are written."""

    def xml_of(self, primitive: Primitive, version: Version = V12) -> str:
        return xml.encode(message(primitive), version).decode()

    def octets_of(self, primitive: Primitive, version: Version = V12) -> bytes:
        return wbxml.encode(message(primitive), version)

    def test_xml_has_a_declaration_and_no_blanks(self) -> None:
        self.assertEqual(
            self.xml_of(PollingRequest()),
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"><Session>'
            "<SessionDescriptor><SessionType>Inband</SessionType><SessionID>s1</SessionID>"
            "</SessionDescriptor><Transaction><TransactionDescriptor>"
            "<TransactionMode>Request</TransactionMode><TransactionID>t1</TransactionID>"
            "</TransactionDescriptor><TransactionContent "
            'xmlns="http://www.openmobilealliance.org/DTD/WV-TRC1.2">'
            "<Polling-Request></Polling-Request></TransactionContent></Transaction></Session>"
            "</WV-CSP-Message>",
        )

    def test_what_is_kept_of_a_value_is_written_for_that_value_and_version_alone(self) -> None:
        # More than are kept, some of them twice, and most where another one was before.
        for number in range(2 * MOST_KEPT):
            text = str(number) * (LONGEST_KEPT if number % 100 == 99 else 1)
            presence = PresenceSubList(status_text=StatusText(presence_value=text))
            update = UpdatePresenceRequest(presence_sub_list=presence)
            for version, namespace in ((V12, "PA1.2"), (V11, "PA1.1"), (V12, "PA1.2")):
                written = self.xml_of(update, version)
                self.assertEqual(written.count(f">{text}<"), 1)
                self.assertEqual(written.count(namespace), 1)

    def test_numbers_are_written_as_the_shortest_octets(self) -> None:
        for number, octets in (
            (0, "c3 01 00"),
            (1, "c3 01 01"),
            (200, "c3 01 c8"),
            (256, "c3 02 01 00"),
            (531, "c3 02 02 13"),
            (3600, "c3 02 0e 10"),
            (32767, "c3 02 7f ff"),
            (131072, "c3 03 02 00 00"),
            (4294967295, "c3 04 ff ff ff ff"),
        ):
            written = self.octets_of(KeepAliveRequest(time_to_live=number))
            self.assertIn(bytes.fromhex(f"72 {octets} 01"), written)
            self.assertIn(
                f"<TimeToLive>{number}<", self.xml_of(KeepAliveRequest(time_to_live=number))
            )

    def test_times_are_written_in_utc_with_seconds(self) -> None:
        east = datetime(2026, 7, 4, 14, 1, 0, tzinfo=timezone(timedelta(hours=2)))
        for moment in (east, east.astimezone(UTC)):
            self.assertIn("<DateTime>20260704T120100Z<", self.xml_of(new_message(date_time=moment)))
            self.assertIn(b"\x0320260704T120100Z\0", self.octets_of(new_message(date_time=moment)))

    def test_special_characters_are_escaped_and_others_replaced(self) -> None:
        info = GetSPInfoResponse(name="<a> & \"b\" 'c'\r\n\t\x00\x0b\ud800\uffff\U0001f600")
        self.assertIn(
            "<Name>&lt;a&gt; &amp; \"b\" 'c'&#13;\n\t\ufffd\ufffd\ufffd\ufffd\U0001f600</Name>",
            self.xml_of(info),
        )

    def test_what_wbxml_cannot_carry_is_left_out_or_replaced(self) -> None:
        written = self.octets_of(GetSPInfoResponse(name="a\0b\ud800\U0001f600"))
        self.assertIn(b"\x03ab?\xf0\x9f\x98\x80\0", written)

    def test_free_text_is_never_a_token(self) -> None:
        written = self.octets_of(Status(result=Result(code=200, description="T")))
        self.assertIn(b"\x52\x03T\0\x01", written)

    def property_octets(self, name: str, version: Version) -> bytes:
        properties = ContactListProperties(properties=(Property(name=name, value="T"),))
        created = CreateListRequest(contact_list=ANN, contact_list_properties=properties)
        return self.octets_of(created, version)

    def test_names_of_properties_are_tokens_where_there_are_any(self) -> None:
        self.assertIn(b"\x5e\x80\x09\x01", self.property_octets("Default", V12))
        self.assertIn(b"\x80\x31", self.property_octets("AutoDelete", V12))
        self.assertIn(b"\x03AutoDelete\0", self.property_octets("AutoDelete", V11))
        self.assertIn(b"\x80\x00", self.property_octets("Accesstype", V12))
        self.assertIn(b"\x03AccessType\0", self.property_octets("AccessType", V12))
        self.assertIn(b"\x03History\0", self.property_octets("History", V13))

    def means_octets(self, means: CommunicationMeans, version: Version) -> bytes:
        capability = CommC(cap=means, status=ContactStatus.OPEN)
        presence = PresenceSubList(comm_caps=(CommCap(comm_cs=(capability,)),))
        return self.octets_of(UpdatePresenceRequest(presence_sub_list=presence), version)

    def test_word_with_two_tokens_is_written_by_its_place(self) -> None:
        for version in (V11, V12, V13):
            self.assertIn(b"\x6f\x80\x75\x01", self.means_octets(CommunicationMeans.SMS, version))
        self.assertIn(b"\x6f\x80\x68\x01", self.means_octets(CommunicationMeans.IM, V11))
        for version in (V12, V13):
            self.assertIn(b"\x6f\x80\x12\x01", self.means_octets(CommunicationMeans.IM, version))

    def test_status_of_a_means_is_written_as_text(self) -> None:
        for version in (V11, V12, V13):
            self.assertIn(b"\x03OPEN\0", self.means_octets(CommunicationMeans.SMS, version))
