"""Every feature that the features documents of the standard name, by area."""

from imps.testing.conformance.features.access import ACCESS, COMMON
from imps.testing.conformance.features.feature import DOCUMENTS, Feature
from imps.testing.conformance.features.groups import CONTENT, GROUPS
from imps.testing.conformance.features.messages import MESSAGES
from imps.testing.conformance.features.new import NEW
from imps.testing.conformance.features.phones import PHONES
from imps.testing.conformance.features.presence import PRESENCE
from imps.testing.conformance.features.servers import PARTS, SERVERS

AREAS = {
    "Presence": PRESENCE,
    "Instant messages": MESSAGES,
    "Groups": GROUPS,
    "Shared content": CONTENT,
    "Access": ACCESS,
    "Common features": COMMON,
    "Between servers": SERVERS,
    "Parts and protocols of a server": PARTS,
    "Phones that can only text": PHONES,
    "New in 1.3": NEW,
}

FEATURES = {feature.title: feature for area in AREAS.values() for feature in area}
"""All features, by their titles."""

__all__ = ["AREAS", "DOCUMENTS", "FEATURES", "Feature"]
