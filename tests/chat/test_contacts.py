"""What ``imps chat`` asks about contacts, and shows, with a server that is played here."""

from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from imps.chat.contacts import Contacts
from imps.client import CSPClient, Received, RequestFailed, ServerUnreachable
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.primitives.access import ServiceRequest
from imps.csp.primitives.attributes import OnlineStatus, PresenceSubList, StatusText
from imps.csp.primitives.common import DetailedResult, Result, Status
from imps.csp.primitives.contacts import (
    GetListRequest,
    GetListResponse,
    ListManageRequest,
    ListManageResponse,
    NickList,
)
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.envelope import (
    Session,
    SessionDescriptor,
    Transaction,
    TransactionDescriptor,
    WVCSPMessage,
)
from imps.csp.primitives.identity import ContactListIDList, NickName, UserIDList
from imps.csp.primitives.notices import NotificationRequest, SubscribeNotificationRequest
from imps.csp.primitives.presence import (
    CreateAttributeListRequest,
    Presence,
    PresenceAuthRequest,
    PresenceAuthUser,
    PresenceNotificationRequest,
    SubscribePresenceRequest,
    UpdatePresenceRequest,
)
from imps.csp.primitives.values import SessionType, TransactionMode
from imps.model.address import Address
from imps.model.notice import NotificationType
from imps.model.presence import Availability
from imps.model.version import V11, V12, V13

ANN = Address.parse("wv:ann@localhost")
BOB = Address.parse("wv:bob@localhost")
CAROL = Address.parse("wv:carol@localhost")
FRIENDS = Address.parse("wv:ann/friends@localhost")
WORK = Address.parse("wv:ann/work@localhost")

ASKED = PresenceSubList(online_status=(OnlineStatus(),), status_text=StatusText())
QUESTION = PresenceAuthRequest(user_id=CAROL, presence_sub_list=ASKED)
QUESTION_IN_V13 = NotificationRequest(
    notification_type=NotificationType.AUTHORIZATION_NEEDED_FOR_A_USER,
    presence_sub_list=ASKED,
    user_id_list=UserIDList(user_ids=(CAROL,)),
)
IN_EVERY_FORM = [(version, codec) for version in (V11, V12, V13) for codec in ("xml", "wbxml")]


def status(code, description=None):
    return Status(result=Result(code=code, description=description))


def transaction(content, mode=TransactionMode.RESPONSE, transaction_id="1"):
    return Transaction(
        descriptor=TransactionDescriptor(mode=mode, transaction_id=transaction_id), content=content
    )


@define(eq=False)
class PlayedServer(CSPClient):
    """A client whose server answers from ``answers``, by the kind of the request; what that does
    not name is done. What was asked is in ``asked`` as the server reads it."""

    answers: dict[type, Any] = field(factory=dict, init=False)
    asked: list[Primitive] = field(factory=list, init=False)

    async def exchange(self, transactions):
        (each,) = transactions
        self.asked.append(self.as_it_arrives(each))
        answer = self.answers.get(type(each.content), status(200))
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Received((evolve(each, content=self.as_it_arrives(transaction(answer))),))

    def as_it_arrives(self, each):
        session = Session(
            descriptor=SessionDescriptor(session_type=SessionType.INBAND, session_id="0"),
            transactions=(each,),
        )
        codec = XMLCodec() if self.encoding == "xml" else WBXMLCodec()
        document = codec.encode(WVCSPMessage(session=session), self.version)
        return codec.decode(document).root.session.transactions[0].content


@define
class Shown:
    """A screen that keeps what is shown."""

    lines: list[str] = field(factory=list)

    def show(self, line):
        self.lines.append(line)


class ContactsTestCase(SynchronousTestCase):
    version = V12

    def setUp(self):
        self.begin()

    def begin(self, version=V12, encoding="wbxml"):
        self.server = PlayedServer("", ANN, None, version, encoding)
        self.server.answers = {
            GetListRequest: GetListResponse(
                contact_lists=(WORK,),
                contact_list_id_list=ContactListIDList(contact_lists=(WORK,)),
                default_contact_list=FRIENDS,
            ),
            ListManageRequest: [
                managed(NickList(nick_names=(NickName(name="Bobby", user_id=BOB),))),
                managed(NickList(user_ids=(CAROL,))),
            ],
        }
        self.screen = Shown()
        self.contacts = Contacts(self.server, self.screen)

    def done(self, asked):
        return self.successResultOf(Deferred.fromCoroutine(asked))

    def asked(self, kind):
        """The requests of a kind that were made."""
        return [each for each in self.server.asked if isinstance(each, kind)]

    def shown(self):
        """What was shown since this was last asked."""
        lines, self.screen.lines = self.screen.lines, []
        return lines


def managed(nick_list, result=None):
    return ListManageResponse(result=result or Result(code=200), nick_list=nick_list)


class LoadingTests(ContactsTestCase):
    def test_lists_are_loaded_and_watched_in_every_version(self):
        for version, encoding in IN_EVERY_FORM:
            self.begin(version, encoding)
            self.done(self.contacts.load())
            self.done(self.contacts.load())
            self.assertEqual(
                [each.contact_list for each in self.asked(ListManageRequest)], [FRIENDS, WORK]
            )
            (subscribed,) = self.asked(SubscribePresenceRequest)
            listed = subscribed.contact_list_id_list
            named = listed.contact_lists if version is V13 else subscribed.contact_lists
            self.assertEqual(named, (FRIENDS, WORK))
            self.assertEqual(subscribed.auto_subscribe, None if version is V11 else True)
            attributes = subscribed.presence_sub_list
            self.assertTrue(attributes.online_status and attributes.status_text)
            self.assertIsNone(attributes.alias)
            (published,) = self.asked(UpdatePresenceRequest)
            availability = published.presence_sub_list.user_availability
            self.assertIs(availability.presence_value, Availability.AVAILABLE)
            self.assertEqual(published.presence_sub_list.online_status, ())
            self.assertEqual(len(self.asked(SubscribeNotificationRequest)), version is V13)
            self.done(self.contacts.show())
            self.assertEqual(
                self.shown(), ["  bob (Bobby): nothing known", "  carol: nothing known"]
            )

    def test_nothing_is_said_of_what_the_server_does_not_offer(self):
        for code in (405, 501, 506):
            self.begin(V13)
            for kind in (GetListRequest, UpdatePresenceRequest, SubscribeNotificationRequest):
                self.server.answers[kind] = status(code)
            self.done(self.contacts.load())
            self.assertEqual(self.shown(), [])
            self.assertEqual(self.asked(SubscribePresenceRequest), [])
            self.done(self.contacts.add("bob"))
            self.assertEqual(self.shown(), ["* Not added: there is no contact list."])

    def test_what_fails_is_said_and_the_rest_is_done(self):
        self.server.answers[ListManageRequest][0] = status(700, "no\nsuch list")
        self.server.answers[SubscribePresenceRequest] = status(760)
        self.done(self.contacts.load())
        failed, not_seen = self.shown()
        self.assertRegex(failed, r"^\* .*wv:ann/friends@localhost: 700 no such list\.$")
        self.assertEqual(not_seen, "* Your contacts cannot be seen: 760.")
        self.assertEqual(len(self.asked(UpdatePresenceRequest)), 1)

    def test_answer_that_is_none_is_passed_over(self):
        self.server.answers[GetListRequest] = status(200)
        self.done(self.contacts.load())
        self.assertEqual(self.shown(), [])

    def test_nothing_is_said_of_contacts_while_the_server_is_away(self):
        self.server.answers[GetListRequest] = ServerUnreachable("gone")
        self.done(self.contacts.show())
        self.done(self.contacts.add("bob"))
        self.assertEqual(
            self.shown(),
            [
                "* Your contacts are not known: the server cannot be reached.",
                "* Not added: the server cannot be reached.",
            ],
        )

    def test_loading_is_tried_again_after_the_server_was_away(self):
        self.server.answers[UpdatePresenceRequest] = [
            ServerUnreachable("gone"),
            status(503),
            status(200),
        ]
        self.server.answers[ListManageRequest] = managed(NickList(user_ids=(BOB,)))
        loading = Deferred.fromCoroutine(self.contacts.load())
        self.failureResultOf(loading, ServerUnreachable)
        self.failureResultOf(Deferred.fromCoroutine(self.contacts.load()), RequestFailed)
        self.done(self.contacts.load())
        self.assertEqual(self.shown(), [])

    def test_end_of_the_session_is_not_passed_over(self):
        self.server.answers[UpdatePresenceRequest] = status(604)
        for ask in (
            self.contacts.load,
            self.contacts.show,
            lambda: self.contacts.say_status("x"),
        ):
            self.server.answers[ListManageRequest] = managed(NickList())
            self.failureResultOf(Deferred.fromCoroutine(ask()), RequestFailed)


class ChangingTests(ContactsTestCase):
    def test_contact_is_added_and_removed(self):
        for version, encoding in IN_EVERY_FORM:
            self.begin(version, encoding)
            self.done(self.contacts.load())
            both = NickList(
                nick_names=(NickName(name="The Carol", user_id=CAROL),), user_ids=(BOB,)
            )
            self.server.answers[ListManageRequest] = [managed(both), managed(NickList())]
            self.done(self.contacts.add("carol", "The Carol"))
            (nick_name,) = self.asked(ListManageRequest)[-1].add_nick_list.nick_names
            self.assertEqual((nick_name.user_id, nick_name.name), (CAROL, "The Carol"))
            self.assertEqual(self.shown(), ["* carol (The Carol) is among your contacts."])
            self.done(self.contacts.remove("carol"))
            removed = self.asked(ListManageRequest)[-1]
            self.assertEqual(removed.remove_nick_list.user_ids, (CAROL,))
            self.assertEqual(removed.contact_list, FRIENDS)
            self.assertEqual(self.shown(), ["* carol is not among your contacts."])
            self.done(self.contacts.show())
            self.assertEqual(self.shown(), ["  carol: nothing known"])

    def test_why_nobody_was_added_is_said(self):
        self.done(self.contacts.load())
        details = (DetailedResult(code=531, user_ids=(BOB,)),)
        partly = Result(code=201, detailed_results=details)
        for answer, line in (
            (managed(None, Result(code=531)), "* Not added: there is no such user."),
            (managed(NickList(), partly), "* Not added: there is no such user."),
            (status(754), "* Not added: there are too many contacts."),
            (ServerUnreachable("gone"), "* Not added: the server cannot be reached."),
        ):
            self.server.answers[ListManageRequest] = [answer]
            self.done(self.contacts.add("bob"))
            self.assertEqual(self.shown(), [line])

    def test_status_text_is_published_and_taken_back(self):
        for version, encoding in IN_EVERY_FORM:
            self.begin(version, encoding)
            for text, line in (
                ("at <lunch>", '* Your status is "at <lunch>".'),
                ("", "* You have no status any more."),
            ):
                self.done(self.contacts.say_status(text))
                (published,) = self.asked(UpdatePresenceRequest)[-1:]
                status_text = published.presence_sub_list.status_text
                self.assertEqual(status_text.qualifier, bool(text))
                self.assertEqual(status_text.presence_value or "", text)
                self.assertEqual(self.shown(), [line])

    def test_availability_is_published(self):
        self.done(self.contacts.be(Availability.NOT_AVAILABLE))
        published = self.asked(UpdatePresenceRequest)[0].presence_sub_list.user_availability
        self.assertIs(published.presence_value, Availability.NOT_AVAILABLE)
        self.assertEqual(self.shown(), ["* Others see that you are not available."])


class AuthorizationTests(ContactsTestCase):
    QUESTION = "* carol asks to see whether you are there: /allow carol or /deny carol"

    def test_user_is_asked_once_until_there_is_an_answer(self):
        for question in (QUESTION, QUESTION_IN_V13):
            self.begin()
            self.contacts.told(question)
            self.contacts.told(question)
            self.assertEqual(self.shown(), [self.QUESTION])
            self.done(self.contacts.answer("carol", True))
            self.assertEqual(self.shown(), ["* carol may see whether you are there."])
            self.contacts.told(question)
            self.assertEqual(self.shown(), [self.QUESTION])

    def test_until_12_the_answer_is_to_what_the_server_knows_was_asked(self):
        for version, encoding in IN_EVERY_FORM[:4]:
            for accepts in (True, False):
                self.begin(version, encoding)
                self.contacts.told(QUESTION)
                self.done(self.contacts.answer("Carol", accepts))
                (answer,) = self.asked(PresenceAuthUser)
                self.assertEqual((answer.user_id, answer.acceptance), (CAROL, accepts))
                self.assertIsNone(answer.presence_sub_list)

    def test_in_13_the_answer_is_an_attribute_list(self):
        for encoding in ("xml", "wbxml"):
            self.begin(V13, encoding)
            self.contacts.told(QUESTION_IN_V13)
            self.done(self.contacts.answer("carol", True))
            self.done(self.contacts.answer("carol", False))
            allowed, denied = self.asked(CreateAttributeListRequest)
            for each in (allowed, denied):
                self.assertEqual(each.user_id_list.user_ids, (CAROL,))
                self.assertIs(each.default_list, False)
            self.assertEqual(allowed.presence_sub_list, ASKED)
            self.assertEqual(denied.presence_sub_list, PresenceSubList())

    def test_whoever_asks_for_no_attribute_asks_for_all(self):
        self.begin(V13)
        self.contacts.told(evolve(QUESTION_IN_V13, presence_sub_list=None))
        self.done(self.contacts.answer("carol", True))
        (allowed,) = self.asked(CreateAttributeListRequest)
        self.assertTrue(allowed.presence_sub_list.online_status)
        self.assertIsNotNone(allowed.presence_sub_list.info_link)

    def test_without_a_question_that_much_is_allowed_as_is_shown(self):
        self.begin(V13)
        self.done(self.contacts.answer("bob", True))
        (allowed,) = self.asked(CreateAttributeListRequest)
        self.assertEqual(allowed.user_id_list.user_ids, (BOB,))
        self.assertTrue(allowed.presence_sub_list.online_status)
        self.assertIsNone(allowed.presence_sub_list.alias)

    def test_question_stands_until_the_answer_is_taken(self):
        self.begin(V13)
        self.contacts.told(QUESTION_IN_V13)
        self.server.answers[CreateAttributeListRequest] = [ServerUnreachable("gone"), status(200)]
        self.done(self.contacts.answer("carol", True))
        self.assertEqual(self.shown()[1:], ["* Not answered: the server cannot be reached."])
        self.done(self.contacts.answer("carol", True))
        self.assertEqual(self.asked(CreateAttributeListRequest)[-1].presence_sub_list, ASKED)

    def test_other_notices_are_passed_over(self):
        notice = NotificationRequest(notification_type=NotificationType.GROUP_CREATED)
        for other in (notice, evolve(QUESTION_IN_V13, user_id_list=None), ServiceRequest()):
            self.contacts.told(other)
        self.assertEqual(self.shown(), [])

    def test_what_is_told_of_contacts_is_shown(self):
        here = PresenceSubList(online_status=(OnlineStatus(qualifier=True, presence_value=True),))
        presences = tuple(
            Presence(user_id=each, presence_sub_lists=(here,)) for each in (BOB, CAROL)
        )
        self.contacts.told(PresenceNotificationRequest(presences=presences))
        self.assertEqual(self.shown(), ["* bob is there.", "* carol is there."])
