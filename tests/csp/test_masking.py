"""What operators see of messages: enough to help, and nothing that is private."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.codec.reading import Node
from imps.csp.masking import MOST_CHARACTERS, SHOWN, SHOWN_WITHIN, WORDS, masked
from imps.csp.primitives import PRIMITIVES
from imps.csp.primitives.declaration import Child, Kind, children_of, declaration_of
from imps.csp.primitives.envelope import WVCSPMessage
from imps.model.version import V13, Version
from imps.syntax.xml import local_name
from imps.testing.door import CODECS, EVERY
from imps.testing.strategies import documents

SECRET = "hunter2"

PRIVATE = frozenset(
    {
        # Who can sign on, or go on.
        *("Password", "DigestBytes", "Nonce", "SessionCookie", "SessionID", "VerificationKey"),
        # What users say to each other, and the server to them.
        *("ContentData", "ContentName", "MessageURI", "InviteNote", "ResponseNote", "InText"),
        *("SystemMessageText", "SystemMessageID", "AnswerOptionText", "ChosenOptionID"),
        *("ExtBlock", "ExtBlockETEM", "ExtendedData", "SegmentContent"),
        # How they are, and where.
        *("PresenceValue", "DirectContent", "ReferredContent", "ContainedvCard", "ReferredvCard"),
        *("Longitude", "Latitude", "Altitude", "Accuracy", "Zone", "Country", "City", "Street"),
        *("Crossing1", "Crossing2", "Building", "NamedArea", "Contact", "Note", "Caddr", "Cname"),
        *("Link", "Text", "Language", "Model"),
        # What they call each other, and look for.
        *("SName", "FriendlyName", "Value", "SearchString", "AdvancedCriteria"),
    }
)

LEAVES = frozenset(Kind) - {Kind.STRUCTURE, Kind.PRIMITIVE}

MESSAGE = f"""
<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/IMPS-CSP1.3">
  <Session>
    <SessionDescriptor>
      <SessionType>Inband</SessionType>
      <SessionID>07abcdef0123456789abcdef0123456789</SessionID>
    </SessionDescriptor>
    <Transaction>
      <TransactionDescriptor>
        <TransactionMode>Request</TransactionMode>
        <TransactionID>1</TransactionID>
      </TransactionDescriptor>
      <TransactionContent xmlns="http://www.openmobilealliance.org/DTD/IMPS-TRC1.3">
        <SendMessage-Request>
          <DeliveryReport>F</DeliveryReport>
          <MessageInfo>
            <ContentType>text/plain</ContentType>
            <ContentSize>300</ContentSize>
            <Recipient>
              <User>
                <UserID>wv:bob@example.org</UserID>
                <ClientID>
                  <URL>phone</URL>
                </ClientID>
              </User>
            </Recipient>
            <DateTime>20260101T000000Z</DateTime>
            <Validity>70000</Validity>
          </MessageInfo>
          <ContentData>{SECRET}</ContentData>
        </SendMessage-Request>
      </TransactionContent>
    </Transaction>
    <Poll>F</Poll>
  </Session>
</WV-CSP-Message>
"""

SHOWN_OF_MESSAGE = (
    MESSAGE.strip()
    .replace(' xmlns="http://www.openmobilealliance.org/DTD/IMPS-CSP1.3"', "")
    .replace(' xmlns="http://www.openmobilealliance.org/DTD/IMPS-TRC1.3"', "")
    .replace("07abcdef0123456789abcdef0123456789", "07abcd…")
    .replace(SECRET, "[7 octets]")
)


def paths() -> dict[type, tuple[str, ...]]:
    """Every declared structure that a message can hold, and the elements down to it."""
    found: dict[type, tuple[str, ...]] = {WVCSPMessage: ("WV-CSP-Message",)}
    due = deque([WVCSPMessage])
    while due:
        declared = due.popleft()
        for child in children_of(declared):
            name = () if child.element.flat else (child.element.name,)
            inside = {child.type: name}
            if child.kind is Kind.PRIMITIVE:
                inside = {each: (*name, word) for word, each in PRIMITIVES.items()}
            elif child.kind is not Kind.STRUCTURE:
                continue
            for each in inside.keys() - found.keys():
                found[each] = (*found[declared], *inside[each])
                due.append(each)
    return found


def nested(path: tuple[str, ...], text: str) -> etree._Element:
    """Elements within each other, and a text in the innermost."""
    root = element = etree.Element(path[0])
    for name in path[1:]:
        element = etree.SubElement(element, name)
    element.text = text
    return root


def leaves() -> list[tuple[tuple[str, ...], str, Child]]:
    """Every child without children: where its structure is, the name of that, and the child."""
    return [
        (path, declaration_of(declared).name, child)
        for declared, path in paths().items()
        for child in children_of(declared)
        if child.kind in LEAVES and child.element.name
    ]


class DeclarationTests(SynchronousTestCase):
    def test_what_is_declared_as_shown_is_and_nothing_else(self) -> None:
        shown_anywhere, shown_within = set(), set()
        for path, within, child in leaves():
            name = child.element.name
            for alias in (name, *child.element.aliases):
                said = masked(nested((*path, alias), SECRET))
                is_listed = name in SHOWN or name in SHOWN_WITHIN.get(within, ())
                is_listed &= child.kind not in WORDS
                self.assertEqual(SECRET in said, is_listed, (within, alias))
                self.assertEqual("[7 octets]" in said, not is_listed, (within, alias))
            shown_anywhere |= {name} & SHOWN
            shown_within |= {(within, name)} if name in SHOWN_WITHIN.get(within, ()) else set()
        self.assertEqual(shown_anywhere, SHOWN)
        listed = {(within, name) for within in SHOWN_WITHIN for name in SHOWN_WITHIN[within]}
        self.assertEqual(shown_within, listed)

    def test_nothing_private_is_listed(self) -> None:
        self.assertEqual(PRIVATE & SHOWN, set())
        declared = {child.element.name for _, _, child in leaves()}
        self.assertEqual(PRIVATE - declared, set())
        for within, name in {("NickName", "Name"), ("URLList", "URL"), ("GetMap-Response", "URL")}:
            self.assertNotIn(name, SHOWN_WITHIN.get(within, ()))

    def test_structure_for_which_a_text_stands_is_as_that_child(self) -> None:
        path = paths()
        for declared in path:
            declaration = declaration_of(declared)
            said = masked(nested(path[declared], SECRET))
            is_shown = declaration.name in ("ClientID", "AcceptedContentType")
            self.assertEqual(SECRET in said, is_shown, declaration.name)


class DocumentTests(SynchronousTestCase):
    """Whole documents, of every version and in both encodings."""

    @given(st.data(), st.sampled_from(EVERY))
    def test_no_private_text_is_shown(self, data: st.DataObject, how: tuple[Version, str]) -> None:
        version, encoding = how
        document = data.draw(documents(version, "wbxml" if encoding == "wbxml" else "xml"))
        root = CODECS[encoding].tree(CODECS[encoding].encode(document, version))
        self.hide(root)
        self.assertNotIn(SECRET, masked(root))

    def hide(self, node: Node) -> None:
        """Put a secret wherever something private stands."""
        if local_name(node.tag)[1] in PRIVATE:
            node.text = SECRET
            return
        for each in node:
            self.hide(each)

    def test_message_is_shown_alike_in_both_encodings(self) -> None:
        document = CODECS["xml"].decode(MESSAGE.encode())
        for codec in CODECS.values():
            octets = codec.encode(document.root, V13)
            self.assertEqual(masked(codec.tree(octets)), SHOWN_OF_MESSAGE)


class TroubleTests(SynchronousTestCase):
    """Messages that are not as they should be, which is why somebody looks."""

    def shown(self, content: str) -> list[str]:
        """The lines of what stands in a request."""
        before, _, rest = MESSAGE.partition("<DeliveryReport>F</DeliveryReport>")
        document = (before + content + rest).strip().encode()
        lines = masked(CODECS["xml"].tree(document)).splitlines()
        begin = next(n for n, line in enumerate(lines) if "<SendMessage-Request>" in line) + 1
        end = next(n for n, line in enumerate(lines) if "<MessageInfo>" in line)
        return [line.strip() for line in lines[begin:end]]

    def test_what_nobody_declares_has_a_name_and_a_size(self) -> None:
        self.assertEqual(self.shown("<Urgent>é</Urgent>"), ["<Urgent>[2 octets]</Urgent>"])
        self.assertEqual(self.shown("<Urgent/>"), ["<Urgent/>"])
        inside = "<Urgent><UserID>bob</UserID> and <UserID>carl</UserID></Urgent>"
        self.assertEqual(self.shown(inside), ["<Urgent>[12 octets]</Urgent>"])

    def test_what_is_in_foreign_namespaces_is_not_taken_for_ours(self) -> None:
        foreign = '<MessageInfo xmlns="urn:vendor"><ContentSize>5</ContentSize></MessageInfo>'
        before = "<DeliveryReport>T</DeliveryReport>"
        self.assertEqual(self.shown(before + foreign)[0], before)
        said = masked(CODECS["xml"].tree(MESSAGE.replace("<Poll>F", f"{foreign}<Poll>F").encode()))
        self.assertIn("    <MessageInfo>[1 octet]</MessageInfo>", said)

    def test_word_that_is_none_is_masked(self) -> None:
        for word, said in {"t": "T", "yes": "[3 octets]"}.items():
            shown = self.shown(f"<DeliveryReport>{word}</DeliveryReport>")
            self.assertEqual(shown, [f"<DeliveryReport>{said}</DeliveryReport>"])

    def test_number_that_is_none_is_shown_as_it_is(self) -> None:
        said = masked(CODECS["xml"].tree(MESSAGE.replace("70000", "soon").encode()))
        self.assertIn("<Validity>soon</Validity>", said)

    def test_element_with_others_in_it_that_should_hold_text_is_masked(self) -> None:
        said = masked(CODECS["xml"].tree(MESSAGE.replace("70000", "<b>70</b>000").encode()))
        self.assertIn("<Validity>[5 octets]</Validity>", said)

    def test_text_does_nothing_to_a_terminal(self) -> None:
        message = MESSAGE.replace("wv:bob@", "&lt;b&gt;\u202ebob&#10;\u009b31m@")
        said = masked(CODECS["xml"].tree(message.encode()))
        self.assertIn(r"<UserID>&lt;b&gt;\u202ebob\n\x9b31m@example.org</UserID>", said)

    def test_long_text_is_cut(self) -> None:
        said = masked(CODECS["xml"].tree(MESSAGE.replace("wv:bob", "wv:" + 300 * "b").encode()))
        self.assertIn(f"<UserID>wv:{197 * 'b'}…</UserID>", said)

    def test_large_document_is_cut(self) -> None:
        message = MESSAGE.replace("<Recipient>", f"<Recipient>{10_000 * '<User/>'}")
        said = masked(CODECS["xml"].tree(message.encode()))
        self.assertTrue(said.endswith("\n[and so on]"))
        self.assertLess(len(said), MOST_CHARACTERS * 2)

    def test_session_id_that_is_none_is_masked(self) -> None:
        said = masked(CODECS["xml"].tree(MESSAGE.replace("abcdef0123456789", "").encode()))
        self.assertIn("<SessionID>[2 octets]</SessionID>", said)
