"""Presence attributes: the elements of a PresenceSubList, to and from the model.

Nothing here knows a single attribute: what each consists of is read off the declarations.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import lru_cache
from typing import Any

from imps.csp.access import client_id_of
from imps.csp.primitives import presence as primitives
from imps.csp.primitives.attributes import PresenceSubList
from imps.csp.primitives.declaration import (
    Child,
    Choice,
    Kind,
    children_of,
    declaration_of,
)
from imps.csp.primitives.identity import ClientID
from imps.model.presence import (
    EVERY_ATTRIBUTE,
    Attribute,
    CommunicationMeans,
    Content,
    Item,
    Presence,
    PresenceValue,
    Published,
)
from imps.model.status import Refusal, StatusCode
from imps.model.version import V13, Version
from imps.syntax.texts import LARGEST_INTEGER, printable

_QUALIFIER, _CLIENT = "Qualifier", "ClientID"
_OF_EVERY_VALUE = (_QUALIFIER, _CLIENT)
_ELEMENTS = {Attribute(child.element.name): child for child in children_of(PresenceSubList)}
_GONE_IN_V13 = frozenset(
    (
        CommunicationMeans.AUDIO_CALL,
        CommunicationMeans.VIDEO_CALL,
        CommunicationMeans.VIDEO_STREAM,
        CommunicationMeans.IM_ONLINE,
        CommunicationMeans.IM_OFFLINE,
    )
)


def attributes_in(sub_list: PresenceSubList, version: Version) -> frozenset[Attribute]:
    """The attributes that a list has elements of; refused with 750 for one that the version
    lacks, or that is unknown."""
    return frozenset(attribute for attribute, _ in _elements(sub_list, version))


def selected_by(sub_list: PresenceSubList | None, version: Version) -> frozenset[Attribute]:
    """The attributes that somebody asks for: all of them without a list, or by an empty one."""
    return named_in(sub_list, version) or EVERY_ATTRIBUTE


def named_in(sub_list: PresenceSubList | None, version: Version) -> frozenset[Attribute]:
    """The attributes that a list names, none without a list; refused with 750 as well if it names
    some, but none that is known."""
    if sub_list is None:
        return frozenset()
    attributes = attributes_in(sub_list, version)
    if sub_list.unrecognised and not attributes:
        raise Refusal(StatusCode.INVALID_PRESENCE_ATTRIBUTE, "there are no such attributes")
    return attributes


def sub_list_naming(attributes: Iterable[Attribute], version: Version) -> PresenceSubList:
    """The list that names attributes, those of them that the version has."""
    named: dict[str, Any] = {}
    for attribute in attributes:
        child = _ELEMENTS[attribute]
        if child.exists_in(version):
            named[child.attribute] = (child.type(),) if child.many else child.type()
    return PresenceSubList(**named)


def values_in(
    sub_list: PresenceSubList, version: Version
) -> tuple[tuple[Attribute, PresenceValue], ...]:
    """What a client publishes, each attribute once; refused with 750 for one that the version
    lacks.

    A client speaks for itself, whatever ClientID it gives.
    """
    elements = _elements(sub_list, version)
    return tuple({attribute: _value_of(element) for attribute, element in elements}.items())


def presence_element(told: Presence, version: Version) -> primitives.Presence:
    """What is told of a publisher, in a version; what that cannot say is left out.

    Of an attribute of clients 1.3 has one for each client, and older versions the last of them.
    """
    sub_list = _sub_list(told.published, version)
    return primitives.Presence(user_id=told.publisher, presence_sub_lists=(sub_list,))


# All who watch somebody are told the same.
@lru_cache(maxsize=256)
def _sub_list(told: tuple[Published, ...], version: Version) -> PresenceSubList:
    values: dict[tuple[Attribute, ClientID | None], PresenceValue] = {}
    for published in told:
        if _ELEMENTS[published.attribute].exists_in(version):
            client = _client_id(published) if version is V13 else None
            values.pop((published.attribute, client), None)
            values[published.attribute, client] = published.value
    elements: dict[str, Any] = {}
    for (attribute, client), value in values.items():
        child = _ELEMENTS[attribute]
        element = _element(child.type, value, client, version)
        elements[child.attribute] = (
            (*elements.get(child.attribute, ()), element) if child.many else element
        )
    return PresenceSubList(**elements)


def _elements(sub_list: PresenceSubList, version: Version) -> Iterator[tuple[Attribute, Any]]:
    unknown = [name for name in sub_list.unrecognised if name]
    if unknown:
        raise Refusal(StatusCode.INVALID_PRESENCE_ATTRIBUTE, f"there is no {unknown[0]}")
    for attribute, child in _ELEMENTS.items():
        for element in _items(child, getattr(sub_list, child.attribute)):
            if not child.exists_in(version):
                raise Refusal(
                    StatusCode.INVALID_PRESENCE_ATTRIBUTE,
                    f"CSP {version} has no {attribute.value}",
                )
            yield attribute, element


def _value_of(element: Any) -> PresenceValue:
    if element.qualifier is False:
        return PresenceValue(is_valid=False)
    return PresenceValue(content=_content_of(element))


def _content_of(structure: Any) -> Content:
    """All that a structure holds, by the names of its elements."""
    return tuple(
        (child.element.name, _item_of(child, item))
        for child in children_of(type(structure))
        if child.element.name not in _OF_EVERY_VALUE
        for item in _items(child, getattr(structure, child.attribute))
    )


def _items(child: Child, there: Any) -> tuple[Any, ...]:
    items: tuple[Any, ...] = there if child.many else (there,)
    return tuple(item for item in items if item is not None)


def _item_of(child: Child, item: Any) -> Item:
    if child.kind is Kind.STRUCTURE:
        return _content_of(item)
    plain: Item = item.value if isinstance(item, Enum) else item
    return _text_or_octets(plain) if isinstance(plain, bytes) else plain


def _text_or_octets(octets: bytes) -> str | bytes:
    """Text that came as octets is text."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return octets
    return text if printable(text) == text else octets


def _client_id(published: Published) -> ClientID | None:
    """A client as it signed on; None for none, and for what is not a client's."""
    if not published.attribute.is_of_client or published.client is None:
        return None
    client_id = client_id_of(published.client)
    return None if client_id == ClientID() else client_id


def _element(
    declared: type, value: PresenceValue, client: ClientID | None, version: Version
) -> Any:
    content = value.content if value.is_valid else ()
    said = _children(declared, content, version, at_top=True) or {}
    if client is not None:
        said["client_id"] = client
    return declared(qualifier=value.is_valid, **said)


def _children(
    declared: type, content: Content, version: Version, *, at_top: bool = False
) -> dict[str, Any] | None:
    """The attributes of a structure with this content; None where something is missing without
    which it cannot be written.

    Below the top, empty texts are left out: there is a client that chokes on them.
    """
    declaration = declaration_of(declared)
    children: dict[str, Any] = {}
    for child in declaration.written_in(version):
        if child.element.name in _OF_EVERY_VALUE:
            continue
        required = child.needed or version in child.element.required
        items = [
            made
            for name, item in content
            if name == child.element.name
            and (made := _made(child, item, version)) is not None
            and (made != "" or at_top or required)
        ]
        if not items and required:
            return None
        if items:
            children[child.attribute] = (
                items[0]
                if not child.many
                else tuple(items)
                if child.may_repeat_in(version)
                else (items[0],)
            )
    for choice in declaration.choices:
        if version in choice.versions:
            _choose(choice, children)
    return children


def _choose(choice: Choice, children: dict[str, Any]) -> None:
    """Keep the first of the alternatives that is there."""
    there = [names for names in choice.alternatives if any(name in children for name in names)]
    for excluded in there[1:]:
        for name in excluded:
            children.pop(name, None)


def _made(child: Child, item: Item, version: Version) -> Any:
    """An item as it stands in an element; None for what cannot stand there."""
    match child.kind:
        case Kind.STRUCTURE if isinstance(item, tuple):
            children = _children(child.type, item, version)
            return None if children is None else child.type(**children)
        case Kind.ENUMERATION if isinstance(item, str):
            return _word(child.type, item, version)
        case Kind.BOOLEAN if isinstance(item, bool):
            return item
        case Kind.INTEGER if isinstance(item, int) and not isinstance(item, bool):
            return item if 0 <= item <= LARGEST_INTEGER else None
        case Kind.STRING | Kind.CONTENT if isinstance(item, str):
            return item
        case Kind.CONTENT if isinstance(item, bytes):
            # Clients that know a picture expect BASE64, in either encoding.
            return b64encode(item).decode()
    return None


def _word(words: type[Enum], word: str, version: Version) -> Enum | None:
    try:
        member = words(word)
    except ValueError:
        return None
    return None if version is V13 and member in _GONE_IN_V13 else member
