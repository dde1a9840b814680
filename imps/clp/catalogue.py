"""Catalogues: what phones are told, in each language: data in ``texts``, checked as it is read."""

from __future__ import annotations

import json
import string
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cached_property
from importlib.resources import files
from typing import Any

from attrs import define, field, frozen

from imps.clp.commands import COMMANDS, OPT_OUT, Command
from imps.clp.opt_out import replaced, with_replaced, words_instead
from imps.clp.patterns import KINDS, Item
from imps.clp.vocabulary import TOPICS, Vocabulary
from imps.model.gsm7 import is_gsm, septets

LONGEST_NAME = 20
ONE_SMS = 160

_NAMES = frozenset(
    ("address", "domain", "name", "names", "people", "service", "start", "target", "user", "word")
)
"""Placeholders for what others have chosen, of which only so much is shown."""
_OF_ANY_LENGTH = frozenset(("body", "friends", "list", "numbers", "presence", "text", "usage"))
"""Those for what is cut, or goes on in further messages, in another place."""

_LISTED = frozenset(("names", "people"))
_EXAMPLES = {
    "number": "999",
    "prompt": "99",
    "n": "999",
    "size": "9999",
    "time": "19 Nov 23:10",
    "hours": "22-7",
    "switch": "nein",
    "language": "Deutsch",
    "what": "",
}


class CatalogueError(Exception):
    """A catalogue lacks something, or says it at too great a length; the text says what."""


@define(eq=False, slots=False)
class Catalogue:
    """All that is said in a language; ``code`` is the language's."""

    code: str
    name: str
    keywords: Mapping[str, str]
    _texts: Mapping[str, Any] = field(repr=False)
    _words: Mapping[str, str] = field(repr=False)
    _arguments: Mapping[str, str] = field(repr=False)
    _help: Mapping[str, str] = field(repr=False)
    _about: Mapping[str, str] = field(repr=False)
    _instead: Mapping[str, str] = field(factory=dict, repr=False)

    @classmethod
    def read(cls, code: str, data: Mapping[str, Any]) -> Catalogue:
        """A catalogue from its file, unchecked."""
        return cls(
            code=code,
            name=data["name"],
            keywords=data["keywords"],
            texts=data["texts"],
            words=data["words"],
            arguments=data["arguments"],
            help=data["help"],
            about=data["about"],
        )

    @classmethod
    def sparing(cls, code: str, data: Mapping[str, Any], opt_out: Iterable[str]) -> Catalogue:
        """The same, naming none of the words by which phones opt out for anything else."""
        try:
            instead = words_instead(data["keywords"], opt_out)
        except ValueError as error:
            raise CatalogueError(f"{code}: {error}") from None
        catalogue = cls.read(code, with_replaced(data, instead))
        catalogue._instead = instead
        return catalogue

    def say(self, text_id: str, **values: object) -> str:
        """A text, with these values in their places; names that are too long are cut."""
        said = self._texts[text_id]
        if not isinstance(said, str):
            said = said[_plural(said, int(str(values["n"])))]
        return str(said).format_map({name: _short(name, value) for name, value in values.items()})

    def word(self, word: str) -> str:
        """A word of the model in this language, the same where there is none."""
        return self._words.get(word, word)

    def usage(self, command: Command, word: str = "") -> str:
        """How a command is written, by one of its words."""
        items = (self._shown(item) for item in command.pattern.items)
        return " ".join((word or command.name, *items))

    def _shown(self, item: Item) -> str:
        words = []
        for alternatives in item.words:
            names = (
                each.kind if each.is_literal else self._arguments[each.kind.rstrip("!")]
                for each in alternatives
            )
            words.append("/".join(names))
        shown = " ".join(words)
        return f"({shown})" if item.is_optional else shown

    def help(self, topic: str, vocabulary: Vocabulary) -> str:
        """What there is to say on a topic, or the word of a command; else on all."""
        folded = topic.casefold()
        if folded in self._help:
            return self._help[folded]
        keyword = vocabulary.keywords.get(folded)
        if keyword is None:
            return self._help[""]
        if keyword.command.id in self._help:
            return self._help[keyword.command.id]
        return self.about(keyword.command)

    def about(self, command: Command) -> str:
        """How a command is written, what it does, and an example."""
        usage = self.usage(command)
        said = self.say("usage", usage=f"{usage} = {self._about[command.id]}")
        whole = said if usage == command.example else f"{said} {command.example}"
        return replaced(whole, self._instead)

    def purpose(self, command: Command) -> str:
        """What a command does, in a few words."""
        return self._about[command.id]

    @cached_property
    def placeholders(self) -> dict[str, frozenset[str]]:
        """What each text has places for."""
        return {text_id: _places(said) for text_id, said in self._texts.items()}

    def check(self, model: Catalogue) -> None:
        """See that it says all that the model does, and in one SMS where that can be."""
        for mine, theirs, what in (
            (self._texts, model._texts, "text"),
            (self._words, model._words, "word"),
            (self._help, model._help, "help"),
            (self._about, model._about, "command"),
            (self._arguments, model._arguments, "argument"),
        ):
            if mine.keys() != theirs.keys():
                difference = ", ".join(sorted(mine.keys() ^ theirs.keys()))
                raise CatalogueError(f"{self.code}: not every {what} is there: {difference}")
        for text_id, places in self.placeholders.items():
            if places != model.placeholders[text_id]:
                raise CatalogueError(f"{self.code}: {text_id} has other places: {sorted(places)}")
            self._check_length(text_id, self._longest(text_id, places))
        if self._about.keys() != COMMANDS.keys():
            raise CatalogueError(f"{self.code}: the commands are others")
        if self._arguments.keys() != {kind.rstrip("!") for kind in KINDS}:
            raise CatalogueError(f"{self.code}: the kinds of arguments are others")
        if self._help.keys() != {"", "send", *TOPICS}:
            raise CatalogueError(f"{self.code}: the topics of help are others")
        for topic, said in self._help.items():
            self._check_length(f"help {topic}", [said])
        for command in COMMANDS.values():
            self._check_length(f"help {command.name}", [self.about(command)])
        self.vocabulary()

    def vocabulary(self, opt_out: Iterable[str] = ()) -> Vocabulary:
        """The words of commands in this language; those of the table always count."""
        try:
            return Vocabulary.of(self.keywords, opt_out)
        except ValueError as error:
            raise CatalogueError(f"{self.code}: {error}") from None

    def _longest(self, text_id: str, places: frozenset[str]) -> list[str]:
        """A text with the longest that may stand in its places; those of any length left empty."""
        values = {
            name: ""
            if name in _OF_ANY_LENGTH or name in _LISTED
            else _EXAMPLES.get(name, "n" * LONGEST_NAME)
            for name in places
        }
        said = self._texts[text_id]
        kinds = [said] if isinstance(said, str) else list(said.values())
        return [kind.format_map(values) for kind in kinds]

    def _check_length(self, where: str, texts: Iterable[str]) -> None:
        for text in texts:
            # What is not in the alphabet of GSM has 70 characters.
            fits = septets(text) <= ONE_SMS if is_gsm(text) else len(text) <= 70
            if not fits:
                raise CatalogueError(f"{self.code}: {where} is longer than one SMS: {text}")


@frozen
class Catalogues:
    """The catalogues of all languages, by their codes; ``default`` for who has chosen none."""

    of: Mapping[str, Catalogue]
    default: str = "en"
    _opt_out: tuple[str, ...] = ()
    _vocabularies: dict[str, Vocabulary] = field(factory=dict, init=False, eq=False)

    @classmethod
    def load(cls, default: str = "en", opt_out: Iterable[str] = ()) -> Catalogues:
        """All there are. Raises CatalogueError for one that is not complete, or a default that
        there is not."""
        directory = files("imps.clp").joinpath("texts")
        found = {
            each.name.removesuffix(".json"): json.loads(each.read_text("utf-8"))
            for each in directory.iterdir()
            if each.name.endswith(".json")
        }
        catalogues = {code: Catalogue.read(code, data) for code, data in sorted(found.items())}
        for catalogue in catalogues.values():
            catalogue.check(catalogues["en"])
        if default not in catalogues:
            raise CatalogueError(f"there is no language {default!r}; {', '.join(catalogues)}")
        words = tuple(opt_out)
        sparing = {code: Catalogue.sparing(code, found[code], words) for code in catalogues}
        return cls(sparing, default, words)

    def get(self, code: str) -> Catalogue:
        """The catalogue of a language, the default where there is none."""
        return self.of.get(code) or self.of[self.default]

    def vocabulary(self, code: str) -> Vocabulary:
        """The words of commands in a language."""
        catalogue = self.get(code)
        known = self._vocabularies.get(catalogue.code)
        if known is None:
            known = self._vocabularies[catalogue.code] = catalogue.vocabulary(self._opt_out)
        return known


def nearest(word: str, vocabulary: Vocabulary) -> list[str]:
    """The words of commands that somebody may have meant; none that opts out without saying so."""
    served = [
        name
        for name, each in vocabulary.keywords.items()
        if each.is_full and (each.command is not OPT_OUT or name.upper() in OPT_OUT.words)
    ]
    return [each.upper() for each in get_close_matches(word[:40].casefold(), served, 2)]


def _plural(said: Mapping[str, str], n: int) -> str:
    exact = {0: "zero", 1: "one"}.get(n, "other")
    return exact if exact in said else "other"


def _short(name: str, value: object) -> str:
    text = str(value)
    if name in _NAMES and name not in _LISTED and len(text) > LONGEST_NAME and name != "address":
        return text[:LONGEST_NAME]
    return text


def _places(said: Any) -> frozenset[str]:
    kinds = [said] if isinstance(said, str) else said.values()
    return frozenset(
        name for kind in kinds for _, name, _, _ in string.Formatter().parse(kind) if name
    )
