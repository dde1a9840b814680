"""What both codecs decode to, what bounds them, and the errors that they raise."""

from __future__ import annotations

import re

from attrs import frozen

from imps.csp.primitives.discovery import (
    WVCSPVersionDiscoveryRequest,
    WVCSPVersionDiscoveryResponse,
)
from imps.csp.primitives.envelope import WVCSPMessage
from imps.model.version import V11, V12, V13, Version
from imps.syntax.errors import CannotEncode, CodecError, Unusable

__all__ = [
    "NAMESPACES",
    "ROOTS",
    "CannotEncode",
    "CodecError",
    "Document",
    "Limits",
    "Root",
    "Unusable",
    "version_in_namespace",
    "version_in_public_id",
]

Root = WVCSPMessage | WVCSPVersionDiscoveryRequest | WVCSPVersionDiscoveryResponse
ROOTS = (WVCSPMessage, WVCSPVersionDiscoveryRequest, WVCSPVersionDiscoveryResponse)

NAMESPACES: dict[Version, dict[str, str]] = {
    V11: {
        "WV-CSP-Message": "http://www.wireless-village.org/CSP1.1",
        "TransactionContent": "http://www.wireless-village.org/TRC1.1",
        "PresenceSubList": "http://www.wireless-village.org/PA1.1",
    },
    V12: {
        "WV-CSP-Message": "http://www.openmobilealliance.org/DTD/WV-CSP1.2",
        "TransactionContent": "http://www.openmobilealliance.org/DTD/WV-TRC1.2",
        "PresenceSubList": "http://www.openmobilealliance.org/DTD/WV-PA1.2",
    },
    V13: {
        "WV-CSP-Message": "http://www.openmobilealliance.org/DTD/IMPS-CSP1.3",
        "TransactionContent": "http://www.openmobilealliance.org/DTD/IMPS-TRC1.3",
        "PresenceSubList": "http://www.openmobilealliance.org/DTD/IMPS-PA1.3",
    },
}
"""The namespaces of each version, by the element that names them."""

_VERSIONS = {str(version): version for version in NAMESPACES}
_VERSION_IN_NAMESPACE = re.compile(r"CSP(\d+\.\d+)$")
_VERSION_IN_PUBLIC_ID = re.compile(r"\b(?:CSP |Imps v)(\d+\.\d+)")


@frozen
class Limits:
    """What a document may cost: nesting, elements in all, and characters of one text.

    The last is for names, notes and the like; contents and extensions may be as long as the body.
    """

    depth: int = 64
    elements: int = 20_000
    text_characters: int = 4096


@frozen
class Document:
    """A decoded document and the version that it names; None if it names none, or one not served.

    ``served`` is false in the last case.
    """

    root: Root
    version: Version | None
    served: bool = True

    @classmethod
    def of(cls, root: Root, namespace: str | None, public: Version | None) -> Document:
        """A document by the namespace of its root or, if that tells no version, its public id."""
        found = _VERSION_IN_NAMESPACE.search(namespace or "")
        if found is None:
            return cls(root, public)
        version = _VERSIONS.get(found[1])
        return cls(root, version, served=version is not None)


def version_in_namespace(namespace: str | None) -> Version | None:
    """The served version by the digits that end a namespace, whatever stands before them."""
    found = _VERSION_IN_NAMESPACE.search(namespace or "")
    return _VERSIONS.get(found[1]) if found else None


def version_in_public_id(public_id: str | None) -> Version | None:
    """The served version that a public id names, such as ``-//OMA//DTD WV-CSP 1.2//EN``."""
    found = _VERSION_IN_PUBLIC_ID.search(public_id or "")
    return _VERSIONS.get(found[1]) if found else None
