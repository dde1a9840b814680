"""Vendor content is carried along as it came."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.primitives.envelope import ExtendedRequest, WVCSPMessage
from imps.model.extension import Extension, Foreign
from imps.model.version import V12
from imps.testing.messages import contents, xml_message

POLLING = "<Polling-Request/>"


class ExtensionTests(SynchronousTestCase):
    """Vendor content goes through both encodings as it came."""

    xml = XMLCodec()
    wbxml = WBXMLCodec()

    BLOCKS = (
        "<ExtBlock/>",
        "<ExtBlock>text</ExtBlock>",
        '<ExtBlock xmlns="urn:v"><a b="1 &lt; 2&#10;" c="">x<d/>y &amp; z</a></ExtBlock>',
        '<ExtBlock><v:a xmlns:v="urn:v" b="2"><v:c>\u00e9\U0001f600</v:c></v:a></ExtBlock>',
        '<ExtBlock><a xmlns="urn:v"><b xmlns="urn:w"/></a></ExtBlock><ExtBlock>2</ExtBlock>',
    )

    def test_extension_blocks_survive_both_encodings(self) -> None:
        for blocks in self.BLOCKS:
            root = self.xml.decode(xml_message(POLLING, extension=blocks)).root
            assert isinstance(root, WVCSPMessage)
            extensions = root.session.transactions[0].extensions
            self.assertEqual(len(extensions), blocks.count("<ExtBlock"))
            there = self.wbxml.decode(self.wbxml.encode(root, V12)).root
            back = self.xml.decode(self.xml.encode(there, V12)).root
            self.assertEqual(back, root)

    def test_content_is_carried_with_its_namespaces(self) -> None:
        root = self.xml.decode(xml_message(POLLING, extension=self.BLOCKS[2])).root
        assert isinstance(root, WVCSPMessage)
        (extension,) = root.session.transactions[0].extensions
        inner = Foreign(
            "a",
            attributes=(("b", "1 < 2\n"), ("c", "")),
            content=("x", Foreign("d"), "y & z"),
        )
        self.assertEqual(extension, Extension(namespace="urn:v", content=(inner,)))

    def test_extended_request_may_be_in_the_vendors_namespace(self) -> None:
        document = xml_message('<Extended-Request xmlns="urn:v"><a/></Extended-Request>')
        expected = ExtendedRequest(extension=Extension("urn:v", (Foreign("a"),)))
        self.assertEqual(contents(self.xml.decode(document).root), [expected])
