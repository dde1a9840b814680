"""Presence attributes on their way in and out, in every version and encoding."""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.presence_values import (
    attributes_in,
    presence_element,
    selected_by,
    sub_list_naming,
    values_in,
)
from imps.csp.primitives.attributes import (
    AddrPref,
    ClientInfo,
    CommC,
    CommCap,
    GeoLocation,
    InfLink,
    InfoLink,
    OnlineStatus,
    PreferredContacts,
    PresenceSubList,
    StatusContent,
    StatusMood,
    StatusText,
    UserAvailability,
)
from imps.csp.primitives.common import Result
from imps.csp.primitives.declaration import Unreadable
from imps.csp.primitives.envelope import (
    Session,
    SessionDescriptor,
    Transaction,
    TransactionDescriptor,
    WVCSPMessage,
)
from imps.csp.primitives.identity import ClientID
from imps.csp.primitives.presence import GetPresenceResponse
from imps.csp.primitives.values import SessionType, TransactionMode
from imps.model.address import Address
from imps.model.capability import ClientType
from imps.model.presence import (
    EVERY_ATTRIBUTE,
    Attribute,
    Availability,
    CommunicationMeans,
    ContactStatus,
    Presence,
    PresenceValue,
    Published,
)
from imps.model.status import Refusal
from imps.model.version import V11, V12, V13
from imps.syntax.texts import LARGEST_INTEGER
from imps.testing.door import CODECS, EVERY
from imps.testing.strategies import presence_values, structures

UPDATE = """
<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"><Session>
<SessionDescriptor><SessionType>Inband</SessionType><SessionID>s</SessionID></SessionDescriptor>
<Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode>
<TransactionID>1</TransactionID></TransactionDescriptor>
<TransactionContent xmlns="http://www.openmobilealliance.org/DTD/WV-TRC1.2">
<UpdatePresence-Request>
<PresenceSubList xmlns="http://www.openmobilealliance.org/DTD/WV-PA1.2">{}</PresenceSubList>
</UpdatePresence-Request></TransactionContent></Transaction></Session></WV-CSP-Message>
""".strip()

ANN = Address.parse("wv:ann@localhost")
PHONE, DESK = "phone\n\n", "\n+358501\nchat"

MOOD, TEXT, INFO = Attribute.STATUS_MOOD, Attribute.STATUS_TEXT, Attribute.CLIENT_INFO


def told(*published):
    return Presence(ANN, published)


def valid(*content):
    return PresenceValue(content=content)


def out(presence, version):
    (sub_list,) = presence_element(presence, version).presence_sub_lists
    return sub_list


def over_the_wire(sub_list, version, encoding):
    """A list as a client reads it that gets it in answer to GetPresence."""
    element = evolve(presence_element(told(), version), presence_sub_lists=(sub_list,))
    response = GetPresenceResponse(result=Result(code=200), presences=(element,))
    descriptor = TransactionDescriptor(mode=TransactionMode.RESPONSE, transaction_id="1")
    message = WVCSPMessage(
        session=Session(
            descriptor=SessionDescriptor(session_type=SessionType.INBAND, session_id="s"),
            transactions=(Transaction(descriptor=descriptor, content=response),),
        )
    )
    document = CODECS[encoding].decode(CODECS[encoding].encode(message, version))
    content = document.root.session.transactions[0].content
    (read,) = content.presences[0].presence_sub_lists
    return read


class SelectorTests(SynchronousTestCase):
    def test_elements_name_attributes(self):
        named = PresenceSubList(online_status=(OnlineStatus(),), status_mood=StatusMood())
        expected = {Attribute.ONLINE_STATUS, MOOD}
        self.assertEqual(attributes_in(named, V12), expected)
        self.assertEqual(selected_by(named, V12), expected)

    def test_who_names_nothing_asks_for_all_but_a_list_of_nothing_is_one(self):
        self.assertEqual(selected_by(None, V11), EVERY_ATTRIBUTE)
        self.assertEqual(selected_by(PresenceSubList(), V11), EVERY_ATTRIBUTE)
        self.assertEqual(attributes_in(PresenceSubList(), V11), frozenset())

    def test_attribute_of_a_later_version_is_750(self):
        sub_list = PresenceSubList(status_mood=StatusMood(), info_link=InfoLink())
        for read in (attributes_in, selected_by, values_in):
            refusal = self.assertRaises(Refusal, read, sub_list, V11)
            self.assertEqual(refusal.code, 750)
        self.assertEqual(attributes_in(sub_list, V12), {MOOD, Attribute.INFO_LINK})

    @given(st.frozensets(st.sampled_from(Attribute)), st.sampled_from(EVERY))
    def test_names_come_back_as_far_as_the_version_has_them(self, names, where):
        version, encoding = where
        sub_list = over_the_wire(sub_list_naming(names, version), version, encoding)
        lacking = {Attribute.INFO_LINK} if version is V11 else frozenset()
        self.assertEqual(attributes_in(sub_list, version), names - lacking)


class WordsTests(SynchronousTestCase):
    """What becomes of words that clients may say or not."""

    def read(self, attributes):
        return CODECS["xml"].decode(UPDATE.replace("{}", attributes).encode()).root.session

    def value(self, attribute):
        request = self.read(attribute).transactions[0].content
        ((_, value),) = values_in(request.presence_sub_list, V12)
        return value

    def test_availability_may_lack_its_underscore(self):
        for word in ("NOT_AVAILABLE", "NOTAVAILABLE", "not_available"):
            value = self.value(
                f"<UserAvailability><PresenceValue>{word}</PresenceValue></UserAvailability>"
            )
            self.assertEqual(value, valid(("PresenceValue", "NOT_AVAILABLE")))

    def test_mood_may_be_any_word(self):
        for word in ("HAPPY", "mostly harmless"):
            value = self.value(f"<StatusMood><PresenceValue>{word}</PresenceValue></StatusMood>")
            self.assertEqual(value, valid(("PresenceValue", word)))

    def test_means_of_older_versions_are_known(self):
        value = self.value(
            "<CommCap><CommC><Cap>VIDEO_CALL</Cap><Status>Closed</Status></CommC></CommCap>"
        )
        entry = (("Cap", "VIDEO_CALL"), ("Status", "CLOSED"))
        self.assertEqual(value, valid(("CommC", entry)))

    def test_other_words_out_of_their_set_cannot_be_read(self):
        for attribute in (
            "<UserAvailability><PresenceValue>MAYBE</PresenceValue></UserAvailability>",
            "<ClientInfo><ClientType>TOASTER</ClientType></ClientInfo>",
            "<Registration><PresenceValue>perhaps</PresenceValue></Registration>",
            "<GeoLocation><Altitude>high</Altitude></GeoLocation>",
            "<CommCap><CommC><Cap>PIGEON</Cap><Status>OPEN</Status></CommC></CommCap>",
        ):
            request = self.read(attribute).transactions[0].content
            self.assertIsInstance(request, Unreadable)
            self.assertTrue(request.missing_or_unusable)


class ValuesInTests(SynchronousTestCase):
    def value(self, version=V12, **elements):
        ((_, value),) = values_in(PresenceSubList(**elements), version)
        return value

    def test_value_holds_what_was_said_by_its_names(self):
        means = CommC(cap=CommunicationMeans.IM, status=ContactStatus.OPEN, note="")
        cap = CommCap(qualifier=True, comm_cs=(means, evolve(means, note=None)))
        availability = UserAvailability(presence_value=Availability.DISCREET)
        sub_list = PresenceSubList(comm_caps=(cap,), user_availability=availability)
        entry = (("Cap", "IM"), ("Status", "OPEN"))
        self.assertEqual(
            values_in(sub_list, V12),
            (
                (
                    Attribute.COMM_CAP,
                    valid(("CommC", (*entry, ("Note", ""))), ("CommC", entry)),
                ),
                (Attribute.USER_AVAILABILITY, valid(("PresenceValue", "DISCREET"))),
            ),
        )

    def test_qualifier_that_is_missing_is_true_and_a_false_one_leaves_nothing(self):
        for qualifier, expected in (
            (None, valid(("PresenceValue", "away"))),
            (True, valid(("PresenceValue", "away"))),
            (False, PresenceValue(is_valid=False)),
        ):
            text = StatusText(qualifier=qualifier, presence_value="away")
            self.assertEqual(self.value(status_text=text), expected)

    def test_empty_text_is_a_value(self):
        text = StatusText(qualifier=True, presence_value="")
        self.assertEqual(self.value(status_text=text), valid(("PresenceValue", "")))

    def test_client_speaks_for_itself_whatever_it_calls_itself(self):
        info = ClientInfo(model="X", client_id=ClientID(url="other"), client_im_priority=2)
        again = evolve(info, model="Y")
        value = self.value(V13, client_infos=(info, again))
        self.assertEqual(value, valid(("Model", "Y"), ("ClientIMPriority", 2)))

    def test_octets_that_are_text_become_text(self):
        for octets, item in (
            (b"R0lGODdh", "R0lGODdh"),
            ("käse".encode(), "käse"),
            (b"\xff\xd8\xff", b"\xff\xd8\xff"),
            (b"\0\1", b"\0\1"),
        ):
            content = StatusContent(direct_content=octets)
            self.assertEqual(self.value(status_content=content), valid(("DirectContent", item)))


class ValuesOutTests(SynchronousTestCase):
    def test_qualifier_is_always_written(self):
        presence = told(
            Published(TEXT, valid(("PresenceValue", ""))),
            Published(MOOD, PresenceValue(False, (("PresenceValue", "SAD"),))),
        )
        sub_list = out(presence, V11)
        self.assertEqual(sub_list.status_text, StatusText(qualifier=True, presence_value=""))
        self.assertEqual(sub_list.status_mood, StatusMood(qualifier=False))

    def test_each_client_is_told_of_in_1_3_and_the_last_before(self):
        presence = told(
            Published(INFO, valid(("Model", "X"), ("ClientIMPriority", 1)), PHONE),
            Published(INFO, valid(("Model", "Y"), ("ClientIMPriority", 2)), DESK),
        )
        self.assertEqual(
            out(presence, V13).client_infos,
            (
                ClientInfo(
                    qualifier=True,
                    model="X",
                    client_im_priority=1,
                    client_id=ClientID(url="phone"),
                ),
                ClientInfo(
                    qualifier=True,
                    model="Y",
                    client_im_priority=2,
                    client_id=ClientID(msisdn="+358501"),
                ),
            ),
        )
        for version in (V11, V12):
            only = (ClientInfo(qualifier=True, model="Y"),)
            self.assertEqual(out(presence, version).client_infos, only)

    def test_clients_of_one_name_count_once(self):
        presence = told(
            Published(INFO, valid(("Model", "X")), "phone\n\none"),
            Published(INFO, valid(("Model", "Z")), DESK),
            Published(INFO, valid(("Model", "Y")), "phone\n\nother"),
            Published(INFO, valid(("Model", "none")), ""),
        )
        models = [each.model for each in out(presence, V13).client_infos]
        self.assertEqual(models, ["Z", "Y", "none"])

    def test_older_versions_are_not_told_what_they_lack(self):
        limit = ("ClientContentLimit", (("AnyContent", True), ("MaxPushLength", 10)))
        presence = told(
            Published(INFO, valid(limit, ("Model", "X"), ("ApplicationID", "a"))),
            Published(Attribute.INFO_LINK, valid(("Inf_link", (("Link", "http://a"),)))),
        )
        self.assertIsNone(out(presence, V11).info_link)
        link = InfoLink(qualifier=True, inf_links=(InfLink(link="http://a"),))
        self.assertEqual(out(presence, V12).info_link, link)
        self.assertEqual(out(presence, V12).client_infos, (ClientInfo(qualifier=True, model="X"),))
        (info,) = out(presence, V13).client_infos
        self.assertEqual(info.client_content_limit.max_push_length, 10)
        self.assertEqual(info.application_id, "a")

    def test_entries_without_what_they_need_are_left_out(self):
        presence = told(
            Published(
                Attribute.COMM_CAP,
                valid(
                    ("CommC", (("Cap", "IM"),)),
                    ("CommC", (("Cap", "PIGEON"), ("Status", "OPEN"))),
                    ("CommC", (("Cap", "SMS"), ("Status", "OPEN"), ("Note", ""))),
                ),
            ),
            Published(
                Attribute.PREFERRED_CONTACTS,
                valid(
                    ("AddrPref", (("PrefC", "CALL"),)),
                    ("AddrPref", (("PrefC", "CALL"), ("Caddr", ""), ("Cstatus", "CLOSED"))),
                ),
            ),
        )
        for version in (V11, V12, V13):
            sub_list = out(presence, version)
            sms = CommC(cap=CommunicationMeans.SMS, status=ContactStatus.OPEN)
            self.assertEqual(sub_list.comm_caps, (CommCap(qualifier=True, comm_cs=(sms,)),))
            call = AddrPref(pref_c=CommunicationMeans.CALL, caddr="", cstatus=ContactStatus.CLOSED)
            contacts = PreferredContacts(qualifier=True, addr_prefs=(call,))
            self.assertEqual(sub_list.preferred_contacts, contacts)

    def test_means_that_1_3_has_given_up_are_not_told_it(self):
        entry = ("CommC", (("Cap", "IM_ONLINE"), ("Status", "OPEN")))
        presence = told(Published(Attribute.COMM_CAP, valid(entry)))
        means = CommC(cap=CommunicationMeans.IM_ONLINE, status=ContactStatus.OPEN)
        for version in (V11, V12):
            self.assertEqual(out(presence, version).comm_caps[0].comm_cs, (means,))
        self.assertEqual(out(presence, V13).comm_caps[0].comm_cs, ())

    def test_picture_goes_out_as_base64_and_one_of_two_contents(self):
        content = valid(
            ("DirectContent", b"\xff\xd8"),
            ("ReferredContent", "http://a"),
            ("ContentType", "image/jpeg"),
        )
        presence = told(Published(Attribute.STATUS_CONTENT, content))
        both = StatusContent(
            qualifier=True,
            direct_content="/9g=",
            referred_content="http://a",
            content_type="image/jpeg",
        )
        self.assertEqual(out(presence, V12).status_content, both)
        one = evolve(both, referred_content=None)
        self.assertEqual(out(presence, V13).status_content, one)

    def test_numbers_that_cannot_be_written_are_left_out(self):
        for number in (-1, LARGEST_INTEGER + 1, True, "7"):
            place = valid(("Altitude", number), ("Accuracy", 5))
            presence = told(Published(Attribute.GEO_LOCATION, place))
            expected = (GeoLocation(qualifier=True, accuracy=5),)
            self.assertEqual(out(presence, V12).geo_locations, expected)

    @given(
        st.lists(
            st.builds(
                Published,
                st.sampled_from(Attribute),
                presence_values(),
                st.none() | st.sampled_from([PHONE, DESK]) | st.text(max_size=5),
            ),
            max_size=6,
        ),
        st.sampled_from(EVERY),
    )
    def test_whatever_is_told_can_be_written_and_says_whether_it_is_valid(self, published, where):
        version, encoding = where
        presence = told(*published)
        read = over_the_wire(out(presence, version), version, encoding)
        names = {each.attribute for each in published}
        lacking = {Attribute.INFO_LINK} if version is V11 else frozenset()
        self.assertEqual(attributes_in(read, version), names - lacking)
        last = {each.attribute: each.value.is_valid for each in published}
        for attribute, value in values_in(read, version):
            if version is not V13 or not attribute.is_of_client:
                self.assertEqual(value.is_valid, last[attribute])

    @given(st.data(), st.sampled_from(EVERY))
    def test_what_came_in_goes_out_the_same_to_clients_of_the_version(self, data, where):
        version, encoding = where
        published = values_in(data.draw(structures(PresenceSubList, version, encoding)), version)
        first = out(told(*(Published(*each) for each in published)), version)
        read = values_in(over_the_wire(first, version, encoding), version)
        self.assertEqual([name for name, _ in read], [name for name, _ in published])
        again = out(told(*(Published(*each) for each in read)), version)
        self.assertEqual(values_in(again, version), read)
        for (_, before), (_, after) in zip(published, read, strict=True):
            self.assertEqual(after.is_valid, before.is_valid)
            if before.first("PresenceValue") is not None:
                self.assertEqual(after.first("PresenceValue"), before.first("PresenceValue"))


class ClientTypeTests(SynchronousTestCase):
    def test_words_are_those_of_the_declaration(self):
        info = ClientInfo(client_type=ClientType.MOBILE_PHONE)
        ((_, value),) = values_in(PresenceSubList(client_infos=(info,)), V12)
        self.assertEqual(value, valid(("ClientType", "MOBILE_PHONE")))
        told_of = out(told(Published(INFO, value, PHONE)), V12)
        self.assertEqual(told_of.client_infos, (evolve(info, qualifier=True),))
