"""``imps user import``: accounts from a file, some at a time."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from time import monotonic
from typing import Any, TextIO

from attrs import define, field
from twisted.internet.defer import Deferred, DeferredList

from imps.commands.opening import on_directory
from imps.commands.user_file import (
    BadRow,
    Row,
    UserFile,
    UserFileError,
    open_user_file,
)
from imps.elements.directory import Directory, UserExists
from imps.model.address import Address
from imps.model.status import Refusal

CHUNK = 200
BAR_SECONDS = 0.1
BAR_WIDTH = 40


class Outcome(Enum):
    """What became of a row."""

    ADDED = "added"
    UPDATED = "updated"
    SKIPPED = "skipped"
    REFUSED = "refused"


@define(eq=False)
class Import:
    """The import of rows, which tells what is wrong with which line; existing accounts are skipped.

    If it ``updates``, they are changed instead where a row says something.
    """

    _directory: Directory
    _updates: bool
    _complain: Callable[[int, str], None]
    counts: Counter[Outcome] = field(factory=Counter, init=False)

    async def run(self, rows: Iterable[Row | BadRow]) -> None:
        """Import all rows, in order where they are about the same user."""
        for chunk in self._chunks(rows):
            results: list[tuple[bool, Any]] = await DeferredList(
                [Deferred.fromCoroutine(self._import(row)) for row in chunk], consumeErrors=True
            )
            for row, (done, result) in zip(chunk, results, strict=True):
                if not done:
                    result.raiseException()
                outcome, reason = result
                self.counts[outcome] += 1
                if outcome is Outcome.REFUSED:
                    self._complain(row.line, reason)

    def _chunks(self, rows: Iterable[Row | BadRow]) -> Iterator[list[Row | BadRow]]:
        """Rows that can be imported at once, as no two are about the same user."""
        chunk: list[Row | BadRow] = []
        users: set[Address] = set()
        for row in rows:
            user = self._user(row) if isinstance(row, Row) else None
            if len(chunk) == CHUNK or user in users:
                yield chunk
                chunk, users = [], set()
            chunk.append(row)
            if user is not None:
                users.add(user)
        yield chunk

    def _user(self, row: Row) -> Address:
        return self._directory.at_home(Address.parse(row.cells.get("address", "")))

    async def _import(self, row: Row | BadRow) -> tuple[Outcome, str]:
        if isinstance(row, BadRow):
            return Outcome.REFUSED, row.reason
        try:
            return await self._import_user(self._user(row), _said(row.cells)), ""
        except Refusal as refusal:
            return Outcome.REFUSED, refusal.description

    async def _import_user(self, user: Address, said: dict[str, Any]) -> Outcome:
        if self._updates and await self._directory.find(user) is not None:
            await self._directory.change(user, **said)
            return Outcome.UPDATED
        try:
            await self._directory.add(user, said.pop("password", ""), **said)
        except UserExists:
            return Outcome.SKIPPED
        return Outcome.ADDED


def _said(cells: dict[str, str]) -> dict[str, Any]:
    """What a row says of its user, in the words of the directory."""
    said: dict[str, Any] = {name: cells[name] for name in cells if name != "address"}
    if "service" in said:
        said["services"] = frozenset(said.pop("service").split())
    return said


@define(eq=False)
class Progress:
    """A bar on a terminal that shows how much of a file has been read; elsewhere nothing."""

    _terminal: TextIO
    _file: TextIO
    _shown_at: float = field(factory=monotonic, init=False)

    def along(self, rows: Iterable[Row | BadRow]) -> Iterator[Row | BadRow]:
        """The same rows, while the bar moves."""
        for number, row in enumerate(rows):
            yield row
            if self._terminal.isatty() and monotonic() - self._shown_at >= BAR_SECONDS:
                self._shown_at = monotonic()
                print(f"\r{self._bar}{number + 1:,} rows", end="", file=self._terminal, flush=True)

    def clear(self) -> None:
        """Make place for something else."""
        if self._terminal.isatty():
            print("\r\033[K", end="", file=self._terminal, flush=True)

    @property
    def _bar(self) -> str:
        size = os.fstat(self._file.fileno()).st_size
        # A pipe has no size.
        if not size:
            return ""
        share = self._file.buffer.tell() / size
        return f"[{'#' * int(share * BAR_WIDTH):{BAR_WIDTH}}] {share:4.0%}  "


def import_users(options: argparse.Namespace) -> None:
    """Import the file of users that the options name, and exit; non-zero if a row was refused."""
    try:
        file = open_user_file(options.file)
        users = UserFile.read(file)
    except OSError as error:
        raise SystemExit(f"imps: cannot read {options.file}: {error.strerror}") from None
    except UserFileError as error:
        raise SystemExit(f"imps: {options.file}: {error}") from None
    if "password" not in users.columns and not options.update:
        raise SystemExit(f"imps: {options.file}: there is no column password")
    progress = Progress(sys.stderr, file)

    def complain(line: int, reason: str) -> None:
        progress.clear()
        print(f"imps: {options.file}, line {line}: {reason}", file=sys.stderr)

    async def work(directory: Directory) -> None:
        importing = Import(directory, options.update, complain)
        try:
            await importing.run(progress.along(users))
        finally:
            progress.clear()
            counts = importing.counts
            done = (f"{counts[each]} {each.value}" for each in Outcome if counts[each])
            print(", ".join(done) or "0 added")
        if refused := counts[Outcome.REFUSED]:
            raise SystemExit(f"imps: {refused} of {counts.total()} rows were refused")

    on_directory(options, work, makes_store=True)
