"""A desktop client of the "SMS 2.0" services, as a script: CSP 1.2 in XML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from attrs import define, field

from imps.testing.contacts import contacts_in, list_of
from imps.testing.correspondence import Correspondent
from imps.testing.handset import (
    Message,
    flattened,
    received,
    users,
)
from imps.testing.http import Answer, Line
from imps.testing.presence import attribute, presence_in
from imps.testing.wbxml import Writer

_ROOT = "<WV-CSP-Message "
_FOREIGN = (
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
)

_CAPABILITIES = flattened("""
    <CapabilityList>
        <ClientType>COMPUTER</ClientType>
        <InitialDeliveryMethod>P</InitialDeliveryMethod>
        <AcceptedContentType>text/plain</AcceptedContentType>
        <AcceptedContentType>text/html</AcceptedContentType>
        <AcceptedContentType>image/png</AcceptedContentType>
        <AcceptedContentType>image/jpeg</AcceptedContentType>
        <AcceptedContentType>image/gif</AcceptedContentType>
        <AcceptedContentType>audio/x-wav</AcceptedContentType>
        <AcceptedTransferEncoding>BASE64</AcceptedTransferEncoding>
        <AcceptedContentLength>256000</AcceptedContentLength>
        <SupportedBearer>HTTP</SupportedBearer>
        <MultiTrans>1</MultiTrans>
        <ParserSize>300000</ParserSize>
        <SupportedCIRMethod>STCP</SupportedCIRMethod>
        <ColibriaExtensions>T</ColibriaExtensions>
    </CapabilityList>
""")

_SERVICES = flattened("""
    <Functions><WVCSPFeat>
        <FundamentalFeat/><PresenceFeat/><IMFeat/><GroupFeat/>
    </WVCSPFeat></Functions>
    <AllFunctionsRequest>T</AllFunctionsRequest>
""")

_PRESENCE = flattened("""
    <OnlineStatus><Qualifier>T</Qualifier></OnlineStatus>
    <ClientInfo>
        <Qualifier>T</Qualifier><ClientType>COMPUTER</ClientType>
        <x:ClientTypeDetail xmlns:x="http://vendor.example/PA-ext">DESKTOP</x:ClientTypeDetail>
    </ClientInfo>
    <CommCap><Qualifier>T</Qualifier><CommC><Cap>IM</Cap><Status>OPEN</Status></CommC></CommCap>
    <UserAvailability>
        <Qualifier>T</Qualifier><PresenceValue>AVAILABLE</PresenceValue>
    </UserAvailability>
""")

_WATCHED = flattened("""
    <OnlineStatus/><ClientInfo/><FreeTextLocation/><CommCap/><UserAvailability/>
    <StatusText/><StatusMood/><Alias/><StatusContent/><ContactInfo/>
""")


@define(eq=False)
class SMS2(Correspondent):
    """It asks before it sends a body, adds elements of its vendor's, and lends itself the server's
    transaction ids.

    ``friends`` are those whom it puts into its list when it makes that.
    """

    client_id: ClassVar[str] = "WV:Messenger-1.0@PC-CLIENT"
    writer: ClassVar[Writer] = Writer()

    encoding: str = "xml"
    friends: Sequence[str] = ()
    _line: Line | None = field(default=None, init=False)
    _last_transaction_id: int = field(default=0, init=False)
    _borrowed: str | None = field(default=None, init=False)

    def next_transaction_id(self) -> str:
        """The id of the server's last request, if there was one; else a number."""
        borrowed, self._borrowed = self._borrowed, None
        self._last_transaction_id += 1
        return borrowed or str(self._last_transaction_id)

    @property
    def prolog(self) -> str:
        """A declaration."""
        return '<?xml version="1.0" encoding="utf-8"?>\r\n'

    def written(
        self,
        content: str,
        transaction_id: str | None,
        mode: str = "Request",
        session_id: str | None = None,
    ) -> bytes:
        """A message; a poll has a TransactionID, but an empty one."""
        document = super().written(content, transaction_id, mode, session_id).decode()
        if transaction_id is None:
            end = "</TransactionDescriptor>"
            document = document.replace(end, "<TransactionID />" + end)
        return document.replace(_ROOT, _ROOT + _FOREIGN).encode()

    async def post(self, body: bytes) -> Answer:
        """Make a request on one connection, sending the body when the server asks for it."""
        if self._line is None or not self._line.is_open:
            self._line = await Line.to(self.url())
            self.test.addCleanup(self._line.close)
        headers = {"Content-Type": self.content_type, "Expect": "100-continue"}
        answer = await self._line.post(body, headers)
        if self.session_id and answer.body:
            # It looks for the element in the text of the answer.
            named = f"<SessionID>{self.session_id}</SessionID>".encode()
            self.expect(named in answer.body, "no SessionID in the text")
        if len(self.urls) > 1:
            self._line.close()
            self._line = None
        return answer

    @property
    def lines(self) -> Iterable[Line]:
        """The one connection."""
        return [self._line] if self._line is not None else []

    def responses(self, message: Message) -> list[bytes]:
        """The acknowledgement, and then a poll."""
        request = message.transactions[0]
        poll = [self.written("<Polling-Request/>", None)] if message.poll else []
        noted = self.correspondence_told(request)
        if noted is not None:
            self._borrowed = request.transaction_id
            return [*noted, *poll]
        accepted = self.presence_told(request)
        if accepted is not None:
            self._borrowed = request.transaction_id
            return [accepted, *poll]
        self.expect(request.primitive.tag == "NewMessage", f"no answer to {request.primitive.tag}")
        self.received.append(received(request, request.primitive.findtext("ContentData") or ""))
        self._borrowed = request.transaction_id
        message_id = request.primitive.findtext("MessageInfo/MessageID")
        delivered = f"<MessageDelivered><MessageID>{message_id}</MessageID></MessageDelivered>"
        return [self.written(delivered, request.transaction_id, "Response"), *poll]

    async def sign_on(self) -> None:
        """Log in with the password, negotiate, publish, and ask for the contacts."""
        self.expect(await self.login() == 200, "could not log in")
        client = f"<ClientID><URL>{self.client_id}</URL></ClientID>"
        agreed = await self.ask(
            f"<ClientCapability-Request>{client}{_CAPABILITIES}</ClientCapability-Request>"
        )
        self.expect(agreed.primitive[0].tag == "AgreedCapabilityList", "no list agreed")
        services = await self.ask(f"<Service-Request>{client}{_SERVICES}</Service-Request>")
        self.expect(services.primitive.find("AllFunctions/WVCSPFeat") is not None, "no functions")
        published = await self.publish(_PRESENCE)
        self.expect(published == 200, f"{published} for its presence")
        lists = await self.ask("<GetList-Request/>")
        self.expect(lists.primitive.tag == "GetList-Response", f"{lists.code} for lists")
        own = f"<User><UserID>{self.user}</UserID></User>"
        alias = self.sub_list("<Alias/>")
        answer = await self.ask(f"<GetPresence-Request>{own}{alias}</GetPresence-Request>")
        self.expect(answer.code == 200, f"{answer.code} for its own alias")
        told = presence_in(answer.primitive)
        self.expect(list(told) == [self.user], "whose alias is that?")
        private = f"<ContactList>{list_of(self.user, '~PEP1.0_privatelist')}</ContactList>"
        answer = await self.ask(
            f"<ListManage-Request>{private}<ReceiveList>T</ReceiveList></ListManage-Request>"
        )
        # Where it comes from, everybody has this list.
        self.expect(answer.code in (200, 700), f"{answer.code} for the private list")
        contacts = f"<ContactList>{self._subscriptions}</ContactList>"
        friends = "".join(map(_nick_name, self.friends))
        made = await self.ask(
            f"<CreateList-Request>{contacts}<NickList>{friends}</NickList></CreateList-Request>"
        )
        self.expect(made.code in (200, 701), f"{made.code} for a new list")
        subscribed = await self.ask(
            f"<SubscribePresence-Request>{contacts}{self.sub_list(_WATCHED)}"
            "<AutoSubscribe>T</AutoSubscribe></SubscribePresence-Request>"
        )
        self.expect(subscribed.code == 200, f"{subscribed.code} for watching")
        name = told[self.user].get("Alias") or self.user.removeprefix("wv:")
        published = await self.publish(attribute("Alias", self.quoted(name)))
        self.expect(published == 200, f"{published} for its alias")
        await self.poll()

    async def add_contact(self, user: str) -> int:
        """Add somebody to its list; the code of the answer."""
        return await self._add(user)

    async def remove_contact(self, user: str) -> int:
        """Remove somebody from its list; the code of the answer."""
        user_id = f"<UserID>{user}</UserID>"
        return await self._change_list(f"<RemoveNickList>{user_id}</RemoveNickList>")

    async def watch(self, *publishers: str) -> None:
        """Put users into its list."""
        added = await self._add(*publishers)
        self.expect(added == 200, f"{added} for contacts")

    async def _add(self, *users: str) -> int:
        names = "".join(map(_nick_name, users))
        return await self._change_list(f"<AddNickList>{names}</AddNickList>")

    async def contacts(self) -> dict[str, str]:
        """Who is in its list, and what they are called."""
        answer = await self.ask(
            f"<ListManage-Request><ContactList>{self._subscriptions}</ContactList>"
            "<ReceiveList>T</ReceiveList></ListManage-Request>"
        )
        return contacts_in(answer)

    async def _change_list(self, change: str) -> int:
        answer = await self.ask(
            f"<ListManage-Request><ContactList>{self._subscriptions}</ContactList>{change}"
            "<ReceiveList>F</ReceiveList></ListManage-Request>"
        )
        return answer.code

    @property
    def _subscriptions(self) -> str:
        return list_of(self.user, "~PEP1.0_subscriptions")

    async def login(self) -> int:
        """A 2-way login; its code."""
        self.session_id = None
        answer = await self.ask(
            f"<Login-Request><UserID>{self.user}</UserID><ClientID><URL>{self.client_id}</URL>"
            f"</ClientID><Password>{self.quoted(self.password)}</Password>"
            "<SessionCookie>cookie</SessionCookie></Login-Request>"
        )
        self.session_id = answer.primitive.findtext("SessionID")
        return answer.code

    def message(self, recipients: Sequence[str], text: str) -> str:
        """A SendMessage-Request with a text; its sender lacks the scheme, its size is made up."""
        sender = users([self.user.removeprefix("wv:")])
        return (
            "<SendMessage-Request><DeliveryReport>F</DeliveryReport><MessageInfo>"
            "<ContentType>text/html</ContentType><ContentSize>148</ContentSize>"
            f"<Recipient>{users(recipients)}</Recipient><Sender>{sender}</Sender></MessageInfo>"
            f"<ContentData>{self.quoted(text)}</ContentData></SendMessage-Request>"
        )


def _nick_name(user: str) -> str:
    return f"<NickName><Name>{user.removeprefix('wv:')}</Name><UserID>{user}</UserID></NickName>"
