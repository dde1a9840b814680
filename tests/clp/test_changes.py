"""How a dialogue goes on: texts come and are done, people write, questions are asked."""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.clp.changes import (
    MOST_PROMPTS,
    NUMBER_SECONDS,
    answered,
    arrived,
    asked,
    done,
    erasable_at,
    erased,
    handed_in,
    message_numbered,
    numbered,
    opened,
    settled,
    wrote,
)
from imps.clp.state import Answer, Out, State
from imps.model.address import Address

BOB, CY = "wv:bob@x.org", "wv:cy@x.org"


def answer(id, reply, at):
    return Answer(id=id, at=at, replies=(reply,))


def after(*changes, state=None):
    state = state or State()
    for change in changes:
        state = change(state)
    return state


class ConversationTests(SynchronousTestCase):
    def test_who_writes_is_talked_to_unless_somebody_else_is(self):
        self.assertEqual(after(wrote(BOB, 0)).target, BOB)
        self.assertEqual(after(opened(CY, 0), wrote(BOB, 60)).target, CY)
        self.assertEqual(after(opened(CY, 0), wrote(BOB, 1000)).target, BOB)
        self.assertEqual(after(wrote(BOB, 0), wrote(CY, 0), wrote(BOB, 0)).since, (CY, BOB))

    def test_text_meets_what_it_met_first(self):
        first = after(opened(CY, 0), wrote(BOB, 1), arrived("1", "hi", None, 2))
        self.assertEqual((first.since, first.arrival.since), ((), (BOB,)))
        again = after(wrote(CY, 3), arrived("1", "hi", None, 4), state=first)
        self.assertEqual(again.arrival, first.arrival)
        self.assertEqual(again.since, (CY,))

    def test_replies_to_the_last_texts_are_kept(self):
        state = after(
            *(done(answer(str(number), f"reply {number}", number)) for number in range(7))
        )
        self.assertEqual(state.answer_to("6").replies, ("reply 6",))
        self.assertIsNone(state.answer_to("0"))


class ErasureTests(SynchronousTestCase):
    DAY = 86_400

    def test_what_was_said_is_erased_a_day_later(self):
        first = (arrived("1", "hello", None, 10), done(answer("1", "who?", 10)))
        state = after(
            *first,
            arrived("2", "you", None, 20),
            done(answer("2", "?", 20)),
            asked("doubt", BOB, "b", 20, 9),
        )
        self.assertEqual(erasable_at(state), 10 + self.DAY)
        kept = after(erased(10 + self.DAY), state=state)
        self.assertEqual([each.id for each in kept.answers], ["2"])
        self.assertEqual(kept.arrival, state.arrival)
        self.assertEqual(kept.prompts, ())
        self.assertEqual(erasable_at(kept), 20 + self.DAY)
        gone = after(erased(20 + self.DAY), state=evolve(kept, pages=("more",)))
        self.assertEqual((gone.arrival, gone.answers, gone.pages), (None, (), ()))
        self.assertIsNone(erasable_at(gone))

    def test_nothing_is_erased_before(self):
        state = after(arrived("1", "hello", None, 10), done(answer("1", "who?", 10)))
        self.assertEqual(after(erased(9 + self.DAY), state=state), state)

    def test_friends_and_wishes_stay(self):
        state = State(numbers={BOB: 1}, quiet=(22, 7), target=BOB)
        self.assertEqual(after(arrived("1", "x", None, 0), erased(self.DAY), state=state), state)


class PromptTests(SynchronousTestCase):
    def test_same_question_is_asked_once(self):
        question = asked("auth", BOB, "", 0, 100)
        state = after(question, question)
        self.assertEqual([each.number for each in state.prompts], [1])
        state = after(answered(1), question, state=state)
        self.assertEqual([each.number for each in state.prompts], [2])

    def test_question_is_over_in_time(self):
        state = after(asked("auth", BOB, "", 0, 100))
        self.assertEqual(len(state.prompts_at(99)), 1)
        self.assertEqual(state.prompts_at(100), ())

    def test_numbers_go_round_and_the_oldest_is_forgotten(self):
        state = after(*(asked("auth", f"u{number}", "", 0, 100) for number in range(120)))
        self.assertEqual(len(state.prompts), MOST_PROMPTS)
        self.assertEqual(len({each.number for each in state.prompts}), MOST_PROMPTS)
        self.assertTrue(all(1 <= each.number <= MOST_PROMPTS for each in state.prompts))
        self.assertEqual(state.prompts[-1].about, "u119")


class NumbersTests(SynchronousTestCase):
    @given(st.lists(st.frozensets(st.integers(0, 8)), min_size=1, max_size=12))
    def test_number_is_never_anothers_within_its_time(self, histories):
        state, owners = State(), {}
        for now, present in enumerate(histories):
            users = [Address(f"u{each}", None, "x.org") for each in sorted(present)]
            state = after(numbered(users, now), state=state)
            self.assertEqual(set(state.numbers), {each.canonical for each in users})
            for name, number in state.numbers.items():
                self.assertEqual(owners.setdefault(number, name), name)

    def test_number_is_given_again_after_its_time(self):
        bob, cy = Address.parse(BOB), Address.parse(CY)
        state = after(numbered([bob], 0), numbered([], 1))
        self.assertEqual(after(numbered([cy], 2), state=state).numbers, {CY: 2})
        late = after(numbered([cy], NUMBER_SECONDS + 2), state=state)
        self.assertEqual(late.numbers, {CY: 1})

    def test_messages_keep_their_numbers(self):
        state = after(message_numbered(["a", "b"]), message_numbered(["b", "c"]))
        self.assertEqual(state.messages, {"a": 1, "b": 2, "c": 3})
        self.assertEqual(state.message_of(2), "b")
        self.assertIsNone(state.message_of(9))
        many = after(*(message_numbered([str(number)]) for number in range(300)))
        self.assertLessEqual(len(many.messages), 40)
        self.assertEqual(len(set(many.messages.values())), len(many.messages))


class OnItsWayTests(SynchronousTestCase):
    def test_text_on_its_way_is_settled_by_its_own_id(self):
        out = Out(id="1", body="hi", validity_seconds=60)
        state = after(handed_in(out))
        self.assertEqual(after(settled("2"), state=state).out, out)
        self.assertIsNone(after(settled("1"), state=state).out)
