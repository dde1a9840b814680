"""F: messages that a codec decodes and encodes in a second, on one core."""

from __future__ import annotations

from lxml import etree

from bench.figures import Benchmark, Figure, Plan, best_rate
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.primitives.common import Result
from imps.csp.primitives.contacts import ListManageResponse, NickList
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.envelope import (
    Session,
    SessionDescriptor,
    Transaction,
    TransactionDescriptor,
    WVCSPMessage,
)
from imps.csp.primitives.identity import NickName, Recipient, Sender, User
from imps.csp.primitives.im import MessageInfo, SendMessageRequest
from imps.csp.primitives.values import SessionType, TransactionMode
from imps.model.address import Address
from imps.model.version import V12

OCTETS = 1_000
CONTACTS = 100
CODECS = (XMLCodec(), WBXMLCodec())


def message(content: Primitive, mode: TransactionMode) -> WVCSPMessage:
    """A message with one transaction."""
    descriptor = TransactionDescriptor(mode=mode, transaction_id="IMApp01#1234")
    return WVCSPMessage(
        session=Session(
            descriptor=SessionDescriptor(
                session_type=SessionType.INBAND, session_id="17a3b5c7d9e1f2a4b6c8d0e2f4a6b8c0d2"
            ),
            transactions=(Transaction(descriptor=descriptor, content=content),),
        )
    )


def sent_message(octets: int) -> WVCSPMessage:
    """A SendMessage-Request of so many octets in XML."""

    def with_text(text: str) -> WVCSPMessage:
        info = MessageInfo(
            recipient=Recipient(users=(User(user_id=Address.parse("wv:bob@imps.example")),)),
            sender=Sender(user=User(user_id=Address.parse("wv:ann@imps.example"))),
            content_type="text/plain; charset=utf-8",
            content_size=100,
            validity=600,
        )
        request = SendMessageRequest(delivery_report=True, message_info=info, content_data=text)
        return message(request, TransactionMode.REQUEST)

    missing = octets - len(XMLCodec().encode(with_text(""), V12))
    return with_text("x" * missing)


def contact_list(contacts: int) -> WVCSPMessage:
    """The answer that tells a client its contact list."""
    names = tuple(
        NickName(name=f"Friend {number}", user_id=Address.parse(f"wv:friend.{number}@imps.example"))
        for number in range(contacts)
    )
    answer = ListManageResponse(result=Result(code=200), nick_list=NickList(nick_names=names))
    return message(answer, TransactionMode.RESPONSE)


def measure(plan: Plan) -> list[Figure]:
    """Decoding, encoding and both, in XML and WBXML; and for comparison lxml, on its own."""
    figures = []
    for name, root in {
        "SendMessage-Request": sent_message(OCTETS),
        f"list of {CONTACTS} contacts": contact_list(CONTACTS),
    }.items():
        for codec in CODECS:
            octets = codec.encode(root, V12)
            assert codec.decode(octets).root == root
            what = f"{name}, {len(octets)} octets of {codec.name.upper()}"
            for done, run in {
                "decoded": lambda codec=codec, octets=octets: codec.decode(octets),
                "encoded": lambda codec=codec, root=root: codec.encode(root, V12),
                "both": lambda codec=codec, octets=octets: codec.encode(
                    codec.decode(octets).root, V12
                ),
            }.items():
                figures.append(Figure(f"{what}: {done}", best_rate(run, plan.repeats), "/s"))
    octets = XMLCodec().encode(sent_message(OCTETS), V12)
    alone = best_rate(lambda: etree.fromstring(octets), plan.repeats)
    return [*figures, Figure(f"the same {OCTETS} octets of XML, parsed by lxml alone", alone, "/s")]


BENCHMARK = Benchmark("F", "codecs, on one core", measure)
