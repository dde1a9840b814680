"""What XML and WBXML have in common when they write: which children, in what order, and whether
they may."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from attrs import frozen

from imps.csp.codec.document import CannotEncode
from imps.csp.primitives.declaration import Child, Declaration, Kind, declaration_of
from imps.model.version import Version

Output = TypeVar("Output")


@frozen
class Rules:
    """What one structure needs and excludes in one version."""

    name: str
    required: tuple[str, ...]
    single: tuple[str, ...]
    choices: tuple[tuple[tuple[tuple[str, ...], ...], bool], ...]
    pairs: tuple[tuple[str, str], ...]
    marks: tuple[str, ...]

    def check(self, value: Any) -> None:
        """Raise CannotEncode if the value breaks a rule."""
        for attribute in self.required:
            if getattr(value, attribute) in (None, ()):
                raise CannotEncode(f"{self.name} needs {attribute}")
        for attribute in self.single:
            if len(getattr(value, attribute)) > 1:
                raise CannotEncode(f"{self.name} holds more than one of {attribute}")
        for alternatives, required in self.choices:
            chosen = sum(
                any(self._has(value, attribute) for attribute in attributes)
                for attributes in alternatives
            )
            if chosen > 1 or (required and not chosen):
                raise CannotEncode(f"{self.name} needs one of {alternatives}")
        for one, other in self.pairs:
            if self._has(value, one) != self._has(value, other):
                raise CannotEncode(f"{self.name} needs both of {one} and {other}, or neither")

    def _has(self, value: Any, attribute: str) -> bool:
        """Whether a child will be written; what is no mark is so even when it is zero or false."""
        item = getattr(value, attribute)
        return bool(item) if attribute in self.marks else item not in (None, ())


def rules_of(declaration: Declaration, version: Version) -> Rules | None:
    """The rules of a structure in one version, or None where there are none."""
    children = declaration.written_in(version)
    required = tuple(child.attribute for child in children if version in child.element.required)
    single = tuple(
        child.attribute
        for child in children
        if child.many and not child.may_repeat_in(version) and not child.element.packed
    )
    choices = tuple(
        (choice.alternatives, choice.required)
        for choice in declaration.choices
        if version in choice.versions
    )
    pairs = tuple(pair.attributes for pair in declaration.pairs if version in pair.versions)
    if not (required or single or choices or pairs):
        return None
    marks = tuple(child.attribute for child in children if child.kind is Kind.MARK)
    return Rules(declaration.name, required, single, choices, pairs, marks)


def children_writer(
    declaration: Declaration,
    version: Version,
    child_writer: Callable[[Child, Version], Callable[[Any, Output], None]],
) -> Callable[[Any, Output], None]:
    """Writes the children of a structure in their order, once its rules are kept."""
    rules = rules_of(declaration, version)
    children = declaration.written_in(version)
    many = [child.many and not packed_in(child, version) for child in children]
    puts = [child_writer(child, version) for child in children]
    items_of = _attributes_of([child.attribute for child in children])

    def write(value: Any, out: Output) -> None:
        if rules is not None:
            rules.check(value)
        for item, is_many, put in zip(items_of(value), many, puts, strict=True):
            if item is None:
                continue
            if is_many:
                for each in item:
                    put(each, out)
            else:
                put(item, out)

    return write


def _attributes_of(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes these out of a value, all at once."""
    if len(names) < 2:
        return lambda value: tuple(getattr(value, name) for name in names)
    return attrgetter(*names)


def packed_in(child: Child, version: Version) -> bool:
    """Whether a list is written as one element with commas, in versions that allow but one."""
    return child.element.packed and not child.may_repeat_in(version)


def bare_text(declaration: Declaration, version: Version) -> Child | None:
    """The child whose text is all that is written of a structure in old versions, if any."""
    if declaration.text_until is None or version > declaration.text_until:
        return None
    return next(
        child for child in declaration.written_in(version) if child.attribute == declaration.text
    )


@cache
def declared_in(declared: type, version: Version) -> Declaration:
    """The declaration of a class, if the version has it; raises CannotEncode otherwise."""
    try:
        declaration = declaration_of(declared)
    except KeyError:
        raise CannotEncode(f"{declared.__name__} cannot be written") from None
    if version not in declaration.versions:
        raise CannotEncode(f"CSP {version} has no {declaration.name}")
    return declaration
