"""Every request of SSP that is declared, and which of them partners are served."""

from __future__ import annotations

from imps.ssp.messages import MESSAGES
from imps.ssp.messages.blocks import Request
from imps.ssp.messages.envelope import SETUP_MESSAGES
from imps.ssp.messages.setup import Disconnect, KeepAliveRequest, LogoutRequest

OF_SESSIONS: tuple[type, ...] = (*SETUP_MESSAGES, KeepAliveRequest, LogoutRequest, Disconnect)
"""What the door itself serves."""

_TITLES = {"presence": "Presence", "im": "Instant messaging"}


def areas() -> dict[str, tuple[type, ...]]:
    """Requests by the area that they belong to."""
    requests = [each for each in MESSAGES.values() if issubclass(each, Request)]
    found: dict[str, tuple[type, ...]] = {"Sessions": OF_SESSIONS}
    for module, title in _TITLES.items():
        found[title] = tuple(
            each for each in requests if each.__module__.rpartition(".")[2] == module
        )
    return found
