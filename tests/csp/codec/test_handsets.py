"""Messages in the form in which known clients send them, and what they mean to say."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.primitives.access import (
    ClientCapabilityRequest,
    Functions,
    LoginRequest,
    PollingRequest,
    ServiceRequest,
)
from imps.csp.primitives.attributes import (
    ClientInfo,
    CommC,
    CommCap,
    OnlineStatus,
    PresenceSubList,
    UserAvailability,
)
from imps.csp.primitives.capability import AcceptedContentType, CapabilityList
from imps.csp.primitives.common import Property
from imps.csp.primitives.envelope import WVCSPMessage
from imps.csp.primitives.groups import CreateGroupRequest, GroupProperties
from imps.csp.primitives.identity import ClientID, Recipient, Sender, User
from imps.csp.primitives.im import MessageInfo, SendMessageRequest
from imps.csp.primitives.presence import UpdatePresenceRequest
from imps.csp.primitives.services import (
    FundamentalFeat,
    GroupFeat,
    IMFeat,
    InviteFunc,
    PresenceDeliverFunc,
    PresenceFeat,
    SearchFunc,
    WVCSPFeat,
)
from imps.csp.primitives.values import DigestSchema, SessionType, TransactionMode, TransferEncoding
from imps.model.address import Address
from imps.model.capability import Bearer, CIRMethod, ClientType, DeliveryMethod
from imps.model.presence import Availability, CommunicationMeans, ContactStatus
from imps.model.version import V11, V12, Version
from imps.testing.messages import contents

xml, wbxml = XMLCodec(), WBXMLCodec()
ANN = Address("ann", None, "im.example.org")


class HandsetTestCase(SynchronousTestCase):
    def read(self, document: str | bytes, version: Version) -> Any:
        """The one primitive of a message, which must be of this version."""
        codec = xml if isinstance(document, str) else wbxml
        octets = document.encode() if isinstance(document, str) else document
        decoded = codec.decode(octets)
        self.assertEqual(decoded.version, version)
        assert isinstance(decoded.root, WVCSPMessage)
        self.session = decoded.root.session
        (primitive,) = contents(decoded.root)
        return primitive


class AndroidTests(HandsetTestCase):
    """No declaration, no blanks; in WBXML one table of tokens for all versions."""

    def test_login_in_xml(self) -> None:
        login = self.read(
            '<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"><Session>'
            "<SessionDescriptor><SessionType>Outband</SessionType></SessionDescriptor>"
            "<Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode>"
            "<TransactionID>7</TransactionID></TransactionDescriptor>"
            '<TransactionContent xmlns="http://www.openmobilealliance.org/DTD/WV-TRC1.2">'
            "<Login-Request><UserID>wv:ann@im.example.org</UserID><ClientID><URL>JiMMY</URL>"
            "<MSISDN>+358501234567</MSISDN></ClientID><TimeToLive>7205</TimeToLive>"
            "<SessionCookie>4411</SessionCookie><DigestSchema>MD5</DigestSchema>"
            "<DigestSchema>SHA</DigestSchema></Login-Request></TransactionContent>"
            "</Transaction></Session></WV-CSP-Message>",
            V12,
        )
        self.assertEqual(
            login,
            LoginRequest(
                user_id=ANN,
                client_id=ClientID(url="JiMMY", msisdn="+358501234567"),
                time_to_live=7205,
                session_cookie="4411",
                digest_schemas=(DigestSchema.MD5, DigestSchema.SHA),
            ),
        )
        self.assertEqual(self.session.descriptor.session_type, SessionType.OUTBAND)

    def test_capabilities_in_wbxml(self) -> None:
        octets = bytes.fromhex(
            "03 11 6a 00 c9 08 03 31 2e 32 00 01 6d 6e 70 80 11 01 6f 03 73 39 00 01 01"
            "72 74 76 80 20 01 75 03 33 00 01 01 f3 0a 03 31 2e 32 00 01"
            "00 01 4c 4a 00 05 4f 80 6f 01"  # ClientType MOBILE_PHONE, on the presence page
            "00 03 46 03 32 36 32 31 34 34 00 01"  # AcceptedContentLength as text
            "4d c3 03 04 00 00 01 4c c3 01 01 01"  # ParserSize, MultiTrans
            "4b 80 1f 01 4e c3 01 1e 01 4f 80 42 01"  # push, ServerPollMin, HTTP
            "50 80 44 01 50 80 81 24 01 50 80 81 25 01"  # STCP, and two tokens of 1.3
            "01 01 01 01 01 01"
        )
        request = self.read(octets, V12)
        self.assertEqual(
            request,
            ClientCapabilityRequest(
                capability_list=CapabilityList(
                    client_type=ClientType.MOBILE_PHONE,
                    initial_delivery_method=DeliveryMethod.PUSH,
                    accepted_content_length=262144,
                    parser_size=262144,
                    multi_trans=1,
                    server_poll_min=30,
                    supported_bearers=(Bearer.HTTP,),
                    supported_cir_methods=(CIRMethod.STCP, CIRMethod.SSMS, CIRMethod.SHTTP),
                )
            ),
        )
        self.assertEqual(self.session.transactions[0].descriptor.transaction_id, "3")

    def test_group_with_a_property_of_1_2_in_1_1(self) -> None:
        octets = bytes.fromhex(
            "03 10 6a 00 c9 05 03 31 2e 31 00 01 6d 6e 70 80 11 01 6f 03 73 39 00 01 01"
            "72 74 76 80 20 01 75 03 34 00 01 01 f3 07 03 31 2e 31 00 01 00 07 47"
            "00 00 56 03 77 76 3a 61 6e 6e 2f 67 00 01"  # GroupID wv:ann/g
            "00 07 4e 00 00"
            "65 5e 03 41 63 63 65 73 73 74 79 70 65 00 01 7d 80 18 01 01"  # Accesstype Open
            "65 5e 80 31 01 7d 80 2c 01 01 01"  # AutoDelete, a token of 1.2
            "00 07 61 80 2c 01 62 80 0b 01 01 01 01 01 01"
        )
        created = self.read(octets, V11)
        properties = (
            Property(name="Accesstype", value="Open"),
            Property(name="AutoDelete", value="T"),
        )
        self.assertEqual(
            created,
            CreateGroupRequest(
                group_id=Address("ann", "g"),
                group_properties=GroupProperties(properties=properties),
                join_group=True,
                subscribe_notification=False,
            ),
        )

    def test_poll_without_transaction_id(self) -> None:
        octets = bytes.fromhex(
            "03 10 6a 00 c9 08 03 31 2e 32 00 01 6d 6e 70 80 11 01 6f 03 73 39 00 01 01"
            "72 74 76 80 20 01 01 f3 0a 03 31 2e 32 00 01 00 01 62 01 01 01 01 01"
        )
        self.assertEqual(self.read(octets, V12), PollingRequest())
        descriptor = self.session.transactions[0].descriptor
        self.assertEqual(descriptor.mode, TransactionMode.REQUEST)
        self.assertIsNone(descriptor.transaction_id)


class NokiaTests(HandsetTestCase):
    """WBXML; cookies before lifetimes, service trees function by function."""

    def test_login(self) -> None:
        octets = bytes.fromhex(
            "03 10 6a 00 c9 05 03 31 2e 31 00 01 6d 6e 70 80 19 01 01"
            "72 74 76 80 20 01 75 03 6e 6f 6b 31 00 01 01 f3 07 03 31 2e 31 00 01 00 01 5d"
            "00 00 7a 03 77 76 3a 61 6e 6e 40 69 6d 2e 65 78 61 6d 70 6c 65 2e 6f 72 67 00 01"
            "4a 77 80 0e 03 61 2e 65 78 61 6d 70 6c 65 2f 69 6d 00 01 01"  # http:// by token
            "00 01 4f 03 4d 44 35 00 01"  # DigestSchema as text
            "70 03 77 76 3a 6e 6f 6b 69 61 2e 31 00 01"  # SessionCookie before TimeToLive
            "72 c3 02 0e 10 01 01 01 01 01 01"
        )
        login = LoginRequest(
            user_id=ANN,
            client_id=ClientID(url="http://a.example/im"),
            digest_schemas=(DigestSchema.MD5,),
            session_cookie="wv:nokia.1",
            time_to_live=3600,
        )
        self.assertEqual(self.read(octets, V11), login)

    def test_services(self) -> None:
        octets = bytes.fromhex(
            "03 11 6a 00 c9 08 03 31 2e 32 00 01 6d 6e 70 80 11 01 6f 03 73 39 00 01 01"
            "72 74 76 80 20 01 75 03 6e 6f 6b 34 00 01 01 f3 0a 03 31 2e 32 00 01"
            "00 01 6e 51 00 02 7c"  # Service-Request, Functions, WVCSPFeat
            "51 74 38 01 67 26 01 01"  # FundamentalFeat: SRCH, INVIT
            "6f 6e 19 3b 01 01 23 1f 01 01 00 01 46 80 0b 01 01 01 01 01 01"
        )
        features = WVCSPFeat(
            fundamental_feat=FundamentalFeat(
                search_func=SearchFunc(srch=True), invite_func=InviteFunc(invit=True)
            ),
            presence_feat=PresenceFeat(
                presence_deliver_func=PresenceDeliverFunc(getpr=True, updpr=True)
            ),
            im_feat=IMFeat(),
            group_feat=GroupFeat(),
        )
        expected = ServiceRequest(
            functions=Functions(features=features), all_functions_request=False
        )
        self.assertEqual(self.read(octets, V12), expected)


class SMS20Tests(HandsetTestCase):
    """XML of 1.2 with elements of the vendor's own, and an empty TransactionID."""

    def document(
        self, content: str, transaction_id: str = "<TransactionID>12</TransactionID>"
    ) -> str:
        return (
            '<?xml version="1.0" encoding="utf-8"?>\r\n'
            '<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2">\r\n'
            "  <Session>\r\n    <SessionDescriptor>\r\n      <SessionType>Inband</SessionType>\r\n"
            "      <SessionID>s9</SessionID>\r\n    </SessionDescriptor>\r\n    <Transaction>\r\n"
            "      <TransactionDescriptor><TransactionMode>Request</TransactionMode>"
            f"{transaction_id}</TransactionDescriptor>\r\n      "
            '<TransactionContent xmlns="http://www.openmobilealliance.org/DTD/WV-TRC1.2">\r\n'
            f"{content}\r\n      </TransactionContent>\r\n    </Transaction>\r\n"
            "  </Session>\r\n</WV-CSP-Message>\r\n"
        )

    def test_poll_with_an_empty_transaction_id(self) -> None:
        document = self.document("<Polling-Request />", "<TransactionID />")
        self.assertEqual(self.read(document, V12), PollingRequest())
        self.assertEqual(self.session.transactions[0].descriptor.transaction_id, "")

    def test_capabilities_with_foreign_elements(self) -> None:
        request = self.read(
            self.document(
                "<ClientCapability-Request><ClientID><URL>WV:Talker-2.1@PC</URL></ClientID>"
                "<CapabilityList><ClientType>COMPUTER</ClientType>"
                "<ClientTypeDetail>desk</ClientTypeDetail>"
                "<InitialDeliveryMethod>P</InitialDeliveryMethod>"
                "<AcceptedContentType>text/plain</AcceptedContentType>"
                "<AcceptedContentType>image/png</AcceptedContentType>"
                "<AcceptedTransferEncoding>BASE64</AcceptedTransferEncoding>"
                "<AcceptedContentLength>256000</AcceptedContentLength>"
                "<SupportedBearer>HTTP</SupportedBearer><MultiTrans>1</MultiTrans>"
                "<ParserSize>300000</ParserSize><SupportedCIRMethod>STCP</SupportedCIRMethod>"
                "<ColibriaExtensions><Smileys>T</Smileys></ColibriaExtensions>"
                "</CapabilityList></ClientCapability-Request>"
            ),
            V12,
        )
        self.assertEqual(
            request,
            ClientCapabilityRequest(
                client_id=ClientID(url="WV:Talker-2.1@PC"),
                capability_list=CapabilityList(
                    client_type=ClientType.COMPUTER,
                    initial_delivery_method=DeliveryMethod.PUSH,
                    accepted_content_types=(
                        AcceptedContentType(content_type="text/plain"),
                        AcceptedContentType(content_type="image/png"),
                    ),
                    accepted_transfer_encodings=(TransferEncoding.BASE64,),
                    accepted_content_length=256000,
                    supported_bearers=(Bearer.HTTP,),
                    multi_trans=1,
                    parser_size=300000,
                    supported_cir_methods=(CIRMethod.STCP,),
                ),
            ),
        )

    def test_presence_with_a_status_that_names_itself_only(self) -> None:
        update = self.read(
            self.document(
                "<UpdatePresence-Request><PresenceSubList "
                'xmlns="http://www.openmobilealliance.org/DTD/WV-PA1.2">'
                "<OnlineStatus><Qualifier>T</Qualifier></OnlineStatus>"
                "<ClientInfo><Qualifier>T</Qualifier><ClientType>COMPUTER</ClientType></ClientInfo>"
                "<CommCap><Qualifier>T</Qualifier><CommC><Cap>IM</Cap><Status>OPEN</Status>"
                "</CommC></CommCap><UserAvailability><Qualifier>T</Qualifier>"
                "<PresenceValue>AVAILABLE</PresenceValue></UserAvailability>"
                "</PresenceSubList></UpdatePresence-Request>"
            ),
            V12,
        )
        means = CommC(cap=CommunicationMeans.IM, status=ContactStatus.OPEN)
        presence = PresenceSubList(
            online_status=(OnlineStatus(qualifier=True),),
            client_infos=(ClientInfo(qualifier=True, client_type=ClientType.COMPUTER),),
            comm_caps=(CommCap(qualifier=True, comm_cs=(means,)),),
            user_availability=UserAvailability(
                qualifier=True, presence_value=Availability.AVAILABLE
            ),
        )
        self.assertEqual(update, UpdatePresenceRequest(presence_sub_list=presence))

    def test_message_whose_sender_has_no_scheme(self) -> None:
        sent = self.read(
            self.document(
                "<SendMessage-Request><DeliveryReport>F</DeliveryReport><MessageInfo>"
                "<ContentType>text/html</ContentType><ContentSize>9</ContentSize>"
                "<Recipient><User><UserID>wv:bob@im.example.org</UserID></User></Recipient>"
                "<Sender><User><UserID>ann@im.example.org</UserID></User></Sender></MessageInfo>"
                "<ContentData>&lt;b&gt; hi\n&lt;/b&gt;</ContentData></SendMessage-Request>"
            ),
            V12,
        )
        info = MessageInfo(
            content_type="text/html",
            content_size=9,
            recipient=Recipient(users=(User(user_id=Address("bob", None, "im.example.org")),)),
            sender=Sender(user=User(user_id=ANN)),
        )
        expected = SendMessageRequest(
            delivery_report=False, message_info=info, content_data="<b> hi\n</b>"
        )
        self.assertEqual(sent, expected)
