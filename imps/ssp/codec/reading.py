"""From a tree of elements to declared values: tolerant of order, case and old spellings."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from attrs import define, frozen

from imps.model.address import Address
from imps.model.partner import Profile
from imps.ssp.codec.presence import names_in, values_in
from imps.ssp.messages.declaration import (
    Element,
    Kind,
    Octets,
    Part,
    Text,
    XMLAttribute,
    declaration_of,
)
from imps.syntax.errors import Unusable
from imps.syntax.texts import date, integer
from imps.syntax.xml import local_name

Node = Any
Convert = Callable[[Node], Any]
FromText = Callable[[str], Any]


@frozen
class _Slot:
    """Where what an attribute or a child says goes, and how its value is made."""

    attribute: str
    many: bool
    convert: Callable[[Any], Any]


@define
class _Plan:
    """How one structure is read: compiled once from its declaration."""

    type: type
    name: str
    attributes: dict[str, _Slot]
    children: dict[str, _Slot]
    text: _Slot | None
    needed: dict[str, str]


class Reader:
    """Reads declared structures from trees of a profile; namespaces make no difference."""

    def __init__(self, longest_text: int, profile: Profile) -> None:
        self._longest_text = longest_text
        self._is_strict = profile is Profile.STRICT
        self._plans: dict[type, _Plan] = {}

    def read(self, declared: type, node: Node) -> Any:
        """Read one structure. Raises Unusable where a value or a needed part is at fault."""
        return self._read(self._plan(declared), node)

    def _plan(self, declared: type) -> _Plan:
        plan = self._plans.get(declared)
        if plan is None:
            plan = self._plans[declared] = self._compiled(declared)
        return plan

    def _compiled(self, declared: type) -> _Plan:
        declaration = declaration_of(declared)
        name = declaration.name
        needed = {part.attribute: part.name or name for part in declaration.parts if part.needed}
        plan = _Plan(declared, name, {}, {}, None, needed)
        for part in declaration.parts:
            marker = part.marker
            match marker:
                case XMLAttribute():
                    slot = _Slot(part.attribute, part.many, self._from_text(part))
                    for spelled in self._spellings(marker.name, marker.aliases):
                        plan.attributes[spelled if self._is_strict else spelled.casefold()] = slot
                case Element():
                    slot = _Slot(part.attribute, part.many, self._from_element(part, marker))
                    for spelled in self._spellings(marker.name, marker.aliases):
                        plan.children[spelled.casefold()] = slot
                case Text():
                    plan.text = _Slot(part.attribute, False, _of_text(self._from_text(part)))
                case Octets():
                    plan.text = _Slot(part.attribute, False, _of_octets(name, marker))
        return plan

    def _spellings(self, name: str, aliases: tuple[str, ...]) -> tuple[str, ...]:
        return (name,) if self._is_strict else (name, *aliases)

    def _from_element(self, part: Part, element: Element) -> Convert:
        match part.kind:
            case Kind.STRUCTURE:
                return lambda node: self._read(self._plan(part.type), node)
            case Kind.PRESENCE_NAMES:
                return names_in
            case Kind.PRESENCE_VALUES:
                return lambda node: values_in(node, self._longest_text)
        convert = self._from_text(part)
        if not element.attribute:
            return lambda node: convert(_text(node))

        def from_attribute(node: Node) -> Any:
            text = attribute_of(node, element.attribute, self._is_strict)
            if text is None:
                raise Unusable(element.name, f"{element.attribute} is missing")
            return convert(text)

        return from_attribute

    def _from_text(self, part: Part) -> FromText:
        name, marker = part.name, part.marker
        exact = getattr(marker, "exact", False)
        match part.kind:
            case Kind.STRING:
                return lambda text: self._string(name, text, exact)
            case Kind.ADDRESS:
                return lambda text: _address(name, self._string(name, text, False))
            case Kind.INTEGER:
                is_open = getattr(marker, "open", False)
                return lambda text: _integer(name, text, is_open)
            case Kind.BOOLEAN:
                return lambda text: _yes_or_no(name, text)
            case Kind.DATE:
                return lambda text: date(name, text)
            case _:
                raise TypeError(f"{name} cannot be read from text")

    def _string(self, name: str, text: str, exact: bool) -> str:
        if len(text) > self._longest_text:
            raise Unusable(name, "too long")
        return text if exact else text.strip()

    def _read(self, plan: _Plan, node: Node) -> Any:
        values: dict[str, Any] = {}
        lists: dict[str, list[Any]] = {}
        for key, text in node.items():
            slot = plan.attributes.get(key if self._is_strict else key.casefold())
            if slot is not None:
                value = slot.convert(text)
                if value is not None:
                    values.setdefault(slot.attribute, value)
        for child in node:
            slot = plan.children.get(local_name(child.tag)[1].casefold())
            if slot is None:
                continue
            value = slot.convert(child)
            if value is None:
                continue
            if slot.many:
                lists.setdefault(slot.attribute, []).append(value)
            else:
                values[slot.attribute] = value
        for attribute, items in lists.items():
            values[attribute] = tuple(items)
        if plan.text is not None:
            value = plan.text.convert(node)
            if value or plan.text.attribute in plan.needed:
                values[plan.text.attribute] = value
        for attribute, name in plan.needed.items():
            if attribute not in values:
                raise Unusable(name, f"missing in {plan.name}")
        return plan.type(**values)


def attribute_of(node: Node, name: str, exactly: bool = False) -> str | None:
    """An attribute of an element, its name in any case unless exactly this is meant."""
    text: str | None = node.get(name)
    if text is not None or exactly:
        return text
    return next((said for key, said in node.items() if key.casefold() == name.casefold()), None)


def _text(node: Node) -> str:
    """The text of an element; children that it should not have are passed over."""
    if not len(node):
        return node.text or ""
    return "".join(piece for piece in (node.text, *(child.tail for child in node)) if piece)


def _address(name: str, text: str) -> Address:
    if not text:
        raise Unusable(name, "empty")
    return Address.parse(text)


def _integer(name: str, text: str, is_open: bool) -> int | None:
    try:
        return integer(name, text)
    except Unusable:
        if is_open:
            return None
        raise


_TRUTHS = {"yes": True, "t": True, "true": True, "no": False, "f": False, "false": False}


def _yes_or_no(name: str, text: str) -> bool | None:
    """Yes or No; SSP borrows structures from a protocol that says T or F."""
    word = text.strip().casefold()
    if word and word not in _TRUTHS:
        raise Unusable(name, "neither Yes nor No")
    return _TRUTHS.get(word)


_BLANK = re.compile(r"\s+")


def _of_text(convert: FromText) -> Convert:
    return lambda node: convert(_text(node))


def _of_octets(name: str, marker: Octets) -> Convert:
    """The octets that an element holds: any ``encoding`` that it names means BASE64."""

    def convert(node: Node) -> bytes:
        text = _text(node)
        if node.get("encoding") is None:
            return (text if marker.encoded else text.strip()).encode()
        try:
            return b64decode(_BLANK.sub("", text), validate=True)
        except ValueError:
            raise Unusable(name, "not in BASE64") from None

    return convert
