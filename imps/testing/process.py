"""Programs in processes of their own, watched by what they say, and gone when their test ends."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet import reactor as the_reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

import imps

# The installed Twisted types the reactor as a module.
reactor: Any = the_reactor

PATIENCE_SECONDS = 30
LOOK_SECONDS = 0.02


def is_alive(process_id: int) -> bool:
    """Whether a process runs; one that is dead and not yet waited for does not."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def until(
    holds: Any,
    complaint: Callable[[], str] = lambda: "",
    seconds: float = PATIENCE_SECONDS,
) -> Any:
    """Wait until something holds, which may have to be awaited, and fail if it does not in this
    time; what it says."""
    give_up_at = reactor.seconds() + seconds
    while True:
        found = holds()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        if reactor.seconds() > give_up_at:
            raise AssertionError(f"not in {seconds} seconds: {complaint()}")
        await deferLater(reactor, LOOK_SECONDS)


def environment() -> dict[str, str]:
    """Ours, with the imps that is tested in front of any other."""
    home = str(Path(imps.__file__).parent.parent)
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{home}{os.pathsep}{path}" if path else home}


def installed(command: str) -> str:
    """A command that stands beside the Python that runs the tests."""
    return str(Path(sys.executable).with_name(command))


def _message(line: str) -> str:
    """The message of a line of a log in JSON; other lines as they are."""
    try:
        return str(json.loads(line)["message"])
    except (ValueError, TypeError, KeyError):
        return line


class Program(ProcessProtocol):
    """A program that runs; what it writes is in ``output``."""

    transport: IProcessTransport | None

    def __init__(self) -> None:
        self.output = ""
        self.status: int | None = None
        self._read_up_to = 0
        self._waiting: list[Deferred[None]] = []

    @classmethod
    def start(
        cls,
        test: TestCase,
        arguments: Sequence[str],
        *,
        directory: Path | None = None,
        variables: Mapping[str, str] | None = None,
        terminal: bool = False,
    ) -> Program:
        """Start a program for a test, in a terminal of its own where it needs one."""
        program = cls()
        reactor.spawnProcess(
            program,
            arguments[0],
            list(arguments),
            env={**environment(), **(variables or {})},
            path=None if directory is None else str(directory),
            usePTY=terminal,
        )
        test.addCleanup(lambda: Deferred.fromCoroutine(program.kill()))
        return program

    @property
    def process_id(self) -> int:
        """Its id, while it runs."""
        assert self.transport is not None
        process_id: int = self.transport.pid
        return process_id

    async def says(self, pattern: str) -> re.Match[str]:
        """Wait until it writes something new that matches."""
        while not (found := re.compile(pattern).search(self.output, self._read_up_to)):
            if self.status is not None:
                raise AssertionError(f"ended without saying {pattern!r}: {self.output}")
            await self._moves(f"did not say {pattern!r}")
        self._read_up_to = found.end()
        return found

    def said(self, pattern: str) -> str:
        """What it has written already where this pattern has its group."""
        found = re.search(pattern, self.logged)
        assert found is not None, self.output
        return found[1]

    @property
    def logged(self) -> str:
        """The messages of its log, a line each, and what else it has written."""
        return "\n".join(map(_message, self.output.splitlines()))

    async def ends(self) -> int:
        """Wait for its end: its exit status, or minus the signal that killed it."""
        while self.status is None:
            await self._moves("did not end")
        return self.status

    def type(self, text: str) -> None:
        """Write to it, as on its terminal."""
        assert self.transport is not None
        self.transport.write(text.encode())

    def signal(self, number: int) -> None:
        """Send it, and it alone, a signal."""
        assert self.transport is not None
        with suppress(ProcessExitedAlready):
            self.transport.signalProcess(number)

    async def kill(self) -> None:
        """Kill it, if it still runs (kill -9)."""
        if self.status is None:
            self.signal(signal.SIGKILL)
            await self.ends()

    def outReceived(self, data: bytes) -> None:
        self.output += data.decode(errors="replace")
        self._wake()

    errReceived = outReceived

    def processEnded(self, reason: Failure) -> None:
        ended: Any = reason.value
        self.status = ended.exitCode if ended.signal is None else -ended.signal
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)

    async def _moves(self, complaint: str) -> None:
        moved: Deferred[None] = Deferred()
        self._waiting.append(moved)

        def give_up(_: object, seconds: float) -> None:
            self._waiting.remove(moved)
            raise AssertionError(f"{complaint} in {seconds:.0f} seconds: {self.output}")

        await moved.addTimeout(PATIENCE_SECONDS, reactor, onTimeoutCancel=give_up)
