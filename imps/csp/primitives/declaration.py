"""How primitives and structures are declared: once, for all versions, one line a child element.

A class is declared with ``@primitive`` or ``@structure`` under its name on the wire; each attribute
is annotated with the element that carries it::

    @structure("User")
    class User:
        user_id: Annotated[Address, Element("UserID")]
        client_id: Annotated[ClientID | None, Element("ClientID", since=V12)] = None

The type tells the rest: ``X`` must be there, ``X | None`` may be missing, ``tuple[X, ...]`` is
repeated. The attributes stand in the order in which the children are written; they are read in any
order. What is ``required`` in some versions only is optional in Python: codecs insist on it when
they write, and not when they read. A child is written in the versions that have it, and read in
all.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import (
    Any,
    TypeVar,
    Union,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

import attrs
from attrs import field, frozen

from imps.model.address import Address
from imps.model.extension import Extension
from imps.model.version import V11, V12, V13, Version

T = TypeVar("T")

ALWAYS = (V11, V12, V13)
UNTIL_V12 = (V11, V12)
SINCE_V12 = (V12, V13)
ONLY_V11 = (V11,)
ONLY_V12 = (V12,)
ONLY_V13 = (V13,)


@frozen
class Element:
    """A child element with content.

    ``exact`` text keeps its outer white space. ``open`` enumerations skip values they do not know,
    numbers and truth values what is none. ``packed`` lists may be one element with commas
    (DigestSchema, CSP 1.1), ``single`` are the versions that allow but one. A ``flat`` structure
    stands without its own tag. A ``clamped`` number that is out of bounds is read as the nearest
    that can be written.

    In WBXML words travel as tokens where the type is an enumeration, unless ``text`` is set, and
    where ``tokens`` is set; ``presence`` chooses the presence group's token where a word has two.
    """

    name: str
    since: Version = V11
    until: Version = V13
    required: tuple[Version, ...] = ()
    aliases: tuple[str, ...] = ()
    exact: bool = False
    open: bool = False
    packed: bool = False
    single: tuple[Version, ...] = ()
    flat: bool = False
    clamped: bool = False
    text: bool = False
    tokens: bool = False
    presence: bool = False


@frozen
class Mark:
    """A child element without content: it is there or it is not."""

    name: str
    since: Version = V11
    until: Version = V13


@frozen
class Content:
    """The attribute is the whole content of its structure, whatever it is."""


@frozen
class Unrecognised:
    """The attribute holds the names of children that no version has, a question mark for one that
    has no name either, and nothing for one of a foreign namespace: where a structure is not to pass
    over them. Nothing is written of it."""


class Choice:
    """Children that exclude each other; an alternative names its attributes, blanks between."""

    def __init__(
        self, *alternatives: str, required: bool = False, since: Version = V11, until: Version = V13
    ) -> None:
        self.alternatives = tuple(tuple(names.split()) for names in alternatives)
        self.required = required
        self.versions = tuple(version for version in ALWAYS if since <= version <= until)


class Pair:
    """Two children that are both there, or neither."""

    def __init__(self, one: str, other: str, *, since: Version = V11) -> None:
        self.attributes = (one, other)
        self.versions = tuple(version for version in ALWAYS if since <= version)


class Kind(enum.Enum):
    """What a child holds."""

    STRING = enum.auto()
    INTEGER = enum.auto()
    BOOLEAN = enum.auto()
    DATE = enum.auto()
    ENUMERATION = enum.auto()
    ADDRESS = enum.auto()
    CONTENT = enum.auto()
    MARK = enum.auto()
    STRUCTURE = enum.auto()
    EXTENSION = enum.auto()
    PRIMITIVE = enum.auto()


class Primitive:
    """The base of everything that a TransactionContent can hold."""

    __slots__ = ()


@frozen
class Unknown(Primitive):
    """A primitive whose name no version declares."""

    name: str


@frozen
class Unreadable(Primitive):
    """A primitive that could not be read, though the transaction around it could.

    ``missing_or_unusable`` tells a bad value (402) from bad syntax (400).
    """

    name: str
    element: str
    reason: str
    missing_or_unusable: bool = True


@frozen
class Child:
    """One child of a structure, resolved."""

    attribute: str
    element: Element
    kind: Kind
    type: Any
    many: bool = False
    needed: bool = False

    def exists_in(self, version: Version) -> bool:
        """Whether this child is written in that version."""
        return self.element.since <= version <= self.element.until

    def may_repeat_in(self, version: Version) -> bool:
        """Whether more than one may be written in that version."""
        return self.many and version not in self.element.single


_KINDS: dict[Any, Kind] = {
    str: Kind.STRING,
    int: Kind.INTEGER,
    bool: Kind.BOOLEAN,
    datetime: Kind.DATE,
    Address: Kind.ADDRESS,
    Extension: Kind.EXTENSION,
}


def _resolve(attribute: str, hint: Any) -> Child:
    annotated, marker = get_args(hint)[:2]
    if isinstance(marker, Mark):
        element = Element(marker.name, marker.since, marker.until)
        return Child(attribute, element, Kind.MARK, bool)
    if isinstance(marker, Content):
        return Child(attribute, Element(""), Kind.EXTENSION, annotated, needed=True)
    many = get_origin(annotated) is tuple
    alternatives = [annotated]
    if many:
        alternatives = [get_args(annotated)[0]]
    elif get_origin(annotated) in (Union, types.UnionType):
        alternatives = [part for part in get_args(annotated) if part is not type(None)]
    needed = not many and len(alternatives) == len(get_args(annotated) or alternatives)
    inner = alternatives[0]
    if bytes in alternatives:
        kind = Kind.CONTENT
    elif inner in _KINDS:
        kind = _KINDS[inner]
    elif issubclass(inner, enum.Enum):
        kind = Kind.ENUMERATION
    elif inner is Primitive:
        kind = Kind.PRIMITIVE
    else:
        kind = Kind.STRUCTURE
    return Child(attribute, marker, kind, inner, many, needed)


@frozen(eq=False)
class Declaration:
    """What is declared of one primitive or structure.

    ``text`` names the attribute that bare text goes to where a structure is expected; up to the
    version ``text_until`` it is also written so. Values of ``shared`` structures are written for
    many, the same one each time.
    """

    name: str
    type: type
    since: Version = V11
    until: Version = V13
    xmlns: bool = False
    aliases: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    pairs: tuple[Pair, ...] = ()
    text: str = ""
    text_until: Version | None = None
    written: dict[Version, str] = field(factory=dict)
    shared: bool = False
    _cache: dict[Version, tuple[Child, ...]] = field(factory=dict, init=False, repr=False)

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions that know this name."""
        return tuple(version for version in ALWAYS if self.since <= version <= self.until)

    def written_in(self, version: Version) -> tuple[Child, ...]:
        """The children of one version, in the order in which they are written."""
        if version not in self._cache:
            children = [child for child in children_of(self.type) if child.exists_in(version)]
            order = self.written.get(version, "").split()
            if order:
                children.sort(key=lambda child: order.index(child.attribute))
            self._cache[version] = tuple(children)
        return self._cache[version]

    def names_in(self, version: Version) -> list[str]:
        """The names that the children of one version are written under; the content has none."""
        names: list[str] = []
        for child in self.written_in(version):
            if child.element.flat:
                names += declaration_of(child.type).names_in(version)
            elif child.element.name:
                names.append(child.element.name)
        return names


_DECLARED: dict[type, Declaration] = {}
_RESOLVED: dict[type, tuple[Child, ...]] = {}


def declaration_of(declared: type) -> Declaration:
    """What ``@primitive`` or ``@structure`` said of a class."""
    return _DECLARED[declared]


def children_of(declared: type) -> tuple[Child, ...]:
    """All children that any version of a primitive or structure has, in declared order."""
    if declared not in _RESOLVED:
        hints = get_type_hints(declared, include_extras=True)
        _RESOLVED[declared] = tuple(
            _resolve(attribute.name, hints[attribute.name])
            for attribute in attrs.fields(cast(Any, declared))
            if not _is_unrecognised(hints[attribute.name])
        )
    return _RESOLVED[declared]


def unrecognised_in(declared: type) -> str:
    """The attribute for what no version has; '' where that is passed over."""
    hints = get_type_hints(declared, include_extras=True)
    return next((name for name, hint in hints.items() if _is_unrecognised(hint)), "")


def _is_unrecognised(hint: Any) -> bool:
    return isinstance(get_args(hint)[1], Unrecognised)


def declared_types() -> tuple[type, ...]:
    """Every declared class."""
    return tuple(_DECLARED)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def structure(
    name: str,
    *,
    since: Version = V11,
    until: Version = V13,
    xmlns: bool = False,
    aliases: tuple[str, ...] = (),
    choices: Iterable[Choice] = (),
    pairs: Iterable[Pair] = (),
    text: str = "",
    text_until: Version | None = None,
    written: dict[Version, str] | None = None,
    shared: bool = False,
) -> Callable[[type[T]], type[T]]:
    """Declare an element that has children, under its name on the wire.

    ``xmlns`` elements carry a namespace attribute. ``written`` lists the attributes as they are
    written in a version that does not follow the declared order. The same value of ``shared`` ones
    is written for many.
    """

    def declare(declared: type[T]) -> type[T]:
        frozen_type = attrs.frozen(kw_only=True)(declared)
        _DECLARED[frozen_type] = Declaration(
            name,
            frozen_type,
            since,
            until,
            xmlns,
            aliases,
            tuple(choices),
            tuple(pairs),
            text,
            text_until,
            written or {},
            shared,
        )
        return frozen_type

    return declare


@dataclass_transform(kw_only_default=True, frozen_default=True)
def primitive(
    name: str,
    *,
    since: Version = V11,
    until: Version = V13,
    xmlns: bool = False,
    aliases: tuple[str, ...] = (),
    choices: Iterable[Choice] = (),
) -> Callable[[type[T]], type[T]]:
    """Declare what a TransactionContent can hold, under its name on the wire."""
    return structure(name, since=since, until=until, xmlns=xmlns, aliases=aliases, choices=choices)
