"""That server as a whole: it listens, and posts; its users do what clients of it can have it do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure
from twisted.web.server import Site

from imps.testing.baraza import wire
from imps.testing.baraza.post import Page, Poster, Reaction
from imps.testing.baraza.queue import POLL_SECONDS, Queue, Queued
from imps.testing.baraza.services import Aborted, Services
from imps.testing.baraza.sessions import CLOSED, Sessions
from imps.testing.baraza.users import User
from imps.testing.process import PATIENCE_SECONDS, reactor


@define(eq=False)
class Baraza:
    """A server of one domain, over real sockets, with the time of a clock.

    ``endpoints`` stands for the DNS: where the servers of other domains are, best first. What went
    wrong at it is in ``accidents``, and what reached nobody in ``services.misdelivered`` and
    ``sessions.lost``.
    """

    domain: str
    clock: IReactorTime
    endpoints: dict[str, Sequence[str]] = field(factory=dict)
    store_seconds: float = 0
    users: dict[str, User] = field(factory=dict)
    heard: list[bytes] = field(factory=list, init=False)
    headers: list[Mapping[str, str]] = field(factory=list, init=False)
    posted: list[bytes] = field(factory=list, init=False)
    accidents: list[str] = field(factory=list, init=False)
    is_away: bool = field(default=False, init=False)
    sessions: Sessions = field(init=False)
    queue: Queue = field(init=False)
    services: Services = field(init=False)
    _poster: Poster = field(factory=Poster, init=False)
    _poll: LoopingCall = field(init=False)
    _port: Any = field(default=None, init=False)
    _doing: set[Deferred[None]] = field(factory=set, init=False)
    _waiting: list[tuple[Callable[[], object], Deferred[None]]] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self.sessions = Sessions(
            self.domain,
            self.clock,
            self.endpoints,
            self._post,
            lambda _: self._do(self.queue.run()),
            self.store_seconds,
        )
        self.queue = Queue(self.clock, self._send)
        self.services = Services(self.domain, self.users, self.queue)
        self._poll = LoopingCall(lambda: self._do(self.queue.run()))
        self._poll.clock = self.clock

    async def start(self, port: int = 0) -> str:
        """Listen, where the system likes, and look at the queue now and then; the URL."""
        site = Site(Page(self._hear, self._do))
        site.noisy = False
        self._port = reactor.listenTCP(port, site, interface="127.0.0.1")
        self._poll.start(POLL_SECONDS, now=False)
        return self.url

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port.getHost().port}/"

    async def stop(self) -> None:
        """Stop, whatever it is doing."""
        if self._poll.running:
            self._poll.stop()
        self.is_away = True
        for each in list(self._doing):
            each.cancel()
        await self._port.stopListening()
        await self._poster.close()

    def user(self, name: str) -> User:
        """One of its users, who is made if need be."""
        address = f"{name}@{self.domain}"
        return self.users.setdefault(address, User(address))

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so, as far as this server can see."""
        if not condition():
            waiting: Deferred[None] = Deferred()
            self._waiting.append((condition, waiting))
            await waiting.addTimeout(PATIENCE_SECONDS, reactor)

    async def at_rest(self) -> None:
        """Wait until it has done what it is doing."""
        await self.until(lambda: not self._doing)

    # What its clients have it do.

    def request(self, user: User, domain: str, name: str, inside: str, attributes: str = "") -> str:
        """Send any request on behalf of a user; its transaction id."""
        meta = wire.meta_info(self.domain, user.address)
        body = f"<{name}{attributes}>{meta}{inside}</{name}>"
        return self.say(user, domain, name, body)

    def say(
        self, user: User, domain: str, name: str, body: str, *, answers: str = "", asks: bool = True
    ) -> str:
        """Send anything at all; its transaction id."""
        row = self.queue.put(domain, user.address, name, body, answers=answers, asks=asks)
        self._do(self.queue.run())
        return row.transaction_id

    def subscribe(self, user: User, *publishers: str, attributes: Sequence[str] = ()) -> str:
        """Subscribe to the presence of users of one other domain."""
        inside = "".join(f'<UserID userID="wv:{each}"/>' for each in publishers)
        inside += _attribute_list(attributes)
        return self.request(user, wire.domain_of(publishers[0]), "SubscribeRequest", inside)

    def unsubscribe(self, user: User, *publishers: str) -> str:
        """Take the subscription to users of one other domain back."""
        inside = "".join(f'<UserID userID="wv:{each}"/>' for each in publishers)
        return self.request(user, wire.domain_of(publishers[0]), "UnsubscribeRequest", inside)

    def get_presence(self, user: User, *publishers: str, attributes: Sequence[str] = ()) -> str:
        """Ask for the presence of users of one other domain."""
        inside = "".join(f'<VerUserID userID="wv:{each}"/>' for each in publishers)
        inside += _attribute_list(attributes)
        return self.request(user, wire.domain_of(publishers[0]), "GetPresenceRequest", inside)

    def publish(self, user: User, attribute: str, value: str, *, anonymously: bool = False) -> None:
        """Change an attribute, and tell watchers; without MetaInfo, if anonymously."""
        user.presence[attribute] = f"<Qualifier>T</Qualifier><PresenceValue>{value}</PresenceValue>"
        sender = None if anonymously else user.address
        for watcher, names in user.watchers.items():
            if not names or attribute in names:
                self.services.notify(user, watcher, (attribute,), sender)
        self._do(self.queue.run())

    def send_message(
        self,
        user: User,
        *recipients: str,
        content: bytes = b"hello",
        content_type: str = "text/plain",
        report: bool = False,
        validity_seconds: int = 3600,
        message_id: str = "",
        at: str = "1970-01-01T00:00:00Z",
    ) -> str:
        """Send a message to users of one other domain; the default time is that of a client that
        gave none."""
        who = "".join(f'<Recipient><User userID="wv:{each}"/></Recipient>' for each in recipients)
        message_id = message_id or f"{self.queue.next_number}@{self.domain}"
        info = (
            f'<MessageInfo messageID="{message_id}" contentType="{content_type}"'
            f' contentSize="{len(content)}" validity="{validity_seconds}">{who}'
            f'<Sender><User userID="wv:{user.address}"/></Sender>'
            f'<DateTime format="iso8601">{at}</DateTime></MessageInfo>'
        )
        return self.request(
            user,
            wire.domain_of(recipients[0]),
            "SendMessageRequest",
            info + wire.content(content, content_type),
            f' deliveryReport="{"Yes" if report else "No"}"',
        )

    def report(self, user: User, number: int = -1, code: int = 200) -> str:
        """Report to the sender what became of a message that a user got."""
        message = user.messages[number]
        body = (
            f"<DeliveryStatusReport>{wire.meta_info(self.domain, user.address)}"
            f"<DeliveryResult>{wire.status(code)}</DeliveryResult>"
            f'<MessageInfo messageID="{message.message_id}" contentType="{message.content_type}">'
            f'<Recipient><User userID="wv:{message.sender}"/></Recipient>'
            f'<Sender><User userID="wv:{user.address}"/></Sender></MessageInfo>'
            "</DeliveryStatusReport>"
        )
        return self.say(user, wire.domain_of(message.sender), "DeliveryStatusReport", body)

    def invite(self, user: User, invited: str, invite_id: str, kind: str = "IM") -> str:
        """Invite a user of another domain."""
        inside = (
            f'<Inviting><User userID="wv:{user.address}"/></Inviting>'
            f'<Invited><User userID="wv:{invited}"/></Invited>'
        )
        attributes = f' inviteID="{invite_id}" inviteType="{kind}" validity="3600"'
        return self.request(user, wire.domain_of(invited), "InviteRequest", inside, attributes)

    def answer_invitation(self, user: User, inviter: str, invite_id: str, *, accepts: bool) -> str:
        """Answer an invitation: in a request of its own, of nobody, and with the two in each
        other's place."""
        body = (
            f'<InviteResponse inviteID="{invite_id}" acceptance="{"Yes" if accepts else "No"}">'
            f"{wire.status(200 if accepts else 404)}"
            f'<Inviting><User userID="wv:{user.address}"/></Inviting>'
            f'<Responding><User userID="wv:{inviter}"/></Responding></InviteResponse>'
        )
        return self.say(user, wire.domain_of(inviter), "InviteResponse", body)

    def cancel_invitation(self, user: User, invited: str, invite_id: str) -> str:
        """Cancel an invitation, with a start tag where the end tag belongs."""
        inside = (
            f'<Canceling><User userID="wv:{user.address}"/></Canceling>'
            f'<Canceled><User userID="wv:{invited}"/><Canceled/>'
        )
        attributes = f' inviteID="{invite_id}"'
        domain = wire.domain_of(invited)
        return self.request(user, domain, "CancelInviteRequest", inside, attributes)

    # What it does on the wire.

    async def _send(self, row: Queued) -> bool | None:
        """Post a row in a session. While one is set up, or for ever if nobody goes on, it waits."""
        session = self.sessions.usable(row.domain)
        if session is None:
            if not self.sessions.is_connecting(row.domain):
                await self.sessions.connect(row.domain)
                return None if self.sessions.is_connecting(row.domain) else False
            return None
        session_id, transaction_id = self.sessions.session_id(session), row.transaction_id
        body = wire.in_session(
            session_id, [wire.transaction(row.is_request, transaction_id, row.body)]
        )
        headers = {"x-wv-transactionid": transaction_id, "x-wv-sessionid": session_id}
        return await self._post(session.url, body, headers)

    def _hear(self, body: bytes, headers: Mapping[str, str]) -> Reaction:
        self.heard.append(body)
        self.headers.append(headers)
        try:
            return self._reaction(body, headers)
        except wire.NotWellFormed:
            return Reaction(400)
        except Aborted as accident:
            self.accidents.append(str(accident))
            return CLOSED
        finally:
            self._look()

    def _reaction(self, body: bytes, headers: Mapping[str, str]) -> Reaction:
        if self.is_away:
            return CLOSED
        if wire.CONTENT_TYPE not in headers.get("content-type", "").lower():
            return Reaction(400)
        top = wire.read(body)
        if wire.name_of(top) == "setuptransaction":
            return self.sessions.hear(wire.transaction_of(top))
        peer_id = wire.attribute(top, "sessionID")
        session = self.sessions.of_peer(peer_id)
        if session is None:
            return CLOSED
        transactions = [wire.transaction_of(each) for each in wire.children(top, "Transaction")]
        answers = [
            answer for each in transactions for answer in self.services.take(each, session.domain)
        ]
        own_id, url = self.sessions.session_id(session), session.url

        async def post_answers() -> None:
            if answers:
                body = wire.in_session(own_id, answers)
                await self._post(url, body, {"x-wv-sessionid": peer_id})
            await self.queue.run()

        return Reaction(200, post_answers)

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bool:
        if self.is_away:
            return False
        self.posted.append(body)
        return await self._poster.post(url, body, headers)

    def _do(self, what: Awaitable[None]) -> None:
        """Do something that nobody waits for."""
        doing: Deferred[None] = Deferred.fromCoroutine(what)  # type: ignore[arg-type]
        if not doing.called:
            self._doing.add(doing)
        doing.addBoth(self._done, doing)

    def _done(self, result: object, doing: Deferred[None]) -> None:
        self._doing.discard(doing)
        if isinstance(result, Failure) and not self.is_away:
            self.accidents.append(result.getTraceback())
        self._look()

    def _look(self) -> None:
        for each in list(self._waiting):
            condition, waiting = each
            if not waiting.called and condition():
                self._waiting.remove(each)
                waiting.callback(None)


def _attribute_list(names: Sequence[str]) -> str:
    if not names:
        return ""
    asked = "".join(f"<{name}/>" for name in names)
    return (
        f'<AttributeList><PresenceSubList xmlns="{wire.PRESENCE_NAMESPACE}">{asked}'
        "</PresenceSubList></AttributeList>"
    )
