"""What clients repeat is read as if it were read anew, and is not."""

from __future__ import annotations

from itertools import product
from random import Random

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
SESSION_ID, ID = b"<SessionID>s1</SessionID>", b"<TransactionID>t1</TransactionID>"
OK = "<Status><Result><Code>200</Code></Result></Status>"
STATUS = xml_message(OK, poll="<Poll>T</Poll>")
POLL = xml_message("<Polling-Request/>", version=V13)
EXTENSION = "<ExtBlock><x xmlns='urn:x'/></ExtBlock>"
COMMON = [
    STATUS,
    STATUS.replace(ID, ID + b"<Poll>F</Poll>"),
    STATUS.replace(b"CSP1.2", b"CSP9.9"),
    STATUS.replace(SESSION_ID, b""),
    POLL,
    POLL.replace(ID, b""),
    xml_message("<KeepAlive-Request><TimeToLive>60</TimeToLive></KeepAlive-Request>", version=V11),
]
OTHERS = [
    xml_message("<Login-Request><UserID>wv:t1@example.org</UserID></Login-Request>"),
    xml_message(OK, OK),
    xml_message(OK, extension=EXTENSION),
    STATUS.replace(b"</Code>", b"</Code><Description>t1</Description>"),
]
BROKEN = STATUS.replace(b"</Session>", b"</Sess>")
ALL = [*COMMON, *OTHERS, BROKEN]
# Ids stand where they mean nothing, beside those that do.
ALL += [
    shape.replace(real, said)
    for shape in (STATUS, POLL)
    for real in (SESSION_ID, ID)
    for said in (
        b"<!--" + real + b"-->" + real,
        b"<!--" + real + b"-->" + real.replace(b"1", b"7").replace(b"ID>", b"ID >", 1),
        b"<!--" + real + b"--><a:b xmlns:a='urn:a'>" + real + b"</a:b>",
        real + b"<![CDATA[" + real + b"]]>",
        real + real,
    )
]
ALL += [
    STATUS.replace(b"<Code>", ID + b"<Code>"),
    STATUS.replace(b"<Transaction>", b"<Transaction>" + ID),
    STATUS.replace(ID, b"<!--" + ID + b"--><TransactionID>t10</TransactionID>"),
]
SOME_IDS = ["1", "s7", "another", "IMApp01#12", "", " 1 ", "&lt;", "&x;", "<a/>", "é"]
IDS = st.one_of(st.sampled_from(SOME_IDS), st.text("abc019.-_#", max_size=120))
ENDS = st.sampled_from([b"", b" ", b"<SessionID>x", b"<SessionID></", b"<TransactionID>1</"])


def outcome(decode: repetition.Decode, octets: bytes) -> Document | str:
    """What a document is read as, or why it cannot be."""
    try:
        return decode(octets)
    except CodecError as problem:
        return str(problem)


def said(shape: bytes, session_id: str, transaction_id: str) -> bytes:
    """A document with other ids."""
    octets = shape.replace(b">s1<", b">%b<" % session_id.encode())
    return octets.replace(b">t1<", b">%b<" % transaction_id.encode())


class RepetitionTests(SynchronousTestCase):
    """Polls, signs of life, and what clients say to notifications."""

    def setUp(self) -> None:
        self.times = 0
        self.repetition = self.counted(CODEC)

    def counted(self, codec: XMLCodec | WBXMLCodec) -> Repetition:
        """What remembers documents that a codec reads, which is counted."""

        def decode(octets: bytes) -> Document:
            self.times += 1
            return codec.decode(octets)

        return Repetition(decode)

    def reads(self, *documents: bytes) -> int:
        """How often documents have to be read."""
        before = self.times
        for each in documents:
            self.assertEqual(self.repetition.decode(each), CODEC.decode(each))
        return self.times - before

    @given(
        st.lists(st.tuples(st.sampled_from(ALL), IDS, IDS, ENDS)),
        st.randoms(use_true_random=False),
    )
    def test_nothing_is_read_as_something_else(
        self, documents: list[tuple[bytes, str, str, bytes]], random: Random
    ) -> None:
        known = Repetition(CODEC.decode)
        for shape in random.sample(ALL, 5):
            outcome(known.decode, shape)
        for shape, session_id, transaction_id, end in documents:
            octets = said(shape, session_id, transaction_id) + end
            self.assertEqual(outcome(known.decode, octets), outcome(CODEC.decode, octets))

    def test_whatever_stands_where_an_id_does_is_read_as_it_is(self) -> None:
        for shape in ALL:
            known = Repetition(CODEC.decode)
            outcome(known.decode, shape)
            for ids in product(SOME_IDS, SOME_IDS):
                octets = said(shape, *ids)
                self.assertEqual(outcome(known.decode, octets), outcome(CODEC.decode, octets))

    def test_what_differs_in_its_ids_alone_is_read_once(self) -> None:
        for shape in COMMON:
            again = [said(shape, f"12{number:a>20}", f"{number}") for number in range(20)]
            # Once, and once to see where the ids stand.
            self.assertEqual(self.reads(*again), 2, shape)

    def test_what_else_is_said_is_read_each_time(self) -> None:
        for shape in OTHERS:
            self.assertEqual(self.reads(shape, shape), 2, shape)

    def test_long_documents_are_not_remembered(self) -> None:
        status = STATUS + b" " * 1000
        self.assertEqual(self.reads(status, status), 2)

    def test_no_more_are_remembered_than_may_be_and_the_oldest_goes(self) -> None:
        self.patch(repetition, "MOST", 3)
        for padding in range(8):
            self.reads(POLL + b" " * padding)
        self.assertEqual(self.reads(*(POLL + b" " * padding for padding in (5, 6, 7))), 0)
        self.assertEqual(self.reads(POLL + b" " * 4), 2)

    def test_what_is_repeated_octet_for_octet_is_read_once_in_wbxml(self) -> None:
        codec = WBXMLCodec()
        known = self.counted(codec)
        poll = codec.encode(CODEC.decode(POLL).root, V12)
        for _ in range(3):
            self.assertEqual(known.decode(poll), codec.decode(poll))
        self.assertEqual(self.times, 1)
