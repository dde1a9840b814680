"""Bringing the embedded store's file to the disk, once a second.

The server could do that itself (``appendfsync everysec``). But while the disk is busy with that,
it puts off writing to the file for up to two seconds, and answers all the same: what it answered is
then lost if it is killed. Told not to, it writes at once, and kill -9 loses nothing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool

INTERVAL_SECONDS = 1.0


def sync(data: Path) -> None:
    """Bring the append-only file that is being written to the disk."""
    with suppress(OSError):
        files = [*data.glob("appendonlydir/*.aof"), *data.glob("appendonly.aof")]
        newest = max(files, key=lambda file: file.stat().st_mtime, default=None)
        if newest is not None:
            descriptor = os.open(newest, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


@define(eq=False)
class Syncing:
    """Syncs a data directory from ``start`` to ``stop``, in a thread, as a disk may take long."""

    _data: Path
    _reactor: Any
    _loop: LoopingCall = field(init=False)

    @_loop.default
    def _make_loop(self) -> LoopingCall:
        loop = LoopingCall(self._sync)
        loop.clock = self._reactor
        return loop

    def _sync(self) -> Deferred[None]:
        return deferToThreadPool(self._reactor, self._reactor.getThreadPool(), sync, self._data)

    def start(self) -> None:
        """Begin."""
        self._loop.start(INTERVAL_SECONDS, now=False)

    def stop(self) -> None:
        """Stop; a server that stops in good order syncs for the last time itself."""
        if self._loop.running:
            self._loop.stop()
