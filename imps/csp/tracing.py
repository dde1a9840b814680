"""Tracing: what clients and the server say to each other is shown to operators who look at that.

Each process asks the store once a second whether anybody looks; as long as nobody does, a request
costs nothing.
"""

from __future__ import annotations

import os
import socket
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from imps.csp.codec.document import CodecError, Document
from imps.csp.exchange import Codec, Exchange
from imps.csp.masking import masked, shortened
from imps.csp.primitives.access import LoginRequest
from imps.csp.primitives.envelope import WVCSPMessage
from imps.model.address import Address
from imps.model.version import Version
from imps.sap.rounds import Rounds
from imps.store.errors import StoreError
from imps.store.sessions import Sessions
from imps.store.traces import Trace, Traces

INTERVAL_SECONDS = 1
MOST_UNDER_WAY = 100
"""How many texts may be on their way to the store at a time; what is above that is not shown."""
MOST_SESSIONS = 1000


@define(eq=False)
class Tracing:
    """Shows the messages of those users who are traced; addresses without a domain are of the home
    domain."""

    _traces: Traces
    _stored_sessions: Sessions
    _home_domain: str
    _clock: IReactorTime
    _process: str = field(factory=lambda: f"process {os.getpid()} on {socket.gethostname()}")
    _known: dict[str, Trace] = field(factory=dict, init=False)
    _by_name: dict[Address, list[Trace]] = field(factory=dict, init=False)
    _sessions: dict[str, Address] = field(factory=dict, init=False)
    _under_way: int = field(default=0, init=False)
    _rounds: Rounds = field(init=False)
    _log = Logger()

    @_rounds.default
    def _make_rounds(self) -> Rounds:
        return Rounds(self.look, INTERVAL_SECONDS, "Nobody knows who looks", self._clock)

    @property
    def is_on(self) -> bool:
        """Whether anybody looks."""
        return bool(self._known)

    def start(self) -> None:
        """Begin to ask who looks."""
        self._rounds.start()

    def stop(self) -> None:
        """Ask no more."""
        self._rounds.stop()

    async def look(self) -> None:
        """Ask who looks, and say to those who have begun that they see what is said here."""
        known, self._known = self._known, {each.id: each for each in await self._traces.all()}
        by_name: defaultdict[Address, list[Trace]] = defaultdict(list)
        for trace in self._known.values():
            for name in trace.names:
                by_name[name].append(trace)
        self._by_name = dict(by_name)
        opened = [
            (session_id, user)
            for user in {trace.user for trace in self._known.values()}
            for session_id in await self._stored_sessions.of(user)
        ]
        seen = [each for each in self._sessions.items() if each[1] in self._by_name]
        self._sessions = dict([*seen, *opened][-MOST_SESSIONS:])
        for id in self._known.keys() - known.keys():
            text = f"{_time(self._clock.seconds())} {self._process} joins in"
            await self._traces.show(self._known[id], text)

    async def answer(
        self, exchange: Exchange, document: Document, octets: bytes, codec: Codec
    ) -> bytes:
        """Have a message answered, and show it and its answer to those who look at its user."""
        asked_at = self._clock.seconds()
        answer: bytes | None = None
        try:
            answer = await exchange.answer()
            return answer
        finally:
            try:
                self._show_exchange(exchange, document, codec, (asked_at, octets), answer)
            except Exception:
                self._log.failure("A message could not be shown")

    def show_unreadable(self, octets: bytes, codec: Codec, problem: CodecError) -> None:
        """Show that what came was no message, to those who look at the user whose session it
        names."""
        for session_id, user in self._sessions.items():
            if session_id.encode() in octets:
                head = f"session {shortened(session_id)}, {codec.name.upper()}"
                now = _time(self._clock.seconds())
                came = (
                    f"{now} from client, {head}, {len(octets)} octets\ncannot be read: {problem}\n"
                )
                went = f"{now} to client, {head}\nHTTP 400\n"
                self._show(self._by_name.get(user, []), f"{came}\n{went}")
                return

    def _show_exchange(
        self,
        exchange: Exchange,
        document: Document,
        codec: Codec,
        asked: tuple[float, bytes],
        answer: bytes | None,
    ) -> None:
        assert isinstance(document.root, WVCSPMessage)
        session_id = document.root.session.descriptor.session_id or ""
        present = exchange.present
        if present is not None and present.session.user in self._by_name:
            self._sessions[session_id] = present.session.user
        # A session that is over has no user any more, but had one when it was seen last.
        users = {self._sessions.get(session_id), *self._signing_on(document.root)}
        traces = {
            trace.id: trace for user in users if user for trace in self._by_name.get(user, ())
        }
        if not traces:
            return
        version = document.version
        if version is None and present is not None:
            version = Version(present.session.door["version"])
        session = f"session {shortened(session_id)}" if session_id else "no session"
        head = f"{session}, CSP {version or 'of no version'}, {codec.name.upper()}"
        came = _described("from client", *asked, head, codec)
        now = self._clock.seconds()
        went = f"{_time(now)} to client, {head}\nHTTP 500\n"
        if answer is not None:
            went = _described("to client", now, answer, head, codec)
        self._show(list(traces.values()), f"{came}\n{went}")

    def _signing_on(self, message: WVCSPMessage) -> Iterator[Address]:
        """The users who sign on by a message, or would like to."""
        for each in message.session.transactions:
            if isinstance(each.content, LoginRequest) and each.content.user_id is not None:
                yield each.content.user_id.at_home(self._home_domain)

    def _show(self, traces: Sequence[Trace], text: str) -> None:
        """Show a text, while nobody waits for that."""
        for trace in traces:
            if self._under_way < MOST_UNDER_WAY:
                self._under_way += 1
                Deferred.fromCoroutine(self._traces.show(trace, text)).addBoth(self._shown)

    def _shown(self, result: object) -> None:
        self._under_way -= 1
        if isinstance(result, Failure) and not result.check(StoreError):
            self._log.failure("A message could not be shown", result)


def _described(direction: str, at: float, octets: bytes, head: str, codec: Codec) -> str:
    """A message as it is shown: a line that says where from and how, and what it says."""
    if not octets:
        said = "nothing"
    else:
        try:
            said = masked(codec.tree(octets))
        except CodecError as problem:
            said = f"cannot be read: {problem}"
    return f"{_time(at)} {direction}, {head}, {len(octets)} octets\n{said}\n"


def _time(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
