"""Reactive authorization at the edge of the door, in every version that has it."""

from __future__ import annotations

from typing import Any

from imps.csp.codec.document import NAMESPACES
from imps.csp.primitives.access import Functions, ServiceRequest
from imps.csp.primitives.attributes import PresenceSubList, StatusMood, StatusText
from imps.csp.primitives.envelope import Transaction
from imps.csp.primitives.presence import (
    CancelAuthRequest,
    GetReactiveAuthStatusRequest,
    GetReactiveAuthStatusResponse,
    PresenceAuthRequest,
    PresenceAuthUser,
)
from imps.csp.primitives.services import PresenceAuthFunc, PresenceFeat, WVCSPFeat
from imps.model.presence import ReactiveAuthState
from imps.model.version import V11, V12, V13
from imps.testing.conformance import WBXML, XML, shows
from imps.testing.door import EVERY, OK, Speaker
from tests.csp.test_presence import ANN, BOB, NOBODY, PresenceTestCase, text

ASKED = PresenceSubList(status_mood=StatusMood(), status_text=StatusText())
GRANTED, DENIED, PENDING = ReactiveAuthState


def in_13(octets: bytes, old: Speaker, new: Speaker) -> bytes:
    """What one client said in 1.2, as another one would in 1.3."""
    for name, namespace in NAMESPACES[V12].items():
        octets = octets.replace(namespace.encode(), NAMESPACES[V13][name].encode())
    return octets.replace(f"{old.session_id}".encode(), f"{new.session_id}".encode())


class ReactiveAuthorizationTests(PresenceTestCase):
    async def publishers(self) -> Any:
        """Ann, in every version and encoding that has it, who has answered nothing."""
        for version, encoding in EVERY:
            if version is not V13:
                self.ann = self.speaker("ann", "phone", version, encoding)
                await self.ann.sign_on()
                await self.parts.timers.do_all()
                await self.settled()
                yield self.ann
                await self.unsubscribe(self.bob, ANN)
                self.assertEqual(await self.ann.ask(CancelAuthRequest(user_id=BOB)), OK)
                await self.settled()

    async def asked(self, ann: Speaker) -> Transaction | None:
        """What a client is asked, which says that it will ask its user."""
        question = await ann.poll()
        if question is not None:
            self.assertIsInstance(question.content, PresenceAuthRequest)
            self.assertIsNone(await ann.say(OK, question))
        return question

    async def answer(self, ann: Speaker, **said: Any) -> None:
        answer = PresenceAuthUser(user_id=BOB, acceptance=True, **said)
        self.assertEqual(await ann.ask(answer), OK)
        await self.settled()

    @shows(PresenceAuthRequest, PresenceAuthUser, CancelAuthRequest, V11, V12, XML, WBXML)
    async def test_publisher_is_asked_and_what_is_granted_is_told(self) -> None:
        async for ann in self.publishers():
            await self.publish(text("hello"), by=ann)
            self.assertEqual((await self.subscribe(self.bob, ANN)).code, 200)
            self.assertEqual(await self.told(self.bob), [])
            question: Any = await self.asked(ann)
            self.assertEqual(question.content, PresenceAuthRequest(user_id=BOB))
            self.assertIsNone(await self.asked(ann))
            await self.answer(ann)
            self.assertEqual(await self.texts(self.bob), ["hello"])
            self.assertEqual(await ann.ask(CancelAuthRequest(user_id=BOB)), OK)
            await self.publish(text("bye"), by=ann)
            self.assertEqual(await self.told(self.bob), [])
            answer = await self.get(self.bob, ANN)
            self.assertEqual(answer.result.code, 200)
            self.assertEqual(answer.presences[0].presence_sub_lists, (PresenceSubList(),))
            self.assertIsNotNone(await self.asked(ann))

    async def test_some_attributes_are_asked_for_and_fewer_granted(self) -> None:
        async for ann in self.publishers():
            await self.publish(text("hello"), by=ann)
            await self.subscribe(self.bob, ANN, asked=ASKED)
            question: Any = await self.asked(ann)
            self.assertEqual(question.content.presence_sub_list, ASKED)
            granted = PresenceSubList(status_mood=StatusMood())
            await self.answer(ann, **({} if ann.version is V11 else {"presence_sub_list": granted}))
            self.assertEqual(await self.texts(self.bob), ["hello"] if ann.version is V11 else [])

    async def test_question_that_was_answered_elsewhere_is_not_asked(self) -> None:
        async for ann in self.publishers():
            await self.subscribe(self.bob, ANN)
            await self.answer(ann)
            self.assertIsNone(await ann.poll())

    async def test_answer_may_come_as_a_response(self) -> None:
        async for ann in self.publishers():
            await self.publish(text("hello"), by=ann)
            await self.subscribe(self.bob, ANN)
            question = await ann.poll()
            assert question is not None
            answered = await ann.say(PresenceAuthUser(user_id=BOB, acceptance=True), question)
            assert answered is not None
            self.assertEqual(answered.content, OK)
            await self.settled()
            self.assertEqual(await self.texts(self.bob), ["hello"])

    async def test_client_of_13_is_not_asked(self) -> None:
        ann = self.speaker("ann", "phone", V13)
        await ann.sign_on()
        await self.subscribe(self.bob, ANN)
        self.assertIsNone(await ann.poll())

    async def test_client_of_13_may_go_on_answering(self) -> None:
        ann = self.speaker("ann", "phone", V12)
        await ann.sign_on()
        await self.publish(text("hello"), by=ann)
        await self.subscribe(self.bob, ANN)
        self.assertIsNotNone(await self.asked(ann))
        await self.answer(ann)
        self.assertEqual(await self.texts(self.bob), ["hello"])
        new = self.speaker("ann", "tablet", V13)
        await new.sign_on()
        functions = Functions(features=WVCSPFeat(presence_feat=PresenceFeat()))
        await new.ask(ServiceRequest(functions=functions, all_functions_request=False))
        # 1.3 has no such primitive, so it cannot be written by that version's rules.
        octets = ann.octets_of(ann.request(PresenceAuthUser(user_id=BOB, acceptance=False), "x"))
        said: Any = await new.post_octets(in_13(octets, ann, new))
        self.assertEqual(said.session.transactions[0].content, OK)
        await self.settled()
        await self.publish(text("bye"), by=ann)
        self.assertEqual(await self.texts(self.bob), [])

    async def test_client_that_did_not_agree_is_not_asked(self) -> None:
        async for ann in self.publishers():
            functions = WVCSPFeat(
                presence_feat=PresenceFeat(presence_auth_func=PresenceAuthFunc(caaut=True))
            )
            await ann.ask(
                ServiceRequest(functions=Functions(features=functions), all_functions_request=False)
            )
            await self.subscribe(self.bob, ANN)
            self.assertIsNone(await ann.poll())

    @shows(GetReactiveAuthStatusRequest, V12, XML, WBXML)
    async def test_what_was_asked_and_answered_is_told(self) -> None:
        async for ann in self.publishers():
            if ann.version is V11:
                continue
            await self.subscribe(self.bob, ANN, asked=ASKED)
            self.assertEqual(await self.statuses(ann), {PENDING: ASKED})
            granted = PresenceSubList(status_mood=StatusMood())
            await self.answer(ann, presence_sub_list=granted)
            denied = PresenceSubList(status_text=StatusText())
            expected = {GRANTED: granted, DENIED: denied}
            self.assertEqual(await self.statuses(ann), expected)
            self.assertEqual(await self.statuses(ann, user_ids=(BOB,)), expected)

    async def statuses(self, ann: Speaker, **asked: Any) -> dict[ReactiveAuthState, Any]:
        answer = await ann.ask(GetReactiveAuthStatusRequest(**asked))
        assert isinstance(answer, GetReactiveAuthStatusResponse), answer
        statuses = answer.reactive_auth_status_list.reactive_auth_status
        self.assertEqual({each.user_id for each in statuses}, {BOB})
        return {each.reactive_auth_state: each.presence_sub_list for each in statuses}

    async def test_client_of_13_is_told_that_it_cannot_ask_what_was_answered(self) -> None:
        old, new = self.speaker("ann", "phone", V12), self.speaker("ann", "tablet", V13)
        await old.sign_on()
        await new.sign_on()
        octets = old.octets_of(old.request(GetReactiveAuthStatusRequest(), "x"))
        said: Any = await new.post_octets(in_13(octets, old, new))
        self.assertEqual(said.session.transactions[0].content.result.code, 405)

    async def test_who_does_not_exist_is_531(self) -> None:
        async for ann in self.publishers():
            for request in (
                PresenceAuthUser(user_id=NOBODY, acceptance=True),
                CancelAuthRequest(user_id=NOBODY),
                *([] if ann.version is V11 else [GetReactiveAuthStatusRequest(user_ids=(NOBODY,))]),
            ):
                answer: Any = await ann.ask(request)
                self.assertEqual(answer.result.code, 531)
