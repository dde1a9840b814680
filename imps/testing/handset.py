"""What scripted handsets have in common: the envelope, and what every client expects of an answer.

A script plays a client that exists, in its own spelling and order, and chokes where that would.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import ClassVar
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.sax.saxutils import escape

from attrs import define, field, frozen
from twisted.internet.error import ConnectError, ConnectionLost
from twisted.trial.unittest import TestCase

from imps.model.version import V11, V12, V13, Version
from imps.testing.cir import ByLine
from imps.testing.conformance.marks import note
from imps.testing.http import Answer, Line
from imps.testing.service import PASSWORD
from imps.testing.wbxml import Choked, Writer, read, without_namespaces

NOT_SERVED_YET = frozenset({"Search-Request"})
"""What the scripts say although it is answered 501 so far, as those areas come later."""

NAMESPACES = {
    V11: "http://www.wireless-village.org/{}1.1",
    V12: "http://www.openmobilealliance.org/DTD/WV-{}1.2",
    V13: "http://www.openmobilealliance.org/DTD/IMPS-{}1.3",
}

_SESSION_IS_GONE = (600, 601, 604)


@frozen
class Transaction:
    """A transaction as a client reads it."""

    mode: str
    transaction_id: str | None
    primitive: Element

    @property
    def code(self) -> int:
        """The code of its result; 0 where it has none."""
        return int(self.primitive.findtext("Result/Code") or 0)


@frozen
class Message:
    """What a server answered: transactions, and whether to poll."""

    transactions: tuple[Transaction, ...]
    poll: bool


@frozen
class Sent:
    """What a server said to a message: the code, the message's id, and who failed with which."""

    code: int
    message_id: str | None
    failures: dict[int, list[str | None]]


@frozen
class Received:
    """A message that a client got, its content as text or octets."""

    message_id: str
    sender: str
    content: str | bytes
    content_type: str | None
    transaction_id: str | None


@define(eq=False)
class Handset(ABC):
    """A client of a user. Where it knows several servers, it asks one after the other.

    ``wait`` is how it waits when the connection is lost, before it tries again.
    """

    test: TestCase
    urls: Sequence[str]
    user: str
    version: Version = V12
    encoding: str = "wbxml"
    password: str = PASSWORD
    wait: Callable[[], Awaitable[object]] | None = None
    session_id: str | None = field(default=None, init=False)
    ended_with: int | None = field(default=None, init=False)
    received: list[Received] = field(factory=list, init=False)
    channel: ByLine | None = field(default=None, init=False)
    _turn_of: Iterator[int] = field(factory=count, init=False)

    client_id: ClassVar[str]
    cookie: ClassVar[str]
    reading: ClassVar[type[ByLine]] = ByLine
    writer: ClassVar[Writer]

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.version} {self.encoding}"

    @abstractmethod
    async def sign_on(self) -> None:
        """Sign on, negotiate, and say all that this client says before it is ready."""

    @abstractmethod
    async def post(self, body: bytes) -> Answer:
        """Make one HTTP request."""

    @property
    @abstractmethod
    def lines(self) -> Iterable[Line]:
        """The connections on which it makes requests."""

    @abstractmethod
    def next_transaction_id(self) -> str:
        """An id that this client gives to its next transaction."""

    @abstractmethod
    def responses(self, message: Message) -> list[bytes]:
        """What is to be said to a message of the server, in this client's order."""

    @property
    def content_type(self) -> str:
        """The content type of its messages."""
        return f"application/vnd.wv.csp{'+' if self.version is V13 else '.'}{self.encoding}"

    @property
    def texts(self) -> list[str | bytes]:
        """The contents of all that it got, in order."""
        return [each.content for each in self.received]

    def url(self) -> str:
        """The server whose turn it is."""
        return self.urls[next(self._turn_of) % len(self.urls)]

    def quoted(self, text: str) -> str:
        """A text within a document."""
        return escape(text, {'"': "&quot;", "'": "&apos;", "\r": "&#13;"})

    def namespace(self, of: str) -> str:
        """The namespace of CSP, TRC or PA in this client's version."""
        return NAMESPACES[self.version].format(of)

    def written(
        self,
        content: str,
        transaction_id: str | None,
        mode: str = "Request",
        session_id: str | None = None,
    ) -> bytes:
        """A message with one transaction; a document is written in its own tongue."""
        session_id = session_id or self.session_id
        session = f"<SessionID>{session_id}</SessionID>" if session_id else ""
        transaction = f"<TransactionID>{transaction_id}</TransactionID>" if transaction_id else ""
        document = (
            f'<WV-CSP-Message xmlns="{self.namespace("CSP")}"><Session>'
            f"<SessionDescriptor><SessionType>{'Inband' if session_id else 'Outband'}</SessionType>"
            f"{session}</SessionDescriptor>"
            f"<Transaction><TransactionDescriptor><TransactionMode>{mode}</TransactionMode>"
            f"{transaction}</TransactionDescriptor>"
            f'<TransactionContent xmlns="{self.namespace("TRC")}">{content}</TransactionContent>'
            "</Transaction></Session></WV-CSP-Message>"
        )
        if self.encoding == "xml":
            return (self.prolog + document).encode()
        return self.writer.write(document, self.version)

    @property
    def prolog(self) -> str:
        """What stands before a document in XML."""
        return ""

    async def exchange(self, body: bytes, session_id: str | None = None) -> Message | None:
        """Say something; what the server answers, None for nothing."""
        while True:
            try:
                answer = await self.post(body)
                break
            except (ConnectError, ConnectionLost):
                if self.wait is None:
                    raise
                await self.wait()
        message = self._read(answer, session_id or self.session_id)
        for each in message.transactions if message else ():
            if each.mode == "Request":
                self._note(each.primitive.tag)
            if each.mode == "Response" and each.code in _SESSION_IS_GONE:
                self.session_id, self.ended_with = None, each.code
        return message

    async def ask(
        self, content: str, transaction_id: str | None = None, session_id: str | None = None
    ) -> Transaction:
        """Make a request; the answer to it. Goes on with what the server says besides."""
        transaction_id = transaction_id or self.next_transaction_id()
        body = self.written(content, transaction_id, session_id=session_id)
        message = await self.exchange(body, session_id)
        answer = self._answer(message, transaction_id)
        name = content[1:].partition(">")[0].strip("/")
        if name in NOT_SERVED_YET:
            self.expect(answer.primitive.tag == "Status", "501 is said by a Status")
            self.expect(answer.code == 501, f"{name} is not served yet, but {answer.code}")
        if answer.code not in (405, 501):
            self._note(name)
        if message is not None and message.poll:
            await self.poll()
        return answer

    def _answer(self, message: Message | None, transaction_id: str) -> Transaction:
        if message is None:
            raise Choked(f"{self}: nothing in answer to a request")
        self.expect(len(message.transactions) == 1, "one transaction in answer to one")
        answer = message.transactions[0]
        self.expect(answer.mode == "Response", "a request in answer to a request")
        self.expect(answer.transaction_id == transaction_id, "another TransactionID")
        return answer

    async def poll(self) -> None:
        """Poll, and go on for as long as the server has something to say."""
        due = deque([self.written("<Polling-Request/>", None)])
        self._note("Polling-Request")
        while due and self.session_id:
            message = await self.exchange(due.popleft())
            if message is None or any(each.mode == "Response" for each in message.transactions):
                continue
            self.expect(len(message.transactions) == 1, "one transaction in answer to a poll")
            due.extend(self.responses(message))

    async def agree_on_channel(self, capabilities: Element) -> None:
        """Connect to where the server wakes clients, if it has agreed to do that over TCP."""
        self._leave_channel()
        self.channel = await self.reading.agreed(self.test, capabilities, self.session_id or "")

    async def poll_when_woken(self) -> None:
        """Wait until the server says so, and poll."""
        if self.channel is None:
            raise Choked(f"{self}: nobody wakes it")
        line = await self.channel.hears("WVCI")
        self.expect(line == f"WVCI {self.version} {self.cookie}", f"woken with {line}")
        await self.poll()

    def cut_off(self) -> None:
        """Drop all connections without a word, as where the network is gone."""
        self._leave_channel()
        for line in self.lines:
            line.close()

    def _leave_channel(self) -> None:
        if self.channel is not None:
            self.channel.close()
            self.channel = None

    def _note(self, request: str) -> None:
        note(self.test, request, self.version, self.encoding)

    def expect(self, holds: bool, complaint: str) -> None:
        """Choke unless something holds."""
        if not holds:
            raise Choked(f"{self}: {complaint}")

    def _read(self, answer: Answer, session_id: str | None) -> Message | None:
        self.expect(answer.status == 200, f"HTTP status {answer.status}")
        self.expect("transfer-encoding" not in answer.headers, "chunks")
        if not answer.body:
            return None
        kind = answer.headers.get("content-type")
        self.expect(kind == self.content_type, f"content type {kind}")
        root = self._document(answer.body)
        self._check_namespaces(root)
        session = without_namespaces(root).find("Session")
        assert session is not None
        named = session.findtext("SessionDescriptor/SessionID")
        self.expect(named == session_id, f"session {named} instead of {session_id}")
        self.expect(session.find("CIR") is None, "a CIR element")
        transactions = tuple(map(_transaction, session.findall("Transaction")))
        return Message(transactions, self._poll_flag(session))

    def _document(self, body: bytes) -> Element:
        if self.encoding == "wbxml":
            return read(body, self.version)
        self.expect(b"<!DOCTYPE" not in body, "a DOCTYPE")
        try:
            return fromstring(body)
        except ParseError as error:
            raise Choked(f"{self}: {error}") from None

    def _check_namespaces(self, root: Element) -> None:
        inner = self.namespace("TRC")
        self.expect(root.tag == f"{{{self.namespace('CSP')}}}WV-CSP-Message", f"root {root.tag}")
        contents = [each for each in root.iter() if each.tag.endswith("}TransactionContent")]
        self.expect(bool(contents), "no TransactionContent")
        for content in contents:
            self.expect(content.tag == f"{{{inner}}}TransactionContent", f"content {content.tag}")

    def _poll_flag(self, session: Element) -> bool:
        """The flag; it stands last in each descriptor in 1.1, and last in the session later."""
        descriptors = session.findall("Transaction/TransactionDescriptor")
        right, wrong = descriptors, [session]
        if self.version is not V11:
            right, wrong = wrong, right
        self.expect(all(each.find("Poll") is None for each in wrong), "Poll in the wrong place")
        for each in right:
            self.expect(each[-1].tag == "Poll", f"{each[-1].tag} last in {each.tag}")
        return any(each.findtext("Poll") == "T" for each in right)

    async def send(
        self, *recipients: str, text: str = "", transaction_id: str | None = None
    ) -> Sent:
        """Send a text to users."""
        content = self.message(recipients, text)
        return sent(await self.ask(content, transaction_id))

    @abstractmethod
    def message(self, recipients: Sequence[str], text: str) -> str:
        """A SendMessage-Request with a text."""

    async def keep_alive(self) -> int:
        """Say that this client is still there; the code of the answer."""
        return (await self.ask("<KeepAlive-Request></KeepAlive-Request>")).code

    async def sign_off(self) -> int:
        """Sign off; the code of the answer."""
        answer = await self.ask("<Logout-Request/>")
        expected = "Disconnect" if self.version is V11 else "Status"
        if answer.code == 200:
            self.expect(answer.primitive.tag == expected, f"{answer.primitive.tag} at logout")
            self.session_id = None
            self._leave_channel()
        return answer.code


def users(addresses: Sequence[str]) -> str:
    """Users in a document."""
    return "".join(f"<User><UserID>{each}</UserID></User>" for each in addresses)


def sent(answer: Transaction) -> Sent:
    """What an answer says of a message that was sent."""
    failures: dict[int, list[str | None]] = {}
    for detail in answer.primitive.findall("Result/DetailedResult"):
        named = [each.text for each in detail if each.tag != "Code"]
        failures.setdefault(int(detail.findtext("Code") or 0), []).extend(named)
    return Sent(answer.code, answer.primitive.findtext("MessageID"), failures)


def received(transaction: Transaction, content: str | bytes) -> Received:
    """A NewMessage as a client got it."""
    info = transaction.primitive.find("MessageInfo")
    if info is None:
        raise Choked("a message without MessageInfo")
    return Received(
        message_id=info.findtext("MessageID") or "",
        sender=info.findtext("Sender/User/UserID") or "",
        content=content,
        content_type=info.findtext("ContentType"),
        transaction_id=transaction.transaction_id,
    )


def _transaction(element: Element) -> Transaction:
    content = element.find("TransactionContent")
    assert content is not None
    if len(content) != 1:
        raise Choked(f"{len(content)} primitives in a transaction")
    return Transaction(
        mode=element.findtext("TransactionDescriptor/TransactionMode") or "",
        transaction_id=element.findtext("TransactionDescriptor/TransactionID"),
        primitive=content[0],
    )


def flattened(template: str) -> str:
    """A document without the line breaks and indents that make it readable here."""
    return re.sub(r">\s+<", "><", template.strip())
