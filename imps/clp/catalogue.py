"""A catalogue: what phones are told in a language, from its file in ``texts``."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from attrs import define, field

from imps.clp.commands import Command
from imps.clp.direction import with_marks
from imps.clp.opt_out import replaced, with_replaced, words_instead
from imps.clp.patterns import Item
from imps.clp.vocabulary import Vocabulary
from imps.model.gsm7 import Coding, coded
from imps.model.short_message import how_many

LONGEST_NAME = 20
ONE_SMS = 160

NAMES = frozenset(
    ("address", "domain", "name", "names", "people", "service", "start", "target", "user", "word")
)
"""Placeholders for what others have chosen, of which only so much is shown."""
LISTED = frozenset(("names", "people"))
_VERBATIM = frozenset(("body", "text", "start"))
"""Those for what somebody has written, which stays as it is."""


class CatalogueError(Exception):
    """A catalogue lacks something, or says it at too great a length; the text says what."""


@define(eq=False, slots=False)
class Catalogue:
    """All that is said in a language; ``code`` is the language's.

    An SMS has room for 160 characters in the alphabet of GSM, for 70 in UCS-2, which other scripts
    need: for these there are short variants of texts and of the help. Where SMSCs are written to
    ``within_latin_1``, so does what that lacks, such as capitals of Greek. Where it is written from
    right to left, numbers and names of groups get marks in such texts.
    """

    code: str
    name: str
    keywords: Mapping[str, str]
    texts: Mapping[str, Any] = field(repr=False)
    words: Mapping[str, str] = field(repr=False)
    arguments: Mapping[str, str] = field(repr=False)
    help_texts: Mapping[str, str] = field(repr=False)
    purposes: Mapping[str, str] = field(repr=False)
    short_texts: Mapping[str, Any] = field(factory=dict, repr=False)
    short_help_texts: Mapping[str, str] = field(factory=dict, repr=False)
    is_right_to_left: bool = False
    within_latin_1: bool = False
    _instead: Mapping[str, str] = field(factory=dict, repr=False)

    @classmethod
    def read(cls, code: str, data: Mapping[str, Any]) -> Catalogue:
        """A catalogue from its file, unchecked."""
        short = data.get("short", {})
        return cls(
            code=code,
            name=data["name"],
            keywords=data["keywords"],
            texts=data["texts"],
            words=data["words"],
            arguments=data["arguments"],
            help_texts=data["help"],
            purposes=data["about"],
            short_texts=short.get("texts", {}),
            short_help_texts=short.get("help", {}),
            is_right_to_left=data.get("direction") == "rtl",
        )

    @classmethod
    def sparing(
        cls,
        code: str,
        data: Mapping[str, Any],
        opt_out: Iterable[str],
        *,
        within_latin_1: bool = False,
    ) -> Catalogue:
        """The same, naming none of the words by which phones opt out for anything else."""
        try:
            instead = words_instead(data["keywords"], opt_out)
        except ValueError as error:
            raise CatalogueError(f"{code}: {error}") from None
        catalogue = cls.read(code, with_replaced(data, instead))
        catalogue._instead = instead
        catalogue.within_latin_1 = within_latin_1
        return catalogue

    def say(self, text_id: str, **values: object) -> str:
        """A text, with these values in their places; names that are too long are cut. Where it is
        longer than an SMS in UCS-2, it is the short one, if there is."""
        said = self._filled(self.texts[text_id], values)
        short = self.short_texts.get(text_id)
        return self._filled(short, values) if short is not None and self._is_long(said) else said

    def _filled(self, said: Any, values: Mapping[str, object]) -> str:
        form = said if isinstance(said, str) else said[_plural(said, int(str(values["n"])))]
        return self.filled(form, values)

    def filled(self, form: str, values: Mapping[str, object]) -> str:
        """A form of a text with these values."""
        shown = {name: _short(name, value) for name, value in values.items()}
        filled = form.format_map(shown)
        if self._needs_marks(filled):
            kept = {
                name: value if name in _VERBATIM else with_marks(value)
                for name, value in shown.items()
            }
            return with_marks(form).format_map(kept)
        return filled

    def laid_out(self, text: str) -> str:
        """A text that was put together, of nothing that somebody has written, as it is sent."""
        return with_marks(text) if self._needs_marks(text) else text

    def _needs_marks(self, text: str) -> bool:
        return self.is_right_to_left and coded(text).coding is Coding.UCS2

    def _is_long(self, text: str) -> bool:
        coding = coded(text, within_latin_1=self.within_latin_1).coding
        return coding is Coding.UCS2 and self._how_many(text) > 1

    def _how_many(self, text: str) -> int:
        return how_many(text, within_latin_1=self.within_latin_1)

    def word(self, word: str) -> str:
        """A word of the model in this language, the same where there is none."""
        return self.words.get(word, word)

    def usage(self, command: Command, word: str = "") -> str:
        """How a command is written, by one of its words."""
        items = (self._shown(item) for item in command.pattern.items)
        return " ".join((word or command.name, *items))

    def _shown(self, item: Item) -> str:
        words = []
        for alternatives in item.words:
            names = (
                each.kind if each.is_literal else self.arguments[each.kind.rstrip("!")]
                for each in alternatives
            )
            words.append("/".join(names))
        shown = " ".join(words)
        return f"({shown})" if item.is_optional else shown

    def help(self, topic: str, vocabulary: Vocabulary) -> str:
        """What there is to say on a topic, or the word of a command; else on all."""
        folded = topic.casefold()
        if folded in self.help_texts:
            return self._help_on(folded)
        keyword = vocabulary.keywords.get(folded)
        if keyword is None:
            return self._help_on("")
        if keyword.command.id in self.help_texts:
            return self._help_on(keyword.command.id)
        return self.about(keyword.command)

    def _help_on(self, topic: str) -> str:
        said = self.laid_out(self.help_texts[topic])
        short = self.short_help_texts.get(topic)
        return self.laid_out(short) if short is not None and self._is_long(said) else said

    def about(self, command: Command) -> str:
        """How a command is written, what it does, and an example; as much of that as one SMS
        holds."""
        shorter = [self.laid_out(replaced(each, self._instead)) for each in self._about(command)]
        return next((each for each in shorter if self._how_many(each) == 1), shorter[-1])

    def _about(self, command: Command) -> Iterator[str]:
        usage, purpose = self.usage(command), self.purposes[command.id]
        said = self.say("usage", usage=f"{usage} = {purpose}")
        if usage != command.example:
            yield f"{said} {command.example}"
        yield said
        yield f"{usage} = {purpose}"
        yield usage

    def purpose(self, command: Command) -> str:
        """What a command does, in a few words."""
        return self.purposes[command.id]

    @cached_property
    def placeholders(self) -> dict[str, frozenset[str]]:
        """What each text has places for."""
        return {text_id: places_in(self.code, said) for text_id, said in self.texts.items()}

    def vocabulary(self, opt_out: Iterable[str] = ()) -> Vocabulary:
        """The words of commands in this language; those of the table always count."""
        try:
            return Vocabulary.of(self.keywords, opt_out)
        except ValueError as error:
            raise CatalogueError(f"{self.code}: {error}") from None


def forms_of(said: Any) -> tuple[str, ...]:
    """The forms of a text: one, or one for each number."""
    return (said,) if isinstance(said, str) else tuple(said.values())


def places_in(code: str, said: Any) -> frozenset[str]:
    """What a text has places for, in any of its forms. CatalogueError for what is no text."""
    try:
        return frozenset(
            name
            for form in forms_of(said)
            for _, name, _, _ in string.Formatter().parse(form)
            if name
        )
    except ValueError as error:
        raise CatalogueError(f"{code}: {error}: {said}") from None


def _plural(said: Mapping[str, str], n: int) -> str:
    exact = {0: "zero", 1: "one"}.get(n, "other")
    return exact if exact in said else "other"


def _short(name: str, value: object) -> str:
    text = str(value)
    if name in NAMES and name not in LISTED and len(text) > LONGEST_NAME and name != "address":
        return text[:LONGEST_NAME]
    return text
