"""Writing WBXML: every structure is compiled, for each version, into the octets that open and close
its children."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from imps.csp.codec import tokens
from imps.csp.codec.document import NAMESPACES, Root
from imps.csp.codec.writing import bare_text, children_writer, declared_in, packed_in
from imps.csp.primitives.declaration import Child, Kind, declaration_of
from imps.model.extension import Extension, Foreign
from imps.model.version import Version
from imps.syntax.texts import date_text, octets_of

_END = b"\x01"
_STR_I = b"\x03"
_LITERAL = 0x04
_EXT_T_0 = b"\x80"
_OPAQUE = b"\xc3"
_HAS_CONTENT, _HAS_ATTRIBUTES = 0x40, 0x80
_UTF_8 = 0x6A
_TRUE, _FALSE = 0x2C, 0x0B


class _Output:
    """What has been written: the body, the page it is on, and the strings of its table."""

    __slots__ = ("body", "page", "strings", "table_length")

    def __init__(self) -> None:
        self.body = bytearray()
        self.page = 0
        self.strings: dict[str, int] = {}
        self.table_length = 0

    def tag(self, page: int, opening: bytes) -> None:
        """Write a tag, on its page."""
        if page != self.page:
            self.body += bytes((0, page))
            self.page = page
        self.body += opening

    def offset_of(self, string: str) -> bytes:
        """Where the string table has a string, as a multi-byte integer."""
        if string not in self.strings:
            self.strings[string] = self.table_length
            self.table_length += len(string.encode()) + 1
        return multi_byte(self.strings[string])


Write = Callable[[Any, _Output], None]


def write_document(root: Root, version: Version) -> bytes:
    """A whole document, under the public id of the version, in UTF-8."""
    declared: type = type(root)
    declaration = declared_in(declared, version)
    out = _Output()
    page, token = _tokens(version)[declaration.name]
    if declaration.xmlns:
        out.tag(page, bytes((token | _HAS_CONTENT | _HAS_ATTRIBUTES,)))
        out.body += _xmlns(declaration.name, version)
    else:
        out.tag(page, bytes((token | _HAS_CONTENT,)))
    _writer(declared, version)(root, out)
    out.body += _END
    table = b"".join(string.encode() + b"\0" for string in out.strings)
    header = bytes((3, tokens.PUBLIC_IDS[version], _UTF_8)) + multi_byte(len(table))
    return header + table + bytes(out.body)


def multi_byte(number: int) -> bytes:
    """A number in groups of seven bits, most significant first."""
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(number & 0x7F | 0x80)
    return bytes(reversed(octets))


@cache
def _tokens(version: Version) -> dict[str, tuple[int, int]]:
    return {name: place for place, name in tokens.TAGS[version].items()}


@cache
def _words(version: Version) -> dict[str, bytes]:
    """The token of each word; of two for one word, the lower."""
    words: dict[str, bytes] = {}
    for token, word in sorted(tokens.WORDS[version].items()):
        if word not in tokens.TEXT_ONLY_WORDS:
            words.setdefault(tokens.TEXT_OF_WORD.get(word, word), _EXT_T_0 + multi_byte(token))
    return words


@cache
def _xmlns(name: str, version: Version) -> bytes:
    """The attribute that names a namespace: a token for its prefix, and the rest."""
    uri = NAMESPACES[version][name]
    token, prefix = max(
        ((token, prefix) for token, prefix in tokens.XMLNS_PREFIXES.items() if prefix in uri),
        key=lambda found: len(found[1]),
    )
    return bytes((token,)) + _inline(uri.removeprefix(prefix)) + _END


def _inline(text: str) -> bytes:
    return _STR_I + text.replace("\0", "").encode("utf-8", "replace") + b"\0"


def _opaque(octets: bytes) -> bytes:
    return _OPAQUE + multi_byte(len(octets)) + octets


@cache
def _writer(declared: type, version: Version) -> Write:
    """Writes what stands between the tags of a structure."""
    declaration = declared_in(declared, version)
    text = bare_text(declaration, version)
    if text:
        encode = _leaf(text, version)
        attribute = text.attribute

        def write_text(value: Any, out: _Output) -> None:
            out.body += encode(getattr(value, attribute) or "")

        return write_text
    return children_writer(declaration, version, _child_writer)


def _child_writer(child: Child, version: Version) -> Write:
    element = child.element
    if element.flat:
        return children_writer(declaration_of(child.type), version, _child_writer)
    page, token = _tokens(version)[element.name]
    opening = bytes((token | _HAS_CONTENT,))
    match child.kind:
        case Kind.MARK:
            return lambda item, out: out.tag(page, bytes((token,))) if item else None
        case Kind.STRUCTURE:
            return _structure_writer(child, version, page, token)
        case Kind.PRIMITIVE:
            return _primitive_writer(element.name, version)
        case Kind.EXTENSION:
            return lambda item, out: _write_extension(page, token, item, out)
    encode = _leaf(child, version)
    if packed_in(child, version):

        def put_packed(items: Any, out: _Output) -> None:
            if items:
                out.tag(page, opening)
                out.body += _inline(",".join(item.value for item in items)) + _END

        return put_packed

    def put(item: Any, out: _Output) -> None:
        out.tag(page, opening)
        out.body += encode(item)
        out.body += _END

    return put


def _leaf(child: Child, version: Version) -> Callable[[Any], bytes]:
    """How the value of a child without children is written: token, octets or text."""
    element = child.element
    words = _words(version)
    match child.kind:
        case Kind.INTEGER if not element.text:
            return lambda item: _opaque(octets_of(item))
        case Kind.BOOLEAN:
            return lambda item: _EXT_T_0 + bytes((_TRUE if item else _FALSE,))
        case Kind.DATE:
            return lambda item: _inline(date_text(item))
        case Kind.ENUMERATION:
            return _enumeration(child, version).__getitem__
        case Kind.CONTENT:
            return lambda item: _opaque(item) if isinstance(item, bytes) else _inline(item)
        case _ if element.tokens:
            return lambda item: words.get(item) or _inline(item)
        case _:
            return lambda item: _inline(str(item))


def _enumeration(child: Child, version: Version) -> dict[Any, bytes]:
    presence = tokens.PRESENCE_WORDS[version] if child.element.presence else {}
    words = {} if child.element.text else _words(version)
    encoded = {}
    for member in child.type:
        if member.value in presence:
            encoded[member] = _EXT_T_0 + multi_byte(presence[member.value])
        else:
            encoded[member] = words.get(member.value) or _inline(member.value)
    return encoded


def _structure_writer(child: Child, version: Version, page: int, token: int) -> Write:
    declaration = declaration_of(child.type)
    inner = _writer(child.type, version)
    opening = bytes((token | _HAS_CONTENT,))
    if declaration.xmlns:
        opening = bytes((token | _HAS_CONTENT | _HAS_ATTRIBUTES,))
        opening += _xmlns(child.element.name, version)

    def put(item: Any, out: _Output) -> None:
        out.tag(page, opening)
        inner(item, out)
        out.body += _END

    return put


def _primitive_writer(name: str, version: Version) -> Write:
    page, token = _tokens(version)[name]
    opening = bytes((token | _HAS_CONTENT | _HAS_ATTRIBUTES,)) + _xmlns(name, version)
    writers: dict[type, Write] = {}

    def put(item: Any, out: _Output) -> None:
        writer = writers.get(type(item))
        if writer is None:
            writer = writers[type(item)] = _named_writer(type(item), version)
        out.tag(page, opening)
        writer(item, out)
        out.body += _END

    return put


def _named_writer(declared: type, version: Version) -> Write:
    """Writes a primitive between its own tags."""
    declaration = declared_in(declared, version)
    page, token = _tokens(version)[declaration.name]
    if declaration.xmlns:
        return lambda item, out: _write_extension(page, token, item.extension, out)
    opening = bytes((token | _HAS_CONTENT,))
    inner = _writer(declared, version)

    def put(item: Any, out: _Output) -> None:
        out.tag(page, opening)
        inner(item, out)
        out.body += _END

    return put


def _write_extension(page: int, token: int, item: Extension, out: _Output) -> None:
    flags = _HAS_CONTENT | (_HAS_ATTRIBUTES if item.namespace else 0)
    out.tag(page, bytes((token | flags,)))
    _write_attributes((), item.namespace, out)
    _write_foreign(item.content, out)
    out.body += _END


def _write_attributes(
    attributes: tuple[tuple[str, str], ...], namespace: str | None, out: _Output
) -> None:
    named = [("xmlns", namespace), *attributes] if namespace else list(attributes)
    for name, value in named:
        out.body += bytes((_LITERAL,)) + out.offset_of(name) + _inline(value or "")
    if named:
        out.body += _END


def _write_foreign(content: tuple[str | Foreign, ...], out: _Output) -> None:
    for item in content:
        if isinstance(item, str):
            out.body += _inline(item)
            continue
        attributes = bool(item.attributes or item.namespace)
        out.body.append(_LITERAL | _HAS_CONTENT | (_HAS_ATTRIBUTES if attributes else 0))
        out.body += out.offset_of(item.name)
        _write_attributes(item.attributes, item.namespace, out)
        _write_foreign(item.content, out)
        out.body += _END
