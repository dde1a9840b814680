"""From a tree of elements to declared values: what XML and WBXML have in common when they read.

A tree is made of nodes in the manner of lxml: iterable over their children, with ``tag``, ``text``
and ``tail``. In WBXML the text may be octets, and tags are plain names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from attrs import define, frozen

from imps.csp.codec.document import NAMESPACES, CodecError, Unusable
from imps.csp.primitives import PRIMITIVES
from imps.csp.primitives.declaration import (
    Child,
    Kind,
    Primitive,
    Unknown,
    Unreadable,
    children_of,
    declaration_of,
    unrecognised_in,
)
from imps.model.address import Address
from imps.model.extension import Extension, Foreign
from imps.syntax.texts import boolean, date, integer, utf8
from imps.syntax.xml import local_name

Node = Any
Convert = Callable[[Node], Any]

_QUALIFIER = "Qualifier"
_OWN_NAMESPACE = ("TransactionContent", "PresenceSubList")
_OFFICIAL_NAMESPACES = {uri for version in NAMESPACES.values() for uri in version.values()}


def content_of(node: Node) -> str | bytes:
    """The text of an element that should have no children; those it has are passed over.

    An element that holds nothing but another one stands for that one.
    """
    if not len(node):
        return "" if node.text is None else node.text
    pieces = [node.text, *(child.tail for child in node)]
    text = "".join(utf8(piece) if isinstance(piece, bytes) else piece for piece in pieces if piece)
    return text if text.strip() else content_of(node[0])


def text_of(node: Node) -> str:
    """The text of an element, as it stands."""
    text = content_of(node) if len(node) else node.text
    if text is None:
        return ""
    return utf8(text) if isinstance(text, bytes) else text


@frozen
class _Slot:
    """Where a child element goes, and how its value is made."""

    attribute: str
    many: bool
    convert: Convert


@define
class _Plan:
    """How one structure is read: compiled once from its declaration."""

    type: type
    name: str
    slots: dict[str, _Slot]
    needed: dict[str, str]
    text: str
    content: str
    flat: Child | None
    unrecognised: str


class Reader:
    """Reads declared structures from trees; tags are bare names, or names in these namespaces."""

    def __init__(self, longest_text: int, namespaces: Iterable[str] = ()) -> None:
        self._longest_text = longest_text
        self._prefixes = ["", *(f"{{{namespace}}}" for namespace in namespaces)]
        self._plans: dict[type, _Plan] = {}
        self._primitives: dict[str, type[Primitive]] = {
            prefix + name: declared
            for name, declared in PRIMITIVES.items()
            for prefix in self._prefixes
        }

    def read(self, declared: type, node: Node) -> Any:
        """Read one structure. Raises Unusable where a value or a needed child is at fault."""
        return self._read(self._plan(declared), node)

    def _plan(self, declared: type) -> _Plan:
        plan = self._plans.get(declared)
        if plan is None:
            plan = self._plans[declared] = self._compile(declared)
        return plan

    def _compile(self, declared: type) -> _Plan:
        declaration = declaration_of(declared)
        children = children_of(declared)
        plan = _Plan(
            type=declared,
            name=declaration.name,
            slots={},
            needed={child.attribute: child.element.name for child in children if child.needed},
            text=declaration.text,
            content=next((c.attribute for c in children if not c.element.name), ""),
            flat=next((child for child in children if child.element.flat), None),
            unrecognised=unrecognised_in(declared),
        )
        for child in children:
            slot = _Slot(child.attribute, child.many, self._convert(child))
            for name in (child.element.name, *child.element.aliases):
                for prefix in self._prefixes:
                    plan.slots[prefix + name] = slot
        return plan

    def _convert(self, child: Child) -> Convert:
        name = child.element.name
        match child.kind:
            case Kind.STRING:
                return partial(self._text, name, child.element.exact)
            case Kind.INTEGER:
                clamped = child.element.clamped
                return _skipping(child, lambda node: integer(name, content_of(node), clamped))
            case Kind.BOOLEAN:
                return _skipping(child, lambda node: boolean(name, content_of(node)))
            case Kind.DATE:
                return lambda node: date(name, content_of(node))
            case Kind.ENUMERATION:
                return _enumeration(child)
            case Kind.ADDRESS:
                return lambda node: Address.parse(self._text(name, False, node))
            case Kind.CONTENT:
                return content_of
            case Kind.MARK:
                return lambda node: True
            case Kind.STRUCTURE:
                plan = self._plan(child.type)
                return partial(
                    self._read_qualified if _QUALIFIER in plan.slots else self._read, plan
                )
            case Kind.EXTENSION:
                return extension_of
            case Kind.PRIMITIVE:
                return self._primitive

    def _text(self, name: str, exact: bool, node: Node) -> str:
        text = text_of(node)
        if len(text) > self._longest_text:
            raise Unusable(name, "too long")
        return text if exact else text.strip()

    def _read(self, plan: _Plan, node: Node) -> Any:
        if plan.content:
            return plan.type(**{plan.content: extension_of(node)})
        values: dict[str, Any] = {}
        lists: dict[str, list[Any]] = {}
        slots = plan.slots
        for child in node:
            slot = slots.get(child.tag) or self._recognise(plan, child, node)
            if slot is None:
                name = _name_of_own(child, node) if plan.unrecognised else None
                if name is not None:
                    lists.setdefault(plan.unrecognised, []).append(name)
                continue
            value = slot.convert(child)
            if value is None:
                continue
            if not slot.many:
                values[slot.attribute] = value
            elif isinstance(value, list):
                lists.setdefault(slot.attribute, []).extend(value)
            else:
                lists.setdefault(slot.attribute, []).append(value)
        if plan.text and not values and not len(node) and node.text:
            values[plan.text] = self._text(plan.name, False, node) or None
        if plan.flat:
            lists.setdefault(plan.flat.attribute, []).extend(self._read_flat(plan.flat, node))
        for attribute, items in lists.items():
            values[attribute] = tuple(items)
        return _made(plan, values)

    def _read_qualified(self, plan: _Plan, node: Node) -> Any:
        """A value of presence. Where it says that it holds no more, whatever else it says need not
        be readable."""
        try:
            return self._read(plan, node)
        except Unusable:
            slot = plan.slots[_QUALIFIER]
            parts = [part for part in node if plan.slots.get(part.tag) is slot]
            if [slot.convert(part) for part in parts] != [False]:
                raise
            return plan.type(**{slot.attribute: False})

    def _recognise(self, plan: _Plan, child: Node, parent: Node) -> _Slot | None:
        """A child in a namespace of its own making, if it is that of its parent; else foreign.

        Extensions, and what has a namespace of its own, may be in any.
        """
        namespace, name = local_name(child.tag)
        slot = plan.slots.get(name) if namespace else None
        if slot is None or slot.convert is extension_of or name in _OWN_NAMESPACE:
            return slot
        return slot if namespace == local_name(parent.tag)[0] else None

    def _read_flat(self, child: Child, node: Node) -> list[Any]:
        """The structures whose children came without a tag around them, one after the other."""
        inner = self._plan(child.type)
        run: dict[str, Any] = {}
        runs = [run]
        for part in node:
            slot = inner.slots.get(part.tag) or self._recognise(inner, part, node)
            value = slot.convert(part) if slot else None
            if slot is None or value is None:
                continue
            if slot.attribute in run:
                run = {}
                runs.append(run)
            run[slot.attribute] = value
        return [_made(inner, run) for run in runs if run]

    def _primitive(self, node: Node) -> Primitive:
        """The primitive in a TransactionContent; what is unknown or unreadable is kept as such."""
        unknown = ""
        for child in node:
            declared = self._primitives.get(child.tag)
            if declared is None:
                namespace, name = local_name(child.tag)
                found = PRIMITIVES.get(name) if namespace else None
                if found and (declaration_of(found).xmlns or namespace == local_name(node.tag)[0]):
                    declared = found
                unknown = unknown or name
            if declared is not None:
                try:
                    result = self._read(self._plan(declared), child)
                    assert isinstance(result, Primitive)
                    return result
                except Unusable as problem:
                    return Unreadable(
                        name=declaration_of(declared).name,
                        element=problem.element,
                        reason=problem.reason,
                        missing_or_unusable=problem.missing_or_unusable,
                    )
                except CodecError as problem:
                    name = declaration_of(declared).name
                    return Unreadable(name, "", str(problem), missing_or_unusable=False)
        return Unknown(unknown)


def _made(plan: _Plan, values: dict[str, Any]) -> Any:
    if not plan.needed.keys() <= values.keys():
        missing = next(name for attribute, name in plan.needed.items() if attribute not in values)
        raise Unusable(missing, f"missing in {plan.name}")
    return plan.type(**values)


def _name_of_own(child: Node, parent: Node) -> str | None:
    """The name of a child, '' for one of a foreign namespace, a question mark for a token that
    stands for nothing; None for a comment."""
    namespace, name = local_name(child.tag)
    own = {"", local_name(parent.tag)[0], *_OFFICIAL_NAMESPACES}
    if child.tag is None:
        return "?"
    return (name if namespace in own else "") if name else None


def _enumeration(child: Child) -> Convert:
    """Words without regard to case or underscores (one client leaves them out); unknown ones are
    skipped where more may come, else refused."""
    members = {_folded(member.value): member for member in child.type}
    element = child.element
    lenient = element.open or child.many

    def convert(node: Node) -> Any:
        word = text_of(node).strip()
        member = members.get(_folded(word))
        if member is None and word and not lenient:
            raise Unusable(element.name, "unknown value")
        return member

    def convert_packed(node: Node) -> Any:
        words = (_folded(word.strip()) for word in text_of(node).split(","))
        return [members[word] for word in words if word in members]

    return convert_packed if element.packed else convert


def _skipping(child: Child, convert: Convert) -> Convert:
    """How a value is made; where others may be skipped, None for what is none."""

    def convert_open(node: Node) -> Any:
        try:
            return convert(node)
        except Unusable:
            return None

    return convert_open if child.element.open else convert


def _folded(word: str) -> str:
    return word.replace("_", "").casefold()


def extension_of(node: Node) -> Extension:
    """Vendor content as it stands."""
    namespace = _declared_namespace(node)
    if namespace in _OFFICIAL_NAMESPACES:
        namespace = None
    return Extension(namespace=namespace, content=_foreign_content(node))


def _declared_namespace(node: Node) -> str | None:
    return local_name(node.tag)[0] or node.attrib.get("xmlns")


def _foreign_content(node: Node) -> tuple[str | Foreign, ...]:
    inherited = _declared_namespace(node)
    content: list[str | Foreign] = []
    if node.text:
        content.append(utf8(node.text) if isinstance(node.text, bytes) else node.text)
    for child in node:
        name = local_name(child.tag)[1]
        if name:
            namespace = _declared_namespace(child)
            content.append(
                Foreign(
                    name=name,
                    namespace=None if namespace == inherited else namespace,
                    attributes=tuple(
                        (key, value)
                        for key, value in child.attrib.items()
                        if key != "xmlns" and "}" not in key
                    ),
                    content=_foreign_content(child),
                )
            )
        if child.tail:
            content.append(utf8(child.tail) if isinstance(child.tail, bytes) else child.tail)
    return tuple(content)
