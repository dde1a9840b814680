"""Outboxes: events that wait for the sessions of a user, or for the user's next one."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define

from imps.model.address import Address
from imps.model.events import MessageReported, Notification
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.packing import event_packed
from imps.store.presence import in_chunks

REMEMBER_SECONDS = 86_400


@define(eq=False)
class Outboxes:
    """The outboxes of the home domains' users."""

    _client: StoreClient
    _buckets: Buckets
    _max_waiting: int

    async def put(
        self, user: Address, event: MessageReported, work_id: str, *, now: float, expires_at: float
    ) -> bool:
        """Put an event into the outboxes of a user; False if this work was done before.

        A newer event of the same key takes the place of an older one that was not sent yet. When
        too many wait, the oldest goes, as do those whose time is over.
        """
        return bool(
            await self._client.run(
                "put_event",
                [self._buckets.prefix_of(user)],
                user.canonical,
                repr(now),
                repr(expires_at),
                event.key,
                event_packed(event),
                self._max_waiting,
                work_id,
                REMEMBER_SECONDS,
            )
        )

    async def notify(
        self,
        users: Iterable[Address],
        notification: Notification,
        *,
        but: str,
        now: float,
        expires_at: float,
    ) -> None:
        """Put a notification into the outboxes of those sessions of users that asked for its kind,
        but for that of one session; a newer one of the same key takes the place of an older one."""
        for bucket, some in in_chunks(self._buckets, users):
            await self._client.run(
                "put_notification",
                [self._buckets.prefix(bucket)],
                repr(now),
                repr(expires_at),
                notification.type.value,
                notification.key,
                event_packed(notification),
                self._max_waiting,
                but,
                *(user.canonical for user in some),
            )
