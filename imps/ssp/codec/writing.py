"""From declared values to XML: strict, in declared order, as a partner's profile spells it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from imps.model.partner import Profile
from imps.model.version import Version
from imps.ssp.codec.presence import write_names, write_values
from imps.ssp.messages.declaration import (
    Declaration,
    Element,
    Kind,
    Octets,
    Part,
    Text,
    XMLAttribute,
    declaration_of,
)
from imps.syntax.errors import CannotEncode
from imps.syntax.texts import LARGEST_INTEGER
from imps.syntax.xml import escaped, escaped_attribute

Write = Callable[[Any, list[str]], None]
ToText = Callable[[Any], str]


def write(value: Any, version: Version, profile: Profile, out: list[str]) -> None:
    """Write a declared value under its own name. Raises CannotEncode for what it must not hold."""
    declared: type = type(value)
    try:
        name = declaration_of(declared).name
    except KeyError:
        raise CannotEncode(f"{declared.__name__} cannot be written") from None
    _writer(declared, name, version, profile)(value, out)


@cache
def _writer(declared: type, name: str, version: Version, profile: Profile) -> Write:
    """Writes a structure as an element of this name."""
    declaration = declaration_of(declared)
    opening = [
        (part.attribute, part.needed, _attribute_text(part, profile))
        for part in declaration.parts
        if isinstance(part.marker, XMLAttribute)
    ]
    inner = [
        (part.attribute, part.many, part.needed, _inner(part, version, profile))
        for part in declaration.parts
        if not isinstance(part.marker, XMLAttribute)
    ]
    encoded = any(
        isinstance(part.marker, Octets) and part.marker.encoded for part in declaration.parts
    )

    def put(value: Any, out: list[str]) -> None:
        _check(declaration, value)
        out.append(f"<{name}")
        for attribute, needed, text in opening:
            item = getattr(value, attribute)
            if item is not None:
                out.append(text(item))
            elif needed:
                raise CannotEncode(f"{name} needs {attribute}")
        if encoded:
            out.append(' encoding="base64"')
        out.append(">")
        empty = len(out)
        for attribute, many, needed, put_item in inner:
            item = getattr(value, attribute)
            if many:
                for each in item:
                    put_item(each, out)
            elif item is not None:
                put_item(item, out)
            elif needed:
                raise CannotEncode(f"{name} needs {attribute}")
        if len(out) == empty:
            out[-1] = "/>"
        else:
            out.append(f"</{name}>")

    return put


def _check(declaration: Declaration, value: Any) -> None:
    there = sum(getattr(value, attribute) is not None for attribute in declaration.one_of)
    if declaration.one_of and there != 1:
        raise CannotEncode(f"{declaration.name} needs one of {', '.join(declaration.one_of)}")


def _attribute_text(part: Part, profile: Profile) -> ToText:
    assert isinstance(part.marker, XMLAttribute)
    names, text = part.marker.names_for(profile), _text_of(part.kind, part.name)

    def spelled(item: Any) -> str:
        quoted = escaped_attribute(text(item))
        return "".join(f' {name}="{quoted}"' for name in names)

    return spelled


def _inner(part: Part, version: Version, profile: Profile) -> Write:
    match part.marker:
        case Text():
            return lambda item, out: out.append(escaped(item)) if item else None
        case Octets(encoded=encoded):
            return _octets_writer(encoded)
        case Element() as element:
            return _element_writer(part, element, version, profile)
        case XMLAttribute():
            raise TypeError("an attribute stands in the tag")


def _octets_writer(encoded: bool) -> Write:
    def put(item: bytes, out: list[str]) -> None:
        try:
            text = b64encode(item).decode() if encoded else item.decode("ascii")
        except UnicodeDecodeError:
            raise CannotEncode("octets that are not printable must be encoded") from None
        if text:
            out.append(escaped(text))

    return put


def _element_writer(part: Part, element: Element, version: Version, profile: Profile) -> Write:
    name = element.name_for(profile)
    match part.kind:
        case Kind.STRUCTURE:
            return _writer_when_needed(part.type, name, version, profile)
        case Kind.PRESENCE_NAMES:
            return lambda item, out: write_names(item, version, out) if item else None
        case Kind.PRESENCE_VALUES:
            return lambda item, out: write_values(item, version, out)
    text = _text_of(part.kind, name)
    if element.attribute:
        opening = f"<{name} {element.attribute}="
        return lambda item, out: out.append(f'{opening}"{escaped_attribute(text(item))}"/>')
    constants = "".join(f' {key}="{value}"' for key, value in element.constants)
    opening, closing = f"<{name}{constants}>", f"</{name}>"
    return lambda item, out: out.append(f"{opening}{escaped(text(item))}{closing}")


def _writer_when_needed(declared: type, name: str, version: Version, profile: Profile) -> Write:
    return lambda item, out: _writer(declared, name, version, profile)(item, out)


def _text_of(kind: Kind, name: str) -> ToText:
    match kind:
        case Kind.STRING:
            return str
        case Kind.ADDRESS:
            return _address_text
        case Kind.INTEGER:
            return lambda item: _integer_text(name, item)
        case Kind.BOOLEAN:
            return lambda item: "Yes" if item else "No"
        case Kind.DATE:
            return _date_text
        case _:
            raise TypeError(f"{name} cannot be written as text")


def _address_text(address: Any) -> str:
    return str(address)


def _integer_text(name: str, number: int) -> str:
    if not 0 <= number <= LARGEST_INTEGER:
        raise CannotEncode(f"{name} is out of bounds")
    return str(number)


def _date_text(moment: datetime) -> str:
    """ISO 8601 in its extended form, as SSP writes it."""
    utc = moment.astimezone(UTC)
    return f"{utc.year:04}{utc:-%m-%dT%H:%M:%SZ}"
