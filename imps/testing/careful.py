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
_NO_SUCH_MESSAGE = 426


async def a_moment() -> None:
    """How these clients wait before they go on, be it after a loss or a poll."""
    await deferLater(reactor, TRY_AGAIN_SECONDS)


@define(eq=False)
class Careful(Nokia):
    """A client of messages alone, in any version, that says again what was not answered, or with
    503. What it sends begins with the number that it has in the books, which clients share.

    If it ``fetches``, it is notified of messages.
    """

    fetches: bool = False
    books: Books = field(factory=Books)
    _fetched: set[str] = field(factory=set, init=False)
    _is_fetching: bool = field(default=False, init=False)
    _acknowledging: dict[bytes, int] = field(factory=dict, init=False)

    async def sign_on(self) -> None:
        """Log in and negotiate."""
        self.expect(await self.login() == 200, "could not log in")
        await self._negotiate()
        if self.fetches:
            self.expect(await self.deliver_by("N") == 200, "not notified")

    async def poll(self) -> None:
        """Poll, and fetch what it is notified of, one after the other."""
        await super().poll()
        if self._is_fetching:
            return
        self._is_fetching = True
        try:
            while self.notified:
                await self._fetch(self.notified.pop(0))
        finally:
            self._is_fetching = False

    async def _fetch(self, message_id: str) -> None:
        """Fetch a message; once that was acknowledged, it is gone, whoever speaks of it."""
        if message_id in self._fetched:
            named = f"<MessageID>{message_id}</MessageID>"
            answer = await self.ask(f"<GetMessage-Request>{named}</GetMessage-Request>")
            self.expect(answer.code == _NO_SUCH_MESSAGE, f"{message_id}: {answer.code}")
            return
        fetched = await self.fetch(message_id)
        self.books.settle(self._write_down(message_id, fetched.content))
        self._fetched.add(message_id)

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
            number = self._write_down(message_id, content_of(request))
            if is_new:
                self._acknowledging[responses[0]] = number
        return responses

    def _write_down(self, message_id: str, content: str | bytes) -> int:
        number = int(str(content).partition(" ")[0])
        self.books.receive(number, message_id, self.user)
        self.expect(not self.books.wrong, f"{message_id}: {self.books.wrong}")
        return number

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
