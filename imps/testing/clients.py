"""One of each scripted client, and how clients go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import product

from twisted.trial.unittest import TestCase

from imps.model.version import V11, V12, V13, Version
from imps.testing.android import Android
from imps.testing.correspondence import Correspondent
from imps.testing.nokia import Nokia
from imps.testing.sms2 import SMS2

ENCODINGS = ("xml", "wbxml")

KINDS: tuple[tuple[type[Correspondent], Version, str], ...] = (
    *((Android, *each) for each in product((V11, V12, V13), ENCODINGS)),
    *((Nokia, *each) for each in product((V11, V12), ENCODINGS)),
    (SMS2, V12, "xml"),
)
"""Every client, in every version and encoding that it speaks."""

SHORT_LIVES = """
[session]
min_time_to_live_seconds = 1
grace_seconds = 0
requests_per_second = 1000
"""
"""Settings under which a client may agree on a second in which it has to say something."""


def one_of_each(
    test: TestCase,
    urls: Sequence[str],
    users: Sequence[str],
    wait: Callable[[], Awaitable[object]] | None = None,
) -> list[Correspondent]:
    """One client of each kind, each of a user of its own."""
    return [
        kind(test, urls, user, version=version, encoding=encoding, wait=wait)
        for user, (kind, version, encoding) in zip(users, KINDS, strict=True)
    ]


async def signs_off(client: Correspondent) -> None:
    """A client signs off."""
    client.expect(await client.sign_off() == 200, "could not sign off")


async def falls_silent(client: Correspondent) -> None:
    """A client says no more, which is noticed in a second."""
    answer = await client.ask("<KeepAlive-Request><TimeToLive>1</TimeToLive></KeepAlive-Request>")
    client.expect(answer.code == 200, f"{answer.code} for its time to live")


async def is_cut_off(client: Correspondent) -> None:
    """The same, with all its connections broken."""
    await falls_silent(client)
    client.cut_off()


WAYS_TO_GO = (signs_off, falls_silent, is_cut_off)
