from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.model.extension import Extension, Foreign
from imps.model.message import Color, Content, Font, FontSize, FontStyle, Message
from imps.model.status import StatusCode
from imps.store.packing import (
    event_packed,
    packed,
    report_packed,
    reported,
    unpacked_event,
    unpacked_message,
)
from imps.testing.strategies import addresses

texts = st.text(max_size=20)
times = st.floats(0, 4_000_000_000)
fonts = st.builds(
    Font,
    size=st.none() | st.sampled_from(FontSize),
    styles=st.lists(st.sampled_from(FontStyle)).map(tuple),
    color=st.none() | st.sampled_from(Color),
)
foreign = st.recursive(
    texts,
    lambda inner: st.builds(
        Foreign,
        texts,
        st.none() | texts,
        st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
        st.lists(inner, max_size=2).map(tuple),
    ),
    max_leaves=5,
)
messages = st.builds(
    Message,
    message_id=texts,
    sender=addresses(),
    content=st.builds(
        Content,
        octets=st.binary(max_size=50),
        type=texts,
        name=st.none() | texts,
        font=st.none() | fonts,
        uri=st.none() | texts,
    ),
    sent_at=times,
    expires_at=times,
    wants_report=st.booleans(),
    extensions=st.lists(
        st.builds(Extension, st.none() | texts, st.lists(foreign, max_size=3).map(tuple)),
        max_size=2,
    ).map(tuple),
)


class PackingTests(SynchronousTestCase):
    @given(messages)
    def test_messages_come_back_as_they_were(self, message):
        head, content = packed(message)
        again = unpacked_message(message.message_id, head, content)
        self.assertEqual(again, message)
        self.assertEqual(str(again.sender), str(message.sender))

    @given(messages, addresses(), times)
    def test_report_says_of_a_message_what_it_was(self, message, recipient, at):
        report = reported(report_packed(message), message.message_id, str(recipient), at, 200)
        self.assertEqual(
            (report.message_id, report.sender, report.recipient, report.code, report.at),
            (message.message_id, message.sender, recipient, StatusCode.OK, at),
        )
        self.assertEqual(
            (report.sent_at, report.content_type, report.content_size),
            (message.sent_at, message.content.type, message.content.size),
        )
        self.assertEqual(unpacked_event(event_packed(report)), report)
