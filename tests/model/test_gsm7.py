import unicodedata

import gsm0338
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.model.gsm7 import _CODES, Coding, coded, decoded, encoded, is_gsm, septets

ALPHABET = "".join(_CODES)


class AlphabetTests(SynchronousTestCase):
    def test_alphabet_is_what_an_independent_codec_has(self):
        codec = gsm0338.Codec()
        self.assertEqual(len(ALPHABET), 127 + 10)
        for character in ALPHABET:
            self.assertEqual(encoded(character), codec.encode(character)[0], character)
        # To that codec the escape is a character, too.
        for character in map(chr, {*range(0x11000)} - {0x1B}):
            try:
                theirs = codec.encode(character)[0]
            except UnicodeError:
                theirs = None
            self.assertEqual(is_gsm(character), theirs is not None, repr(character))

    @given(st.text(ALPHABET))
    def test_what_is_encoded_is_decoded_again(self, text):
        self.assertEqual(decoded(encoded(text)), text)
        self.assertEqual(septets(text), len(encoded(text)))

    @given(st.binary())
    def test_any_octets_are_read_as_some_text_of_the_alphabet(self, octets):
        self.assertTrue(is_gsm(decoded(octets)))

    def test_what_is_not_an_extension_is_read_as_the_character_in_its_place(self):
        self.assertEqual(decoded(b"\x1b\x41"), "A")
        self.assertEqual(decoded(b"\x1b\x1b"), " ")
        self.assertEqual(decoded(b"a\x1b"), "a ")

    def test_extension_takes_two_septets(self):
        self.assertEqual(septets("a€[]"), 7)
        self.assertEqual(encoded("ä€["), bytes.fromhex("7b 1b65 1b3c"))


class ChoiceTests(SynchronousTestCase):
    def test_text_of_the_alphabet_stays_as_it_is(self):
        choice = coded(ALPHABET)
        self.assertEqual((choice.text, choice.coding), (ALPHABET, Coding.GSM))

    def test_look_alikes_take_the_place_of_punctuation(self):
        choice = coded("\u201cit\u2019s\u201d \u2013 `so\u00a0on\u2026\t")
        self.assertEqual(choice.text, "\"it's\" - 'so on... ")
        self.assertEqual(choice.coding, Coding.GSM)

    @given(st.lists(st.sampled_from("ae Kй\u0301\u0316\u0327\u1112\u1161\u11ab"), max_size=800))
    def test_what_is_composed_in_pieces_means_the_same(self, characters):
        text = "".join(characters)
        decomposed = unicodedata.normalize("NFD", text)
        self.assertEqual(unicodedata.normalize("NFD", coded(text).text), decomposed)
        if len(text) <= 256:
            self.assertEqual(coded(text).text, unicodedata.normalize("NFC", text))

    def test_composed_characters_are_looked_for(self):
        decomposed = unicodedata.normalize("NFD", "Ääkkönen")
        self.assertEqual(coded(decomposed).text, "Ääkkönen")
        self.assertEqual(coded(decomposed).coding, Coding.GSM)

    def test_other_text_is_sent_as_it_is(self):
        for text in ("Ждём", "garçon", "João", "日本", "hi 😀", "\u201cЖдём\u201d", "κόσμε"):
            choice = coded(text)
            self.assertEqual((choice.text, choice.coding), (text, Coding.UCS2), text)

    @given(st.text())
    def test_no_question_mark_stands_for_what_is_none(self, text):
        choice = coded(text)
        questions = unicodedata.normalize("NFC", text).count("?")
        self.assertEqual(choice.text.count("?"), questions)

    @given(st.text(st.characters(codec="utf-8")))
    def test_text_that_is_not_of_the_alphabet_loses_nothing(self, text):
        choice = coded(text)
        if choice.coding is Coding.UCS2:
            self.assertEqual(choice.text, unicodedata.normalize("NFC", text))

    def test_half_a_surrogate_pair_is_no_character(self):
        self.assertEqual(coded("a\ud83d").text, "a\ufffd")
        self.assertEqual(coded("\ud83d\ude00").text, "😀")
