"""Who renders instant messaging for which recipients."""

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from imps.elements.interfaces import Caller, IInstantMessaging, MessageLimits, Sent
from imps.model.address import Address
from imps.model.message import Content, Draft
from imps.model.status import Detail, Outcome, Refusal, StatusCode
from imps.sap.routed import MESSAGE_SECONDS, RoutedInstantMessaging
from imps.sap.service_table import ServiceTable

ANN = Address.parse("wv:ann@home.example")
BOB = Address.parse("wv:bob@home.example")
CARL = Address.parse("wv:carl@partner.example")
DORA = Address.parse("wv:dora@Partner.Example")
EVE = Address.parse("wv:eve@slow.example")
STRANGER = Address.parse("wv:stranger@elsewhere.example")
GROUP = Address.parse("wv:ann/group@home.example")
FRIENDS = Address.parse("wv:ann/friends@home.example")
FAMILY = Address.parse("wv:ann/family@home.example")

CALLER = Caller(ANN, "", "op")
DRAFT = Draft(content=Content(), users=(CARL,))
LIMITS = MessageLimits(
    validity_seconds=60, max_validity_seconds=60, max_content_octets=100, max_recipients=6
)


@implementer(IInstantMessaging)
@define(eq=False)
class Element:
    """Whoever serves some domain: takes every message, or does what a test has it do."""

    code: StatusCode = StatusCode.OK
    answer: object = None
    drafts: list[Draft] = field(factory=list)

    async def send(self, caller, draft):
        self.drafts.append(draft)
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, Deferred):
            await self.answer
        if self.code is StatusCode.OK:
            return Sent("m1", Outcome(len(draft.recipients)))
        failures = tuple(Detail(self.code, users=(each,)) for each in draft.users)
        return Sent(None, Outcome(0, failures))

    async def fetch(self, session_id, message_id, with_large=True):
        return session_id, message_id, with_large

    async def link(self, session_id, message_ids):
        return session_id, message_ids

    async def linked(self, token):
        return token

    async def waiting(self, session_id, at_most=None):
        return session_id, at_most

    async def reject(self, caller, message_ids):
        return caller, message_ids

    async def forward(self, caller, message_id, draft, through=None):
        return caller, message_id, draft, through


@define(eq=False)
class Contacts:
    """The contact lists of one user."""

    lists: dict[Address, tuple[Address, ...]] = field(factory=dict)

    async def members(self, owner, address):
        assert owner == ANN
        return self.lists.get(address)


class RoutedTests(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.home, self.partner, self.slow = Element(), Element(), Element(answer=Deferred())
        table = ServiceTable(
            local=self.home,
            home_domains=("home.example", "second.example"),
            remote={"partner.example": self.partner, "slow.example": self.slow}.get,
        )
        self.contacts = Contacts()
        self.im = RoutedInstantMessaging(self.home, table, self.contacts, LIMITS, self.clock)

    def sending(self, *users, text=b"hi", **fields):
        draft = Draft(content=Content(octets=text), users=users, **fields)
        return Deferred.fromCoroutine(self.im.send(CALLER, draft))

    def outcome(self, sending):
        sent = self.successResultOf(sending)
        failed = {(user, each.code) for each in sent.outcome.details for user in each.users}
        return sent.message_id, sent.outcome.code, failed

    def test_each_gets_its_own_recipients_and_nobody_else_is_asked(self):
        at_second, bare = Address.parse("wv:x@Second.Example"), Address.parse("bob")
        sending = self.sending(BOB, CARL, at_second, DORA, bare, groups=(GROUP,))
        self.assertEqual(self.outcome(sending), ("m1", 200, set()))
        (home,), (partner,) = self.home.drafts, self.partner.drafts
        self.assertEqual((home.users, home.groups), ((BOB, at_second, bare), (GROUP,)))
        self.assertEqual((partner.users, partner.groups), ((CARL, DORA), ()))
        self.assertEqual(self.slow.drafts, [])

    def test_contact_list_stands_for_its_contacts_each_of_whom_is_named_once(self):
        self.contacts.lists = {FRIENDS: (CARL, BOB), FAMILY: (BOB, DORA)}
        sending = self.sending(BOB, contact_lists=(FRIENDS, FAMILY, FRIENDS))
        self.assertEqual(self.outcome(sending), ("m1", 200, set()))
        (home,), (partner,) = self.home.drafts, self.partner.drafts
        self.assertEqual((home.users, home.contact_lists), ((BOB,), ()))
        self.assertEqual((partner.users, partner.contact_lists), ((CARL, DORA), ()))

    def test_list_counts_as_one_recipient_however_long(self):
        many = tuple(Address.parse(f"wv:u{number}@home.example") for number in range(50))
        self.contacts.lists = {FRIENDS: many}
        self.assertEqual(self.outcome(self.sending(contact_lists=(FRIENDS,)))[1], 200)
        self.assertEqual(self.home.drafts[0].users, many)

    def test_list_that_the_sender_does_not_have_is_told(self):
        self.assertEqual(self.outcome(self.sending(contact_lists=(FRIENDS,))), (None, 700, set()))
        self.assertEqual(self.home.drafts, [])
        sent = self.successResultOf(self.sending(BOB, contact_lists=(FRIENDS,)))
        self.assertEqual(sent.outcome.code, 201)
        (detail,) = sent.outcome.details
        self.assertEqual((detail.code, detail.contact_lists), (700, (FRIENDS,)))

    def test_empty_list_is_served_and_reaches_nobody(self):
        self.contacts.lists = {FRIENDS: ()}
        sending = self.sending(contact_lists=(FRIENDS,))
        self.assertEqual(self.outcome(sending), (None, 200, set()))
        self.assertEqual(self.home.drafts, [])

    def test_home_is_not_asked_about_others(self):
        self.assertEqual(self.outcome(self.sending(CARL)), ("m1", 200, set()))
        self.assertEqual(self.home.drafts, [])

    def test_domain_that_nobody_serves_is_told(self):
        self.assertEqual(self.outcome(self.sending(STRANGER)), (None, 516, set()))
        self.assertEqual(
            self.outcome(self.sending(BOB, STRANGER)),
            ("m1", 201, {(STRANGER, StatusCode.DOMAIN_NOT_SUPPORTED)}),
        )

    def test_failures_of_all_are_merged(self):
        self.home.code = StatusCode.UNKNOWN_USER
        self.partner.answer = Refusal(StatusCode.FORBIDDEN)
        self.assertEqual(
            self.outcome(self.sending(BOB, CARL)),
            (None, 900, {(BOB, StatusCode.UNKNOWN_USER), (CARL, StatusCode.FORBIDDEN)}),
        )

    def test_who_does_not_answer_in_time_does_not_hold_up_the_others(self):
        sending = self.sending(BOB, EVE)
        self.assertEqual(len(self.home.drafts), 1)
        self.clock.advance(MESSAGE_SECONDS - 1)
        self.assertNoResult(sending)
        self.clock.advance(1)
        expected = ("m1", 201, {(EVE, StatusCode.REQUEST_TIMEOUT)})
        self.assertEqual(self.outcome(sending), expected)

    def test_message_at_fault_goes_to_nobody(self):
        for code, users, text in (
            (400, (), b""),
            (402, (BOB, CARL), b"x" * 101),
            (402, [Address.parse(f"wv:u{number}@partner.example") for number in range(7)], b""),
        ):
            refused = self.failureResultOf(self.sending(*users, text=text), Refusal)
            self.assertEqual(refused.value.code, code)
        self.assertEqual(self.home.drafts + self.partner.drafts, [])

    def test_what_waits_for_a_session_waits_at_home(self):
        for asked, expected in (
            (self.im.fetch("id", "m1", False), ("id", "m1", False)),
            (self.im.link("id", ["m1"]), ("id", ["m1"])),
            (self.im.linked("token"), "token"),
            (self.im.waiting("id", 5), ("id", 5)),
            (self.im.reject(CALLER, ["m1"]), (CALLER, ["m1"])),
            # What is sent on may be for users whom others serve.
            (self.im.forward(CALLER, "m1", DRAFT), (CALLER, "m1", DRAFT, self.im)),
        ):
            asking = Deferred.fromCoroutine(asked)
            self.assertEqual(self.successResultOf(asking), expected)
