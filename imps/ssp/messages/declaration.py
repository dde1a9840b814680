"""How messages and the structures in them are declared: once, one line an attribute or a child.

A class is declared with ``@message`` or ``@structure`` under its name on the wire. Each of its
attributes is annotated with what carries it, an attribute of the element or a child::

    @structure("User")
    class User:
        user_id: Annotated[Address, XMLAttribute("userID")]
        client_id: Annotated[ClientID | None, Element("ClientID")] = None

The type tells the rest: ``X`` must be there, ``X | None`` may be missing, ``tuple[X, ...]`` is
repeated. Children are written in the declared order and read in any. How a partner's profile spells
something else is said here, too: ``aliases`` are read unless the profile is strict, and
``for_baraza`` are written to that server, after the name.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar, Union, cast, dataclass_transform, get_args, get_origin
from typing import get_type_hints as hints_of

import attrs
from attrs import field, frozen

from imps.model.address import Address
from imps.model.partner import Profile
from imps.model.presence import Attribute, Published
from imps.model.status import StatusCode

T = TypeVar("T")


@frozen
class XMLAttribute:
    """An attribute of the element. ``exact`` text keeps its outer white space; an ``open`` number
    that is none is passed over."""

    name: str
    aliases: tuple[str, ...] = ()
    for_baraza: tuple[str, ...] = ()
    exact: bool = False
    open: bool = False

    def names_for(self, profile: Profile) -> tuple[str, ...]:
        """The names it is written under."""
        return (self.name, *(self.for_baraza if profile is Profile.BARAZA else ()))


@frozen
class Element:
    """A child element. One that has an ``attribute`` consists of that alone; ``constants`` are
    attributes that always say the same."""

    name: str
    aliases: tuple[str, ...] = ()
    for_baraza: str = ""
    attribute: str = ""
    constants: tuple[tuple[str, str], ...] = ()
    exact: bool = False

    def name_for(self, profile: Profile) -> str:
        """The name it is written under."""
        return self.for_baraza if self.for_baraza and profile is Profile.BARAZA else self.name


@frozen
class Text:
    """The text of the element itself."""

    exact: bool = False


@frozen
class Octets:
    """The text of the element itself, octets: in BASE64, as its attribute ``encoding`` then says.

    What is not ``encoded`` is written as it stands, and read either way.
    """

    encoded: bool = True


Marker = XMLAttribute | Element | Text | Octets


class Kind(enum.Enum):
    """What an attribute of a declared class holds."""

    STRING = enum.auto()
    INTEGER = enum.auto()
    BOOLEAN = enum.auto()
    DATE = enum.auto()
    ADDRESS = enum.auto()
    OCTETS = enum.auto()
    STRUCTURE = enum.auto()
    PRESENCE_NAMES = enum.auto()
    PRESENCE_VALUES = enum.auto()


class Message:
    """The base of everything that a transaction can hold."""

    __slots__ = ()


@frozen
class Unknown(Message):
    """A message whose name is not declared."""

    name: str


@frozen
class Unreadable(Message):
    """A message that could not be read, though the transaction around it could; ``code`` is what
    its sender is told."""

    name: str
    element: str
    reason: str
    code: StatusCode = StatusCode.BAD_PARAMETER


@frozen
class Part:
    """One attribute of a declared class, resolved."""

    attribute: str
    marker: Marker
    kind: Kind
    type: Any
    many: bool = False
    needed: bool = False

    @property
    def name(self) -> str:
        """What it is called on the wire; nothing for the text of its element."""
        return self.marker.name if isinstance(self.marker, XMLAttribute | Element) else ""


@frozen(eq=False)
class Declaration:
    """What is declared of one message or structure. ``one_of`` are attributes of which exactly one
    is there."""

    name: str
    type: type
    one_of: tuple[str, ...] = ()
    _parts: list[Part] = field(factory=list, init=False, repr=False)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its attributes and children, in the order in which they are written."""
        if not self._parts:
            hints = hints_of(self.type, include_extras=True)
            declared = attrs.fields(cast(Any, self.type))
            self._parts.extend(_resolved(each.name, hints[each.name]) for each in declared)
        return tuple(self._parts)


_KINDS: dict[Any, Kind] = {
    str: Kind.STRING,
    int: Kind.INTEGER,
    bool: Kind.BOOLEAN,
    datetime: Kind.DATE,
    Address: Kind.ADDRESS,
    bytes: Kind.OCTETS,
    Published: Kind.PRESENCE_VALUES,
    Attribute: Kind.PRESENCE_NAMES,
}


def _resolved(attribute: str, hint: Any) -> Part:
    annotated, marker = get_args(hint)[:2]
    if get_origin(annotated) is frozenset:
        return Part(attribute, marker, Kind.PRESENCE_NAMES, Attribute)
    many = get_origin(annotated) is tuple
    alternatives = [annotated]
    if many:
        alternatives = [get_args(annotated)[0]]
    elif get_origin(annotated) in (Union, types.UnionType):
        alternatives = [part for part in get_args(annotated) if part is not type(None)]
    is_optional = type(None) in get_args(annotated)
    inner = alternatives[0]
    kind = _KINDS.get(inner, Kind.STRUCTURE)
    if kind is Kind.PRESENCE_VALUES:
        # All values stand in one element.
        return Part(attribute, marker, kind, inner)
    return Part(attribute, marker, kind, inner, many, needed=not many and not is_optional)


_DECLARED: dict[type, Declaration] = {}


def declaration_of(declared: type) -> Declaration:
    """What ``@message`` or ``@structure`` said of a class."""
    return _DECLARED[declared]


def declared_types() -> tuple[type, ...]:
    """Every declared class."""
    return tuple(_DECLARED)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def base(declared: type[T]) -> type[T]:
    """What several messages have in common and begin with; nothing by itself."""
    return attrs.frozen(kw_only=True)(declared)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def structure(
    name: str, *, one_of: tuple[str, ...] = (), secret: bool = False
) -> Callable[[type[T]], type[T]]:
    """Declare an element under its name on the wire; a ``secret`` one does not show what it holds
    when it is printed."""

    def declare(declared: type[T]) -> type[T]:
        frozen_type = attrs.frozen(kw_only=True, repr=not secret)(declared)
        _DECLARED[frozen_type] = Declaration(name, frozen_type, one_of)
        return frozen_type

    return declare


@dataclass_transform(kw_only_default=True, frozen_default=True)
def message(name: str) -> Callable[[type[T]], type[T]]:
    """Declare what a transaction can hold, under its name on the wire."""
    return structure(name)
