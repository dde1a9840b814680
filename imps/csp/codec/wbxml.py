"""CSP in WBXML (OMA WBXML 1.3 with the token tables of CSP).

Values that are words travel as EXT_T_0 tokens, a peculiarity of CSP; xmlns is the only attribute.
"""

from __future__ import annotations

from functools import cache

from imps.csp.codec import tokens
from imps.csp.codec.document import (
    ROOTS,
    CodecError,
    Document,
    Limits,
    Root,
    version_in_namespace,
    version_in_public_id,
)
from imps.csp.codec.reading import Reader
from imps.csp.codec.wbxml_writing import write_document
from imps.csp.primitives.declaration import declaration_of
from imps.model.version import V12, Version
from imps.syntax.texts import utf8

_SWITCH_PAGE, _END, _ENTITY, _STR_I, _LITERAL = 0x00, 0x01, 0x02, 0x03, 0x04
_EXT_I = (0x40, 0x41, 0x42)
_PI = 0x43
_EXT_T_0, _EXT_T_1, _EXT_T_2, _STR_T = 0x80, 0x81, 0x82, 0x83
_OPAQUE = 0xC3
_HAS_CONTENT, _HAS_ATTRIBUTES = 0x40, 0x80

_LONGEST_NAME = 100
_LONGEST_ATTRIBUTE = 1_000
_MOST_ATTRIBUTES = 20
_NO_ATTRIBUTES: dict[str, str] = {}
_ROOTS = {declaration_of(root).name: root for root in ROOTS}


class Node(list["Node"]):
    """An element in the manner of lxml: its children; ``tag``, ``text``, ``tail``, ``attrib``."""

    __slots__ = ("attrib", "tag", "tail", "text")

    def __init__(self, tag: str | None, attrib: dict[str, str]) -> None:
        self.tag = tag
        self.attrib = attrib
        self.text: str | bytes | None = None
        self.tail: str | bytes | None = None


class WBXMLCodec:
    """Reads and writes documents of CSP in WBXML."""

    name = "wbxml"

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._reader = Reader(self._limits.text_characters)

    def decode(self, document: bytes) -> Document:
        """Read a document. Raises CodecError, and nothing else, for what is none."""
        root, version = self._parsed(document)
        if root.tag not in _ROOTS:
            raise CodecError("not a document of CSP")
        value: Root = self._reader.read(_ROOTS[root.tag], root)
        return Document.of(value, root.attrib.get("xmlns"), version)

    def tree(self, document: bytes) -> Node:
        """The elements of a document, whatever they are. Raises CodecError where there are none."""
        return self._parsed(document)[0]

    def _parsed(self, document: bytes) -> tuple[Node, Version | None]:
        """The elements of a document, and the version that its public id names."""
        try:
            parser = _Parser(document, self._limits)
            return parser.parse(), parser.public_version
        except IndexError:
            raise CodecError("truncated") from None

    def encode(self, root: Root, version: Version) -> bytes:
        """Write a document. Raises CannotEncode for what the version does not allow."""
        return write_document(root, version)


@cache
def _tags(version: Version) -> dict[int, str]:
    """Names by page * 64 + token: those of the version, and where it has none of the oldest other.

    Clients send tokens of later and earlier versions; 05/36 is a leftover of a draft.
    """
    union: dict[tuple[int, int], str] = {(5, 0x36): "ContentType"}
    for table in (*reversed(tokens.TAGS.values()), tokens.TAGS[version]):
        union.update(table)
    return {page << 6 | token: name for (page, token), name in union.items()}


@cache
def _words(version: Version) -> dict[int, str]:
    union: dict[int, str] = {}
    for table in (*reversed(tokens.WORDS.values()), tokens.WORDS[version]):
        union.update(table)
    return {token: tokens.TEXT_OF_WORD.get(word, word) for token, word in union.items()}


class _Parser:
    """One pass over one document. Reading past its end raises IndexError."""

    def __init__(self, document: bytes, limits: Limits) -> None:
        self._octets = document
        self._at = 1
        self._limits = limits
        if not document or document[0] not in (1, 2, 3):
            raise CodecError("not WBXML 1.1 to 1.3")
        public_id = self._integer()
        public_id_at = self._integer() if public_id == 0 else None
        charset = self._integer()
        if charset not in (0, 106):
            raise CodecError("not in UTF-8")
        length = self._integer()
        if length > len(document) - self._at:
            raise CodecError("string table longer than the document")
        self._table = document[self._at : self._at + length]
        self._at += length
        self._budget = 16 * len(document) + 65_536
        self.public_version = self._version_of(public_id, public_id_at)

    def _version_of(self, number: int, offset: int | None) -> Version | None:
        if offset is not None:
            return version_in_public_id(self._table_string(offset))
        for version, public_id in tokens.PUBLIC_IDS.items():
            if public_id == number:
                return version
        return None

    def _integer(self) -> int:
        """A multi-byte integer of at most 32 bits."""
        value = 0
        for _ in range(5):
            octet = self._octets[self._at]
            self._at += 1
            value = value << 7 | octet & 0x7F
            if octet < 0x80:
                if value > 0xFFFFFFFF:
                    break
                return value
        raise CodecError("integer too long")

    def _inline_string(self) -> bytes:
        end = self._octets.find(b"\0", self._at)
        if end < 0:
            raise CodecError("string without end")
        string = self._octets[self._at : end]
        self._at = end + 1
        return string

    def _table_string(self, offset: int) -> str:
        """A string of the table. What tables give in all is bounded, as they can be referred to."""
        if offset >= len(self._table):
            raise CodecError("offset outside the string table")
        end = self._table.find(b"\0", offset)
        if end < 0:
            end = len(self._table)
        self._budget -= end - offset + 16
        if self._budget < 0:
            raise CodecError("string table too often referred to")
        return utf8(self._table[offset:end])

    def _name(self) -> str:
        name = self._table_string(self._integer())
        if len(name) > _LONGEST_NAME:
            raise CodecError("name too long")
        return name

    def _character(self) -> str:
        code = self._integer()
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise CodecError("no such character")
        return chr(code)

    def parse(self) -> Node:
        """The root element, with all that is in it."""
        version = self.public_version or V12
        at = self._at
        root = self._body(version)
        named = version_in_namespace(root.attrib.get("xmlns"))
        if named and named is not version:
            self._at = at
            root = self._body(named)
        return root

    def _body(self, version: Version) -> Node:
        tags, words = _tags(version), _words(version)
        octets = self._octets
        page = elements = 0
        top = Node(None, {})
        stack: list[Node] = [top]
        current = top
        pieces: list[str | bytes] = []
        depth_limit, element_limit = self._limits.depth, self._limits.elements
        while True:
            octet = octets[self._at]
            self._at += 1
            token = octet & 0x3F
            if token >= _LITERAL:  # a tag; most are, so they come first
                if pieces:
                    _settle(current, pieces)
                    pieces = []
                tag = self._name() if token == _LITERAL else tags.get(page | token)
                attrib = self._attributes() if octet & _HAS_ATTRIBUTES else _NO_ATTRIBUTES
                node = Node(tag, attrib)
                current.append(node)
                elements += 1
                if elements > element_limit:
                    raise CodecError("too many elements")
                if octet & _HAS_CONTENT:
                    stack.append(node)
                    current = node
                    if len(stack) > depth_limit + 1:
                        raise CodecError("nested too deeply")
                elif current is top:
                    return node
            elif octet == _STR_I:
                pieces.append(utf8(self._inline_string()))
            elif octet == _END:
                if pieces:
                    _settle(current, pieces)
                    pieces = []
                stack.pop()
                current = stack[-1]
                if current is top:
                    return top[0]
            elif octet == _SWITCH_PAGE:
                page = octets[self._at] << 6
                self._at += 1
            elif octet == _EXT_T_0:
                pieces.append(words.get(self._integer(), ""))
            elif octet == _OPAQUE:
                length = self._integer()
                if length > len(octets) - self._at:
                    raise CodecError("truncated")
                pieces.append(octets[self._at : self._at + length])
                self._at += length
            elif octet == _STR_T:
                pieces.append(self._table_string(self._integer()))
            elif octet == _ENTITY:
                pieces.append(self._character())
            elif octet in _EXT_I:
                self._inline_string()
            elif octet in (_EXT_T_1, _EXT_T_2):
                self._integer()
            elif octet == _PI:
                self._attributes()

    def _attributes(self) -> dict[str, str]:
        attrib: dict[str, str] = {}
        name = ""
        while True:
            octet = self._octets[self._at]
            self._at += 1
            piece = ""
            if octet == _END:
                return attrib
            if octet == _SWITCH_PAGE:
                self._at += 1
            elif octet == _LITERAL:
                name = self._name()
            elif octet == _STR_I:
                piece = utf8(self._inline_string())
            elif octet == _STR_T:
                piece = self._table_string(self._integer())
            elif octet == _ENTITY:
                piece = self._character()
            elif octet == _OPAQUE:
                length = self._integer()
                self._at += length
            elif octet in _EXT_I:
                self._inline_string()
            elif octet in (_EXT_T_0, _EXT_T_1, _EXT_T_2):
                self._integer()
            elif octet < 0x80:
                piece = tokens.XMLNS_PREFIXES.get(octet, "")
                name = "xmlns" if piece else ""
            if name:
                attrib[name] = attrib.get(name, "") + piece
                if len(attrib[name]) > _LONGEST_ATTRIBUTE or len(attrib) > _MOST_ATTRIBUTES:
                    raise CodecError("attributes too long")


def _settle(node: Node, pieces: list[str | bytes]) -> None:
    """Join what came between two tags; octets alone stay octets."""
    value: str | bytes
    if len(pieces) == 1:
        value = pieces[0]
    elif all(isinstance(piece, bytes) for piece in pieces):
        value = b"".join(piece for piece in pieces if isinstance(piece, bytes))
    else:
        value = "".join(utf8(piece) if isinstance(piece, bytes) else piece for piece in pieces)
    if len(node):
        node[-1].tail = value
    else:
        node.text = value
