"""States of dialogues as they are stored."""

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from imps.clp.changes import (
    arrived,
    asked,
    done,
    handed_in,
    message_numbered,
    numbered,
    opened,
    wrote,
)
from imps.clp.state import Answer, Out, Shown, State
from imps.clp.states import packed, unpacked
from imps.model.address import Address

SHOWN = Shown(message_id="m", expires_at=60.0)
BOB, CY = "wv:bob@x.org", "wv:cy@x.org"


class PackingTests(SynchronousTestCase):
    def test_state_is_read_as_it_was_written(self):
        state = State()
        for change in (
            opened(BOB, 5),
            wrote(CY, 6),
            asked("doubt", BOB, "block party", 7, 600),
            numbered([Address.parse(BOB)], 8),
            handed_in(Out(id="1", body="hi", validity_seconds=60, message_id="m")),
            arrived("1", "hi", 3.0, 9),
            done(Answer(id="1", at=7.0, replies=("hello",), shown=SHOWN)),
            message_numbered(["m"]),
        ):
            state = change(state)
        state = evolve(state, quiet=(22, 7), watches=(BOB,), pages_show=SHOWN)
        self.assertEqual(unpacked(packed(state)), state)
        self.assertEqual(unpacked(b""), State())
