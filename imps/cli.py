"""The ``imps`` command, for operators and newcomers."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from imps.commands.partners import add_partner_commands
from imps.commands.status import add_status_command
from imps.commands.trace import add_trace_command
from imps.commands.upgrade import add_upgrade_command
from imps.commands.users import add_user_commands
from imps.version import program_version

Commands = Any  # what argparse's add_subparsers returns, a private class


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says; exits non-zero, after one line on stderr, if that fails."""
    parser = argparse.ArgumentParser(prog="imps", description="Operate an IMPS server.")
    parser.add_argument("--version", action="version", version=f"imps {program_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in COMMANDS:
        add(commands)
    options = parser.parse_args(arguments)
    options.run(options)


def _add_chat_command(commands: Commands) -> None:
    chat = commands.add_parser("chat", help="chat in this terminal")
    chat.add_argument("address", metavar="ADDRESS", help="who you are: ann, or wv:ann@example.org")
    chat.add_argument("--to", metavar="ADDRESS", help="whom to talk to first")
    chat.add_argument("--server", metavar="URL", default="http://127.0.0.1:8080/")
    chat.add_argument("--csp", choices=("1.1", "1.2", "1.3"), default="1.2", help="CSP version")
    chat.add_argument("--encoding", choices=("wbxml", "xml"), default="wbxml")
    chat.add_argument(
        "--password-stdin", action="store_true", help="the first line of input is the password"
    )
    chat.set_defaults(run=_chat)


def _chat(options: argparse.Namespace) -> None:
    # It brings in much that the other commands do without.
    from imps.chat.conversation import chat

    chat(options)


COMMANDS: tuple[Callable[[Commands], None], ...] = (
    add_user_commands,
    add_partner_commands,
    add_status_command,
    add_trace_command,
    add_upgrade_command,
    _add_chat_command,
)
"""Each adds its command to the parser, with a ``run(options)`` among its defaults."""

if __name__ == "__main__":
    main()
