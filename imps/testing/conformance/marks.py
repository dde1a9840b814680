"""Marks on tests: which transactions and features of the standard a test shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Literal, TypeVar, cast
from unittest import TestSuite

from attrs import field, frozen
from twisted.trial.runner import ErrorHolder, TestLoader
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.primitives import PRIMITIVES
from imps.csp.primitives.declaration import declaration_of
from imps.model.version import V11, V12, V13, Version
from imps.testing.conformance.features import FEATURES

T = TypeVar("T", bound=Callable[..., Any])

Encoding = Literal["xml", "wbxml"]

XML: Encoding = "xml"
WBXML: Encoding = "wbxml"
ENCODINGS = (XML, WBXML)
ALL = (V11, V12, V13, XML, WBXML)
"""Every version in every encoding."""

Cell = tuple[type, Version, Encoding]
"""A request in a version and an encoding."""

MessageCell = tuple[type, Version]
"""A message between servers, in a version."""

_CELLS = "shown_cells"
_MESSAGES = "shown_messages"
_PARTS = "shown_parts"
_SEEN = "seen_cells"
_SEEN_MESSAGES = "seen_messages"


def shows(*what: type | Version | Encoding) -> Callable[[T], T]:
    """Mark a test that shows transactions: requests, versions and encodings, in any order.

    It shows each request in each of these versions that has it, in each of these encodings. The
    test fails unless its clients have seen it all.
    """
    cells = {
        (request, version, encoding)
        for request in what
        if isinstance(request, type)
        for version in what
        if isinstance(version, Version) and version in declaration_of(request).versions
        for encoding in ENCODINGS
        if encoding in what
    }
    named = {each for each in what if isinstance(each, type)}
    if not named or named != {request for request, _, _ in cells}:
        raise ValueError("a mark names requests, versions that have them, and encodings")
    return lambda test: _marking(_CELLS, cells)(_checked(test, cells))


def shows_feature(title: str, *parts: str) -> Callable[[T], T]:
    """Mark a test that shows a feature that has no parts, or these parts of one that has."""
    feature = FEATURES[title]
    if not set(parts) <= set(feature.parts) or (feature.parts and not parts):
        raise ValueError(f"the parts of {title} are {feature.parts}")
    return _marking(_PARTS, {(title, part) for part in parts or ("",)})


def shows_messages(version: Version, *messages: type) -> Callable[[T], T]:
    """Mark a test that shows messages between servers in a version. It fails unless they went from
    one server to another, and back."""
    cells: set[Any] = {(message, version) for message in messages}
    return lambda test: _marking(_MESSAGES, cells)(_checked(test, cells, _SEEN_MESSAGES))


def _marking(name: str, marks: set[Any]) -> Callable[[T], T]:
    def mark(test: T) -> T:
        setattr(test, name, getattr(test, name, frozenset()) | marks)
        return test

    return mark


def note(test: SynchronousTestCase, request: str, version: Version, encoding: str) -> None:
    """Note that a transaction took place in a test, to be compared with its marks."""
    seen = test.__dict__.setdefault(_SEEN, set())
    seen.add((PRIMITIVES.get(request), version, encoding))


def note_message(test: SynchronousTestCase, message: type, version: Version | None) -> None:
    """Note that a server was sent a message by another, to be compared with the marks of a test."""
    test.__dict__.setdefault(_SEEN_MESSAGES, set()).add((message, version))


def _checked(test: T, cells: set[Any], seen: str = _SEEN) -> T:
    def check(case: SynchronousTestCase) -> None:
        unseen = cells - getattr(case, seen, set())
        case.assertFalse(unseen, "marked, but did not take place")

    @wraps(test)
    async def checked(self: SynchronousTestCase) -> None:
        await test(self)
        check(self)

    @wraps(test)
    def checked_at_once(self: SynchronousTestCase) -> None:
        test(self)
        check(self)

    return cast(T, checked if iscoroutinefunction(test) else checked_at_once)


@frozen
class Marks:
    """The tests, by what they show; features by title and part."""

    cells: Mapping[Cell, tuple[str, ...]]
    parts: Mapping[tuple[str, str], tuple[str, ...]]
    messages: Mapping[MessageCell, tuple[str, ...]] = field(factory=dict)

    @classmethod
    def collected(cls) -> Marks:
        """The marks of all tests. A test that several classes run counts in the first of them."""
        names: dict[Callable[..., Any], str] = {}
        for test in _each(TestLoader().loadByName("tests", recurse=True)):
            if isinstance(test, ErrorHolder):
                raise RuntimeError(f"{test.id()} cannot be imported")
            method = getattr(test, test._testMethodName)
            names[method.__func__] = min(test.id(), names.get(method.__func__, test.id()))
        kinds = (_CELLS, _PARTS, _MESSAGES)
        return cls(*(_by_mark(names, kind) for kind in kinds))


def _each(suite: Any) -> Iterator[Any]:
    if isinstance(suite, TestSuite):
        for part in suite:
            yield from _each(part)
    else:
        yield suite


def _by_mark(names: Mapping[Callable[..., Any], str], kind: str) -> dict[Any, tuple[str, ...]]:
    tests: dict[Any, set[str]] = {}
    for test, name in names.items():
        for mark in getattr(test, kind, ()):
            tests.setdefault(mark, set()).add(name)
    return {mark: tuple(sorted(of_mark)) for mark, of_mark in tests.items()}
