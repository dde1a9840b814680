"""What clients of 1.3 do not even want to hear of: ContentPolicy."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.primitives.access import LogoutRequest
from imps.csp.primitives.capability import AcceptedContentType
from imps.csp.primitives.im import MessageDelivered, MessageNotification, NewMessage
from imps.model.capability import Capabilities, ContentLimit, ContentPolicy
from imps.model.version import V13
from imps.testing.conformance import shows_feature
from imps.testing.door import Speaker, delivered, message_to, text_of
from tests.csp.test_notification import DeliveryTestCase

REJECT = ContentPolicy.REJECT
LONG = "x" * 11


class ContentPolicyTests(DeliveryTestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        await self.bob.ask(LogoutRequest())

    async def session(self, client: str, *, named: str = "image/*", **limits: Any) -> Speaker:
        """A session of Bob's that takes images with limits of their own."""
        bob = self.speaker("bob", client, V13, "wbxml")
        await bob.sign_on()
        accepted = AcceptedContentType(content_type=named, **limits)
        await self.offer(bob, accepted_content_types=(accepted,), accepted_push_length=10_000)
        return bob

    async def send(self, text: str = LONG, content_type: str = "Image/PNG; q=1") -> int:
        """Send Bob an image; the code that comes back."""
        request: Any = message_to(self.ann.user, "bob", text=text)
        info: Any = evolve(request.message_info, content_type=content_type)
        answer: Any = await self.ann.ask(evolve(request, message_info=info))
        return int(answer.result.code)

    @shows_feature("capabilities respected", "content types")
    async def test_sender_is_told_what_no_session_takes(self) -> None:
        every: tuple[dict[str, Any], ...] = (
            {"content_policy_limit": 10},
            {"accepted_rich_content_length": 10},
            {"accepted_rich_content_length": 100, "content_policy_limit": 10},
        )
        for limits in every:
            bob = await self.session("phone", content_policy=REJECT, **limits)
            self.assertEqual(await self.send(), 415)
            self.assertEqual(await self.send("small"), 200)
            self.assertEqual(await self.send(content_type="text/plain"), 200)
            self.assertEqual(await self.take(bob), [b"small", LONG])

    async def take(self, bob: Speaker) -> list[str | bytes | None]:
        """What is pushed, each acknowledged."""
        contents = []
        new = await bob.poll()
        while new is not None:
            contents.append(text_of(new))
            new = await bob.say(delivered(new), new)
        return contents

    async def test_session_that_takes_it_gets_it(self) -> None:
        phone = await self.session("phone", content_policy=REJECT, content_policy_limit=10)
        tablet = await self.session("tablet")
        self.assertEqual(await self.send(), 200)
        self.assertIsNone(await phone.poll())
        self.assertEqual(await self.take(tablet), [LONG.encode()])
        self.assertEqual(await self.store.client.execute("KEYS", "*message:*"), [])

    async def test_who_is_away_may_come_with_another_client(self) -> None:
        self.assertEqual(await self.send(), 200)
        self.assertEqual(await self.send("small"), 200)
        phone = await self.session("phone", content_policy=REJECT, content_policy_limit=10)
        self.assertEqual(await self.take(phone), [b"small"])
        self.assertEqual(await self.take(await self.session("tablet")), [LONG.encode()])

    async def test_other_policies_are_notified_above_the_limit(self) -> None:
        for policy in (None, ContentPolicy.NOTIFY, ContentPolicy.COST):
            bob = await self.session(
                "phone", content_policy=policy, accepted_rich_content_length=10
            )
            for text, form in (("small", NewMessage), (LONG, MessageNotification)):
                self.assertEqual(await self.send(text), 200)
                transaction: Any = await bob.poll()
                self.assertIsInstance(transaction.content, form)
                message_id = transaction.content.message_info.message_id
                await bob.ask(MessageDelivered(message_id=message_id))

    async def test_store_and_model_mean_the_same(self) -> None:
        offered = [
            ContentLimit(content_type=named, policy=REJECT, policy_octets=5)
            for named in ("image/gif", "Audio/*", "text/x-vCard; v=2", "*", "a b/c", "")
        ]
        contents = ("image/gif", "IMAGE/GIF ; x=y", "image/gifs", "audio/amr", "audio", "", "*")
        for limit in offered:
            phone = await self.session(
                "phone",
                named=limit.content_type,
                content_policy=REJECT,
                content_policy_limit=5,
            )
            capabilities = Capabilities(content_types=(limit,))
            for content_type in contents:
                for size in (5, 6):
                    rejected = capabilities.rejects(content_type or "text/plain", size)
                    code = await self.send("x" * size, content_type)
                    self.assertEqual(code, 415 if rejected else 200, (limit, content_type, size))
            await phone.ask(LogoutRequest())
            # A session may send only so much in a second.
            self.clock.advance(2)


class RejectionTests(SynchronousTestCase):
    @given(
        st.sampled_from(["image/gif", "image/*", "*"]),
        st.none() | st.integers(0, 9),
        st.none() | st.integers(0, 9),
        st.none() | st.integers(0, 9),
        st.integers(0, 10),
    )
    def test_what_is_rejected_is_above_the_nearest_limit(
        self, named: str, policy: int | None, rich: int | None, push: int | None, size: int
    ) -> None:
        limit = ContentLimit(
            content_type=named, policy=REJECT, policy_octets=policy, max_octets=rich
        )
        capabilities = Capabilities(content_types=(limit,), max_push_octets=push)
        most = next((each for each in (policy, rich, push) if each is not None), None)
        rejects = capabilities.rejects("image/gif", size)
        self.assertEqual(rejects, most is not None and size > most)
        self.assertFalse(evolve(capabilities, content_types=()).rejects("image/gif", size))
