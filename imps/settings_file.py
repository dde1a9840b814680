"""How settings are read: from TOML, strictly, with complaints that name what is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from attrs import has
from cattrs import ClassValidationError, Converter, ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn

T = TypeVar("T")


class SettingsError(Exception):
    """A setting is unknown or has no usable value; the text names it, in one line."""


def merged(written: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """What is written, but for what is overridden; of a table those keys that are named."""
    said = dict(written)
    for key, value in overrides.items():
        before = said.get(key, {})
        both_are_tables = isinstance(before, Mapping) and isinstance(value, Mapping)
        said[key] = {**before, **value} if both_are_tables else value
    return said


def parsed(file: Path) -> dict[str, Any]:
    """What a TOML file says. Raises SettingsError."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"{file}: {error}") from None


def _complaints(error: BaseException, path: str) -> Iterator[str]:
    """Each thing that is wrong, beginning with the dotted name of its key."""
    if isinstance(error, ClassValidationError):
        of_fields, others = error.group_exceptions()
        for complaint, note in of_fields:
            inner = "." if isinstance(complaint, ClassValidationError) else ": "
            yield from _complaints(complaint, f"{path}{note.name}{inner}")
        for complaint in others:
            yield from _complaints(complaint, path)
    elif isinstance(error, ForbiddenExtraKeysError):
        for name in sorted(error.extra_fields):
            yield f"{path}{name}: there is no such setting"
    else:
        yield f"{path}{error}"


def _exactly(kind: type, name: str) -> Callable[[object, object], object]:
    def structure(value: object, _: object) -> object:
        # bool is an int to Python, and not to an operator.
        if type(value) is int and kind is float:
            return float(value)
        if type(value) is not kind:
            raise ValueError(f"must be {name}")
        return value

    return structure


def _strings(value: object, _: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of strings")
    return tuple(value)


def _table(kind: type, converter: Converter) -> Callable[[object, object], object]:
    build: Callable[[Any, Any], object] = make_dict_structure_fn(kind, converter)

    def structure(value: object, _: object) -> object:
        if not isinstance(value, Mapping):
            raise ValueError("must be a table")
        return build(value, kind)

    return structure


def tables_of_kinds(
    converter: Converter, kinds: Mapping[str, type]
) -> Callable[[object, object], object]:
    """Tables each of which says by its kind what it is."""

    def structure(value: object, _: object) -> object:
        if not isinstance(value, list | tuple):
            raise ValueError("must be tables")
        return tuple(map(structure_one, value))

    def structure_one(table: object) -> object:
        kind = table.get("kind") if isinstance(table, Mapping) else None
        if not isinstance(kind, str) or kind not in kinds:
            raise ValueError(f"kind: must be one of {', '.join(kinds)}")
        return converter.structure(table, kinds[kind])

    return structure


def strict_converter() -> Converter:
    """What makes tables into classes: no key that there is not, and no value of another kind."""
    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(bool, _exactly(bool, "true or false"))
    converter.register_structure_hook(int, _exactly(int, "a whole number"))
    converter.register_structure_hook(float, _exactly(float, "a number"))
    converter.register_structure_hook(str, _exactly(str, "a string"))
    converter.register_structure_hook_factory(has, lambda kind: _table(kind, converter))
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _strings)
    return converter


def structured(converter: Converter, said: Mapping[str, Any], kind: type[T]) -> T:
    """What is said, as a class. Raises SettingsError, naming the first key that is wrong."""
    try:
        return converter.structure(said, kind)
    except ClassValidationError as error:
        raise SettingsError(next(_complaints(error, ""))) from None
