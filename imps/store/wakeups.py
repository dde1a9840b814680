"""Wake-ups: whoever holds a channel to a session's client learns that it had better look.

A process has one connection for that, besides the one on which it asks. A wake-up carries no
content: subscribe, then read, then wait.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, FirstError, gatherResults
from twisted.internet.task import deferLater
from twisted.logger import Logger

from imps.store.client import StoreClient
from imps.store.connection import Connection, Link, Lost, Refused
from imps.store.errors import StoreError
from imps.store.keys import Buckets

PING_SECONDS = 10
SUBSCRIBED_AT_ONCE = 100

Woken = Callable[[], None]


@define(eq=False)
class Wakeups:
    """Calls those who listen for a session: when there may be something for its client, when the
    server has ended it, and when the store is back after it was away."""

    _client: StoreClient
    _buckets: Buckets
    _link: Link = field(init=False)
    _listeners: dict[bytes, list[Woken]] = field(factory=dict, init=False)
    _staying: Deferred[None] | None = field(default=None, init=False)
    _log = Logger()

    @_link.default
    def _second_link(self) -> Link:
        return self._client.link.beside(self._heard, self._connected)

    def start(self) -> None:
        """Connect, and stay connected until ``close``."""
        self._link.start()

    async def close(self) -> None:
        """Disconnect; nobody is called any more."""
        self._listeners.clear()
        if self._staying is not None:
            self._staying.cancel()
        await self._link.close()

    async def listen(self, session_id: str, woken: Woken) -> None:
        """Call this at each wake-up of a session until it is forgotten; none is missed once this is
        done. StoreError when it cannot be: then nobody listens."""
        channel = self._channel(session_id)
        deadline = self._link.deadline
        connection = await self._link.connected()
        self._listeners.setdefault(channel, []).append(woken)
        try:
            await connection.send(deadline, "SUBSCRIBE", channel)
        except BaseException as problem:
            self.forget(session_id, woken)
            if isinstance(problem, Lost):
                raise self._link.unavailable from None
            if isinstance(problem, Refused):
                raise StoreError(f"the store refused: {problem}") from None
            raise

    def forget(self, session_id: str, woken: Woken) -> None:
        """Call this no more."""
        channel = self._channel(session_id)
        listeners = self._listeners.get(channel, [])
        if woken in listeners:
            listeners.remove(woken)
        connection = self._link.connection
        if not listeners and self._listeners.pop(channel, None) is not None and connection:
            # Whether it is lost meanwhile makes no difference.
            connection.send(self._link.deadline, "UNSUBSCRIBE", channel).addErrback(lambda _: None)

    def _channel(self, session_id: str) -> bytes:
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            raise StoreError("not a session id")
        return f"{self._buckets.prefix(bucket)}wake:{session_id}".encode()

    def _heard(self, channel: bytes, content: bytes = b"") -> None:
        for woken in tuple(self._listeners.get(channel, ())):
            try:
                woken()
            except Exception:
                self._log.failure("A wake-up failed")

    def _connected(self, connection: Connection) -> None:
        if self._staying is not None:
            self._staying.cancel()
        self._staying = Deferred.fromCoroutine(self._stay(connection))

    async def _stay(self, connection: Connection) -> None:
        with suppress(CancelledError, Lost):
            try:
                await self._keep_listening(connection)
            except Refused as problem:
                self._log.error("The store wakes nobody: {problem}", problem=problem)
                connection.transport.loseConnection()

    async def _keep_listening(self, connection: Connection) -> None:
        """Subscribe for all who listen, who may have missed something, then see that it holds."""
        channels = list(self._listeners)
        for start in range(0, len(channels), SUBSCRIBED_AT_ONCE):
            await self._subscribe(connection, channels[start : start + SUBSCRIBED_AT_ONCE])
        while connection.connected:
            await deferLater(self._link.reactor, PING_SECONDS)
            await connection.send(self._link.deadline, "PING")

    async def _subscribe(self, connection: Connection, channels: list[bytes]) -> None:
        deadline = self._link.deadline
        asked = [connection.send(deadline, "SUBSCRIBE", channel) for channel in channels]
        try:
            await gatherResults(asked, consumeErrors=True)
        except FirstError as first:
            first.subFailure.raiseException()
        for channel in channels:
            self._heard(channel)
