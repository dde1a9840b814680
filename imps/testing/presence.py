"""Presence as clients read it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from attrs import define, field
from twisted.internet.task import deferLater

from imps.testing.handset import Handset, Transaction, users
from imps.testing.process import PATIENCE_SECONDS, reactor
from imps.testing.wbxml import Choked

LOOK_SECONDS = 0.02

ACCEPTED = "<Status><Result><Code>200</Code></Result></Status>"

Seen = dict[str, str | None]
"""What is known of a publisher: the text of each attribute, None where it holds no more."""


@define(eq=False)
class Watcher(Handset):
    """A client that publishes, and shows in ``presence`` what it is told of others, and in
    ``asked_by`` who wants to see something."""

    presence: dict[str, Seen] = field(factory=dict, init=False)
    asked_by: list[str] = field(factory=list, init=False)

    @abstractmethod
    async def watch(self, *publishers: str) -> None:
        """Put users into a contact list whose users it watches."""

    def presence_told(self, request: Transaction) -> bytes | None:
        """Show what a notification tells, or who wants to see something, and what is answered; None
        if it is neither."""
        if request.primitive.tag == "PresenceAuth-Request":
            self.asked_by.append(request.primitive.findtext("UserID") or "")
            return self.written(ACCEPTED, request.transaction_id, "Response")
        if request.primitive.tag != "PresenceNotification-Request":
            return None
        for publisher, seen in presence_in(request.primitive).items():
            self.expect(bool(seen), f"nothing told of {publisher}")
            self.presence.setdefault(publisher, {}).update(seen)
        return self.written(ACCEPTED, request.transaction_id, "Response")

    async def sees(self, publisher: str, **seen: str | None) -> None:
        """Poll until it shows this of somebody."""
        give_up_at = reactor.seconds() + PATIENCE_SECONDS
        while {name: self.shown(publisher, name) for name in seen} != seen:
            shows = f"{self.presence.get(publisher)} of {publisher}, and not {seen}"
            self.expect(reactor.seconds() < give_up_at, shows)
            await self.poll()
            await deferLater(reactor, LOOK_SECONDS)

    def shown(self, publisher: str, attribute: str) -> str | None:
        """What it shows of an attribute of somebody, None for nothing."""
        return self.presence.get(publisher, {}).get(attribute)

    async def is_asked(self, watcher: str) -> None:
        """Poll until it is asked whether somebody may see something."""
        give_up_at = reactor.seconds() + PATIENCE_SECONDS
        while watcher not in self.asked_by:
            self.expect(reactor.seconds() < give_up_at, f"not asked about {watcher}")
            await self.poll()
            await deferLater(reactor, LOOK_SECONDS)

    async def accept(self, watcher: str, accepts: bool = True) -> int:
        """Let somebody see what was asked for, or not; the code of the answer."""
        acceptance = f"<Acceptance>{'T' if accepts else 'F'}</Acceptance>"
        answer = await self.ask(
            f"<PresenceAuth-User><UserID>{watcher}</UserID>{acceptance}</PresenceAuth-User>"
        )
        return answer.code

    async def cancel(self, watcher: str) -> int:
        """Take that back; the code of the answer."""
        request = f"<CancelAuth-Request><UserID>{watcher}</UserID></CancelAuth-Request>"
        return (await self.ask(request)).code

    async def publish(self, attributes: str) -> int:
        """Publish attributes; the code of the answer."""
        request = self.sub_list(attributes)
        answer = await self.ask(f"<UpdatePresence-Request>{request}</UpdatePresence-Request>")
        return answer.code

    async def allow(self, names: str, contact_list: str | None = None) -> None:
        """Allow everybody, or those in a contact list, to see these attributes, with blanks
        between."""
        sub_list = self.sub_list("".join(f"<{name}/>" for name in names.split()))
        answer = await self.ask(
            f"<CreateAttributeList-Request>{sub_list}{_whom(contact_list)}"
            "</CreateAttributeList-Request>"
        )
        self.expect(answer.code == 200, f"{answer.code} for what others may see")

    async def disallow(self, contact_list: str | None = None) -> None:
        """Take that back."""
        answer = await self.ask(
            f"<DeleteAttributeList-Request>{_whom(contact_list)}</DeleteAttributeList-Request>"
        )
        self.expect(answer.code == 200, f"{answer.code} for a list of attributes less")

    async def unsubscribe(self, *publishers: str, lists: Sequence[str] = ()) -> None:
        """Have users, and those in contact lists, watched no more."""
        named = users(publishers) + "".join(f"<ContactList>{each}</ContactList>" for each in lists)
        answer = await self.ask(
            f"<UnsubscribePresence-Request>{named}</UnsubscribePresence-Request>"
        )
        self.expect(answer.code == 200, f"{answer.code} for watching no more")

    async def watchers(self, history_seconds: int | None = None) -> dict[str, str | None]:
        """Who watches its user, and has done so in that time, by user; in 1.1 nothing else is said
        of them."""
        history = (
            "" if history_seconds is None else f"<HistoryPeriod>{history_seconds}</HistoryPeriod>"
        )
        answer = await self.ask(f"<GetWatcherList-Request>{history}</GetWatcherList-Request>")
        self.expect(
            answer.primitive.tag == "GetWatcherList-Response", f"{answer.code} for watchers"
        )
        return {
            each.findtext("User/UserID") or each.findtext("UserID") or "": each.findtext(
                "WatcherStatus"
            )
            for each in answer.primitive
            if each.tag in ("User", "Watcher")
        }

    def sub_list(self, attributes: str) -> str:
        """A list of attributes in a document."""
        return f'<PresenceSubList xmlns="{self.namespace("PA")}">{attributes}</PresenceSubList>'


def attribute(name: str, value: str) -> str:
    """An attribute with a simple value in a document."""
    return f"<{name}><Qualifier>T</Qualifier><PresenceValue>{value}</PresenceValue></{name}>"


def _whom(contact_list: str | None) -> str:
    if contact_list is None:
        return "<DefaultList>T</DefaultList>"
    return f"<ContactList>{contact_list}</ContactList><DefaultList>F</DefaultList>"


def presence_in(primitive: Element) -> dict[str, Seen]:
    """What a notification or a response tells of each publisher.

    Without a list of attributes, or without a qualifier in front of a value, a client can do
    nothing with it.
    """
    return {
        each.findtext("UserID") or "": _attributes(each) for each in primitive.iterfind("Presence")
    }


def _attributes(presence: Element) -> Seen:
    sub_list = presence.find("PresenceSubList")
    if sub_list is None:
        raise Choked("a Presence without PresenceSubList")
    return {each.tag: _value(each) for each in sub_list}


def _value(attribute: Element) -> str | None:
    first = attribute[0] if len(attribute) else None
    if first is None or first.tag != "Qualifier" or first.text not in ("T", "F"):
        raise Choked(f"{attribute.tag} does not begin with a qualifier")
    if first.text == "F":
        return None
    said = [each for each in attribute[1:] if each.tag != "ClientID"]
    texts = (inner.text or "" for each in said for inner in each.iter() if len(inner) == 0)
    return " ".join(texts)
