"""The ``imps`` command, run as its users run it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import imps
from imps.testing.store import StoreTestCase

ROOT = Path(imps.__file__).parent.parent
IMPS = (sys.executable, "-m", "imps.cli")

ANSWER_SECONDS = 20


def run(*arguments: str, password: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; a password is what it reads from standard input."""
    given = "" if password is None else f"{password}\n"
    return subprocess.run(
        [*IMPS, *arguments], cwd=ROOT, input=given, capture_output=True, text=True
    )


class CommandLineTestCase(StoreTestCase):
    """A test of commands, on an empty store; ``place`` are the options that name it."""

    place: tuple[str, ...]

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        await super().setUp()
        self.place = ("--redis", self.settings.redis, "--data", self.settings.data)

    def imps(self, *arguments: str, password: str | None = None) -> str:
        """What a command says when it succeeds."""
        done = run(*arguments, password=password)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def refused(self, *arguments: str, password: str | None = None) -> str:
        """The one line a command says when it fails."""
        done = run(*arguments, password=password)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr.strip()

    def typed(self, *arguments: str, answers: Sequence[tuple[str, str]] = ()) -> str:
        """What a command shows on a terminal, where each of its prompts is answered."""
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(ROOT)
            os.execv(sys.executable, [*IMPS, *arguments])
        seen = ""
        for prompt, answer in answers:
            while prompt not in seen:
                seen += self._read(terminal)
            os.write(terminal, f"{answer}\n".encode())
        while chunk := self._read(terminal):
            seen += chunk
        os.waitpid(process, 0)
        os.close(terminal)
        return seen

    def _read(self, terminal: int) -> str:
        ready, _, _ = select.select([terminal], [], [], ANSWER_SECONDS)
        self.assertTrue(ready)
        try:
            return os.read(terminal, 1000).decode()
        except OSError:  # how Linux says that the other side has closed
            return ""
