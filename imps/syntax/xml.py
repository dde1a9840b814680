"""XML: one hardened parser for all doors, and text as it stands in a document.

Entities, DTDs and the network are off; what a document costs is bounded before it is parsed.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from imps.syntax.errors import CodecError
from imps.syntax.texts import printable

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DECLARED_ENCODING = re.compile(rb"<\?xml\s[^>]*?\sencoding\s*=\s*[\"']([^\"'>]*)[\"']")
_ENCODINGS = re.compile(rb"utf-?8|us-ascii|ascii|iso-8859-\d\d?|latin1|windows-125\d", re.I)
DOCTYPE = b"<!DOCTYPE"
_INTERNAL_SUBSET = re.compile(
    rb"(?>\s|<\?.*?\?>|<!--.*?-->)*+"
    rb"<!DOCTYPE(?>[^\[>\"']|\"[^\"]*\"|'[^']*')*+\[",
    re.DOTALL,
)
_LONG_NAMESPACE = re.compile(
    rb"xmlns(?::[^\s=]{101}|(?::[^\s=]{0,100})?\s*=\s*(?:\"[^\"<]{1001}|'[^'<]{1001}))"
)
NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
"""A name that an element or an attribute may have, of ASCII."""


def _parser(encoding: str) -> etree.XMLParser:
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


class TreeReader:
    """Reads documents into trees, within a depth and a number of elements."""

    def __init__(self, depth: int, elements: int) -> None:
        self._depth = depth
        self._elements = elements
        self._parsers = {"utf-8": _parser("utf-8")}
        self._too_deep = etree.XPath("boolean(" + "/*" * (depth + 1) + ")")
        self._too_many = etree.XPath(f"count(//*) > {elements}")

    def read(self, document: bytes) -> etree._Element:
        """The elements of a document, whatever they are. Raises CodecError where there are none."""
        document = document.strip().removeprefix(_BYTE_ORDER_MARK).lstrip()
        tags = document.count(b"<")
        if tags > 2 * self._elements:
            raise CodecError("too many elements")
        parser = self._parser_for(document)
        if DOCTYPE in document and _INTERNAL_SUBSET.match(document):
            raise CodecError("internal DTD subset")
        if _LONG_NAMESPACE.search(document):
            raise CodecError("namespace too long")
        try:
            root = etree.fromstring(document, parser)
        except (etree.XMLSyntaxError, ValueError):
            raise CodecError("not well-formed") from None
        if tags > 2 * self._depth and self._too_deep(root):
            raise CodecError("nested too deeply")
        if tags > self._elements and self._too_many(root):
            raise CodecError("too many elements")
        return root

    def _parser_for(self, document: bytes) -> etree.XMLParser:
        """The parser for the encoding of a document, which alone decides how it is read.

        All that are accepted extend ASCII, so that what is searched for cannot hide.
        """
        declared = _DECLARED_ENCODING.match(document)
        if b"\0" in document or (declared and not _ENCODINGS.fullmatch(declared[1])):
            raise CodecError("not in UTF-8")
        encoding = declared[1].decode().lower() if declared else "utf-8"
        parser = self._parsers.get(encoding)
        if parser is None:
            try:
                parser = self._parsers[encoding] = _parser(encoding)
            except LookupError:
                raise CodecError("not in UTF-8") from None
        return parser


def local_name(tag: Any) -> tuple[str, str]:
    """A tag's namespace and its name; no name for what is no element."""
    if not isinstance(tag, str):
        return "", ""
    namespace, _, name = tag.rpartition("}")
    return namespace[1:], name


_SPECIAL = re.compile(r"[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("\r"): "&#13;"}
_ATTRIBUTE_ESCAPES = {**_ESCAPES, ord('"'): "&quot;", ord("\n"): "&#10;", ord("\t"): "&#9;"}


def escaped(text: str) -> str:
    """Text as it stands between tags; what XML cannot carry is replaced."""
    if not _SPECIAL.search(text):
        return text
    return printable(text).translate(_ESCAPES)


def escaped_attribute(text: str) -> str:
    """Text as it stands between double quotes."""
    return printable(text).translate(_ATTRIBUTE_ESCAPES)
