"""Whose certificates are good, where the settings name a file of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from OpenSSL import crypto
from twisted.internet.ssl import Certificate, trustRootFromCertificates

_CERTIFICATE = re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class NoAuthorities(Exception):
    """There are none in the file; the text says why, and names the setting."""


def authorities(file: str, setting: str) -> Any:
    """The authorities whose certificates are good, as Twisted takes them; None for those of the
    system, where no file is named. Raises NoAuthorities."""
    if not file:
        return None
    try:
        found = _CERTIFICATE.findall(Path(file).read_bytes())
        certificates = [Certificate.loadPEM(each) for each in found]
    except OSError as error:
        raise NoAuthorities(f"cannot read {setting} {file}: {error.strerror}") from None
    except crypto.Error:
        certificates = []
    if not certificates:
        raise NoAuthorities(f"there is no certificate in {setting} {file}")
    return trustRootFromCertificates(certificates)
