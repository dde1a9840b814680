"""A partner as services see it: what is said to it is kept, and it answers as a test has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from attrs import define, evolve, field, frozen

from imps.model.address import Address
from imps.model.partner import Partner
from imps.model.status import Refusal, StatusCode
from imps.model.version import V13, Version
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.functions import check_agreed
from imps.ssp.messages.blocks import MetaInfo, Request, Status
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.envelope import InSession, Mode, Transaction
from imps.ssp.served import Asked, Served

OWN_DOMAIN = "north.example"

M = TypeVar("M", bound=Message)


@frozen(kw_only=True)
class Said:
    """Something that was said to a partner, as it came out of its XML there."""

    domain: str
    message: Message
    user: Address | None = None
    operation_id: str = ""
    expires_at: float = 0.0
    key: str = ""
    in_answer_to: str = ""


@define(eq=False)
class Known:
    """The partners that a test has."""

    partners: dict[str, Partner] = field(factory=dict)
    first_home_domain: str = OWN_DOMAIN

    def add(self, partner: Partner) -> None:
        """There is this partner."""
        self.partners[partner.domain] = partner

    def get(self, domain: str) -> Partner | None:
        """The partner that serves a domain."""
        return self.partners.get(domain.casefold())

    def all(self) -> tuple[Partner, ...]:
        """Every partner."""
        return tuple(self.partners.values())

    def is_home(self, domain: str) -> bool:
        """Whether a domain is the test's own."""
        return domain.casefold() == OWN_DOMAIN


@define(eq=False)
class ScriptedExchange:
    """Partners that a test speaks for. ``answer`` is what they say to anything; None for nothing
    yet."""

    served: Served
    known: Known = field(factory=Known)
    said: list[Said] = field(factory=list)
    answer: Callable[[Message], Message | None] = field(default=lambda _: Status(code=200))
    version: Version = V13
    is_away: bool = False
    queued: list[Said] = field(factory=list)
    _codec: XMLCodec = field(factory=XMLCodec)
    _asked: int = 0

    async def ask(
        self, domain: str, user: Address | None, message: Request, seconds: float
    ) -> Message:
        """As those who speak to partners do; who does not answer is not in time."""
        check_agreed(self.known.partners[domain.casefold()], message)
        if message.meta_info is None:
            meta_info = (
                MetaInfo.of_server(OWN_DOMAIN)
                if user is None
                else MetaInfo.of_user(user, OWN_DOMAIN)
            )
            message = evolve(cast(Any, message), meta_info=meta_info)
        self.said.append(Said(domain=domain, user=user, message=self._carried(domain, message)))
        answer = self.answer(self.said[-1].message)
        if answer is None:
            raise Refusal(StatusCode.REQUEST_TIMEOUT)
        return self._carried(domain, answer)

    async def post(
        self,
        domain: str,
        lane_user: Address,
        message: Message,
        expires_at: float,
        operation_id: str,
        *,
        key: str = "",
        in_answer_to: str = "",
    ) -> None:
        """As those who speak to partners do."""
        check_agreed(self.known.partners[domain.casefold()], message)
        earlier = (each for each in (*self.said, *self.queued))
        if any((each.domain, each.operation_id) == (domain, operation_id) for each in earlier):
            return
        said = Said(
            domain=domain,
            message=message,
            user=lane_user,
            operation_id=operation_id,
            expires_at=expires_at,
            key=key,
            in_answer_to=in_answer_to,
        )
        self.queued = [each for each in self.queued if not key or each.key != key]
        self.queued.append(said)
        await self.hand_over()

    async def hand_over(self) -> None:
        """Say what is queued, unless the partners are away."""
        while self.queued and not self.is_away:
            said = self.queued.pop(0)
            renewed = await self.served.renew(said.domain, said.message)
            if renewed is None:
                await self.served.tell(said.domain, said.message, Status(code=200))
                continue
            self.said.append(evolve(said, message=self._carried(said.domain, renewed)))
            await self.answered(said, self.answer(self.said[-1].message))

    async def answered(self, said: Said, answer: Message | None) -> None:
        """A partner answers what was said."""
        if answer is not None and not said.in_answer_to:
            domain = said.domain.casefold()
            await self.served.tell(domain, said.message, self._carried(domain, answer))

    def take(self, kind: type[M]) -> M:
        """What was said next to anybody, which is of this kind."""
        message = self.said.pop(0).message
        assert isinstance(message, kind), message
        return message

    async def is_silent(self, partner: Partner) -> bool:
        """Whether there is something to say to partners that are away."""
        return self.is_away and any(each.domain == partner.domain for each in self.queued)

    async def hear(self, domain: str, request: Message, transaction_id: str = "") -> Message | None:
        """What is answered to a partner; each request is another one unless it has an id."""
        self._asked += 1
        transaction_id = transaction_id or f"transaction-{self._asked}"
        asked = Asked(
            partner=self.known.partners[domain],
            domain=OWN_DOMAIN,
            version=self.version,
            operation_id=transaction_id,
            transaction_id=transaction_id,
        )
        answer = await self.served.answer(asked, self._carried(domain, request))
        return None if answer is None else self._carried(domain, answer)

    def _carried(self, domain: str, message: Message) -> Message:
        """A message after its way over the wire."""
        transaction = Transaction(mode=Mode.REQUEST, transaction_id="t", message=message)
        content = InSession(session_id="s", transactions=(transaction,))
        profile = self.known.partners[domain.casefold()].profile
        document = self._codec.encode(content, self.version, profile)
        read = self._codec.decode(document, profile).content
        assert isinstance(read, InSession)
        return read.transactions[0].message
