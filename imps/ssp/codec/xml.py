"""Whole messages in XML: read in two steps, as who says it decides how it is understood.

``XMLCodec.open`` parses a document and tells whose it is; ``Opened.read`` reads it as the profile
of that partner has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from attrs import frozen

from imps.model.partner import Profile
from imps.model.status import StatusCode
from imps.model.version import V13, Version
from imps.ssp.codec import NAMESPACES, Limits
from imps.ssp.codec.presence import NoSuchAttributes
from imps.ssp.codec.reading import Reader, attribute_of
from imps.ssp.codec.writing import write
from imps.ssp.messages import MESSAGES
from imps.ssp.messages.declaration import Message, Unknown, Unreadable, declaration_of
from imps.ssp.messages.envelope import (
    LONGEST_TRANSACTION_ID,
    SETUP_MESSAGES,
    InSession,
    Mode,
    SetupMessage,
    SetupTransaction,
    SSPMessage,
    Transaction,
)
from imps.syntax.errors import CannotEncode, CodecError, Unusable
from imps.syntax.xml import TreeReader, escaped_attribute, local_name

_ROOT = "WV-SSP-Message"
_VERSION_IN_NAMESPACE = re.compile(r"SSP(\d)\.(\d)$")
_VERSIONS = {(str(each)[0], str(each)[2]): each for each in NAMESPACES}
_MESSAGES = {name.casefold(): declared for name, declared in MESSAGES.items()}
_SETUP_MESSAGES: dict[str, type] = {
    declaration_of(declared).name.casefold(): declared for declared in SETUP_MESSAGES
}
_LONGEST_SESSION_ID = 512


@frozen
class Opened:
    """A parsed message; the session id that its sender gave it, None where it sets one up."""

    session_id: str | None
    version: Version | None
    read: Callable[[Profile], SSPMessage]
    """Reads it as a profile has it. Raises CodecError where it cannot be read."""


class XMLCodec:
    """Reads and writes messages of SSP."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._trees = TreeReader(self._limits.depth, self._limits.elements)
        longest = self._limits.text_characters
        self._readers = {profile: Reader(longest, profile) for profile in Profile}

    def open(self, document: bytes) -> Opened:
        """Parse a document. Raises CodecError, and nothing else, for what is no message."""
        if len(document) > self._limits.octets:
            raise CodecError("too large")
        root = self._trees.read(document)
        namespace, name = local_name(root.tag)
        if name.casefold() != _ROOT.casefold():
            raise CodecError("not a message of SSP")
        top = _only_element(root)
        kind = _name(top)
        version = _version(namespace)
        if kind == "setuptransaction":
            return Opened(None, version, lambda by: SSPMessage(self._setup(top, by), version))
        if kind != "session":
            raise CodecError("neither a SetupTransaction nor a Session")
        session_id = _id(top, "sessionID", _LONGEST_SESSION_ID)
        return Opened(
            session_id,
            version,
            lambda by: SSPMessage(self._in_session(session_id, top, by), version),
        )

    def decode(self, document: bytes, profile: Profile = Profile.OURS) -> SSPMessage:
        """Read a document of a partner of that profile. Raises CodecError for what is none."""
        return self.open(document).read(profile)

    def encode(
        self,
        content: SetupTransaction | InSession,
        version: Version = V13,
        profile: Profile = Profile.OURS,
    ) -> bytes:
        """Write a message to a partner of that profile. Raises CannotEncode for what it must not
        hold."""
        out = [f'<?xml version="1.0" encoding="UTF-8"?><{_ROOT} xmlns="{NAMESPACES[version]}">']
        if isinstance(content, SetupTransaction):
            _write_transaction("SetupTransaction", content, version, profile, out)
        else:
            if not content.session_id or not content.transactions:
                raise CannotEncode("a Session needs an id and a Transaction")
            out.append(f'<Session sessionID="{escaped_attribute(content.session_id)}">')
            for each in content.transactions:
                _write_transaction("Transaction", each, version, profile, out)
            out.append("</Session>")
        out.append(f"</{_ROOT}>")
        return "".join(out).encode()

    def _setup(self, node: Any, profile: Profile) -> SetupTransaction:
        child = _only_element(node)
        declared = _SETUP_MESSAGES.get(_name(child))
        if declared is None:
            raise CodecError("nothing that sets a session up")
        message: SetupMessage = self._readers[profile].read(declared, child)
        return SetupTransaction(
            mode=_mode(node), transaction_id=_transaction_id(node), message=message
        )

    def _in_session(self, session_id: str, node: Any, profile: Profile) -> InSession:
        transactions = tuple(
            Transaction(
                mode=_mode(child),
                transaction_id=_transaction_id(child),
                message=self._message(_only_element(child), profile),
            )
            for child in node
            if _name(child) == "transaction"
        )
        if not transactions:
            raise CodecError("a Session without a Transaction")
        return InSession(session_id=session_id, transactions=transactions)

    def _message(self, node: Any, profile: Profile) -> Message:
        """The message in a transaction; what is unknown or unreadable is kept as such."""
        name = local_name(node.tag)[1]
        declared = _MESSAGES.get(name.casefold())
        if declared is None:
            return Unknown(name[:100])
        try:
            message: Message = self._readers[profile].read(declared, node)
        except Unusable as problem:
            name = declaration_of(declared).name
            return Unreadable(name, problem.element, problem.reason, _code_of(problem))
        return message


def _code_of(problem: Unusable) -> StatusCode:
    if isinstance(problem, NoSuchAttributes):
        return StatusCode.INVALID_PRESENCE_ATTRIBUTE
    return StatusCode.BAD_PARAMETER if problem.missing_or_unusable else StatusCode.BAD_REQUEST


def _write_transaction(
    name: str,
    transaction: SetupTransaction | Transaction,
    version: Version,
    profile: Profile,
    out: list[str],
) -> None:
    if not 0 < len(transaction.transaction_id) <= LONGEST_TRANSACTION_ID:
        raise CannotEncode("a transaction id has 1 to 128 characters")
    id = escaped_attribute(transaction.transaction_id)
    out.append(f'<{name} mode="{transaction.mode.value}" transactionID="{id}">')
    write(transaction.message, version, profile, out)
    out.append(f"</{name}>")


def _name(node: Any) -> str:
    return local_name(node.tag)[1].casefold()


def _only_element(node: Any) -> Any:
    """The first child element."""
    child = next((each for each in node if isinstance(each.tag, str)), None)
    if child is None:
        raise CodecError(f"nothing in {local_name(node.tag)[1][:100]}")
    return child


def _id(node: Any, name: str, longest: int) -> str:
    id = (attribute_of(node, name) or "").strip()
    if not 0 < len(id) <= longest:
        raise CodecError(f"{name} is missing or too long")
    return id


def _transaction_id(node: Any) -> str:
    return _id(node, "transactionID", LONGEST_TRANSACTION_ID)


def _mode(node: Any) -> Mode:
    said = attribute_of(node, "mode") or ""
    return Mode.REQUEST if said.strip().casefold() == "request" else Mode.RESPONSE


def _version(namespace: str) -> Version | None:
    found = _VERSION_IN_NAMESPACE.search(namespace)
    return _VERSIONS.get((found[1], found[2])) if found else None
