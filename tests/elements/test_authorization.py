"""Who sees what: every case, by the table of the published rule."""

from itertools import product

from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.elements.authorization import (
    Permissions,
    question,
    visible,
    visible_value,
)
from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.presence import (
    DEFAULT,
    EVERY_ATTRIBUTE,
    Attribute,
    AttributeList,
    PresenceValue,
    Target,
    TargetKind,
)
from imps.testing.conformance import shows_feature
from tests.elements.test_presence import (
    ANN,
    ANNS_FOES,
    ANNS_FRIENDS,
    BOB,
    EVERYBODY,
    TO_BOB,
    TO_FRIENDS,
    PresenceTestCase,
    value,
)

ONLINE, MOOD, TEXT = Attribute.ONLINE_STATUS, Attribute.STATUS_MOOD, Attribute.STATUS_TEXT
CAPABILITIES = Attribute.COMM_CAP
NOTHING: frozenset[Attribute] = frozenset()

# What a list may say of one attribute: there is no list, it leaves it out, or it names it.
NO_LIST, OUT, NAMED = "no list", "left out", "named"
SAYS = (NO_LIST, OUT, NAMED)

# Several contact lists hold the watcher, or one, or none; each has an attribute list or not.
HOLDERS = ((), *((one,) for one in SAYS), *product(SAYS, SAYS))
NO_ANSWER, GRANTED, DENIED = ANSWERS = ("no answer", "granted", "denied")


@frozen
class Row:
    """A row of the table: what is said of an attribute by the user's list, by the contact lists
    together, by the default list, and by an answer; and whether it is seen, and asked about. None
    stands for whatever it is."""

    user: str | None
    contact_lists: str | None
    default: str | None
    answer: str | None
    is_seen: bool
    is_asked: bool = False

    def is_for(self, *case: str) -> bool:
        """Whether it is about this."""
        said = (self.user, self.contact_lists, self.default, self.answer)
        return all(each in (None, what) for each, what in zip(said, case, strict=True))


RULE = (
    Row(NAMED, None, None, None, is_seen=True),
    Row(OUT, None, None, None, is_seen=False),
    Row(NO_LIST, NAMED, None, None, is_seen=True),
    Row(NO_LIST, OUT, None, None, is_seen=False),
    Row(NO_LIST, NO_LIST, NAMED, None, is_seen=True),
    Row(NO_LIST, NO_LIST, OUT, None, is_seen=False),
    Row(NO_LIST, NO_LIST, NO_LIST, GRANTED, is_seen=True),
    Row(NO_LIST, NO_LIST, NO_LIST, DENIED, is_seen=False),
    Row(NO_LIST, NO_LIST, NO_LIST, NO_ANSWER, is_seen=False, is_asked=True),
)


def row_for(user, holders, default, answer):
    """The one row that a case falls under. Several contact lists add up."""
    added_up = max(holders, key=SAYS.index, default=NO_LIST)
    (row,) = [each for each in RULE if each.is_for(user, added_up, default, answer)]
    return row


def is_open_to_asking(permissions, asked):
    """Whether the publisher is to be asked, and has to answer."""
    to_ask = question(permissions, asked)
    return to_ask is not None and to_ask.is_open


def says(what, attribute):
    return None if what == NO_LIST else frozenset({attribute} if what == NAMED else ())


def permissions_of(user, holders, default, answer, attribute):
    return Permissions(
        user=says(user, attribute),
        contact_lists=tuple(says(each, attribute) for each in holders if each != NO_LIST),
        default=says(default, attribute),
        granted=frozenset({attribute} if answer == GRANTED else ()),
        denied=frozenset({attribute} if answer == DENIED else ()),
    )


class EveryCaseTests(SynchronousTestCase):
    def test_every_combination_follows_the_published_rule(self):
        cases = list(product(SAYS, HOLDERS, SAYS, ANSWERS, Attribute))
        self.assertEqual(len(cases), 3 * 13 * 3 * 3 * 18)
        for *case, attribute in cases:
            permissions = permissions_of(*case, attribute)
            asked = frozenset({attribute})
            result = (attribute in visible(permissions), is_open_to_asking(permissions, asked))
            row = row_for(*case)
            self.assertEqual(result, (row.is_seen, row.is_asked), (case, attribute))
            of_oneself = evolve(permissions, is_publisher=True)
            self.assertEqual(visible(of_oneself), EVERY_ATTRIBUTE)
            self.assertFalse(is_open_to_asking(of_oneself, asked))


def where(case_of, place, what):
    """The attributes of which this is said in this place."""
    return frozenset(each for each, case in case_of.items() if case[place] == what)


class StoredCasesTests(PresenceTestCase):
    """The same of what publishers say and watchers get: each attribute in every case."""

    async def setUp(self):
        await super().setUp()
        for contact_list in (ANNS_FOES, strangers := ANN.resource_named("strangers")):
            await self.parts.contacts.create(Caller(ANN, "", "op"), contact_list)
        await self.change(ANNS_FRIENDS, added=[BOB])
        await self.change(ANNS_FOES, added=[BOB])
        # Lists that do not hold the watcher, or are for somebody else, do not matter.
        for contact_list in (strangers, BOB.resource_named("friends")):
            await self.allow(*Attribute, to=Target(TargetKind.CONTACT_LIST, contact_list))
        await self.allow(*Attribute, to=Target(TargetKind.USER, ANN))
        values = {each: value("said") for each in Attribute if each is not CAPABILITIES}
        await self.presence.publish(self.ann, values)

    async def test_every_attribute_is_seen_and_asked_about_by_the_published_rule(self):
        targets = (TO_BOB, TO_FRIENDS, Target(TargetKind.CONTACT_LIST, ANNS_FOES), EVERYBODY)
        for there in product((False, True), repeat=len(targets)):
            await self.disallow(*targets)
            says = [(OUT, NAMED) if is_there else (NO_LIST,) for is_there in there]
            cases = list(product(*says, ANSWERS))
            for first in range(len(cases)):
                case_of = {
                    attribute: cases[(first + number) % len(cases)]
                    for number, attribute in enumerate(Attribute)
                }
                await self.say(case_of, targets)
                await self.check(case_of)

    async def say(self, case_of, targets):
        """Say of each attribute what its case is."""
        lists = {
            target: AttributeList(where(case_of, place, NAMED))
            for place, target in enumerate(targets)
            if not where(case_of, place, NO_LIST)
        }
        if lists:
            await self.parts.attribute_lists.create(self.ann, lists)
        reactive = self.parts.reactive_authorization
        await reactive.cancel(self.ann, BOB)
        for answer in (DENIED, GRANTED):
            if some := where(case_of, -1, answer):
                await reactive.answer(self.ann, BOB, answer == GRANTED, some)

    async def check(self, case_of):
        rows = {
            attribute: row_for(user, holders, default, answer)
            for attribute, (user, *holders, default, answer) in case_of.items()
        }
        seen = {attribute for attribute, row in rows.items() if row.is_seen}
        # Whoever sees that somebody is on line sees that messages arrive.
        seen |= {CAPABILITIES} if ONLINE in seen else set()
        told, _ = await self.get(ANN)
        self.assertEqual(set(told[str(ANN)]), seen, case_of)
        asked = {attribute for attribute, row in rows.items() if row.is_asked}
        to_ask = (await self.presence.questions(ANN, [BOB])).get(BOB)
        pending = to_ask.attributes if to_ask else frozenset()
        self.assertEqual(pending, asked, case_of)


class NamedCasesTests(SynchronousTestCase):
    @shows_feature("authorization ahead, by attribute lists", "a user's before those of lists")
    def test_list_of_the_user_alone_decides(self):
        permissions = Permissions(
            user=frozenset({MOOD}),
            contact_lists=(frozenset({TEXT}),),
            default=frozenset({ONLINE}),
            granted=frozenset({TEXT}),
        )
        self.assertEqual(visible(permissions), {MOOD})
        self.assertEqual(visible(evolve(permissions, user=NOTHING)), NOTHING)

    @shows_feature("authorization ahead, by attribute lists", "several lists add up")
    def test_contact_lists_add_up_and_come_before_the_default(self):
        both = (frozenset({MOOD}), frozenset({TEXT}))
        permissions = Permissions(contact_lists=both, default=EVERY_ATTRIBUTE)
        self.assertEqual(visible(permissions), {MOOD, TEXT})
        self.assertEqual(visible(evolve(permissions, contact_lists=(NOTHING,))), NOTHING)

    def test_what_is_allowed_ahead_leaves_nothing_to_ask(self):
        for ahead in (
            Permissions(user=NOTHING),
            Permissions(contact_lists=(NOTHING,)),
            Permissions(default=frozenset({MOOD})),
        ):
            self.assertFalse(is_open_to_asking(ahead, EVERY_ATTRIBUTE))
            granted = evolve(ahead, granted=EVERY_ATTRIBUTE)
            self.assertEqual(visible(granted), visible(ahead))

    def test_nothing_said_means_nothing_seen(self):
        self.assertEqual(visible(Permissions()), NOTHING)

    def test_what_was_answered_is_not_asked_again_but_the_rest_is(self):
        answered = Permissions(granted=frozenset({MOOD}), denied=frozenset({TEXT}))
        self.assertEqual(visible(answered), {MOOD})
        self.assertFalse(is_open_to_asking(answered, frozenset({MOOD, TEXT})))
        self.assertTrue(is_open_to_asking(answered, frozenset({MOOD, ONLINE})))
        self.assertFalse(is_open_to_asking(Permissions(), NOTHING))


def some():
    return st.frozensets(st.sampled_from(Attribute), max_size=6)


class ModelTests(SynchronousTestCase):
    @given(
        st.none() | some(), st.lists(some(), max_size=4), st.none() | some(), some(), some(), some()
    )
    def test_decision_is_that_of_the_model(self, user, lists, default, granted, denied, asked):
        permissions = Permissions(
            user=user,
            contact_lists=tuple(lists),
            default=default,
            granted=granted,
            denied=denied,
        )
        seen = visible(permissions)
        for attribute in Attribute:
            if user is not None:
                expected = attribute in user
            elif lists:
                expected = any(attribute in each for each in lists)
            elif default is not None:
                expected = attribute in default
            else:
                expected = attribute in granted and attribute not in denied
            self.assertEqual(attribute in seen, expected)
        nothing_ahead = user is None and not lists and default is None
        unanswered = [each for each in asked if each not in granted and each not in denied]
        self.assertEqual(
            is_open_to_asking(permissions, asked), nothing_ahead and len(unanswered) > 0
        )


def means(cap, **more):
    return ("CommC", (("Cap", cap), ("Status", "OPEN"), *more.items()))


class NoticeTests(SynchronousTestCase):
    """Who is to be told that somebody asks for more than is allowed ahead (1.3)."""

    FRIENDS, FAMILY = (Address("ann", name, "localhost") for name in ("friends", "family"))
    ALL = (Target(TargetKind.USER), Target(TargetKind.CONTACT_LIST, FRIENDS), DEFAULT)

    def test_list_that_decides_tells_if_it_is_to(self):
        mood, more = frozenset({MOOD}), frozenset({MOOD, TEXT})
        for ahead, kind, lists in (
            ({"user": mood, "contact_lists": (more,), "default": more}, "ANU", ()),
            ({"contact_lists": (NOTHING, mood), "default": more}, "ANC", (self.FRIENDS,)),
            ({"default": mood}, "AND", ()),
        ):
            permissions = Permissions(**ahead, notifying=self.ALL)
            self.assertIsNone(question(permissions, mood))
            told = question(permissions, more)
            self.assertEqual((told.reason.value, told.contact_lists), (kind, lists))
            self.assertEqual((told.attributes, told.is_open), ({TEXT}, False))
            others = [each for each in self.ALL if each.kind is not permissions.decides]
            self.assertIsNone(question(evolve(permissions, notifying=tuple(others)), more))
            self.assertIsNone(question(evolve(permissions, is_publisher=True), more))

    def test_question_of_a_user_is_open_where_nothing_was_said(self):
        asked = question(Permissions(granted=frozenset({MOOD})), frozenset({MOOD, TEXT}))
        self.assertEqual((asked.reason.value, asked.attributes), ("ANU", {TEXT}))
        self.assertTrue(asked.is_open)


class VisibleValueTests(SynchronousTestCase):
    reachable = PresenceValue(content=(means("CALL", Contact="+358501"), means("IM"), means("SMS")))

    def test_what_is_allowed_is_seen_whole_and_the_rest_not_at_all(self):
        text = PresenceValue(content=(("PresenceValue", "away"),))
        for attribute in Attribute:
            self.assertEqual(visible_value(attribute, text, frozenset({attribute})), text)
            if attribute is not CAPABILITIES:
                others = EVERY_ATTRIBUTE - {attribute}
                self.assertIsNone(visible_value(attribute, text, others))

    def test_whoever_sees_who_is_online_sees_the_entry_for_messages_only(self):
        seen = visible_value(CAPABILITIES, self.reachable, frozenset({ONLINE}))
        self.assertEqual(seen, PresenceValue(content=(means("IM"),)))
        whole = visible_value(CAPABILITIES, self.reachable, frozenset({ONLINE, CAPABILITIES}))
        self.assertEqual(whole, self.reachable)
        self.assertIsNone(visible_value(CAPABILITIES, self.reachable, frozenset({MOOD})))

    def test_entry_for_messages_that_is_gone_is_seen_to_be(self):
        calls = PresenceValue(content=(means("CALL"),))
        self.assertEqual(
            visible_value(CAPABILITIES, calls, frozenset({ONLINE})), PresenceValue(content=())
        )
        withdrawn = PresenceValue(is_valid=False)
        self.assertEqual(visible_value(CAPABILITIES, withdrawn, frozenset({ONLINE})), withdrawn)
