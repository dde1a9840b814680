"""What clients repeat is read as if it were read anew, and is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.csp import repetition
from imps.csp.codec.document import CodecError, Document
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.repetition import Repetition
from imps.model.version import V11, V12, V13
from imps.testing.messages import xml_message

CODEC = XMLCodec()
ID = b"<TransactionID>t1</TransactionID>"
STATUS = xml_message("<Status><Result><Code>200</Code></Result></Status>")
POLL = xml_message("<Polling-Request/>", version=V13)
SHAPES = [
    STATUS,
    POLL,
    xml_message("<KeepAlive-Request><TimeToLive>60</TimeToLive></KeepAlive-Request>", version=V11),
    xml_message("<Login-Request><UserID>wv:1@example.org</UserID></Login-Request>"),
    # The id stands where it means nothing, beside the one that does.
    STATUS.replace(ID, b"<!--" + ID + b"-->" + ID),
    STATUS.replace(ID, b"<!--" + ID + b"--><TransactionID >7</TransactionID>"),
    STATUS.replace(ID, b"<x:TransactionID xmlns:x='urn:x'>t1</x:TransactionID>" + ID),
    STATUS.replace(b"<Code>", b"<TransactionID>t1</TransactionID><Code>"),
    STATUS.replace(b"<Transaction>", b"<Transaction>" + ID),
    STATUS.replace(b"</Session>", b"</Sess>"),
    STATUS.replace(b"<Status>", b"<Status><![CDATA[" + ID + b"]]>"),
]
IDS = st.one_of(
    st.sampled_from(["1", "s7", "probe", "IMApp01#12", "", " 1 ", "&lt;", "&x;", "<a/>", "é"]),
    st.text("abc019.-_#", max_size=60),
)


def outcome(decode: repetition.Decode, octets: bytes) -> Document | str:
    """What a document is read as, or why it cannot be."""
    try:
        return decode(octets)
    except CodecError as problem:
        return str(problem)


class Counting:
    """Counts what has to be read."""

    def __init__(self) -> None:
        self.times = 0

    def decode(self, octets: bytes) -> Document:
        self.times += 1
        return CODEC.decode(octets)


class RepetitionTests(SynchronousTestCase):
    """Polls, signs of life, and what clients say to notifications."""

    def setUp(self) -> None:
        self.codec = Counting()
        self.repetition = Repetition(self.codec.decode)

    def says(self, *documents: bytes) -> int:
        """How often documents have to be read."""
        before = self.codec.times
        for each in documents:
            self.assertEqual(self.repetition.decode(each), CODEC.decode(each))
        return self.codec.times - before

    @given(st.lists(st.tuples(st.sampled_from(SHAPES), IDS), max_size=12))
    def test_nothing_is_read_as_something_else(self, said: list[tuple[bytes, str]]) -> None:
        known = Repetition(CODEC.decode)
        for shape, transaction_id in said:
            octets = shape.replace(b">t1<", f">{transaction_id}<".encode())
            self.assertEqual(outcome(known.decode, octets), outcome(CODEC.decode, octets))

    def test_what_differs_in_its_id_alone_is_read_once(self) -> None:
        again = [STATUS.replace(b">t1<", b">s%d<" % number) for number in range(20)]
        # Once, and once to see where the id stands.
        self.assertEqual(self.says(*again), 2)

    def test_poll_without_an_id_is_read_once(self) -> None:
        poll = POLL.replace(ID, b"")
        self.assertEqual(self.says(poll, poll, poll), 1)

    def test_what_else_is_said_is_read_each_time(self) -> None:
        request = xml_message("<GetSPInfo-Request/>")
        self.assertEqual(self.says(request, request), 2)

    def test_long_documents_are_not_remembered(self) -> None:
        status = STATUS.replace(b"</Code>", b"</Code><Description>%b</Description>" % (b"x" * 1000))
        self.assertEqual(self.says(status, status), 2)

    def test_no_more_are_remembered_than_may_be(self) -> None:
        self.patch(repetition, "MOST", 3)
        poll = POLL.replace(ID, b"")
        for padding in range(8):
            self.says(poll + b" " * padding)
        self.assertEqual(self.says(poll + b" " * 7), 0)
        self.assertEqual(self.says(poll), 1)

    def test_polls_are_remembered_in_wbxml(self) -> None:
        codec = WBXMLCodec()
        poll = codec.encode(CODEC.decode(POLL).root, V12)
        known = Repetition(codec.decode)
        self.assertEqual(known.decode(poll), codec.decode(poll))
        self.assertIs(known.decode(poll), known.decode(poll))
