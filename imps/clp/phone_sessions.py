"""The sessions of phones: a phone signs on by its number, which the network vouches for. A line has
one like it, by the password, which ends with the line."""

from __future__ import annotations

from attrs import define

from imps.clp.places import is_phone
from imps.clp.state import State
from imps.model.account import Account
from imps.model.capability import Capabilities, ClientType, ContentLimit, DeliveryMethod
from imps.model.services import functions_of
from imps.model.status import Refusal, StatusCode
from imps.model.version import V12
from imps.sap.sessions import Session, Sessions, Texted

MOST_OCTETS = 459
"""What three SMS hold."""
LINE_SECONDS = 120
"""For how long a session on a line lasts if the line does not prolong it."""
_LINE = "line\n\n"
_MESSAGES_ALONE = frozenset(("NEWM", "NOTIF", "GETM", "GETLM", "REJCM", "MM"))


@define(eq=False)
class PhoneSessions:
    """Opens the sessions of phones, each for the time that a user stays on line without a word."""

    _sessions: Sessions
    _seconds: int

    async def signed_on(self, account: Account, phone: str, state: State) -> tuple[Session, bool]:
        """The session of a user who is on line from now on, and whether it is a new one. Refused
        like any sign-on of this account."""
        present = await self._found(state, prolongs=True)
        if present is not None and not present.is_absent:
            return present, False
        return await self._open(account, phone, state, is_absent=False), True

    async def for_messages(self, account: Account, phone: str, state: State) -> Session:
        """The session in which messages are told by text: that of the user, or one that others take
        no notice of."""
        present = await self._found(state, prolongs=False)
        return present or await self._open(account, phone, state, is_absent=True)

    async def is_on(self, state: State) -> bool:
        """Whether the user is on line."""
        present = await self._found(state, prolongs=False)
        return present is not None and not present.is_absent

    async def existing(self, state: State) -> Session | None:
        """The session that there is, if it goes on."""
        return await self._found(state, prolongs=False)

    async def agree(self, session: Session, state: State) -> Session:
        """Have messages told as the user wants it now."""
        return await self._sessions.agree(
            session, capabilities=_capabilities(state), texted=_texted(state)
        )

    async def end(self, state: State) -> None:
        """End the session, if there is one."""
        session = await self._found(state, prolongs=False)
        if session is not None:
            await self._sessions.close(session)

    async def prolong(self, state: State) -> None:
        """The user is still there, on a line."""
        await self._found(state, prolongs=True)

    async def end_on_line(self, state: State) -> bool:
        """End the session if it is that of a line; whether there is none now."""
        session = await self._found(state, prolongs=False)
        if session is not None and session.client == _LINE:
            await self._sessions.close(session)
            return True
        return session is None

    async def _found(self, state: State, *, prolongs: bool) -> Session | None:
        if not state.session_id:
            return None
        try:
            if prolongs:
                return (await self._sessions.check(state.session_id)).session
            return (await self._sessions.look(state.session_id))[0]
        except Refusal as refusal:
            if refusal.code is StatusCode.SERVICE_UNAVAILABLE:
                raise
            return None

    async def _open(
        self, account: Account, phone: str, state: State, *, is_absent: bool
    ) -> Session:
        granted = None if account.services is None else functions_of(account.services)
        if is_absent:
            granted = _MESSAGES_ALONE if granted is None else granted & _MESSAGES_ALONE
        return await self._sessions.open(
            account.address,
            # A client is told from the user's others by its URL, its number and its application.
            f"\n{phone}\n" if is_phone(phone) else _LINE,
            self._seconds if is_phone(phone) else LINE_SECONDS,
            {"version": V12.value, "cookie": "", "name": str(account.address)},
            granted,
            capabilities=_capabilities(state),
            texted=_texted(state),
            is_absent=is_absent,
        )


def _capabilities(state: State) -> Capabilities:
    return Capabilities(
        client_type=ClientType.CLI,
        delivery_method=DeliveryMethod.NOTIFY if state.notices else DeliveryMethod.PUSH,
        content_types=(ContentLimit(content_type="text/plain"),),
        max_push_octets=MOST_OCTETS,
        max_text_octets=MOST_OCTETS,
    )


def _texted(state: State) -> Texted:
    return Texted.COPIES if state.copies else Texted.LAST
