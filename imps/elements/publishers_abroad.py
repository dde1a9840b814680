"""Publishers of other domains: what users of ours ask for of them, and were told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import define
from twisted.internet.interfaces import IReactorTime

from imps.elements.interfaces import Caller
from imps.elements.presence_view import octets_of
from imps.model.address import Address
from imps.model.presence import Attribute, Presence, Published
from imps.model.status import Refusal, StatusCode
from imps.store.presence_abroad import PresenceAbroad
from imps.store.subscriptions import Subscriptions, TooManySubscriptions

Attributes = frozenset[Attribute]


@define(eq=False)
class PublishersAbroad:
    """What their servers tell is kept for each watcher alone: what one may see says nothing of what
    another may."""

    _stored: PresenceAbroad
    _subscriptions: Subscriptions
    _clock: IReactorTime
    _max_value_octets: int

    async def tell(self, watcher: Address, presence: Presence) -> bool:
        """A publisher tells a user of ours something; whether that user is subscribed, and it was
        kept. Values that are too large are not."""
        published = [
            each
            for each in presence.published
            if octets_of(each.value.content) <= self._max_value_octets
        ]
        now = self._clock.seconds()
        return await self._stored.tell(watcher, presence.publisher, published, now=now)

    async def read(
        self, watcher: Address, publishers: Iterable[Address]
    ) -> dict[Address, tuple[Published, ...]]:
        """What a user of ours was told of publishers."""
        return await self._stored.read(watcher, publishers)

    async def note(
        self,
        caller: Caller,
        users: Iterable[Address],
        attributes: Attributes,
        through: Address | None = None,
        follows: bool = False,
    ) -> dict[Address, Attributes]:
        """Note that a session is about to subscribe to users, directly or through a contact list;
        what the caller asks for of each in all sessions. Refused as where they live here."""
        publishers = {each: each for each in users}
        await note(self._subscriptions, caller, publishers, attributes, through, follows)
        return await self.asked(caller.user, list(publishers))

    async def forget(
        self, session_id: str, users: Iterable[Address], through: Address | None = None
    ) -> None:
        """A session is subscribed to users no more, directly or through a contact list."""
        users = list(users)
        if users:
            now = self._clock.seconds()
            await self._subscriptions.unsubscribe(session_id, users, through, now=now)

    async def unwatched(self, watcher: Address, publishers: Iterable[Address]) -> list[Address]:
        """Those of these publishers whom a user of ours watches in no session any more; what is
        known of them is forgotten."""
        publishers = list(publishers)
        asked = await self.asked(watcher, publishers)
        left = [each for each in publishers if not asked[each]]
        await self._stored.forget(watcher, left)
        return left

    async def asked(
        self, watcher: Address, publishers: Sequence[Address]
    ) -> dict[Address, Attributes]:
        """What a user of ours asks for of publishers, in all sessions."""
        return await self._stored.asked(watcher, publishers, now=self._clock.seconds())


async def note(
    subscriptions: Subscriptions,
    caller: Caller,
    publishers: Mapping[Address, Address],
    attributes: Attributes,
    through: Address | None,
    follows: bool,
) -> None:
    """Note what a session is about to subscribe to, wherever that lives; refused if it cannot."""
    try:
        noted = await subscriptions.note(
            caller.session_id, publishers, attributes, through, follows
        )
    except TooManySubscriptions:
        raise Refusal(StatusCode.BAD_PARAMETER, "too many subscriptions") from None
    if not noted:
        raise Refusal(StatusCode.INVALID_SESSION, "the session is over")
