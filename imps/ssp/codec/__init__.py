"""Messages as documents in XML, and back."""

from __future__ import annotations

from attrs import frozen

from imps.model.version import V11, V12, V13, Version

NAMESPACES: dict[Version, str] = {
    V11: "http://www.wireless-village.org/SSP1.1",
    V12: "http://www.openmobilealliance.org/DTD/WV-SSP1.2",
    V13: "http://www.openmobilealliance.org/DTD/WV-SSP1.3",
}
"""The namespace of each version; those of the older two are deduced from other protocols'."""

PRESENCE_NAMESPACES: dict[Version, str] = {
    V11: "http://www.wireless-village.org/PA1.1",
    V12: "http://www.openmobilealliance.org/DTD/WV-PA1.2",
    V13: "http://www.openmobilealliance.org/DTD/IMPS-PA1.3",
}
"""The namespace of presence attributes in each version."""


@frozen
class Limits:
    """What a document may cost: octets, nesting, elements in all, and characters of one text.

    The last is for names, ids and the like; contents may be as long as the body.
    """

    octets: int = 1_048_576
    depth: int = 32
    elements: int = 20_000
    text_characters: int = 4096
