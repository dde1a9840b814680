"""What may follow the word of a command: the patterns of the table of commands, read and matched.

::

    pattern      = item *( " " item )
    item         = alternatives / "[" alternatives *( " " alternatives ) "]"
    alternatives = alternative *( "|" alternative )
    alternative  = kind / LITERAL

A kind is one of ``KINDS``, in lower case; what stands in brackets may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from attrs import frozen

WORD = r'[^\s,"]+'
QUOTED = r'"(?:[^"]|"")*"'
_REFERENCE = rf"(?:{QUOTED}|(?![*#]){WORD})"
_LIST = rf"\*(?:{QUOTED}|{WORD})"
_GROUP = rf"#(?:{QUOTED}|{WORD})"
_RECIPIENT = rf"(?:{_LIST}|{_GROUP}|{_REFERENCE})"

KINDS: Mapping[str, str] = {
    "ref": _REFERENCE,
    "rcpts": rf"{_RECIPIENT}(?:,{_RECIPIENT})*",
    "list": _LIST,
    "listname": rf"\*?(?:{QUOTED}|(?![*#]){WORD})",
    "newlist": rf"\*?(?:{QUOTED}|(?![*#]){WORD})",
    "group": _GROUP,
    "newgroup": _GROUP,
    "name": rf"(?:{QUOTED}|{WORD})",
    "word": r"\S+",
    "topic": r"\S+",
    "language": r"[A-Za-z]{2}",
    "hours": r"\d{1,2}-\d{1,2}",
    "num": r"\d{1,2}",
    "pin": r"[0-9]{4,6}",
    "newpin": r"[0-9]{4,6}",
    "url": r"[A-Za-z][A-Za-z0-9+.-]*://\S+",
    "rest": r".*",
    "rest!": r".+",
}
"""What each kind of argument looks like; how they are told apart further is the grammar's."""

FREE = frozenset(("rest", "rest!"))

_SPACE = re.compile(r"\s+")


@frozen
class Alternative:
    """A kind of argument, or a word that is meant literally."""

    kind: str
    is_literal: bool = False

    def match(self, text: str, start: int) -> int | None:
        """Where this ends that begins at a place, None if it does not begin there."""
        if self.kind in FREE:
            return len(text) if self.kind == "rest" or start < len(text) else None
        found = _compiled(self).match(text, start)
        if found is None or (found.end() < len(text) and not text[found.end()].isspace()):
            return None
        return found.end()


@cache
def _compiled(alternative: Alternative) -> re.Pattern[str]:
    pattern = re.escape(alternative.kind) if alternative.is_literal else KINDS[alternative.kind]
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


@frozen
class Item:
    """What stands at one place: for each word of it what it may be; maybe nothing at all."""

    words: tuple[tuple[Alternative, ...], ...]
    is_optional: bool = False


@frozen
class Found:
    """An argument where it was found: from one place of the text to another."""

    kind: str
    start: int
    end: int


@frozen
class Pattern:
    """What may follow the word of a command."""

    source: str
    items: tuple[Item, ...]

    @classmethod
    def parse(cls, source: str) -> Pattern:
        """Read a pattern; ValueError for what is none."""
        parts = re.findall(r"\[[^\[\]]*\]|[^\s\[\]]+", source)
        if " ".join(parts) != source:
            raise ValueError(f"{source!r} is no pattern")
        return cls(source, tuple(_item(part) for part in parts))

    @property
    def has_rest(self) -> bool:
        """Whether it ends in free text."""
        return any(each.kind in FREE for each in self.alternatives)

    @property
    def alternatives(self) -> Iterator[Alternative]:
        """All that may stand anywhere in it."""
        for item in self.items:
            for word in item.words:
                yield from word

    def match(self, text: str, start: int) -> tuple[Found, ...] | None:
        """The arguments from a place on, to the end; None if they do not fit. It takes a time that
        is bounded by the length of the text, as nothing is tried twice."""
        found: list[Found] = []
        at = start
        for item in self.items:
            matched = _match(item, text, at)
            if matched is not None:
                found += matched
                at = matched[-1].end if matched else at
                at = _past_space(text, at)
            elif not item.is_optional:
                return None
        return tuple(found) if at >= len(text) else None


def _match(item: Item, text: str, start: int) -> list[Found] | None:
    found: list[Found] = []
    at = start
    for word in item.words:
        if found:
            at = _past_space(text, at)
        for alternative in word:
            end = alternative.match(text, at)
            if end is not None and (end > at or alternative.kind == "rest"):
                found.append(
                    Found("choice" if alternative.is_literal else alternative.kind, at, end)
                )
                at = end
                break
        else:
            return None
    return found


def _past_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _item(part: str) -> Item:
    is_optional = part.startswith("[")
    words = part.strip("[]").split()
    return Item(tuple(tuple(map(_alternative, each.split("|"))) for each in words), is_optional)


def _alternative(name: str) -> Alternative:
    if name in KINDS:
        return Alternative(name)
    if not name.isupper():
        raise ValueError(f"there is no kind of argument {name!r}")
    return Alternative(name, is_literal=True)
