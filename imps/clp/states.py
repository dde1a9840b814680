"""The states of all dialogues, in the store (``store/phones``), so that any process may go on with
them."""

from __future__ import annotations

import json

from attrs import define
from cattrs import Converter

from imps.clp.changes import erasable_at, erased
from imps.clp.state import Change, State
from imps.model.address import Address
from imps.store.phones import Phones

_CONVERTER = Converter(omit_if_default=True)


def packed(state: State) -> bytes:
    """A state as octets."""
    return json.dumps(_CONVERTER.unstructure(state), separators=(",", ":")).encode()


def unpacked(record: bytes) -> State:
    """A state from these octets; a new one from none."""
    return _CONVERTER.structure(json.loads(record), State) if record else State()


@define(eq=False)
class States:
    """The states of all dialogues, in the store; ``tells_absent`` says whether messages are told by
    text while a user is off line."""

    _phones: Phones
    _tells_absent: bool

    async def get(self, user: Address) -> State:
        """What the dialogue with a user has come to."""
        return unpacked(await self._phones.get(user))

    async def change(self, user: Address, *changes: Change) -> State:
        """Change it, whoever else does; the state that there is then. Raises NoSuchOwner."""
        before = await self._phones.get(user)
        while True:
            state = unpacked(before)
            for change in changes:
                state = change(state)
            after = packed(state)
            if before and after == before:
                return state
            other = await self._phones.change(
                user,
                before,
                after,
                tells_absent=self._tells_absent,
                erase_at=erasable_at(state),
            )
            if other is None:
                return state
            before = other

    async def erase(self, user: Address, now: float) -> None:
        """Erase what is old of a dialogue, if there is one."""
        if await self._phones.get(user):
            await self.change(user, erased(now))

    async def forget(self, user: Address) -> None:
        """Forget a dialogue: the phone is no longer the user's."""
        before = await self._phones.get(user)
        while before:
            before = await self._phones.change(user, before, b"", tells_absent=False) or b""
