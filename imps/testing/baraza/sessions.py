"""How that server sets sessions up, in both roles, and what it keeps of them: for ever.

Its traps are those that are known: each step is answered first and followed by the next one; where
to post to is stored only after the answer to message 1 or 2; and a set-up that stops half-way keeps
everything for that domain waiting.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import md5
from secrets import token_bytes

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from imps.testing.baraza import wire
from imps.testing.baraza.post import Reaction
from imps.testing.baraza.wire import Transaction

CLOSED = Reaction(None)
"""What it has for whatever it refuses: no HTTP answer."""

TIME_TO_LIVE = 86400

Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[bool]]


@define(eq=False)
class Row:
    """A row of its table of sessions; the number is its session id, and easy to guess."""

    number: int
    domain: str
    is_initiator: bool
    transaction_id: str
    secret: str
    peer_secret: bytes = b""
    url: str = ""
    is_verified: bool = False
    is_established: bool = False
    peer_session_id: str = ""


@define(eq=False)
class Sessions:
    """Its table of sessions, and the set-up of more.

    ``endpoints`` is what the DNS says of other domains. ``store_seconds`` is how long it takes to
    store where to post to, once that has answered.
    """

    domain: str
    clock: IReactorTime
    endpoints: Mapping[str, Sequence[str]]
    _post: Post
    _established: Callable[[str], None]
    store_seconds: float = 0
    rows: dict[int, Row] = field(factory=dict)
    lost: list[str] = field(factory=list)
    _last: int = 0

    def session_id(self, row: Row) -> str:
        """Its own id of a session, which all its messages in that carry."""
        return f"{row.number}@{self.domain}"

    def usable(self, domain: str) -> Row | None:
        """A session in which a domain can be told something; None while there is none."""
        rows = (each for each in self.rows.values() if each.domain == domain)
        return next((each for each in rows if each.is_established), None)

    def is_connecting(self, domain: str) -> bool:
        """Whether a session with a domain is being set up, or once was and nobody went on."""
        return any(each.domain == domain for each in self.rows.values())

    def of_peer(self, session_id: str) -> Row | None:
        """The session with this id of the peer's, which must be of the domain that is in it."""
        domain = session_id.rpartition("@")[2].lower()
        for each in self.rows.values():
            if each.is_established and each.peer_session_id == session_id:
                return each if each.domain == domain else None
        return None

    async def connect(self, domain: str) -> None:
        """Begin to set a session up: message 1, to the first endpoint that takes it."""
        urls = self.endpoints.get(domain, ())
        if not urls:
            return
        row = self._row(domain, is_initiator=True)
        row.transaction_id = str(row.number)
        await self._introduce(row, urls, is_request=True)

    def hear(self, transaction: Transaction) -> Reaction:
        """Take a message of the set-up."""
        steps: dict[str, Callable[[Transaction], Reaction]] = {
            "sendsecrettoken": self._token,
            "loginrequest": self._login,
            "loginresponse": self._logged_in,
        }
        step = steps.get(transaction.name)
        return Reaction(400) if step is None else step(transaction)

    def _token(self, transaction: Transaction) -> Reaction:
        """Messages 1 and 2."""
        domain = wire.domain_of(wire.attribute(transaction.primitive, "serviceID"))
        secret = wire.octets_of(wire.child(transaction.primitive, "SecretToken"))
        if not domain or not secret:
            return CLOSED
        if transaction.is_request:
            urls = self.endpoints.get(domain, ())
            if not urls:
                return CLOSED
            row = self._row(domain, is_initiator=False)
            row.transaction_id, row.peer_secret = transaction.id, secret
            return Reaction(200, lambda: self._introduce(row, urls, is_request=False))
        waiting = (
            each
            for each in self.rows.values()
            if each.is_initiator and each.domain == domain and not each.peer_secret
        )
        found = next(waiting, None)
        if found is None:
            return CLOSED
        found.peer_secret = secret
        return Reaction(200, lambda: self._log_in(found, is_request=True))

    def _login(self, transaction: Transaction) -> Reaction:
        """Messages 3 and 4."""
        domain = wire.domain_of(wire.attribute(transaction.primitive, "serviceID"))
        proof = wire.octets_of(wire.child(transaction.primitive, "PasswordDigest"))
        row = self._found(transaction, domain)
        if row is None or row.domain != domain or not proof:
            return CLOSED
        if proof != wire.digest(row.secret.encode()):
            del self.rows[row.number]
            return CLOSED
        row.is_verified = True
        if transaction.is_request:
            return Reaction(200, lambda: self._log_in(row, is_request=False))
        return Reaction(200, lambda: self._confirm(row, is_request=True))

    def _logged_in(self, transaction: Transaction) -> Reaction:
        """Messages 5 and 6."""
        row = self._found(transaction, None)
        if row is None:
            return CLOSED
        code = wire.attribute(wire.child(transaction.primitive, "Status"), "code")
        session_id = wire.attribute(transaction.primitive, "sessionID")
        if not code.startswith("2") or not row.is_verified or not session_id:
            del self.rows[row.number]
            return CLOSED
        row.peer_session_id = session_id
        if transaction.is_request:
            return Reaction(200, lambda: self._confirm(row, is_request=False))
        return Reaction(200, lambda: self._use(row))

    def _found(self, transaction: Transaction, domain: str | None) -> Row | None:
        """The row of a set-up: as the initiator by its number, as the responder by the id that the
        peer chose, for which messages 5 are not even looked up with the domain."""
        if not transaction.is_request:
            number = int(transaction.id) if transaction.id.isdecimal() else 0
            row = self.rows.get(number)
            return row if row is not None and row.is_initiator else None
        for each in self.rows.values():
            found = not each.is_initiator and each.transaction_id == transaction.id
            if found and domain in (None, each.domain):
                return each
        return None

    async def _introduce(self, row: Row, urls: Sequence[str], *, is_request: bool) -> None:
        """Send the own secret to the first endpoint that takes it, and store which that was."""
        transaction_id = row.transaction_id if is_request else str(row.number)
        body = wire.set_up(
            is_request,
            transaction_id,
            f'<SendSecretToken serviceID="wv:@{self.domain}" protocol="WV-SSP"'
            f' procotolVersion="1.3"><SecretToken>\n{row.secret}\n</SecretToken></SendSecretToken>',
        )
        for url in urls:
            if await self._post(url, body, {}):
                if self.store_seconds:
                    await deferLater(self.clock, self.store_seconds)
                row.url = url
                return
        self.rows.pop(row.number, None)

    async def _log_in(self, row: Row, *, is_request: bool) -> None:
        proof = base64.b64encode(wire.digest(row.peer_secret)).decode()
        await self._say(
            row,
            is_request,
            f'<LoginRequest serviceID="wv:@{self.domain}" timeToLive="{TIME_TO_LIVE}">'
            f'<PasswordDigest encoding="base64">{proof}\r\n</PasswordDigest></LoginRequest>',
        )

    async def _confirm(self, row: Row, *, is_request: bool) -> None:
        await self._say(
            row,
            is_request,
            f'<LoginResponse sessionID="{self.session_id(row)}" timeToLive="{TIME_TO_LIVE}">'
            '<Status code="200"/></LoginResponse>',
        )
        if not is_request:
            await self._use(row)

    async def _use(self, row: Row) -> None:
        row.is_established = True
        self._established(row.domain)

    async def _say(self, row: Row, is_request: bool, inside: str) -> None:
        """Post a step; to nowhere, if it is not yet stored where."""
        if not row.url or not await self._post(
            row.url, wire.set_up(is_request, row.transaction_id, inside), {}
        ):
            self.lost.append(inside)

    def _row(self, domain: str, *, is_initiator: bool) -> Row:
        self._last += 1
        secret = md5(f"{self.domain}{domain}".encode() + token_bytes(8)).hexdigest()
        row = Row(self._last, domain, is_initiator, "", secret)
        self.rows[row.number] = row
        return row
