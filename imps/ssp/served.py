"""What partners ask, and what they answer to what we asked: which function serves which message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import ceil
from typing import Any, TypeVar, cast

from attrs import define, evolve, field, frozen
from twisted.logger import Logger

from imps.model.address import Address
from imps.model.partner import Partner
from imps.model.status import Refusal, StatusCode
from imps.model.version import Version
from imps.ssp.messages.blocks import Request, Status
from imps.ssp.messages.declaration import Message, Unknown, Unreadable, declaration_of
from imps.ssp.rates import UserRates
from imps.ssp.results import status, status_of
from imps.store.errors import StoreFull, StoreUnavailable

R = TypeVar("R", bound=Message)

_log = Logger()


@frozen(kw_only=True)
class Asked:
    """What a request of a partner came with: to which of our domains, in which version, under
    which transaction id, on behalf of which of the partner's users if of any; and the id of the
    operation, which a repetition has as well."""

    partner: Partner
    domain: str
    version: Version
    transaction_id: str
    operation_id: str
    user: Address | None = None

    @property
    def on_behalf_of(self) -> Address:
        """The user who asks; for what is only asked for users."""
        if self.user is None:
            raise Refusal(StatusCode.BAD_PARAMETER, "MetaInfo names no user")
        return self.user


Serve = Callable[[Asked, Any], Awaitable[Message | None]]
Answered = Callable[[str, Any, Message], Awaitable[None]]
Renew = Callable[[str, Any], Awaitable[Message | None]]


@frozen
class _Service:
    by: Serve
    function: str
    needs_user: bool


@define(eq=False)
class Served:
    """The registry of what is served to partners, and of who wants their answers; ``rates`` bounds
    what each of their users may ask."""

    _rates: UserRates | None = None
    _services: dict[type[Message], _Service] = field(factory=dict, init=False)
    _answered: dict[type[Message], Answered] = field(factory=dict, init=False)
    _renewed: dict[type[Message], Renew] = field(factory=dict, init=False)

    def serve(
        self,
        request: type[R],
        by: Callable[[Asked, R], Awaitable[Message | None]],
        *,
        function: str = "",
        needs_user: bool = False,
    ) -> None:
        """Serve a message that partners send; None is the answer where none is due.

        ``function`` is what has to be granted for it. Where it ``needs_user``, one that is on
        nobody's behalf is refused with 402.
        """
        self._services[request] = _Service(cast(Serve, by), function, needs_user)

    def answered(self, request: type[R], by: Callable[[str, R, Message], Awaitable[None]]) -> None:
        """Have a function learn what a partner answered to a queued message: the domain, the
        message, and the answer; a Status where there was none. It may be told twice."""
        self._answered[request] = cast(Answered, by)

    def renewed(self, request: type[R], by: Callable[[str, R], Awaitable[R | None]]) -> None:
        """Have a function say what a queued message says, each time that it is handed over: what
        may be told then may be less than when it was queued. With None, nothing is said."""
        self._renewed[request] = cast(Renew, by)

    async def renew(self, domain: str, request: Message) -> Message | None:
        """A queued message as it is to be said now; None if it is not."""
        renew = self._renewed.get(type(request))
        return request if renew is None else await renew(domain, request)

    @property
    def requests(self) -> frozenset[type[Message]]:
        """All messages that are served."""
        return frozenset(self._services)

    async def answer(self, asked: Asked, request: Message) -> Message | None:
        """Serve a request, or say why not. What goes wrong becomes an answer as well."""
        try:
            asked = self._checked(asked, request)
            wait = self._wait(asked, request)
            if wait:
                return _not_so_soon(wait)
            service = self._service(asked, request)
            return await service.by(asked, request)
        except Refusal as refusal:
            return status_of(refusal)
        except StoreFull:
            return status(StatusCode.MESSAGE_QUEUE_FULL, "the server is full")
        except StoreUnavailable:
            return status(StatusCode.SERVICE_UNAVAILABLE, "try again later")
        except Exception:
            _log.failure("{message} of a partner failed", message=name_of(request))
            return status(StatusCode.INTERNAL_ERROR, "internal error")

    async def tell(self, domain: str, request: Message, answer: Message) -> None:
        """A partner has answered a queued message, or nobody waits for that any more."""
        answered = self._answered.get(type(request))
        if answered is not None:
            await answered(domain, request, answer)

    def _wait(self, asked: Asked, request: Message) -> float:
        if self._rates is None or asked.user is None:
            return 0.0
        return self._rates.wait(asked.partner.domain, asked.user, request)

    def _service(self, asked: Asked, request: Message) -> _Service:
        """Who serves a request; refused as the registry of status codes has it."""
        if isinstance(request, Unknown):
            raise Refusal(StatusCode.SERVICE_NOT_SUPPORTED, "unknown primitive")
        if isinstance(request, Unreadable):
            raise Refusal(request.code, f"{request.element}: {request.reason}")
        service = self._services.get(type(request))
        if service is None:
            raise Refusal(StatusCode.NOT_IMPLEMENTED, f"{name_of(request)} is not served")
        if service.function and not asked.partner.grants_function(service.function):
            raise Refusal(StatusCode.SERVICE_NOT_AGREED, "not agreed")
        if service.needs_user and asked.user is None:
            raise Refusal(StatusCode.BAD_PARAMETER, "MetaInfo names no user")
        return service

    def _checked(self, asked: Asked, request: Message) -> Asked:
        """Who is behind a request, if the partner may say so (SSP, what a partner may claim)."""
        meta_info = request.meta_info if isinstance(request, Request) else None
        if meta_info is None:
            return asked
        requestor = meta_info.requestor.service_id
        if (requestor.domain or asked.partner.domain).casefold() != asked.partner.domain:
            raise Refusal(StatusCode.GENERAL_ADDRESS_ERROR, "Requestor is another server")
        user = meta_info.user
        if meta_info.client_originated and user is None:
            raise Refusal(StatusCode.BAD_PARAMETER, "MetaInfo names no user")
        if user is None:
            return asked
        user = user.at_home(asked.partner.domain)
        if not user.is_user or not asked.partner.speaks_for(user.domain):
            raise Refusal(StatusCode.GENERAL_ADDRESS_ERROR, "not a user of the partner")
        return evolve(asked, user=user)


def _not_so_soon(seconds: float) -> Status:
    """To whom one user asks too much for: when to ask that again."""
    return Status(
        code=int(StatusCode.SERVICE_UNAVAILABLE),
        description="too much for this user",
        try_again_seconds=ceil(seconds),
    )


def name_of(message: Message) -> str:
    """What a message is called; all that is unknown alike, as anybody may make up names."""
    if isinstance(message, Unknown):
        return "unknown"
    return message.name if isinstance(message, Unreadable) else declaration_of(type(message)).name
