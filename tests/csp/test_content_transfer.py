"""Content on its whole way: from the document of a sender to that of a receiver."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.content import content_of, wrapped
from imps.csp.im import message_info
from imps.csp.primitives.identity import Recipient, Sender, User
from imps.csp.primitives.im import (
    Font,
    GetMessageRequest,
    GetMessageResponse,
    MessageInfo,
    NewMessage,
    SendMessageRequest,
)
from imps.csp.primitives.values import TransferEncoding
from imps.model.address import Address
from imps.model.capability import Capabilities
from imps.model.message import Color, Content, FontSize, FontStyle, Message
from imps.model.version import V13
from imps.store.packing import packed, unpacked_message
from imps.testing.conformance import shows_feature
from imps.testing.door import CODECS, EVERY, DoorTestCase, message_to, text_of
from imps.testing.messages import contents, message
from imps.testing.strategies import CHARACTERS

ANN, BOB = Address.parse("wv:ann@localhost"), Address.parse("wv:bob@localhost")
WAYS = st.sampled_from(EVERY)
TEXT_TYPES = ["text/plain", "text/html", "text/x-vCard", "text/x-vCalendar"]
TYPES = ["image/png", "audio/amr", "application/vnd.wap.mms-message", "application/x-sms"]
CHARSETS = {"utf-8": "106", "iso-8859-1": "4", "shift_jis": "17", "utf-16-le": "1014"}
FONTS = st.builds(
    Font,
    size=st.none() | st.sampled_from(FontSize),
    styles=st.lists(st.sampled_from(FontStyle), max_size=2).map(tuple),
    color=st.none() | st.sampled_from(Color),
)


def sent(info: MessageInfo, data: Any, way: tuple[Any, str]) -> Content:
    """The content of a message that a client sends in a version and an encoding."""
    version, encoding = way
    request = SendMessageRequest(delivery_report=False, message_info=info, content_data=data)
    octets = CODECS[encoding].encode(message(request), version)
    (read,) = contents(CODECS[encoding].decode(octets).root)
    assert isinstance(read, SendMessageRequest)
    return content_of(read.message_info, read.content_data)


def pushed(content: Content, way: tuple[Any, str], takes_base64: bool) -> NewMessage:
    """A message as a client reads it in a version and an encoding, having been stored."""
    version, encoding = way
    stored = Message(message_id="m1", sender=ANN, content=content, sent_at=0, expires_at=60)
    stored = unpacked_message("m1", *packed(stored))
    capabilities = Capabilities(takes_base64=takes_base64)
    how, data = wrapped(stored.content, capabilities, encoding)
    new = NewMessage(message_info=message_info(BOB, stored, 0, how), content_data=data)
    octets = CODECS[encoding].encode(message(new), version)
    (read,) = contents(CODECS[encoding].decode(octets).root)
    assert isinstance(read, NewMessage)
    return read


def octets_in(new: NewMessage) -> bytes:
    """What a client that was sent this has in the end."""
    if isinstance(new.content_data, bytes):
        return new.content_data
    text = new.content_data or ""
    if new.message_info.content_encoding is TransferEncoding.BASE64:
        return b64decode(text)
    return text.encode()


def info_of(content_type: str, encoding: TransferEncoding | None = None, **more: Any) -> Any:
    recipient, sender = Recipient(users=(User(user_id=BOB),)), Sender(user=User(user_id=ANN))
    # What clients say of the size may be anything.
    return MessageInfo(
        content_type=content_type,
        content_encoding=encoding,
        content_size=148,
        recipient=recipient,
        sender=sender,
        **more,
    )


class TransferTests(SynchronousTestCase):
    def arrived(self, content: Content, new: NewMessage, octets: bytes) -> None:
        self.assertEqual(octets_in(new), octets)
        self.assertEqual(new.message_info.content_size, len(octets))
        self.assertEqual(new.message_info.content_type, content.type)

    @given(
        st.text(CHARACTERS["xml"], max_size=30), WAYS, WAYS, st.sampled_from(TEXT_TYPES), st.data()
    )
    @shows_feature("what messages hold", "text in UTF-8")
    def test_text_arrives_as_text(
        self, text: str, way: Any, onward: Any, content_type: str, data: st.DataObject
    ) -> None:
        for takes_base64 in (False, True):
            content = sent(info_of(content_type), text, way)
            new = pushed(content, onward, takes_base64)
            self.assertEqual(new.content_data, text)
            self.arrived(content, new, text.encode())

    @given(
        st.text("aß漢é\r\n<&", max_size=20),
        st.sampled_from(sorted(CHARSETS)),
        st.booleans(),
        st.booleans(),
        st.sampled_from(TEXT_TYPES),
        WAYS,
        WAYS,
    )
    def test_text_of_any_charset_arrives_in_utf_8(
        self,
        text: str,
        charset: str,
        by_number: bool,
        in_base64: bool,
        content_type: str,
        way: Any,
        onward: Any,
    ) -> None:
        octets = text.encode(charset, "ignore")
        readable = octets.decode(charset)
        named = f"{content_type}; charset={CHARSETS[charset] if by_number else charset}"
        info, data = info_of(named), octets
        if in_base64 or way[1] == "xml":
            info = info_of(named, TransferEncoding.BASE64)
            content = sent(info, b64encode(octets).decode(), way)
        else:
            content = sent(info, data, way)
        new = pushed(content, onward, True)
        self.assertEqual(content.type, content_type)
        self.assertEqual(new.content_data, readable)
        self.arrived(content, new, readable.encode())

    @given(
        st.binary(max_size=60),
        st.booleans(),
        st.booleans(),
        st.sampled_from(TYPES) | st.sampled_from(TEXT_TYPES[1:]),
        WAYS,
        WAYS,
    )
    @shows_feature("what messages hold", "content of any type")
    def test_octets_of_any_type_arrive_as_they_were(
        self,
        octets: bytes,
        in_base64: bool,
        takes_base64: bool,
        content_type: str,
        way: Any,
        onward: Any,
    ) -> None:
        if in_base64 or way[1] == "xml":
            info = info_of(content_type, TransferEncoding.BASE64)
            content = sent(info, b64encode(octets).decode(), way)
        else:
            content = sent(info_of(content_type), octets, way)
        new = pushed(content, onward, takes_base64)
        self.arrived(content, new, octets)
        self.assertEqual(new.message_info.content_type, content_type)

    @given(st.text(CHARACTERS["xml"], max_size=12), FONTS, WAYS, WAYS)
    @shows_feature("names of files", "carried")
    @shows_feature("fonts and colours", "carried")
    def test_name_and_font_travel_between_clients_of_1_3(
        self, name: str, font: Font, way: Any, onward: Any
    ) -> None:
        content = sent(info_of("text/plain", content_name=name, font=font), "hi", way)
        new = pushed(content, onward, False)
        said = (new.message_info.content_name, new.message_info.font)
        self.assertEqual(said, (name, font) if way[0] is onward[0] is V13 else (None, None))

    def test_place_that_the_sender_names_is_told_with_the_content(self) -> None:
        for way in EVERY:
            for onward in EVERY:
                info = info_of("text/plain", message_uri="http://example.org/picture")
                new = pushed(sent(info, "look", way), onward, False)
                self.assertEqual(new.message_info.message_uri, "http://example.org/picture")

    def test_content_is_not_bounded_like_a_name(self) -> None:
        for way in EVERY:
            for onward in EVERY:
                text = "grüße & <küsse>\r\n" * 5_000
                content = sent(info_of("text/plain"), text, way)
                self.assertEqual(pushed(content, onward, True).content_data, text)


class PictureTests(DoorTestCase):
    async def test_picture_sent_in_xml_arrives_at_a_handset_that_speaks_wbxml(self) -> None:
        picture = bytes(range(256)) * 500
        ann = self.speaker("ann", "computer", V13, "xml")
        bob = self.speaker("bob", "phone", V13, "wbxml")
        await ann.sign_on()
        await bob.sign_on()
        request: Any = message_to(ANN, "bob", text=b64encode(picture).decode())
        info = evolve(
            request.message_info,
            content_type="image/jpeg",
            content_encoding=TransferEncoding.BASE64,
            content_name="Grüße vom Meer.jpg",
        )
        await ann.ask(evolve(request, message_info=info))
        new: Any = await bob.poll()
        self.assertEqual(text_of(new), picture)
        info = new.content.message_info
        self.assertEqual(
            (info.content_type, info.content_size, info.content_name),
            ("image/jpeg", len(picture), "Grüße vom Meer.jpg"),
        )
        fetched: Any = await bob.ask(GetMessageRequest(message_id=info.message_id))
        assert isinstance(fetched, GetMessageResponse)
        self.assertEqual(fetched.content_data, picture)
        self.assertEqual(fetched.message_info.content_name, "Grüße vom Meer.jpg")
