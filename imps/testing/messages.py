"""Messages around one primitive, as values, XML and octets, for tests to vary."""

from __future__ import annotations

from imps.csp.codec.document import NAMESPACES
from imps.csp.codec.wbxml_writing import multi_byte
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.envelope import (
    Session,
    SessionDescriptor,
    Transaction,
    TransactionDescriptor,
    WVCSPMessage,
)
from imps.csp.primitives.values import SessionType, TransactionMode
from imps.model.extension import Extension
from imps.model.version import V11, V12, V13, Version

_NAMESPACE_TOKENS = {V11: (0x05, 0x07), V12: (0x08, 0x0A), V13: (0x0B, 0x0D)}
_PUBLIC_IDS = {V11: 0x10, V12: 0x11, V13: 0x12}


def message(*primitives: Primitive, extensions: tuple[Extension, ...] = ()) -> WVCSPMessage:
    """A request inside session s1, one transaction a primitive: t1, t2 and so on."""
    return WVCSPMessage(
        session=Session(
            descriptor=SessionDescriptor(session_type=SessionType.INBAND, session_id="s1"),
            transactions=tuple(
                Transaction(
                    descriptor=TransactionDescriptor(
                        mode=TransactionMode.REQUEST, transaction_id=f"t{number}"
                    ),
                    content=primitive,
                    extensions=extensions,
                )
                for number, primitive in enumerate(primitives, 1)
            ),
        )
    )


def contents(root: object) -> list[Primitive]:
    """The primitives of a message, one a transaction."""
    assert isinstance(root, WVCSPMessage)
    return [transaction.content for transaction in root.session.transactions]


def xml_message(
    *contents: str,
    version: Version = V12,
    session_namespace: str | None = None,
    content_namespace: str | None = None,
    prolog: str = "",
    extension: str = "",
    poll: str = "",
) -> bytes:
    """The same message in XML, around these contents; an empty namespace is left out."""
    namespaces = NAMESPACES[version]
    if session_namespace is None:
        session_namespace = namespaces["WV-CSP-Message"]
    if content_namespace is None:
        content_namespace = namespaces["TransactionContent"]
    session_xmlns = f' xmlns="{session_namespace}"' if session_namespace else ""
    content_xmlns = f' xmlns="{content_namespace}"' if content_namespace else ""
    transactions = "".join(
        "<Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode>"
        f"<TransactionID>t{number}</TransactionID></TransactionDescriptor>"
        f"<TransactionContent{content_xmlns}>{content}</TransactionContent>{extension}"
        "</Transaction>"
        for number, content in enumerate(contents, 1)
    )
    return (
        f"{prolog}<WV-CSP-Message{session_xmlns}><Session><SessionDescriptor>"
        "<SessionType>Inband</SessionType><SessionID>s1</SessionID></SessionDescriptor>"
        f"{transactions}{poll}</Session></WV-CSP-Message>"
    ).encode()


def wbxml_message(*contents: str, version: Version = V12, table: bytes = b"") -> bytes:
    """The same message in WBXML, around contents in hexadecimal that begin and end on page 0."""
    session_token, content_token = _NAMESPACE_TOKENS[version]
    number = b"\x03" + str(version).encode() + b"\0\x01"
    body = bytes((0xC9, session_token)) + number
    body += bytes.fromhex("6d 6e 70 80 11 01 6f 03 73 31 00 01 01")
    for place, content in enumerate(contents, 1):
        body += bytes.fromhex("72 74 76 80 20 01 75 03 74") + str(place).encode() + b"\0\1\1"
        body += bytes((0xF3, content_token)) + number
        body += bytes.fromhex(content) + bytes.fromhex("01 01")
    header = bytes((3, _PUBLIC_IDS[version], 0x6A)) + multi_byte(len(table)) + table
    return header + body + bytes.fromhex("01 01")
