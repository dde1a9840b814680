"""The endings of messages: each is delivered or disposed of once, and the script that does it says
so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

from attrs import frozen

from imps.model.address import Address
from imps.model.status import StatusCode


@frozen
class Ending:
    """What became of a message for one recipient, by the code of a report on it; users stand in
    their one spelling."""

    message_id: str
    recipient: str
    code: StatusCode
    sender: str
    content_type: str
    size: int

    @classmethod
    def unpacked(cls, said: Sequence[bytes]) -> Ending:
        """An ending from what a script says: the message, its recipient, the code and its head."""
        message_id, recipient, code, head = said
        fields = json.loads(head)
        return cls(
            message_id.decode(),
            recipient.decode(),
            StatusCode(int(code)),
            _spelled(fields["from"]),
            fields["type"],
            fields["size"],
        )


@lru_cache(maxsize=10_000)
def _spelled(sender: str) -> str:
    return Address.parse(sender).canonical
