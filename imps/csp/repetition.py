"""What clients say again and again is read once: polls, signs of life, and "I have it"."""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import define, field

from imps.csp.codec.document import CodecError, Document
from imps.csp.primitives.access import KeepAliveRequest, PollingRequest
from imps.csp.primitives.common import Status
from imps.csp.primitives.envelope import (
    Session,
    Transaction,
    TransactionDescriptor,
    WVCSPMessage,
)

LONGEST, MOST = 1000, 5000
"""How long a document is at most that is remembered, in octets, and how many are."""

_COMMON = (KeepAliveRequest, PollingRequest, Status)
_TRANSACTION_ID = re.compile(rb"<TransactionID>([\w.#-]{1,50})</TransactionID>", re.ASCII)

Decode = Callable[[bytes], Document]


@define(eq=False)
class Repetition:
    """Remembers the documents that a codec has read, where clients are likely to repeat them:
    octet for octet, or in XML but for the transaction id."""

    _decode: Decode
    _known: dict[tuple[bytes, bytes], Document] = field(factory=dict, init=False)

    def decode(self, octets: bytes) -> Document:
        """Read a document. Raises CodecError for what is none."""
        if len(octets) > LONGEST:
            return self._decode(octets)
        found = _TRANSACTION_ID.search(octets)
        around = (octets[: found.start(1)], octets[found.end(1) :]) if found else (octets, b"")
        known = self._known.get(around)
        if known is not None:
            return _under(known, found[1].decode()) if found else known
        document = self._decode(octets)
        if _is_common(document) and (found is None or self._leaves_room_for_an_id(around)):
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[around] = document
        return document

    def _leaves_room_for_an_id(self, around: tuple[bytes, bytes]) -> bool:
        """Whether what stands between these is the transaction id, and not within a comment."""
        before, behind = around
        try:
            probe = self._decode(before + b"probe" + behind)
        except CodecError:
            return False
        return _transaction_of(probe).descriptor.transaction_id == "probe"


def _is_common(document: Document) -> bool:
    root = document.root
    return (
        isinstance(root, WVCSPMessage)
        and len(root.session.transactions) == 1
        and isinstance(root.session.transactions[0].content, _COMMON)
    )


def _transaction_of(document: Document) -> Transaction:
    assert isinstance(document.root, WVCSPMessage)
    return document.root.session.transactions[0]


def _under(document: Document, transaction_id: str) -> Document:
    """The same under another transaction id."""
    assert isinstance(document.root, WVCSPMessage)
    session = document.root.session
    (transaction,) = session.transactions
    descriptor = TransactionDescriptor(
        mode=transaction.descriptor.mode,
        transaction_id=transaction_id,
        poll=transaction.descriptor.poll,
        segment_info=transaction.descriptor.segment_info,
    )
    again = Transaction(
        descriptor=descriptor, content=transaction.content, extensions=transaction.extensions
    )
    root = WVCSPMessage(
        session=Session(
            descriptor=session.descriptor,
            transactions=(again,),
            poll=session.poll,
            cir=session.cir,
        )
    )
    return Document(root, document.version, document.served)
