"""``imps chat``: a small chat in the terminal, over CSP."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from datetime import datetime
from getpass import getpass
from threading import Thread
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, DeferredQueue
from twisted.internet.task import react

from imps.channel import Channel
from imps.chat.asking import SESSION_IS_GONE, attempt
from imps.chat.contacts import Contacts
from imps.chat.terminal import Screen, name_of, printable, terminal_as_it_was
from imps.client import CSPClient, RequestFailed, ServerUnreachable, agent
from imps.csp.primitives.identity import ClientID
from imps.csp.primitives.im import NewMessage
from imps.model.address import SCHEME, Address
from imps.model.presence import Availability
from imps.model.version import Version

POLL_SECONDS = 1.0
RETRY_SECONDS = 3.0
SIGN_OFF_SECONDS = 2

_HELP = """\
  Write a line to send it to the one you talk to.
  /to NAME               talk to someone
  /who                   show your contacts, and who is there
  /add NAME [NICKNAME]   add a contact, or change what you call one
  /remove NAME           remove a contact
  /status [TEXT]         tell others what you do, or nothing
  /away, /back           tell others that you are not available, or are again
  /allow NAME            let someone see whether you are there
  /deny NAME             do not
  /help                  show this
  /quit                  leave (so does Ctrl-D)"""


def chat(options: argparse.Namespace) -> None:
    """Chat as the command line says."""
    # Asked for before the reactor runs, which would keep Ctrl-C from the prompt.
    password = sys.stdin.readline().rstrip("\n") if options.password_stdin else getpass()
    with terminal_as_it_was():
        react(lambda reactor: Deferred.fromCoroutine(_chat(options, password, reactor)))


async def _chat(options: argparse.Namespace, password: str, reactor: Any) -> None:
    client = CSPClient(
        url=options.server,
        user=Address.parse(options.address),
        agent=agent(reactor),
        version=Version(int(options.csp.replace(".", ""))),
        encoding=options.encoding,
        client_id=ClientID(url=_this_terminal()),
    )
    partner = Address.parse(options.to) if options.to else None
    screen = Screen(sys.stdout.isatty() and sys.stdin.isatty())
    reactor.addSystemEventTrigger("before", "shutdown", _sign_off, client, reactor)
    try:
        await Chat(client, screen, reactor, partner).run(password)
    except RequestFailed as failure:
        raise SystemExit(f"imps: {failure.result.description or failure}") from None
    except ServerUnreachable as problem:
        raise SystemExit(f"imps: {options.server} cannot be reached: {problem}") from None


def _sign_off(client: CSPClient, reactor: Any) -> Deferred[None] | None:
    """Sign off if that is still to be done, as after Ctrl-C; it must not take long."""
    if client.session_id is None:
        return None
    leaving = Deferred.fromCoroutine(client.logout())
    return leaving.addTimeout(SIGN_OFF_SECONDS, reactor).addErrback(lambda _: None)


def _this_terminal() -> str:
    """What tells this chat from others of the same user, and is the same after a restart."""
    try:
        terminal = os.ttyname(sys.stdin.fileno())
    except OSError:
        terminal = str(os.getpid())
    return f"imps-chat:{socket.gethostname()}:{terminal}"[:64]


@define(eq=False)
class Chat:
    """One user's conversation, until the user leaves or the server ends it."""

    _client: CSPClient
    _screen: Screen
    _reactor: Any
    _partner: Address | None = None
    _contacts: Contacts = field(init=False)
    _lines: DeferredQueue[str | RequestFailed | None] = field(factory=DeferredQueue, init=False)
    _reachable: bool = field(default=True, init=False)
    _channel: Channel | None = field(default=None, init=False)
    _has_news: bool = field(default=False, init=False)
    _resting: Deferred[None] | None = field(default=None, init=False)

    @_contacts.default
    def _find_contacts(self) -> Contacts:
        return Contacts(self._client, self._screen)

    async def run(self, password: str) -> None:
        """Sign on, chat, sign off."""
        self._client.receive = self._received
        self._client.notified = self._contacts.told
        self._client.told_to_poll = self._woken
        await self._client.login(password)
        await self._client.negotiate()
        self._open_channel()
        name = str(self._client.user).removeprefix(SCHEME)
        self._screen.show(f"* Signed on as {name}. /help says what you can do.")
        self._talk_to(self._partner)
        Thread(target=self._screen.read, args=[self._hand_in], daemon=True).start()
        polling = Deferred.fromCoroutine(self._keep_polling())
        polling.addErrback(lambda failure: failure.trap(CancelledError) and None)
        try:
            while (line := await self._lines.get()) is not None:
                if isinstance(line, RequestFailed):
                    raise line
                await self._say(line.strip())
        finally:
            polling.cancel()
            if self._channel is not None:
                await self._channel.close()
        await self._client.logout()
        self._screen.show("* Signed off.")

    def _hand_in(self, line: str | None) -> None:
        self._reactor.callFromThread(self._lines.put, line)

    def _open_channel(self) -> None:
        if self._client.cir_place is not None:
            host, port = self._client.cir_place
            session_id = self._client.session_id or ""
            self._channel = Channel(host, port, session_id, self._woken, self._reactor)
            self._channel.open()

    def _woken(self) -> None:
        """There may be something to poll for."""
        self._has_news = True
        resting, self._resting = self._resting, None
        if resting is not None:
            resting.callback(None)

    async def _rest(self, seconds: float) -> None:
        """Wait so long, or until there is news."""
        if self._has_news:
            return
        self._resting = Deferred()
        self._resting.addTimeout(seconds, self._reactor, onTimeoutCancel=lambda *_: None)
        try:
            await self._resting
        finally:
            self._resting = None

    @property
    def _poll_seconds(self) -> float:
        """While the server wakes us, a poll is what keeps the session alive."""
        if self._channel is None or not self._channel.is_open:
            return POLL_SECONDS
        return max(POLL_SECONDS, self._client.keep_alive_seconds / 2)

    async def _keep_polling(self) -> None:
        while True:
            self._has_news = False
            try:
                await self._contacts.load()
                await self._client.poll()
                wait = self._poll_seconds
                if not self._reachable:
                    self._screen.show("* The server is back.")
                self._reachable = True
            except ServerUnreachable:
                wait = RETRY_SECONDS
                if self._reachable:
                    self._screen.show("* The server cannot be reached; trying again.")
                self._reachable = False
            except RequestFailed as failure:
                if failure.code in SESSION_IS_GONE:
                    self._lines.put(failure)
                    return
                wait = RETRY_SECONDS
            await self._rest(wait)

    def _received(self, message: NewMessage) -> None:
        info, data = message.message_info, message.content_data
        sender = info.sender.user.user_id if info.sender and info.sender.user else Address("?")
        is_text = (info.content_type or "").startswith("text/")
        text = data if isinstance(data, str) and is_text else ""
        sent = info.date_time or datetime.now().astimezone()
        shown = printable(text) if text else f"[{info.content_type}, {info.content_size} octets]"
        if self._partner is None:
            self._talk_to(sender)
        name = name_of(sender, self._client.user.domain)
        self._screen.show(f"{sent.astimezone():%H:%M} {name}: {shown}")

    def _talk_to(self, partner: Address | None) -> None:
        self._partner = partner
        name = name_of(partner, self._client.user.domain) if partner else ""
        self._screen.prompt = f"{name}> "

    async def _say(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        match command, rest.split(maxsplit=1):
            case "", _:
                pass
            case "/quit", _:
                self._lines.put(None)
            case "/to", [name, *_]:
                self._talk_to(Address.parse(name))
                self._screen.show(f"* You talk to {name}.")
            case "/who", _:
                await self._contacts.show()
            case "/add", [name, *nickname]:
                await self._contacts.add(name, "".join(nickname))
            case "/remove", [name]:
                await self._contacts.remove(name)
            case "/status", _:
                await self._contacts.say_status(rest.strip())
            case "/away", _:
                await self._contacts.be(Availability.NOT_AVAILABLE)
            case "/back", _:
                await self._contacts.be(Availability.AVAILABLE)
            case (("/allow" | "/deny"), [name]):
                await self._contacts.answer(name, accepts=command == "/allow")
            case _ if line.startswith("/"):
                self._screen.show(_HELP)
            case _ if self._partner is None:
                self._screen.show("* Whom to? Say /to NAME first.")
            case _:
                await attempt(self._screen, "Not sent", self._client.send(self._partner, line))
