"""Addresses: read from anything, compared without regard to case, judged by what they may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.model.address import Address
from imps.testing.conformance import shows_feature
from imps.testing.strategies import addresses

TEXTS = st.text() | st.text("wv:aB/@+. 1")


class ParsingTests(SynchronousTestCase):
    def test_parts_are_found(self) -> None:
        for text, user, resource, domain in (
            ("wv:ann@example.org", "ann", None, "example.org"),
            ("WV:Ann@Example.org", "Ann", None, "Example.org"),
            ("ann@example.org", "ann", None, "example.org"),
            ("wv:ann", "ann", None, ""),
            ("wv:ann/friends@example.org", "ann", "friends", "example.org"),
            ("wv:ann/friends", "ann", "friends", ""),
            ("wv:/lobby@example.org", "", "lobby", "example.org"),
            ("/lobby", "", "lobby", ""),
            ("wv:+358501234567@example.org", "+358501234567", None, "example.org"),
            ("wv:@example.org", "", None, "example.org"),
            ("wv:ann/a/b@example.org", "ann", "a/b", "example.org"),
            ("wv:ann@mail.example@example.org", "ann@mail.example", None, "example.org"),
            ("wv:ann/a@b@example.org", "ann", "a@b", "example.org"),
            ("  wv:ann@example.org\n", "ann", None, "example.org"),
            ("wv:ann/", "ann", "", ""),
            ("", "", None, ""),
            ("wv:", "", None, ""),
        ):
            address = Address.parse(text)
            parts = (address.user, address.resource, address.domain)
            self.assertEqual(parts, (user, resource, domain), text)

    @given(addresses())
    def test_written_address_is_read_back(self, address: Address) -> None:
        parsed = Address.parse(str(address))
        self.assertEqual(parsed, address)
        self.assertEqual(str(parsed), str(address))

    @given(TEXTS)
    def test_any_text_is_an_address_that_is_written_as_it_was_read(self, text: str) -> None:
        address = Address.parse(text)
        self.assertTrue(str(address).startswith("wv:"))
        self.assertEqual(str(Address.parse(str(address))), str(address))

    @given(TEXTS)
    def test_any_text_can_be_judged(self, text: str) -> None:
        address = Address.parse(text)
        self.assertFalse(address.is_user and address.is_resource)
        if address.is_user or address.is_resource:
            self.assertEqual(Address.parse(str(address)), address)


class ComparisonTests(SynchronousTestCase):
    def test_case_does_not_count(self) -> None:
        self.assertEqual(
            Address.parse("wv:Ann/FRIENDS@Example.ORG"), Address.parse("ann/friends@example.org")
        )
        self.assertEqual(len({Address("Ann"), Address("ANN"), Address("ann")}), 1)

    def test_parts_count(self) -> None:
        different = [
            Address("ann"),
            Address("bob"),
            Address("ann", ""),
            Address("ann", "friends"),
            Address("ann", None, "example.org"),
            Address("", "ann"),
            Address("", None, "ann"),
        ]
        self.assertEqual(len(set(different)), len(different))
        self.assertNotEqual(Address("ann"), "wv:ann")

    def test_spelling_is_kept(self) -> None:
        self.assertEqual(str(Address.parse("WV:Ann@Example.ORG")), "wv:Ann@Example.ORG")

    @given(addresses())
    def test_canonical_spelling_is_that_of_all_equal_addresses(self, address: Address) -> None:
        for other in (str(address).upper(), str(address).lower(), address.canonical):
            self.assertEqual(Address.parse(other), address)
            self.assertEqual(Address.parse(other).canonical, address.canonical)
        self.assertEqual(hash(Address.parse(address.canonical)), hash(address))


class JudgementTests(SynchronousTestCase):
    @shows_feature("one address space", "users")
    def test_users(self) -> None:
        for text in (
            "ann",
            "wv:ann@example.org",
            "wv:+358501234567",
            "wv:a.b-c_d~e%40@x",
            "wv:\u00e9@a.b-c.d",
        ):
            address = Address.parse(text)
            self.assertTrue(address.is_user, text)
            self.assertFalse(address.is_resource, text)

    @shows_feature("one address space", "contact lists and groups")
    def test_resources(self) -> None:
        for text in ("wv:ann/friends@example.org", "/lobby", "wv:+358501234567/a", "ann/~PEP1.0_a"):
            address = Address.parse(text)
            self.assertTrue(address.is_resource, text)
            self.assertFalse(address.is_user, text)

    def test_neither(self) -> None:
        for text in (
            "",
            "wv:",
            "@example.org",
            "an n",
            "ann\x00",
            "a+b",
            "+12",
            "+abc",
            "+" + "1" * 21,
            "ann@mail@example.org",
            "ann/",
            "/",
            "ann/a/b",
            "ann/a b",
            "ann/a+b",
            "a b/friends",
            "ann@example..org",
            "ann@-example.org",
            "ann@example.org-",
            "ann@exa mple.org",
            "ann@.",
            "a" * 201,
            "ann/" + "a" * 201,
        ):
            address = Address.parse(text)
            self.assertFalse(address.is_user, text)
            self.assertFalse(address.is_resource, text)

    @shows_feature("one address space", "telephone numbers")
    def test_telephone_numbers(self) -> None:
        self.assertEqual(Address.parse("wv:+358501234567@a").msisdn, "+358501234567")
        for text in ("wv:358501234567", "wv:+12", "wv:ann", "wv:+1234a"):
            self.assertIsNone(Address.parse(text).msisdn)


class RelationTests(SynchronousTestCase):
    def test_owner(self) -> None:
        self.assertEqual(str(Address.parse("wv:ann/friends@a").owner), "wv:ann@a")

    def test_home_domain_is_added_where_there_is_none(self) -> None:
        self.assertEqual(str(Address("ann").at_home("a")), "wv:ann@a")
        self.assertEqual(str(Address("ann", "b", "c").at_home("a")), "wv:ann/b@c")

    def test_resource_of_a_user(self) -> None:
        self.assertEqual(str(Address("ann", None, "a").resource_named("b")), "wv:ann/b@a")
