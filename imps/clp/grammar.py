"""What a text means that came from a phone: a command, something said to somebody, or a mistake.

Pure: all that has to be known of whoever sent it is handed in. ::

    message = [ WSP ] ( forced / command / text )
    forced  = "/" command             ; always a command; "//x" is the text "/x"
    command = keyword [ WSP args ]    ; without a slash if it can be nothing else
    text    = *CHAR                   ; to whoever is talked to

Where a conversation is open, a command without a slash must be unmistakable: complete, or about
people whom the user has as contacts. Elsewhere a text that begins with a keyword is one. What may
hold a password is one anywhere, so that it is said to nobody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from attrs import field, frozen

from imps.clp.commands import COMMANDS, OPT_IN, OPT_OUT, Command, Shape
from imps.clp.patterns import Found
from imps.clp.references import (
    MOST_RECIPIENTS,
    Argument,
    Group,
    Known,
    Person,
    References,
    Unresolved,
    unquoted,
)
from imps.clp.vocabulary import Vocabulary, is_topic
from imps.model.gsm7 import mended

MOST_MARKS = 30
LONGEST_BEGINNING = 4000

_SURROGATE = re.compile("[\ud800-\udfff]")
# For the reading of commands alone: quotation marks, and digits, letters and signs of full width.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u201c\u201d\u201e\u201f\xab\xbb", '"'),
        **dict.fromkeys("\u2018\u2019\u201a\u201b", "'"),
        "\u3000": " ",
        "\xa0": " ",
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    }
)


@frozen
class Said:
    """A text to whoever is talked to."""

    body: str


@frozen
class Asked:
    """A command, the word that it was given by, and its arguments by their kinds."""

    command: Command
    word: str
    arguments: Mapping[str, Argument] = field(factory=dict)


@frozen
class Chosen:
    """The answer to a question that offers numbers."""

    number: int


@frozen
class Doubtful:
    """What would be a command if it named somebody who is known; it may be a text."""

    body: str
    unknown: str


@frozen
class Mistaken:
    """A command that cannot be followed: the error, with what it is about, and ``among`` whom it
    does not say who is meant."""

    error: str
    values: Mapping[str, str] = field(factory=dict)
    command: Command | None = None
    among: tuple[Person, ...] = ()


@frozen
class Nothing:
    """An empty text, which is ignored."""


Reading: TypeAlias = "Said | Asked | Chosen | Doubtful | Mistaken | Nothing"
READINGS = (Said, Asked, Chosen, Doubtful, Mistaken, Nothing)


def normal(text: str) -> str:
    """A text without a byte order mark and blanks around it, in the composed form of Unicode. Half
    a surrogate pair is no character, and of marks that are combined with one, so many count as
    Unicode promises for text in a stream (UAX 15, 13): to compose more takes their square."""
    if not text.isascii():
        if _SURROGATE.search(text):
            text = mended(text)
        # A mark may be composed of several.
        text = _with_few_marks(unicodedata.normalize("NFC", _with_few_marks(text)))
    return text.strip("\ufeff \t\r\n\0")


def _with_few_marks(text: str) -> str:
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _begun(text: str) -> str:
    """As much of a text as may name a command, and people."""
    return normal(text[:LONGEST_BEGINNING]).translate(_PLAIN)


def first_word(text: str) -> str:
    """The word that says which command a text is, if it is one, folded."""
    plain = _begun(text).removeprefix("/")
    return plain.split(None, 1)[0].casefold() if plain.strip() else ""


def names_in(text: str) -> tuple[str, ...]:
    """The words of a text that could be the names of users, folded: so many may be looked up."""
    words = _begun(text).split(None, 3)[1:3]
    names = (name for word in words for name in word.split(","))
    could_be = (
        name.casefold() for name in names if re.fullmatch(r"[^\s@/+*#\"\d][^\s@/+*#\"]*", name)
    )
    return tuple(dict.fromkeys(could_be))[:MOST_RECIPIENTS]


def read(text: str, known: Known, vocabulary: Vocabulary) -> Reading:
    """What a text means; any text means something."""
    body = normal(text)
    plain = body.translate(_PLAIN)
    if not body:
        return Nothing()
    alone = vocabulary.keywords.get(plain.casefold())
    if alone is not None and alone.command in (OPT_OUT, OPT_IN):
        return Asked(alone.command, plain)
    if plain.startswith("//"):
        return Said(body[1:])
    if plain.startswith("/"):
        return _Line(body, plain, 1, known, vocabulary).forced()
    line = _Line(body, plain, 0, known, vocabulary)
    if line.may_hold_secret:
        return line.forced()
    if known.to_a_partner:
        return Said(body)
    if known.has_choice and re.fullmatch(r"\d", plain, re.ASCII):
        return Chosen(int(plain))
    if line.keyword is None:
        return Said(body)
    return line.in_conversation() if known.is_open else line.forced()


class _Line:
    """A text that may be a command, from a place on."""

    def __init__(
        self, body: str, plain: str, start: int, known: Known, vocabulary: Vocabulary
    ) -> None:
        self._body, self._plain, self._known = body, plain, known
        match = re.compile(r"\s*(\S+)\s*").match(plain, start)
        self._word = match[1] if match else ""
        self._start = match.end() if match else len(plain)
        self.keyword = vocabulary.keywords.get(self._word.casefold())

    @property
    def may_hold_secret(self) -> bool:
        """Whether it looks like a password or a PIN with the word that it is given by."""
        if self.keyword is None:
            return False
        command = self.keyword.command
        if command.id == "on":
            # Where one writes on a line, LOGIN is followed by name and password.
            return self._word.casefold() == "login" and len(self._plain.split()) == 3
        fits = command.pattern.match(self._plain, self._start) is not None
        return command.id in ("link", "pin") and fits

    def forced(self) -> Reading:
        """The command that it must be, or what is wrong with it."""
        if self.keyword is None:
            return Mistaken("E01", {"word": self._word})
        command = self.keyword.command
        found = command.pattern.match(self._plain, self._start)
        if found is None:
            return self._misused()
        try:
            arguments = self._arguments(found, is_own=False)
        except Unresolved as problem:
            return self._unresolved(problem)
        if command.is_served and not COMMANDS["g"].is_served and _names_group(arguments.values()):
            return self._no_group()
        return Asked(command, self._word, arguments)

    def in_conversation(self) -> Reading:
        """A command only if it can be nothing else."""
        assert self.keyword is not None
        command, text = self.keyword.command, Said(self._body)
        if self.keyword.is_casual:
            return text
        if command.id in ("yes", "no"):
            return self._answer()
        if command.id == "say":
            return self.forced() if self._start < len(self._plain) else text
        found = command.pattern.match(self._plain, self._start)
        if command.shape is Shape.FREE:
            return text
        if command.shape is Shape.EXACT:
            return text if found is None else self._exact(command, found)
        if not (self.keyword.is_full or self._is_short):
            return text
        return self._about_somebody(command, found)

    def _answer(self) -> Reading:
        """An answer to a prompt, if one is open: the word alone, or with the prompt's number."""
        found = re.compile(r"(?:(\d{1,2})(?:\s.*)?)?", re.DOTALL | re.ASCII).fullmatch(
            self._plain, self._start
        )
        prompts = self._known.prompts
        if not prompts or found is None or (found[1] and int(found[1]) not in prompts):
            return Said(self._body)
        return self.forced()

    def _exact(self, command: Command, found: tuple[Found, ...]) -> Reading:
        try:
            arguments = self._arguments(found, is_own=True)
        except Unresolved as problem:
            return self._unresolved(problem)
        topic = arguments.get("topic")
        if isinstance(topic, str) and not is_topic(topic):
            return Said(self._body)
        return Asked(command, self._word, arguments)

    def _about_somebody(self, command: Command, found: tuple[Found, ...] | None) -> Reading:
        text = Said(self._body)
        if found is None:
            return self._without_text(command)
        if not self._known.target_is_group and _lacks_group(command, found):
            return text
        # "To the point" and "send the file" are said to people, also if a friend is called Theo.
        is_plain = self._is_short or not command.pattern.has_rest
        try:
            arguments = self._arguments(found, is_own=True, by_beginnings=is_plain)
        except Unresolved as problem:
            if problem.error in ("E12", "E15_names"):
                return self._unresolved(problem)
            if problem.error == "E40" and self._word.casefold() in _TO_GROUPS:
                return self._no_group(problem)
            if is_plain or self._may_name_somebody(found):
                return text if self._is_short else Doubtful(self._body, problem.name)
            return text
        return Asked(command, self._word, arguments)

    @property
    def _is_short(self) -> bool:
        return self._word.casefold() in _SHORT_IN_CONVERSATION

    def _may_name_somebody(self, found: tuple[Found, ...]) -> bool:
        """Whether whom it names could be contacts, of whose names it gives the beginnings."""
        if self._word.casefold() == "to":
            return False
        try:
            self._arguments(found, is_own=True)
        except Unresolved as problem:
            return problem.error == "E12"
        return True

    def _without_text(self, command: Command) -> Reading:
        """A message to people who are known, in which nothing is said."""
        rest = self._plain[self._start :]
        if command.id == "g" and rest.startswith("#"):
            return self._misused() if command.is_served else self._no_group()
        if command.id != "send" or not rest:
            return Said(self._body)
        try:
            References(self._known, is_own=True, by_beginnings=self._is_short).recipients(rest)
        except Unresolved:
            return Said(self._body)
        return self._misused()

    def _no_group(self, problem: Unresolved | None = None) -> Mistaken:
        """What was meant for a group that there is not must not go to whoever is talked to."""
        assert self.keyword is not None
        if problem is not None and COMMANDS["g"].is_served:
            return self._unresolved(problem)
        return Mistaken("E24", {"word": f"{self._word.upper()} #"}, self.keyword.command)

    def _unresolved(self, problem: Unresolved) -> Mistaken:
        assert self.keyword is not None
        values = {"name": problem.name}
        return Mistaken(problem.error, values, self.keyword.command, problem.among)

    def _misused(self) -> Mistaken:
        assert self.keyword is not None
        return Mistaken("E02", {"word": self._word.upper()}, self.keyword.command)

    def _arguments(
        self, found: Sequence[Found], *, is_own: bool, by_beginnings: bool = True
    ) -> dict[str, Argument]:
        """The arguments, resolved; where they must be the user's ``is_own``, among contacts."""
        references = References(self._known, is_own, by_beginnings)
        return {each.kind.rstrip("!"): self._argument(each, references) for each in found}

    def _argument(self, found: Found, references: References) -> Argument:
        plain = self._plain[found.start : found.end]
        match found.kind:
            case "ref":
                return references.person(plain)
            case "rcpts":
                return references.recipients(plain)
            case "list" | "listname":
                return references.contact_list(plain)
            case "group":
                return references.group(plain)
            case "num":
                return self._number(int(plain), is_own=references.is_own)
            case "choice":
                return plain.upper()
            case "name" | "newgroup" | "newlist":
                return unquoted(plain.lstrip("*#") if found.kind != "name" else plain)
        return self._body[found.start : found.end]

    def _number(self, number: int, *, is_own: bool) -> int:
        assert self.keyword is not None
        is_message = self.keyword.command.id in ("drop", "fwd")
        if is_own and is_message and number not in self._known.messages:
            raise Unresolved("E62", str(number))
        return number


_SHORT_IN_CONVERSATION = frozenset(("s", "g"))
_TO_GROUPS = frozenset(("s", "g", "pm"))
"""Words that nobody begins a sentence with: with a group behind them, they are commands."""


def _names_group(arguments: Iterable[Argument]) -> bool:
    """Whether a group is among what is named."""
    return any(
        _names_group(each) if isinstance(each, tuple) else isinstance(each, Group)
        for each in arguments
    )


def _lacks_group(command: Command, found: Iterable[Found]) -> bool:
    """Whether the group is left out that a command may have."""
    may_have = any(each.kind == "group" for each in command.pattern.alternatives)
    return may_have and not any(each.kind == "group" for each in found)
