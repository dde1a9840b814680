"""Which codes the transactions of messages, and of block and grant lists, are answered with, and
what provokes each.

The tables are the test. Each line is asked in every version that has such a thing, and in every
encoding. Until 1.2, 427 and 428 are 402 and 422. What needs groups, partners or the policy of an
operator is not here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from imps.csp.primitives.blocking import (
    AddList,
    BlockEntityRequest,
    BlockList,
    GetBlockedListRequest,
    GetBlockedListResponse,
)
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.identity import Recipient, ScreenName, Sender, User
from imps.csp.primitives.im import (
    ForwardMessageRequest,
    ForwardMessageResponse,
    GetMessageListRequest,
    GetMessageListResponse,
    GetMessageRequest,
    GetMessageResponse,
    MessageDelivered,
    MessageInfo,
    RejectMessageRequest,
    SendMessageRequest,
    SendMessageResponse,
    SetDeliveryMethodRequest,
)
from imps.csp.primitives.values import TransferEncoding
from imps.elements.im import MOST_LISTED
from imps.model.address import Address
from imps.model.capability import DeliveryMethod
from imps.model.version import V11, V12, V13, Version
from imps.testing.conformance import ALL, shows
from imps.testing.door import EVERY, DoorTestCase
from tests.csp.message_scene import (
    LOBBY,
    MOST_WAITING,
    STRANGER,
    Happens,
    Scene,
    ann_agreed_on_no_messages,
    ann_has_bob_in_a_list,
    ann_left,
    bob_blocks_ann,
    bob_grants_nobody,
    bob_left_and_wants_nothing_kept,
    bob_rejects_pictures,
    both,
    message_expired,
    message_is_too_long,
    message_waits,
    message_was_delivered,
    more_waits_than_ann_can_read,
    much_waits_for_bob,
    nothing,
)

MOST_RECIPIENTS = 5
MOST_OCTETS = 1000
NOTIFY = DeliveryMethod.NOTIFY

Makes = Callable[[Scene], Primitive]
Recipients = Callable[[Scene], Recipient]


@frozen
class Asked:
    """A request, what happened before it, and with what it is answered: a code, or a primitive that
    has none; and with which details."""

    answered: int | type[Primitive]
    because: str
    request: Makes
    before: Happens = nothing
    until_12: int = 0
    details: frozenset[int] = frozenset()
    versions: Sequence[Version] = (V11, V12, V13)

    def expected(self, version: Version) -> int | type[Primitive]:
        """The answer in a version."""
        return self.until_12 if self.until_12 and version is not V13 else self.answered


def on_the_way(ask: Callable[[Recipients], Makes], before: Happens = nothing) -> tuple[Asked, ...]:
    """What may become of a message on its way to somebody, whatever it is sent by."""

    def row(
        answered: int, because: str, to: Recipients, happens: Happens = nothing, **more: Any
    ) -> Asked:
        return Asked(answered, because, ask(to), both(happens, before), **more)

    return (
        row(200, "all have it", lambda it: it.to("bob", "carl")),
        row(200, "it is for contacts", lambda it: it.to(friends(it)), ann_has_bob_in_a_list),
        row(201, "one has it", lambda it: it.to("bob", "nobody"), details=frozenset({531})),
        row(400, "it is for nobody", lambda it: it.to()),
        row(402, "it is for too many", lambda it: it.to(*map(str, range(MOST_RECIPIENTS + 1)))),
        row(415, "its kind is rejected", lambda it: it.to("bob"), bob_rejects_pictures),
        row(428, "no such client", lambda it: it.to("bob", client="watch"), until_12=422),
        row(507, "too much waits for him", lambda it: it.to("bob"), much_waits_for_bob),
        row(516, "of no domain of ours", lambda it: it.to(STRANGER)),
        row(531, "nobody is called that", lambda it: it.to("nobody")),
        row(532, "he blocks her", lambda it: it.to("bob"), bob_blocks_ann),
        row(532, "he grants nobody", lambda it: it.to("bob"), bob_grants_nobody),
        row(533, "he is away", lambda it: it.to("bob"), bob_left_and_wants_nothing_kept),
        row(700, "she has no such list", lambda it: it.to(it.contact_list("foes"))),
        row(700, "it is his list", lambda it: it.to(it.contact_list("friends", of="bob"))),
        row(800, "there is no such group", lambda it: it.to(LOBBY)),
        row(
            900,
            "nobody has it",
            lambda it: it.to("nobody", STRANGER, it.contact_list("foes"), LOBBY),
            details=frozenset({531, 516, 700, 800}),
        ),
    )


def friends(scene: Scene) -> Address:
    """The list that Ann has."""
    return scene.contact_list("friends")


def sends(to: Recipients) -> Makes:
    """Send what the scene is about."""
    return lambda it: sending(it, recipient=to(it), content_type=it.content_type)


def sending(scene: Scene, content: str = "hello", **info: Any) -> SendMessageRequest:
    """A message, to Bob if nobody else is named."""
    said = {"recipient": scene.to("bob"), "content_size": len(content), **info}
    said.setdefault("sender", Sender(user=User(user_id=scene.ann.user)))
    return SendMessageRequest(
        delivery_report=False, message_info=MessageInfo(**said), content_data=content
    )


def forwards(to: Recipients) -> Makes:
    """Forward what waits."""
    return lambda it: ForwardMessageRequest(message_id=it.message_id, recipient=to(it))


def as_bob(scene: Scene) -> Sender:
    """A sender who is not Ann."""
    return Sender(user=User(user_id=scene.bob.user))


def blocks(**entities: Any) -> Makes:
    """Block entities, in the form of each version."""

    def request(scene: Scene) -> BlockEntityRequest:
        lists = {name: tuple(each(scene) for each in named) for name, named in entities.items()}
        block = BlockList(in_use=None, add_list=AddList(**lists))
        if scene.version is not V13:
            return BlockEntityRequest(block_list=BlockList(add_list=AddList(**lists)))
        return BlockEntityRequest(block_list=block)

    return request


def bob(scene: Scene) -> Address:
    """Bob's address."""
    return scene.bob.user


def nobody(scene: Scene) -> Address:
    """The address of a user whom there is not."""
    return scene.user("nobody")


def foes(scene: Scene) -> Address:
    """The address of a contact list that Ann does not have."""
    return scene.contact_list("foes")


def lobby(_: Scene) -> Address:
    """The address of a group that there is not."""
    return LOBBY


def rejects(*others: str) -> Makes:
    """Reject what waits, and others."""
    return lambda it: RejectMessageRequest(message_ids=(it.message_id, *others))


SEND = (
    *on_the_way(sends),
    Asked(402, "it is no BASE64", lambda it: sending(it, content="?",
          content_type="image/png", content_encoding=TransferEncoding.BASE64)),
    Asked(402, "it is too long", lambda it: sending(it, content="x" * (MOST_OCTETS + 1))),
    Asked(427, "the sender is another", lambda it: sending(it, sender=as_bob(it)), until_12=402),
)  # fmt: skip

SET_DELIVERY_METHOD = (
    Asked(200, "", lambda _: SetDeliveryMethodRequest(delivery_method=NOTIFY)),
    Asked(800, "there is no such group",
          lambda _: SetDeliveryMethodRequest(delivery_method=NOTIFY, group_id=LOBBY)),
)  # fmt: skip

GET_MESSAGE_LIST = (
    Asked(GetMessageListResponse, "nothing waits", lambda _: GetMessageListRequest()),
    Asked(GetMessageListResponse, "", lambda _: GetMessageListRequest(), message_waits),
    Asked(432, "it is too long for her", lambda _: GetMessageListRequest(),
          more_waits_than_ann_can_read),
    Asked(800, "there is no such group", lambda _: GetMessageListRequest(group_id=LOBBY)),
)  # fmt: skip

REJECT = (
    Asked(200, "", rejects(), message_waits),
    Asked(201, "one waits", rejects("m1"), message_waits, details=frozenset({426})),
    Asked(402, "there are too many", rejects(*map(str, range(MOST_LISTED)))),
    Asked(426, "it does not wait", rejects()),
    Asked(426, "it waits no more", rejects(), message_was_delivered),
    Asked(900, "none waits", rejects("m1"), details=frozenset({426})),
)

GET_MESSAGE = (
    Asked(GetMessageResponse, "", lambda it: GetMessageRequest(message_id=it.message_id),
          message_waits),
    Asked(426, "it never was", lambda it: GetMessageRequest(message_id=it.message_id)),
    Asked(426, "it was delivered", lambda it: GetMessageRequest(message_id=it.message_id),
          message_was_delivered),
    Asked(426, "it expired", lambda it: GetMessageRequest(message_id=it.message_id),
          message_expired),
    Asked(432, "it is too long", lambda it: GetMessageRequest(message_id=it.message_id),
          message_is_too_long),
)  # fmt: skip

DELIVERED = (
    Asked(200, "", lambda it: MessageDelivered(message_id=it.message_id), message_waits),
    Asked(200, "said again", lambda it: MessageDelivered(message_id=it.message_id),
          message_was_delivered),
    Asked(426, "it never was", lambda it: MessageDelivered(message_id=it.message_id)),
)  # fmt: skip

FORWARD = (
    *on_the_way(forwards, message_waits),
    Asked(400, "nobody is in the list", forwards(lambda it: it.to(friends(it))), message_waits),
    Asked(426, "it never was", forwards(lambda it: it.to("bob"))),
    Asked(426, "it was delivered", forwards(lambda it: it.to("bob")), message_was_delivered),
    Asked(426, "it expired", forwards(lambda it: it.to("bob")), message_expired),
    Asked(427, "the sender is another", lambda it: ForwardMessageRequest(
          message_id=it.message_id, sender=as_bob(it), recipient=it.to("bob")),
          message_waits, versions=(V13,)),
)  # fmt: skip

BLOCK = (
    Asked(200, "", blocks(user_ids=(bob,))),
    Asked(201, "one is there", blocks(user_ids=(bob, nobody)), details=frozenset({531})),
    Asked(201, "a group is not", blocks(user_ids=(bob,), group_ids=(lobby,)),
          details=frozenset({800})),
    Asked(201, "a list is not", blocks(user_ids=(bob,), contact_lists=(foes,)),
          details=frozenset({700}), versions=(V13,)),
    Asked(531, "nobody is called that", blocks(user_ids=(nobody,))),
    Asked(700, "she has no such list", blocks(contact_lists=(foes,)), versions=(V13,)),
    Asked(800, "there is no such group", blocks(group_ids=(lobby,))),
    Asked(800, "there is none of that group", blocks(
          screen_names=(lambda _: ScreenName(s_name="Bob", group_id=LOBBY),))),
    Asked(900, "none of them is there", blocks(user_ids=(nobody,), group_ids=(lobby,)),
          details=frozenset({531, 800})),
)  # fmt: skip

GET_BLOCKED = (Asked(GetBlockedListResponse, "", lambda _: GetBlockedListRequest()),)

SERVED = (SEND, SET_DELIVERY_METHOD, GET_MESSAGE_LIST, REJECT, GET_MESSAGE, DELIVERED, FORWARD,
          BLOCK, GET_BLOCKED)  # fmt: skip

ANYTHING = tuple(
    Asked(code, because, table[0].request, before)
    for table in SERVED
    for code, because, before in (
        (506, "it was not agreed", ann_agreed_on_no_messages),
        (604, "she left", ann_left),
    )
)
"""What all of them are answered."""


class MessageCodeTests(DoorTestCase):
    overrides = {
        "messages": {
            "max_waiting": MOST_WAITING,
            "max_recipients": MOST_RECIPIENTS,
            "max_content_octets": MOST_OCTETS,
        }
    }

    async def check(self, table: Sequence[Asked]) -> None:
        """Ask all that is in a table."""
        for asked in table:
            for version, encoding in EVERY:
                if version not in asked.versions:
                    continue
                scene = Scene(self, version, encoding)
                await scene.begin()
                await asked.before(scene)
                answer: Any = await scene.ann.ask(asked.request(scene))
                place = f"{version} {encoding}: {asked.because}, {answer}"
                self.check_answer(asked, version, answer, place)

    def check_answer(self, asked: Asked, version: Version, answer: Any, place: str) -> None:
        expected = asked.expected(version)
        if not isinstance(expected, int):
            self.assertIsInstance(answer, expected, place)
            return
        if isinstance(answer, ForwardMessageResponse):
            self.assertEqual((200, version), (expected, V13), place)
            return
        self.assertEqual(answer.result.code, expected, place)
        self.assertEqual({each.code for each in answer.result.detailed_results}, asked.details)
        if isinstance(answer, SendMessageResponse):
            self.assertEqual(answer.message_id is not None, expected in (200, 201), place)

    @shows(SendMessageRequest, *ALL)
    async def test_send_message(self) -> None:
        await self.check(SEND)

    @shows(SetDeliveryMethodRequest, *ALL)
    async def test_set_delivery_method(self) -> None:
        await self.check(SET_DELIVERY_METHOD)

    @shows(GetMessageListRequest, *ALL)
    async def test_get_message_list(self) -> None:
        await self.check(GET_MESSAGE_LIST)

    @shows(RejectMessageRequest, *ALL)
    async def test_reject_message(self) -> None:
        await self.check(REJECT)

    @shows(GetMessageRequest, *ALL)
    async def test_get_message(self) -> None:
        await self.check(GET_MESSAGE)

    @shows(MessageDelivered, *ALL)
    async def test_message_delivered(self) -> None:
        await self.check(DELIVERED)

    @shows(ForwardMessageRequest, *ALL)
    async def test_forward_message(self) -> None:
        await self.check(FORWARD)

    @shows(BlockEntityRequest, *ALL)
    async def test_block_entity(self) -> None:
        await self.check(BLOCK)

    @shows(GetBlockedListRequest, *ALL)
    async def test_get_blocked_list(self) -> None:
        await self.check(GET_BLOCKED)

    async def test_all_of_them(self) -> None:
        await self.check(ANYTHING)
