"""The Android IMPS client, as a script."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import md5, sha1
from typing import ClassVar
from xml.sax.saxutils import escape

from attrs import define, field
from twisted.internet.defer import DeferredLock

from imps.testing.contacts import contacts_in, list_of, properties, properties_in
from imps.testing.correspondence import Correspondent
from imps.testing.handset import Message, Transaction, flattened, received, users
from imps.testing.http import Answer, Line
from imps.testing.presence import attribute, presence_in
from imps.testing.wbxml import Writer

_DIGESTS = {"MD5": md5, "SHA": sha1}

_CAPABILITIES = flattened("""
    <ClientCapability-Request><CapabilityList>
        <ClientType>MOBILE_PHONE</ClientType>
        <AcceptedContentLength>262144</AcceptedContentLength>
        <ParserSize>262144</ParserSize>
        <MultiTrans>1</MultiTrans>
        <InitialDeliveryMethod>P</InitialDeliveryMethod>
        <ServerPollMin>30</ServerPollMin>
        <SupportedBearer>HTTP</SupportedBearer>
        <SupportedCIRMethod>STCP</SupportedCIRMethod>
        <SupportedCIRMethod>SSMS</SupportedCIRMethod>
        <SupportedCIRMethod>SHTTP</SupportedCIRMethod>
    </CapabilityList></ClientCapability-Request>
""")

_SERVICES = flattened("""
    <Service-Request>
        <Functions><WVCSPFeat>
            <FundamentalFeat/><PresenceFeat/><IMFeat/><GroupFeat/>
        </WVCSPFeat></Functions>
        <AllFunctionsRequest>T</AllFunctionsRequest>
    </Service-Request>
""")


@define(eq=False)
class Android(Correspondent):
    """One request at a time on one connection, one transaction in a message.

    It polls before it acknowledges, and shows whatever it gets: what comes twice is seen twice. It
    never answers a MessageNotification.
    ``contacts`` are those of each list, with their nicknames, and ``list_names`` what the lists are
    called.
    """

    answers_notifications: ClassVar[bool] = False
    client_id: ClassVar[str] = "JiMMY"
    cookie: ClassVar[str] = "1795175332132"
    writer: ClassVar[Writer] = Writer(
        in_digits=frozenset({"AcceptedContentLength"}), in_surrogates=True
    )

    contacts: dict[str, dict[str, str]] = field(factory=dict, init=False)
    list_names: dict[str, str] = field(factory=dict, init=False)
    _lines: dict[str, Line] = field(factory=dict, init=False)
    _turn: DeferredLock = field(factory=DeferredLock, init=False)
    _last_transaction_id: int = field(default=0, init=False)
    _seen: set[str] = field(factory=set, init=False)

    def next_transaction_id(self) -> str:
        """Numbers up to 999, over and over."""
        self._last_transaction_id = self._last_transaction_id % 999 + 1
        return str(self._last_transaction_id)

    def quoted(self, text: str) -> str:
        """A text within a document; carriage returns stand as they are, and XML eats them."""
        if self.encoding == "wbxml":
            return super().quoted(text)
        return escape(text, {'"': "&quot;", "'": "&apos;"})

    async def post(self, body: bytes) -> Answer:
        """Make a request on the one connection, when its turn has come."""
        async with self._turn:
            url = self.url()
            line = self._lines.get(url)
            if line is None or not line.is_open:
                line = self._lines[url] = await Line.to(url)
                self.test.addCleanup(line.close)
            headers = {"Content-Type": self.content_type, "MSISDN": "+15550100"}
            return await line.post(body, {**headers, "User-Agent": "Android-Imps/0.1"})

    @property
    def lines(self) -> Iterable[Line]:
        """The one connection to each server."""
        return self._lines.values()

    def responses(self, message: Message) -> list[bytes]:
        """The poll comes before the acknowledgement."""
        request = message.transactions[0]
        due = [self.written("<Polling-Request/>", None)] if message.poll else []
        noted = self.correspondence_told(request)
        if noted is not None:
            return [*due, *noted]
        accepted = self.presence_told(request)
        if accepted is not None:
            return [*due, accepted]
        self._show(request)
        message_id = request.primitive.findtext("MessageInfo/MessageID")
        delivered = f"<MessageDelivered><MessageID>{message_id}</MessageID></MessageDelivered>"
        return [*due, self.written(delivered, request.transaction_id, "Response")]

    def _show(self, request: Transaction) -> None:
        self.expect(request.primitive.tag == "NewMessage", f"no answer to {request.primitive.tag}")
        sender = request.primitive.find("MessageInfo/Sender")
        self.expect(sender is not None, "a message without Sender")
        # What is opaque stays empty; and it trims what it shows.
        text = (request.primitive.findtext("ContentData") or "").strip()
        message = received(request, text)
        self.expect(message.message_id not in self._seen, f"{message.message_id} came twice")
        self._seen.add(message.message_id)
        self.received.append(message)

    async def sign_on(self) -> None:
        """Log in with a digest, negotiate, and ask for all there is before it shows anything."""
        self.expect(await self.login() == 200, "could not log in")
        await self._negotiate()
        own = f"<User><UserID>{self.user}</UserID></User>"
        answer = await self.ask(f"<GetPresence-Request>{own}</GetPresence-Request>")
        self.expect(answer.code == 200, f"{answer.code} for its own presence")
        # Without a list of attributes, be it empty, it would wait for ever.
        self.expect(list(presence_in(answer.primitive)) == [self.user], "whose presence is that?")
        published = await self.publish(
            "<ClientInfo><Qualifier>T</Qualifier><ClientType>MOBILE_PHONE</ClientType>"
            "<ClientVersion>0.1</ClientVersion><ClientProducer>MOKIA</ClientProducer></ClientInfo>"
        )
        self.expect(published == 200, f"{published} for its client")
        await self.set_status()
        await self.blocked()
        await self.load_lists()

    async def set_status(self, availability: str = "AVAILABLE", text: str = "") -> None:
        """Say how its user is, which is all said again when one thing changes."""
        published = await self.publish(
            attribute("OnlineStatus", "T")
            + attribute("UserAvailability", availability)
            + attribute("StatusText", self.quoted(text))
        )
        self.expect(published == 200, f"{published} for its status")

    async def load_lists(self) -> None:
        """Ask for the lists and for who is in each; an error would leave it without any. It does
        not look for the other lists where 1.3 has them."""
        answer = await self.ask("<GetList-Request/>")
        self.expect(answer.primitive.tag == "GetList-Response", f"{answer.code} for lists")
        tags = ("ContactList", "DefaultContactList")
        named = [each.text or "" for each in answer.primitive if each.tag in tags]
        self.expect(len(set(named)) == len(named), "a list named twice")
        self.contacts, self.list_names = {}, {}
        for address in named:
            answer = await self.ask(
                f"<ListManage-Request><ContactList>{address}</ContactList>"
                "<ReceiveList>T</ReceiveList></ListManage-Request>"
            )
            self.expect(answer.code == 200, f"{answer.code} for {address}")
            self.expect("DisplayName" in properties_in(answer), f"no name of {address}")
            self.list_names[address] = properties_in(answer)["DisplayName"]
            self.contacts[address] = contacts_in(answer)
            await self.subscribe(address)

    async def subscribe(self, contact_list: str) -> None:
        """Have those in a list watched; it can do nothing with another code than 200."""
        answer = await self.ask(
            f"<SubscribePresence-Request><ContactList>{contact_list}</ContactList>"
            "<AutoSubscribe>T</AutoSubscribe></SubscribePresence-Request>"
        )
        self.expect(answer.code == 200, f"{answer.code} for watching {contact_list}")

    async def create_list(self, name: str, *users: str, is_default: bool = True) -> int:
        """Make a list with users, each wrapped once too often, and have them watched; the code of
        the answer."""
        names = "".join(
            f"<NickName><Name>{each}</Name><User><UserID>{each}</UserID></User></NickName>"
            for each in users
        )
        nick_list = f"<NickList>{names}</NickList>" if users else ""
        answer = await self.ask(
            f"<CreateList-Request><ContactList>{list_of(self.user, name)}</ContactList>{nick_list}"
            f"{properties(name, is_default)}</CreateList-Request>"
        )
        return await self._then_subscribe(name, self._done(answer))

    async def delete_list(self, name: str) -> int:
        """Delete a list; the code of the answer."""
        address = list_of(self.user, name)
        request = f"<DeleteList-Request><ContactList>{address}</ContactList></DeleteList-Request>"
        return (await self.ask(request)).code

    async def add_contact(self, name: str, user: str, nickname: str) -> int:
        """Add somebody to a list, and have all in it watched once more; the code of the answer."""
        contact = f"<NickName><Name>{nickname}</Name><UserID>{user}</UserID></NickName>"
        code = await self._change_list(name, f"<AddNickList>{contact}</AddNickList>")
        return await self._then_subscribe(name, code)

    async def watch(self, *publishers: str) -> None:
        """Put users into a new list."""
        made = await self.create_list("watched", *publishers, is_default=False)
        self.expect(made == 200, f"{made} for a new list")

    async def _then_subscribe(self, name: str, code: int) -> int:
        if code == 200:
            await self.subscribe(list_of(self.user, name))
        return code

    async def rename_list(self, name: str, display_name: str) -> int:
        """Call a list something else; the code of the answer."""
        return await self._change_list(name, properties(display_name))

    async def remove_contact(self, name: str, user: str) -> int:
        """Remove somebody from a list; the code of the answer."""
        user_id = f"<UserID>{user}</UserID>"
        return await self._change_list(name, f"<RemoveNickList>{user_id}</RemoveNickList>")

    async def _change_list(self, name: str, change: str) -> int:
        answer = await self.ask(
            f"<ListManage-Request><ContactList>{list_of(self.user, name)}</ContactList>"
            f"<ReceiveList>F</ReceiveList>{change}</ListManage-Request>"
        )
        return answer.code

    def _done(self, answer: Transaction) -> int:
        """The code of an answer; without a result, it is done."""
        if answer.primitive.find("Result") is not None:
            return answer.code
        self.expect(answer.primitive.tag == "CreateList-Response", "neither result nor response")
        return 200

    async def login(self, old_session_id: str | None = None) -> int:
        """Both halves of a 4-way login, under one TransactionID; the code of the last.

        After a long pause they come in the session that was.
        """
        transaction_id = self.next_transaction_id()
        challenge = await self.begin_login(transaction_id, old_session_id)
        if challenge.code not in (200, 401):
            return challenge.code
        return (await self.end_login(challenge, old_session_id)).code

    async def begin_login(
        self, transaction_id: str, old_session_id: str | None = None
    ) -> Transaction:
        """Ask for a nonce."""
        offered = "<DigestSchema>MD5</DigestSchema><DigestSchema>SHA</DigestSchema>"
        challenge = await self._half_login(transaction_id, offered, old_session_id)
        if challenge.code in (200, 401):
            self.expect(challenge.primitive.find("SessionID") is None, "a session too early")
            self.expect(bool(challenge.primitive.findtext("Nonce")), "no nonce")
            schema = challenge.primitive.findtext("DigestSchema")
            self.expect(schema in _DIGESTS, f"schema {schema}")
        return challenge

    async def end_login(
        self, challenge: Transaction, old_session_id: str | None = None
    ) -> Transaction:
        """Prove the password to one who challenges."""
        digest = _DIGESTS[challenge.primitive.findtext("DigestSchema") or ""]
        nonce = (challenge.primitive.findtext("Nonce") or "").encode()
        octets = digest(nonce + self.password.encode("latin-1"), usedforsecurity=False).digest()
        proof = f"<DigestBytes>{b64encode(octets).decode()}</DigestBytes>"
        answer = await self._half_login(challenge.transaction_id or "", proof, old_session_id)
        if answer.code == 200:
            self.session_id = answer.primitive.findtext("SessionID")
            self.expect(bool(self.session_id), "no session")
            self.expect(len(self.session_id or "") <= 50, "a session id longer than its buffer")
            self.expect(bool(answer.primitive.findtext("KeepAliveTime")), "no KeepAliveTime")
        return answer

    async def _half_login(
        self, transaction_id: str, proof: str, session_id: str | None
    ) -> Transaction:
        answer = await self.ask(
            f"<Login-Request><UserID>{self.user}</UserID>"
            f"<ClientID><URL>{self.client_id}</URL><MSISDN>+15550100</MSISDN></ClientID>"
            f"<TimeToLive>7205</TimeToLive><SessionCookie>{self.cookie}</SessionCookie>"
            f"{proof}</Login-Request>",
            transaction_id,
            session_id,
        )
        self.expect(answer.primitive.tag == "Login-Response", f"{answer.primitive.tag} at login")
        return answer

    async def _negotiate(self) -> None:
        capabilities = (await self.ask(_CAPABILITIES)).primitive
        self.expect(len(capabilities) > 0, "an empty answer to capabilities")
        first = capabilities[0].tag
        known = ("AgreedCapabilityList", "CapabilityList")
        self.expect(first in known, f"{first} before the list of capabilities")
        await self.agree_on_channel(capabilities[0])
        services = (await self.ask(_SERVICES)).primitive
        self.expect(services.find("AllFunctions/WVCSPFeat") is not None, "no AllFunctions")

    def message(self, recipients: Sequence[str], text: str) -> str:
        """A SendMessage-Request with a text, whose size is counted in UTF-16 units."""
        size = len(text.encode("utf-16-be")) // 2
        return (
            "<SendMessage-Request><DeliveryReport>F</DeliveryReport><MessageInfo>"
            f"<Recipient>{users(recipients)}</Recipient><Sender>{users([self.user])}</Sender>"
            f"<ContentType>text/plain</ContentType><ContentSize>{size}</ContentSize></MessageInfo>"
            f"<ContentData>{self.quoted(text)}</ContentData></SendMessage-Request>"
        )
