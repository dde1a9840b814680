"""The ``imps`` command, for operators and newcomers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable, Sequence
from getpass import getpass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from imps.config import Settings, SettingsError
from imps.model.account import Account
from imps.model.address import Address
from imps.model.status import Refusal

Commands = Any  # what argparse's add_subparsers returns, a private class


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says; exits non-zero, after one line on stderr, if that fails."""
    parser = argparse.ArgumentParser(prog="imps", description="Operate an IMPS server.")
    parser.add_argument("--version", action="version", version=f"imps {_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in COMMANDS:
        add(commands)
    options = parser.parse_args(arguments)
    options.run(options)


def _version() -> str:
    try:
        return version("imps")
    except PackageNotFoundError:
        return "(not installed)"


def add_store_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the store is."""
    parser.add_argument("--data", metavar="DIR", help="state directory of the service")
    parser.add_argument("--redis", metavar="URL", help="the store, unless it is the embedded one")
    parser.add_argument("--config", metavar="FILE", help="TOML settings of the service")


def on_store(options: argparse.Namespace, work: Callable[[Any, Any], Awaitable[None]]) -> None:
    """Open the store, do the work with it and the reactor, close it, and exit."""
    # Importing these installs a reactor, for which `imps --help` should not wait.
    from twisted.internet.defer import Deferred
    from twisted.internet.task import react

    from imps.store.errors import StoreError
    from imps.store.opening import open_store

    async def opened(reactor: Any) -> None:
        named = {key: getattr(options, key) for key in ("data", "redis")}
        given = {key: value for key, value in named.items() if value is not None}
        try:
            settings = Settings.read(options.config, given)
            store = await open_store(settings, reactor, for_service=False)
            try:
                await work(store, reactor)
            finally:
                await store.close()
        except Refusal as refusal:
            raise SystemExit(f"imps: {refusal.description}") from None
        except (SettingsError, StoreError) as error:
            raise SystemExit(f"imps: {error}") from None

    react(lambda reactor: Deferred.fromCoroutine(opened(reactor)))


def _directory(store: Any, reactor: Any) -> Any:
    from imps.elements.directory import Directory
    from imps.store.accounts import Accounts

    accounts = Accounts(store.client, store.buckets)
    return Directory(accounts, store.secrets, store.domains, reactor)


def _add_user_commands(commands: Commands) -> None:
    user = commands.add_parser("user", help="the users of the home domains")
    verbs = user.add_subparsers(title="commands", metavar="COMMAND", required=True)

    add = verbs.add_parser("add", help="make an account")
    add.add_argument("address", metavar="ADDRESS", help="ann, or wv:ann@example.org")
    add.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    add.add_argument("--msisdn", metavar="N", help="the user's telephone number")
    add.set_defaults(run=_add_user)

    show = verbs.add_parser("show", help="show an account")
    show.add_argument("address", metavar="ADDRESS", help="ann, or wv:ann@example.org")
    show.set_defaults(run=_show_user)

    every = verbs.add_parser("list", help="list all accounts")
    every.set_defaults(run=_list_users)

    for verb in (add, show, every):
        add_store_options(verb)


def _add_user(options: argparse.Namespace) -> None:
    # Asked for before the reactor runs, which would keep Ctrl-C from the prompt.
    password = _password(from_stdin=options.password_stdin)

    async def work(store: Any, reactor: Any) -> None:
        address = Address.parse(options.address)
        account = await _directory(store, reactor).add(address, password, options.msisdn)
        print(f"{account.address} added")

    on_store(options, work)


def _show_user(options: argparse.Namespace) -> None:
    async def work(store: Any, reactor: Any) -> None:
        account = await _directory(store, reactor).get(Address.parse(options.address))
        for name, value in _described(account).items():
            print(f"{name}: {value}")

    on_store(options, work)


def _list_users(options: argparse.Namespace) -> None:
    async def work(store: Any, reactor: Any) -> None:
        async for account in _directory(store, reactor).all():
            print(account.address)

    on_store(options, work)


def _described(account: Account) -> dict[str, str]:
    """What there is to say about an account; never its password."""
    described = {
        "address": str(account.address),
        "msisdn": account.msisdn,
        "state": "suspended" if account.suspended else "active",
        "services": "all" if account.services is None else ", ".join(sorted(account.services)),
        "first name": account.first_name,
        "last name": account.last_name,
        "email": account.email,
        "alias": account.alias,
    }
    return {name: value for name, value in described.items() if value}


def _password(from_stdin: bool) -> str:
    if from_stdin:
        try:
            return sys.stdin.buffer.read().decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise SystemExit("imps: the password is not UTF-8 text") from None
    try:
        password = getpass("Password: ")
        if getpass("Again: ") != password:
            raise SystemExit("imps: the passwords differ")
    except (EOFError, KeyboardInterrupt):
        raise SystemExit("imps: no password given") from None
    return password


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
    from imps.chat import chat

    chat(options)


COMMANDS: tuple[Callable[[Commands], None], ...] = (_add_user_commands, _add_chat_command)
"""Each adds its command to the parser, with a ``run(options)`` among its defaults."""

if __name__ == "__main__":
    main()
