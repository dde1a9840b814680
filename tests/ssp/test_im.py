"""Messages between users of ours and a partner's, and the reports on them."""

from datetime import UTC, datetime

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from imps.elements.interfaces import Caller
from imps.model.access import AccessChange, Entity, EntityKind
from imps.model.address import Address
from imps.model.message import Content, Draft, OneClient
from imps.model.partner import Profile
from imps.model.status import StatusCode
from imps.ssp.im import ANSWER_SECONDS
from imps.ssp.messages.blocks import (
    ClientID,
    ContentData,
    DetailedResult,
    MessageInfo,
    MetaInfo,
    Recipient,
    ScreenName,
    Sender,
    Status,
    User,
)
from imps.ssp.messages.im import (
    DeliveryResult,
    DeliveryStatusReport,
    SendMessageRequest,
    SendMessageResponse,
)
from imps.testing.conformance import shows_feature
from imps.testing.store import EPOCH
from tests.ssp.partners import ABE, ANN, BEA, BO, SOUTH, WES, PartnersTestCase


class PartnersMessagesTestCase(PartnersTestCase):
    async def setUp(self):
        await super().setUp()
        self.im = self.parts.im

    async def reports(self, session_id):
        """What a session is told became of messages."""
        told = await self.take(session_id)
        return [(each.message_id, each.recipient, each.code) for each in told]


class OurMessagesTests(PartnersMessagesTestCase):
    def draft(self, *users, **fields):
        content = Content(octets="h\u00e9llo".encode(), name="a note", uri="http://x/1")
        return Draft(content=content, users=users, **fields)

    async def send(self, *users, caller=None, **fields):
        self.operations += 1
        caller = caller or Caller(ANN, "", f"op{self.operations}")
        return await self.im.send(caller, self.draft(*users, **fields))

    async def test_partner_is_told_all_of_a_message_once(self):
        sent = await self.send(BO, BEA, validity_seconds=600, wants_report=True)
        self.assertEqual(sent.outcome.code, StatusCode.OK)
        [said] = self.exchange.said
        self.assertEqual((said.domain, said.user), ("south.example", ANN))
        self.assertEqual(said.expires_at, EPOCH + 600)
        request, info = said.message, said.message.message_info
        self.assertEqual(request.meta_info, MetaInfo.of_user(ANN, "north.example"))
        self.assertIs(request.delivery_report, True)
        self.assertEqual(info.message_id, sent.message_id)
        self.assertEqual([each.user.user_id for each in info.recipients], [BO, BEA])
        self.assertEqual(info.sender.user.user_id, ANN)
        self.assertEqual((info.validity, info.content_size, info.content_name), (600, 6, "a note"))
        self.assertEqual(info.message_uri, "http://x/1")
        self.assertEqual(info.date_time, datetime(2026, 1, 1, tzinfo=UTC))
        self.assertEqual(request.content_data.octets.decode(), "h\u00e9llo")

    async def test_one_client_is_named_as_such(self):
        client = OneClient(BO, "wv:client", "", "game")
        await self.send(clients=(client,))
        [recipient] = self.exchange.take(SendMessageRequest).message_info.recipients
        self.assertEqual(recipient.user.user_id, BO)
        self.assertEqual(recipient.user.client_id.url, "wv:client")
        self.assertEqual(recipient.user.client_id.application_id, "game")

    async def test_one_result_for_recipients_of_several_domains(self):
        def answer(request):
            if request.message_info.recipients[0].user.user_id == WES:
                return Status(code=531)
            blocked = DetailedResult(code=532, user_ids=(Address.parse("bea"),))
            said = Status(code=201, detailed_results=(blocked,))
            return SendMessageResponse(message_id="other", status=said)

        self.exchange.answer = answer
        nowhere = Address.parse("wv:x@nowhere.example")
        sent = await self.send(ABE, BO, BEA, WES, nowhere)
        self.assertEqual(sent.outcome.code, StatusCode.PARTLY_DONE)
        failed = {each.code: each.users for each in sent.outcome.details}
        self.assertEqual(failed, {516: (nowhere,), 532: (BEA,), 531: (WES,)})
        self.assertEqual(sent.outcome.served, 2)
        self.assertEqual(len(await self.take(await self.session(ABE))), 1)

    async def test_what_a_partner_cannot_do_is_not_agreed_and_its_mistrust_is_our_fault(self):
        for said, told in ((405, 506), (501, 506), (901, 500), (200, 200), (538, 538)):
            self.exchange.answer = lambda _, said=said: Status(code=said)
            self.assertEqual((await self.send(BO)).outcome.code, told)

    async def test_what_we_do_not_want_of_a_partner_is_not_asked(self):
        self.exchange.known.add(evolve(SOUTH, wants=frozenset(("GetPresenceFunc",))))
        self.assertEqual((await self.send(BO)).outcome.code, StatusCode.SERVICE_NOT_AGREED)
        self.assertEqual(self.exchange.said, [])
        outcome = (await self.send(ABE, BO, BEA, WES)).outcome
        self.assertEqual((outcome.code, outcome.served), (StatusCode.PARTLY_DONE, 2))
        failed = {each.code: each.users for each in outcome.details}
        self.assertEqual(failed, {506: (BO, BEA)})
        self.assertEqual([each.domain for each in self.exchange.said], ["west.example"])

    async def test_who_does_not_answer_in_time_has_it_until_it_turns_out_otherwise(self):
        self.exchange.answer = lambda _: None
        ann = await self.session()
        sending = Deferred.fromCoroutine(self.send(BO, BEA, wants_report=True))
        while not self.exchange.said:
            await self.parts.directory.find(ANN)
        self.clock.advance(ANSWER_SECONDS)
        sent = await sending
        self.assertEqual(sent.outcome.code, StatusCode.OK)
        self.assertEqual(sent.outcome.served, 2)
        blocked = DetailedResult(code=532, user_ids=(BEA,))
        answer = Status(code=201, detailed_results=(blocked,))
        await self.exchange.answered(self.exchange.said[0], answer)
        self.assertEqual(await self.reports(ann), [(sent.message_id, BEA, 532)])
        # An answer may be told twice, and the partner may say more.
        await self.exchange.answered(self.exchange.said[0], answer)
        self.assertEqual(await self.reports(ann), [])

    async def test_what_could_not_be_said_in_time_has_expired(self):
        self.exchange.answer = lambda _: None
        ann = await self.session()
        for wants_report in (False, True):
            sending = Deferred.fromCoroutine(self.send(BO, wants_report=wants_report))
            while len(self.exchange.said) < 1 + wants_report:
                await self.parts.directory.find(ANN)
            self.clock.advance(ANSWER_SECONDS)
            sent = await sending
            await self.exchange.answered(self.exchange.said[-1], Status(code=542))
        self.assertEqual(await self.reports(ann), [(sent.message_id, BO, 542)])

    async def test_who_was_told_of_a_failure_gets_no_report_of_it(self):
        ann = await self.session()
        self.exchange.answer = lambda _: Status(code=532)
        sent = await self.send(BO, wants_report=True)
        self.assertEqual((sent.outcome.code, sent.message_id), (532, None))
        await self.exchange.answered(self.exchange.said[0], Status(code=532))
        self.assertEqual(await self.reports(ann), [])

    async def test_a_request_that_is_repeated_gets_the_answer_as_well(self):
        self.exchange.answer = lambda _: None
        caller = Caller(ANN, "", "same")
        sending = [Deferred.fromCoroutine(self.send(BO, caller=caller)) for _ in range(2)]
        while not self.exchange.said:
            await self.parts.directory.find(ANN)
        await self.exchange.answered(self.exchange.said[0], Status(code=531))
        for each in sending:
            self.assertEqual((await each).outcome.code, StatusCode.UNKNOWN_USER)
        self.assertEqual(len(self.exchange.said), 1)

    async def test_another_process_may_get_the_answer(self):
        self.exchange.answer = lambda _: None
        sending = Deferred.fromCoroutine(self.send(BO))
        while not self.exchange.said:
            await self.parts.directory.find(ANN)
        self.serve(self.another_processes_answers())
        await self.exchange.answered(self.exchange.said[0], Status(code=531))
        self.assertEqual((await sending).outcome.code, StatusCode.UNKNOWN_USER)

    async def test_what_waits_here_is_sent_on_to_a_partner(self):
        abe = await self.session(ABE)
        await self.send(ABE, wants_report=True)
        waiting = (await self.im.waiting(abe)).messages[0]
        caller = Caller(ABE, abe, "onward")
        await self.im.forward(caller, waiting.message_id, Draft(content=Content(), users=(BO,)))
        request = self.exchange.take(SendMessageRequest)
        self.assertEqual(request.content_data.octets.decode(), "h\u00e9llo")
        self.assertEqual(request.message_info.sender.user.user_id, ABE)
        await self.settled()
        ann = await self.session()
        self.assertEqual(await self.reports(ann), [(waiting.message_id, ABE, 541)])

    async def test_a_group_elsewhere_cannot_be_reached(self):
        group = Address.parse("wv:bo/chat@south.example")
        sent = await self.send(ABE, groups=(group,))
        self.assertEqual(
            [(each.code, each.groups) for each in sent.outcome.details], [(516, (group,))]
        )

    async def test_what_becomes_of_it_is_written_down(self):
        events = self.enterContext(capturedLogs())
        self.exchange.answer = lambda _: Status(
            code=201, detailed_results=(DetailedResult(code=532, user_ids=(BEA,)),)
        )
        sent = await self.send(BO, BEA, wants_report=True)
        report = DeliveryStatusReport(
            meta_info=MetaInfo.of_user(BO, "south.example"),
            delivery_result=DeliveryResult(status=Status(code=200)),
            message_info=MessageInfo(
                message_id=sent.message_id, sender=Sender(user=User(user_id=BO))
            ),
        )
        await self.exchange.hear("south.example", report)
        written = [
            (each["event"], each["recipient"], each["code"])
            for each in events
            if each.get("message_id") == sent.message_id
        ]
        self.assertEqual(
            written,
            [
                ("accepted", str(BO), 200),
                ("refused", str(BEA), 532),
                ("delivered", str(BO), 200),
            ],
        )


class PartnersReportsTests(PartnersMessagesTestCase):
    async def setUp(self):
        await super().setUp()
        self.ann = await self.session()
        draft = Draft(content=Content(octets=b"hi"), users=(BO,), wants_report=True)
        self.message = await self.im.send(Caller(ANN, "", "op"), draft)

    def report(self, *, sender=BO, recipient=ANN, code=200, message_id=None, user=None):
        return DeliveryStatusReport(
            meta_info=MetaInfo.of_user(user or sender, "south.example"),
            delivery_result=DeliveryResult(status=Status(code=code)),
            message_info=MessageInfo(
                message_id=message_id or self.message.message_id,
                recipients=(Recipient(user=User(user_id=recipient)),),
                sender=Sender(user=User(user_id=sender)),
            ),
        )

    async def test_our_user_is_told_once_what_became_of_a_message(self):
        answer = await self.exchange.hear("south.example", self.report(code=538))
        self.assertEqual(answer.code, 200)
        self.assertEqual(await self.reports(self.ann), [(self.message.message_id, BO, 538)])
        answer = await self.exchange.hear("south.example", self.report(code=200))
        self.assertEqual(answer.code, 426)
        self.assertEqual(await self.reports(self.ann), [])

    async def test_what_is_not_to_be_reported_is_refused(self):
        for report, code in (
            (self.report(message_id="mother"), 426),
            (self.report(sender=BEA), 426),
            (self.report(sender=WES, user=BO), 901),
            (self.report(user=BEA), 901),
        ):
            answer = await self.exchange.hear("south.example", report)
            self.assertEqual(answer.code, code)
        # Another partner cannot report on it either.
        report = evolve(self.report(), meta_info=None)
        self.assertEqual((await self.exchange.hear("west.example", report)).code, 901)
        forged = self.report(sender=Address.parse("wv:bo@west.example"))
        forged = evolve(forged, meta_info=MetaInfo.of_server("west.example"))
        self.assertEqual((await self.exchange.hear("west.example", forged)).code, 426)
        self.assertEqual(await self.reports(self.ann), [])

    async def test_a_message_without_a_wish_for_reports_has_none(self):
        draft = Draft(content=Content(octets=b"hi"), users=(BO,))
        sent = await self.im.send(Caller(ANN, "", "quiet"), draft)
        report = self.report(message_id=sent.message_id)
        self.assertEqual((await self.exchange.hear("south.example", report)).code, 426)


class TheirMessagesTests(PartnersMessagesTestCase):
    def message(self, *recipients, sender=BO, user=BO, content=b"hello", **fields):
        info = {
            "message_id": "m-1@south.example",
            "content_type": "text/plain",
            "message_uri": "http://x/2",
            "validity": 600,
            "recipients": tuple(Recipient(user=User(user_id=each)) for each in recipients),
            "sender": None if sender is None else Sender(user=User(user_id=sender)),
            "date_time": datetime(2025, 12, 31, tzinfo=UTC),
            **fields,
        }
        return SendMessageRequest(
            meta_info=MetaInfo.of_user(user, "south.example"),
            delivery_report=True,
            message_info=MessageInfo(**info),
            content_data=ContentData(octets=content),
        )

    async def hear(self, request, domain="south.example", transaction_id=""):
        answer = await self.exchange.hear(domain, request, transaction_id)
        return answer if isinstance(answer, Status) else answer.status

    async def test_a_message_waits_for_our_user_as_any_does(self):
        request = self.message(ANN)
        answer = await self.exchange.hear("south.example", request)
        self.assertEqual(
            answer, SendMessageResponse(message_id="m-1@south.example", status=Status(code=200))
        )
        [message] = await self.take(await self.session())
        self.assertEqual((message.sender, message.content.octets), (BO, b"hello"))
        self.assertEqual(message.content.uri, "http://x/2")
        self.assertEqual(message.sent_at, EPOCH - 86_400)
        self.assertEqual(message.expires_at, EPOCH + 600)

    async def test_a_message_keeps_the_id_that_its_domain_gave_it(self):
        await self.hear(self.message(ANN))
        [message] = await self.take(await self.session())
        self.assertEqual(message.message_id, "m-1@south.example")

    async def test_the_same_message_is_stored_once_for_as_long_as_it_may_come_again(self):
        ann = await self.session()
        await self.hear(self.message(ANN), transaction_id="t-1")
        self.assertEqual(len(await self.take(ann)), 1)
        self.clock.advance(3600)
        await self.hear(self.message(ANN), transaction_id="t-1")
        self.assertEqual(await self.take(ann), [])
        await self.hear(self.message(ANN), transaction_id="t-2")
        self.assertEqual(len(await self.take(ann)), 1)

    async def test_a_message_does_not_take_the_place_of_another_by_its_id(self):
        draft = Draft(content=Content(octets=b"local"), users=(ANN,))
        sent = await self.im.send(Caller(ABE, "", "op"), draft)
        west = self.message(ANN, sender=WES, user=WES, content=b"west", message_id=sent.message_id)
        west = evolve(west, meta_info=MetaInfo.of_user(WES, "west.example"))
        await self.hear(west, "west.example")
        await self.hear(self.message(ANN, content=b"south", message_id=sent.message_id))
        messages = await self.take(await self.session())
        self.assertEqual([each.content.octets for each in messages], [b"local", b"west", b"south"])
        self.assertEqual(len({each.message_id for each in messages}), 3)
        reports = [each.message.message_info.message_id for each in self.exchange.said]
        self.assertEqual(reports, [sent.message_id] * 2)

    async def test_nor_does_it_keep_a_later_one_out(self):
        await self.hear(self.message(ANN, content=b"south", message_id="mop"))
        draft = Draft(content=Content(octets=b"local"), users=(ANN,))
        await self.im.send(Caller(ABE, "", "op"), draft)
        await self.im.send(Caller(ABE, "", "op"), draft)
        messages = await self.take(await self.session())
        self.assertEqual([each.content.octets for each in messages], [b"south", b"local"])

    async def test_what_became_of_it_is_told_to_its_senders_server_once(self):
        await self.hear(self.message(ANN))
        session_id = await self.session()
        await self.take(session_id)
        [said] = self.exchange.said
        report = said.message
        self.assertEqual((said.domain, said.in_answer_to), ("south.example", ""))
        self.assertEqual(report.delivery_result.status.code, 200)
        info = report.message_info
        self.assertEqual(info.message_id, "m-1@south.example")
        self.assertEqual(info.recipients[0].user.user_id, BO)
        self.assertEqual(info.sender.user.user_id, ANN)
        self.assertEqual(report.meta_info.user, ANN)

    async def test_that_server_is_told_in_answer_to_its_own_transaction(self):
        self.exchange.known.add(evolve(SOUTH, profile=Profile.BARAZA))
        await self.hear(self.message(ANN), transaction_id="0000000042-0")
        await self.take(await self.session())
        self.assertEqual(self.exchange.said[0].in_answer_to, "0000000042-0")

    async def test_it_expires_here_and_its_sender_learns_of_that(self):
        await self.hear(self.message(ANN, validity=60))
        self.clock.advance(61)
        await self.parts.timers.do_all()
        report = self.exchange.take(DeliveryStatusReport)
        self.assertEqual(report.delivery_result.status.code, 542)

    async def test_who_is_unknown_blocked_or_not_ours_is_in_the_details(self):
        blocked = AccessChange(is_in_use=True, added=(Entity(EntityKind.USER, BO),))
        await self.parts.access_control.change(Caller(ANN, ""), block=blocked)
        nobody = Address.parse("wv:nobody@north.example")
        answer = await self.hear(self.message(ANN, ABE, nobody, WES))
        self.assertEqual(answer.code, 201)
        failed = {each.code: each.user_ids for each in answer.detailed_results}
        self.assertEqual(failed, {532: (ANN,), 531: (nobody,), 516: (WES,)})

    async def test_an_address_without_a_domain_is_the_partners(self):
        self.assertEqual((await self.hear(self.message(Address.parse("ann")))).code, 516)

    @shows_feature("servers trusted no further than their domain")
    async def test_nobody_writes_in_the_name_of_another(self):
        for sender, user in ((BEA, BO), (ANN, BO), (BO, ANN), (BO, WES)):
            answer = await self.hear(self.message(ANN, sender=sender, user=user))
            self.assertEqual(answer.code, 901)
        self.assertEqual(await self.take(await self.session()), [])

    async def test_a_partner_writes_for_those_whom_it_relays_for(self):
        fay = Address.parse("wv:fay@far.example")
        self.assertEqual((await self.hear(self.message(ANN, sender=fay, user=fay))).code, 200)

    async def test_a_message_has_a_user_behind_it(self):
        request = evolve(self.message(ANN), meta_info=MetaInfo.of_server("south.example"))
        self.assertEqual((await self.hear(request)).code, 402)

    async def test_text_in_another_charset_is_understood(self):
        request = self.message(
            ANN, content="h\u00e9".encode("latin-1"), content_type="text/plain; charset=iso-8859-1"
        )
        await self.hear(request)
        [message] = await self.take(await self.session())
        self.assertEqual(message.content.text, "h\u00e9")

    async def test_content_that_is_too_large_or_for_nobody_is_refused(self):
        most = self.parts.message_limits.max_content_octets
        self.assertEqual((await self.hear(self.message(ANN, content=b"x" * (most + 1)))).code, 432)
        self.assertEqual((await self.hear(self.message())).code, 400)

    async def test_groups_are_not_known_yet(self):
        group = Address.parse("wv:ann/chat@north.example")
        for recipient in (
            Recipient(group_id=group),
            Recipient(screen_name=ScreenName(group_id=group, name="x")),
        ):
            self.assertEqual((await self.hear(self.message(recipients=(recipient,)))).code, 800)

    async def test_a_client_that_is_not_there_is_told(self):
        user = User(user_id=ANN, client_id=ClientID(url="wv:none"))
        answer = await self.hear(self.message(recipients=(Recipient(user=user),)))
        self.assertEqual(answer.code, 428)

    async def test_an_odd_id_is_replaced_and_an_unknown_time_is_now(self):
        session_id, unknown = await self.session(), datetime(1970, 1, 1, tzinfo=UTC)
        for odd in ("x" * 51, "{log_time}", "a b", "\u00fc", "a\nb", None):
            request = self.message(ANN, message_id=odd, date_time=unknown)
            answer = await self.exchange.hear("south.example", request)
            [message] = await self.take(session_id)
            self.assertEqual(answer.message_id, message.message_id)
            self.assertEqual(message.sent_at, EPOCH)
            report = self.exchange.take(DeliveryStatusReport)
            self.assertEqual(report.message_info.message_id, message.message_id)

    async def test_a_partner_that_may_not_send_is_refused(self):
        self.exchange.known.add(evolve(SOUTH, grants=frozenset(("GetPresenceFunc",))))
        self.assertEqual((await self.hear(self.message(ANN))).code, 506)
