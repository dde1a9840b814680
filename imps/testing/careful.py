"""A client that says again what was not answered, and keeps books."""

from __future__ import annotations

from attrs import define, field
from twisted.internet.task import deferLater

from imps.testing.books import Books
from imps.testing.correspondence import content_of
from imps.testing.handset import Message, Sent, sent
from imps.testing.nokia import Nokia
from imps.testing.process import reactor

TRY_AGAIN_SECONDS = 0.05
_UNAVAILABLE = 503


async def a_moment() -> None:
    """How these clients wait before they go on, be it after a loss or a poll."""
    await deferLater(reactor, TRY_AGAIN_SECONDS)


@define(eq=False)
class Careful(Nokia):
    """A client of messages alone, in any version, that says again what was not answered, or with
    503. What it sends begins with the number that it has in the books, which clients share.
    """

    books: Books = field(factory=Books)
    _acknowledging: dict[bytes, int] = field(factory=dict, init=False)

    async def sign_on(self) -> None:
        """Log in and negotiate."""
        self.expect(await self.login() == 200, "could not log in")
        await self._negotiate()

    async def exchange(self, body: bytes, session_id: str | None = None) -> Message | None:
        """Say something until it is answered."""
        message = await super().exchange(body, session_id)
        while message is not None and message.transactions[0].code == _UNAVAILABLE:
            await a_moment()
            message = await super().exchange(body, session_id)
        if body in self._acknowledging:
            self.books.settle(self._acknowledging.pop(body))
        return message

    def responses(self, message: Message) -> list[bytes]:
        """What it always says; a message is written down, be it new or said again."""
        request = message.transactions[0]
        is_new = request.transaction_id not in self._seen
        responses = super().responses(message)
        if request.primitive.tag == "NewMessage":
            message_id = request.primitive.findtext("MessageInfo/MessageID") or ""
            number = int(str(content_of(request)).partition(" ")[0])
            self.books.receive(number, message_id, self.user)
            self.expect(not self.books.wrong, f"{message_id}: {self.books.wrong}")
            if is_new:
                self._acknowledging[responses[0]] = number
        return responses

    async def tell(self, recipient: str) -> Sent:
        """Send a text until it is taken."""
        number = self.books.begin(self.user, recipient)
        return await self.say(number, self.next_transaction_id())

    async def say(self, number: int, transaction_id: str) -> Sent:
        """Send what the books have under a number until it is taken."""
        _, recipient = self.books.ways[number]
        text = f"{number} from {self.user}"
        answer = sent(await self.ask(self.message([recipient], text), transaction_id))
        self.expect(answer.code == 200, f"{answer.code} for a message")
        self.books.take(number, answer.message_id or "")
        return answer
