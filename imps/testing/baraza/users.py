"""The users of that server, and what its clients were told."""

from __future__ import annotations

from attrs import define, field

from imps.testing.baraza import wire
from imps.testing.baraza.wire import Element


@define(eq=False)
class Message:
    """A message that a client was sent, or sent."""

    sender: str
    message_id: str
    content: bytes
    content_type: str = "text/plain"
    content_name: str = ""
    validity_seconds: int = 24 * 60 * 60
    wants_report: bool = False
    transaction_id: str = ""


@define(eq=False)
class User:
    """One of its users, by what others may see, and what the client was told.

    ``presence`` has the content of each attribute, as XML. ``told`` is what the server brought from
    partners besides messages: notifications, reports, invitations, and answers other than 200.
    """

    address: str
    presence: dict[str, str] = field(factory=dict)
    blocked: set[str] = field(factory=set)
    watchers: dict[str, tuple[str, ...]] = field(factory=dict)
    messages: list[Message] = field(factory=list)
    told: list[Element] = field(factory=list)

    def sees(self, publisher: str, attribute: str) -> str | None:
        """What the client was told last of an attribute of somebody: its content, as text."""
        for notification in reversed(self.told):
            for value in wire.children(notification, "PresenceValue"):
                if wire.folded(wire.attribute(value, "userID")) != wire.folded(publisher):
                    continue
                found = wire.child(value, "PresenceSubList", attribute, "PresenceValue")
                if found is not None:
                    return wire.text_of(found)
        return None

    def named(self, name: str) -> list[Element]:
        """What the client was told, of one primitive."""
        return [each for each in self.told if wire.name_of(each) == name.lower()]

    def shown(self, names: tuple[str, ...]) -> str:
        """What somebody who asks for these attributes, or for all, is told."""
        wanted = names or tuple(self.presence)
        values = [(name, self.presence[name]) for name in wanted if name in self.presence]
        return wire.presence(self.address, values)


def message_of(request: Element, transaction_id: str) -> Message:
    """A message that came in. It reads the spellings that it does not itself send."""
    info = wire.child(request, "MessageInfo")
    data = wire.child(request, "ContentData")
    validity = wire.attribute(info, "validlity")
    return Message(
        sender=wire.folded(wire.attribute(wire.child(info, "Sender", "User"), "userID")),
        message_id=wire.attribute(info, "messageID"),
        content=wire.octets_of(data),
        content_type=wire.attribute(info, "contentType"),
        content_name=wire.attribute(info, "ContentName"),
        validity_seconds=int(validity) if validity.isdecimal() else 24 * 60 * 60,
        wants_report=wire.attribute(request, "deliveryReport").lower() == "yes",
        transaction_id=transaction_id,
    )
