"""The declarations are complete, agree with the tokens, and know their versions."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from imps.csp.codec import tokens
from imps.csp.primitives import PRIMITIVES
from imps.csp.primitives.access import LoginRequest
from imps.csp.primitives.capability import CapabilityList
from imps.csp.primitives.declaration import (
    ALWAYS,
    Child,
    Declaration,
    Kind,
    Primitive,
    children_of,
    declaration_of,
    declared_types,
)
from imps.csp.primitives.identity import User
from imps.csp.primitives.search import SearchPair, SearchPairList
from imps.model.version import V11, V12, V13, Version
from imps.testing.strategies import primitives_in


def names_of(declared: type, version: Version) -> list[str]:
    """The names of the children that a version writes, in order."""
    return declaration_of(declared).names_in(version)


def all_children() -> Iterator[tuple[Version, Declaration, Child]]:
    """Every child of everything, in every version that writes it."""
    for declared in declared_types():
        declaration = declaration_of(declared)
        for version in declaration.versions:
            for child in declaration.written_in(version):
                yield version, declaration, child


class CountTests(SynchronousTestCase):
    """How much there is, so that nothing gets lost."""

    def test_primitives(self) -> None:
        self.assertEqual(len(set(PRIMITIVES.values())), 105)
        self.assertEqual([len(primitives_in(version)) for version in ALWAYS], [79, 88, 100])

    def test_structures(self) -> None:
        structures = [each for each in declared_types() if not issubclass(each, Primitive)]
        self.assertEqual(len(structures), 123)
        counts = [
            sum(version in declaration_of(each).versions for each in structures)
            for version in ALWAYS
        ]
        self.assertEqual(counts, [83, 100, 118])

    def test_tokens(self) -> None:
        self.assertEqual([len(tokens.TAGS[version]) for version in ALWAYS], [303, 351, 430])
        self.assertEqual([len(tokens.WORDS[version]) for version in ALWAYS], [97, 106, 187])


class TokenTests(SynchronousTestCase):
    """What is declared can be said in WBXML."""

    def test_every_name_has_one_token_in_its_versions(self) -> None:
        for version in ALWAYS:
            names = list(tokens.TAGS[version].values())
            self.assertEqual(len(names), len(set(names)))
            for declared in primitives_in(version):
                self.assertIn(declaration_of(declared).name, names)
        for version, declaration, child in all_children():
            if child.element.name and not child.element.flat:
                self.assertIn(
                    child.element.name, tokens.TAGS[version].values(), (version, declaration.name)
                )

    def test_every_token_is_declared(self) -> None:
        spare = {V11: {"Capability"}, V12: {"Capability"}, V13: {"AnswerOptionsText", "GETAUT"}}
        for version in ALWAYS:
            declared = {
                name
                for each in declared_types()
                if version in declaration_of(each).versions
                for name in (declaration_of(each).name, *names_of(each, version))
            }
            self.assertEqual(set(tokens.TAGS[version].values()) - declared, spare[version])

    def test_truth_has_the_same_tokens_in_every_version(self) -> None:
        for version in ALWAYS:
            self.assertEqual(tokens.WORDS[version][0x2C], "T")
            self.assertEqual(tokens.WORDS[version][0x0B], "F")


class ConsistencyTests(SynchronousTestCase):
    """Declarations agree with each other."""

    def test_children_exist_in_the_versions_of_their_parents(self) -> None:
        for version, declaration, child in all_children():
            if child.kind is Kind.STRUCTURE and not child.element.flat:
                self.assertIn(
                    version,
                    declaration_of(child.type).versions,
                    (declaration.name, child.element.name),
                )

    def test_required_children_exist_in_some_version(self) -> None:
        for declared in declared_types():
            for child in children_of(declared):
                required = [each for each in child.element.required if child.exists_in(each)]
                self.assertTrue(required or not child.element.required, (declared, child.attribute))

    def test_choices_name_attributes(self) -> None:
        for declared in declared_types():
            attributes = {child.attribute for child in children_of(declared)}
            for choice in declaration_of(declared).choices:
                for alternative in choice.alternatives:
                    self.assertLessEqual(set(alternative), attributes)

    def test_pairs_name_attributes_of_their_versions(self) -> None:
        for declared in declared_types():
            declaration = declaration_of(declared)
            for pair in declaration.pairs:
                for version in pair.versions:
                    written = {child.attribute for child in declaration.written_in(version)}
                    self.assertLessEqual(set(pair.attributes), written)

    def test_no_child_of_a_choice_is_required(self) -> None:
        for declared in declared_types():
            choices = declaration_of(declared).choices
            for child in children_of(declared):
                for choice in choices:
                    if any(child.attribute in each for each in choice.alternatives):
                        versions = set(choice.versions) & set(child.element.required)
                        self.assertFalse(child.needed or versions, (declared, child.attribute))

    def test_names_are_read_to_one_attribute(self) -> None:
        for declared in declared_types():
            names = [
                name
                for child in children_of(declared)
                for name in (child.element.name, *child.element.aliases)
            ]
            self.assertEqual(len(names), len(set(names)), declared)


class NameTests(SynchronousTestCase):
    """Not every version has every name."""

    def test_pairs_of_a_search_have_a_name_in_1_3_only(self) -> None:
        self.assertEqual(declaration_of(SearchPair).versions, (V13,))
        condition = ["SearchElement", "SearchString"]
        self.assertEqual(names_of(SearchPairList, V11), condition)
        self.assertEqual(names_of(SearchPairList, V13), [*condition, "PairID"])


class OrderTests(SynchronousTestCase):
    """Children are written in the order of their version."""

    def test_children_are_those_of_the_version(self) -> None:
        self.assertEqual(names_of(User, V11), ["UserID", "ClientID"])
        self.assertEqual(
            names_of(User, V13), ["UserID", "FriendlyName", "ApplicationID", "ClientID"]
        )
        self.assertNotIn("Functions", names_of(LoginRequest, V12))
        self.assertIn("Functions", names_of(LoginRequest, V13))

    def test_some_versions_have_an_order_of_their_own(self) -> None:
        self.assertEqual(names_of(CapabilityList, V12)[0], "ClientType")
        self.assertEqual(names_of(CapabilityList, V13)[0], "AcceptedContentType")
