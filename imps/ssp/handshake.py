"""How two servers come to trust each other: the six steps of setting a session up, without I/O.

Each invents a secret and sends it to where the other one's domain is served; each shows by a digest
that it got the other's (SSP, session establishment). A is who begins, B who answers::

    1  A -> B  Request   SendSecretToken     4  B -> A  Response  LoginRequest
    2  B -> A  Response  SendSecretToken     5  A -> B  Request   LoginResponse
    3  A -> B  Request   LoginRequest        6  B -> A  Response  LoginResponse

All have A's transaction id but the second, which has one of B's own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from enum import Enum
from hmac import compare_digest
from secrets import token_hex

from attrs import asdict, evolve, field, frozen

from imps.model.address import Address
from imps.model.partner import Partner, Profile
from imps.model.status import StatusCode
from imps.model.version import Version
from imps.ssp.messages.blocks import Status
from imps.ssp.messages.envelope import Mode, SetupMessage, SetupTransaction
from imps.ssp.messages.setup import (
    LoginRequest,
    LoginResponse,
    PasswordDigest,
    SecretToken,
    SendSecretToken,
)
from imps.store.partner_sessions import PartnerSession

PROTOCOL = "WV-SSP"
DIGEST_SCHEMAS = "SHA256 MD5"
TIME_TO_LIVE = 86_400
STEP_SECONDS = 30
"""How long the other side may take for a step."""

_VERSIONS = {str(version): version for version in Version}
_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "MD5": lambda octets: hashlib.md5(octets, usedforsecurity=False).digest(),
    "SHA256": lambda octets: hashlib.sha256(octets).digest(),
}


class State(Enum):
    """What we said last."""

    TOKEN_SENT = "token"
    LOGIN_SENT = "login"
    RESPONSE_SENT = "response"


@frozen(kw_only=True)
class Handshake:
    """What one side knows of a handshake. Times are seconds since the epoch; ``identity`` is how
    the other side was known when it began."""

    is_initiator: bool
    state: State
    transaction_id: str
    own_domain: str
    peer_domain: str
    own_secret: bytes = field(repr=False)
    peer_secret: bytes = field(default=b"", repr=False)
    url: str = ""
    version: Version
    schema: str = "MD5"
    time_to_live: int = TIME_TO_LIVE
    own_session_id: str = field(default="", repr=False)
    identity: tuple[str, ...] = ()

    def packed(self) -> bytes:
        """For the store."""
        fields = asdict(self)
        for name in ("own_secret", "peer_secret"):
            fields[name] = fields[name].hex()
        fields["state"] = self.state.value
        return json.dumps(fields, separators=(",", ":")).encode()

    @classmethod
    def unpacked(cls, record: bytes) -> Handshake:
        """From what ``packed`` made of it."""
        fields = json.loads(record)
        for name in ("own_secret", "peer_secret"):
            fields[name] = bytes.fromhex(fields[name])
        fields["state"], fields["version"] = State(fields["state"]), Version(fields["version"])
        fields["identity"] = tuple(fields["identity"])
        return cls(**fields)


class Refused(Exception):
    """A step cannot be accepted; the handshake is over. Where the other side should be told, it is
    told this code."""

    def __init__(self, code: StatusCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@frozen
class Step:
    """What follows from a step of the other side: how things stand, what is said next, and the
    session, once there is one."""

    handshake: Handshake | None
    reply: SetupTransaction | None
    session: PartnerSession | None = None


def begun(
    own_domain: str, partner: Partner, transaction_id: str
) -> tuple[Handshake, SetupTransaction]:
    """A handshake that we begin, and its first message."""
    handshake = Handshake(
        is_initiator=True,
        state=State.TOKEN_SENT,
        transaction_id=transaction_id,
        own_domain=own_domain,
        peer_domain=partner.domain,
        own_secret=_secret(),
        version=partner.version_max,
    )
    return handshake, _said(Mode.REQUEST, transaction_id, _token(handshake, partner.profile))


def answered(
    said: SetupTransaction,
    token: SendSecretToken,
    own_domain: str,
    partner: Partner,
    transaction_id: str,
    identity: tuple[str, ...],
) -> Step:
    """A partner begins (1); the second message has a transaction id of our own (2)."""
    if (token.protocol or PROTOCOL).upper() != PROTOCOL:
        raise Refused(StatusCode.VERSION_NOT_SUPPORTED, "another protocol")
    handshake = Handshake(
        is_initiator=False,
        state=State.TOKEN_SENT,
        transaction_id=said.transaction_id,
        own_domain=own_domain,
        peer_domain=partner.domain,
        own_secret=_secret(),
        peer_secret=_peer_secret(token),
        version=_agreed(token, partner.version_max),
        schema=_schema(token, partner.profile),
        identity=identity,
    )
    reply = _token(handshake, partner.profile, handshake.schema == "SHA256")
    return Step(handshake, _said(Mode.RESPONSE, transaction_id, reply))


def token_received(handshake: Handshake, token: SendSecretToken, profile: Profile) -> Step:
    """The partner's secret has come (2); we show that we have it (3)."""
    _expect(handshake, State.TOKEN_SENT)
    secret = _peer_secret(token)
    if compare_digest(secret, handshake.own_secret):
        raise Refused(StatusCode.UNAUTHORIZED, "our own secret came back")
    known = evolve(
        handshake,
        state=State.LOGIN_SENT,
        peer_secret=secret,
        version=_agreed(token, handshake.version),
        schema=_schema(token, profile),
    )
    return Step(known, _said(Mode.REQUEST, known.transaction_id, _login(known)))


def login_received(handshake: Handshake, login: LoginRequest, identity: tuple[str, ...]) -> Step:
    """The partner shows that it has our secret (3, 4); it is who it says."""
    _expect(handshake, State.LOGIN_SENT if handshake.is_initiator else State.TOKEN_SENT)
    _expect_same(handshake, identity)
    schema = (login.password_digest.schema or "MD5").upper()
    if schema != handshake.schema:
        raise Refused(StatusCode.NO_MATCHING_DIGEST_SCHEMA, f"digest is {schema}")
    expected = _DIGESTS[schema](handshake.own_secret)
    if not compare_digest(login.password_digest.octets, expected):
        raise Refused(StatusCode.UNAUTHORIZED, "wrong digest")
    lives = min(handshake.time_to_live, login.time_to_live or TIME_TO_LIVE)
    if handshake.is_initiator:
        known = evolve(
            handshake,
            state=State.RESPONSE_SENT,
            time_to_live=lives,
            own_session_id=_session_id(handshake.own_domain),
        )
        return Step(known, _said(Mode.REQUEST, known.transaction_id, _response(known)))
    known = evolve(handshake, state=State.LOGIN_SENT, time_to_live=lives)
    return Step(known, _said(Mode.RESPONSE, known.transaction_id, _login(known)))


def response_received(
    handshake: Handshake, response: LoginResponse, identity: tuple[str, ...], *, now: float
) -> Step:
    """The partner has accepted our digest, and names its session (5, 6)."""
    _expect(handshake, State.RESPONSE_SENT if handshake.is_initiator else State.LOGIN_SENT)
    _expect_same(handshake, identity)
    if not response.status.is_success:
        raise Refused(StatusCode.UNAUTHORIZED, f"refused with {response.status.code}")
    peer_id = response.session_id or ""
    if domain_of(peer_id) != handshake.peer_domain:
        raise Refused(StatusCode.BAD_PARAMETER, "a session id of another domain")
    own_id = handshake.own_session_id or _session_id(handshake.own_domain)
    known = evolve(handshake, own_session_id=own_id)
    session = PartnerSession(
        own_id=own_id,
        peer_id=peer_id,
        own_domain=known.own_domain,
        peer_domain=known.peer_domain,
        url=known.url,
        identity=identity,
        version=known.version,
        time_to_live=min(known.time_to_live, response.time_to_live or TIME_TO_LIVE),
        established_at=now,
        heard_at=now,
        is_initiator=known.is_initiator,
    )
    if known.is_initiator:
        return Step(None, None, session)
    return Step(None, _said(Mode.RESPONSE, known.transaction_id, _response(known)), session)


def refusal(said: SetupTransaction, code: StatusCode) -> SetupTransaction:
    """How a step is refused: in the opposite mode (SSP, refusing a login)."""
    mode = Mode.RESPONSE if said.mode is Mode.REQUEST else Mode.REQUEST
    return _said(mode, said.transaction_id, LoginResponse(status=Status(code=int(code))))


def domain_of(session_id: str) -> str:
    """The domain that a session id ends with."""
    return session_id.rpartition("@")[2].casefold() if "@" in session_id else ""


def _expect(handshake: Handshake, state: State) -> None:
    if handshake.state is not state:
        raise Refused(StatusCode.UNAUTHORIZED, "out of order")


def _expect_same(handshake: Handshake, identity: tuple[str, ...]) -> None:
    """The other side is known as it was when it began, as far as that was seen."""
    if handshake.identity and not set(handshake.identity).intersection(identity):
        raise Refused(StatusCode.FORBIDDEN, "somebody else goes on")


def _secret() -> bytes:
    return token_hex(16).encode()


def _session_id(domain: str) -> str:
    return f"{token_hex(16)}@{domain}"


def _peer_secret(token: SendSecretToken) -> bytes:
    secret = token.secret_token.octets
    if not secret:
        raise Refused(StatusCode.BAD_PARAMETER, "no secret")
    return secret


def _agreed(token: SendSecretToken, ours: Version) -> Version:
    """The best version that both have; a newer one than ours stands for ours."""
    text = (token.protocol_version or "").strip()
    if not text:
        return ours
    theirs = _VERSIONS.get(text)
    if theirs is not None:
        return min(theirs, ours)
    major, _, minor = text.partition(".")
    if (major, minor.isascii() and minor.isdigit()) == ("1", True) and int(minor[:9]) > 3:
        return ours
    raise Refused(StatusCode.VERSION_NOT_SUPPORTED, f"version {text[:20]}")


def _schema(token: SendSecretToken, profile: Profile) -> str:
    """The stronger digest between our own kind, where both offer it."""
    offered = (token.digest_schemas or "").upper().split()
    return "SHA256" if profile is Profile.OURS and "SHA256" in offered else "MD5"


def _token(handshake: Handshake, profile: Profile, offers: bool = True) -> SendSecretToken:
    return SendSecretToken(
        service_id=Address(domain=handshake.own_domain),
        protocol=PROTOCOL,
        protocol_version=str(handshake.version),
        digest_schemas=DIGEST_SCHEMAS if offers and profile is Profile.OURS else None,
        secret_token=SecretToken(octets=handshake.own_secret),
    )


def _login(handshake: Handshake) -> LoginRequest:
    schema = handshake.schema
    digest = PasswordDigest(
        octets=_DIGESTS[schema](handshake.peer_secret), schema=None if schema == "MD5" else schema
    )
    return LoginRequest(
        service_id=Address(domain=handshake.own_domain),
        time_to_live=handshake.time_to_live,
        password_digest=digest,
    )


def _response(handshake: Handshake) -> LoginResponse:
    return LoginResponse(
        session_id=handshake.own_session_id,
        time_to_live=handshake.time_to_live,
        status=Status(code=int(StatusCode.OK)),
    )


def _said(mode: Mode, transaction_id: str, message: SetupMessage) -> SetupTransaction:
    return SetupTransaction(mode=mode, transaction_id=transaction_id, message=message)
