from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.model.text import PHONE
from imps.sms.numbers import phone_of


class NumbersTests(SynchronousTestCase):
    def test_numbers_of_all_kinds_are_one_phone(self):
        for number in ("+358401234567", "358401234567", "00358401234567", "+358 40 123-4567"):
            self.assertEqual(phone_of(number), "+358401234567", number)

    def test_national_number_is_of_the_country(self):
        self.assertEqual(phone_of("0401234567", "358"), "+358401234567")
        self.assertEqual(phone_of("00358401234567", "44"), "+358401234567")
        self.assertIsNone(phone_of("0401234567"))

    def test_what_is_no_phone_is_none(self):
        for number in ("", "+", "Vodafone", "4664", "+46 64", "12345a7", "+٣٥٨٤٠١٢٣٤٥٦٧", "1" * 16):
            self.assertIsNone(phone_of(number, "358"), number)

    @given(st.text(max_size=30), st.sampled_from(["", "358"]))
    def test_anything_is_a_phone_or_none(self, number, country_code):
        phone = phone_of(number, country_code)
        self.assertTrue(phone is None or PHONE.fullmatch(phone))
