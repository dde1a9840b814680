from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.sms.smpp.pdu import (
    BODIES,
    PDU,
    Bind,
    BrokenStream,
    Command,
    MessageId,
    Option,
    Reader,
    ShortMessagePDU,
    Status,
)

BIND = bytes.fromhex(
    "0000002c 00000009 00000000 00000001 73797374656d6900"
    "736563726574 00 74797065 00 34 01 02 34363634 00"
)


def texts(longest):
    return st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=longest)


def bodies(kind):
    octet = st.integers(0, 255)
    longest = kind.longest
    return st.builds(
        kind,
        **{
            each.name: octet
            if each.type == "int"
            else st.binary(max_size=254)
            if each.type == "bytes"
            else texts(longest[each.name])
            for each in kind.__attrs_attrs__
        },
    )


numbers = st.integers(0, 0xFFFFFFFF)
pdus = st.sampled_from(sorted(BODIES)).flatmap(
    lambda command: st.builds(
        PDU,
        st.just(command),
        numbers,
        numbers,
        bodies(BODIES[command]),
        st.dictionaries(st.integers(0, 65535), st.binary(max_size=300), max_size=3),
    )
)


class PDUTests(SynchronousTestCase):
    def test_octets_are_those_of_the_standard(self):
        bind = Bind(
            system_id="systemi",
            password="secret",
            system_type="type",
            addr_ton=1,
            addr_npi=2,
            address_range="4664",
        )
        pdu = PDU(Command.BIND_TRANSCEIVER, 1, body=bind)
        self.assertEqual(pdu.octets.hex(), BIND.hex())
        self.assertEqual(Reader().feed(BIND), [pdu])

    def test_options_stand_behind_the_fields(self):
        body = ShortMessagePDU(source="1", destination="2", short_message=b"abc")
        pdu = PDU(Command.DELIVER_SM, 7, 0, body, {Option.MESSAGE_STATE: b"\x02"})
        self.assertTrue(pdu.octets.endswith(b"\x00\x03abc\x04\x27\x00\x01\x02"))
        self.assertEqual(Reader().feed(pdu.octets), [pdu])

    def test_pdu_without_fields_is_a_header(self):
        octets = PDU(Command.ENQUIRE_LINK, 9).octets
        self.assertEqual(octets.hex(), "00000010000000150000000000000009")

    def test_response_may_lack_its_body(self):
        refused = bytes.fromhex("00000010 80000009 0000000e 00000001")
        (pdu,) = Reader().feed(refused)
        self.assertEqual(pdu, PDU(Command.BIND_TRANSCEIVER_RESP, 1, Status.INVALID_PASSWORD))

    def test_what_is_not_known_is_read_without_its_body(self):
        unknown = bytes.fromhex("00000014 00000103 00000000 00000005 61626364")
        (pdu,) = Reader().feed(unknown)
        self.assertEqual((pdu.command, pdu.sequence, pdu.body), (0x103, 5, None))
        self.assertFalse(pdu.is_broken)

    def test_pdu_that_ends_within_a_field_is_broken_and_the_next_is_not(self):
        whole = PDU(Command.DELIVER_SM, 3, body=ShortMessagePDU(short_message=b"abcdef")).octets
        cut = whole[:-2]
        cut = len(cut).to_bytes(4, "big") + cut[4:]
        broken, fine = Reader().feed(cut + whole)
        self.assertTrue(broken.is_broken)
        self.assertEqual((broken.command, broken.sequence), (Command.DELIVER_SM, 3))
        self.assertEqual(fine.body.short_message, b"abcdef")

    def test_what_is_no_smpp_is_said(self):
        for octets in (b"GET / HTTP/1.1\r\n\r\n", b"\0" * 16, b"\xff" * 16):
            self.assertRaises(BrokenStream, Reader().feed, octets)

    def test_what_does_not_fit_is_not_written(self):
        for body in (
            ShortMessagePDU(short_message=b"x" * 255),
            ShortMessagePDU(source="1" * 21),
            MessageId(message_id="a\0b"),
            Bind(system_id="x" * 16),
        ):
            pdu = PDU(Command.SUBMIT_SM, 1, body=body)
            self.assertRaises(ValueError, getattr, pdu, "octets")

    def test_secrets_are_not_shown(self):
        for body in (
            Bind(system_id="a", password="secret"),
            ShortMessagePDU(short_message=b"secret"),
        ):
            self.assertNotIn("secret", repr(PDU(Command.BIND_TRANSCEIVER, 1, body=body)))

    @given(st.lists(pdus, max_size=3), st.integers(1, 50))
    def test_what_is_written_is_read_again_however_it_is_cut(self, sent, size):
        stream, reader, found = b"".join(each.octets for each in sent), Reader(), []
        for start in range(0, len(stream), size):
            found += reader.feed(stream[start : start + size])
        self.assertEqual(found, sent)

    @given(st.sampled_from(sorted(BODIES)), st.binary(max_size=200))
    def test_any_body_is_read_or_broken(self, command, content):
        header = PDU(command, 1).octets
        octets = (len(content) + 16).to_bytes(4, "big") + header[4:] + content
        (pdu,) = Reader().feed(octets)
        self.assertEqual(pdu.command, command)

    def test_response_knows_that_it_is_one(self):
        self.assertTrue(PDU(Command.SUBMIT_SM_RESP, 1, body=MessageId()).is_response)
        self.assertTrue(PDU(Command.GENERIC_NACK, 1).is_response)
        self.assertFalse(PDU(Command.DELIVER_SM, 1).is_response)
