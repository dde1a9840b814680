"""What holds for every document: it survives the codecs, and nothing else makes them fail."""

from __future__ import annotations

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.codec.document import ROOTS, CannotEncode, CodecError, Root
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.primitives.declaration import declaration_of
from imps.model.version import V11, V12, V13, Version
from imps.testing.conformance import shows_feature
from imps.testing.samples import samples
from imps.testing.strategies import Encoding, documents, primitives_in

CODECS: dict[Encoding, XMLCodec | WBXMLCodec] = {"xml": XMLCodec(), "wbxml": WBXMLCodec()}
VERSIONS = st.sampled_from([V11, V12, V13])
MANY = settings(max_examples=8 * settings().max_examples, phases=[Phase.generate])


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
            def survives(root: Root) -> None:
                encoded = codec.encode(root, version)
                decoded = codec.decode(encoded)
                self.assertEqual(decoded.root, root)
                self.assertEqual(codec.encode(decoded.root, version), encoded)
                self.assertIn(decoded.version, (version, None))

            survives()

    @shows_feature("CSP in XML", "1.1")
    def test_1_1_in_xml(self) -> None:
        self.assert_survives(V11, "xml")

    @shows_feature("CSP in XML", "1.2")
    def test_1_2_in_xml(self) -> None:
        self.assert_survives(V12, "xml")

    @shows_feature("CSP in XML", "1.3")
    def test_1_3_in_xml(self) -> None:
        self.assert_survives(V13, "xml")

    @shows_feature("CSP in WBXML", "1.1")
    def test_1_1_in_wbxml(self) -> None:
        self.assert_survives(V11, "wbxml")

    @shows_feature("CSP in WBXML", "1.2")
    def test_1_2_in_wbxml(self) -> None:
        self.assert_survives(V12, "wbxml")

    @shows_feature("CSP in WBXML", "1.3")
    def test_1_3_in_wbxml(self) -> None:
        self.assert_survives(V13, "wbxml")

    def test_all_that_can_be_said_in_every_version(self) -> None:
        for version in (V11, V12, V13):
            for primitive in primitives_in(version):
                for sample in samples(primitive, version):
                    for codec in CODECS.values():
                        decoded = codec.decode(codec.encode(sample, version))
                        self.assertEqual((decoded.root, decoded.version), (sample, version))


@st.composite
def mutated_documents(draw: DrawFn, encoding: Encoding) -> bytes:
    """A document that was valid before some of its octets were changed, lost, doubled or added."""
    version = draw(VERSIONS)
    octets = bytearray(CODECS[encoding].encode(draw(documents(version, encoding)), version))
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, len(octets)))
        last = min(len(octets), first + draw(st.integers(0, 40)))
        match draw(st.sampled_from(["flip", "replace", "cut", "drop", "double", "insert"])):
            case "flip" if first < len(octets):
                octets[first] ^= 1 << draw(st.integers(0, 7))
            case "replace" if first < len(octets):
                octets[first] = draw(st.integers(0, 255))
            case "cut":
                del octets[first:]
            case "drop":
                del octets[first:last]
            case "double":
                octets[first:first] = octets[first:last] * draw(st.integers(1, 3))
            case "insert":
                octets[first:first] = draw(st.binary(max_size=8))
    return bytes(octets)


class AnyOctetsTests(SynchronousTestCase):
    """Any octets decode, or raise CodecError; what was decoded encodes, or raises CannotEncode."""

    def assert_only_documented_errors(self, encoding: Encoding, octets: bytes) -> None:
        try:
            root = CODECS[encoding].decode(octets).root
        except CodecError:
            return
        for codec in CODECS.values():
            for version in (V11, V12, V13):
                try:
                    codec.encode(root, version)
                except CannotEncode:
                    continue

    @MANY
    @given(st.binary(max_size=200))
    def test_octets(self, octets: bytes) -> None:
        self.assert_only_documented_errors("xml", octets)
        self.assert_only_documented_errors("wbxml", octets)

    @MANY
    @given(st.sampled_from(["03106a00", "03116a00c9", "03126a0461006200c9"]), st.binary())
    def test_octets_after_a_header_of_wbxml(self, header: str, octets: bytes) -> None:
        self.assert_only_documented_errors("wbxml", bytes.fromhex(header) + octets)

    @MANY
    @given(
        st.lists(
            st.sampled_from("<>/!?[]&;='\" ax:-")
            | st.sampled_from(
                [
                    "<WV-CSP-Message>",
                    "</WV-CSP-Message>",
                    "<!--",
                    "-->",
                    "<![CDATA[",
                    "]]>",
                    "<?xml ",
                ]
            )
        )
    )
    def test_scraps_of_xml(self, scraps: list[str]) -> None:
        self.assert_only_documented_errors("xml", "".join(scraps).encode())

    @MANY
    @given(mutated_documents("xml"))
    def test_mutated_xml(self, octets: bytes) -> None:
        self.assert_only_documented_errors("xml", octets)

    @MANY
    @given(mutated_documents("wbxml"))
    def test_mutated_wbxml(self, octets: bytes) -> None:
        self.assert_only_documented_errors("wbxml", octets)
