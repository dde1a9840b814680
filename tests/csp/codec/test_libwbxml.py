"""Our WBXML against that of libwbxml, whose programs read and write CSP 1.1 and 1.2."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import Any

from lxml import etree
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.codec.document import Root
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.primitives.access import PollingRequest
from imps.csp.primitives.declaration import declaration_of
from imps.model.version import V11, V12, Version
from imps.testing.messages import message
from imps.testing.programs import required_program
from imps.testing.samples import samples
from imps.testing.strategies import primitives_in

LANGUAGES = {V11: "CSP11", V12: "CSP12"}
DOCTYPES = {
    version: f'<!DOCTYPE WV-CSP-Message PUBLIC "-//OMA//DTD WV-CSP {version}//EN" "http://a/">'
    for version in LANGUAGES
}
THEIR_SPELLINGS = {
    "ReferredContent": "PreferredContent",
    "ReferredvCard": "PreferredvCard",
    "AutoSubscribe": "Auto-Subscribe",
    "ExtendedData": "Extended-Data",
}
UNKNOWN_TO_THEM = re.compile(
    rb"<CIRURL>.*?</CIRURL>|<SupportedCIRMethod>(SSMS|SHTTP)</SupportedCIRMethod>"
)

xml, wbxml = XMLCodec(), WBXMLCodec()


def run(program: str, *arguments: str, given: bytes) -> bytes:
    """What one of their programs makes of a document."""
    command = [required_program(program), *arguments, "-o", "-", "-"]
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout


def known_samples(version: Version) -> Iterator[tuple[str, bytes, Root]]:
    """A name, XML, and value of every sample, less the little that libwbxml does not know."""
    for primitive in primitives_in(version):
        for sample in samples(primitive, version):
            document = UNKNOWN_TO_THEM.sub(b"", xml.encode(sample, version))
            yield declaration_of(primitive).name, document, xml.decode(document).root


def tree(element: Any) -> tuple[Any, ...]:
    """An element without its namespace and the white space around its text."""
    name = etree.QName(element).localname
    children = tuple(tree(child) for child in element)
    return THEIR_SPELLINGS.get(name, name), (element.text or "").strip(), children


class LibwbxmlTests(SynchronousTestCase):
    """Every primitive of 1.1 and 1.2, with all that it can hold."""

    def assert_they_read_what_we_write(self, version: Version) -> None:
        for name, document, root in known_samples(version):
            written = wbxml.encode(root, version)
            read = run("wbxml2xml", "-l", LANGUAGES[version], "-m", "0", given=written)
            self.assertEqual(tree(etree.fromstring(read)), tree(etree.fromstring(document)), name)

    def assert_we_read_what_they_write(self, version: Version) -> None:
        for name, document, _ in known_samples(version):
            text = re.sub("</?Vendor>", "", document.decode())  # they write no vendor's elements
            for ours, theirs in THEIR_SPELLINGS.items():
                text = text.replace(f"<{ours}>", f"<{theirs}>").replace(
                    f"</{ours}>", f"</{theirs}>"
                )
            given = text.replace("?>", "?>" + DOCTYPES[version], 1).encode()
            read = wbxml.decode(run("xml2wbxml", given=given))
            self.assertEqual(read.root, xml.decode(given).root, name)
            self.assertEqual(read.version, version)

    def test_they_read_what_we_write_in_1_1(self) -> None:
        self.assert_they_read_what_we_write(V11)

    def test_they_read_what_we_write_in_1_2(self) -> None:
        self.assert_they_read_what_we_write(V12)

    def test_we_read_what_they_write_in_1_1(self) -> None:
        self.assert_we_read_what_they_write(V11)

    def test_we_read_what_they_write_in_1_2(self) -> None:
        self.assert_we_read_what_they_write(V12)

    def test_their_documents_name_no_namespace(self) -> None:
        given = xml.encode(message(PollingRequest()), V12).replace(
            b"?>", b"?>" + DOCTYPES[V12].encode(), 1
        )
        written = run("xml2wbxml", given=given)
        self.assertIn(b"-//OMA//DTD WV-CSP 1.2//EN", written)
        self.assertNotIn(b"http", written)
