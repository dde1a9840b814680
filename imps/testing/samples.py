"""Sample messages that together hold every child of every primitive, derived from declarations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from imps.csp.primitives.declaration import (
    Child,
    Kind,
    Primitive,
    children_of,
    declaration_of,
)
from imps.csp.primitives.envelope import WVCSPMessage
from imps.model.address import Address
from imps.model.extension import Extension, Foreign
from imps.model.version import Version

_NUMBERS = (0, 1, 200, 604, 3600, 131072, 4294967295)
_DATE = datetime(2026, 7, 4, 12, 1, 5, tzinfo=UTC)


def samples(primitive: type[Primitive], version: Version) -> Iterator[WVCSPMessage]:
    """Messages with all that this primitive can hold in a version; one for each alternative."""
    for turn in range(_alternatives_in(primitive)):
        yield _sample(WVCSPMessage, version, turn, primitive)


def _alternatives_in(declared: type) -> int:
    """The largest number of alternatives of a choice anywhere below."""
    own = [len(choice.alternatives) for choice in declaration_of(declared).choices]
    below = [
        _alternatives_in(child.type)
        for child in children_of(declared)
        if child.kind is Kind.STRUCTURE
    ]
    return max([1, *own, *below])


def _sample(declared: type, version: Version, turn: int, primitive: type[Primitive]) -> Any:
    declaration = declaration_of(declared)
    excluded: set[str] = set()
    for choice in declaration.choices:
        if version in choice.versions:
            chosen = choice.alternatives[turn % len(choice.alternatives)]
            others = set().union(*choice.alternatives) - set(chosen)
            excluded |= others
    bare = declaration.text_until is not None and version <= declaration.text_until
    values: dict[str, Any] = {}
    for place, child in enumerate(declaration.written_in(version)):
        if child.attribute in excluded or (bare and child.attribute != declaration.text):
            continue
        several = child.may_repeat_in(version) or child.element.packed
        items = tuple(
            _value(child, version, turn + number, place, primitive) for number in range(1 + several)
        )
        values[child.attribute] = items if child.many else items[0]
    return declared(**values)


def _value(
    child: Child, version: Version, turn: int, place: int, primitive: type[Primitive]
) -> Any:
    name = child.element.name
    match child.kind:
        case Kind.STRING:
            if child.element.tokens:
                return ("text/plain", "Topic", "text/html")[turn % 3]
            return f"{name} {turn}: \u00e9 <&> \u20ac" if child.element.exact else f"{name}-{turn}"
        case Kind.INTEGER:
            return _NUMBERS[(turn + place) % len(_NUMBERS)]
        case Kind.BOOLEAN:
            return (turn + place) % 2 == 0
        case Kind.DATE:
            return _DATE
        case Kind.ENUMERATION:
            members = list(child.type)
            return members[(turn + place) % len(members)]
        case Kind.ADDRESS:
            resource = None if "User" in name else "friends"
            return Address(f"ann{turn}", resource, "example.org")
        case Kind.CONTENT:
            return f"Hello, {turn} < {place}"
        case Kind.MARK:
            return True
        case Kind.STRUCTURE:
            return _sample(child.type, version, turn, primitive)
        case Kind.EXTENSION:
            return Extension(content=(Foreign("Vendor", content=(f"text {turn}",)),))
        case Kind.PRIMITIVE:
            return _sample(primitive, version, turn, primitive)
