"""The terminal of ``imps chat``: what is shown on it, and what is written there."""

from __future__ import annotations

import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import define, evolve

from imps.model.address import SCHEME, Address


@contextmanager
def terminal_as_it_was() -> Iterator[None]:
    """Give the terminal back: a read that is abandoned leaves it without an echo."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def printable(text: str) -> str:
    """A text from somebody else, without what could meddle with the terminal."""
    return "".join(each if each.isprintable() or each in "\n\t" else "�" for each in text)


def on_one_line(text: str) -> str:
    """A text from somebody else, where it must not look like lines of ours."""
    return printable(" ".join(text.split()))


def name_of(address: Address, home: str) -> str:
    """An address as people write it: without the scheme, and without the domain they share."""
    shares_domain = home.casefold() in ("", address.domain.casefold())
    shown = evolve(address, domain="") if shares_domain else address
    return on_one_line(str(shown)).removeprefix(SCHEME)


@define(eq=False)
class Screen:
    """The terminal: lines scroll by above the one that is being written."""

    is_terminal: bool
    prompt: str = ""

    def show(self, line: str) -> None:
        """Show a line, and below it again what the user is writing."""
        if not self.is_terminal:
            print(line, flush=True)
            return
        import readline

        written = readline.get_line_buffer()
        print(f"\r\x1b[K{line}\n{self.prompt}{written}", end="", flush=True)

    def read(self, received: Callable[[str | None], object]) -> None:
        """Hand in each line that the user writes, and None in the end; from a thread of its own."""
        if self.is_terminal:
            import readline  # noqa: F401  # gives input() its editing and history

        while True:
            try:
                line = input(self.prompt if self.is_terminal else "")
            except (EOFError, KeyboardInterrupt):
                received(None)
                return
            received(line)
