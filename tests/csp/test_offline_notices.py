from functools import partial

from attrs import evolve

from imps.clp.state import State
from imps.csp.primitives.access import Functions, LogoutRequest, ServiceRequest
from imps.csp.primitives.blocking import BlockEntityRequest, BlockList, EntityList, GrantList
from imps.csp.primitives.im import NewMessage
from imps.csp.primitives.services import IMFeat, IMReceiveFunc, WVCSPFeat
from imps.model.address import Address
from imps.model.capability import Bearer
from imps.model.version import V12, V13
from imps.parts import Parts
from imps.store.outgoing_texts import PartSettled, Said
from imps.store.work import Work
from imps.testing.conformance import shows_feature
from imps.testing.door import EVERY, OK, DoorTestCase, delivered, message_to

PHONE = "+358401234567"
KANNEL = {
    "kind": "kannel",
    "name": "kannel",
    "key": "a-key-of-the-gateways-own",
    "send_url": "http://127.0.0.1:1/send",
}
ANNOUNCED = IMReceiveFunc(newm=True, offnotif=True)
PUSHED = IMReceiveFunc(newm=True)
HALF_AN_HOUR = 1800


class OfflineNoticeTestCase(DoorTestCase):
    async def setUp(self):
        await super().setUp()
        await self.directory.change(Address("bob"), msisdn=PHONE)
        await self.bob.ask(LogoutRequest())
        self.phone = self.speaker("bob", "phone", V13)
        await self.phone.sign_on()

    async def agree(self, speaker, functions, bearers=(Bearer.SMS,)):
        """Have a client agree; what it does not get of the functions."""
        await self.offer(speaker, supported_offline_bearers=bearers)
        wanted = Functions(features=WVCSPFeat(im_feat=IMFeat(im_receive_func=functions)))
        response = await speaker.ask(ServiceRequest(functions=wanted, all_functions_request=False))
        return response.functions

    async def texts(self):
        """What bob's phone is texted."""
        await self.parts.timers.do_all()
        outgoing, now = self.parts.outgoing_texts, self.clock.seconds()
        found, _ = await outgoing.take(PHONE, now=now)
        if found is None:
            return []
        accepted = PartSettled(0, Said.ACCEPTED)
        await outgoing.settle(PHONE, found.text.id, accepted, now=now)
        return [found.text.body]

    async def notices_left(self):
        """What is to be done about users who are off line."""
        bucket = self.store.buckets.of(Address.parse("wv:bob@localhost"))
        key = f"{self.store.buckets.prefix(bucket)}work"
        records = await self.store.client.execute("HVALS", key)
        work = [Work.unpacked(bucket, each) for each in records]
        return [each for each in work if each.kind == "offline-notice"]


class OfflineNoticeTests(OfflineNoticeTestCase):
    overrides = {"sms": {"gateway": [KANNEL]}}

    @shows_feature("messages for who is away, announced", "told that they wait")
    async def test_who_is_off_line_is_texted_that_a_message_waits(self):
        self.assertIsNone(await self.agree(self.phone, ANNOUNCED))
        await self.phone.ask(LogoutRequest())
        await self.ann.send("bob")
        self.assertEqual(await self.texts(), ["ann@localhost has sent you a message."])

    @shows_feature("messages for who is away, announced", "at the next login")
    async def test_message_that_was_announced_comes_at_the_next_login(self):
        for number, (version, encoding) in enumerate(EVERY):
            await self.agree(self.phone, ANNOUNCED)
            await self.phone.ask(LogoutRequest())
            await self.ann.send("bob")
            self.assertEqual(len(await self.texts()), 1)
            self.phone = self.speaker("bob", f"phone {number}", version, encoding)
            await self.phone.sign_on()
            waiting = await self.phone.poll()
            self.assertIsInstance(waiting.content, NewMessage)
            await self.phone.say(delivered(waiting), waiting)
            await self.phone.ask(LogoutRequest())
            self.clock.advance(HALF_AN_HOUR)
            await self.ann.sign_on()
            self.phone = self.speaker("bob", "phone", V13, encoding)
            await self.phone.sign_on()

    async def test_messages_of_half_an_hour_are_announced_once(self):
        await self.agree(self.phone, ANNOUNCED)
        await self.phone.ask(LogoutRequest())
        for text in ("one", "two"):
            await self.ann.send("bob", text=text)
        self.assertEqual(len(await self.texts()), 1)
        self.assertEqual(await self.texts(), [])
        self.clock.advance(HALF_AN_HOUR)
        await self.ann.sign_on()
        await self.ann.send("bob", text="three")
        self.assertEqual(len(await self.texts()), 1)

    async def test_many_senders_cause_one_text_however_often_its_user_comes_and_goes(self):
        await self.agree(self.phone, ANNOUNCED)
        texts = []
        for number in range(5):
            name = f"stranger{number}"
            await self.directory.add(Address(name), "secret")
            stranger = self.speaker(name)
            await stranger.sign_on()
            await self.phone.ask(LogoutRequest())
            await stranger.send("bob")
            texts += await self.texts()
            await self.phone.sign_on()
            await self.agree(self.phone, ANNOUNCED)
        self.assertEqual(texts, ["stranger0@localhost has sent you a message."])

    async def test_sender_who_is_blocked_causes_no_text(self):
        await self.agree(self.phone, ANNOUNCED)
        await self.phone.ask(LogoutRequest())
        other = self.speaker("bob", "another phone", V13)
        ann = EntityList(user_ids=(Address.parse("wv:ann@localhost"),))
        for request in (
            BlockEntityRequest(block_list=BlockList(entity_list=ann), block_list_in_use=True),
            BlockEntityRequest(
                block_list_in_use=False, grant_list=GrantList(), grant_list_in_use=True
            ),
        ):
            await other.sign_on()
            self.assertEqual(await other.ask(request), OK)
            await other.ask(LogoutRequest())
            answer = await self.ann.ask(message_to(self.ann.user, "bob"))
            self.assertEqual(answer.result.code, 532)
            self.assertEqual(await self.texts(), [])

    async def test_user_is_told_once_however_often_that_is_tried(self):
        await self.agree(self.phone, ANNOUNCED)
        await self.phone.ask(LogoutRequest())
        await self.ann.send("bob")
        (work,) = await self.notices_left()
        # A process dies when it has told the user, and before it could write that down.
        await self.parts.offline_notices.tell(work)
        self.assertEqual(len(await self.texts()), 1)
        self.assertEqual(await self.texts(), [])

    async def test_who_cannot_be_told_any_more_is_not_and_nothing_is_left_to_be_done(self):
        bob = Address("bob")
        for happens in (
            partial(self.directory.change, bob, msisdn="12345"),
            partial(self.directory.suspend, bob),
            partial(self.directory.delete, bob),
        ):
            await self.directory.change(bob, msisdn=PHONE)
            await self.directory.resume(bob)
            await self.phone.sign_on()
            await self.agree(self.phone, ANNOUNCED)
            await self.phone.ask(LogoutRequest())
            await self.ann.send("bob")
            self.assertEqual(len(await self.notices_left()), 1)
            await happens()
            self.assertEqual(await self.texts(), [])
            self.assertEqual(await self.notices_left(), [])
            self.clock.advance(HALF_AN_HOUR)
            await self.ann.sign_on()

    async def test_phone_that_has_said_stop_is_not_texted(self):
        await self.agree(self.phone, ANNOUNCED)
        await self.phone.ask(LogoutRequest())
        await self.parts.phones.stop(PHONE)
        await self.ann.send("bob")
        self.assertEqual(await self.texts(), [])

    async def test_who_is_told_messages_by_text_is_not_told_that_they_wait(self):
        await self.agree(self.phone, ANNOUNCED)
        await self.phone.ask(LogoutRequest())
        known = State(is_known=True)
        await self.parts.clp_services.states.change(
            Address.parse("wv:bob@localhost"), lambda _: known
        )
        await self.ann.send("bob", text="hello")
        texts = [each for _ in range(3) for each in await self.texts()]
        self.assertEqual([each[:10] for each in texts], ["ann: hello"])

    async def test_who_is_on_line_is_not_texted(self):
        await self.agree(self.phone, ANNOUNCED)
        await self.ann.send("bob")
        self.assertEqual(await self.texts(), [])

    async def test_who_cannot_be_reached_by_text_is_not(self):
        for functions, bearers in (
            (ANNOUNCED, ()),
            (ANNOUNCED, (Bearer.HTTP,)),
            (PUSHED, (Bearer.SMS,)),
        ):
            await self.phone.sign_on()
            await self.agree(self.phone, functions, bearers)
            await self.phone.ask(LogoutRequest())
            await self.ann.send("bob")
            self.assertEqual(await self.texts(), [], (functions, bearers))

    async def test_agreement_lasts_until_the_same_client_agrees_otherwise(self):
        await self.agree(self.phone, ANNOUNCED)
        await self.phone.ask(LogoutRequest())
        other = self.speaker("bob", "another phone", V12)
        await other.sign_on()
        await self.agree(other, PUSHED)
        await other.ask(LogoutRequest())
        await self.ann.send("bob")
        self.assertEqual(len(await self.texts()), 1)
        await self.phone.sign_on()
        await self.agree(self.phone, PUSHED)
        await self.phone.ask(LogoutRequest())
        self.clock.advance(HALF_AN_HOUR)
        await self.ann.sign_on()
        await self.ann.send("bob")
        self.assertEqual(await self.texts(), [])

    async def test_who_has_no_number_on_record_is_not_texted(self):
        await self.directory.add(Address("carl"), "secret")
        carl = self.speaker("carl", PHONE, V13)
        await carl.sign_on()
        await self.agree(carl, ANNOUNCED)
        await carl.ask(LogoutRequest())
        await self.ann.send("carl")
        self.assertEqual(await self.texts(), [])
        await self.settled()


class WithoutWordingTests(OfflineNoticeTestCase):
    overrides = {"sms": {"gateway": [KANNEL]}}

    async def test_operator_who_takes_the_wording_back_leaves_nothing_to_be_done(self):
        await self.agree(self.phone, ANNOUNCED)
        await self.phone.ask(LogoutRequest())
        settings = evolve(self.settings, sms=evolve(self.settings.sms, offline_notice=""))
        self.parts = Parts(settings, self.store, self.clock)
        await self.ann.send("bob")
        self.assertEqual(await self.texts(), [])
        self.assertEqual(await self.notices_left(), [])


class WithoutGatewayTests(OfflineNoticeTestCase):
    async def test_client_is_told_that_nothing_is_announced(self):
        refused = await self.agree(self.phone, ANNOUNCED)
        self.assertTrue(refused.features.im_feat.im_receive_func.offnotif)
        await self.phone.ask(LogoutRequest())
        await self.ann.send("bob")
        self.assertEqual(await self.texts(), [])
