"""What holds for every message of SSP: it survives the codec, and nothing else makes it fail."""

from __future__ import annotations

import contextlib

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.model.partner import Profile
from imps.model.version import V11, V12, V13, Version
from imps.ssp.codec import Limits
from imps.ssp.codec.repair import repaired, session_id_in
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.messages import MESSAGES
from imps.ssp.messages.declaration import declaration_of
from imps.ssp.messages.envelope import SETUP_MESSAGES, SSPMessage
from imps.syntax.errors import CodecError
from imps.testing.ssp_messages import messages

CODEC = XMLCodec()
FEW = max(3, settings().max_examples // 6)
TAGS = ["WV-SSP-Message", "SetupTransaction", "Session", "Transaction", "MetaInfo", "UserID"]


class RoundTripTests(SynchronousTestCase):
    """decode(encode(message)) is the message, whatever it holds, to and from any profile."""

    def assert_survives(self, version: Version, profile: Profile) -> None:
        for declared in [*MESSAGES.values(), *SETUP_MESSAGES]:

            @settings(max_examples=FEW, phases=[Phase.generate])
            @given(messages(declared, version))
            def survives(message: SSPMessage) -> None:
                encoded = CODEC.encode(message.content, version, profile)
                self.assertEqual(CODEC.decode(encoded, profile), message)

            survives()

    def test_among_our_own(self) -> None:
        for version in (V11, V12, V13):
            self.assert_survives(version, Profile.OURS)

    def test_with_the_open_server(self) -> None:
        self.assert_survives(V13, Profile.BARAZA)

    def test_by_the_letter(self) -> None:
        self.assert_survives(V13, Profile.STRICT)

    def test_every_declared_message_is_found_by_its_name(self) -> None:
        for name, declared in MESSAGES.items():
            self.assertEqual(declaration_of(declared).name, name)


class AnyBytesTests(SynchronousTestCase):
    def assert_only_codec_errors(self, document: bytes) -> None:
        for profile in Profile:
            with contextlib.suppress(CodecError):
                CODEC.decode(document, profile)
        repaired(document)
        session_id_in(document)

    @given(st.binary(max_size=300))
    def test_any_bytes_are_read_or_refused(self, document: bytes) -> None:
        self.assert_only_codec_errors(document)

    @given(st.data())
    def test_a_damaged_message_is_read_or_refused(self, data: st.DataObject) -> None:
        declared = data.draw(st.sampled_from([*MESSAGES.values(), *SETUP_MESSAGES]))
        message = data.draw(messages(declared, V13))
        octets = bytearray(CODEC.encode(message.content, V13))
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(octets) - 1))
            octets[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=4))
        self.assert_only_codec_errors(bytes(octets))

    @given(
        st.recursive(
            st.text("ab &;", max_size=4),
            lambda inner: st.builds(
                lambda name, key, value, content: (
                    f'<{name} {key}="{value}">{"".join(content)}</{name}>'
                ),
                st.sampled_from([*TAGS, *MESSAGES]),
                st.sampled_from(
                    ["mode", "transactionID", "sessionID", "userID", "code", "encoding"]
                ),
                st.sampled_from(["Request", "1", "x", "wv:a@b.example", "base64"]),
                st.lists(inner, max_size=3),
            ),
            max_leaves=12,
        )
    )
    def test_elements_in_any_order_are_read_or_refused(self, document: str) -> None:
        self.assert_only_codec_errors(f"<WV-SSP-Message>{document}</WV-SSP-Message>".encode())


class BoundsTests(SynchronousTestCase):
    """Hostile documents end in the one error, before they cost much."""

    def assert_refused(self, document: str | bytes, codec: XMLCodec = CODEC) -> None:
        octets = document.encode() if isinstance(document, str) else document
        self.assertRaises(CodecError, codec.decode, octets)

    def wrapped(self, inner: str) -> str:
        return (
            '<WV-SSP-Message><Session sessionID="a@b"><Transaction mode="Request" '
            f'transactionID="1"><LogoutRequest>{inner}</LogoutRequest></Transaction></Session>'
            "</WV-SSP-Message>"
        )

    def test_the_message_around_these_tests_is_read(self) -> None:
        CODEC.decode(self.wrapped("").encode())

    def test_an_external_entity_is_not_read(self) -> None:
        attack = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        self.assert_refused(attack + self.wrapped("&x;"))

    def test_entities_that_grow_are_refused(self) -> None:
        laughs = "".join(f'<!ENTITY l{n + 1} "{10 * f"&l{n};"}">' for n in range(9))
        attack = f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]>'
        self.assert_refused(attack + self.wrapped("&l9;"))

    def test_deep_nesting_is_refused(self) -> None:
        self.assert_refused(self.wrapped(40 * "<a>" + 40 * "</a>"))
        CODEC.decode(self.wrapped(20 * "<a>" + 20 * "</a>").encode())

    def test_too_many_elements_are_refused(self) -> None:
        self.assert_refused(self.wrapped(101 * "<a/>"), XMLCodec(Limits(elements=100)))

    def test_a_body_over_the_bound_is_refused(self) -> None:
        self.assert_refused(self.wrapped(2 * 1024 * 1024 * " "))

    def test_a_duplicate_attribute_is_refused(self) -> None:
        self.assert_refused(self.wrapped("").replace('mode="Request"', 'mode="Request" mode="x"'))

    def test_nul_is_refused(self) -> None:
        self.assert_refused(self.wrapped("\0"))

    def test_what_is_not_utf_8_is_refused(self) -> None:
        self.assert_refused(self.wrapped("X").encode().replace(b"X", b"\xff"))

    def test_another_root_is_refused(self) -> None:
        self.assert_refused("<WV-CSP-Message/>")

    def test_a_message_without_content_is_refused(self) -> None:
        self.assert_refused("<WV-SSP-Message/>")
        self.assert_refused("<WV-SSP-Message><Session sessionID='a@b'/></WV-SSP-Message>")

    def test_an_unknown_child_of_the_root_is_refused(self) -> None:
        self.assert_refused("<WV-SSP-Message><Poll/></WV-SSP-Message>")
