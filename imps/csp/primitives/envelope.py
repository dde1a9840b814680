"""The envelope: message, session and transaction, and the vendors' own primitives."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.declaration import (
    ALWAYS,
    Content,
    Element,
    Primitive,
    primitive,
    structure,
)
from imps.csp.primitives.segments import SegmentInfo
from imps.csp.primitives.values import SessionType, TransactionMode
from imps.model.extension import Extension
from imps.model.version import V11, V12, V13


@structure("WV-CSP-Message", xmlns=True)
class WVCSPMessage:
    session: Annotated[Session, Element("Session")]


@structure("Session")
class Session:
    descriptor: Annotated[SessionDescriptor, Element("SessionDescriptor")]
    transactions: Annotated[tuple[Transaction, ...], Element("Transaction", required=ALWAYS)] = ()
    poll: Annotated[bool | None, Element("Poll", since=V12)] = None
    cir: Annotated[bool | None, Element("CIR", since=V12)] = None


@structure("SessionDescriptor")
class SessionDescriptor:
    session_type: Annotated[SessionType, Element("SessionType")]
    session_id: Annotated[str | None, Element("SessionID")] = None


@structure("Transaction")
class Transaction:
    descriptor: Annotated[TransactionDescriptor, Element("TransactionDescriptor")]
    content: Annotated[Primitive, Element("TransactionContent")]
    extensions: Annotated[tuple[Extension, ...], Element("ExtBlock", since=V12)] = ()


@structure("TransactionDescriptor")
class TransactionDescriptor:
    mode: Annotated[TransactionMode, Element("TransactionMode")]
    transaction_id: Annotated[str | None, Element("TransactionID")] = None
    poll: Annotated[bool | None, Element("Poll", until=V11)] = None
    segment_info: Annotated[SegmentInfo | None, Element("SegmentInfo", since=V13)] = None


@primitive("Extended-Request", since=V12, xmlns=True)
class ExtendedRequest(Primitive):
    extension: Annotated[Extension, Content()]


@primitive("Extended-Response", since=V12, xmlns=True)
class ExtendedResponse(Primitive):
    extension: Annotated[Extension, Content()]
