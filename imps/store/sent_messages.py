"""Messages that users of ours sent to users of a partner, and on which they want reports.

They are kept with the partner: so that one which says what became of a message is believed only of
messages that it got, and of each recipient once.
"""

from __future__ import annotations

from attrs import define

from imps.model.address import Address
from imps.model.events import MessageReported
from imps.model.message import Message
from imps.model.status import StatusCode
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.packing import report_packed, reported

_REPORT = "report"
_SLACK_SECONDS = 2 * 86_400
"""A report may be under way for a day, and its sender's clock may be another."""


@define(eq=False)
class SentMessages:
    """What was sent to partners and is still to be reported."""

    _client: StoreClient
    _buckets: Buckets

    async def put(self, message: Message, recipients: tuple[Address, ...]) -> None:
        """Keep what a report says of a message, until its recipients have reported or it is over.
        They are all of one domain."""
        await self._client.run(
            "note_sent_message",
            [self._key(recipients[0].domain, message.message_id)],
            max(1, int(message.expires_at - message.sent_at)) + _SLACK_SECONDS,
            _REPORT,
            report_packed(message),
            *(part for each in recipients for part in (each.canonical, str(each))),
        )

    async def report(
        self, message_id: str, recipient: Address, code: StatusCode, at: float
    ) -> MessageReported | None:
        """The report that a message has come to this with one recipient; None if none is due."""
        key = self._key(recipient.domain, message_id)
        report, name = await self._client.execute("HMGET", key, _REPORT, recipient.canonical)
        if report is None or name is None:
            return None
        return reported(report, message_id, name.decode(), at, code)

    async def forget(self, message_id: str, recipient: Address) -> None:
        """No report is due on this recipient any more."""
        key = self._key(recipient.domain, message_id)
        await self._client.execute("HDEL", key, recipient.canonical)

    def _key(self, domain: str, message_id: str) -> str:
        folded = domain.casefold()
        return f"{self._buckets.prefix_of_domain(folded)}sent-message:{folded}:{message_id}"
