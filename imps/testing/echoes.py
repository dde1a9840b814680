"""Services that echo texts (``imps.testing.echo``), in processes of their own on one store."""

from __future__ import annotations

import sys
from pathlib import Path

from attrs import define, field
from twisted.trial.unittest import TestCase

from imps.config import Settings
from imps.store.opening import open_store
from imps.testing.process import PATIENCE_SECONDS, Program, reactor, until
from imps.testing.service import end_leases_in
from imps.testing.store import empty_store, private_directory, private_server

AFTER_A_KILL_SECONDS = 100
"""What a killed process had in hand is left to it for half a minute; and so is what that causes."""


@define(eq=False)
class Echoes:
    """Processes of a test with these settings of ``[sms]``."""

    test: TestCase
    sms: str
    processes: int = 1
    _settings: Path = field(init=False)
    _programs: list[Program] = field(factory=list, init=False)

    async def start(self) -> None:
        """Start them on an empty store."""
        directory = private_directory(self.test)
        self._settings = directory / "imps.toml"
        redis = f"unix://{private_server()[0]}/store.sock"
        self._settings.write_text(f'data = "{directory}"\nredis = "{redis}"\n[sms]\n{self.sms}')
        await empty_store(reactor, Settings.read(self._settings))
        await self.start_again()

    async def start_again(self) -> None:
        """Start them on what is in the store."""
        for _ in range(self.processes):
            command = [sys.executable, "-m", "imps.testing.echo", str(self._settings)]
            self._programs.append(Program.start(self.test, command))
            await self._programs[-1].says("ready")

    async def kill(self) -> None:
        """Kill them all (kill -9)."""
        for program in self._programs:
            await program.kill()
        # What they have caused is done at once by whoever comes; not so what was being submitted.
        settings = Settings.read(self._settings)
        store = await open_store(settings, reactor, for_service=False)
        await end_leases_in(store)
        await store.close()

    @property
    def said(self) -> list[str]:
        """What they have said, line by line."""
        return "".join(each.output for each in self._programs).splitlines()

    async def say(self, *lines: str, seconds: float = PATIENCE_SECONDS) -> None:
        """See that they say this, each within this time."""

        def lacking() -> str:
            return ", ".join(line for line in lines if line not in self.said)

        await until(lambda: not lacking(), lambda: f"not said: {lacking()}", seconds)
