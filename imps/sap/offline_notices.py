"""Users who are off line are told by text that messages wait for them."""

from __future__ import annotations

from attrs import define
from twisted.logger import Logger

from imps.elements.directory import Directory
from imps.model.address import Address
from imps.model.short_message import TextTooLong
from imps.model.text import PHONE, OutgoingText
from imps.sap.texts import Texts, TooManyTexts
from imps.store.phones import Phones
from imps.store.work import Work


@define(eq=False)
class OfflineNotices:
    """Texts to the phones of users whose clients have agreed on that (CSP 1.3, OFFNOTIF).

    The text is worded by the operator, with ``{sender}`` where the sender is to be named; without
    a wording, nobody is told. Who has no telephone number on record is told nothing: clients may
    name any as theirs. Nor is a number that is no phone's, or a phone that has said STOP, or a user
    who is suspended, and could not sign on.
    """

    _directory: Directory
    _texts: Texts
    _phones: Phones
    _wording: str
    _log = Logger()

    async def tell(self, work: Work) -> None:
        """Tell a user of a message; once, however often that is tried."""
        user, sender = work.details
        account = await self._directory.find(Address.parse(user))
        if not self._wording or account is None or account.suspended:
            return
        if account.msisdn is None or not PHONE.fullmatch(account.msisdn):
            return
        if await self._phones.is_stopped(account.msisdn):
            return
        named = str(Address.parse(sender)).removeprefix("wv:")
        body = self._wording.replace("{sender}", named)
        try:
            await self._texts.send(OutgoingText(id=work.id, to=account.msisdn, body=body))
        except (TooManyTexts, TextTooLong) as problem:
            self._log.info(
                "A user could not be told of a message: {reason}", reason=type(problem).__name__
            )
