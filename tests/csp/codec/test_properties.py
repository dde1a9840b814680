"""What holds for every document: it survives the codecs, and nothing else makes them fail."""

from __future__ import annotations

from hypothesis import Phase, given, settings
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.codec.document import ROOTS
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.primitives.declaration import declaration_of
from imps.model.version import V11, V12, V13, Version
from imps.testing.strategies import Encoding, documents, primitives_in

CODECS = {"xml": XMLCodec(), "wbxml": WBXMLCodec()}


def every_content(version: Version) -> list[type]:
    """All that a document of a version can be about."""
    discovery = [root for root in ROOTS[1:] if version in declaration_of(root).versions]
    return [*primitives_in(version), *discovery]


class RoundTripTests(SynchronousTestCase):
    """decode(encode(document)) is the document, whatever primitive it holds."""

    def assert_survives(self, version: Version, encoding: Encoding) -> None:
        codec = CODECS[encoding]
        for content in every_content(version):

            @settings(max_examples=max(3, settings().max_examples // 6), phases=[Phase.generate])
            @given(documents(version, encoding, content))
            def survives(root: object) -> None:
                encoded = codec.encode(root, version)
                decoded = codec.decode(encoded)
                self.assertEqual(decoded.root, root)
                self.assertEqual(codec.encode(decoded.root, version), encoded)
                self.assertIn(decoded.version, (version, None))

            survives()

    def test_1_1_in_xml(self) -> None:
        self.assert_survives(V11, "xml")

    def test_1_2_in_xml(self) -> None:
        self.assert_survives(V12, "xml")

    def test_1_3_in_xml(self) -> None:
        self.assert_survives(V13, "xml")

    def test_1_1_in_wbxml(self) -> None:
        self.assert_survives(V11, "wbxml")

    def test_1_2_in_wbxml(self) -> None:
        self.assert_survives(V12, "wbxml")

    def test_1_3_in_wbxml(self) -> None:
        self.assert_survives(V13, "wbxml")
