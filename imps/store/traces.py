"""Traces: operators look at what a user's clients and the server say to each other, as they say it.

A trace is written down for some seconds, again and again while somebody looks. What there is to see
is published on a channel of its own: nobody waits for whoever listens, and what nobody hears is
gone.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from attrs import define, field, frozen

from imps.model.address import Address
from imps.store.client import StoreClient
from imps.store.connection import Connection, Link, Lost, Refused
from imps.store.errors import StoreError
from imps.store.keys import TRACES, trace_key

LIFETIME_SECONDS = 10
"""How long somebody who says nothing is believed to look."""


@frozen
class Trace:
    """A trace of a user; the names are those by which the user may sign on, the address first."""

    id: str
    names: tuple[Address, ...]

    @property
    def user(self) -> Address:
        """The address of the account."""
        return self.names[0]


@define(eq=False)
class Traces:
    """The traces of the users of this store."""

    _client: StoreClient

    async def keep(self, trace: Trace, *, now: float) -> None:
        """Somebody looks at this trace, and will for a while."""
        # The index only finds the records, each of which expires by itself.
        await self._client.execute("ZADD", TRACES, repr(now), trace.id)
        record = json.dumps([str(each) for each in trace.names])
        await self._client.execute("SET", trace_key(trace.id), record, "EX", LIFETIME_SECONDS)
        longest = repr(now - 2 * LIFETIME_SECONDS)
        await self._client.execute("ZREMRANGEBYSCORE", TRACES, "-inf", longest)

    async def end(self, trace: Trace) -> None:
        """Nobody looks at this trace any more."""
        await self._client.execute("DEL", trace_key(trace.id))
        await self._client.execute("ZREM", TRACES, trace.id)

    async def all(self) -> list[Trace]:
        """Those at which somebody looks."""
        found = []
        for id in map(bytes.decode, await self._client.execute("ZRANGE", TRACES, 0, -1)):
            record = await self._client.execute("GET", trace_key(id))
            if record is not None:
                found.append(Trace(id, tuple(map(Address.parse, json.loads(record)))))
        return found

    async def show(self, trace: Trace, text: str) -> None:
        """Show a text to whoever looks at a trace by now."""
        await self._client.execute("PUBLISH", trace_key(trace.id), text.encode())


@define(eq=False)
class Look:
    """A look at a trace, by a connection of its own: ``seen`` is called with each text there."""

    _client: StoreClient
    _traces: Traces
    _trace: Trace
    _seen: Callable[[str], None]
    _link: Link = field(init=False)
    _subscribed: Connection | None = field(default=None, init=False)

    @_link.default
    def _second_link(self) -> Link:
        return self._client.link.beside(heard=lambda _, text: self._seen(text.decode()))

    def start(self) -> None:
        """Connect, and stay connected until ``close``."""
        self._link.start()

    async def renew(self, *, now: float) -> None:
        """See that what is shown is seen, and say that somebody looks, for a while.

        StoreError when that cannot be done, and nothing may be seen.
        """
        connection = await self._link.connected()
        try:
            if connection is self._subscribed:
                await connection.send(self._link.deadline, "PING")
            else:
                channel = trace_key(self._trace.id)
                await connection.send(self._link.deadline, "SUBSCRIBE", channel)
                self._subscribed = connection
        except Lost:
            raise self._link.unavailable from None
        except Refused as problem:
            raise StoreError(f"the store refused: {problem}") from None
        await self._traces.keep(self._trace, now=now)

    async def close(self) -> None:
        """Look no more."""
        await self._link.close()
        await self._traces.end(self._trace)
