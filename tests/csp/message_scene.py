"""Where messages are asked about: Ann, who asks, and what happened before she did."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from attrs import evolve

from imps.csp.primitives.access import Functions, LogoutRequest, ServiceRequest
from imps.csp.primitives.blocking import BlockEntityRequest, BlockList, EntityList, GrantList
from imps.csp.primitives.capability import AcceptedContentType
from imps.csp.primitives.contacts import AddNickList, ListManageRequest
from imps.csp.primitives.identity import ClientID, Group, NickName, Recipient, User
from imps.csp.primitives.im import MessageDelivered, MessageNotification
from imps.csp.primitives.services import FundamentalFeat, WVCSPFeat
from imps.model.address import Address
from imps.model.capability import ContentPolicy, DeliveryMethod, OfflineETEMHandling
from imps.model.version import V13, Version
from imps.testing.door import OK, DoorTestCase, Speaker, message_to

MOST_WAITING = 3
LOBBY = Address.parse("wv:/lobby@localhost")
STRANGER = Address.parse("wv:stranger@elsewhere.example")


class Scene:
    """Ann, who asks in a version and an encoding; Bob, to whom she has something to say; and Carl,
    who has something to say to her. All are new, and signed on."""

    _numbers = count()

    def __init__(self, test: DoorTestCase, version: Version, encoding: str) -> None:
        self.test, self.version = test, version
        self._number = next(self._numbers)
        self.ann = test.speaker(str(self.user("ann")), "phone", version, encoding)
        self.bob, self.carl = (
            test.speaker(str(self.user(name)), "phone", V13, encoding) for name in ("bob", "carl")
        )
        self.message_id = "m0"
        self.content_type = "text/plain"

    async def begin(self) -> None:
        """All have accounts, and sign on."""
        for speaker in (self.ann, self.bob, self.carl):
            await self.test.directory.add(speaker.user, "secret")
            await speaker.sign_on()

    def user(self, name: str) -> Address:
        """The address of somebody, who need not exist."""
        return Address.parse(f"wv:{name}-{self._number}@localhost")

    def contact_list(self, name: str, of: str = "ann") -> Address:
        """The address of a contact list, which need not exist."""
        return Address.parse(f"wv:{of}-{self._number}/{name}@localhost")

    def to(self, *names: str | Address, client: str | None = None) -> Recipient:
        """Recipients: users of ours by name; users elsewhere, contact lists and the lobby, a group,
        by address. With a client, that alone."""
        addresses = [each if isinstance(each, Address) else self.user(each) for each in names]
        client_id = ClientID(url=client) if client else None
        return Recipient(
            users=tuple(User(user_id=e, client_id=client_id) for e in addresses if e.is_user),
            groups=tuple(Group(group_id=each) for each in addresses if each == LOBBY),
            contact_lists=tuple(e for e in addresses if e.is_resource and e != LOBBY),
        )

    async def say(self, sender: Speaker, name: str, report: bool = False) -> str:
        """Have somebody send a message; its id."""
        request: Any = message_to(sender.user, str(self.user(name)), report=report)
        info = evolve(request.message_info, content_type=self.content_type)
        answer: Any = await sender.ask(evolve(request, message_info=info))
        self.test.assertEqual(answer.result.code, 200)
        return str(answer.message_id)


Happens = Callable[[Scene], Awaitable[object]]


async def nothing(scene: Scene) -> None:
    """Nothing happened."""


async def bob_blocks_ann(scene: Scene) -> None:
    """Bob takes nothing from Ann."""
    ann = EntityList(user_ids=(scene.ann.user,))
    request = BlockEntityRequest(block_list=BlockList(entity_list=ann), block_list_in_use=True)
    scene.test.assertEqual(await scene.bob.ask(request), OK)


async def bob_grants_nobody(scene: Scene) -> None:
    """Bob takes something from nobody but those in an empty list."""
    request = BlockEntityRequest(grant_list=GrantList(), grant_list_in_use=True)
    scene.test.assertEqual(await scene.bob.ask(request), OK)


async def bob_rejects_pictures(scene: Scene) -> None:
    """Bob does not want to hear of pictures, and the message is one."""
    pictures = AcceptedContentType(
        content_type="image/*", content_policy=ContentPolicy.REJECT, content_policy_limit=0
    )
    await scene.test.offer(scene.bob, accepted_content_types=(pictures,))
    scene.content_type = "image/png"


async def bob_left_and_wants_nothing_kept(scene: Scene) -> None:
    """Bob is signed on no more, and nothing is to wait for him."""
    await scene.test.offer(scene.bob, offline_etem_handling=OfflineETEMHandling.REJECT)
    await scene.bob.ask(LogoutRequest())


async def much_waits_for_bob(scene: Scene) -> None:
    """As much waits for Bob as may."""
    for _ in range(MOST_WAITING):
        await scene.say(scene.carl, "bob")


async def ann_has_bob_in_a_list(scene: Scene) -> None:
    """Bob is among Ann's contacts."""
    contacts = AddNickList(nick_names=(NickName(name="Bob", user_id=scene.bob.user),))
    answer: Any = await scene.ann.ask(
        ListManageRequest(
            contact_list=scene.contact_list("friends"), add_nick_list=contacts, receive_list=False
        )
    )
    scene.test.assertEqual(answer.result.code, 200)


async def ann_agreed_on_no_messages(scene: Scene) -> None:
    """Ann's client agreed on other services."""
    functions = Functions(features=WVCSPFeat(fundamental_feat=FundamentalFeat()))
    await scene.ann.ask(ServiceRequest(functions=functions, all_functions_request=False))


async def ann_left(scene: Scene) -> None:
    """Ann has signed off."""
    await scene.ann.ask(LogoutRequest())


async def message_waits(scene: Scene) -> None:
    """A message of Carl's waits for Ann, whose client was notified."""
    await scene.test.offer(scene.ann, DeliveryMethod.NOTIFY)
    scene.message_id = await scene.say(scene.carl, "ann", report=True)
    notification = await scene.ann.poll()
    assert notification is not None and isinstance(notification.content, MessageNotification)
    await scene.ann.say(OK, notification)


async def message_was_delivered(scene: Scene) -> None:
    """It waited, and was acknowledged."""
    await message_waits(scene)
    scene.test.assertEqual(await scene.ann.ask(MessageDelivered(message_id=scene.message_id)), OK)


async def message_expired(scene: Scene) -> None:
    """It waited for as long as it may."""
    await message_waits(scene)
    scene.test.clock.advance(scene.test.settings.messages.validity_seconds)
    await scene.ann.sign_on()


async def message_is_too_long(scene: Scene) -> None:
    """It waits, and is longer than what Ann's client fetches."""
    await message_waits(scene)
    lengths = (
        {"accepted_push_length": 1, "accepted_pull_length": 1}
        if scene.version is V13
        else {"accepted_content_length": 1}
    )
    await scene.test.offer(scene.ann, DeliveryMethod.NOTIFY, **lengths)


async def more_waits_than_ann_can_read(scene: Scene) -> None:
    """More waits for Ann than her client can read."""
    for _ in range(MOST_WAITING):
        await scene.say(scene.carl, "ann")
    await scene.test.offer(scene.ann, parser_size=100)


def both(one: Happens, other: Happens) -> Happens:
    """One thing after the other."""

    async def happens(scene: Scene) -> None:
        await one(scene)
        await other(scene)

    return happens
