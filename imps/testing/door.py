"""A client at the pure edge of the CSP door, and tests that stand there."""

from __future__ import annotations

from itertools import product
from typing import Any

from attrs import define, field
from twisted.trial.unittest import TestCase

from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.primitives.access import (
    ClientCapabilityRequest,
    LoginRequest,
    LoginResponse,
    PollingRequest,
)
from imps.csp.primitives.capability import CapabilityList
from imps.csp.primitives.common import Result, Status
from imps.csp.primitives.declaration import Primitive, declaration_of
from imps.csp.primitives.envelope import (
    Session,
    SessionDescriptor,
    Transaction,
    TransactionDescriptor,
    WVCSPMessage,
)
from imps.csp.primitives.identity import ClientID, Recipient, Sender, User
from imps.csp.primitives.im import (
    MessageDelivered,
    MessageInfo,
    NewMessage,
    SendMessageRequest,
    SendMessageResponse,
)
from imps.csp.primitives.values import SessionType, TransactionMode
from imps.http.door import HTTPDoor
from imps.http.message import HTTPRequest
from imps.model.address import Address
from imps.model.capability import Bearer, ClientType, DeliveryMethod
from imps.model.version import V11, V12, V13, Version
from imps.testing.conformance.marks import note
from imps.testing.store import StoreTestCase

CODECS = {codec.name: codec for codec in (XMLCodec(), WBXMLCodec())}

EVERY = tuple(product((V11, V12, V13), CODECS))
"""Every version in every encoding."""

OK = Status(result=Result(code=200))


@define(eq=False)
class Speaker:
    """A client at the pure edge of the door, who says just what a test has it say."""

    _test: TestCase
    _door: HTTPDoor
    user: Address
    client_id: ClientID
    version: Version = V12
    _encoding: str = "xml"
    application_id: str | None = None
    session_id: str | None = field(default=None, init=False)
    octets_heard: int = field(default=0, init=False)
    _last_transaction_id: int = field(default=0, init=False)

    async def post(self, *transactions: Transaction) -> WVCSPMessage | None:
        """Say transactions in one message; what comes back, None for nothing."""
        return await self.post_octets(self.octets_of(*transactions))

    def octets_of(self, *transactions: Transaction) -> bytes:
        """Transactions in one message, as it is sent."""
        inband = SessionType.INBAND if self.session_id else SessionType.OUTBAND
        descriptor = SessionDescriptor(session_type=inband, session_id=self.session_id)
        session = Session(descriptor=descriptor, transactions=transactions)
        message = WVCSPMessage(session=session)
        return CODECS[self._encoding].encode(message, self.version)

    async def post_octets(self, octets: bytes) -> WVCSPMessage | None:
        """Say a message as it is."""
        response = await self._door._answer(
            HTTPRequest(
                method="POST",
                headers={
                    "content-type": f"application/vnd.wv.csp.{self._encoding}",
                    "host": "imps.example:8080",
                },
                body=octets,
                peer="127.0.0.1",
            )
        )
        assert response.status == 200
        self.octets_heard = len(response.body)
        if not response.body:
            return None
        document = CODECS[self._encoding].decode(response.body)
        assert document.version == self.version
        assert isinstance(document.root, WVCSPMessage)
        for each in document.root.session.transactions:
            if each.descriptor.mode is TransactionMode.REQUEST:
                self._note(each.content)
        return document.root

    def _note(self, request: Primitive) -> None:
        name = declaration_of(type(request)).name
        note(self._test, name, self.version, self._encoding)

    async def ask(self, request: Primitive) -> Primitive:
        """Make a request; the answer."""
        self._last_transaction_id += 1
        answer = await self.post(self.request(request, str(self._last_transaction_id)))
        assert answer is not None
        self._note(request)
        return answer.session.transactions[0].content

    @staticmethod
    def request(request: Primitive, transaction_id: str | None) -> Transaction:
        """A request as a transaction."""
        descriptor = TransactionDescriptor(
            mode=TransactionMode.REQUEST, transaction_id=transaction_id
        )
        return Transaction(descriptor=descriptor, content=request)

    async def sign_on(self) -> None:
        """Sign on, by password."""
        request = LoginRequest(
            user_id=self.user,
            client_id=self.client_id,
            application_id=self.application_id,
            password="secret",
            session_cookie="c",
        )
        self.session_id = None
        response = await self.ask(request)
        assert isinstance(response, LoginResponse), response
        self.session_id = response.session_id

    async def send(self, *recipients: str, text: str = "hi", report: bool = False) -> str:
        """Send a message; its id."""
        response = await self.ask(message_to(self.user, *recipients, text=text, report=report))
        assert isinstance(response, SendMessageResponse), response
        return response.message_id or ""

    async def poll(self) -> Transaction | None:
        """Ask whether there is anything; what there is."""
        self._note(PollingRequest())
        answer = await self.post(self.request(PollingRequest(), None))
        return answer.session.transactions[0] if answer else None

    async def say(self, answer: Primitive, to: Transaction) -> Transaction | None:
        """Answer a request of the server, and take what comes in return."""
        descriptor = TransactionDescriptor(
            mode=TransactionMode.RESPONSE, transaction_id=to.descriptor.transaction_id
        )
        answered = await self.post(Transaction(descriptor=descriptor, content=answer))
        return answered.session.transactions[0] if answered else None


def message_to(
    sender: Address, *recipients: str, text: str = "hi", report: bool = False
) -> SendMessageRequest:
    """A message to these users."""
    users = tuple(User(user_id=Address.parse(each)) for each in recipients)
    return SendMessageRequest(
        delivery_report=report,
        message_info=MessageInfo(
            recipient=Recipient(users=users),
            sender=Sender(user=User(user_id=sender)),
            content_size=len(text),
        ),
        content_data=text,
    )


def text_of(transaction: Transaction | None) -> str | bytes | None:
    """The content of a NewMessage."""
    assert transaction is not None
    assert isinstance(transaction.content, NewMessage), transaction.content
    return transaction.content.content_data


def delivered(transaction: Transaction) -> MessageDelivered:
    """What acknowledges a NewMessage."""
    assert isinstance(transaction.content, NewMessage)
    return MessageDelivered(message_id=transaction.content.message_info.message_id or "")


class DoorTestCase(StoreTestCase):
    """A door on a store, and two users who have signed on there."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.door = self.parts.csp
        self.directory = self.parts.directory
        for user in ("ann", "bob"):
            await self.directory.add(Address(user), "secret")
        self.ann, self.bob = self.speaker("ann"), self.speaker("bob")
        await self.ann.sign_on()
        await self.bob.sign_on()

    def speaker(
        self, user: str, client: str = "phone", version: Version = V12, encoding: str = "xml"
    ) -> Speaker:
        """Someone who has not signed on yet."""
        return Speaker(
            self, self.door, Address.parse(user), ClientID(url=client), version, encoding
        )

    async def offer(
        self,
        speaker: Speaker,
        method: DeliveryMethod = DeliveryMethod.PUSH,
        **offered: Any,
    ) -> None:
        """Have a client agree on capabilities."""
        capabilities: dict[str, Any] = {
            "client_type": ClientType.MOBILE_PHONE,
            "initial_delivery_method": method,
            "supported_bearers": (Bearer.HTTP,),
            "multi_trans": 1,
            "parser_size": 100_000,
            "accepted_content_length": 10_000,
            "any_content": speaker.version is V13 or None,
            **offered,
        }
        await speaker.ask(
            ClientCapabilityRequest(
                client_id=speaker.client_id, capability_list=CapabilityList(**capabilities)
            )
        )
