"""What a text means that came from a phone: a command, something said to somebody, or a mistake.

Pure: all that has to be known of whoever sent it is handed in. ::

    message = [ WSP ] ( forced / command / text )
    forced  = "/" command             ; always a command; "//x" is the text "/x"
    command = keyword [ WSP args ]    ; without a slash if it can be nothing else
    text    = *CHAR                   ; to whoever is talked to

Where a conversation is open, a command without a slash must be unmistakable: complete, or about
people whom the user has as contacts. Elsewhere a text that begins with a keyword is one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from attrs import field, frozen

from imps.clp.commands import COMMANDS, OPT_IN, OPT_OUT, Command, Shape
from imps.clp.patterns import Found
from imps.model.account import normal_msisdn
from imps.model.address import Address

MOST_RECIPIENTS = 20
SHORTEST_PREFIX = 3

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNDERSCORE = str.maketrans("_", " ")
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
class Person:
    """Somebody that a text names: by which name, and a contact under which number."""

    address: Address
    name: str
    number: int | None = None


@frozen
class Group:
    """A group that a text names."""

    address: Address
    name: str
    number: int | None = None


@frozen
class ContactListNamed:
    """A contact list that a text names."""

    address: Address
    name: str


Recipient: TypeAlias = "Person | Group | ContactListNamed"
Argument: TypeAlias = "str | int | Person | Group | ContactListNamed | tuple[Recipient, ...]"


@frozen(kw_only=True)
class Known:
    """What is known of whoever sent a text: contacts, by their numbers; contact lists and groups;
    which words are users of the home domain; whether a conversation is ``is_open``, and with a
    group; which prompts wait for an answer, whether a choice of a single digit does, and which
    messages can be read. In a text ``to_a_partner``, to a number that stands for somebody, there
    are commands after a slash alone."""

    people: tuple[Person, ...] = ()
    contact_lists: tuple[ContactListNamed, ...] = ()
    groups: tuple[Group, ...] = ()
    users: Mapping[str, Address] = field(factory=dict)
    domain: str = ""
    is_open: bool = False
    target_is_group: bool = False
    prompts: frozenset[int] = frozenset()
    has_choice: bool = False
    messages: frozenset[int] = frozenset()
    to_a_partner: bool = False


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
    """A command that cannot be followed: the error, with what it is about."""

    error: str
    values: Mapping[str, str] = field(factory=dict)
    command: Command | None = None


@frozen
class Nothing:
    """An empty text, which is ignored."""


Reading: TypeAlias = "Said | Asked | Chosen | Doubtful | Mistaken | Nothing"
READINGS = (Said, Asked, Chosen, Doubtful, Mistaken, Nothing)


class _Unresolved(Exception):
    """A reference that leads to nobody, or to several."""

    def __init__(self, error: str, name: str, among: Sequence[Person] = ()) -> None:
        super().__init__(error)
        self.error, self.name = error, name
        shown = " ".join(f"{each.number or ''} {each.name}".strip() for each in among)
        self.values = {"people": shown} if among else {"name": name}


@frozen
class Keyword:
    """What a word stands for: a command; ``is_full`` unless it is a short form, ``is_casual`` if
    people say it to each other, too."""

    command: Command
    is_full: bool = True
    is_casual: bool = False


@frozen
class Vocabulary:
    """The words of commands, folded."""

    keywords: Mapping[str, Keyword]

    @classmethod
    def of(
        cls,
        localised: Mapping[str, str] | None = None,
        opt_out: Iterable[str] = (),
    ) -> Vocabulary:
        """The words of the table, those of a language, by the ids of their commands, and further
        ones by which all texts are stopped. ValueError for a word that has another meaning."""
        keywords: dict[str, Keyword] = {}
        for command in COMMANDS.values():
            for word in command.words:
                _add(keywords, word, Keyword(command))
            for word in command.short:
                _add(keywords, word, Keyword(command, is_full=word in command.words))
            for word in command.casual:
                _add(keywords, word, Keyword(command, is_casual=True))
        for word, command_id in (localised or {}).items():
            if command_id not in COMMANDS:
                raise ValueError(f"there is no command {command_id!r}")
            _add(keywords, word, Keyword(COMMANDS[command_id]))
        # What an operator has promised to whoever wants no more texts counts above all.
        keywords |= {word.casefold(): Keyword(OPT_OUT) for word in opt_out}
        return cls(keywords)


def _add(keywords: dict[str, Keyword], word: str, keyword: Keyword) -> None:
    folded = word.casefold()
    before = keywords.setdefault(folded, keyword)
    if before.command is not keyword.command:
        raise ValueError(f"{word!r} is the word for {before.command.name} already")


def normal(text: str) -> str:
    """A text without a byte order mark and blanks around it, in the composed form of Unicode. Half
    a surrogate pair is no character."""
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return unicodedata.normalize("NFC", text).strip("\ufeff \t\r\n\0")


def names_in(text: str) -> tuple[str, ...]:
    """The words of a text that could be the names of users, folded: so many may be looked up."""
    words = normal(text).translate(_PLAIN).split(None, 3)[1:3]
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
    if known.to_a_partner:
        return Said(body)
    if known.has_choice and re.fullmatch(r"\d", plain, re.ASCII):
        return Chosen(int(plain))
    line = _Line(body, plain, 0, known, vocabulary)
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

    def forced(self) -> Reading:
        """The command that it must be, or what is wrong with it."""
        if self.keyword is None:
            return Mistaken("E01", {"word": self._word})
        command = self.keyword.command
        found = command.pattern.match(self._plain, self._start)
        if found is None:
            return self._misused()
        try:
            return Asked(command, self._word, self._arguments(found, is_own=False))
        except _Unresolved as problem:
            return Mistaken(problem.error, problem.values, command)

    def in_conversation(self) -> Reading:
        """A command only if it can be nothing else."""
        assert self.keyword is not None
        command, text = self.keyword.command, Said(self._body)
        if self.keyword.is_casual:
            return text
        if command.id in ("yes", "no"):
            return self._answer()
        if command.id == "say":
            # The short form of it says no more than the same text without it.
            return (
                self.forced() if self.keyword.is_full and self._start < len(self._plain) else text
            )
        found = command.pattern.match(self._plain, self._start)
        if command.shape is Shape.FREE:
            return text
        if command.shape is Shape.EXACT:
            return text if found is None else self._exact(command, found)
        if not self.keyword.is_full and self._word.casefold() not in _SHORT_IN_CONVERSATION:
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
        except _Unresolved as problem:
            return Mistaken(problem.error, problem.values, command)
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
        try:
            return Asked(command, self._word, self._arguments(found, is_own=True))
        except _Unresolved as problem:
            if problem.error == "E12":
                return Mistaken(problem.error, problem.values, command)
            if command.pattern.has_rest:
                return text
            return Doubtful(self._body, problem.name)

    def _without_text(self, command: Command) -> Reading:
        """A message to people who are known, in which nothing is said."""
        rest = self._plain[self._start :]
        if command.id != "send" or not rest:
            return Said(self._body)
        try:
            self._recipients(rest, is_own=True)
        except _Unresolved:
            return Said(self._body)
        return self._misused()

    def _misused(self) -> Mistaken:
        assert self.keyword is not None
        return Mistaken("E02", {"word": self._word.upper()}, self.keyword.command)

    def _arguments(self, found: Sequence[Found], *, is_own: bool) -> dict[str, Argument]:
        """The arguments, resolved; where they must be the user's ``is_own``, among contacts."""
        return {each.kind.rstrip("!"): self._argument(each, is_own=is_own) for each in found}

    def _argument(self, found: Found, *, is_own: bool) -> Argument:
        plain = self._plain[found.start : found.end]
        match found.kind:
            case "ref":
                return self._person(plain, is_own=is_own)
            case "rcpts":
                return self._recipients(plain, is_own=is_own)
            case "list" | "listname":
                return self._contact_list(plain)
            case "group":
                return self._group(plain)
            case "num":
                return self._number(int(plain), is_own=is_own)
            case "choice":
                return plain.upper()
            case "name" | "newgroup":
                return unquoted(self._body[found.start : found.end].translate(_PLAIN))
        return self._body[found.start : found.end]

    def _number(self, number: int, *, is_own: bool) -> int:
        assert self.keyword is not None
        is_message = self.keyword.command.id in ("drop", "fwd")
        if is_own and is_message and number not in self._known.messages:
            raise _Unresolved("E62", str(number))
        return number

    def _recipients(self, text: str, *, is_own: bool) -> tuple[Recipient, ...]:
        named = _RECIPIENTS.findall(text)
        if ",".join(named) != text or len(named) > MOST_RECIPIENTS:
            raise _Unresolved("E10", text)
        return tuple(dict.fromkeys(self._recipient(each, is_own=is_own) for each in named))

    def _recipient(self, text: str, *, is_own: bool) -> Recipient:
        if text.startswith("*"):
            return self._contact_list(text)
        if text.startswith("#"):
            return self._group(text)
        return self._person(text, is_own=is_own)

    def _contact_list(self, text: str) -> ContactListNamed:
        name = unquoted(text.removeprefix("*"))
        assert self.keyword is not None
        if self.keyword.command.id == "newlist":
            return ContactListNamed(Address(), name)
        for each in self._known.contact_lists:
            if folded(each.name) == folded(name) or folded(each.address.resource or "") == folded(
                name
            ):
                return each
        raise _Unresolved("E30", name)

    def _group(self, text: str) -> Group:
        name = unquoted(text.removeprefix("#"))
        for each in self._known.groups:
            if folded(each.name) == folded(name) or str(each.number) == name:
                return each
        # Where there are no groups, what was asked is not offered, whatever the group.
        if not self._known.is_open:
            return Group(Address("", name, self._known.domain), name)
        raise _Unresolved("E40", name)

    def _person(self, text: str, *, is_own: bool) -> Person:
        known, name = self._known, unquoted(text)
        if re.fullmatch(r"\d{1,3}", text, re.ASCII):
            numbered = (each for each in known.people if each.number == int(text))
            if (person := next(numbered, None)) is None:
                raise _Unresolved("E10", text)
            return person
        named = self._by_name(name, is_own=is_own)
        if named is not None:
            return named
        if "@" in name:
            address = Address.parse(name)
            if address.is_user:
                return self._at(address)
        number = (
            normal_msisdn(name) if re.fullmatch(r"\+\d{6,15}|\d{7,15}", name, re.ASCII) else None
        )
        if number is not None and (name.startswith("+") or not is_own):
            return self._at(Address(number, None, known.domain))
        raise _Unresolved("E10", name)

    def _by_name(self, name: str, *, is_own: bool) -> Person | None:
        people, known = self._known.people, self._known
        spaced = name.translate(_UNDERSCORE)
        exact = [each for each in people if each.name in (name, spaced)]
        alike = [each for each in people if folded(each.name) in (folded(name), folded(spaced))]
        for among in (exact, alike):
            if among:
                return _only(among, name)
        own_users = [
            each
            for each in people
            if each.address.user.casefold() == name.casefold()
            and each.address.domain.casefold() == known.domain.casefold()
        ]
        if own_users:
            return _only(own_users, name)
        if is_own:
            return None
        if (address := known.users.get(name.casefold())) is not None:
            return self._at(address)
        if len(name) >= SHORTEST_PREFIX:
            begin = [each for each in people if folded(each.name).startswith(folded(spaced))]
            if begin:
                return _only(begin, name)
        return None

    def _at(self, address: Address) -> Person:
        """Whoever has an address, as a contact if it is one's."""
        for each in self._known.people:
            if each.address == address:
                return each
        is_here = address.domain.casefold() == self._known.domain.casefold()
        return Person(address, address.user if is_here else str(address).removeprefix("wv:"))


_RECIPIENTS = re.compile(r'[*#]?(?:"(?:[^"]|"")*"|[^\s,"]+)')
_SHORT_IN_CONVERSATION = frozenset(("s", "g"))

TOPICS = frozenset(("group", "friends", "presence", "block"))
"""What help there is besides that for each command."""


def is_topic(word: str) -> bool:
    """Whether there is help on this, in the words of the table."""
    folded_word = word.casefold()
    words = (each for command in COMMANDS.values() for each in (*command.words, *command.short))
    return folded_word in TOPICS or folded_word in (each.casefold() for each in words)


def _only(among: Sequence[Person], name: str) -> Person:
    if len({each.address for each in among}) > 1:
        raise _Unresolved("E12", name, among)
    return among[0]


def _lacks_group(command: Command, found: Iterable[Found]) -> bool:
    """Whether the group is left out that a command may have."""
    may_have = any(each.kind == "group" for each in command.pattern.alternatives)
    return may_have and not any(each.kind == "group" for each in found)


def unquoted(text: str) -> str:
    """A name without the quotation marks around it; two within are one."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text


def quoted(name: str) -> str:
    """A name in quotation marks, for a text that names it."""
    return '"' + name.replace('"', '""') + '"'


def folded(name: str) -> str:
    """A name as it is compared: without case and diacritics."""
    plain = unicodedata.normalize("NFD", name.casefold())
    return "".join(each for each in plain if not unicodedata.combining(each))
