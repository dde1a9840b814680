"""Who is who: checks passwords, plain (2-way) or by digest of a nonce (4-way).

An account that does not exist is treated as one with a wrong password in every step, so that nobody
learns from the answers which accounts exist.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

from imps.elements.directory import Directory
from imps.metrics import Metrics
from imps.model.account import Account
from imps.model.address import Address
from imps.model.status import Refusal, StatusCode
from imps.store.login_failures import LoginFailures
from imps.store.nonces import Nonces


class Proof(Enum):
    """How a password can be proven, best first; PLAIN is the password itself."""

    SHA = "SHA"
    MD5 = "MD5"
    PLAIN = "PWD"


_DIGESTS = {Proof.SHA: hashlib.sha1, Proof.MD5: hashlib.md5}


def digest(proof: Proof, nonce: str, password: bytes) -> bytes:
    """What proves a password: the digest of the nonce as it was sent, and the password."""
    return _DIGESTS[proof](nonce.encode() + password, usedforsecurity=False).digest()


def digest_text(proof: Proof, nonce: str, password: str) -> str:
    """The same in BASE64, as clients send it (CSP, DigestBytes)."""
    return b64encode(digest(proof, nonce, password.encode())).decode()


def best_proof(offered: Sequence[Proof]) -> Proof:
    """The best of those that a client offers; refused with 543 when there is none."""
    for proof in Proof:
        if proof in offered:
            return proof
    raise Refusal(StatusCode.NO_MATCHING_DIGEST_SCHEMA, "no digest schema in common")


@define(eq=False)
class Authentication:
    """Checks what users say to sign on; ``reveals_unknown`` answers 531 for unknown users."""

    _directory: Directory
    _nonces: Nonces
    _failures: LoginFailures
    _clock: IReactorTime
    _reveals_unknown: bool
    _metrics: Metrics = field(factory=Metrics)
    _is_closed: bool = field(default=False, init=False)

    def close(self) -> None:
        """From now on nobody signs on: the server is about to stop."""
        self._is_closed = True

    async def by_password(self, user: Address, source: str, password: str) -> Account:
        """The account of a user who gives this password; refused otherwise."""
        await self._check_failures(user, source)
        tried_at = await self._begin(user)
        account = await self._directory.find(user)
        matches = self._matches(account, password.encode(), None)
        return await self._checked(user, source, account, matches, tried_at)

    async def challenge(self, user: Address, source: str, login: str, proof: Proof) -> str:
        """A nonce for one login of a user of a home domain, who need not exist."""
        if not user.is_user:
            raise Refusal(StatusCode.BAD_PARAMETER, "not the address of a user")
        await self._check_failures(user, source)
        nonce = secrets.token_hex(16)
        await self._nonces.keep(self._directory.at_home(user), login, f"{proof.value} {nonce}")
        return nonce

    async def by_digest(
        self, user: Address, source: str, login: str, octets: str
    ) -> Account | None:
        """The account of a user who proves the password; None when the nonce is stale."""
        await self._check_failures(user, source)
        kept = await self._nonces.take(self._directory.at_home(user), login)
        if kept is None:
            return None
        word, nonce = kept.split(" ", 1)
        proof = Proof(word)
        tried_at = await self._begin(user)
        account = await self._directory.find(user)
        try:
            given = b64decode(octets, validate=False)
        except ValueError:
            given = b""
        matches = proof is not Proof.PLAIN and self._matches(account, given, (proof, nonce))
        return await self._checked(user, source, account, matches, tried_at)

    def _matches(
        self, account: Account | None, given: bytes, asked: tuple[Proof, str] | None
    ) -> bool:
        """Whether the password, or its digest, is that of the account."""
        password = (
            secrets.token_hex(16) if account is None else self._directory.password_of(account)
        )
        expected = [digest(*asked, each) if asked else each for each in _spellings(password)]
        matches = [hmac.compare_digest(given, each) for each in expected]
        return any(matches) and account is not None

    async def _checked(
        self,
        user: Address,
        source: str,
        account: Account | None,
        matches: bool,
        tried_at: float,
    ) -> Account:
        if account is None or not matches:
            await self._failures.fail(source, now=tried_at)
        else:
            await self._failures.succeed(self._directory.at_home(user), now=tried_at)
        if account is None and self._reveals_unknown:
            raise self._refused(StatusCode.UNKNOWN_USER, "unknown user")
        if account is None or not matches:
            raise self._refused(StatusCode.INVALID_PASSWORD, "wrong user or password")
        if account.suspended:
            raise self._refused(StatusCode.FORBIDDEN, "the account is suspended")
        self._metrics.login_tried(StatusCode.OK)
        return account

    async def _check_failures(self, user: Address, source: str) -> None:
        """Refuse users of other domains, and those who failed too often of late."""
        if self._is_closed:
            raise self._refused(StatusCode.SERVICE_UNAVAILABLE, "the server is stopping")
        home = self._directory.at_home(user)
        if not self._directory.is_home(home):
            raise self._refused(
                StatusCode.DOMAIN_NOT_SUPPORTED, f"{home.domain} is not served here"
            )
        if await self._failures.are_too_many(home, source, now=self._clock.seconds()):
            raise self._must_wait()

    async def _begin(self, user: Address) -> float:
        """Begin to check a password; returns when that was."""
        now = self._clock.seconds()
        if not await self._failures.begin(self._directory.at_home(user), now=now):
            raise self._must_wait()
        return now

    def _must_wait(self) -> Refusal:
        reason = "too many failures, try again later"
        return self._refused(StatusCode.SERVICE_UNAVAILABLE, reason)

    def _refused(self, code: StatusCode, reason: str) -> Refusal:
        self._metrics.login_tried(code)
        return Refusal(code, reason)


def _spellings(password: str) -> list[bytes]:
    """Passwords beyond ASCII come in UTF-8, and from one client in Latin-1."""
    spellings = [password.encode()]
    if not password.isascii():
        with suppress(UnicodeEncodeError):
            spellings.append(password.encode("latin-1"))
    return spellings
