"""Certificates for servers of a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def certificate(
    name: str,
    issuer_key: ec.EllipticCurvePrivateKey | None = None,
    issuer: x509.Certificate | None = None,
    *,
    days: tuple[int, int] = (-1, 1),
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A key and its certificate, by itself or by an issuer; valid between these days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return key, builder.sign(issuer_key or key, hashes.SHA256())


@frozen
class Authority:
    """An authority, and files in PEM of those whom it, or somebody else, says who they are."""

    directory: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def in_directory(cls, directory: Path) -> Authority:
        """An authority that keeps its files there."""
        key, issued = certificate("authority.example")
        authority = cls(directory, key, issued)
        authority.file.write_bytes(_pem(issued))
        return authority

    @property
    def file(self) -> Path:
        """The certificate of the authority."""
        return self.directory / "authority.pem"

    def issue(self, name: str, *, days: tuple[int, int] = (-1, 1)) -> Path:
        """The key and the certificate of a server, in one file."""
        return self._written(name, *certificate(name, self.key, self.certificate, days=days))

    def forge(self, name: str) -> Path:
        """The key and a certificate that a server made for itself."""
        return self._written(f"forged-{name}", *certificate(name))

    def _written(
        self, name: str, key: ec.EllipticCurvePrivateKey, issued: x509.Certificate
    ) -> Path:
        file = self.directory / f"{name}.pem"
        encoded = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        file.write_bytes(encoded + _pem(issued))
        return file


def _pem(issued: x509.Certificate) -> bytes:
    return issued.public_bytes(Encoding.PEM)
