"""``imps trace``: what a user's clients and the server say to each other, as they say it."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from attrs import define

from imps.commands.opening import add_store_options, directory_of, on_store
from imps.config import Settings
from imps.model.account import Account
from imps.model.address import Address

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from imps.store.opening import Store
    from imps.store.traces import Look

RENEW_SECONDS = 2


def add_trace_command(commands: Any) -> None:
    """Add ``imps trace``."""
    text = "show what a user's clients and the server say to each other, until Ctrl-C"
    parser = commands.add_parser("trace", help=text, description=text)
    parser.add_argument("address", metavar="ADDRESS", help="ann, or wv:ann@example.org")
    add_store_options(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    on_store(options, partial(_trace, Address.parse(options.address)))


async def _trace(user: Address, settings: Settings, store: Store, reactor: Any) -> None:
    from twisted.internet.defer import Deferred

    from imps.store.processes import Processes
    from imps.store.traces import Look, Trace, Traces

    account = await directory_of(settings, store, reactor).get(user)
    if not await Processes(store.client).all():
        raise SystemExit("imps: no service runs on this store")
    traces = Traces(store.client)
    shown = Shown(Deferred())
    look = Look(store.client, traces, Trace(token_hex(8), _names(account)), shown.write)
    _say(f"tracing {account.address} until Ctrl-C")
    await _look(look, shown, reactor)


def _names(account: Account) -> tuple[Address, ...]:
    """The names by which a user may sign on."""
    address = account.address
    if account.msisdn is None:
        return (address,)
    return address, Address(account.msisdn, None, address.domain)


@define(eq=False)
class Shown:
    """Standard output, as long as somebody reads it, until it is ``closed``."""

    closed: Deferred[None]

    def write(self, text: str) -> None:
        """Show a text at once."""
        try:
            print(text, flush=True)
        except OSError:
            # Whatever is left in the buffer would be written at exit, and fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if not self.closed.called:
                self.closed.callback(None)


async def _look(look: Look, shown: Shown, reactor: Any) -> None:
    """Look until Ctrl-C, or until nobody reads; also while the store is away."""
    from twisted.internet.defer import CancelledError, Deferred
    from twisted.internet.task import LoopingCall

    from imps.store.errors import StoreError

    trouble = ""

    async def renew() -> None:
        nonlocal trouble
        before, trouble = trouble, ""
        try:
            await look.renew(now=reactor.seconds())
        except StoreError as problem:
            trouble = str(problem)
        if trouble != before:
            _say(trouble or "the store is back")

    look.start()
    loop = LoopingCall(lambda: Deferred.fromCoroutine(renew()))
    looking = loop.start(RENEW_SECONDS)
    with suppress(CancelledError):
        await shown.closed
    loop.stop()
    # A renewal that is under way would undo what follows.
    await looking
    with suppress(StoreError):
        await look.close()


def _say(text: str) -> None:
    print(f"imps: {text}", file=sys.stderr, flush=True)
