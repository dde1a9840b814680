"""Runs scripts and commands on Redis or Valkey.

There is one connection: the server runs one command at a time, so a second one costs time and
the order of commands, and gains nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import sha1
from importlib.resources import files
from time import perf_counter
from typing import Any

from attrs import define, field, frozen

from imps.metrics import Metrics
from imps.store.connection import Argument, Connection, Link, Lost, Refused
from imps.store.errors import StoreError, StoreFull, StoreUnavailable
from imps.store.servers import server_at

# Errors that say the server cannot serve now, rather than that we asked for something wrong.
_PASSING = ("BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "TRYAGAIN")


def _is_deposed(error: Exception) -> bool:
    """Whether a server says that it is not the master, or may not be for long."""
    return any(word in str(error) for word in ("NOREPLICAS", "READONLY"))


def _meaning(error: Exception) -> StoreError:
    text = str(error)
    # Redis 6 wraps the error of a command inside a script in one of its own.
    if "OOM command not allowed" in text:
        return StoreFull("the store is out of memory")
    if text.startswith(_PASSING) or _is_deposed(error):
        return StoreUnavailable(f"the store cannot serve: {text}")
    return StoreError(f"the store refused: {text}")


_INCLUDE = re.compile(rb"^( *)-- include (\w+)$", re.MULTILINE)


def _file(name: str) -> bytes:
    return files("imps.store").joinpath("scripts", name).read_bytes()


def _with_included(text: bytes, known: set[bytes]) -> bytes:
    """A script with what it shares with others, which stands in files of its own that it names;
    each once, but what is named in a block, by a line that does not stand at the margin, is known
    there alone, and made when that is run."""

    def included(line: re.Match[bytes]) -> bytes:
        inside, name = known.copy() if line[1] else known, line[2]
        if name in inside:
            return b""
        inside.add(name)
        return _with_included(_file(f"shared/{name.decode()}.lua"), inside)

    return _INCLUDE.sub(included, text)


class _UnknownScript(Exception):
    """The server has not seen a script before, or has forgotten it."""


@frozen
class _Script:
    text: bytes
    digest: str


@define(eq=False)
class StoreClient:
    """Runs scripts and commands on the store, and reconnects by itself.

    Every call ends within the timeout: with its reply, which is bytes, int, None or a list of
    these, or with a StoreError.
    """

    link: Link
    _metrics: Metrics = field(factory=Metrics)
    _scripts: dict[str, _Script] = field(factory=dict, init=False)

    async def close(self) -> None:
        """Disconnect; calls that still wait fail."""
        await self.link.close()

    async def run(self, script: str, keys: Sequence[str], *arguments: Argument) -> Any:
        """Run ``scripts/<script>.lua`` as one atomic step.

        All keys are of one bucket; a script that builds its own gets the bucket's prefix as key.
        """
        known = self._scripts.get(script) or self._read(script)
        rest = (len(keys), *keys, *arguments)
        began_at, deadline = perf_counter(), self.link.deadline
        try:
            try:
                return await self._send(deadline, "EVALSHA", known.digest, *rest)
            except _UnknownScript:
                return await self._send(deadline, "EVAL", known.text, *rest)
        finally:
            self._metrics.store_called(script, perf_counter() - began_at)

    async def execute(self, command: str, *arguments: Argument) -> Any:
        """Run one command of the server."""
        began_at = perf_counter()
        try:
            return await self._send(self.link.deadline, command, *arguments)
        finally:
            self._metrics.store_called("command", perf_counter() - began_at)

    def at_end_of_turn(self, call: Callable[[], object]) -> None:
        """Call this when what is ready in this turn of the reactor has been served."""
        self.link.reactor.callLater(0, call)

    async def facts(self, section: str) -> dict[str, str]:
        """What the server says about itself, by name."""
        said: bytes = await self.execute("INFO", section)
        lines = said.decode(errors="replace").splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    async def ready(self, timeout_seconds: float) -> None:
        """Wait until the store serves; StoreUnavailable when that takes longer than this."""
        await self.link.connected(timeout_seconds)

    async def _send(self, deadline: float, *command: Argument) -> Any:
        try:
            connection = self.link.connection or await self.link.connected()
            try:
                return await connection.send(deadline, *command)
            except Refused as error:
                raise self._refusal(connection, error) from None
            except Lost:
                raise self.link.unavailable from None
        except StoreError as error:
            self._metrics.store_failed(type(error).__name__)
            raise

    def _refusal(self, connection: Connection, error: Exception) -> Exception:
        if str(error).startswith("NOSCRIPT"):
            return _UnknownScript()
        if _is_deposed(error):
            # There may be another master: whoever connects anew finds it.
            connection.transport.abortConnection()
        return _meaning(error)

    def _read(self, script: str) -> _Script:
        text = _with_included(_file(f"{script}.lua"), set())
        # The server names scripts by this digest; nothing here is secret.
        read = _Script(text, sha1(text, usedforsecurity=False).hexdigest())
        return self._scripts.setdefault(script, read)


def connect(
    reactor: Any,
    url: str,
    timeout_seconds: float,
    ca_file: str = "",
    metrics: Metrics | None = None,
) -> StoreClient:
    """A client of the server a URL names, connecting from now on; StoreError for a bad URL."""
    server = server_at(reactor, url, timeout_seconds, ca_file)
    client = StoreClient(Link(reactor, server, timeout_seconds), metrics or Metrics())
    client.link.start()
    return client
