"""Block and grant lists at the edge of the door, in every version and encoding."""

from __future__ import annotations

from typing import Any

from imps.csp.primitives.blocking import (
    AddList,
    BlockEntityRequest,
    BlockList,
    EntityList,
    GetBlockedListRequest,
    GetBlockedListResponse,
    GrantList,
    RemoveList,
)
from imps.csp.primitives.common import DetailedResult, Result, Status
from imps.csp.primitives.notices import NotificationTypeList, SubscribeNotificationRequest
from imps.model.address import Address
from imps.model.version import V13, Version
from imps.testing.conformance import ALL, shows, shows_feature
from imps.testing.door import EVERY, OK, DoorTestCase, message_to

ANN = Address.parse("wv:ann@localhost")
NOBODY = Address.parse("wv:nobody@localhost")


def blocking(version: Version, in_use: bool | None, **lists: Any) -> BlockEntityRequest:
    """A block list as a version has it."""
    if version is V13:
        return BlockEntityRequest(block_list=BlockList(**lists), block_list_in_use=in_use)
    return BlockEntityRequest(block_list=BlockList(in_use=in_use, **lists))


class BlockingTests(DoorTestCase):
    async def bobs(self) -> Any:
        """Bob, in every version and encoding."""
        for version, encoding in EVERY:
            bob = self.speaker("bob", "phone", version, encoding)
            await bob.sign_on()
            yield bob
            nobody = EntityList()
            request = blocking(version, False, entity_list=nobody)
            self.assertEqual(await bob.ask(request), OK)

    async def code(self) -> int:
        """With which code a message from Ann to Bob is answered."""
        answer: Any = await self.ann.ask(message_to(self.ann.user, "bob"))
        code: int = answer.result.code
        return code

    @shows(BlockEntityRequest, GetBlockedListRequest, *ALL)
    @shows_feature("whom one takes messages from", "block lists")
    async def test_who_is_blocked_is_told_and_both_lists_can_be_read(self) -> None:
        async for bob in self.bobs():
            self.assertEqual(await self.code(), 200)
            request = blocking(bob.version, True, add_list=AddList(user_ids=(ANN,)))
            self.assertEqual(await bob.ask(request), OK)
            self.assertEqual(await self.code(), 532)
            ann = EntityList(user_ids=(ANN,))
            answer = await bob.ask(GetBlockedListRequest())
            within = bob.version < V13
            self.assertEqual(
                answer,
                GetBlockedListResponse(
                    block_list=BlockList(in_use=True if within else None, entity_list=ann),
                    block_list_in_use=None if within else True,
                    grant_list=GrantList(
                        in_use=False if within else None, entity_list=EntityList()
                    ),
                    grant_list_in_use=None if within else False,
                ),
            )
            request = blocking(bob.version, None, remove_list=RemoveList(user_ids=(ANN,)))
            if bob.version is V13:
                self.assertEqual(await bob.ask(request), OK)
                self.assertEqual(await self.code(), 200)

    @shows_feature("whom one takes messages from", "grant lists", "both at once")
    async def test_grant_list_in_use_is_for_those_in_it_who_are_not_blocked(self) -> None:
        async for bob in self.bobs():
            within = bob.version < V13
            for in_use, added, blocked, code in (
                (True, (), (), 532),
                (True, (ANN,), (), 200),
                (True, (ANN,), (ANN,), 532),
                (False, (), (), 200),
            ):
                grant = GrantList(
                    in_use=in_use if within else None, entity_list=EntityList(user_ids=added)
                )
                block = BlockList(
                    in_use=True if within else None, entity_list=EntityList(user_ids=blocked)
                )
                request = BlockEntityRequest(
                    block_list=block,
                    block_list_in_use=None if within else True,
                    grant_list=grant,
                    grant_list_in_use=None if within else in_use,
                )
                self.assertEqual(await bob.ask(request), OK)
                self.assertEqual(await self.code(), code)

    async def test_application_is_blocked_or_granted_whoever_uses_it(self) -> None:
        chess = EntityList(application_ids=("Chess",))
        blocked = blocking(V13, True, entity_list=chess)
        granted = BlockEntityRequest(
            block_list_in_use=False,
            grant_list=GrantList(entity_list=chess),
            grant_list_in_use=True,
        )
        for encoding in ("xml", "wbxml"):
            bob = self.speaker("bob", "phone", V13, encoding)
            await bob.sign_on()
            for request, codes in ((blocked, (532, 200)), (granted, (200, 532))):
                self.assertEqual(await bob.ask(request), OK)
                for application, code in zip(("chess", None), codes, strict=True):
                    ann = self.speaker("ann", "computer", V13, encoding)
                    ann.application_id = application
                    await ann.sign_on()
                    answer: Any = await ann.ask(message_to(ann.user, "bob"))
                    self.assertEqual(answer.result.code, code, (request, application))
            await bob.ask(BlockEntityRequest(grant_list_in_use=False))

    async def test_who_does_not_exist_is_told(self) -> None:
        async for bob in self.bobs():
            request = blocking(bob.version, True, add_list=AddList(user_ids=(ANN, NOBODY)))
            detail = DetailedResult(code=531, user_ids=(NOBODY,))
            partly = Status(result=Result(code=201, detailed_results=(detail,)))
            self.assertEqual(await bob.ask(request), partly)
            self.assertEqual(await self.code(), 532)

    async def test_other_sessions_of_13_are_told(self) -> None:
        other = self.speaker("bob", "tablet", V13)
        await other.sign_on()
        kinds = NotificationTypeList(notification_types=("BLC", "BLUC", "GLC", "GLUC"))
        await other.ask(SubscribeNotificationRequest(notification_type_list=kinds))
        async for bob in self.bobs():
            request = blocking(bob.version, True, add_list=AddList(user_ids=(ANN,)))
            await bob.ask(request)
            told = []
            transaction: Any = await other.poll()
            while transaction is not None:
                content = transaction.content
                told.append((content.notification_type.value, content.block_list_in_use))
                transaction = await other.say(OK, transaction)
            changed = [("BLC", False), ("BLUC", False)] if told[0][1] is False else []
            self.assertEqual(told, changed or [("BLC", True), ("BLUC", True)])
