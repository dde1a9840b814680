"""The services with the other open server, as far as its double goes, in both roles."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import TestCase

from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.message import Content, Draft
from imps.model.partner import Partner, Profile, TLSMode
from imps.model.presence import DEFAULT, Attribute, AttributeList, PresenceValue
from imps.parts import Parts
from imps.store.deliveries import Acknowledgement
from imps.testing.baraza import Baraza
from imps.testing.federation import serve
from imps.testing.process import reactor, until

STORE_SECONDS = 0.05
"""How long it takes to store where we are; we wait for ten times as long."""

ANN = Address.parse("wv:ann@north.example")
BO = Address.parse("wv:bo@baraza.example")
NOBODY = Address.parse("wv:nobody@baraza.example")
TEXT, MOOD = Attribute.STATUS_TEXT, Attribute.STATUS_MOOD


def value(text: str) -> PresenceValue:
    return PresenceValue(content=(("PresenceValue", text),))


class BarazaTestCase(TestCase):
    """North is ours; the other server is at baraza.example."""

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        north = await serve(self, "north.example", endpoint=["tcp:0"])
        self.baraza = Baraza("baraza.example", reactor, store_seconds=STORE_SECONDS)
        await self.baraza.start()
        self.addCleanup(self.baraza.stop)
        self.baraza.endpoints["north.example"] = [north.url]
        self.bo = self.baraza.user("bo")
        self.parts = Parts(north.settings, north.store, reactor)
        self.parts.__dict__["federation"] = north.federation
        self.parts.serve_partners()
        await north.add(
            Partner(
                domain="baraza.example",
                urls=(self.baraza.url,),
                tls=TLSMode.OFF,
                profile=Profile.BARAZA,
            )
        )
        await self.parts.directory.add(ANN, "secret")
        session = await self.parts.sessions.open(ANN, "phone", None, {"version": 12})
        self.session_id = session.id
        self.operations = 0

    @property
    def caller(self) -> Caller:
        self.operations += 1
        return Caller(ANN, self.session_id, f"op{self.operations}")

    async def next(self) -> Any:
        """What the session of ours is told next, acknowledged."""
        delivery = self.parts.delivery

        async def taken() -> Any:
            return (await delivery.take(self.session_id)).in_flight

        flight = await until(taken)
        said = Acknowledgement.TRANSACTION
        await delivery.take(self.session_id, said, flight.transaction_id, wanted=False)
        return flight.what

    async def shown(self) -> Any:
        """What the session of ours is told of publishers next."""
        news = await self.next()
        told = await self.parts.routed_presence.told(self.caller, news, 100_000)
        return [
            (each.publisher, {p.attribute: p.value.first("PresenceValue") for p in each.published})
            for each in told.presences
        ]

    async def allow(self, *attributes: Attribute) -> None:
        allowed = AttributeList(frozenset(attributes))
        await self.parts.attribute_lists.create(self.caller, {DEFAULT: allowed})

    async def at_peace(self) -> None:
        """Nothing has gone wrong there, and nothing reached nobody."""
        await self.baraza.at_rest()
        self.assertEqual(self.baraza.accidents, [])
        self.assertEqual(self.baraza.sessions.lost, [])
        self.assertEqual(self.baraza.services.misdelivered, [])


class MessagesTests(BarazaTestCase):
    async def send(self, *users: Address, text: bytes = b"hello") -> Any:
        draft = Draft(content=Content(octets=text), users=users, wants_report=True)
        return await self.parts.im.send(self.caller, draft)

    async def test_its_users_get_messages_and_ours_the_reports(self) -> None:
        sent = await self.send(BO)
        self.assertEqual(sent.outcome.code, 200)
        (message,) = self.bo.messages
        self.assertEqual((message.content, message.sender), (b"hello", "ann@north.example"))
        self.assertEqual(message.validity_seconds, 86_400)
        self.baraza.report(self.bo)
        report = await self.next()
        self.assertEqual((report.message_id, report.code), (sent.message_id, 200))
        await self.at_peace()

    async def test_who_is_unknown_or_does_not_want_it_is_told(self) -> None:
        # Once there is a session, answers come within the time for which senders wait.
        await self.send(BO)
        await self.baraza.until(lambda: self.bo.messages)
        sent = await self.send(BO, NOBODY)
        self.assertEqual((sent.outcome.code, sent.outcome.served), (201, 1))
        self.assertEqual([each.users for each in sent.outcome.details], [(NOBODY,)])
        self.bo.blocked.add("ann@north.example")
        self.assertEqual((await self.send(BO)).outcome.code, 532)
        await self.at_peace()

    async def test_our_users_get_messages_and_its_the_reports(self) -> None:
        self.baraza.send_message(self.bo, "ann@north.example", content=b"hi", report=True)
        message = await self.next()
        self.assertEqual((message.sender, message.content.octets), (BO, b"hi"))
        # A time that it does not know is the time at which it came.
        self.assertLess(reactor.seconds() - message.sent_at, 60)
        await self.baraza.until(lambda: self.bo.named("DeliveryStatusReport"))
        (report,) = self.bo.named("DeliveryStatusReport")
        self.assertEqual(report.xpath("string(.//*[@code]/@code)"), "200")
        await self.at_peace()

    async def test_what_it_says_twice_is_got_once(self) -> None:
        self.baraza.send_message(self.bo, "ann@north.example", content=b"one")
        await self.next()
        await self.baraza.at_rest()
        # It was told that it came, and has forgotten.
        (row,) = self.baraza.queue.rows.values()
        row.is_sent = False
        await self.baraza.queue.run()
        self.baraza.send_message(self.bo, "ann@north.example", content=b"two")
        self.assertEqual((await self.next()).content.octets, b"two")
        await self.at_peace()

    async def test_its_client_learns_who_is_unknown(self) -> None:
        self.baraza.send_message(self.bo, "nobody@north.example")
        await self.baraza.until(lambda: self.bo.told)
        (answer,) = self.bo.told
        self.assertEqual(answer.xpath("string(.//*[@code]/@code)"), "531")
        await self.at_peace()


class PresenceTests(BarazaTestCase):
    async def test_ours_see_its_users_until_they_have_seen_enough(self) -> None:
        presence, caller = self.parts.routed_presence, self.caller
        self.baraza.publish(self.bo, "StatusText", "here")
        outcome = await presence.subscribe(caller, [BO, NOBODY], [], frozenset({TEXT}))
        self.assertEqual((outcome.code, outcome.details[0].users), (201, (NOBODY,)))
        self.assertEqual(await self.shown(), [(BO, {TEXT: "here"})])
        self.baraza.publish(self.bo, "StatusText", "there", anonymously=True)
        self.assertEqual(await self.shown(), [(BO, {TEXT: "there"})])
        await presence.unsubscribe(caller, [BO], [])
        # It goes on all the same, and is not listened to; what it says then, is.
        self.baraza.publish(self.bo, "StatusText", "unseen")
        self.baraza.send_message(self.bo, "ann@north.example", content=b"seen")
        self.assertEqual((await self.next()).content.octets, b"seen")
        await self.at_peace()

    async def test_its_users_see_ours_as_far_as_they_may(self) -> None:
        await self.allow(TEXT)
        publish = self.parts.presence.publish
        await publish(self.caller, {TEXT: value("here"), MOOD: value("SAD")})
        self.baraza.subscribe(self.bo, "ann@north.example")
        await self.baraza.until(lambda: self.bo.sees("ann@north.example", "StatusText") == "here")
        await publish(self.caller, {TEXT: value("there"), MOOD: value("ANGRY")})
        await self.baraza.until(lambda: self.bo.sees("ann@north.example", "StatusText") == "there")
        self.assertIsNone(self.bo.sees("ann@north.example", "StatusMood"))
        watchers = await self.parts.presence.watchers(self.caller)
        self.assertEqual(list(watchers), [BO])
        self.baraza.unsubscribe(self.bo, "ann@north.example")

        async def is_unwatched() -> bool:
            return not await self.parts.presence.watchers(self.caller)

        await until(is_unwatched)
        await self.at_peace()

    async def test_either_gets_what_the_other_has(self) -> None:
        self.baraza.publish(self.bo, "StatusText", "here")
        got = await self.parts.routed_presence.get(self.caller, [BO], [], frozenset({TEXT}))
        self.assertEqual(got.presences[0].published[0].value, value("here"))
        await self.allow(TEXT)
        await self.parts.presence.publish(self.caller, {TEXT: value("there")})
        self.baraza.get_presence(self.bo, "ann@north.example")
        await self.baraza.until(lambda: self.bo.named("GetPresenceResponse"))
        self.assertEqual(self.bo.sees("ann@north.example", "StatusText"), "there")
        await self.at_peace()
