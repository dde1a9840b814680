"""CSP in XML."""

from __future__ import annotations

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
from imps.csp.codec.reading import Reader
from imps.csp.codec.writing import bare_text, children_writer, declared_in, packed_in
from imps.csp.primitives.declaration import Child, Kind, declaration_of
from imps.model.extension import Extension, Foreign
from imps.model.version import Version
from imps.syntax.texts import date_text
from imps.syntax.xml import DOCTYPE, NAME, TreeReader, escaped, escaped_attribute, local_name

_ROOTS = {
    name: root
    for root in ROOTS
    for name in (declaration_of(root).name, *declaration_of(root).aliases)
}

LONGEST_KEPT, MOST_KEPT = 4000, 256
"""How long what was written of a shared value is at most that is kept, in characters, and how many
such are, for each version."""

_NAMESPACES = [uri for version in NAMESPACES.values() for uri in version.values()]


class XMLCodec:
    """Reads and writes documents of CSP in XML. Entities, DTDs and the network are off."""

    name = "xml"

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._reader = Reader(self._limits.text_characters, _NAMESPACES)
        self._trees = TreeReader(self._limits.depth, self._limits.elements)

    def decode(self, document: bytes) -> Document:
        """Read a document. Raises CodecError, and nothing else, for what is none."""
        root = self.tree(document)
        namespace, name = local_name(root.tag)
        if name not in _ROOTS:
            raise CodecError("not a document of CSP")
        value: Root = self._reader.read(_ROOTS[name], root)
        public_id = root.getroottree().docinfo.public_id if DOCTYPE in document else None
        return Document.of(value, namespace, version_in_public_id(public_id))

    def tree(self, document: bytes) -> etree._Element:
        """The elements of a document, whatever they are. Raises CodecError where there are none."""
        return self._trees.read(document)

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
        return lambda value, out: out.append(escaped(getattr(value, attribute) or ""))
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
            return lambda item, out: out.append(f"{opening}{escaped(str(item))}{closing}")
        case Kind.CONTENT:
            return lambda item, out: out.append(f"{opening}{escaped(_text_only(item))}{closing}")
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

    return _kept(put) if declaration.shared else put


def _kept(put: Write) -> Write:
    """Writes what was written of the very same value before, as long as that is kept."""
    kept: dict[int, tuple[Any, str]] = {}

    def put_again(item: Any, out: list[str]) -> None:
        # As long as the value itself is kept, no other one has its id.
        known = kept.get(id(item))
        if known is not None:
            out.append(known[1])
            return
        pieces: list[str] = []
        put(item, pieces)
        text = "".join(pieces)
        out.append(text)
        if len(text) <= LONGEST_KEPT:
            if len(kept) >= MOST_KEPT:
                kept.clear()
            kept[id(item)] = item, text

    return put_again


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
            out.append(escaped(item))
        elif NAME.fullmatch(item.name):
            out.append(f"<{item.name}{_xmlns(item.namespace)}")
            for name, value in item.attributes:
                if NAME.fullmatch(name) and name != "xmlns":
                    out.append(f' {name}="{escaped_attribute(value)}"')
            out.append(">")
            _write_foreign(item.content, out)
            out.append(f"</{item.name}>")


def _xmlns(namespace: str | None) -> str:
    return f' xmlns="{escaped_attribute(namespace)}"' if namespace else ""


def _text_only(content: str | bytes) -> str:
    if isinstance(content, bytes):
        raise CannotEncode("octets must be encoded as text for XML")
    return content
