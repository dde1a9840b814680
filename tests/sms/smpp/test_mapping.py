from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.config import SMPPSettings
from imps.model.gsm7 import Coding, mended
from imps.model.short_message import Header, Place, joined, short_messages
from imps.model.text import OutgoingText
from imps.sms.gateway import ALARM_SECONDS, Outgoing
from imps.sms.smpp.mapping import (
    BUSY_SECONDS,
    Receipt,
    Unreadable,
    answer_of,
    delivered,
    digest_of,
    number_of,
    receipt,
    sender_of,
    submitted,
)
from imps.sms.smpp.pdu import PDU, Command, MessageId, Option, ShortMessagePDU, Status
from imps.store.outgoing_texts import Reported, Said

ANN = "+358401234567"
WORDS = "id:0A1B sub:001 dlvrd:001 submit date:2601 done date:2601 stat:{} err:017 text:hello"

DELIVERED = WORDS.format("DELIVRD")


def settings(**changes):
    return SMPPSettings(host="smsc", system_id="imps", **changes)


def outgoing(body="hello", part=0, number="4664", seconds=90_061, **changes):
    message = short_messages(OutgoingText(id="1", to=ANN, body=body, **changes))[part]
    return Outgoing(
        text_id="1", part=part, to=ANN, number=number, message=message, validity_seconds=seconds
    )


def pdu_of(octets=b"", options=(), **fields):
    body = ShortMessagePDU(short_message=octets, **fields)
    return PDU(Command.DELIVER_SM, 1, body=body, options=dict(options)), body


class SubmittedTests(SynchronousTestCase):
    def test_text_goes_in_the_alphabet_that_has_its_characters(self):
        for body, data_coding, octets in (
            ("ä€[", 0, bytes.fromhex("7b1b651b3c")),
            ("@_", 0, b"\x00\x11"),
            ("Жди", 8, "Жди".encode("utf-16-be")),
        ):
            said = submitted(outgoing(body), settings())
            self.assertEqual((said.data_coding, said.short_message), (data_coding, octets))
            self.assertEqual(said.esm_class, 0)

    def test_text_goes_in_latin_1_if_that_is_what_the_smsc_has(self):
        latin = settings(default_alphabet="latin-1")
        said = submitted(outgoing("ä[@", within_latin_1=True), latin)
        self.assertEqual((said.data_coding, said.short_message), (0, "ä[@".encode("latin-1")))
        said = submitted(outgoing("5 €", within_latin_1=True), latin)
        self.assertEqual((said.data_coding, said.short_message), (8, "5 €".encode("utf-16-be")))

    def test_text_of_which_the_smsc_has_not_all_characters_is_refused_without_showing_it(self):
        with self.assertRaises(ValueError) as raised:
            submitted(outgoing("secret €"), settings(default_alphabet="latin-1"))
        self.assertNotIn("secret", repr(raised.exception))

    def test_numbers_are_of_their_kinds(self):
        said = submitted(outgoing(), settings())
        self.assertEqual((said.destination_ton, said.destination_npi), (1, 1))
        self.assertEqual((said.destination, said.source), (ANN[1:], "4664"))
        self.assertEqual((said.source_ton, said.source_npi), (3, 0))
        said = submitted(outgoing(number="+358500000000"), settings())
        self.assertEqual((said.source_ton, said.source_npi, said.source), (1, 1, "358500000000"))

    def test_part_has_its_header(self):
        said = submitted(outgoing("x" * 200, part=1), settings())
        self.assertEqual(said.esm_class, 0x40)
        self.assertEqual(Header.read(said.short_message[:6]).place.number, 2)
        self.assertEqual(said.short_message[6:], b"x" * 47)

    def test_octets_go_to_their_port(self):
        said = submitted(outgoing("", octets=b"\x00\xff", port=2948), settings())
        self.assertEqual((said.data_coding, said.esm_class), (4, 0x40))
        self.assertEqual(said.short_message, Header(port=2948).octets + b"\x00\xff")

    def test_report_is_wanted_and_validity_is_said(self):
        said = submitted(outgoing(), settings())
        self.assertEqual(said.registered_delivery, 1)
        self.assertEqual(said.validity_period, "000001010101000R")
        self.assertEqual(len(submitted(outgoing(seconds=10**9), settings()).validity_period), 16)


class AnswerTests(SynchronousTestCase):
    def answer(self, status=0, message_id="7F", **changes):
        body = MessageId(message_id=message_id) if status == Status.OK else None
        return answer_of(PDU(Command.SUBMIT_SM_RESP, 1, status, body), settings(**changes))

    def test_answers_are_what_the_standard_means(self):
        for status, said, in_vain, wait in (
            (Status.OK, Said.ACCEPTED, False, 0),
            (Status.THROTTLED, Said.LATER, False, BUSY_SECONDS),
            (Status.SYSTEM_ERROR, Said.LATER, True, BUSY_SECONDS),
            (Status.INVALID_PASSWORD, Said.LATER, False, ALARM_SECONDS),
            (Status.INVALID_DESTINATION, Said.FAILED, False, 0),
        ):
            answer = self.answer(status)
            said = (said, in_vain, wait)
            self.assertEqual((answer.said, answer.in_vain, answer.after_seconds), said, status)

    def test_id_is_the_same_however_it_is_written(self):
        self.assertEqual(self.answer().reference, "7f")
        self.assertEqual(self.answer(response_ids="hexadecimal").reference, "127")
        self.assertEqual(self.answer(message_id="00127", response_ids="decimal").reference, "127")
        self.assertEqual(self.answer(message_id="x1", response_ids="decimal").reference, "x1")

    def test_acceptance_without_an_id_is_one(self):
        answer = answer_of(PDU(Command.SUBMIT_SM_RESP, 1), settings())
        self.assertEqual((answer.said, answer.reference), (Said.ACCEPTED, ""))


class ReceiptTests(SynchronousTestCase):
    def receipt(self, words=DELIVERED, options=(), esm_class=0x04, **changes):
        pdu, body = pdu_of(words.encode(), options, esm_class=esm_class, source=ANN[1:])
        return receipt(pdu, body, settings(**changes))

    def test_receipt_says_what_became_of_what(self):
        for stat, reported in (
            ("DELIVRD", Reported.DELIVERED),
            ("delivrd", Reported.DELIVERED),
            ("ACCEPTD", Reported.ACCEPTED),
            ("ENROUTE", Reported.ACCEPTED),
            ("EXPIRED", Reported.UNDELIVERED),
            ("DELETED", Reported.UNDELIVERED),
            ("UNDELIV", Reported.UNDELIVERED),
            ("REJECTD", Reported.UNDELIVERED),
            ("UNKNOWN", Reported.UNDELIVERED),
        ):
            told = self.receipt(WORDS.format(stat))
            self.assertEqual(told, Receipt("0a1b", reported, f"stat:{stat} err:017"))

    def test_optional_fields_count_before_words(self):
        options = {Option.RECEIPTED_MESSAGE_ID: b"77\0", Option.MESSAGE_STATE: b"\x05"}
        told = self.receipt(options=options)
        self.assertEqual((told.message_id, told.reported), ("77", Reported.UNDELIVERED))
        self.assertEqual(self.receipt("", options).message_id, "77")

    def test_id_is_the_same_however_it_is_written(self):
        self.assertEqual(self.receipt(receipt_ids="hexadecimal").message_id, "2587")
        words = WORDS.replace("0A1B", "0000000127").format("DELIVRD")
        self.assertEqual(self.receipt(words, receipt_ids="decimal").message_id, "127")

    def test_text_is_no_receipt(self):
        self.assertIsNone(self.receipt(esm_class=0))
        self.assertIsNone(self.receipt(esm_class=0x40))

    def test_receipt_that_says_nothing_is_unreadable(self):
        for words in ("", "id:1", "stat:DELIVRD", "id:1 stat:NONSENSE"):
            self.assertRaises(Unreadable, self.receipt, words)

    @given(st.binary(max_size=200), st.dictionaries(st.sampled_from(list(Option)), st.binary()))
    def test_anything_is_read_or_unreadable(self, words, options):
        pdu, body = pdu_of(words, options, esm_class=0x04)
        try:
            receipt(pdu, body, settings(receipt_ids="decimal", response_ids="hexadecimal"))
        except Unreadable:
            return


class DeliveredTests(SynchronousTestCase):
    def test_text_is_read_in_its_coding(self):
        for data_coding, octets, text in (
            (0, bytes.fromhex("7b1b651b3c0011"), "ä€[@_"),
            (1, b"a@_", "a@_"),
            (1, b"caf\xe9", "caf\xe9"),
            (3, "ä@_".encode("latin-1"), "ä@_"),
            (8, "Жди 😀".encode("utf-16-be"), "Жди 😀"),
            (0x18, "Жди".encode("utf-16-be"), "Жди"),
            (0xF1, b"\x00", "@"),
        ):
            message = delivered(*pdu_of(octets, data_coding=data_coding), settings())
            self.assertEqual(message.text, text, data_coding)
            self.assertIsNot(message.coding, Coding.OCTETS)

    def test_text_in_the_alphabet_of_the_smsc_is_read_as_that_has_it(self):
        message = delivered(*pdu_of("ãä[@".encode("latin-1")), settings(default_alphabet="latin-1"))
        self.assertEqual(message.text, "ãä[@")

    def test_octets_are_read_with_their_port(self):
        octets = Header(port=3590).octets + b"\x00\xff"
        for data_coding in (2, 4, 0xF5, 0x14, 9):
            message = delivered(
                *pdu_of(octets, data_coding=data_coding, esm_class=0x40), settings()
            )
            self.assertEqual((message.octets, message.header.port), (b"\x00\xff", 3590))

    def test_long_text_stands_in_an_optional_field(self):
        message = delivered(*pdu_of(b"", {Option.MESSAGE_PAYLOAD: b"x" * 400}), settings())
        self.assertEqual(message.text, "x" * 400)

    def test_part_is_told_by_its_header_or_by_optional_fields(self):
        header = Header(Place(7, 3, 2))
        message = delivered(*pdu_of(header.octets + b"abc", esm_class=0x40), settings())
        self.assertEqual((message.header.place, message.text), (Place(7, 3, 2), "abc"))
        options = {
            Option.SAR_REFERENCE: b"\x01\x07",
            Option.SAR_TOTAL: b"\x03",
            Option.SAR_NUMBER: b"\x02",
            Option.DESTINATION_PORT: b"\x0e\x06",
        }
        message = delivered(*pdu_of(b"abc", options), settings())
        self.assertEqual(message.header, Header(Place(263, 3, 2), 3590))

    def test_character_that_is_cut_between_parts_is_whole_when_they_are_joined(self):
        octets = ("x" * 66 + "😀 see you").encode("utf-16-be")
        parts = {}
        for number, piece in enumerate((octets[:134], octets[134:]), 1):
            said = Header(Place(9, 2, number)).octets + piece
            parts[number] = delivered(*pdu_of(said, data_coding=8, esm_class=0x40), settings())
        self.assertEqual(mended(joined(parts, 2).text), "x" * 66 + "😀 see you")

    def test_text_with_an_octet_too_many_is_read_up_to_there(self):
        message = delivered(*pdu_of(b"\x04\x16\x04", data_coding=8), settings())
        self.assertEqual(message.text, "Ж\ufffd")

    def test_what_cannot_be_meant_is_unreadable(self):
        for octets in (b"", b"\x05\x00"):
            pdu, body = pdu_of(octets, esm_class=0x40)
            self.assertRaises(Unreadable, delivered, pdu, body, settings())

    @given(
        st.binary(max_size=200),
        st.integers(0, 255),
        st.integers(0, 255),
        st.dictionaries(st.sampled_from(list(Option)), st.binary(max_size=300)),
    )
    def test_anything_is_read_or_unreadable(self, octets, data_coding, esm_class, options):
        pdu, body = pdu_of(octets, options, data_coding=data_coding, esm_class=esm_class)
        try:
            delivered(pdu, body, settings())
        except Unreadable:
            return

    def test_numbers_are_written_as_we_do(self):
        _, body = pdu_of(source_ton=1, source=ANN[1:], destination="4664")
        self.assertEqual((sender_of(body), number_of(body)), (ANN, "4664"))
        _, body = pdu_of(source_ton=1, source=ANN, destination_ton=1, destination=ANN[1:])
        self.assertEqual((sender_of(body), number_of(body)), (ANN, ANN))
        _, body = pdu_of(source_ton=5, source="Vodafone")
        self.assertEqual(sender_of(body), "Vodafone")

    def test_digest_tells_texts_apart(self):
        said = [
            pdu_of(b"a"),
            pdu_of(b"b"),
            pdu_of(b"a", source="1"),
            pdu_of(b"a", esm_class=0x40),
            pdu_of(b"a", {Option.SAR_NUMBER: b"\x01"}),
        ]
        self.assertEqual(len({digest_of(*each) for each in said}), len(said))
        self.assertEqual(digest_of(*pdu_of(b"a")), digest_of(*pdu_of(b"a")))
