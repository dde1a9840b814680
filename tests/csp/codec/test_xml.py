"""What real clients send in XML is read, whatever they put around it."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from imps.csp.codec.document import Document
from imps.csp.codec.xml import XMLCodec
from imps.csp.primitives.access import (
    ClientCapabilityRequest,
    GetSPInfoRequest,
    LoginRequest,
    PollingRequest,
)
from imps.csp.primitives.attributes import PresenceSubList
from imps.csp.primitives.blocking import BlockEntityRequest, BlockList
from imps.csp.primitives.contacts import CreateListRequest
from imps.csp.primitives.declaration import Unknown, Unreadable
from imps.csp.primitives.discovery import (
    WVCSPVersionDiscoveryRequest,
    WVCSPVersionDiscoveryResponse,
)
from imps.csp.primitives.envelope import WVCSPMessage
from imps.csp.primitives.identity import ClientID
from imps.csp.primitives.presence import SubscribePresenceRequest, UpdatePresenceRequest
from imps.csp.primitives.search import SearchPair, SearchRequest
from imps.csp.primitives.values import DigestSchema
from imps.model.address import Address
from imps.model.extension import Extension
from imps.model.search import SearchElement
from imps.model.version import V11, V12, V13
from imps.testing.messages import contents, xml_message

ANN = Address("ann", None, "example.org")
LOGIN = "<Login-Request><UserID>wv:ann@example.org</UserID></Login-Request>"


class XMLTestCase(SynchronousTestCase):
    codec = XMLCodec()

    def decoded(self, document: bytes | str) -> Document:
        return self.codec.decode(document.encode() if isinstance(document, str) else document)

    def read(self, content: str, **around: Any) -> Any:
        """The one primitive of a message."""
        (primitive,) = contents(self.decoded(xml_message(content, **around)).root)
        return primitive


class VersionTests(XMLTestCase):
    """The namespace of the root tells the version, else the public id does."""

    def test_namespace_tells_the_version(self) -> None:
        for version in (V11, V12, V13):
            document = self.decoded(xml_message(LOGIN, version=version))
            self.assertEqual((document.version, document.served), (version, True))

    def test_odd_namespace_tells_the_version(self) -> None:
        odd = "http://www.openmobilealliance.org/WV-CSP1.2"
        document = self.decoded(xml_message(LOGIN, session_namespace=odd))
        self.assertEqual(document.version, V12)
        self.assertEqual(contents(document.root), [LoginRequest(user_id=ANN)])

    def test_version_that_is_not_served_is_noticed(self) -> None:
        for number in ("1.0", "2.0", "13.1"):
            namespace = f"http://www.wireless-village.org/CSP{number}"
            document = self.decoded(xml_message(LOGIN, session_namespace=namespace))
            self.assertEqual((document.version, document.served), (None, False))
            self.assertEqual(contents(document.root), [LoginRequest(user_id=ANN)])

    def test_public_id_tells_the_version_of_a_document_without_namespace(self) -> None:
        for public_id, version in (
            ("-//OMA//DTD WV-CSP 1.1//EN", V11),
            ("-//WIRELESSVILLAGE//DTD CSP 1.1//EN", V11),
            ("-//OMA//DTD WV-CSP 1.2//EN", V12),
            ("-//OMA//DTD IMPS-CSP 1.3//EN", V13),
            ("-//IMPS/DTD Imps v1.1/EN", V11),
            ("-//W3C//DTD XHTML 1.1//EN", None),
        ):
            prolog = f'<!DOCTYPE WV-CSP-Message PUBLIC "{public_id}" "http://example.org/">'
            nameless = xml_message(LOGIN, session_namespace="", prolog=prolog)
            self.assertEqual(self.decoded(nameless).version, version)
            named = xml_message(LOGIN, version=V13, prolog=prolog)
            self.assertEqual(self.decoded(named).version, V13)

    def test_nothing_tells_no_version(self) -> None:
        document = self.decoded(xml_message(LOGIN, session_namespace="", content_namespace=""))
        self.assertEqual((document.version, document.served), (None, True))

    def test_version_discovery_tells_no_version(self) -> None:
        for name in ("VersionDiscovery", "NSDiscovery"):
            document = self.decoded(f"<WV-CSP-{name}-Request/>")
            self.assertEqual(document.root, WVCSPVersionDiscoveryRequest())
            self.assertEqual(document.version, None)
            document = self.decoded(f"<WV-CSP-{name}-Response/>")
            self.assertEqual(document.root, WVCSPVersionDiscoveryResponse())


class NamespaceTests(XMLTestCase):
    """Names count; namespaces only tell foreign elements from ours."""

    def test_any_namespace_of_the_document_will_do(self) -> None:
        for session_namespace in ("", "urn:a", "http://www.wireless-village.org/CSP1.1"):
            for content_namespace in ("", "urn:b", "http://www.wireless-village.org/TRC1.1"):
                primitive = self.read(
                    LOGIN,
                    session_namespace=session_namespace,
                    content_namespace=content_namespace,
                )
                self.assertEqual(primitive, LoginRequest(user_id=ANN))

    def test_prefixes_will_do(self) -> None:
        for namespace in ("http://www.openmobilealliance.org/DTD/WV-CSP1.2", "urn:a"):
            document = xml_message(LOGIN, session_namespace="", content_namespace="").decode()
            for name in ("UserID", "Transaction", "Session", "Login", "WV-CSP"):
                document = document.replace(f"<{name}", f"<p:{name}")
                document = document.replace(f"</{name}", f"</p:{name}")
            document = document.replace(
                "<p:WV-CSP-Message", f"<p:WV-CSP-Message xmlns:p='{namespace}'"
            )
            (primitive,) = contents(self.decoded(document).root)
            self.assertEqual(primitive, LoginRequest(user_id=ANN))

    def test_presence_attributes_may_be_in_any_namespace(self) -> None:
        for xmlns in (
            "",
            ' xmlns=""',
            ' xmlns="urn:p"',
            ' xmlns="http://www.wireless-village.org/PA1.1"',
        ):
            update = self.read(
                f"<UpdatePresence-Request><PresenceSubList{xmlns}><UserAvailability/>"
                "</PresenceSubList></UpdatePresence-Request>"
            )
            assert isinstance(update, UpdatePresenceRequest)
            assert update.presence_sub_list is not None
            self.assertIsNotNone(update.presence_sub_list.user_availability)

    def test_foreign_element_of_the_same_name_is_skipped(self) -> None:
        login = self.read(
            '<Login-Request xmlns:v="urn:v"><v:UserID>wv:eve</v:UserID>'
            "<UserID>wv:ann@example.org</UserID><v:UserID>wv:eve</v:UserID></Login-Request>"
        )
        self.assertEqual(login, LoginRequest(user_id=ANN))

    def test_foreign_primitive_of_the_same_name_is_unknown(self) -> None:
        self.assertEqual(
            self.read('<Logout-Request xmlns="urn:v"/>'), Unknown(name="Logout-Request")
        )

    def test_conditions_of_a_search_are_read_in_any_namespace(self) -> None:
        search = self.read(
            "<Search-Request><SearchPairList><SearchElement>USER_ID</SearchElement>"
            "<SearchString>ann</SearchString></SearchPairList></Search-Request>",
            content_namespace="urn:b",
        )
        assert isinstance(search, SearchRequest)
        pair = SearchPair(search_element=SearchElement.USER_ID, search_string="ann")
        self.assertEqual(search.search_pair_lists[0].search_pairs, (pair,))


class NoiseTests(XMLTestCase):
    """What is not ours is skipped."""

    def test_comments_and_instructions_inside_text_are_skipped(self) -> None:
        noise = "<!-- -- -->".replace(" -- ", " & ") + "<?vendor a='b'?>"
        text = f"{noise}wv:a{noise}nn@exa{noise}mple.org{noise}"
        document = f"{noise}" + xml_message(LOGIN).decode().replace("wv:ann@example.org", text)
        self.assertEqual(contents(self.decoded(document + noise).root), [LoginRequest(user_id=ANN)])

    def test_character_data_sections_are_text(self) -> None:
        login = self.read(LOGIN.replace("ann", "<![CDATA[a]]>n<![CDATA[n]]>"))
        self.assertEqual(login, LoginRequest(user_id=ANN))

    def test_stray_text_and_white_space_are_skipped(self) -> None:
        document = xml_message(LOGIN).decode().replace("><", "> page 12 \n\t<")
        document = document.replace("Inband", " Inband\n").replace("wv:", "\r\n wv:")
        self.assertEqual(
            contents(self.decoded(f"\n{document}\n").root), [LoginRequest(user_id=ANN)]
        )

    def test_unknown_elements_and_attributes_are_skipped(self) -> None:
        unknown = '<ColibriaExtensions a="b"><UserID>wv:eve</UserID>text<a/></ColibriaExtensions>'
        document = xml_message(LOGIN).decode().replace("<Session>", f"<Session a='1'>{unknown}")
        document = document.replace("<UserID>", f'{unknown}<UserID xml:lang="en" b="">')
        document = document.replace("<TransactionID>", f"{unknown}<TransactionID>")
        self.assertEqual(contents(self.decoded(document).root), [LoginRequest(user_id=ANN)])

    def test_children_are_read_in_any_order(self) -> None:
        login = self.read(
            "<Login-Request><SessionCookie>c</SessionCookie><DigestSchema>SHA</DigestSchema>"
            "<TimeToLive>60</TimeToLive><UserID>wv:ann@example.org</UserID>"
            "<DigestSchema>MD5</DigestSchema></Login-Request>"
        )
        self.assertEqual(
            login,
            LoginRequest(
                user_id=ANN,
                session_cookie="c",
                time_to_live=60,
                digest_schemas=(DigestSchema.SHA, DigestSchema.MD5),
            ),
        )

    def test_envelope_is_read_in_any_order(self) -> None:
        document = (
            "<WV-CSP-Message><Session><Poll>T</Poll><Transaction>"
            "<TransactionContent><Polling-Request/></TransactionContent><TransactionDescriptor>"
            "<TransactionID/><TransactionMode>request</TransactionMode></TransactionDescriptor>"
            "</Transaction><SessionDescriptor><SessionType>INBAND</SessionType>"
            "</SessionDescriptor></Session></WV-CSP-Message>"
        )
        root = self.decoded(document).root
        assert isinstance(root, WVCSPMessage)
        self.assertEqual(contents(root), [PollingRequest()])
        self.assertEqual(root.session.poll, True)
        self.assertEqual(root.session.transactions[0].descriptor.transaction_id, "")

    def test_declared_encodings_and_byte_order_marks_are_read(self) -> None:
        login = "<Login-Request><UserID>wv:\u00e9</UserID></Login-Request>"
        text = xml_message(login).decode()
        for prolog, encoding in (
            ('<?xml version="1.0" encoding="ISO-8859-1"?>', "latin-1"),
            ("\n <?xml version='1.0' encoding = 'windows-1252'?>", "cp1252"),
            ('<?xml version="1.0" encoding="utf-8" standalone="yes"?>', "utf-8"),
            ('\ufeff<?xml version="1.0"?>', "utf-8"),
            ("\ufeff", "utf-8"),
            ("", "utf-8"),
        ):
            (primitive,) = contents(self.decoded((prolog + text).encode(encoding)).root)
            self.assertEqual(primitive, LoginRequest(user_id=Address("\u00e9")))

    def test_several_transactions_are_read(self) -> None:
        document = xml_message(LOGIN, "<Polling-Request/>", "<GetSPInfo-Request/>")
        expected = [LoginRequest(user_id=ANN), PollingRequest(), GetSPInfoRequest()]
        self.assertEqual(contents(self.decoded(document).root), expected)

    def test_poll_is_read_where_each_version_has_it(self) -> None:
        in_session = self.decoded(xml_message(LOGIN, version=V12, poll="<Poll>T</Poll>")).root
        assert isinstance(in_session, WVCSPMessage)
        self.assertEqual(in_session.session.poll, True)
        document = xml_message(LOGIN, version=V11).decode()
        document = document.replace("</TransactionID>", "</TransactionID><Poll>F</Poll>")
        in_transaction = self.decoded(document).root
        assert isinstance(in_transaction, WVCSPMessage)
        self.assertEqual(in_transaction.session.transactions[0].descriptor.poll, False)


class SpellingTests(XMLTestCase):
    """Old and odd spellings are read, and written as they should be."""

    def test_older_names_are_read(self) -> None:
        self.assertEqual(
            self.read("<BlockUser-Request><BlockList/></BlockUser-Request>"),
            BlockEntityRequest(block_list=BlockList()),
        )
        capabilities = self.read(
            "<ClientCapability-Request><CapabilityList><AcceptedCharSet>106</AcceptedCharSet>"
            "</CapabilityList></ClientCapability-Request>"
        )
        assert isinstance(capabilities, ClientCapabilityRequest)
        assert capabilities.capability_list is not None
        self.assertEqual(capabilities.capability_list.accepted_charsets, (106,))
        subscribe = self.read(
            "<SubscribePresence-Request><Auto-Subscribe>T</Auto-Subscribe>"
            "</SubscribePresence-Request>"
        )
        self.assertEqual(subscribe, SubscribePresenceRequest(auto_subscribe=True))

    def presence(self, attributes: str) -> PresenceSubList:
        update = self.read(
            f"<UpdatePresence-Request><PresenceSubList>{attributes}</PresenceSubList>"
            "</UpdatePresence-Request>"
        )
        assert isinstance(update, UpdatePresenceRequest)
        assert update.presence_sub_list is not None
        return update.presence_sub_list

    def test_older_names_of_presence_attributes_are_read(self) -> None:
        presence = self.presence(
            "<PreferredContacts><AddrPref><PrefC>IM</PrefC><CAddr>wv:a</CAddr>"
            "<Cstatus>open</Cstatus><CName>Ann</CName></AddrPref></PreferredContacts>"
            "<StatusContent><PreferredContent>http://a/</PreferredContent></StatusContent>"
            "<ContactInfo><PreferredvCard>http://b/</PreferredvCard></ContactInfo>"
        )
        assert presence.preferred_contacts and presence.status_content and presence.contact_info
        (preference,) = presence.preferred_contacts.addr_prefs
        self.assertEqual((preference.caddr, preference.cname), ("wv:a", "Ann"))
        self.assertEqual(presence.status_content.referred_content, "http://a/")
        self.assertEqual(presence.contact_info.referred_v_card, "http://b/")

    def test_extended_data_is_read_under_its_older_name(self) -> None:
        root = self.decoded(
            "<WV-CSP-NSDiscovery-Request><Extended-Data>x</Extended-Data>"
            "</WV-CSP-NSDiscovery-Request>"
        ).root
        expected = WVCSPVersionDiscoveryRequest(extended_datas=(Extension(content=("x",)),))
        self.assertEqual(root, expected)

    def test_user_around_the_id_of_a_nick_name_is_read(self) -> None:
        create = self.read(
            "<CreateList-Request><ContactList>wv:a/b</ContactList><NickList><NickName>"
            "<Name> Ann </Name><User><UserID>wv:ann@example.org</UserID></User>"
            "</NickName></NickList></CreateList-Request>"
        )
        assert isinstance(create, CreateListRequest)
        assert create.nick_list is not None
        (nick_name,) = create.nick_list.nick_names
        self.assertEqual((nick_name.name, nick_name.user_id), (" Ann ", ANN))

    def test_several_digest_schemas_in_one_element_are_read(self) -> None:
        for version in (V11, V12):
            login = self.read(
                "<Login-Request><DigestSchema>PWD, md5,SHA ,,MD6,SHA-9</DigestSchema>"
                "</Login-Request>",
                version=version,
            )
            self.assertEqual(
                login.digest_schemas,
                (DigestSchema.PWD, DigestSchema.MD5, DigestSchema.SHA, DigestSchema.MD6),
            )

    def test_client_id_of_bare_text_is_a_url(self) -> None:
        info = self.read("<GetSPInfo-Request><ClientID> JiMMY\n</ClientID></GetSPInfo-Request>")
        self.assertEqual(info, GetSPInfoRequest(client_id=ClientID(url="JiMMY")))

    def test_empty_boolean_leaves_things_as_they_are(self) -> None:
        block = self.read(
            "<BlockEntity-Request><BlockList><InUse/></BlockList></BlockEntity-Request>"
        )
        self.assertEqual(block, BlockEntityRequest(block_list=BlockList(in_use=None)))

    def test_hexadecimal_numbers_are_read(self) -> None:
        search = self.read("<Search-Request><SearchID>0x23829381</SearchID></Search-Request>")
        self.assertEqual(search, SearchRequest(search_id=0x23829381))

    def test_charsets_of_other_names_than_numbers_are_skipped(self) -> None:
        for name in ("AcceptedCharset", "PlainTextCharset"):
            each = f"<{name}>UTF-8</{name}><{name}>106</{name}><{name}/>"
            offered = f"<CapabilityList>{each}</CapabilityList>"
            said = self.read(f"<ClientCapability-Request>{offered}</ClientCapability-Request>")
            charsets = said.capability_list.accepted_charsets
            self.assertEqual(charsets + said.capability_list.plain_text_charsets, (106,))


class TroubleTests(XMLTestCase):
    """One bad transaction does not spoil the others."""

    def test_unknown_primitive_is_named(self) -> None:
        document = xml_message("<Foo-Request><UserID>wv:a</UserID></Foo-Request>", LOGIN)
        unknown, login = contents(self.decoded(document).root)
        self.assertEqual(unknown, Unknown(name="Foo-Request"))
        self.assertEqual(login, LoginRequest(user_id=ANN))

    def test_empty_content_is_an_unknown_primitive(self) -> None:
        self.assertEqual(self.read(""), Unknown(name=""))

    def test_bad_value_is_told_by_its_element(self) -> None:
        for content, element in (
            ("<KeepAlive-Request><TimeToLive>soon</TimeToLive></KeepAlive-Request>", "TimeToLive"),
            ("<Login-Request><TimeToLive>1 2</TimeToLive></Login-Request>", "TimeToLive"),
            (
                "<PresenceAuth-User><UserID>wv:a</UserID><Acceptance>maybe</Acceptance>"
                "</PresenceAuth-User>",
                "Acceptance",
            ),
            (
                "<SubscribeGroupNotice-Request><GroupID>wv:a/b</GroupID>"
                "<SubscribeType>X</SubscribeType></SubscribeGroupNotice-Request>",
                "SubscribeType",
            ),
        ):
            bad, login = contents(self.decoded(xml_message(content, LOGIN)).root)
            assert isinstance(bad, Unreadable), bad
            self.assertEqual((bad.element, bad.missing_or_unusable), (element, True))
            self.assertEqual(login, LoginRequest(user_id=ANN))

    def test_missing_child_is_told_by_its_element(self) -> None:
        for content, element in (
            ("<GetMessage-Request/>", "MessageID"),
            ("<Status><Result><Code/></Result></Status>", "Code"),
            ("<SendMessage-Request><DeliveryReport>F</DeliveryReport></SendMessage-Request>",) * 2,
        ):
            bad = self.read(content)
            assert isinstance(bad, Unreadable), bad
            self.assertEqual(bad.element, "MessageInfo" if element == content else element)

    def test_condition_of_a_search_without_its_subject_is_unreadable(self) -> None:
        bad = self.read(
            "<Search-Request><SearchPairList><SearchElement/><SearchString>a</SearchString>"
            "</SearchPairList></Search-Request>"
        )
        assert isinstance(bad, Unreadable), bad
        self.assertEqual(bad.element, "SearchElement")

    def test_no_value_stands_in_the_reason(self) -> None:
        bad = self.read("<Login-Request><TimeToLive>secret</TimeToLive></Login-Request>")
        self.assertNotIn("secret", str(bad))
