"""Phones and the users of other domains."""

from attrs import evolve

from imps.model.status import Refusal, StatusCode
from tests.clp.test_dialogue import DialogueTestCase


class AbroadTests(DialogueTestCase):
    """A partner's domain that is not there."""

    class Away:
        def __init__(self, code):
            self.code = code

        async def _refuse(self, *_):
            raise Refusal(self.code)

        send = get = subscribe = _refuse

    async def test_domain_that_cannot_be_reached_is_named(self):
        said = "I cannot reach south.example now."
        for code in (StatusCode.SERVICE_UNAVAILABLE, StatusCode.REQUEST_TIMEOUT):
            away = self.Away(code)
            self.parts.routed_presence._remote = {"south.example": away}.get
            im = self.parts.im
            im._table = evolve(im._table, remote={"south.example": away}.get)
            await self.amy.says("get dan@south.example", said)
            await self.amy.says("/watch dan@south.example", said)
            await self.amy.says("s dan@south.example hi", said)
            await self.amy.says(
                "s dan@south.example,bob hi", "Not delivered to: dan@south.example."
            )
