"""Who is at the other end: certificates of both sides, and the names that they are for.

Names are checked against DNS names of the certificate alone; its common name says nothing (SSP, TLS
identity). TLS 1.2 or newer is spoken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field, frozen
from cryptography import x509
from OpenSSL import SSL, crypto
from service_identity import VerificationError
from service_identity.exceptions import CertificateError
from service_identity.hazmat import DNS_ID, IPAddress_ID, ServiceID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
)
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

_log = Logger()


def names_matched(certificate: Any, names: Iterable[str]) -> tuple[str, ...]:
    """Those of some names that a certificate, of pyOpenSSL, is for."""
    if certificate is None:
        return ()
    return tuple(name for name in names if _is_for(certificate, name))


def _is_for(certificate: crypto.X509, name: str) -> bool:
    try:
        patterns = extract_patterns(certificate)
        verify_service_identity(patterns, [_service_id(name)], [])
    except (VerificationError, CertificateError, ValueError):
        return False
    return True


def _service_id(name: str) -> ServiceID:
    try:
        return IPAddress_ID(name)
    except ValueError:
        return DNS_ID(name)


class Unusable(ValueError):
    """A file of certificates or keys cannot be used; the text names its setting."""


@define(eq=False)
class Certificates:
    """Our certificate, and whom we believe who others are; as they are in files by now."""

    _certificate: str
    _private_key: str
    _authorities: str
    _server: SSL.Context = field(init=False)
    _client: SSL.Context = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.read()

    @property
    def is_given(self) -> bool:
        """Whether we have a certificate."""
        return bool(self._certificate)

    def read(self) -> None:
        """Read the files. Unusable where they cannot be used; then those from before hold."""
        server, client = self._context("server"), self._context("client")
        self._server, self._client = server, client

    def _context(self, side: str) -> SSL.Context:
        context = SSL.Context(SSL.TLS_SERVER_METHOD if side == "server" else SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        try:
            if self._certificate:
                context.use_certificate_chain_file(self._certificate)
                context.use_privatekey_file(self._private_key or self._certificate)
                context.check_privatekey()
        except (SSL.Error, OSError):
            raise Unusable(
                "ssp.certificate: it and ssp.private_key cannot be read, or do not match"
            ) from None
        try:
            if self._authorities:
                Path(self._authorities).read_bytes()
                context.load_verify_locations(self._authorities)
            else:
                context.set_default_verify_paths()
        except (SSL.Error, OSError):
            raise Unusable("ssp.authorities: cannot be read") from None
        # A client that has no certificate is told so over HTTP.
        context.set_verify(SSL.VERIFY_PEER, _checked(side))
        if side == "client":
            context.set_info_callback(_handshake_done)
        context.set_session_id(b"imps-ssp")
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        return context

    def server_factory(self, wrapped: Any) -> Any:
        """Serve a factory over TLS, with the certificate of the moment."""
        return TLSMemoryBIOFactory(_ServerConnections(lambda: self._server), False, wrapped)

    def for_client(self, names: tuple[str, ...]) -> _Policy:
        """How to connect to a server that has to be one of these."""
        return _Policy(lambda: self._client, names)


def _checked(side: str) -> Callable[..., bool]:
    """Logs why the certificate of the other side is refused, where it is."""
    peer = "client" if side == "server" else "server"

    def check(_: Any, certificate: crypto.X509, code: int, depth: int, accepted: int) -> bool:
        if not accepted:
            _log.warn(
                "The certificate of a partner's {peer} is refused: {reason}: {names}",
                peer=peer,
                reason=crypto_reason(code),
                names=", ".join(names_of(certificate)) or "without names",
            )
        return bool(accepted)

    return check


def crypto_reason(code: int) -> str:
    """What a code of the verification of a chain means, for those that happen."""
    return _REASONS.get(code, f"verification failed ({code})")


_REASONS = {
    2: "its issuer is unknown",
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed",
    19: "its chain ends in an unknown authority",
    20: "its issuer is unknown",
    21: "its chain cannot be verified",
    23: "it was revoked",
    26: "it is not meant for this",
}


def names_of(certificate: crypto.X509) -> list[str]:
    """The DNS names of a certificate."""
    try:
        extensions = certificate.to_cryptography().extensions
        found = extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return found.value.get_values_for_type(x509.DNSName)[:10]
    except (x509.ExtensionNotFound, ValueError):
        return []


@implementer(IOpenSSLServerConnectionCreator)
@frozen
class _ServerConnections:
    _context: Callable[[], SSL.Context]

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        return SSL.Connection(self._context(), None)


@implementer(IPolicyForHTTPS)
@frozen
class _Policy:
    _context: Callable[[], SSL.Context]
    _names: tuple[str, ...]

    def creatorForNetloc(self, hostname: bytes, port: int) -> _ClientConnections:
        return _ClientConnections(self._context(), hostname, self._names)


@implementer(IOpenSSLClientConnectionCreator)
@define(eq=False)
class _ClientConnections:
    """Makes connections that are given up unless the server's certificate is for one of the names.

    The names are those of the partner; that of the host which the DNS told is none, as whoever can
    forge that answer would choose it.
    """

    _context: SSL.Context
    _hostname: bytes
    _names: tuple[str, ...]

    def clientConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        connection = SSL.Connection(self._context, None)
        connection.set_app_data(protocol)
        if not _is_address(self._hostname.decode("ascii", "replace")):
            connection.set_tlsext_host_name(self._hostname)
        # The context outlives this; the connection carries what is its own.
        protocol.expected_names = self._names  # type: ignore[attr-defined]
        return connection


def _handshake_done(connection: SSL.Connection, where: int, result: int) -> None:
    if not where & SSL.SSL_CB_HANDSHAKE_DONE:
        return
    protocol = connection.get_app_data()
    expected: tuple[str, ...] = protocol.expected_names
    certificate = connection.get_peer_certificate()
    if not names_matched(certificate, expected):
        names = ", ".join(names_of(certificate)) if certificate is not None else ""
        problem = WrongName(
            f"the certificate is for {names or 'no name'}, not for {' or '.join(expected)}"
        )
        protocol.failVerification(Failure(problem))


class WrongName(Exception):
    """The certificate of a server is good, but for somebody else."""


def _is_address(host: str) -> bool:
    try:
        IPAddress_ID(host)
    except ValueError:
        return False
    return True


def host_of(url: str) -> str:
    """The host that a URL names."""
    return urlsplit(url).hostname or ""
