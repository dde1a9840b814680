"""``imps user``: the users of the home domains."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable
from getpass import getpass
from typing import TYPE_CHECKING, Any

from attrs import evolve

from imps.commands.opening import add_store_options, directory_of, on_directory, on_store
from imps.model.account import Account, normal_msisdn
from imps.model.address import Address

if TYPE_CHECKING:
    from imps.config import Settings
    from imps.elements.directory import Details, Directory
    from imps.store.opening import Store

DETAILS = ("first_name", "last_name", "email", "alias")


def add_user_commands(commands: Any) -> None:
    """Add ``imps user`` and what it can do."""
    user = commands.add_parser("user", help="the users of the home domains")
    verbs = user.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def verb(name: str, run: Callable[[Any], None], text: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
        parser.set_defaults(run=run)
        add_store_options(parser)
        return parser

    def verb_on_user(name: str, run: Callable[[Any], None], text: str) -> argparse.ArgumentParser:
        parser = verb(name, run, text)
        parser.add_argument("address", metavar="ADDRESS", help="ann, or wv:ann@example.org")
        return parser

    add = verb_on_user("add", _add, "make an account")
    _add_password_option(add)
    add.add_argument("--msisdn", metavar="N", help="the user's telephone number")
    add.add_argument(
        "--service",
        metavar="NAME",
        action="append",
        help="a feature, group of functions or function that the user may use, such as IMFeat; "
        "may be repeated; all without it",
    )
    for name in DETAILS:
        add.add_argument(f"--{name.replace('_', '-')}", metavar="TEXT", default="")
    verb_on_user("show", _show, "show an account")
    listing = verb("list", _list, "list all accounts")
    listing.add_argument(
        "--msisdn", action="store_true", help="with the telephone numbers of those who have one"
    )
    passwd = verb_on_user("passwd", _passwd, "give a user a new password; ends all sessions")
    _add_password_option(passwd)
    verb_on_user("suspend", _suspend, "keep a user from signing on; ends all sessions")
    verb_on_user("resume", _resume, "let a suspended user sign on again")
    unstop = verb("unstop", _unstop, "let a phone that has sent STOP get texts again")
    unstop.add_argument("phone", metavar="NUMBER", help="+358501234567")
    verb_on_user("forget-pin", _forget_pin, "let a user set a new PIN by text")
    delete = verb_on_user("delete", _delete, "delete a user and all that is theirs")
    delete.add_argument("--yes", action="store_true", help="do not ask whether this is meant")
    read = verb("import", _import, "make the accounts that a CSV file lists")
    read.add_argument("file", metavar="FILE", help="CSV, its first line naming the columns")
    read.add_argument("--update", action="store_true", help="change the accounts that exist")


def _add_password_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )


def _add(options: argparse.Namespace) -> None:
    # Asked for before the reactor runs, which would keep Ctrl-C from the prompt.
    password = _password(from_stdin=options.password_stdin)
    details: Details = {
        "first_name": options.first_name,
        "last_name": options.last_name,
        "email": options.email,
        "alias": options.alias,
    }
    if options.service is not None:
        details["services"] = frozenset(options.service)

    async def work(directory: Directory) -> None:
        address = Address.parse(options.address)
        account = await directory.add(address, password, options.msisdn, **details)
        print(f"{account.address} added")

    on_directory(options, work, makes_store=True)


def _show(options: argparse.Namespace) -> None:
    async def work(directory: Directory) -> None:
        account = await directory.get(Address.parse(options.address))
        for name, value in _described(account).items():
            print(f"{name}: {value}")

    on_directory(options, work)


def _list(options: argparse.Namespace) -> None:
    async def work(directory: Directory) -> None:
        async for account in directory.all():
            number = account.msisdn if options.msisdn else None
            print(account.address, *([number] if number else []))

    on_directory(options, work)


def _passwd(options: argparse.Namespace) -> None:
    password = _password(from_stdin=options.password_stdin)
    _operate(options, lambda users, user: users.set_password(user, password), "has a new password")


def _suspend(options: argparse.Namespace) -> None:
    _operate(options, lambda users, user: users.suspend(user), "suspended")


def _resume(options: argparse.Namespace) -> None:
    _operate(options, lambda users, user: users.resume(user), "resumed")


def _delete(options: argparse.Namespace) -> None:
    if not options.yes:
        _confirm(f"Delete {options.address} and all that is theirs?")
    _operate(options, lambda users, user: users.delete(user), "deleted")


def _unstop(options: argparse.Namespace) -> None:
    async def work(settings: Settings, store: Store, reactor: Any) -> None:
        from imps.store.phones import Phones

        phone = normal_msisdn(options.phone)
        if phone is None:
            raise SystemExit(f"imps: {options.phone} is no telephone number")
        phones = Phones(store.client, store.buckets)
        if not await phones.start(phone):
            raise SystemExit(f"imps: {phone} has not sent STOP")
        account = await directory_of(settings, store, reactor).with_msisdn(phone)
        if account is not None:
            await phones.tell_at(account.address, reactor.seconds())
        print(f"{phone} gets texts again")

    on_store(options, work)


def _forget_pin(options: argparse.Namespace) -> None:
    async def work(settings: Settings, store: Store, reactor: Any) -> None:
        from imps.clp.states import States
        from imps.store.phones import Phones

        directory = directory_of(settings, store, reactor)
        account = await directory.get(Address.parse(options.address))
        phones = Phones(store.client, store.buckets)
        states = States(phones, settings.clp.offline != "store")
        if (await states.get(account.address)).pin is None:
            raise SystemExit(f"imps: {account.address} has no PIN")
        await states.change(account.address, lambda state: evolve(state, pin=None))
        print(f"{account.address} may set a new PIN")

    on_store(options, work)


def _operate(
    options: argparse.Namespace,
    operation: Callable[[Directory, Address], Awaitable[Account]],
    done: str,
) -> None:
    async def work(directory: Directory) -> None:
        account = await operation(directory, Address.parse(options.address))
        print(f"{account.address} {done}")

    on_directory(options, work)


def _import(options: argparse.Namespace) -> None:
    # It brings in much that the other commands do without.
    from imps.commands.importing import import_users

    import_users(options)


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
        "findable by number": "no" if account.hides_number else "",
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


def _confirm(question: str) -> None:
    """Go on only if who sits at the terminal says yes."""
    if not sys.stdin.isatty():
        raise SystemExit("imps: say --yes where nobody can be asked")
    try:
        answer = input(f"{question} [y/N] ")
    except (EOFError, KeyboardInterrupt):
        answer = ""
    if answer.strip().casefold() not in ("y", "yes"):
        raise SystemExit("imps: nothing was deleted")
