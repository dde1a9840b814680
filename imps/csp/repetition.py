"""What clients say again and again is read once: polls, signs of life, and "I have it"."""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import define, field

from imps.csp.codec.document import CodecError, Document
from imps.csp.primitives.access import KeepAliveRequest, PollingRequest
from imps.csp.primitives.common import Result, Status
from imps.csp.primitives.envelope import (
    Session,
    SessionDescriptor,
    Transaction,
    TransactionDescriptor,
    WVCSPMessage,
)

LONGEST, MOST = 1000, 5000
"""How long a document is at most that is remembered, in octets, and how many are."""

_SESSION_ID, _TRANSACTION_ID = b"<SessionID>", b"<TransactionID>"
_ID = re.compile(rb"[\w.#-]{1,100}", re.ASCII)

Decode = Callable[[bytes], Document]
Shape = tuple[bytes, bytes, bytes]
Ids = tuple[bytes, bytes]


@define(eq=False)
class Repetition:
    """Remembers the documents that a codec has read, where clients are likely to repeat them: in
    XML but for the ids of session and transaction, so that one stands for all clients of a kind;
    else octet for octet."""

    _decode: Decode
    _known: dict[Shape, Document] = field(factory=dict, init=False)

    def decode(self, octets: bytes) -> Document:
        """Read a document. Raises CodecError for what is none."""
        if len(octets) > LONGEST:
            return self._decode(octets)
        shape, ids = _taken_apart(octets)
        has_plain_ids = _is_plain(shape[0], ids[0]) and _is_plain(shape[1], ids[1])
        known = self._known.get(shape) if has_plain_ids else None
        if known is not None:
            return _with_ids(known, ids)
        document = self._decode(octets)
        if has_plain_ids and _is_common(document) and self._takes_ids(document, shape, ids):
            if len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[shape] = document
        return document

    def _takes_ids(self, document: Document, shape: Shape, ids: Ids) -> bool:
        """Whether a document with other ids is the same but for these: that they do not stand in
        a comment, for one thing."""
        if not any(ids):
            return True
        session_id, transaction_id = ids
        others = (session_id and session_id + b"0", transaction_id and transaction_id + b"0")
        try:
            other = self._decode(_put_together(shape, others))
        except CodecError:
            return False
        return _with_ids(document, ids) == document and _with_ids(document, others) == other


def _taken_apart(octets: bytes) -> tuple[Shape, Ids]:
    """What stands before, between and behind the ids of session and transaction, and these. Where
    there is none, as in another encoding, nothing stands before it."""
    session, after = _text_behind(_SESSION_ID, octets, 0)
    transaction, behind = _text_behind(_TRANSACTION_ID, octets, after)
    shape = (octets[:session], octets[after:transaction], octets[behind:])
    return shape, (octets[session:after], octets[transaction:behind])


def _is_plain(before: bytes, id: bytes) -> bool:
    """Whether this is an id that needs no reading, if there is one behind that."""
    return not before or _ID.fullmatch(id) is not None


def _text_behind(tag: bytes, octets: bytes, start: int) -> tuple[int, int]:
    """Where the text behind a tag begins and ends; both at the start if there is no such tag."""
    found = octets.find(tag, start)
    if found < 0:
        return start, start
    begin = found + len(tag)
    end = octets.find(b"<", begin)
    return begin, end if end >= 0 else len(octets)


def _put_together(shape: Shape, ids: Ids) -> bytes:
    return shape[0] + ids[0] + shape[1] + ids[1] + shape[2]


def _is_common(document: Document) -> bool:
    """Whether this is what clients often say, and keeps little memory."""
    root = document.root
    if not isinstance(root, WVCSPMessage) or len(root.session.transactions) != 1:
        return False
    (transaction,) = root.session.transactions
    if transaction.extensions or transaction.descriptor.segment_info:
        return False
    content = transaction.content
    if isinstance(content, Status):
        return content == Status(result=Result(code=content.result.code))
    return isinstance(content, KeepAliveRequest | PollingRequest)


def _with_ids(document: Document, ids: Ids) -> Document:
    """The same under other ids, as far as there are any."""
    assert isinstance(document.root, WVCSPMessage)
    session_id, transaction_id = ids
    session = document.root.session
    (transaction,) = session.transactions
    descriptor, of_session = transaction.descriptor, session.descriptor
    if transaction_id:
        transaction = Transaction(
            descriptor=TransactionDescriptor(
                mode=descriptor.mode,
                transaction_id=transaction_id.decode(),
                poll=descriptor.poll,
            ),
            content=transaction.content,
        )
    if session_id:
        of_session = SessionDescriptor(
            session_type=of_session.session_type, session_id=session_id.decode()
        )
    session = Session(
        descriptor=of_session, transactions=(transaction,), poll=session.poll, cir=session.cir
    )
    return Document(WVCSPMessage(session=session), document.version, document.served)
