"""CSP in XML."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from lxml import etree

from imps.csp.codec.document import (
    NAMESPACES,
    ROOTS,
    CannotEncode,
    CodecError,
    Document,
    Limits,
    Root,
    version_in_public_id,
)
from imps.csp.codec.reading import Reader, local_name
from imps.csp.codec.texts import date_text, printable
from imps.csp.codec.writing import bare_text, children_writer, declared_in, packed_in
from imps.csp.primitives.declaration import Child, Kind, declaration_of
from imps.model.extension import Extension, Foreign
from imps.model.version import Version

_ROOTS = {
    name: root
    for root in ROOTS
    for name in (declaration_of(root).name, *declaration_of(root).aliases)
}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DECLARED_ENCODING = re.compile(rb"<\?xml\s[^>]*?\sencoding\s*=\s*[\"']([^\"'>]*)[\"']")
_ENCODINGS = re.compile(rb"utf-?8|us-ascii|ascii|iso-8859-\d\d?|latin1|windows-125\d", re.I)
_DOCTYPE = b"<!DOCTYPE"
_INTERNAL_SUBSET = re.compile(
    rb"(?>\s|<\?.*?\?>|<!--.*?-->)*+"
    rb"<!DOCTYPE(?>[^\[>\"']|\"[^\"]*\"|'[^']*')*+\[",
    re.DOTALL,
)
_LONG_NAMESPACE = re.compile(
    rb"xmlns(?::[^\s=]{101}|(?::[^\s=]{0,100})?\s*=\s*(?:\"[^\"<]{1001}|'[^'<]{1001}))"
)
_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)

_NAMESPACES = [uri for version in NAMESPACES.values() for uri in version.values()]


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


class XMLCodec:
    """Reads and writes documents of CSP in XML. Entities, DTDs and the network are off."""

    name = "xml"

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._reader = Reader(self._limits.text_characters, _NAMESPACES)
        self._parsers = {"utf-8": _parser("utf-8")}
        depth = self._limits.depth
        self._too_deep = etree.XPath("boolean(" + "/*" * (depth + 1) + ")")
        self._too_many = etree.XPath(f"count(//*) > {self._limits.elements}")

    def decode(self, document: bytes) -> Document:
        """Read a document. Raises CodecError, and nothing else, for what is none."""
        root = self.tree(document)
        namespace, name = local_name(root.tag)
        if name not in _ROOTS:
            raise CodecError("not a document of CSP")
        value: Root = self._reader.read(_ROOTS[name], root)
        public_id = root.getroottree().docinfo.public_id if _DOCTYPE in document else None
        return Document.of(value, namespace, version_in_public_id(public_id))

    def tree(self, document: bytes) -> etree._Element:
        """The elements of a document, whatever they are. Raises CodecError where there are none."""
        document = document.strip().removeprefix(_BYTE_ORDER_MARK).lstrip()
        tags = document.count(b"<")
        if tags > 2 * self._limits.elements:
            raise CodecError("too many elements")
        parser = self._parser_for(document)
        if _DOCTYPE in document and _INTERNAL_SUBSET.match(document):
            raise CodecError("internal DTD subset")
        if _LONG_NAMESPACE.search(document):
            raise CodecError("namespace too long")
        try:
            root = etree.fromstring(document, parser)
        except (etree.XMLSyntaxError, ValueError):
            raise CodecError("not well-formed") from None
        if tags > 2 * self._limits.depth and self._too_deep(root):
            raise CodecError("nested too deeply")
        if tags > self._limits.elements and self._too_many(root):
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

    def encode(self, root: Root, version: Version) -> bytes:
        """Write a document. Raises CannotEncode for what the version does not allow."""
        declared: type = type(root)
        declaration = declared_in(declared, version)
        out: list[str] = ['<?xml version="1.0" encoding="UTF-8"?>']
        element = _opening(declaration.name, version, declaration.xmlns)
        out.append(element)
        _writer(declared, version)(root, out)
        out.append(f"</{declaration.name}>")
        return "".join(out).encode()


Write = Callable[[Any, list[str]], None]


def _opening(name: str, version: Version, xmlns: bool) -> str:
    namespace = NAMESPACES[version].get(name, "") if xmlns else ""
    return f'<{name} xmlns="{namespace}">' if namespace else f"<{name}>"


@cache
def _writer(declared: type, version: Version) -> Write:
    """Writes what stands between the tags of a structure."""
    declaration = declared_in(declared, version)
    text = bare_text(declaration, version)
    if text:
        attribute = text.attribute
        return lambda value, out: out.append(_escaped(getattr(value, attribute) or ""))
    return children_writer(declaration, version, _child_writer)


def _child_writer(child: Child, version: Version) -> Write:
    name = child.element.name
    opening, closing = f"<{name}>", f"</{name}>"
    if packed_in(child, version):
        return lambda items, out: (
            out.append(opening + ",".join(item.value for item in items) + closing)
            if items
            else None
        )
    match child.kind:
        case Kind.STRING | Kind.ADDRESS:
            return lambda item, out: out.append(f"{opening}{_escaped(str(item))}{closing}")
        case Kind.CONTENT:
            return lambda item, out: out.append(f"{opening}{_escaped(_text_only(item))}{closing}")
        case Kind.INTEGER:
            return lambda item, out: out.append(f"{opening}{item}{closing}")
        case Kind.BOOLEAN:
            words = {True: f"{opening}T{closing}", False: f"{opening}F{closing}"}
            return lambda item, out: out.append(words[item])
        case Kind.DATE:
            return lambda item, out: out.append(f"{opening}{date_text(item)}{closing}")
        case Kind.ENUMERATION:
            members = {member: f"{opening}{member.value}{closing}" for member in child.type}
            return lambda item, out: out.append(members[item])
        case Kind.MARK:
            return lambda item, out: out.append(f"<{name}/>") if item else None
        case Kind.STRUCTURE:
            return _structure_writer(child, version)
        case Kind.EXTENSION:
            return lambda item, out: _write_extension(name, item, out)
        case Kind.PRIMITIVE:
            return _primitive_writer(name, version)


def _structure_writer(child: Child, version: Version) -> Write:
    declaration = declaration_of(child.type)
    if child.element.flat:
        return children_writer(declaration, version, _child_writer)
    inner = _writer(child.type, version)
    opening = _opening(child.element.name, version, declaration.xmlns)
    closing = f"</{child.element.name}>"

    def put(item: Any, out: list[str]) -> None:
        out.append(opening)
        inner(item, out)
        out.append(closing)

    return put


def _primitive_writer(name: str, version: Version) -> Write:
    opening, closing = _opening(name, version, xmlns=True), f"</{name}>"
    writers: dict[type, Write] = {}

    def put(item: Any, out: list[str]) -> None:
        writer = writers.get(type(item))
        if writer is None:
            writer = writers[type(item)] = _named_writer(type(item), version)
        out.append(opening)
        writer(item, out)
        out.append(closing)

    return put


def _named_writer(declared: type, version: Version) -> Write:
    """Writes a primitive between its own tags."""
    declaration = declared_in(declared, version)
    name = declaration.name
    if declaration.xmlns:
        return lambda item, out: _write_extension(name, item.extension, out)
    opening, closing = f"<{name}>", f"</{name}>"
    inner = _writer(declared, version)

    def put(item: Any, out: list[str]) -> None:
        out.append(opening)
        inner(item, out)
        out.append(closing)

    return put


def _write_extension(name: str, item: Extension, out: list[str]) -> None:
    out.append(f"<{name}{_xmlns(item.namespace)}>")
    _write_foreign(item.content, out)
    out.append(f"</{name}>")


def _write_foreign(content: tuple[str | Foreign, ...], out: list[str]) -> None:
    for item in content:
        if isinstance(item, str):
            out.append(_escaped(item))
        elif _NAME.fullmatch(item.name):
            out.append(f"<{item.name}{_xmlns(item.namespace)}")
            for name, value in item.attributes:
                if _NAME.fullmatch(name) and name != "xmlns":
                    out.append(f' {name}="{_escaped_attribute(value)}"')
            out.append(">")
            _write_foreign(item.content, out)
            out.append(f"</{item.name}>")


def _xmlns(namespace: str | None) -> str:
    return f' xmlns="{_escaped_attribute(namespace)}"' if namespace else ""


_SPECIAL = re.compile(r"[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("\r"): "&#13;"}
_ATTRIBUTE_ESCAPES = {**_ESCAPES, ord('"'): "&quot;", ord("\n"): "&#10;", ord("\t"): "&#9;"}


def _escaped(text: str) -> str:
    if not _SPECIAL.search(text):
        return text
    return printable(text).translate(_ESCAPES)


def _escaped_attribute(text: str) -> str:
    return printable(text).translate(_ATTRIBUTE_ESCAPES)


def _text_only(content: str | bytes) -> str:
    if isinstance(content, bytes):
        raise CannotEncode("octets must be encoded as text for XML")
    return content
