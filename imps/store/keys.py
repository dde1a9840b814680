"""Where things are: keys of the form ``imps:{NN}:<kind>:<id>``, NN being a bucket.

A script touches the keys of one bucket only. The braces make the bucket a hash tag, so that a
cluster keeps each bucket on one node.
"""

from __future__ import annotations

import re
from zlib import crc32

from attrs import field, frozen
from attrs.validators import and_, ge, le

from imps.model.address import Address

FORMAT = "imps:{store}:format"
PROCESSES = "imps:{store}:processes"
TRACES = "imps:{store}:traces"
PARTNERS = "imps:{store}:partners"

_SESSION_ID = re.compile(r"([0-9]{2})[!-~]+")


def process_key(id: str) -> str:
    """Where a process that serves the store says so."""
    return f"imps:{{store}}:process:{id}"


def trace_key(id: str) -> str:
    """Where it says that somebody looks at a trace; the channel of that has the same name."""
    return f"imps:{{store}}:trace:{id}"


@frozen
class Buckets:
    """The buckets over which users, groups and partners are spread; their number never changes."""

    count: int = field(default=64, validator=and_(ge(1), le(100)))

    def of(self, address: Address) -> int:
        """The bucket of whatever has this address, the same for every spelling of it."""
        return crc32(address.canonical.encode()) % self.count

    def of_session(self, session_id: str) -> int | None:
        """The bucket a session id begins with, its user's; None for what cannot be a session id."""
        match = _SESSION_ID.fullmatch(session_id)
        if match is None or int(match[1]) >= self.count:
            return None
        return int(match[1])

    def of_token(self, token: str) -> int | None:
        """The bucket a token begins with, its user's, as a session id does."""
        return self.of_session(token)

    def of_domain(self, domain: str) -> int:
        """The bucket of a partner."""
        return self.of(Address(domain=domain))

    def prefix_of_domain(self, domain: str) -> str:
        """What every key about a partner begins with."""
        return self.prefix(self.of_domain(domain))

    def prefix(self, bucket: int) -> str:
        """What every key of a bucket begins with."""
        return f"imps:{{{bucket:02}}}:"

    def prefix_of(self, address: Address) -> str:
        """What every key about this address begins with."""
        return self.prefix(self.of(address))
