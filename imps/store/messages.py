"""Messages that wait for their recipients, each stored once, in order of arrival."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import Enum
from secrets import token_urlsafe

from attrs import define

from imps.model.address import Address
from imps.model.message import Message, OneClient
from imps.model.status import StatusCode
from imps.store.client import StoreClient
from imps.store.endings import Ending
from imps.store.keys import Buckets
from imps.store.packing import packed, report_packed, unpacked_message
from imps.store.presence import names
from imps.store.work import LEASE_SECONDS, Work

CHUNK = 100
REMEMBER_SECONDS = 300
"""Longer than a client's request may come again."""
REMEMBER_ABROAD_SECONDS = 86_400
"""Longer than a partner may say something again."""
HELD_SECONDS = 120
"""How long a message waits for the one session that is to have it alone: longer than it takes until
a session that polls, but does not answer, gives it up."""
OFFLINE_NOTICE_SECONDS = 1800
DISPOSALS = 16
"""By how many operations a session disposed of messages is remembered: more than a client has under
way at a time."""


NO_CLIENTS: Mapping[Address, Sequence[OneClient]] = {}


class Stored(Enum):
    """What became of a message for one recipient; one who chooses from whom to take messages needs
    the names of the sender for that."""

    YES = 1
    NO_SUCH_USER = 0
    QUEUE_FULL = -1
    NOT_WELCOME = -2
    NAMES_NEEDED = -3
    NO_SUCH_CLIENT = -4
    REFUSED_OFFLINE = -5
    NOT_ACCEPTED = -6
    ID_TAKEN = -7


@define(eq=False)
class Messages:
    """The messages that wait for the users of the home domains."""

    _client: StoreClient
    _buckets: Buckets
    _max_waiting: int
    _max_waiting_octets: int

    async def store(
        self,
        message: Message,
        recipients: Sequence[Address],
        *,
        now: float,
        sender_names: Sequence[Address] = (),
        sender_application: str = "",
        clients: Mapping[Address, Sequence[OneClient]] = NO_CLIENTS,
        token: str = "",
        remember_seconds: int = REMEMBER_SECONDS,
    ) -> list[Stored]:
        """Store a message for each recipient, once: a repetition of the same token does nothing, as
        long as it is remembered; without one, of the same id. For those of whom ``clients`` are
        named, it is for these alone."""
        by_bucket: defaultdict[int, list[Address]] = defaultdict(list)
        for recipient in dict.fromkeys(recipients):
            by_bucket[self._buckets.of(recipient)].append(recipient)
        head, content = packed(message)
        outcomes: dict[Address, Stored] = {}
        for bucket, users in by_bucket.items():
            for start in range(0, len(users), CHUNK):
                chunk = users[start : start + CHUNK]
                reply = await self._client.run(
                    "store_messages",
                    [self._buckets.prefix(bucket)],
                    message.message_id,
                    repr(now),
                    repr(message.expires_at),
                    head,
                    content,
                    self._max_waiting,
                    self._max_waiting_octets,
                    remember_seconds,
                    report_packed(message) if message.wants_report else b"",
                    HELD_SECONDS,
                    names(sender_names),
                    sender_application.casefold(),
                    OFFLINE_NOTICE_SECONDS,
                    token or message.message_id,
                    *(
                        part
                        for user in chunk
                        for part in (user.canonical, _clients(clients.get(user, ())))
                    ),
                )
                outcomes.update(zip(chunk, map(Stored, reply), strict=True))
        return [outcomes[recipient] for recipient in recipients]

    async def fetch(
        self, session_id: str, message_id: str, *, with_large: bool, now: float
    ) -> Message | None:
        """A message that waits for the user of a session, if it is for this session, too; large
        content is read if it is wanted.

        It goes on waiting until it is acknowledged.
        """
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return None
        found = await self._client.run(
            "fetch_message",
            [self._buckets.prefix(bucket)],
            session_id,
            repr(now),
            message_id,
            int(with_large),
        )
        return unpacked_message(message_id, *found) if found else None

    async def link(
        self, session_id: str, message_ids: Sequence[str], *, now: float
    ) -> dict[str, str]:
        """Tokens by which the content of messages that a session may have can be read without it,
        the same each time, for as long as they wait; of those that there are."""
        bucket = self._buckets.of_session(session_id)
        if bucket is None or not message_ids:
            return {}
        new = [(each, f"{bucket:02}{token_urlsafe(16)}") for each in message_ids]
        tokens = await self._client.run(
            "link_messages",
            [self._buckets.prefix(bucket)],
            session_id,
            repr(now),
            *(part for pair in new for part in pair),
        )
        pairs = zip(message_ids, tokens, strict=True)
        return {message_id: token.decode() for message_id, token in pairs if token}

    async def linked(self, token: str, *, now: float) -> Message | None:
        """The message to which a token leads, as long as it waits."""
        bucket = self._buckets.of_token(token)
        if bucket is None:
            return None
        found = await self._client.run(
            "read_linked", [self._buckets.prefix(bucket)], token, repr(now)
        )
        if not found:
            return None
        message_id, head, content = found
        return unpacked_message(message_id.decode(), head, content)

    async def waiting(
        self, session_id: str, at_most: int, *, now: float
    ) -> tuple[int, tuple[Message, ...]]:
        """How many messages wait that a session may have, and the first of them, in order, without
        their content."""
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return 0, ()
        count, found = await self._client.run(
            "list_messages", [self._buckets.prefix(bucket)], session_id, repr(now), at_most
        )
        pairs = zip(found[::2], found[1::2], strict=True)
        return count, tuple(unpacked_message(each.decode(), head, b"") for each, head in pairs)

    async def dispose(
        self,
        session_id: str,
        message_ids: Sequence[str],
        code: StatusCode,
        *,
        operation_id: str,
        said: bytes = b"",
        now: float,
    ) -> tuple[list[bool], list[Work], list[Ending]]:
        """Take messages out that a session may have; each sender who wants a report gets this code.
        It is remembered which operation did that, and what is ``said`` of it, for ``disposed``.

        Says for each whether there was one, what is to be done now, and which are gone for good.
        """
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return [False for _ in message_ids], [], []
        outcomes, work, ended = await self._client.run(
            "dispose_of_messages",
            [self._buckets.prefix(bucket)],
            session_id,
            repr(now),
            repr(now + LEASE_SECONDS),
            int(code),
            operation_id,
            said,
            DISPOSALS,
            REMEMBER_SECONDS,
            *message_ids,
        )
        begun = [Work.unpacked(bucket, each) for each in work if each]
        return list(map(bool, outcomes)), begun, [Ending.unpacked(each) for each in ended if each]

    async def disposed(self, session_id: str, operation_id: str) -> tuple[bytes, frozenset[str]]:
        """What was said of an operation by which a session disposed of messages, and which these
        were; none, if it did not, or is not remembered."""
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return b"", frozenset()
        key = f"{self._buckets.prefix(bucket)}disposals:{session_id}"
        for record in await self._client.execute("LRANGE", key, 0, -1):
            operation, said, message_ids = json.loads(record)
            if operation == operation_id:
                return said.encode(), frozenset(message_ids)
        return b"", frozenset()


def _clients(named: Sequence[OneClient]) -> str:
    """Clients as scripts take them; nothing for all of a user's."""
    words = ["\n".join((each.url, each.msisdn, each.application)) for each in named]
    return json.dumps(words) if words else ""
