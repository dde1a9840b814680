"""The pages that Kannel asks: what came from a phone, and reports on what was sent to one.

Whoever could ask them could be any phone, so they are for those alone who have a gateway's key and
ask from its address. What Kannel had better not say again is answered with 200, whatever it is;
what it is to keep and say again, with 503.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address, ip_network

from attrs import define
from twisted.logger import Logger

from imps.config import KannelSettings
from imps.http.message import HTTPRequest, HTTPResponse, Page, not_allowed
from imps.http.pages import said
from imps.metrics import Metrics
from imps.sms.inbox import Arrival, Inbox
from imps.sms.kannel_requests import Malformed, Parameters, arrived, parameters, report
from imps.sms.numbers import phone_of
from imps.sms.outbox import Outbox
from imps.store.errors import StoreError
from imps.store.incoming_texts import Received

_FORM = "application/x-www-form-urlencoded"
DONE, LATER, FORBIDDEN = (said(status, b"", "text/plain") for status in (200, 503, 403))

Serve = Callable[[KannelSettings, Parameters], Awaitable[HTTPResponse]]


@define(eq=False)
class KannelPages:
    """``/sms/mo`` and ``/sms/dlr``, for the gateways of these settings."""

    _gateways: Sequence[KannelSettings]
    _own_numbers: frozenset[str]
    _country_code: str
    _inbox: Inbox
    _outbox: Outbox
    _metrics: Metrics
    _log = Logger()

    @property
    def pages(self) -> Mapping[str, Page]:
        """The pages, by their paths."""
        return {"/sms/mo": self._served(self._take), "/sms/dlr": self._served(self._note)}

    def _served(self, serve: Serve) -> Page:
        async def answer(asked: HTTPRequest) -> HTTPResponse:
            if asked.method not in ("GET", "POST"):
                return not_allowed("GET or POST it", "GET", "POST")
            asking = self._who_asks(asked)
            if asking is None:
                self._log.warn("Somebody at {peer} is no gateway", peer=asked.peer)
                return FORBIDDEN
            try:
                return await serve(*asking)
            except Malformed as problem:
                self._metrics.texts_malformed.count()
                self._log.warn("A gateway said what cannot be meant: {problem}", problem=problem)
                return DONE
            except StoreError as problem:
                self._log.info("A gateway is asked to come again: {problem}", problem=problem)
                return LATER

        return answer

    def _who_asks(self, asked: HTTPRequest) -> tuple[KannelSettings, Parameters] | None:
        """Which gateway asks, and what it says; None for anybody else. Nothing is read of what
        comes from an address that has none, and it takes as long whichever gateway it is."""
        near = [each for each in self._gateways if _is_among(asked.peer, each.allow)]
        if not near:
            return None
        try:
            said = _said(asked)
        except Malformed:
            return None
        key = said.get("key", b"")
        matches = [each for each in near if compare_digest(key, each.key.encode())]
        return (matches[0], said) if matches else None

    async def _take(self, gateway: KannelSettings, said: Parameters) -> HTTPResponse:
        told = arrived(said)
        sender = phone_of(told.sender, self._country_code)
        # What nobody sends, or we ourselves, is not worth an answer.
        if sender is None or {sender, told.sender} & self._own_numbers:
            self._metrics.text_received("no phone")
            return DONE
        arrival = Arrival(
            gateway=gateway.name,
            id=told.id,
            sender=sender,
            number=told.number,
            message=told.message,
            sent_at=told.sent_at,
        )
        received = await self._inbox.receive(arrival)
        return LATER if received is Received.TOO_MANY else DONE

    async def _note(self, gateway: KannelSettings, said: Parameters) -> HTTPResponse:
        told = report(said)
        await self._outbox.report(
            gateway.name,
            told.phone,
            told.reported,
            text_id=told.text_id,
            part=told.part,
            reason=told.reason,
        )
        return DONE


def _said(asked: HTTPRequest) -> Parameters:
    said = parameters(asked.query)
    kind = asked.headers.get("content-type", "").partition(";")[0].strip().lower()
    if asked.method == "POST" and kind == _FORM and asked.body:
        return {**said, **parameters(asked.body)}
    return said


def _is_among(peer: str, allowed: Sequence[str]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        # On a socket of the file system, the file decides who may come.
        return not peer
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in ip_network(each) for each in allowed)
