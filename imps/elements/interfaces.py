"""What the doors and the elements say to each other."""

from __future__ import annotations

from attrs import frozen

from imps.model.address import Address


@frozen
class Caller:
    """Who asks for an operation: a user, in a session.

    ``operation_id`` is that of the request; a repeated request has the same one.
    """

    user: Address
    session_id: str
    operation_id: str = ""
