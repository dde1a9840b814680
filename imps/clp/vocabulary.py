"""The words of commands: those of the table, those of a language, and the operator's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from attrs import frozen

from imps.clp.commands import COMMANDS, OPT_OUT, Command

TOPICS = frozenset(("group", "friends", "presence", "block"))
"""What help there is besides that for each command."""


_EVERYDAY = frozenset(("me", "to", "on", "off", "yes", "no", "more", "get", "free", "end", "done"))


def is_topic(word: str) -> bool:
    """Whether there is help on this, in the words of the table, and nobody would say it after
    "help" to anybody."""
    folded_word = word.casefold()
    words = {each.casefold() for command in COMMANDS.values() for each in command.words}
    return folded_word in TOPICS or folded_word in words - _EVERYDAY


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


def nearest(word: str, vocabulary: Vocabulary) -> list[str]:
    """The words of commands that somebody may have meant; none that opts out without saying so."""
    served = [
        name
        for name, each in vocabulary.keywords.items()
        if each.is_full and (each.command is not OPT_OUT or name.upper() in OPT_OUT.words)
    ]
    return [each.upper() for each in get_close_matches(word[:40].casefold(), served, 2)]


def _add(keywords: dict[str, Keyword], word: str, keyword: Keyword) -> None:
    folded = word.casefold()
    before = keywords.setdefault(folded, keyword)
    if before.command is not keyword.command:
        raise ValueError(f"{word!r} is the word for {before.command.name} already")
