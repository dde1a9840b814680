"""What clients do with messages besides sending and getting them."""

from __future__ import annotations

from base64 import b64decode
from typing import ClassVar
from xml.etree.ElementTree import Element

from attrs import define, field

from imps.model.version import V13
from imps.testing.handset import Received, Transaction, received, users
from imps.testing.presence import ACCEPTED, Watcher


@define(eq=False)
class Correspondent(Watcher):
    """A client that is notified of messages and told what became of its own, and that asks for what
    waits, in the form of the standard's printed messages.

    ``notified`` are the ids that it was notified of, ``reports`` what it was told of its messages.
    """

    notified: list[str] = field(factory=list, init=False)
    reports: list[Transaction] = field(factory=list, init=False)

    answers_notifications: ClassVar[bool] = True

    def correspondence_told(self, request: Transaction) -> list[bytes] | None:
        """Note a notification of a message, or a report, and what is answered; None if it is
        neither."""
        match request.primitive.tag:
            case "MessageNotification":
                self.expect(request.primitive.find("ContentData") is None, "content, unasked")
                self.notified.append(_message_id(request.primitive))
                if not self.answers_notifications:
                    return []
            case "DeliveryReport-Request":
                self.reports.append(request)
            case _:
                return None
        return [self.written(ACCEPTED, request.transaction_id, "Response")]

    async def deliver_by(self, method: str) -> int:
        """Have messages pushed (P) or notified (N) from now on; the code of the answer."""
        chosen = f"<DeliveryMethod>{method}</DeliveryMethod>"
        answer = await self.ask(f"<SetDeliveryMethod-Request>{chosen}</SetDeliveryMethod-Request>")
        return answer.code

    async def waiting(self, at_most: int | None = None) -> list[str]:
        """The ids of what waits, in order."""
        count = "" if at_most is None else f"<MessageCount>{at_most}</MessageCount>"
        answer = await self.ask(f"<GetMessageList-Request>{count}</GetMessageList-Request>")
        tag = answer.primitive.tag
        self.expect(tag == "GetMessageList-Response", f"{answer.code} for what waits")
        place = "MessageInfo"
        if self.version is V13:
            told = answer.primitive.find("MessageTotalCount")
            self.expect(told is not None, "how many wait?")
            place = "MessageInfoList/MessageInfo"
        return [each.findtext("MessageID") or "" for each in answer.primitive.findall(place)]

    async def fetch(self, message_id: str) -> Received:
        """Fetch what waits, and acknowledge it."""
        named = f"<MessageID>{message_id}</MessageID>"
        answer = await self.ask(f"<GetMessage-Request>{named}</GetMessage-Request>")
        tag = answer.primitive.tag
        self.expect(tag == "GetMessage-Response", f"{answer.code} for a message")
        self.expect(_message_id(answer.primitive) == message_id, "another message")
        done = await self.ask(f"<MessageDelivered>{named}</MessageDelivered>")
        self.expect(done.code == 200, f"{done.code} for an acknowledgement")
        return received(answer, content_of(answer))

    async def reject(self, *message_ids: str) -> int:
        """Have nothing of what waits; the code of the answer."""
        named = "".join(f"<MessageID>{each}</MessageID>" for each in message_ids)
        return (await self.ask(f"<RejectMessage-Request>{named}</RejectMessage-Request>")).code

    async def forward(self, message_id: str, *recipients: str) -> int:
        """Send what waits on; the code of the answer, 200 for that of 1.3 that has none."""
        answer = await self.ask(
            f"<ForwardMessage-Request><MessageID>{message_id}</MessageID>"
            f"<Recipient>{users(recipients)}</Recipient></ForwardMessage-Request>"
        )
        if answer.primitive.tag != "ForwardMessage-Response":
            return answer.code
        self.expect(self.version is V13, "an answer of 1.3")
        self.expect(bool(answer.primitive.findtext("MessageID")), "no id")
        return 200

    async def blocked(self) -> list[str]:
        """Who is blocked; both lists are told, be they empty."""
        answer = await self.ask("<GetBlockedList-Request/>")
        for name in ("BlockList", "GrantList"):
            there = answer.primitive.find(f"{name}/EntityList") is not None
            self.expect(there, f"no {name}")
        return [each.text or "" for each in answer.primitive.findall("BlockList//UserID")]

    async def block(self, user: str) -> int:
        """Take nothing from a user any more; the code of the answer."""
        return await self._change_blocked("AddList", user)

    async def unblock(self, user: str) -> int:
        """Take messages from a user again; the code of the answer."""
        return await self._change_blocked("RemoveList", user)

    async def _change_blocked(self, how: str, user: str) -> int:
        """It says each time that the block list is in use; in 1.3 that the grant list is not."""
        changed = f"<{how}><UserID>{user}</UserID></{how}>"
        if self.version is V13:
            lists = (
                f"<BlockList>{changed}</BlockList><BlockListInUse>T</BlockListInUse>"
                "<GrantListInUse>F</GrantListInUse>"
            )
        else:
            lists = f"<BlockList><InUse>T</InUse>{changed}</BlockList>"
        return (await self.ask(f"<BlockEntity-Request>{lists}</BlockEntity-Request>")).code


def reported(report: Transaction) -> tuple[str, int]:
    """Which message a DeliveryReport is about, and the code of what became of it."""
    return _message_id(report.primitive), report.code


def content_of(message: Transaction) -> str | bytes:
    """What a message holds, as text or octets."""
    data = message.primitive.find("ContentData")
    if data is None:
        return ""
    if "octets" in data.attrib:
        return bytes.fromhex(data.attrib["octets"])
    if message.primitive.findtext("MessageInfo/ContentEncoding") == "BASE64":
        return b64decode(data.text or "", validate=True)
    return data.text or ""


def _message_id(primitive: Element) -> str:
    return primitive.findtext("MessageInfo/MessageID") or ""
