"""Messages as an operator may see them: indented XML, with what is private masked.

What is shown is declared here; of everything else, the size stands in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from imps.csp.codec.document import NAMESPACES, ROOTS, CodecError
from imps.csp.codec.reading import Node
from imps.csp.primitives import PRIMITIVES
from imps.csp.primitives.declaration import Child, Element, Kind, children_of, declaration_of
from imps.syntax.texts import boolean, date, date_text, integer, utf8
from imps.syntax.xml import local_name


def _named(*names: str) -> frozenset[str]:
    return frozenset(name for some in names for name in some.split())


SHOWN = _named(
    # Who and what is meant.
    "UserID UnrecognizedUserID ValidUserID GroupID ContactList DefaultContactList Domain",
    "ApplicationID TransactionID MessageID InviteID SearchID ExtendConversationID PairID",
    "SegmentCount SegmentReference SessionNSName TransactionNSName PresenceAttributeNSName",
    # What became of it.
    "Code TryAgainTimeout MessageCount MessageTotalCount WatcherCount SearchFindings SearchIndex",
    # How it is, and how long it lasts.
    "ContentType ContentSize DateTime DeliveryTime Validity TimeToLive KeepAliveTime",
    "HistoryPeriod MaxWatcherList SearchLimit NotificationType",
    # What is agreed on.
    "AcceptedCharset AcceptedContentLength AcceptedPullLength AcceptedPushLength",
    "AcceptedRichContentLength AcceptedTextContentLength ClientIMPriority ContentPolicyLimit",
    "DefaultLanguage GroupContentLimit MaxPullLength MaxPushLength MultiTrans",
    "MultiTransPerMessage ParserSize PlainTextCharset ServerPollMin SessionPriority",
    "UserSessionLimit CIRSMSAddress TCPAddress TCPPort UDPAddress UDPPort",
)
"""The elements whose content is shown wherever they stand."""

SHOWN_WITHIN = {
    "CIRHTTPAddress": _named("URL"),
    "CIRURL": _named("URL"),
    "ClientID": _named("URL MSISDN"),
    "DetailedResult": _named("Description"),
    "GetSPInfo-Response": _named("Name Description URL"),
    "OtherServer": _named("URL MSISDN"),
    "Property": _named("Name"),
    "Result": _named("Description"),
}
"""The elements whose content is shown within those that are named first."""

WORDS = frozenset({Kind.BOOLEAN, Kind.ENUMERATION})
"""What these hold is shown if it is a word of the standard."""

SHORTENED = "SessionID"
"""Enough of its content is shown to tell sessions apart, and not enough to use one."""

MOST_CHARACTERS = 50_000
"""How much of a document is shown."""
MOST_OF_A_TEXT = 200
"""How much of what stands in an element is shown."""

_BEGINNING, _SHORTEST = 6, 16
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,99}", re.ASCII)
_OFFICIAL = {uri for namespaces in NAMESPACES.values() for uri in namespaces.values()}
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def masked(root: Node) -> str:
    """A document as it came, from the tree that a codec makes of it, with what is private masked.

    What no version declares is there by its name and size.
    """
    shown: list[str] = []
    left = MOST_CHARACTERS
    for line in _lines(root, _roots().get(local_name(root.tag)[1]), "", 0):
        left -= len(line)
        if left < 0:
            return "\n".join([*shown, "[and so on]"])
        shown.append(line)
    return "\n".join(shown)


def shortened(session_id: str) -> str:
    """A session id as it is shown; one that is too short to be one is masked."""
    if len(session_id) < _SHORTEST:
        return _size(len(session_id.encode("utf-8", "replace")))
    return f"{_printable(session_id[:_BEGINNING])}…"


def _lines(node: Node, child: Child | None, within: str, depth: int) -> Iterator[str]:
    """The lines of an element: that child of the structure within which it stands, if it is one."""
    indent, name = "  " * depth, local_name(node.tag)[1]
    name = name if _NAME.fullmatch(name) else "unnamed"
    inner = _inner(node, child)
    if inner is None:
        text = _leaf(node, child, within)
        yield f"{indent}<{name}>{text}</{name}>" if text else f"{indent}<{name}/>"
        return
    yield f"{indent}<{name}>"
    declared = declaration_of(child.type).name if child and child.kind is Kind.STRUCTURE else ""
    for each in node:
        yield from _lines(each, _child(inner, each, node), declared, depth + 1)
    yield f"{indent}</{name}>"


def _inner(node: Node, child: Child | None) -> dict[str, Child] | None:
    """What may stand in an element that holds others; None for any other element."""
    if child is None or not len(node):
        return None
    if child.kind is Kind.PRIMITIVE:
        return _primitives()
    return _children(child.type) if child.kind is Kind.STRUCTURE else None


def _child(declared: dict[str, Child], node: Node, parent: Node) -> Child | None:
    """What is declared of an element, unless it is in somebody else's namespace."""
    namespace, name = local_name(node.tag)
    is_ours = not namespace or namespace in _OFFICIAL or namespace == local_name(parent.tag)[0]
    return declared.get(name) if is_ours else None


def _leaf(node: Node, child: Child | None, within: str) -> str:
    """The content of an element that should hold no others."""
    size = _octets_in(node)
    if not size:
        return ""
    if child is not None and child.kind is Kind.STRUCTURE:
        # Text may stand for one of the children; blanks are nothing.
        if not len(node) and not node.text.strip():
            return ""
        within, child = declaration_of(child.type).name, _text_child(child.type)
    said = None if child is None or len(node) else _said(child, within, node.text)
    return _size(size) if said is None else said


def _said(child: Child, within: str, value: str | bytes) -> str | None:
    """What is shown of a value; None if it is to be masked."""
    name = child.element.name
    try:
        if child.kind in WORDS:
            return _word(child, value)
        if name == SHORTENED:
            return shortened(_text(child, value))
        if name in SHOWN or name in SHOWN_WITHIN.get(within, ()):
            return _printable(_text(child, value))
    except CodecError:
        pass
    return None


def _word(child: Child, value: str | bytes) -> str | None:
    if child.kind is Kind.BOOLEAN:
        truth = boolean(child.element.name, value)
        return None if truth is None else "FT"[truth]
    text = utf8(value) if isinstance(value, bytes) else value
    said = text.split(",") if child.element.packed else [text]
    words = {member.value.casefold(): member.value for member in child.type}
    known = [words.get(each.strip().casefold(), "") for each in said]
    return ",".join(known) if all(known) else None


def _text(child: Child, value: str | bytes) -> str:
    """A value as text; in WBXML, numbers and times may be octets."""
    if isinstance(value, str):
        return value
    if child.kind is Kind.INTEGER:
        return str(integer(child.element.name, value))
    if child.kind is Kind.DATE and (moment := date(child.element.name, value)):
        return date_text(moment)
    return utf8(value)


def _printable(text: str) -> str:
    """Text that neither ends an element nor does anything to a terminal, cut if it is long."""
    cut = text[:MOST_OF_A_TEXT] + ("…" if len(text) > MOST_OF_A_TEXT else "")
    return "".join(
        _ESCAPES.get(each, each) if each.isprintable() else each.encode("unicode_escape").decode()
        for each in cut
    )


def _octets_in(node: Node) -> int:
    """How many octets of text an element holds, with all that is in it."""
    return _octets(node.text) + sum(_octets_in(each) + _octets(each.tail) for each in node)


def _octets(text: str | bytes | None) -> int:
    octets = text if isinstance(text, bytes) else (text or "").encode("utf-8", "surrogatepass")
    return len(octets)


def _size(octets: int) -> str:
    return f"[{octets} octet{'' if octets == 1 else 's'}]"


@cache
def _children(declared: type) -> dict[str, Child]:
    """The children of a structure by every name that they have."""
    found: dict[str, Child] = {}
    for child in children_of(declared):
        if child.element.flat:
            found.update(_children(child.type))
        for name in (child.element.name, *child.element.aliases):
            found[name] = child
    return found


@cache
def _text_child(declared: type) -> Child | None:
    """The child for which the text of a structure stands."""
    text = declaration_of(declared).text
    return next((each for each in children_of(declared) if each.attribute == text), None)


@cache
def _primitives() -> dict[str, Child]:
    return {name: _structure(name, declared) for name, declared in PRIMITIVES.items()}


@cache
def _roots() -> dict[str, Child]:
    return {declaration_of(root).name: _structure("", root) for root in ROOTS}


def _structure(name: str, declared: type) -> Child:
    return Child("", Element(name), Kind.STRUCTURE, declared)
