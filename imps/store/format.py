"""What a store says about itself: its format, its buckets, its key and its home domains."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from imps.store.client import StoreClient
from imps.store.errors import StoreError
from imps.store.keys import FORMAT, Buckets
from imps.store.secrets import Secrets, WrongKey

NUMBER = 1

_CHECKED = "imps"


def too_new(number: int, known: int) -> StoreError:
    """What to say of a store that a newer program has made or upgraded."""
    return StoreError(f"the store has format {number}, newer than this program's {known}")


@frozen
class Format:
    """The record a store carries about itself."""

    number: int
    buckets: Buckets
    key_check: bytes
    domains: tuple[str, ...]

    @classmethod
    async def read(cls, client: StoreClient) -> Format | None:
        """The record of this store, None when it is new; StoreError if we cannot use this store."""
        return cls._understood(await client.execute("HGETALL", FORMAT))

    @classmethod
    async def make(
        cls, client: StoreClient, secrets: Secrets, domains: Sequence[str], buckets: Buckets
    ) -> Format:
        """Write the record of a new store; where there is one by now, that is returned."""
        made = await client.run(
            "make_format",
            [FORMAT],
            *("number", NUMBER, "buckets", buckets.count),
            *("key_check", secrets.encrypt(_CHECKED), "domains", " ".join(domains)),
        )
        format = cls._understood(made)
        assert format is not None
        return format

    @classmethod
    def _understood(cls, reply: list[bytes]) -> Format | None:
        if not reply:
            return None
        fields = dict(zip(reply[::2], reply[1::2], strict=True))
        number = int(fields[b"number"])
        if number > NUMBER:
            raise too_new(number, NUMBER)
        if number < NUMBER:
            raise StoreError(f"the store has the old format {number}: run imps upgrade")
        domains = tuple(fields[b"domains"].decode().split())
        return cls(number, Buckets(int(fields[b"buckets"])), fields[b"key_check"], domains)

    def check_key(self, secrets: Secrets) -> None:
        """Raise StoreError when these are not the keys the store was made with."""
        try:
            right = secrets.decrypt(self.key_check) == _CHECKED
        except WrongKey:
            right = False
        if not right:
            raise StoreError("the key file is not the one this store was made with")
