"""Blocking, as a real client does it."""

from imps.csp.primitives.blocking import BlockEntityRequest, GetBlockedListRequest
from imps.testing.conformance import ALL, shows
from tests.acceptance.test_handsets import ANDROIDS, NOKIAS, HandsetTestCase


class Blocking:
    @shows(BlockEntityRequest, GetBlockedListRequest, *ALL)
    async def test_who_is_blocked_is_kept_out_until_that_is_taken_back(self):
        for number, (version, encoding) in enumerate(ANDROIDS):
            ann, bob, carl = await self.known("ann", "bob", "carl")
            android, nokia, other = await self.signed_on(
                self.android(ann, version, encoding),
                self.nokia(bob, *NOKIAS[number % len(NOKIAS)]),
                self.nokia(carl),
            )
            self.assertEqual(await android.block(bob), 200)
            self.assertEqual((await nokia.send(ann, text="let me in")).code, 532)
            self.assertEqual((await other.send(ann, text="hello")).code, 200)
            # The list is loaded anew at the next login.
            await android.sign_off()
            await android.sign_on()
            self.assertEqual((await nokia.send(ann, text="let me in")).code, 532)
            self.assertEqual(await android.unblock(bob), 200)
            self.assertEqual((await nokia.send(ann, text="thank you")).code, 200)
            await android.poll()
            self.assertEqual([each.content for each in android.received], ["hello", "thank you"])


class OneProcessTests(Blocking, HandsetTestCase):
    pass


class TwoProcessTests(Blocking, HandsetTestCase):
    """The same with each request going to the other process than the last."""

    processes = 2
