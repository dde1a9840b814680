"""Where clients of 1.3 get content that is too large for a message (CSP, MessageURI)."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define

from imps.elements.interfaces import IInstantMessaging
from imps.model.message import Message
from imps.model.version import V13, Version
from imps.sap.sessions import Session
from imps.store.errors import StoreFull

CONTENT_PATH = "/content/"
"""What the path of every content begins with; its token follows."""

LONGEST_URI = 100
"""Clients need not read more."""


@define(eq=False)
class ContentLinks:
    """The URIs of messages: below the public URL or, where there is none, what the client's request
    was sent to. Whoever has one can fetch the content, as long as the message waits."""

    _element: IInstantMessaging
    _public_url: str = ""

    async def uris(
        self, session: Session, version: Version, origin: str, messages: Sequence[Message]
    ) -> dict[str, str]:
        """The URIs of those messages that are too large for a session, by their ids; none where the
        client can make nothing of them, or the store can keep no more."""
        base = (self._public_url or origin).rstrip("/")
        if version is not V13 or not base:
            return {}
        large = [each.message_id for each in messages if _is_large(each, session)]
        try:
            tokens = await self._element.link(session.id, large)
        except StoreFull:
            return {}
        uris = {each: f"{base}{CONTENT_PATH}{token}" for each, token in tokens.items()}
        return {each: uri for each, uri in uris.items() if len(uri) <= LONGEST_URI}


def _is_large(message: Message, session: Session) -> bool:
    return session.capabilities.needs_link(message.content.type, message.content.size)
