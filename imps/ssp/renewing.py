"""Subscriptions to partners' users, in the long run: made again every half day, and when a partner
is back that was lost; while it is lost, its users are shown as off line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from secrets import token_hex
from typing import Protocol

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.elements.publishers_abroad import PublishersAbroad
from imps.model.address import Address
from imps.model.partner import Partner
from imps.model.presence import Attribute, Presence, PresenceValue, Published
from imps.model.status import Refusal
from imps.sap.rounds import Rounds
from imps.ssp.exchange import Exchange
from imps.ssp.messages.blocks import MetaInfo
from imps.ssp.messages.presence import SubscribeRequest
from imps.store.presence_abroad import Pair, PresenceAbroad

ROUND_SECONDS = 60
RENEWED_SECONDS = 12 * 3600
"""After how long a partner is asked again: it may forget after a day."""

LOST_SECONDS = 600
"""How long there may be something to say to a partner, and no session, until it is lost. Sessions
live for a day without a word of the partner."""

_OFF_LINE = (
    Published(Attribute.ONLINE_STATUS, PresenceValue(content=(("PresenceValue", False),))),
)


class Hearing(Protocol):
    """Whether partners are there."""

    async def is_silent(self, partner: Partner) -> bool:
        """Whether there is something to say to a partner, and no session in which to say it."""


@define(eq=False)
class Renewing:
    """Goes round while the service runs; what is done twice does no harm."""

    _exchange: Exchange
    _partners: Hearing
    _watched: PresenceAbroad
    _abroad: PublishersAbroad
    _clock: IReactorTime
    _rounds: Rounds = field(init=False)
    _log = Logger()

    @_rounds.default
    def _make_rounds(self) -> Rounds:
        complaint = "Not all subscriptions to users of partners were made again"
        return Rounds(self.go_round, ROUND_SECONDS, complaint, self._clock)

    def start(self) -> None:
        """Begin to go round."""
        self._rounds.start()

    def stop(self) -> None:
        """Begin no other round."""
        self._rounds.stop()

    async def go_round(self) -> None:
        """Look once."""
        for partner in self._exchange.known.all():
            await self._look(partner)
            await self._renew(partner.domain)

    async def _look(self, partner: Partner) -> None:
        """Notice that a partner is lost, and that it is there again."""
        domain, now = partner.domain, self._clock.seconds()
        lost = await self._watched.lost(domain)
        if not await self._partners.is_silent(partner):
            if lost is not None:
                await self._watched.found(domain)
        elif lost is None:
            await self._watched.note_lost(domain, since=now)
        elif not lost.is_shown and lost.since + LOST_SECONDS <= now:
            self._log.warn("{domain} is lost: its users are shown as off line", domain=domain)
            await self._show_off_line(domain)
            await self._watched.note_lost(domain, since=lost.since, is_shown=True)

    async def _show_off_line(self, domain: str) -> None:
        async for pairs in self._watched.all_watched(domain):
            for watcher, publisher in pairs:
                await self._abroad.tell(watcher, Presence(publisher, _OFF_LINE))

    async def _renew(self, domain: str) -> None:
        """Ask a partner again for those of whom it was asked too long ago."""
        now = self._clock.seconds()
        while pairs := await self._watched.watched(domain, before=now - RENEWED_SECONDS):
            for watcher, publishers in _by_watcher(pairs).items():
                # Whoever is noted is not looked at again in this round, whatever comes of it.
                await self._watched.note_watched(watcher, publishers, at=now)
                asked = await self._abroad.asked(watcher, publishers)
                left = [each for each in publishers if not asked[each]]
                await self._watched.forget_watched(watcher, left)
                wanted = [each for each in publishers if asked[each]]
                if wanted:
                    await self._ask(domain, watcher, wanted)

    async def _ask(self, domain: str, watcher: Address, publishers: list[Address]) -> None:
        """Subscribe anew, to what is wanted when that is handed over."""
        request = SubscribeRequest(
            meta_info=MetaInfo.of_user(watcher, watcher.domain), user_ids=tuple(publishers)
        )
        expires_at, operation_id = self._clock.seconds() + RENEWED_SECONDS, f"renew:{token_hex(16)}"
        try:
            await self._exchange.post(domain, watcher, request, expires_at, operation_id)
        except Refusal as refusal:
            self._log.info(
                "Nobody is subscribed anew at {domain}: {reason}",
                domain=domain,
                reason=refusal.description,
            )


def _by_watcher(pairs: Iterable[Pair]) -> dict[Address, list[Address]]:
    by_watcher: defaultdict[Address, list[Address]] = defaultdict(list)
    for watcher, publisher in pairs:
        by_watcher[watcher].append(publisher)
    return by_watcher
