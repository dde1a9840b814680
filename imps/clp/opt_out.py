"""Words by which an operator lets phones opt out, and what the catalogues say in place of them.

Such a word stops all texts, whatever else it means. So no text may name it as that of a command: it
names the next word of that command (``DONE`` where ``END`` opts out).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from imps.clp.commands import COMMANDS, OPT_OUT, Command

_SAID = ("texts", "help", "short")


def words_instead(keywords: Mapping[str, str], opt_out: Iterable[str]) -> dict[str, str]:
    """For each word of a command, as of a language's ``keywords``, that opts out: the word that is
    named instead. ValueError where a command has no other."""
    taken = {each.casefold() for each in opt_out}
    return {
        word.upper(): _other(command, keywords, taken)
        for command in COMMANDS.values()
        if command is not OPT_OUT
        for word in _words(command, keywords)
        if word.casefold() in taken
    }


def _words(command: Command, keywords: Mapping[str, str]) -> Iterator[str]:
    yield from (word for word, command_id in keywords.items() if command_id == command.id)
    yield from (*command.words, *command.short)


def _other(command: Command, keywords: Mapping[str, str], taken: set[str]) -> str:
    for word in _words(command, keywords):
        if word.casefold() not in taken:
            return word
    raise ValueError(f"if {', '.join(command.words)} opt out, there is no word for that command")


def replaced(text: str, instead: Mapping[str, str]) -> str:
    """A text that names these words instead of those. What follows another word in capital letters
    is no command, but an argument of one."""
    for word, other in instead.items():
        text = re.sub(rf"(?<!\w)(?<![^\W\d_a-z] ){re.escape(word)}(?!\w)", other, text)
    return text


def with_replaced(data: Mapping[str, Any], instead: Mapping[str, str]) -> dict[str, Any]:
    """The data of a catalogue, in which all that is said names these words instead of those."""

    def changed(said: Any) -> Any:
        if isinstance(said, str):
            return replaced(said, instead)
        return {name: changed(each) for name, each in said.items()}

    return {**data, **{kind: changed(data[kind]) for kind in _SAID if kind in data}}
