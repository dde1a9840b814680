"""A service that echoes texts, to be killed: ``python -m imps.testing.echo SETTINGS``.

It is what a service does with texts, without anything that they could mean: each is answered with
``echo`` and what it says, unasked for if it begins with ``later``. It says ``ready``, what it took,
and what became of its answers.
"""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.task import react
from twisted.logger import globalLogBeginner, textFileLogObserver

from imps.config import Settings
from imps.http.pages import pages_door
from imps.model.text import IncomingText, OutgoingText, TextOutcome
from imps.parts import Parts
from imps.store.opening import open_store


def say(*words: str) -> None:
    """Tell whoever watches."""
    print(*words, flush=True)


async def serve(reactor: Any, file: str) -> None:
    """Serve until killed."""
    globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stderr)], redirectStandardIO=False)
    settings = Settings.read(file)
    store = await open_store(settings, reactor, for_service=True)
    parts = Parts(settings, store, reactor)

    async def echo(text: IncomingText) -> bool:
        body = text.body if text.octets is None else f"{text.octets.hex()} for {text.port}"
        answer = OutgoingText(
            id=f"echo {text.id}",
            to=text.sender,
            body=f"echo {body}",
            answer=not body.startswith("later"),
            watcher="echo",
            about=body,
        )
        await parts.texts.send(answer)
        say("took", body)
        return True

    async def tell(outcome: TextOutcome) -> None:
        say(outcome.state.value, outcome.about)

    parts.texts.consume(echo)
    parts.texts.on_outcome("echo", tell)
    if settings.sms.endpoint:
        endpoint = serverFromString(reactor, settings.sms.endpoint)
        port = await endpoint.listen(pages_door(parts.kannel_pages.pages, reactor))
        parts.sms_url = f"http://127.0.0.1:{port.getHost().port}"
    parts.timers.start()
    parts.traffic.start()
    say("ready")
    await Deferred()


if __name__ == "__main__":
    react(lambda reactor: Deferred.fromCoroutine(serve(reactor, sys.argv[1])))
