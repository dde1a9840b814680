"""Who may run the embedded store of a data directory: one process at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

from attrs import frozen
from twisted.internet.task import deferLater

from imps.store.errors import StoreError

WAIT_SECONDS = 10.0
RETRY_SECONDS = 0.05

_SERVICE, _COMMAND = "service", "command"


@frozen
class Ownership:
    """The right to start and stop the embedded store here; the kernel ends it with the process."""

    _descriptor: int

    @classmethod
    async def take(cls, data: Path, reactor: Any, for_service: bool) -> Ownership | None:
        """Own a data directory, made if need be; None for a command while a service owns it.

        A command holds it briefly, so it is waited for. StoreError for a second service.
        """
        role = _SERVICE if for_service else _COMMAND
        deadline = reactor.seconds() + WAIT_SECONDS
        while True:
            descriptor = _locked(data)
            if descriptor is not None:
                os.truncate(descriptor, 0)
                os.pwrite(descriptor, f"{role} {os.getpid()}\n".encode(), 0)
                return cls(descriptor)
            owner, _, process_id = (data / "lock").read_text().strip().partition(" ")
            if owner == _SERVICE and not for_service:
                return None
            if owner == _SERVICE:
                raise StoreError(
                    f"another service (process {process_id}) uses the data directory {data}; "
                    "to share it, give both the same redis"
                )
            if reactor.seconds() > deadline:
                raise StoreError(f"a command (process {process_id}) still holds {data}")
            await deferLater(reactor, RETRY_SECONDS)

    def release(self) -> None:
        """Let another process own the directory."""
        os.truncate(self._descriptor, 0)
        os.close(self._descriptor)


def _locked(data: Path) -> int | None:
    """The lock file, open and locked; None when another holds the lock."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"cannot use the data directory {data}: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
