from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.model.address import Address
from imps.store.keys import Buckets


class BucketsTests(SynchronousTestCase):
    def test_every_spelling_has_the_same_bucket(self):
        buckets = Buckets()
        self.assertEqual(
            buckets.of(Address.parse("wv:Ann@Example.ORG")),
            buckets.of(Address.parse("ann@example.org")),
        )

    def test_buckets_do_not_move(self):
        # Stores out there were filled with this.
        self.assertEqual(Buckets().of(Address.parse("wv:ann@localhost")), 22)

    @given(st.text(), st.integers(1, 100))
    def test_every_address_has_a_bucket(self, text, count):
        self.assertIn(Buckets(count).of(Address.parse(text)), range(count))

    def test_prefix_is_a_hash_tag(self):
        self.assertEqual(Buckets().prefix(7), "imps:{07}:")

    def test_session_ids_begin_with_their_bucket(self):
        buckets = Buckets()
        self.assertEqual(buckets.of_session("07dGhpcyBpcyBhIHRlc3Q"), 7)
        for malformed in (
            "",
            "7",
            "07",
            "64abc",
            "ab123",
            "07 abc",
            "\u0660\u0667abc",
            "07abc\n",
            "-7abc",
        ):
            self.assertIsNone(buckets.of_session(malformed), malformed)

    def test_bucket_counts_have_two_digits(self):
        self.assertRaises(ValueError, Buckets, 0)
        self.assertRaises(ValueError, Buckets, 101)
