from __future__ import annotations

from datetime import UTC, datetime

from twisted.trial.unittest import SynchronousTestCase

from imps.model.address import Address
from imps.model.partner import Profile
from imps.model.presence import Attribute, PresenceValue, Published
from imps.model.status import StatusCode
from imps.model.version import V11, V13
from imps.ssp.codec.repair import repaired, session_id_in
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.messages.blocks import (
    AttributeList,
    ContentData,
    DetailedResult,
    MessageInfo,
    MetaInfo,
    Recipient,
    Sender,
    Status,
    User,
    status_code,
)
from imps.ssp.messages.blocks import PresenceValue as PresenceValueElement
from imps.ssp.messages.declaration import Message, Unknown, Unreadable
from imps.ssp.messages.envelope import InSession, Mode, SetupTransaction, Transaction
from imps.ssp.messages.im import SendMessageRequest, SendMessageResponse
from imps.ssp.messages.presence import (
    GetPresenceRequest,
    PresenceNotification,
    SubscribeRequest,
)
from imps.ssp.messages.setup import (
    LoginRequest,
    LoginResponse,
    PasswordDigest,
    SecretToken,
    SendSecretToken,
)
from imps.syntax.errors import CannotEncode, CodecError

CODEC = XMLCodec()
NAMESPACE = "http://www.openmobilealliance.org/DTD/WV-SSP1.3"
ANN, BO = Address.parse("wv:ann@north.example"), Address.parse("wv:bo@south.example")
NORTH, SOUTH = Address.parse("wv:@north.example"), Address.parse("wv:@south.example")
SECRET = "0123456789abcdef0123456789abcdef"


def setup(inner: str, root: str = f'WV-SSP-Message xmlns="{NAMESPACE}"') -> bytes:
    name = root.split()[0]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><{root}>'
        f'<SetupTransaction mode="Request" transactionID="311-9f">{inner}</SetupTransaction>'
        f"</{name}>"
    ).encode()


def in_session(inner: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><WV-SSP-Message xmlns="{NAMESPACE}">'
        '<Session sessionID="a1b2@north.example">'
        f'<Transaction mode="Request" transactionID="512-77">{inner}</Transaction>'
        "</Session></WV-SSP-Message>"
    ).encode()


class XMLTestCase(SynchronousTestCase):
    def setup_message(self, document: bytes, profile: Profile = Profile.OURS) -> object:
        content = CODEC.decode(document, profile).content
        assert isinstance(content, SetupTransaction)
        return content.message

    def message(self, inner: str, profile: Profile = Profile.OURS) -> Message:
        content = CODEC.decode(in_session(inner), profile).content
        assert isinstance(content, InSession)
        return content.transactions[0].message

    def written(self, message: Message, profile: Profile = Profile.OURS) -> str:
        transaction = Transaction(mode=Mode.REQUEST, transaction_id="512-77", message=message)
        content = InSession(session_id="a1b2@north.example", transactions=(transaction,))
        document = CODEC.encode(content, V13, profile)
        before, after = in_session("|").split(b"|")
        self.assertTrue(document.startswith(before))
        self.assertTrue(document.endswith(after))
        return document[len(before) : -len(after)].decode()


class ExamplesTests(XMLTestCase):
    """What the documents on the wire look like (SSP, examples)."""

    def test_the_first_message_of_a_handshake(self) -> None:
        token = SendSecretToken(
            service_id=NORTH,
            protocol="WV-SSP",
            protocol_version="1.3",
            secret_token=SecretToken(octets=SECRET.encode()),
        )
        content = SetupTransaction(mode=Mode.REQUEST, transaction_id="311-9f", message=token)
        document = setup(
            '<SendSecretToken serviceID="wv:@north.example" protocol="WV-SSP" '
            f'protocolVersion="1.3"><SecretToken>{SECRET}</SecretToken></SendSecretToken>'
        )
        self.assertEqual(CODEC.encode(content, V13), document)
        self.assertEqual(CODEC.decode(document).content, content)

    def test_a_login(self) -> None:
        digest = PasswordDigest(octets=bytes.fromhex("85 16 ac 99 dc 60 60 32"))
        login = LoginRequest(service_id=NORTH, time_to_live=86400, password_digest=digest)
        document = setup(
            '<LoginRequest serviceID="wv:@north.example" timeToLive="86400">'
            '<PasswordDigest encoding="base64">hRasmdxgYDI=</PasswordDigest></LoginRequest>'
        )
        self.assertEqual(self.setup_message(document), login)
        content = SetupTransaction(mode=Mode.REQUEST, transaction_id="311-9f", message=login)
        self.assertEqual(CODEC.encode(content, V13), document)

    def test_the_end_of_a_handshake(self) -> None:
        response = LoginResponse(
            session_id="k7@south.example", time_to_live=86400, status=Status(code=200)
        )
        document = setup(
            '<LoginResponse sessionID="k7@south.example" timeToLive="86400">'
            '<Status code="200"/></LoginResponse>'
        )
        self.assertEqual(self.setup_message(document), response)

    def test_an_instant_message(self) -> None:
        request = SendMessageRequest(
            delivery_report=True,
            meta_info=MetaInfo.of_user(ANN, "north.example"),
            message_info=MessageInfo(
                message_id="m-8841@north.example",
                content_type="text/plain; charset=utf-8",
                content_size=5,
                validity=3600,
                recipients=(Recipient(user=User(user_id=BO)),),
                sender=Sender(user=User(user_id=ANN)),
                date_time=datetime(2026, 1, 15, 9, 30, tzinfo=UTC),
            ),
            content_data=ContentData(content_type="text/plain; charset=utf-8", octets=b"hello"),
        )
        written = self.written(request)
        self.assertEqual(
            written,
            '<SendMessageRequest deliveryReport="Yes"><MetaInfo clientOriginated="Yes">'
            '<Requestor serviceID="wv:@north.example"><User userID="wv:ann@north.example"/>'
            '</Requestor></MetaInfo><MessageInfo messageID="m-8841@north.example" '
            'contentType="text/plain; charset=utf-8" contentSize="5" validity="3600">'
            '<Recipient><User userID="wv:bo@south.example"/></Recipient>'
            '<Sender><User userID="wv:ann@north.example"/></Sender>'
            '<DateTime format="iso8601">2026-01-15T09:30:00Z</DateTime></MessageInfo>'
            '<ContentData contentType="text/plain; charset=utf-8" encoding="base64">aGVsbG8='
            "</ContentData></SendMessageRequest>",
        )
        self.assertEqual(self.message(written), request)

    def test_its_answer(self) -> None:
        response = SendMessageResponse(message_id="m-8841@north.example", status=Status(code=200))
        self.assertEqual(
            self.written(response),
            '<SendMessageResponse messageID="m-8841@north.example"><Status code="200"/>'
            "</SendMessageResponse>",
        )

    def test_a_subscription(self) -> None:
        request = SubscribeRequest(
            meta_info=MetaInfo.of_user(ANN, "north.example"),
            user_ids=(BO,),
            attribute_list=AttributeList(
                attributes=frozenset((Attribute.ONLINE_STATUS, Attribute.USER_AVAILABILITY))
            ),
        )
        self.assertIn(
            '</MetaInfo><UserID userID="wv:bo@south.example"/><AttributeList><PresenceSubList '
            'xmlns="http://www.openmobilealliance.org/DTD/IMPS-PA1.3"><OnlineStatus/>'
            "<UserAvailability/></PresenceSubList></AttributeList></SubscribeRequest>",
            self.written(request),
        )

    def test_a_notification_of_presence(self) -> None:
        value = PresenceValue(content=(("PresenceValue", True),))
        told = (Published(Attribute.ONLINE_STATUS, value),)
        notification = PresenceNotification(
            meta_info=MetaInfo.of_server("south.example"),
            users=(User(user_id=ANN),),
            presence_values=(PresenceValueElement(user_id=BO, published=told),),
        )
        self.assertEqual(
            self.written(notification),
            '<PresenceNotification><MetaInfo clientOriginated="No"><Requestor '
            'serviceID="wv:@south.example"/></MetaInfo><User userID="wv:ann@north.example"/>'
            '<PresenceValue userID="wv:bo@south.example"><PresenceSubList '
            'xmlns="http://www.openmobilealliance.org/DTD/IMPS-PA1.3"><OnlineStatus>'
            "<Qualifier>T</Qualifier><PresenceValue>T</PresenceValue></OnlineStatus>"
            "</PresenceSubList></PresenceValue></PresenceNotification>",
        )

    def test_a_request_that_failed_in_part(self) -> None:
        nobody = Address.parse("wv:nobody@south.example")
        status = Status(
            code=201,
            description="one user unknown",
            detailed_results=(
                DetailedResult(code=531, description="no such user", user_ids=(nobody,)),
            ),
        )
        self.assertEqual(
            self.written(status),
            '<Status code="201"><StatusDescription>one user unknown</StatusDescription>'
            '<DetailedResult code="531"><StatusDescription>no such user</StatusDescription>'
            '<UserID userID="wv:nobody@south.example"/></DetailedResult></Status>',
        )


class ToleranceTests(XMLTestCase):
    """What others write otherwise (SSP, syntax quirks, test list 3)."""

    TOKEN = (
        '<SendSecretToken serviceID="wv:@north.example" protocol="WV-SSP" '
        'procotolVersion="1.3"><SecretToken>\n0123\n</SecretToken></SendSecretToken>'
    )

    def test_white_space_around_a_secret_is_not_part_of_it(self) -> None:
        message = self.setup_message(setup(self.TOKEN))
        assert isinstance(message, SendSecretToken)
        self.assertEqual(message.secret_token.octets, b"0123")

    def test_a_secret_may_come_in_base64(self) -> None:
        encoded = self.TOKEN.replace("<SecretToken>", '<SecretToken encoding="x">')
        message = self.setup_message(setup(encoded.replace("0123", "MDEy\r\nMw==")))
        assert isinstance(message, SendSecretToken)
        self.assertEqual(message.secret_token.octets, b"0123")

    def test_the_misspelt_version_is_read_unless_the_partner_is_held_to_the_letter(self) -> None:
        versions = {Profile.OURS: "1.3", Profile.BARAZA: "1.3", Profile.STRICT: None}
        for profile, version in versions.items():
            message = self.setup_message(setup(self.TOKEN), profile)
            assert isinstance(message, SendSecretToken)
            self.assertEqual(message.protocol_version, version)

    def test_names_of_elements_are_read_in_any_case(self) -> None:
        changed = self.TOKEN.replace("SendSecretToken", "sendsecrettoken")
        message = self.setup_message(setup(changed.replace("SecretToken>", "SECRETTOKEN>")))
        self.assertIsInstance(message, SendSecretToken)

    def test_the_namespace_makes_no_difference(self) -> None:
        roots = {
            "WV-SSP-Message": None,
            'WV-SSP-Message xmlns="urn:else"': None,
            'WV-SSP-Message xmlns="http://www.wireless-village.org/SSP1.1"': V11,
            'WV-SSP-Message xmlns="http://www.openmobilealliance.org/DTD/IMPS-SSP1.3"': V13,
            'a:WV-SSP-Message xmlns:a="urn:else"': None,
        }
        for root, version in roots.items():
            decoded = CODEC.decode(setup(self.TOKEN, root))
            self.assertIs(decoded.version, version)

    def test_whose_a_message_is_is_known_before_it_is_read(self) -> None:
        opened = CODEC.open(in_session("<LogoutRequest/>"))
        self.assertEqual(opened.session_id, "a1b2@north.example")
        self.assertIsNone(CODEC.open(setup(self.TOKEN)).session_id)

    def test_a_mode_that_is_missing_is_that_of_a_response(self) -> None:
        document = in_session("<Status/>").replace(b'mode="Request" ', b"")
        content = CODEC.decode(document).content
        assert isinstance(content, InSession)
        self.assertIs(content.transactions[0].mode, Mode.RESPONSE)

    def test_a_transaction_needs_an_id(self) -> None:
        for id in (b"", 129 * b"x"):
            document = in_session("<LogoutRequest/>").replace(b"512-77", id)
            self.assertRaises(CodecError, CODEC.decode, document)

    def test_an_unknown_message_is_told_apart_from_the_others_with_it(self) -> None:
        both = "<WaveRequest/></Transaction><Transaction transactionID='2'><LogoutRequest/>"
        content = CODEC.decode(in_session(both)).content
        assert isinstance(content, InSession)
        self.assertEqual(content.transactions[0].message, Unknown("WaveRequest"))
        self.assertEqual(content.transactions[1].transaction_id, "2")

    def test_a_message_that_cannot_be_read_says_why(self) -> None:
        said = self.message("<SendMessageRequest deliveryReport='perhaps'/>")
        self.assertIsInstance(said, Unreadable)
        said = self.message("<SendMessageRequest/>")
        self.assertEqual(said, Unreadable("SendMessageRequest", "MessageInfo", said.reason))  # type: ignore[attr-defined]

    def test_dates_are_read_in_both_forms_of_iso_8601(self) -> None:
        for text in ("2026-01-15T09:30:00Z", "20260115T093000Z"):
            info = f"<MessageInfo><DateTime>{text}</DateTime></MessageInfo>"
            said = self.message(f"<SendMessageRequest>{info}</SendMessageRequest>")
            assert isinstance(said, SendMessageRequest)
            self.assertEqual(said.message_info.date_time, datetime(2026, 1, 15, 9, 30, tzinfo=UTC))

    def test_content_without_encoding_is_text_as_it_stands(self) -> None:
        inner = "<MessageInfo/><ContentData> hé </ContentData>"
        said = self.message(f"<SendMessageRequest>{inner}</SendMessageRequest>")
        assert isinstance(said, SendMessageRequest)
        assert said.content_data is not None
        self.assertEqual(said.content_data.octets, " hé ".encode())

    def test_a_user_id_without_its_scheme_is_an_address(self) -> None:
        said = self.message(
            '<GetPresenceRequest><VerUserID userid="bo@South.example"/></GetPresenceRequest>'
        )
        self.assertEqual(said, GetPresenceRequest(user_ids=(BO,)))

    def test_a_status_without_a_usable_code_is_one_without(self) -> None:
        self.assertEqual(self.message("<Status/>"), Status())
        self.assertEqual(self.message('<Status code="fine"/>'), Status())
        self.assertFalse(Status().is_success)

    def test_codes_that_are_not_known_count_as_the_first_of_their_class(self) -> None:
        told = {None: 500, 200: 200, 299: 200, 499: 400, 532: 532, 599: 500, 899: 800, 7: 500}
        for code, counted in told.items():
            self.assertEqual(status_code(code), StatusCode(counted))

    def test_attributes_that_nobody_knows_are_not_all_attributes(self) -> None:
        asked = "<AttributeList><PresenceSubList><Aura/></PresenceSubList></AttributeList>"
        said = self.message(f"<SubscribeRequest>{asked}</SubscribeRequest>")
        assert isinstance(said, Unreadable)
        self.assertIs(said.code, StatusCode.INVALID_PRESENCE_ATTRIBUTE)

    def test_a_value_of_presence_that_cannot_be_is_left_out(self) -> None:
        said = self.message(
            '<PresenceNotification><PresenceValue userID="wv:bo@south.example"><PresenceSubList>'
            "<OnlineStatus><Qualifier>T</Qualifier><PresenceValue>maybe</PresenceValue>"
            "</OnlineStatus><Alias><PresenceValue>Bo</PresenceValue></Alias><Aura/>"
            "</PresenceSubList></PresenceValue></PresenceNotification>"
        )
        assert isinstance(said, PresenceNotification)
        alias = PresenceValue(content=(("PresenceValue", "Bo"),))
        self.assertEqual(said.presence_values[0].published, (Published(Attribute.ALIAS, alias),))


class BarazaTests(XMLTestCase):
    """What the open server writes, and what it reads (SSP, syntax quirks)."""

    INFO = MessageInfo(message_uri="u", content_name="n", validity=60)

    def test_both_spellings_are_written_to_it(self) -> None:
        written = self.written(SendMessageRequest(message_info=self.INFO), Profile.BARAZA)
        self.assertIn(
            '<MessageInfo messageURI="u" MessageURI="u" contentName="n" ContentName="n" '
            'validity="60" validlity="60"/>',
            written,
        )
        self.assertNotIn("validlity", self.written(SendMessageRequest(message_info=self.INFO)))

    def test_either_spelling_is_read(self) -> None:
        said = self.message(
            '<SendMessageRequest><MessageInfo MessageURI="u" ContentName="n" validlity="60"/>'
            "</SendMessageRequest>"
        )
        self.assertEqual(said, SendMessageRequest(message_info=self.INFO))

    def test_the_names_in_its_detailed_results_are_read(self) -> None:
        for name in ("ScreenName", "ScreenNames"):
            said = self.message(
                f'<Status code="811"><DetailedResult code="811"><{name} groupID="wv:/g@d">rook'
                f"</{name}></DetailedResult></Status>"
            )
            assert isinstance(said, Status)
            self.assertEqual(said.detailed_results[0].screen_names[0].name, "rook")

    def test_its_broken_cancellation_is_repaired(self) -> None:
        broken = in_session(
            '<CancelInviteRequest inviteID="7"><Canceled><User userID="wv:bo@south.example"/>'
            "<Canceled/></CancelInviteRequest>"
        )
        self.assertRaises(CodecError, CODEC.decode, broken)
        self.assertEqual(session_id_in(broken), "a1b2@north.example")
        content = CODEC.decode(repaired(broken)).content
        assert isinstance(content, InSession)
        self.assertEqual(content.transactions[0].message, Unknown("CancelInviteRequest"))

    def test_what_it_does_not_escape_is_repaired(self) -> None:
        broken = in_session(
            "<Status code='404'><StatusDescription>a & b &amp; c</StatusDescription></Status>"
        )
        self.assertRaises(CodecError, CODEC.decode, broken)
        content = CODEC.decode(repaired(broken)).content
        assert isinstance(content, InSession)
        self.assertEqual(content.transactions[0].message, Status(code=404, description="a & b & c"))


class StrictWritingTests(XMLTestCase):
    def test_what_cannot_stand_in_a_message_is_not_written(self) -> None:
        for message in (
            SendMessageRequest(message_info=MessageInfo(validity=-1)),
            SendMessageRequest(message_info=MessageInfo(recipients=(Recipient(),))),
            SendMessageRequest(
                message_info=MessageInfo(
                    recipients=(Recipient(user=User(user_id=BO), group_id=BO),)
                )
            ),
            Unknown("Wave"),
        ):
            self.assertRaises(CannotEncode, self.written, message)

    def test_a_transaction_id_has_its_length(self) -> None:
        for id in ("", 129 * "x"):
            transaction = Transaction(
                mode=Mode.REQUEST, transaction_id=id, message=Status(code=200)
            )
            content = InSession(session_id="a@b", transactions=(transaction,))
            self.assertRaises(CannotEncode, CODEC.encode, content, V13)

    def test_secrets_do_not_show(self) -> None:
        for secret in (
            SecretToken(octets=b"hush"),
            PasswordDigest(octets=b"hush"),
            LoginResponse(session_id="hush@d", status=Status(code=200)),
            InSession(session_id="hush@d", transactions=()),
        ):
            self.assertNotIn("hush", repr(secret))
