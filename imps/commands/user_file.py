"""Files of users to import: CSV in UTF-8, its first line naming the columns."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import Any

from attrs import field, frozen

COLUMNS = ("address", "password", "msisdn", "service", "first_name", "last_name", "email", "alias")


class UserFileError(Exception):
    """The columns cannot be used; the text says why, in one line."""


def open_user_file(path: str) -> TextIOWrapper:
    """Open a file so that a line that is not UTF-8 does no harm to the others."""
    return open(path, encoding="utf-8-sig", errors="surrogateescape", newline="")


@frozen
class Row:
    """What a line says: the columns in which it says anything."""

    line: int
    cells: dict[str, str] = field(repr=False)


@frozen
class BadRow:
    """A line that cannot be read, and why."""

    line: int
    reason: str


@frozen
class UserFile:
    """The rows of a file, read one by one."""

    columns: tuple[str, ...]
    _reader: Any

    @classmethod
    def read(cls, lines: Iterable[str]) -> UserFile:
        """Read the names of the columns; UserFileError when they cannot be used."""
        reader = csv.reader(lines, strict=True)
        try:
            columns = tuple(name.strip().casefold() for name in next(reader, ()))
        except csv.Error as error:
            raise UserFileError(str(error)) from None
        for name in columns:
            if name not in COLUMNS:
                raise UserFileError(f"there is no column {name!r}; those are {', '.join(COLUMNS)}")
            if columns.count(name) > 1:
                raise UserFileError(f"there are two columns {name}")
        if "address" not in columns:
            raise UserFileError("the first line has to name the columns, address among them")
        return cls(columns, reader)

    def __iter__(self) -> Iterator[Row | BadRow]:
        while True:
            line = self._reader.line_num + 1
            try:
                values = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BadRow(line, str(error))
            else:
                if values:
                    yield self._row(line, values)

    def _row(self, line: int, values: list[str]) -> Row | BadRow:
        if len(values) != len(self.columns):
            return BadRow(line, f"it has {len(values)} columns, not {len(self.columns)}")
        try:
            "".join(values).encode()
        except UnicodeEncodeError:
            return BadRow(line, "it is not UTF-8 text")
        cells = dict(zip(self.columns, values, strict=True))
        # Blanks around a password may belong to it.
        cells = {name: cells[name] if name == "password" else cells[name].strip() for name in cells}
        return Row(line, {name: value for name, value in cells.items() if value})
