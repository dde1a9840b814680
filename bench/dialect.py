"""The versions and encodings in which handsets say what is ready in XML of CSP 1.2."""

from __future__ import annotations

from itertools import product
from xml.etree.ElementTree import tostring

from attrs import frozen

from imps.csp.codec.document import NAMESPACES
from imps.model.version import V11, V12, V13, Version
from imps.testing.wbxml import Writer, read, without_namespaces


@frozen
class Dialect:
    """A version in an encoding, of all that one handset says and hears.

    What is said in XML of 1.2 is what the other versions have, too, but for namespaces.
    """

    version: Version = V12
    encoding: str = "xml"

    @property
    def content_type(self) -> bytes:
        """What HTTP says of it."""
        joint = "+" if self.version is V13 else "."
        return f"application/vnd.wv.csp{joint}{self.encoding}".encode()

    def said(self, body: bytes) -> bytes:
        """What a handset of 1.2 says in XML."""
        if self.version is not V12:
            for name, namespace in NAMESPACES[V12].items():
                body = body.replace(namespace.encode(), NAMESPACES[self.version][name].encode())
        return body if self.encoding == "xml" else Writer().write(body.decode(), self.version)

    def heard(self, body: bytes) -> bytes:
        """What a server answers, in XML."""
        if self.encoding == "xml" or not body:
            return body
        root = without_namespaces(read(body, self.version))
        return tostring(root, short_empty_elements=False)


DIALECTS = tuple(Dialect(*each) for each in product((V11, V12, V13), ("xml", "wbxml")))
"""Every version in every encoding."""
