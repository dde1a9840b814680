"""Whether a catalogue says all that there is to say, in as many SMS as it may take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imps.clp.catalogue import (
    LISTED,
    LONGEST_NAME,
    Catalogue,
    CatalogueError,
    forms_of,
    places_in,
)
from imps.clp.commands import COMMANDS, Command
from imps.clp.patterns import KINDS
from imps.clp.vocabulary import TOPICS, Vocabulary
from imps.model.short_message import how_many

_OF_ANY_LENGTH = frozenset(("body", "friends", "list", "numbers", "presence", "text", "usage"))
"""Places for what is cut, or goes on in further messages, elsewhere."""
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


def check(catalogue: Catalogue, model: Catalogue) -> None:
    """See that it says all that the model does, each in one SMS where that can be: in the alphabet
    of GSM, or in UCS-2 by its short variant. CatalogueError for one that does not."""
    for mine, theirs, what in (
        (catalogue.texts, model.texts, "text"),
        (catalogue.words, model.words, "word"),
        (catalogue.help_texts, model.help_texts, "help"),
        (catalogue.purposes, model.purposes, "command"),
        (catalogue.arguments, model.arguments, "argument"),
    ):
        _check_keys(catalogue, mine, theirs, what)
    _check_against_the_table(catalogue)
    _check_texts(catalogue, model)
    _check_help(catalogue)
    vocabulary = catalogue.vocabulary()
    for command in COMMANDS.values():
        _check_usage(catalogue, command, vocabulary)


def _check_keys(
    catalogue: Catalogue, mine: Mapping[str, Any], theirs: Mapping[str, Any], what: str
) -> None:
    if mine.keys() != theirs.keys():
        difference = ", ".join(sorted(mine.keys() ^ theirs.keys()))
        raise CatalogueError(f"{catalogue.code}: not every {what} is there: {difference}")


def _check_against_the_table(catalogue: Catalogue) -> None:
    for mine, needed, complaint in (
        (catalogue.purposes, COMMANDS.keys(), "the commands are others"),
        (catalogue.arguments, {each.rstrip("!") for each in KINDS}, "the arguments are others"),
        (catalogue.help_texts, {"", "send", *TOPICS}, "the topics of help are others"),
    ):
        if mine.keys() != needed:
            raise CatalogueError(f"{catalogue.code}: {complaint}")
    for short, full in (
        (catalogue.short_texts, catalogue.texts),
        (catalogue.short_help_texts, catalogue.help_texts),
    ):
        if not short.keys() <= full.keys():
            unknown = ", ".join(sorted(short.keys() - full.keys()))
            raise CatalogueError(f"{catalogue.code}: short variants of nothing: {unknown}")


def _check_texts(catalogue: Catalogue, model: Catalogue) -> None:
    for text_id, said in catalogue.texts.items():
        places = catalogue.placeholders[text_id]
        if places != model.placeholders[text_id]:
            raise CatalogueError(f"{catalogue.code}: {text_id} has other places: {sorted(places)}")
        short = catalogue.short_texts.get(text_id)
        if short is not None and not places_in(catalogue.code, short) <= places:
            raise CatalogueError(f"{catalogue.code}: {text_id} has other places when it is short")
        for form in forms_of(said if short is None else short):
            _check_length(catalogue, text_id, catalogue.filled(form, _longest(places)))


def _check_help(catalogue: Catalogue) -> None:
    for topic, said in catalogue.help_texts.items():
        shown = catalogue.laid_out(catalogue.short_help_texts.get(topic, said))
        _check_length(catalogue, f"help {topic}", shown)


def _check_usage(catalogue: Catalogue, command: Command, vocabulary: Vocabulary) -> None:
    """See that what a command is said to be is read as that."""
    _check_length(catalogue, f"help {command.name}", catalogue.about(command))
    word, _, rest = command.example.partition(" ")
    keyword = vocabulary.keywords.get(word.casefold())
    if keyword is None or keyword.command is not command or command.pattern.match(rest, 0) is None:
        raise CatalogueError(f"{catalogue.code}: {command.example!r} is not {command.name}")
    for kind, name in catalogue.arguments.items():
        if not name or set(name) & set(" ()/"):
            raise CatalogueError(f"{catalogue.code}: {name!r} is no word for an argument: {kind}")


def _longest(places: frozenset[str]) -> dict[str, str]:
    """The longest that may stand in the places of a text; what is of any length left empty."""
    return {
        name: ""
        if name in _OF_ANY_LENGTH or name in LISTED
        else _EXAMPLES.get(name, "n" * LONGEST_NAME)
        for name in places
    }


def _check_length(catalogue: Catalogue, where: str, text: str) -> None:
    if how_many(text) > 1:
        raise CatalogueError(f"{catalogue.code}: {where} is longer than one SMS: {text}")
