"""When to wake a client: once until it polls, again if it does not, and never while an answer that
it is about to get says so itself."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from imps.model.status import Refusal, StatusCode
from imps.model.version import Version
from imps.sap.sessions import Session, Sessions
from imps.store.errors import StoreError
from imps.store.sessions import Looked

LOOK_SECONDS = 600
SHORTEST_SECONDS = 0.1
RETRY_SECONDS = 2
ANSWER_LIMIT_SECONDS = 3
"""How long an answer takes at most: what is being answered for longer never will be."""

POLL_AFTER_ANSWER_SECONDS = 2
"""How long a client may take to poll when an answer has told it to."""


@frozen
class Decision:
    """Whether to wake the client now, and in how many seconds at most to look again."""

    wakes: bool
    look_again_seconds: float = LOOK_SECONDS


@define
class Waking:
    """What one client has been told, and so whether it is to be told again.

    Whether it has polled since is seen by the time of its last poll being another one: that is of
    another process, whose clock need not be ours.
    """

    _repeat_seconds: float = 30
    _repetitions: int = 3
    _polled_at: float | None = field(default=None, init=False)
    _times: int = field(default=0, init=False)
    _polls_by: float = field(default=0.0, init=False)

    def decide(self, looked: Looked, now: float, is_news: bool) -> Decision:
        """What to do, having looked: because of a wake-up, which ``is_news``, or of the time."""
        if looked.polled_at != self._polled_at or not looked.has_waiting:
            self._polled_at, self._times, self._polls_by = looked.polled_at, 0, 0.0
        if not looked.has_waiting:
            wait = LOOK_SECONDS if looked.repetition_at is None else looked.repetition_at - now
            return Decision(False, min(max(wait, SHORTEST_SECONDS), LOOK_SECONDS))
        if now < self._polls_by:
            return Decision(False, self._polls_by - now)
        if looked.answering_since is not None:
            lasts = now - looked.answering_since
            if lasts < ANSWER_LIMIT_SECONDS:
                # That answer says so by its end. The longer it takes, the busier the server is, and
                # the less there is to be gained by looking often.
                return Decision(False, max(lasts, SHORTEST_SECONDS))
        elif looked.told_at is not None:
            wait = looked.told_at + POLL_AFTER_ANSWER_SECONDS - now
            if wait > 0:
                return Decision(False, max(wait, SHORTEST_SECONDS))
        if self._times > self._repetitions:
            if not is_news:
                return Decision(False)
            self._times = 0
        self._times += 1
        self._polls_by = now + self._repeat_seconds
        return Decision(True, self._repeat_seconds)


def wake_up(session: Session) -> str:
    """What a client is woken with: the version of its session and the cookie that it chose."""
    cookie = session.door["cookie"]
    if not cookie.isprintable():
        cookie = "".join(filter(str.isprintable, cookie))
    return f"WVCI {Version(session.door['version'])} {cookie}"


@define(eq=False)
class Watch:
    """Looks for a session whenever there may be something for its client, one look at a time.

    ``wake`` is given the text to wake the client with. When the session is over, ``over`` is the
    last that is called; the client of one that the server ended is woken before, so that it polls
    and is told.
    """

    session: Session
    _channel: str
    _sessions: Sessions
    _clock: IReactorTime
    _wake: Callable[[str], object]
    _over: Callable[[StatusCode], object]
    _waking: Waking = field(factory=Waking)
    _not_before: float = field(default=0.0, init=False)
    _has_news: bool = field(default=False, init=False)
    _is_looking: bool = field(default=False, init=False)
    _looking: Deferred[None] | None = field(default=None, init=False)
    _timer: IDelayedCall | None = field(default=None, init=False)
    _stopped: bool = field(default=False, init=False)
    _log = Logger()

    def hold(self, seconds: float) -> None:
        """Do not wake the client before so many seconds have passed."""
        self._not_before = self._clock.seconds() + seconds

    def woken(self) -> None:
        """There may be something."""
        self._has_news = True
        self._look_in(0)

    def stop(self) -> None:
        """Look no more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._is_looking and self._looking is not None:
            self._looking.cancel()

    def _look_in(self, seconds: float) -> None:
        if self._is_looking or self._stopped:
            return
        wait = max(seconds, self._not_before - self._clock.seconds())
        if wait <= 0:
            self._look_now()
        elif self._timer is None:
            self._timer = self._clock.callLater(wait, self._look_in_time)
        else:
            self._timer.reset(wait)

    def _look_in_time(self) -> None:
        self._timer = None
        self._look_in(0)

    def _look_now(self) -> None:
        is_news, self._has_news = self._has_news, False
        self._is_looking = True
        self._looking = Deferred.fromCoroutine(self._look(is_news))

    async def _look(self, is_news: bool) -> None:
        try:
            self._looked(await self._found(), is_news)
        except CancelledError:
            return
        except Exception:
            self._log.failure("A watch failed")

    async def _found(self) -> tuple[Session, Looked] | StatusCode | None:
        """What there is, or why there is no session; nothing when the store does not say."""
        try:
            return await self._sessions.look(self.session.id)
        except Refusal as refusal:
            return refusal.code
        except StoreError as problem:
            self._log.debug("A session could not be looked at: {problem}", problem=problem)
            return None
        except CancelledError:
            raise
        except Exception:
            self._log.failure("A look at a session failed")
            return None
        finally:
            self._is_looking = False

    def _looked(self, found: tuple[Session, Looked] | StatusCode | None, is_news: bool) -> None:
        now = self._clock.seconds()
        if found is None:
            self.hold(RETRY_SECONDS)
        if found is None or now < self._not_before:
            self._has_news = self._has_news or is_news
            self._look_in(0)
            return
        if isinstance(found, StatusCode):
            self._end(found)
            return
        session, looked = found
        if looked.channel != self._channel:
            # The client has another one by now.
            self._end(StatusCode.INVALID_SESSION)
            return
        self.session = session
        decision = self._waking.decide(looked, now, is_news)
        if decision.wakes:
            self._wake(wake_up(self.session))
        # What came while this look was under way is looked for at once.
        self._look_in(0 if self._has_news else decision.look_again_seconds)

    def _end(self, code: StatusCode) -> None:
        self.stop()
        if code is StatusCode.FORCED_LOGOUT:
            self._wake(wake_up(self.session))
        self._over(code)
