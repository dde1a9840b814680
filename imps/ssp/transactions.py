"""Transactions as they are named, and kept in the store."""

from __future__ import annotations

from imps.model.partner import Profile
from imps.model.version import V13
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.messages.envelope import InSession, Transaction

_PLACE = "-"


def transaction_id(now: float, digest: str) -> str:
    """An id that nobody guesses and no other process makes, if the digest is such."""
    return f"{int(now) % 10**10:010}-{digest[:32]}"


def written(codec: XMLCodec, own_domain: str, transaction: Transaction) -> bytes:
    """A transaction as it is kept: as our own kind would say it."""
    content = InSession(session_id=f"{_PLACE}@{own_domain}", transactions=(transaction,))
    return codec.encode(content, V13, Profile.OURS)


def read(codec: XMLCodec, document: bytes) -> tuple[str, Transaction]:
    """In the name of which domain of ours something is said, and what."""
    content = codec.decode(document).content
    assert isinstance(content, InSession)
    return content.session_id.partition("@")[2], content.transactions[0]
