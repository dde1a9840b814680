"""Transactions: which function serves which primitive, and what is said of those that none does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, TypeVar, cast

from attrs import define, field, frozen
from twisted.logger import Logger

from imps.csp.primitives import PRIMITIVES
from imps.csp.primitives.common import Result
from imps.csp.primitives.declaration import Primitive, Unknown, Unreadable, declaration_of
from imps.csp.results import result_of, status, status_of
from imps.csp.service_tree import needed_for
from imps.metrics import Metrics
from imps.model.extension import Extension
from imps.model.status import Refusal, StatusCode
from imps.model.version import Version
from imps.sap.sessions import Session
from imps.store.errors import StoreFull, StoreUnavailable

P = TypeVar("P", bound=Primitive)

_log = Logger()


@frozen(kw_only=True)
class Context:
    """What a transaction came in with: version, encoding, source, its id, its session if any; and
    the host and the origin that it was sent to, if the client says that."""

    version: Version
    encoding: str
    source: str
    transaction_id: str
    session: Session | None = None
    operation_id: str = ""
    host: str = ""
    origin: str = ""
    extensions: tuple[Extension, ...] = ()

    @property
    def open_session(self) -> Session:
        """The session; for those transactions that are only served in one."""
        if self.session is None:
            raise Refusal(StatusCode.INVALID_SESSION, "not signed on")
        return self.session


Serve = Callable[[Context, Any], Awaitable[Primitive]]
Failure = Callable[[Any, Result], Primitive]


@frozen
class _Served:
    by: Serve
    outband: bool
    once: bool
    failure: Failure | None
    unreadable: StatusCode | None


@define(eq=False)
class Transactions:
    """The registry of what is served and sent."""

    _metrics: Metrics = field(factory=Metrics)
    _served: dict[type[Primitive], _Served] = field(factory=dict, init=False)
    _served_at_the_door: set[type] = field(factory=set, init=False)
    _sent: set[type[Primitive]] = field(factory=set, init=False)

    def serve(
        self,
        request: type[P],
        by: Callable[[Context, P], Awaitable[Primitive]],
        *,
        outband: bool = False,
        once: bool = False,
        failure: Callable[[P, Result], Primitive] | None = None,
        unreadable: StatusCode | None = None,
    ) -> None:
        """Serve a primitive that clients send.

        ``outband`` ones need no session; ``once`` tells those that a repetition must not do twice;
        ``failure`` makes an answer of a bad result where that need not be a Status; ``unreadable``
        is the code for a value that cannot be read where that has one of its own.
        """
        self._served[request] = _Served(
            cast(Serve, by), outband, once, cast(Failure, failure), unreadable
        )

    def serve_at_the_door(self, *requests: type) -> None:
        """Declare what the door answers itself."""
        self._served_at_the_door.update(requests)

    def send(self, *requests: type[Primitive]) -> None:
        """Declare what the server sends on its own account."""
        self._sent.update(requests)

    @property
    def served(self) -> frozenset[type]:
        """All requests of clients that are served."""
        return frozenset(self._served) | self._served_at_the_door

    @property
    def sent(self) -> frozenset[type]:
        """All requests that the server makes of clients."""
        return frozenset(self._sent)

    @property
    def supported(self) -> frozenset[type]:
        """All requests that are served or sent."""
        return self.served | self.sent

    def needs_session(self, request: Primitive) -> bool:
        """Whether a request is only served within a session."""
        served = self._served.get(type(request))
        if isinstance(request, Unreadable):
            served = self._served.get(PRIMITIVES[request.name])
        return served is None or not served.outband

    def runs_once(self, request: Primitive) -> bool:
        """Whether a repetition of a request must not be executed again."""
        served = self._served.get(type(request))
        return served is not None and served.once

    async def answer(self, context: Context, request: Primitive) -> Primitive:
        """Serve a request, or say why not. What goes wrong becomes an answer as well."""
        began_at = perf_counter()
        answer = await self._answer(context, request)
        said = getattr(answer, "result", None)
        code = said.code if isinstance(said, Result) else StatusCode.OK
        self._metrics.transaction_served(_name(request), code, perf_counter() - began_at)
        return answer

    async def _answer(self, context: Context, request: Primitive) -> Primitive:
        served = self._served.get(type(request))
        if served is None or declaration_of(type(request)).since > context.version:
            return self._not_served(context.version, request)
        agreed = is_agreed(context.session, type(request), context.version)
        if not served.outband and not agreed:
            return status(StatusCode.SERVICE_NOT_AGREED, context.version, "not agreed")
        try:
            return await served.by(context, request)
        except Refusal as refusal:
            failed = refusal
        except StoreFull:
            failed = Refusal(StatusCode.MESSAGE_QUEUE_FULL, "the server is full")
        except StoreUnavailable:
            failed = Refusal(StatusCode.SERVICE_UNAVAILABLE, "try again later")
        except Exception:
            _log.failure("{primitive} failed", primitive=declaration_of(type(request)).name)
            failed = Refusal(StatusCode.INTERNAL_ERROR, "internal error")
        if served.failure is not None:
            return served.failure(request, result_of(failed, context.version))
        return status_of(failed, context.version)

    def _not_served(self, version: Version, request: Primitive) -> Primitive:
        """405 for names that the version does not know, 501 for those that are not served, and 400
        or 402 for those that are, but could not be read (CSP, status codes)."""
        if isinstance(request, Unknown):
            return status(StatusCode.SERVICE_NOT_SUPPORTED, version, "unknown primitive")
        named = PRIMITIVES[request.name] if isinstance(request, Unreadable) else type(request)
        declaration = declaration_of(named)
        if declaration.since > version:
            return status(
                StatusCode.SERVICE_NOT_SUPPORTED,
                version,
                f"CSP {version} has no {declaration.name}",
            )
        if named in self._served and isinstance(request, Unreadable):
            return _unreadable(version, request, self._served[named].unreadable)
        return status(StatusCode.NOT_IMPLEMENTED, version, f"{declaration.name} is not served")


def is_agreed(session: Session | None, request: type[Primitive], version: Version) -> bool:
    """Whether a session may ask for this, or be asked; what no function stands for is never left
    out, nor anything where there is no session."""
    needed = needed_for(request, version)
    return needed is None or session is None or session.has(*needed)


def _name(request: Primitive) -> str:
    """What a request is counted as; all that is unknown as one thing, as anybody may make up
    names."""
    if isinstance(request, Unknown):
        return "unknown"
    return request.name if isinstance(request, Unreadable) else declaration_of(type(request)).name


def _unreadable(version: Version, request: Unreadable, code: StatusCode | None) -> Primitive:
    if code is None:
        unusable = request.missing_or_unusable
        code = StatusCode.BAD_PARAMETER if unusable else StatusCode.BAD_REQUEST
    return status(code, version, f"{request.element}: {request.reason}".strip(": "))
