"""Whole messages in WBXML, octet by octet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from imps.csp.codec.document import CodecError, Root
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.primitives.access import ClientCapabilityResponse, LoginRequest, PollingRequest
from imps.csp.primitives.attributes import PresenceSubList, StatusMood, StatusText, UserAvailability
from imps.csp.primitives.capability import AgreedCapabilityList, CIRHTTPAddress
from imps.csp.primitives.common import Result, Status
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.envelope import (
    Session,
    SessionDescriptor,
    Transaction,
    TransactionDescriptor,
    WVCSPMessage,
)
from imps.csp.primitives.identity import ClientID, ContactListIDList, Recipient, Sender, User
from imps.csp.primitives.im import MessageInfo, NewMessage, SendMessageResponse
from imps.csp.primitives.notices import NotificationRequest
from imps.csp.primitives.presence import UpdatePresenceRequest
from imps.csp.primitives.values import SessionType, TransactionMode
from imps.model.address import Address
from imps.model.capability import Bearer, CIRMethod
from imps.model.extension import Extension, Foreign
from imps.model.notice import NotificationType
from imps.model.presence import Availability
from imps.model.version import V11, V12, V13, Version

RESPONSE = TransactionMode.RESPONSE


def exchange(
    primitive: Primitive,
    transaction_id: str,
    mode: TransactionMode = TransactionMode.REQUEST,
    extensions: tuple[Extension, ...] = (),
    descriptor_poll: bool | None = None,
    **session: Any,
) -> WVCSPMessage:
    """A message with one transaction, and what else its session says."""
    transaction = Transaction(
        descriptor=TransactionDescriptor(
            mode=mode, transaction_id=transaction_id, poll=descriptor_poll
        ),
        content=primitive,
        extensions=extensions,
    )
    session.setdefault(
        "descriptor", SessionDescriptor(session_type=SessionType.INBAND, session_id="s1")
    )
    return WVCSPMessage(session=Session(transactions=(transaction,), **session))


NEW_MESSAGE = NewMessage(
    message_info=MessageInfo(
        message_id="m1",
        content_type="text/plain",
        content_size=2,
        recipient=Recipient(users=(User(user_id=Address("ann")),)),
        sender=Sender(user=User(user_id=Address("bob"))),
        date_time=datetime(2007, 12, 31, 23, 59, 58, tzinfo=UTC),
    ),
    content_data="hi",
)

SESSION_1_1 = """
    03 10 6a 00             WBXML 1.3, CSP 1.1 by number, UTF-8, no string table
    c9 05 03 312e31 00 01   <WV-CSP-Message xmlns="…/CSP1.1">
    6d 6e                   <Session> <SessionDescriptor>
    70 8011 01              <SessionType> Inband
    6f 03 7331 00 01 01     <SessionID> s1 </SessionDescriptor>
"""
SESSION_1_2 = """
    03 11 6a 00             WBXML 1.3, CSP 1.2 by number, UTF-8, no string table
    c9 08 03 312e32 00 01   <WV-CSP-Message xmlns="…/WV-CSP1.2">
    6d 6e                   <Session> <SessionDescriptor>
    70 8011 01              <SessionType> Inband
    6f 03 7331 00 01 01     <SessionID> s1 </SessionDescriptor>
"""
SESSION_1_3 = """
    03 12 6a 00             WBXML 1.3, CSP 1.3 by number, UTF-8, no string table
    c9 0b 03 312e33 00 01   <WV-CSP-Message xmlns="…/IMPS-CSP1.3">
    6d 6e                   <Session> <SessionDescriptor>
    70 8011 01              <SessionType> Inband
    6f 03 7331 00 01 01     <SessionID> s1 </SessionDescriptor>
"""


def octets_of(annotated: str) -> bytes:
    """The octets of a listing: hexadecimal up to two blanks on each line."""
    lines = (line.strip().split("  ")[0] for line in annotated.strip().splitlines())
    return bytes.fromhex("".join(lines))


class VectorTests(SynchronousTestCase):
    """What these octets say, and that we write them just so."""

    codec = WBXMLCodec()

    def assert_read(self, octets: bytes, version: Version, root: Root) -> None:
        document = self.codec.decode(octets)
        self.assertEqual(document.root, root)
        self.assertEqual(document.version, version)

    def assert_same(self, octets: bytes, version: Version, root: Root) -> None:
        self.assert_read(octets, version, root)
        self.assertEqual(self.codec.encode(root, version).hex(" "), octets.hex(" "))

    def test_1_1_status_with_poll_in_its_transaction(self) -> None:
        octets = octets_of(
            SESSION_1_1
            + """
            72 74                   <Transaction> <TransactionDescriptor>
            76 8021 01              <TransactionMode> Response
            75 03 7431 00 01        <TransactionID> t1
            61 800b 01 01           <Poll> F </TransactionDescriptor>
            f3 07 03 312e31 00 01   <TransactionContent xmlns="…/TRC1.1">
            71 6a                   <Status> <Result>
            4b c301c8 01            <Code> 200, octets
            01 01                   </Result> </Status>
            01 01 01 01             </TransactionContent> to the end
        """
        )
        status = Status(result=Result(code=200))
        self.assert_same(octets, V11, exchange(status, "t1", RESPONSE, descriptor_poll=False))

    def test_1_2_status_with_poll_in_the_session(self) -> None:
        octets = octets_of(
            SESSION_1_2
            + """
            72 74                   <Transaction> <TransactionDescriptor>
            76 8021 01              <TransactionMode> Response
            75 03 7431 00 01 01     <TransactionID> t1 </TransactionDescriptor>
            f3 0a 03 312e32 00 01   <TransactionContent xmlns="…/WV-TRC1.2">
            71 6a                   <Status> <Result>
            4b c301c8 01            <Code> 200
            01 01 01 01             </Result> </Status> </TransactionContent> </Transaction>
            61 800b 01              <Poll> F
            01 01                   </Session> </WV-CSP-Message>
        """
        )
        status = Status(result=Result(code=200))
        self.assert_same(octets, V12, exchange(status, "t1", RESPONSE, poll=False))

    def test_1_2_login_with_the_beginning_of_its_url_as_a_token(self) -> None:
        octets = octets_of("""
            03 11 6a 00             CSP 1.2
            c9 08 03 312e32 00 01   <WV-CSP-Message xmlns="…">
            6d 6e                   <Session> <SessionDescriptor>
            70 8019 01 01           <SessionType> Outband
            72 74                   <Transaction> <TransactionDescriptor>
            76 8020 01              <TransactionMode> Request
            75 03 7431 00 01 01     <TransactionID> t1
            f3 0a 03 312e32 00 01   <TransactionContent xmlns="…">
            0001 5d                 page 1, <Login-Request>
            0000 7a                 page 0, <UserID>
            03 77763a616e6e40696d2e6f7267 00 01  wv:ann@im.org
            4a 77                   <ClientID> <URL>
            800e 03 612e622f63 00   http:// a.b/c
            01 01                   </URL> </ClientID>
            0001 61 03 7077 00 01   page 1, <Password> pw
            72 c3020e10 01          <TimeToLive> 3600
            70 03 6331 00 01        <SessionCookie> c1
            01 01 01 01 01          </Login-Request> to the end
        """)
        login = LoginRequest(
            user_id=Address("ann", None, "im.org"),
            client_id=ClientID(url="http://a.b/c"),
            password="pw",
            time_to_live=3600,
            session_cookie="c1",
        )
        outband = SessionDescriptor(session_type=SessionType.OUTBAND)
        root = exchange(login, "t1", descriptor=outband)
        self.assert_read(octets, V12, root)
        as_text = octets.replace(b"\x80\x0e\x03a.b/c", b"\x03http://a.b/c")
        self.assert_same(as_text, V12, root)

    def test_1_1_presence_on_three_pages(self) -> None:
        octets = octets_of(
            SESSION_1_1
            + """
            72 74                   <Transaction> <TransactionDescriptor>
            76 8020 01              <TransactionMode> Request
            75 03 7432 00 01 01     <TransactionID> t2
            f3 07 03 312e31 00 01   <TransactionContent xmlns="…">
            0004 5c                 page 4, <UpdatePresence-Request>
            0000 e3 06 03 312e31 00 01  page 0, <PresenceSubList xmlns="…/PA1.1">
            0005 6e                 page 5, <UserAvailability>
            0000 66 802c 01         page 0, <Qualifier> T
            64 8064 01 01           <PresenceValue> DISCREET </UserAvailability>
            0005 6b                 page 5, <StatusText>
            0000 66 802c 01         page 0, <Qualifier> T
            64 03 62757379 00 01 01  <PresenceValue> busy </StatusText>
            0005 6a                 page 5, <StatusMood>
            0000 66 802c 01         page 0, <Qualifier> T
            64 806b 01 01           <PresenceValue> IN_LOVE </StatusMood>
            01 01                   </PresenceSubList> </UpdatePresence-Request>
            01 01 01 01             to the end
        """
        )
        update = UpdatePresenceRequest(
            presence_sub_list=PresenceSubList(
                user_availability=UserAvailability(
                    qualifier=True, presence_value=Availability.DISCREET
                ),
                status_text=StatusText(qualifier=True, presence_value="busy"),
                status_mood=StatusMood(qualifier=True, presence_value="IN_LOVE"),
            )
        )
        self.assert_same(octets, V11, exchange(update, "t2"))

    def new_message(self, date_time: str) -> bytes:
        return octets_of(
            SESSION_1_2
            + f"""
            72 74                   <Transaction> <TransactionDescriptor>
            76 8020 01              <TransactionMode> Request
            75 03 7433 00 01 01     <TransactionID> t3
            f3 0a 03 312e32 00 01   <TransactionContent xmlns="…">
            0006 55                 page 6, <NewMessage>
            53                      <MessageInfo>
            0000 5b 03 6d31 00 01   page 0, <MessageID> m1
            50 8028 01              <ContentType> text/plain
            4f c30102 01            <ContentSize> 2
            67 79 7a                <Recipient> <User> <UserID>
            03 77763a616e6e 00 01 01 01   wv:ann
            6c 79 7a                <Sender> <User> <UserID>
            03 77763a626f62 00 01 01 01   wv:bob
            51 {date_time} 01       <DateTime>
            01                      </MessageInfo>
            4d 03 6869 00 01        <ContentData> hi
            01 01 01 01 01          </NewMessage> to the end
        """
        )

    def test_1_2_new_message_with_its_time_as_text(self) -> None:
        octets = self.new_message("03 3230303731323331543233353935385a 00")
        self.assert_same(octets, V12, exchange(NEW_MESSAGE, "t3"))

    def test_1_2_new_message_with_its_time_as_octets(self) -> None:
        octets = self.new_message("c3 06 1f5f3f7efa5a")
        self.assert_read(octets, V12, exchange(NEW_MESSAGE, "t3"))

    def test_1_1_description_of_text_and_an_entity(self) -> None:
        octets = octets_of(
            SESSION_1_1
            + """
            72 74                   <Transaction> <TransactionDescriptor>
            76 8021 01              <TransactionMode> Response
            75 03 7434 00 01 01     <TransactionID> t4
            f3 07 03 312e31 00 01   <TransactionContent xmlns="…">
            71 6a                   <Status> <Result>
            4b c30201f4 01          <Code> 500
            52 03 41 00             <Description> A
            02 8169                 U+00E9
            03 42 00 01             B </Description>
            01 01 01 01 01 01       to the end
        """
        )
        status = Status(result=Result(code=500, description="A\u00e9B"))
        self.assert_read(octets, V11, exchange(status, "t4", RESPONSE))

    def test_1_2_vendor_element_in_an_extension_block(self) -> None:
        header = SESSION_1_2.replace("03 11 6a 00 ", "03 11 6a 0a 415049436c69656e7400 ")
        octets = octets_of(
            header
            + """
            72 74                   <Transaction> <TransactionDescriptor>
            76 8021 01              <TransactionMode> Response
            75 03 7435 00 01 01     <TransactionID> t5
            f3 0a 03 312e32 00 01   <TransactionContent xmlns="…">
            0006 58                 page 6, <SendMessage-Response>
            0000 6a                 page 0, <Result>
            4b c301c8 01 01         <Code> 200 </Result>
            5b 03 6d31 00 01        <MessageID> m1
            01 01                   </SendMessage-Response> </TransactionContent>
            0009 47                 page 9, <ExtBlock>
            44 00 03 78 00 01       LITERAL <APIClient> x
            01 01 01 01             </ExtBlock> to the end
        """
        )
        sent = SendMessageResponse(result=Result(code=200), message_id="m1")
        vendor = (Extension(content=(Foreign("APIClient", content=("x",)),)),)
        self.assert_same(octets, V12, exchange(sent, "t5", RESPONSE, vendor))

    def test_1_3_capabilities_with_tokens_of_two_octets(self) -> None:
        octets = octets_of(
            SESSION_1_3
            + """
            72 74                   <Transaction> <TransactionDescriptor>
            76 8021 01              <TransactionMode> Response
            75 03 7436 00 01 01     <TransactionID> t6
            f3 0d 03 312e33 00 01   <TransactionContent xmlns="…/IMPS-TRC1.3">
            0001 4d                 page 1, <ClientCapability-Response>
            7a                      <AgreedCapabilityList>
            0003 4f 8042 01         page 3, <SupportedBearer> HTTP
            50 808125 01            <SupportedCIRMethod> SHTTP
            4e c30100 01            <ServerPollMin> 0
            54                      <CIRHTTPAddress>
            0000 77 800e 03 68 00   page 0, <URL> http:// h
            01 01                   </URL> </CIRHTTPAddress>
            01 01 01 01 01 01       to the end
        """
        )
        agreed = AgreedCapabilityList(
            supported_bearers=(Bearer.HTTP,),
            supported_cir_methods=(CIRMethod.SHTTP,),
            server_poll_min=0,
            cir_http_address=CIRHTTPAddress(url="http://h"),
        )
        response = ClientCapabilityResponse(agreed_capability_list=agreed)
        self.assert_read(octets, V13, exchange(response, "t6", RESPONSE))

    def test_1_3_notification_on_five_pages(self) -> None:
        octets = octets_of(
            SESSION_1_3
            + """
            72 74                   <Transaction> <TransactionDescriptor>
            76 8020 01              <TransactionMode> Request
            75 03 7437 00 01 01     <TransactionID> t7
            f3 0d 03 312e33 00 01   <TransactionContent xmlns="…">
            000a 4a                 page 10, <Notification-Request>
            0009 56 8055 01         page 9, <NotificationType> CLCR
            000b 47                 page 11, <ContactListIDList>
            0000 4c                 page 0, <ContactList>
            03 77763a616e6e2f6c31 00 01   wv:ann/l1
            01 01 01 01             </ContactListIDList> to </Transaction>
            61 800b 01              <Poll> F
            01 01                   </Session> </WV-CSP-Message>
        """
        )
        notification = NotificationRequest(
            notification_type=NotificationType.CONTACT_LIST_CREATED,
            contact_list_id_list=ContactListIDList(contact_lists=(Address("ann", "l1"),)),
        )
        self.assert_same(octets, V13, exchange(notification, "t7", poll=False))

    POLLING = """
        c9 08 03 312e32 00 01   <WV-CSP-Message xmlns="…">
        6d 6e 70 8011 01 6f 03 7331 00 01 01
        72 74                   <Transaction> <TransactionDescriptor>
        76 8020 01              <TransactionMode> Request
        75 03 7431 00 01 01     <TransactionID> t1
        f3 0a 03 312e32 00 01   <TransactionContent xmlns="…">
        0001 22                 page 1, <Polling-Request/>
        01 01 01 01             to the end
    """

    def test_1_2_poll_without_content(self) -> None:
        octets = octets_of("03 11 6a 00" + self.POLLING)
        self.assert_read(octets, V12, exchange(PollingRequest(), "t1"))

    def test_public_id_as_a_string_of_the_table(self) -> None:
        public_id = b"-//OMA//DTD WV-CSP 1.2//EN\0"
        octets = bytes.fromhex("03 00 00 6a 1b") + public_id + octets_of(self.POLLING)
        self.assert_read(octets, V12, exchange(PollingRequest(), "t1"))

    def test_smallest_document_has_nothing_to_say(self) -> None:
        octets = bytes.fromhex("03 10 6a 00 c9 05 03 31 2e 31 00 01 2d 01")
        error = self.assertRaises(CodecError, self.codec.decode, octets)
        self.assertEqual(str(error), "SessionDescriptor: missing in Session")
