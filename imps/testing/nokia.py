"""The Nokia S60 IMPS engine, as a script."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import md5
from itertools import chain
from typing import ClassVar
from xml.etree.ElementTree import Element

from attrs import define, field

from imps.model.version import V11
from imps.testing.cir import ByLine, BySegment
from imps.testing.contacts import contacts_in, list_of, properties, properties_in
from imps.testing.correspondence import Correspondent, content_of
from imps.testing.handset import (
    Message,
    Sent,
    flattened,
    received,
    sent,
    users,
)
from imps.testing.http import Answer, Line
from imps.testing.presence import ACCEPTED, attribute
from imps.testing.wbxml import Writer

MOST_CONNECTIONS = 4

SUBSCRIPTIONS, PRIVATE, BLOCKED = OWN_LISTS = (
    "~PEP1.0_subscriptions",
    "~PEP1.0_privatelist",
    "~PEP1.0_blocklist",
)
"""The lists that it has besides those that its user makes."""

_CAPABILITIES = flattened("""
    <CapabilityList>
        <ClientType>MOBILE_PHONE</ClientType>
        <InitialDeliveryMethod>P</InitialDeliveryMethod>
        <AnyContent>T</AnyContent>
        <AcceptedCharSet>106</AcceptedCharSet>
        <AcceptedContentLength>102400</AcceptedContentLength>
        <AcceptedTransferEncoding>BASE64</AcceptedTransferEncoding>
        <SupportedBearer>HTTP</SupportedBearer>
        <SupportedCIRMethod>WAPSMS</SupportedCIRMethod>
        <SupportedCIRMethod>STCP</SupportedCIRMethod>
        <UDPPort>3717</UDPPort>
        <MultiTrans>3</MultiTrans>
        <ParserSize>131072</ParserSize>
        <ServerPollMin>8</ServerPollMin>
    </CapabilityList>
""")

_SERVICES = flattened("""
    <AllFunctionsRequest>F</AllFunctionsRequest>
    <Functions><WVCSPFeat>
        <FundamentalFeat>
            <SearchFunc><SRCH/><STSRC/></SearchFunc>
            <InviteFunc><INVIT/><CAINV/></InviteFunc>
        </FundamentalFeat>
        <PresenceFeat>
            <ContListFunc><GCLI/><CCLI/><DCLI/><MCLS/></ContListFunc>
            <PresenceAuthFunc><GETWL/><REACT/><CAAUT/></PresenceAuthFunc>
            <PresenceDeliverFunc><GETPR/><UPDPR/></PresenceDeliverFunc>
            <AttListFunc><CALI/><DALI/><GALS/></AttListFunc>
        </PresenceFeat>
        <IMFeat/>
        <GroupFeat/>
    </WVCSPFeat></Functions>
""")

_PRESENCE = (
    attribute("OnlineStatus", "T")
    + flattened("""
    <ClientInfo>
        <Qualifier>T</Qualifier><ClientType>MOBILE_PHONE</ClientType>
        <DevManufacturer>NOKIA</DevManufacturer><Model>6680</Model>
    </ClientInfo>
    <CommCap><Qualifier>T</Qualifier><CommC><Cap>IM</Cap><Status>OPEN</Status></CommC></CommCap>
""")
    + attribute("UserAvailability", "AVAILABLE")
)


@define(eq=False)
class Nokia(Correspondent):
    """Several connections; what is not answered is said again, octet for octet.

    It drops a request of the server whose TransactionID it has seen.
    """

    client_id: ClassVar[str] = "http://nokia.example/imps"
    cookie: ClassVar[str] = "wv:nokia.1785236"
    reading: ClassVar[type[ByLine]] = BySegment
    writer: ClassVar[Writer] = Writer()

    four_way: bool = False
    wants_reports: bool = False
    refused: list[str] = field(factory=list, init=False)
    _idle: dict[str, list[Line]] = field(factory=dict, init=False)
    _last_transaction_id: int = field(default=0, init=False)
    _seen: set[str | None] = field(factory=set, init=False)

    def next_transaction_id(self) -> str:
        """The ids nok1, nok2 and so on."""
        self._last_transaction_id += 1
        return f"nok{self._last_transaction_id}"

    @property
    def prolog(self) -> str:
        """A declaration and, in 1.1, the document type."""
        declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
        if self.version is not V11:
            return declaration
        return declaration + (
            '<!DOCTYPE WV-CSP-Message PUBLIC "-//OMA//DTD WV-CSP 1.1//EN"'
            ' "http://www.openmobilealliance.org/DTD/WV-CSP.XML">\n'
        )

    @property
    def connections(self) -> int:
        """How many connections it has open and does not use just now."""
        return len(list(self.lines))

    async def post(self, body: bytes) -> Answer:
        """Make a request on a connection that is idle, or a new one."""
        url = self.url()
        idle = self._idle.setdefault(url, [])
        line = idle.pop() if idle else await self._connected(url)
        if not line.is_open:
            line = await self._connected(url)
        answer = await line.post(body, {"Content-Type": self.content_type, "Accept": "*/*"})
        if len(idle) < MOST_CONNECTIONS:
            idle.append(line)
        else:
            line.close()
        return answer

    @property
    def lines(self) -> Iterable[Line]:
        """The connections that it does not use just now."""
        return chain(*self._idle.values())

    async def _connected(self, url: str) -> Line:
        line = await Line.to(url)
        self.test.addCleanup(line.close)
        return line

    def responses(self, message: Message) -> list[bytes]:
        """The acknowledgement comes before the poll."""
        request = message.transactions[0]
        poll = [self.written("<Polling-Request/>", None)] if message.poll else []
        if request.transaction_id in self._seen:
            return poll
        self._seen.add(request.transaction_id)
        if request.primitive.tag == "Disconnect":
            return [self.written(ACCEPTED, request.transaction_id, "Response"), *poll]
        noted = self.correspondence_told(request)
        if noted is not None:
            return [*noted, *poll]
        accepted = self.presence_told(request)
        if accepted is not None:
            return [accepted, *poll]
        self.expect(request.primitive.tag == "NewMessage", f"no answer to {request.primitive.tag}")
        message_id = request.primitive.findtext("MessageInfo/MessageID")
        self.received.append(received(request, content_of(request)))
        delivered = f"<MessageDelivered><MessageID>{message_id}</MessageID></MessageDelivered>"
        return [self.written(delivered, request.transaction_id, "Response"), *poll]

    async def sign_on(self) -> None:
        """Log in, negotiate, and set up messaging and presence."""
        self.expect(await self.login() == 200, "could not log in")
        await self._negotiate()
        await self.blocked()
        lists = await self.named_lists()
        own = [list_of(self.user, name) for name in OWN_LISTS]
        # What a session before this one watched may be watched still.
        if stale := [each for each in own if each in lists]:
            await self.unsubscribe(lists=stale)
        for address in lists:
            await self.manage_list(address)
        missing = [each for each in own if each not in lists]
        for address in missing:
            await self._create_list(address)
        for address in [*lists, *missing]:
            await self.subscribe(address)
        await self.allow("OnlineStatus UserAvailability")
        await self.allow("OnlineStatus UserAvailability StatusText StatusMood", own[1])
        await self.allow("", own[2])
        published = await self.publish(_PRESENCE)
        self.expect(published == 200, f"{published} for its presence")

    async def _create_list(self, address: str) -> None:
        name = address.partition("~PEP1.0_")[2].partition("@")[0]
        made = await self.ask(
            f"<CreateList-Request><ContactList>{address}</ContactList>"
            f"{properties(name, is_default=False)}</CreateList-Request>"
        )
        self.expect(made.code in (200, 701), f"{made.code} for a new list")

    async def subscribe(self, contact_list: str) -> None:
        """Have those in a list watched, and in 1.2 those who come."""
        automatic = "" if self.version is V11 else "<AutoSubscribe>T</AutoSubscribe>"
        subscribed = await self.ask(
            f"<SubscribePresence-Request><ContactList>{contact_list}</ContactList>{automatic}"
            "</SubscribePresence-Request>"
        )
        self.expect(subscribed.code == 200, f"{subscribed.code} for watching {contact_list}")

    async def watch(self, *publishers: str) -> None:
        """Put users into the list that it has for that."""
        named = "".join(f"<UserID>{each}</UserID>" for each in publishers)
        contact_list = list_of(self.user, SUBSCRIPTIONS)
        await self.manage_list(contact_list, f"<AddNickList>{named}</AddNickList>")

    async def named_lists(self) -> list[str]:
        """The contact lists, the default last."""
        answer = await self.ask("<GetList-Request/>")
        self.expect(answer.primitive.tag == "GetList-Response", f"{answer.code} for lists")
        tags = [each.tag for each in answer.primitive]
        self.expect(tags.count("DefaultContactList") <= 1, "two default lists")
        self.expect(tags == sorted(tags), "the default list before others")
        return [each.text or "" for each in answer.primitive]

    async def manage_list(self, address: str, change: str = "") -> dict[str, str]:
        """Change a list, or nothing of it; its contacts and what they are called."""
        receive = "" if self.version is V11 else "<ReceiveList>T</ReceiveList>"
        answer = await self.ask(
            f"<ListManage-Request><ContactList>{address}</ContactList>{change}{receive}"
            "</ListManage-Request>"
        )
        self.expect(answer.code == 200, f"{answer.code} for {address}")
        return contacts_in(answer)

    async def rename_list(self, address: str, name: str) -> dict[str, str]:
        """Rename a list, which it says is not the default, whatever that is; the properties."""
        receive = "" if self.version is V11 else "<ReceiveList>F</ReceiveList>"
        answer = await self.ask(
            f"<ListManage-Request><ContactList>{address}</ContactList>"
            f"{properties(name, is_default=False)}{receive}</ListManage-Request>"
        )
        self.expect(answer.code == 200, f"{answer.code} for {address}")
        return properties_in(answer)

    async def login(self) -> int:
        """A 2-way login, or a 4-way one with MD5; the code of the last answer."""
        transaction_id = self.next_transaction_id()
        proof = f"<Password>{self.quoted(self.password)}</Password>"
        if self.four_way:
            challenge = await self._half_login(transaction_id, "<DigestSchema>MD5</DigestSchema>")
            nonce = challenge.findtext("Nonce")
            if nonce is None:
                return int(challenge.findtext("Result/Code") or 0)
            octets = f"{nonce}{self.password}".encode()
            digest = b64encode(md5(octets, usedforsecurity=False).digest()).decode()
            proof = f"<DigestBytes>{digest}</DigestBytes>"
        answer = await self._half_login(transaction_id, proof)
        self.session_id = answer.findtext("SessionID")
        return int(answer.findtext("Result/Code") or 0)

    async def _half_login(self, transaction_id: str, proof: str) -> Element:
        answer = await self.ask(
            f"<Login-Request><UserID>{self.user}</UserID>{self._client}{proof}"
            f"<TimeToLive>3600</TimeToLive><SessionCookie>{self.cookie}</SessionCookie>"
            "</Login-Request>",
            transaction_id,
        )
        self.expect(answer.primitive.tag == "Login-Response", f"{answer.primitive.tag} at login")
        return answer.primitive

    @property
    def _client(self) -> str:
        return f"<ClientID><URL>{self.client_id}</URL></ClientID>"

    async def _negotiate(self) -> None:
        client = self._client if self.version is V11 else ""
        answer = await self.ask(
            f"<ClientCapability-Request>{client}{_CAPABILITIES}</ClientCapability-Request>"
        )
        children = [each.tag for each in answer.primitive]
        expected = (
            ["ClientID", "CapabilityList"] if self.version is V11 else ["AgreedCapabilityList"]
        )
        self.expect(children == expected, f"{children} in answer to capabilities")
        agreed = answer.primitive[-1]
        answer = await self.ask(f"<Service-Request>{client}{_SERVICES}</Service-Request>")
        self.expect(answer.primitive.find("AllFunctions") is None, "AllFunctions, not asked for")
        await self.agree_on_channel(agreed)
        self.refused = [each.tag for each in answer.primitive.iter() if each.tag.isupper()]

    def message(self, recipients: Sequence[str], text: str) -> str:
        """A SendMessage-Request with a text."""
        return self._message(recipients, self.quoted(text), len(text.encode()), "text/plain", "")

    async def send_octets(self, recipient: str, octets: bytes, content_type: str) -> Sent:
        """Send content that is no text, in BASE64."""
        data = b64encode(octets).decode()
        encoding = "<ContentEncoding>BASE64</ContentEncoding>"
        request = self._message([recipient], data, len(octets), content_type, encoding)
        return sent(await self.ask(request))

    def _message(
        self, recipients: Sequence[str], data: str, size: int, content_type: str, encoding: str
    ) -> str:
        report = "T" if self.wants_reports else "F"
        return (
            f"<SendMessage-Request><DeliveryReport>{report}</DeliveryReport><MessageInfo>"
            f"<ContentType>{content_type}</ContentType>{encoding}<ContentSize>{size}</ContentSize>"
            f"<Recipient>{users(recipients)}</Recipient><Sender>{users([self.user])}</Sender>"
            f"</MessageInfo><ContentData>{data}</ContentData></SendMessage-Request>"
        )
