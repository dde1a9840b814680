"""A process that owns a data directory, to be killed: ``python -m tests.store.owner DIR ROLE``.

Says ``open`` when the store is open, or why it is not, and stays until its input ends.
"""

import sys

from twisted.internet.defer import Deferred
from twisted.internet.task import react
from twisted.internet.threads import deferToThread

from imps.config import Settings
from imps.store.errors import StoreError
from imps.store.opening import open_store


async def own(reactor, data, role):
    settings = Settings.read(None, {"data": data})
    try:
        store = await open_store(settings, reactor, for_service=role == "service")
    except StoreError as error:
        print(error, flush=True)
        return
    print("open", flush=True)
    await deferToThread(sys.stdin.read)
    await store.close()


if __name__ == "__main__":
    react(lambda reactor: Deferred.fromCoroutine(own(reactor, *sys.argv[1:])))
