"""Sessions with partners, the handshakes that lead to them, and what bounds those.

A partner that is told of no session keeps using the one it knows, for ever: sessions outlive
processes. A handshake may go on in another process than it began in.
"""

from __future__ import annotations

import json
from hashlib import sha256
from hmac import compare_digest

from attrs import asdict, define, evolve, frozen

from imps.model.address import Address
from imps.model.version import Version
from imps.store.client import StoreClient
from imps.store.keys import Buckets

WINDOW_SECONDS = 60
REMEMBER_SECONDS = 86_400
MOST_PENDING = 3


@frozen(kw_only=True)
class PartnerSession:
    """An established session with a partner. Each side gave it an id, which it puts into what it
    sends. Times are seconds since the epoch; ``heard_at`` is when the partner last used it.

    ``identity`` is the name in the partner's certificate by which it was known, or the addresses
    it came from where nothing is secured. One that is not ``is_confirmed`` is not known to the
    partner yet, for all we know.
    """

    own_id: str
    peer_id: str
    own_domain: str
    peer_domain: str
    url: str
    identity: tuple[str, ...]
    version: Version
    time_to_live: int
    established_at: float
    heard_at: float
    is_initiator: bool
    is_confirmed: bool = True

    def is_over(self, now: float) -> bool:
        """Whether it has been silent for longer than it lives."""
        return self.heard_at + self.time_to_live <= now


@frozen
class Backoff:
    """How often handshakes have failed one after the other, and until when none is begun, in
    seconds since the epoch."""

    until: float = 0.0
    tries: int = 0


@define(eq=False)
class PartnerSessions:
    """The sessions with all partners, and the handshakes under way."""

    _client: StoreClient
    _buckets: Buckets

    # Sessions.

    async def put(self, session: PartnerSession) -> None:
        """Keep a session, in the place of what was kept of it."""
        key = self._key("partner-sessions", session.peer_domain)
        await self._client.execute("HSET", key, _hash(session.peer_id), _packed(session))

    async def all(self, domain: str) -> tuple[PartnerSession, ...]:
        """The sessions with a partner, the youngest first."""
        records = await self._client.execute("HVALS", self._key("partner-sessions", domain))
        found = map(_unpacked, records)
        return tuple(sorted(found, key=lambda session: session.established_at, reverse=True))

    async def of_peer(self, domain: str, peer_id: str) -> PartnerSession | None:
        """The session that a partner knows by this id."""
        key = self._key("partner-sessions", domain)
        record = await self._client.execute("HGET", key, _hash(peer_id))
        session = None if record is None else _unpacked(record)
        if session is None or not compare_digest(session.peer_id.encode(), peer_id.encode()):
            return None
        return session

    async def heard(self, session: PartnerSession, *, now: float) -> PartnerSession:
        """The partner has used a session, which goes on living."""
        prolonged = evolve(session, heard_at=now)
        # One that has ended meanwhile does not come back.
        await self._client.run(
            "prolong_partner_session",
            [self._key("partner-sessions", session.peer_domain)],
            _hash(session.peer_id),
            _packed(prolonged),
        )
        return prolonged

    async def remove(self, session: PartnerSession) -> bool:
        """A session has ended; whether it had not before."""
        key = self._key("partner-sessions", session.peer_domain)
        return bool(await self._client.execute("HDEL", key, _hash(session.peer_id)))

    # Handshakes.

    async def begin_out(self, domain: str, record: bytes, seconds: float) -> bool:
        """Ask a partner for its secret; False while somebody does so already.

        The answer does not say to what, so there is one such handshake at a time.
        """
        key, lifetime = self._key("partner-asked", domain), _milliseconds(seconds)
        done = await self._client.execute("SET", key, record, "PX", lifetime, "NX")
        return done is not None

    async def change_out(self, domain: str, record: bytes, seconds: float) -> None:
        """What is known of that handshake has changed."""
        key, lifetime = self._key("partner-asked", domain), _milliseconds(seconds)
        await self._client.execute("SET", key, record, "PX", lifetime, "XX")

    async def take_out(self, domain: str) -> bytes | None:
        """The handshake for which a partner's secret has come; it can be taken once."""
        found: bytes | None = await self._client.execute(
            "GETDEL", self._key("partner-asked", domain)
        )
        return found

    async def give_up_out(self, domain: str, record: bytes) -> bool:
        """That handshake is over, if it is still this one."""
        key = self._key("partner-asked", domain)
        return bool(await self._client.run("give_up", [key], record))

    async def begin_in(
        self, domain: str, transaction_id: str, record: bytes, seconds: float
    ) -> None:
        """A partner has begun a handshake; when it has begun too many, the oldest is over."""
        await self._client.run(
            "begin_handshake",
            [self._buckets.prefix_of_domain(domain)],
            domain,
            _hash(transaction_id),
            record,
            _milliseconds(seconds),
            MOST_PENDING,
        )

    async def keep_step(
        self, domain: str, is_initiator: bool, transaction_id: str, record: bytes, seconds: float
    ) -> None:
        """A handshake has come to its next step."""
        key = self._step_key(domain, is_initiator, transaction_id)
        await self._client.execute("SET", key, record, "PX", _milliseconds(seconds))

    async def change_step(
        self, domain: str, is_initiator: bool, transaction_id: str, record: bytes, seconds: float
    ) -> None:
        """What is known of a handshake has changed, if it was not taken meanwhile."""
        key, lifetime = self._step_key(domain, is_initiator, transaction_id), _milliseconds(seconds)
        await self._client.execute("SET", key, record, "PX", lifetime, "XX")

    async def take_step(self, domain: str, is_initiator: bool, transaction_id: str) -> bytes | None:
        """A handshake in which a partner does the next step; it can be taken once."""
        key = self._step_key(domain, is_initiator, transaction_id)
        found: bytes | None = await self._client.execute("GETDEL", key)
        return found

    async def give_up_step(
        self, domain: str, is_initiator: bool, transaction_id: str, record: bytes
    ) -> bool:
        """A handshake is over, if it has not come further than this."""
        key = self._step_key(domain, is_initiator, transaction_id)
        return bool(await self._client.run("give_up", [key], record))

    async def keep_domain(self, transaction_id: str, domain: str, seconds: float) -> None:
        """Whose a handshake is, for a refusal that does not say so."""
        # An id is no address of ours, but is spread over the buckets like one.
        key, lifetime = self._whose_key(transaction_id), _milliseconds(2 * seconds)
        await self._client.execute("SET", key, domain, "PX", lifetime)

    async def domain_of(self, transaction_id: str) -> str:
        """Whose a handshake is; nothing if that is not known."""
        found = await self._client.execute("GET", self._whose_key(transaction_id))
        return found.decode() if found else ""

    def _whose_key(self, transaction_id: str) -> str:
        digest = _hash(transaction_id)
        return f"{self._buckets.prefix_of(Address(digest))}partner-whose:{digest}"

    async def backoff(self, domain: str) -> Backoff:
        """How handshakes with a partner have failed of late."""
        found = await self._client.execute("GET", self._key("partner-backoff", domain))
        return Backoff(*json.loads(found)) if found else Backoff()

    async def failed(self, domain: str, backoff: Backoff) -> None:
        """A handshake has failed."""
        key, record = (
            self._key("partner-backoff", domain),
            json.dumps([backoff.until, backoff.tries]),
        )
        await self._client.execute("SET", key, record, "EX", REMEMBER_SECONDS)

    async def succeeded(self, domain: str) -> None:
        """A handshake has led to a session."""
        await self._client.execute("DEL", self._key("partner-backoff", domain))

    # Bounds.

    async def is_new_token(self, domain: str, token: bytes) -> bool:
        """Whether a secret of a partner was not seen within a day; it is from now on."""
        key = f"{self._key('partner-token', domain)}:{sha256(token).hexdigest()}"
        done = await self._client.execute("SET", key, b"", "EX", REMEMBER_SECONDS, "NX")
        return done is not None

    async def count_source(self, source: str, *, now: float) -> int:
        """Somebody begins a handshake from an address: how many did in this minute."""
        # A source is no address of ours, but is spread over the buckets like one.
        prefix = self._buckets.prefix_of(Address(source))
        return await self._count(f"{prefix}partner-source-tries:{source}:{_minute(now)}")

    async def count_try(self, domain: str, *, now: float) -> int:
        """A partner begins a handshake: how often it did in this minute."""
        return await self._count(f"{self._key('partner-tries', domain)}:{_minute(now)}")

    async def _count(self, key: str) -> int:
        count: int = await self._client.execute("INCR", key)
        await self._client.execute("EXPIRE", key, 2 * WINDOW_SECONDS)
        return count

    def _key(self, kind: str, domain: str) -> str:
        return f"{self._buckets.prefix_of_domain(domain)}{kind}:{domain}"

    def _step_key(self, domain: str, is_initiator: bool, transaction_id: str) -> str:
        role = "out" if is_initiator else "in"
        return f"{self._key('partner-step', domain)}:{role}:{_hash(transaction_id)}"


def _hash(id: str) -> str:
    return sha256(id.encode()).hexdigest()


def _minute(now: float) -> int:
    return int(now // WINDOW_SECONDS)


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


def _packed(session: PartnerSession) -> bytes:
    return json.dumps(asdict(session), separators=(",", ":")).encode()


def _unpacked(record: bytes) -> PartnerSession:
    fields = json.loads(record)
    fields["identity"] = tuple(fields["identity"])
    fields["version"] = Version(fields["version"])
    return PartnerSession(**fields)
