"""Hypothesis strategies: whole documents of CSP, derived from the declarations alone.

What they give is what a codec can give back: text without outer blanks unless the declaration keeps
them, times in whole seconds, characters that the encoding can carry.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from imps.csp.codec.document import ROOTS, Root
from imps.csp.primitives import PRIMITIVES
from imps.csp.primitives.attributes import PresenceSubList
from imps.csp.primitives.declaration import (
    Child,
    Declaration,
    Kind,
    Primitive,
    children_of,
    declaration_of,
)
from imps.csp.primitives.envelope import WVCSPMessage
from imps.model.address import Address
from imps.model.extension import Extension, Foreign
from imps.model.presence import PresenceValue
from imps.model.version import Version
from imps.syntax.texts import LARGEST_INTEGER

Encoding = Literal["xml", "wbxml"]

CHARACTERS: dict[Encoding, SearchStrategy[str]] = {
    "xml": st.characters(
        min_codepoint=0x20,
        exclude_categories=["Cs"],
        exclude_characters="\ufffe\uffff",
        include_characters="\t\n\r",
    ),
    "wbxml": st.characters(min_codepoint=1, exclude_categories=["Cs"]),
}
_WORDS = ["text/plain", "image/gif", "Accesstype", "AccessType", "History", "Topic", "T", "IM"]
_NAMES = st.text("aZ09._~-%é", min_size=1, max_size=8)
_VENDOR_NAMES = st.from_regex(r"[A-Za-z_][\w.-]{0,7}", fullmatch=True, alphabet="aBz_0.-")
_VENDOR_NAMESPACES = st.sampled_from([None, None, "urn:vendor", "http://vendor.example/a?b&c"])


def primitives_in(version: Version) -> tuple[type[Primitive], ...]:
    """Every primitive that a version declares, by name."""
    declared = {each for each in PRIMITIVES.values() if version in declaration_of(each).versions}
    return tuple(sorted(declared, key=lambda each: declaration_of(each).name))


def addresses() -> SearchStrategy[Address]:
    """Addresses of users, lists, groups and domains, with or without a domain."""
    users = st.just("") | _NAMES | st.integers(100, 10**15).map(lambda number: f"+{number}")
    domains = st.sampled_from(["", "example.org", "IM.Example.ORG"])
    return st.builds(Address, users, st.none() | _NAMES, domains)


def documents(
    version: Version, encoding: Encoding, primitive: type | None = None
) -> SearchStrategy[Root]:
    """Whole documents: messages that hold this primitive, or any; or version discovery."""
    if primitive in ROOTS:
        return structures(primitive, version, encoding)
    messages: SearchStrategy[Root] = structures(WVCSPMessage, version, encoding, primitive)
    if primitive is not None:
        return messages
    others = [root for root in ROOTS[1:] if version in declaration_of(root).versions]
    return st.one_of(messages, *(structures(root, version, encoding) for root in others))


@cache
def structures(
    declared: type, version: Version, encoding: Encoding, primitive: type | None = None
) -> SearchStrategy[Any]:
    """Values of one declared class; somewhere below them this primitive, or any."""
    declaration = declaration_of(declared)
    children = [
        (child, _values(child, version, encoding, primitive))
        for child in declaration.written_in(version)
        if not _is_unwritten(child, declaration, version)
    ]

    @st.composite
    def draw_structure(draw: DrawFn) -> Any:
        needed, excluded = _draw_choices(draw, declaration, version)
        values: dict[str, Any] = {}
        for child, strategy in children:
            attribute = child.attribute
            if attribute in excluded:
                continue
            must = child.needed or version in child.element.required or attribute in needed
            if not must and not draw(st.booleans()):
                continue
            if not child.many:
                values[attribute] = draw(strategy)
                continue
            several = child.may_repeat_in(version) or child.element.packed
            items = st.lists(strategy, min_size=int(must), max_size=2 if several else 1)
            values[attribute] = tuple(draw(items))
        return declared(**values)

    return draw_structure()


def _is_unwritten(child: Child, declaration: Declaration, version: Version) -> bool:
    """Whether a version writes only the text of this structure, and not this child."""
    text_until = declaration.text_until
    return text_until is not None and version <= text_until and child.attribute != declaration.text


def _draw_choices(
    draw: DrawFn, declaration: Declaration, version: Version
) -> tuple[set[str], set[str]]:
    """The attributes that choices and pairs demand, and those that they exclude."""
    written = {child.attribute for child in declaration.written_in(version)}
    needed: set[str] = set()
    excluded: set[str] = set()
    for choice in declaration.choices:
        if version in choice.versions:
            alternatives = [written.intersection(names) for names in choice.alternatives]
            chosen = draw(st.sampled_from([each for each in alternatives if each]))
            excluded |= set().union(*alternatives) - chosen
            if choice.required:
                needed.add(draw(st.sampled_from(sorted(chosen))))
    for pair in declaration.pairs:
        if version in pair.versions:
            (needed if draw(st.booleans()) else excluded).update(pair.attributes)
    return needed, excluded


def _values(
    child: Child, version: Version, encoding: Encoding, primitive: type | None
) -> SearchStrategy[Any]:
    match child.kind:
        case Kind.STRING:
            text = st.text(CHARACTERS[encoding], max_size=12)
            if child.element.tokens:
                text = st.sampled_from(_WORDS) | text
            return text if child.element.exact else text.map(str.strip)
        case Kind.INTEGER:
            return st.sampled_from([0, 1, 127, 128, 200, 256, LARGEST_INTEGER]) | st.integers(
                0, LARGEST_INTEGER
            )
        case Kind.BOOLEAN:
            return st.booleans()
        case Kind.DATE:
            moments = st.datetimes(datetime(1970, 1, 1), datetime(4095, 12, 31))
            return moments.map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC))
        case Kind.ENUMERATION:
            return st.sampled_from(list(child.type))
        case Kind.ADDRESS:
            return addresses()
        case Kind.CONTENT:
            text = st.text(CHARACTERS[encoding], max_size=24)
            return text if encoding == "xml" else text | st.binary(min_size=1, max_size=24)
        case Kind.MARK:
            return st.just(True)
        case Kind.STRUCTURE:
            return structures(child.type, version, encoding, primitive)
        case Kind.EXTENSION:
            return extensions(encoding)
        case Kind.PRIMITIVE:
            chosen = primitives_in(version) if primitive is None else [primitive]
            return st.one_of([structures(each, version, encoding) for each in chosen])


@cache
def extensions(encoding: Encoding) -> SearchStrategy[Extension]:
    """Vendor content: elements of their own names and namespaces, nested, between text."""
    text = st.text(CHARACTERS[encoding], max_size=8)
    attributes = st.dictionaries(
        _VENDOR_NAMES.filter(lambda name: name != "xmlns"), text, max_size=4
    )

    def elements(content: SearchStrategy[str | Foreign]) -> SearchStrategy[str | Foreign]:
        return st.builds(
            Foreign,
            _VENDOR_NAMES,
            _VENDOR_NAMESPACES,
            attributes.map(lambda pairs: tuple(pairs.items())),
            st.lists(content, max_size=3).map(tuple),
        )

    content = st.lists(st.recursive(text, elements, max_leaves=4), max_size=3).map(tuple)
    return st.builds(Extension, _VENDOR_NAMESPACES, content).map(
        lambda extension: Extension(
            extension.namespace, _as_read(extension.content, extension.namespace)
        )
    )


def presence_values() -> SearchStrategy[PresenceValue]:
    """Values of presence of any content: by names that attributes have, and things of any kind."""
    names = st.sampled_from(_names_within(PresenceSubList))
    texts = st.text(max_size=8) | st.sampled_from(_WORDS)
    things = st.one_of(texts, st.integers(), st.booleans(), st.binary(max_size=8))
    content = st.recursive(
        st.lists(st.tuples(names, things), max_size=4).map(tuple),
        lambda inner: st.lists(st.tuples(names, things | inner), max_size=4).map(tuple),
        max_leaves=6,
    )
    return st.builds(PresenceValue, st.booleans(), content)


def _names_within(declared: type) -> list[str]:
    """The names of all elements below a structure."""
    names = set()
    for child in children_of(declared):
        names.add(child.element.name)
        if child.kind is Kind.STRUCTURE:
            names.update(_names_within(child.type))
    return sorted(names)


def _as_read(
    content: tuple[str | Foreign, ...], inherited: str | None
) -> tuple[str | Foreign, ...]:
    """Content as a codec gives it back: text in one piece, namespaces where they change."""
    result: list[str | Foreign] = []
    for item in content:
        if isinstance(item, Foreign):
            own = None if item.namespace == inherited else item.namespace
            inner = _as_read(item.content, own or inherited)
            result.append(evolve(item, namespace=own, content=inner))
        elif item and result and isinstance(result[-1], str):
            result[-1] += item
        elif item:
            result.append(item)
    return tuple(result)
