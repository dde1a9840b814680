"""Content of messages, as it travels: charsets, transfer encodings, text and octets."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode

from imps.csp.primitives.im import Font as FontElement
from imps.csp.primitives.im import MessageInfo
from imps.csp.primitives.values import TransferEncoding
from imps.model.capability import Capabilities
from imps.model.message import Content, Font, media_type
from imps.model.status import Refusal, StatusCode
from imps.syntax.charsets import text_in_utf8
from imps.syntax.texts import printable

_PLAIN_TEXT = "text/plain"


def content_of(info: MessageInfo, data: str | bytes | None) -> Content:
    """The content that a client sent. Text in characters becomes UTF-8, as does text in octets of
    a charset that is known; what then still names a charset is not. What some client could not be
    sent is replaced in plain text; all else stays as it is, octet by octet.

    Refused with 402 where BASE64 does not decode.
    """
    content_type = info.content_type or _PLAIN_TEXT
    octets = data if isinstance(data, bytes) else (data or "").encode("utf-8", "replace")
    in_characters = not isinstance(data, bytes)
    if in_characters and info.content_encoding is TransferEncoding.BASE64:
        try:
            octets = b64decode(b"".join(octets.split()), validate=True)
        except binascii.Error:
            raise Refusal(StatusCode.BAD_PARAMETER, "ContentData: not BASE64") from None
        in_characters = False
    content_type, octets = text_in_utf8(content_type, octets, is_utf8=in_characters)
    font = info.font
    return Content(
        octets=octets,
        type=content_type,
        name=info.content_name,
        font=Font(size=font.size, styles=font.styles, color=font.color) if font else None,
        uri=info.message_uri,
    )


def wrapped(
    content: Content, capabilities: Capabilities, encoding: str
) -> tuple[TransferEncoding, str | bytes]:
    """Content as a client takes it: text as text, octets in BASE64 in XML and wherever the client
    names it, and bare elsewhere (CSP, ContentData).

    Text is the text of the document, which is in UTF-8 whatever charsets a client names. That of
    other types than text/plain goes as octets where a document could not hold it as it is.
    """
    text = content.text
    is_plain = media_type(content.type) == _PLAIN_TEXT
    if text is not None and (is_plain or printable(text) == text):
        return TransferEncoding.NONE, text
    if encoding == "xml" or capabilities.takes_base64:
        return TransferEncoding.BASE64, b64encode(content.octets).decode()
    return TransferEncoding.NONE, content.octets


def font_element(font: Font | None) -> FontElement | None:
    """The font as an element of MessageInfo."""
    if font is None:
        return None
    return FontElement(size=font.size, styles=font.styles, color=font.color)
