"""A handset of the generator: cheap, and strict about what it is answered."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from hashlib import md5
from typing import Any

from attrs import define, field

from bench import csp
from bench.dialect import Dialect
from bench.lines import CIRLine, HTTPFailed, HTTPLine
from bench.server import PASSWORD, Server

TRY_AGAIN_SECONDS = 0.1
_PASSWORD = PASSWORD.encode()


class Refused(Exception):
    """The server did not do what was asked; the text says what it answered."""


FAILURES = (Refused, HTTPFailed, OSError)
"""What may go wrong with a request."""


@define(eq=False)
class Handset:
    """A client of a user, with one connection for its requests. Where it ``persists``, it says
    again, octet for octet, what was not answered, or with 503."""

    server: Server
    user: bytes
    persists: bool = False
    line: HTTPLine | None = None
    dialect: Dialect = field(factory=Dialect)
    session_id: bytes = b""
    cir: CIRLine | None = field(default=None, init=False)
    cir_place: tuple[str, int] | None = field(default=None, init=False)
    _last_transaction_id: int = field(default=0, init=False)
    _reconnecting: asyncio.Future[None] | None = field(default=None, init=False)

    async def log_in(self, four_way: bool = False) -> None:
        """Sign on, by the password or, in two requests, by a digest of it and a nonce."""
        transaction_id = self._next_transaction_id()
        proof = csp.PASSWORD % _PASSWORD
        if four_way:
            halfway = csp.LOGIN % (transaction_id, self.user, csp.DIGEST_SCHEMA)
            answer = await self._ask(halfway)
            nonce = csp.NONCE.search(answer)
            if nonce is None:
                raise Refused(f"login without a nonce: {csp.code(answer)}")
            digest = md5(nonce[1] + _PASSWORD, usedforsecurity=False).digest()
            proof = csp.DIGEST % b64encode(digest)
        answer = await self._ask(csp.LOGIN % (transaction_id, self.user, proof))
        named = csp.SESSION_ID.search(answer)
        if csp.code(answer) != 200 or named is None:
            raise Refused(f"login: {csp.code(answer)}")
        self.session_id = named[1]

    async def negotiate(self) -> None:
        """Agree on capabilities and services, as handsets do when they have signed on."""
        answer = await self._ask(csp.CAPABILITIES % (self.session_id, self._next_transaction_id()))
        if b"CapabilityList>" not in answer:
            raise Refused(f"capabilities: {csp.code(answer)}")
        offered = csp.CIR_PLACE.search(answer)
        if offered is not None:
            self.cir_place = offered[1].decode(), int(offered[2])
        answer = await self._ask(csp.SERVICES % (self.session_id, self._next_transaction_id()))
        if b"<Service-Response>" not in answer and b"<Service-Response/>" not in answer:
            raise Refused(f"services: {csp.code(answer)}")

    async def be_woken(self, by: Callable[[], Any], cut_off: Callable[[], Any]) -> None:
        """Hold a CIR connection, if the server has offered that.

        Where that is lost, a handset that persists takes another one, and wakes by itself, as it
        may have missed something; others are cut off.
        """
        while self.cir_place is not None:
            try:
                self.cir = await CIRLine.to(
                    self.cir_place,
                    self.session_id.decode(),
                    by,
                    lambda: self._lost(by, cut_off),
                )
                return
            except OSError:
                if not self.persists:
                    raise
                await asyncio.sleep(TRY_AGAIN_SECONDS)

    def _lost(self, by: Callable[[], Any], cut_off: Callable[[], Any]) -> None:
        self.cir = None
        if self.persists:
            self._reconnecting = asyncio.ensure_future(self.be_woken(by, cut_off))
            self._reconnecting.add_done_callback(lambda _: by())
        else:
            self.cir_place = None
            cut_off()

    async def send(self, recipient: bytes, text: bytes) -> tuple[str, bool]:
        """Send a text: the id of the message, and whether the answer says that something waits."""
        answer = await self._ask(
            csp.SEND
            % (
                self.session_id,
                self._next_transaction_id(),
                len(text),
                recipient,
                self.user,
                text,
            )
        )
        if b"<SendMessage-Response>" not in answer or csp.code(answer) != 200:
            raise Refused(f"send: {csp.code(answer)}")
        named = csp.MESSAGE_ID.search(answer)
        return named[1].decode() if named else "", csp.POLL_FLAG in answer

    async def ask(self, request: bytes, *values: object) -> bytes:
        """Make a request of the session, of one that is to be filled in: what is answered 200, or
        needs no code. Refused otherwise."""
        filled = request % (self.session_id, self._next_transaction_id(), *values)
        answer = await self._ask(filled)
        if csp.code(answer) not in (0, 200):
            raise Refused(f"request: {csp.code(answer)}")
        return answer

    async def answer(self, transaction_id: bytes) -> bytes:
        """Say that a request of the server is done: the next one, or nothing."""
        return await self._ask(csp.DONE % (self.session_id, transaction_id))

    async def poll(self) -> bytes:
        """Poll: a message, or nothing."""
        return self._expected(await self.look())

    async def look(self) -> bytes:
        """Poll: whatever there is, or nothing."""
        return await self._ask(csp.POLL % self.session_id)

    async def acknowledge(self, transaction_id: bytes, message_id: bytes) -> bytes:
        """Say that a message has arrived: the next one, or nothing."""
        body = csp.DELIVERED % (self.session_id, transaction_id, message_id)
        return self._expected(await self._ask(body))

    @staticmethod
    def _expected(answer: bytes) -> bytes:
        if answer and b"<NewMessage>" not in answer:
            raise Refused(f"poll or acknowledgement: {csp.code(answer)}")
        return answer

    async def _ask(self, request: bytes) -> bytes:
        body = self.dialect.said(request)
        while True:
            try:
                if self.line is None or not self.line.is_open:
                    content_type = self.dialect.content_type
                    self.line = await HTTPLine.to(self.server.csp, content_type)
                answer = self.dialect.heard(await self.line.post(body))
                if not self.persists or csp.code(answer) != 503:
                    return answer
            except OSError:
                if not self.persists:
                    raise
            await asyncio.sleep(TRY_AGAIN_SECONDS)

    def _next_transaction_id(self) -> bytes:
        self._last_transaction_id += 1
        return b"h%d" % self._last_transaction_id

    def close(self) -> None:
        """Hang up; the session goes on."""
        self.persists = False
        for each in (self.line, self.cir):
            if each is not None:
                each.close()
