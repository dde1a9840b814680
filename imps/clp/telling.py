"""How things are put for the reader of a text: names, times, presence, lists in parts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from attrs import field, frozen

from imps.clp.catalogue import LONGEST_NAME, ONE_SMS, Catalogue
from imps.clp.references import Person, folded
from imps.model.address import Address
from imps.model.presence import Attribute, Presence, PresenceValue
from imps.model.short_message import how_many

LATE_SECONDS = 600
LONGEST_TEXT = 40_000
"""More characters than 255 short messages hold; a phone is told no more of anything."""
_MOST_COMPOSED = 4
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@frozen
class Names:
    """What users are called: contacts by their nicknames, others by the part before the domain;
    all that is needed to tell them apart where two would be called the same."""

    people: tuple[Person, ...]
    domain: str
    _by_address: dict[Address, Person] = field(init=False, eq=False, repr=False)
    _by_name: dict[str, set[Address]] = field(init=False, eq=False, repr=False)

    @_by_address.default
    def _people_by_address(self) -> dict[Address, Person]:
        return {each.address: each for each in self.people}

    @_by_name.default
    def _addresses_by_name(self) -> dict[str, set[Address]]:
        found: defaultdict[str, set[Address]] = defaultdict(set)
        for each in self.people:
            found[folded(each.name)].add(each.address)
        return found

    def of(self, address: Address) -> str:
        """What somebody is called."""
        name = self.person(address).name
        if self._by_name.get(folded(name), set()) - {address}:
            name = str(address).removeprefix("wv:")
        return clean(name)

    def person(self, address: Address) -> Person:
        """Somebody, with the number of a contact."""
        return self._by_address.get(address) or Person(address, self._plain(address))

    def _plain(self, address: Address) -> str:
        if address.domain.casefold() == self.domain.casefold():
            return address.user
        return str(address).removeprefix("wv:")


def clean(name: str) -> str:
    """A name that cannot be taken for something else: in one line, without a colon."""
    return _CONTROL.sub(" ", name).replace(":", "").strip() or "?"


def short(name: str) -> str:
    """As much of a name as is shown."""
    return name[:LONGEST_NAME]


def numbered_name(person: Person) -> str:
    """Somebody with the number by which a text names a contact."""
    name = short(clean(person.name))
    return name if person.number is None else f"{person.number} {name}"


def zone_of(name: str) -> tzinfo | None:
    """The time zone of a name (``Europe/Helsinki``) or distance (``+2``, ``-3:30``); None for what
    is none."""
    if name.upper() in ("UTC", "GMT", "Z"):
        return UTC
    if found := re.fullmatch(r"([+-])(\d{1,2})(?::?(\d\d))?", name, re.ASCII):
        sign, hours, minutes = found[1], int(found[2]), int(found[3] or 0)
        away = timedelta(hours=hours, minutes=minutes)
        if hours > 14 or minutes > 59:
            return None
        return timezone(-away if sign == "-" else away)
    if not re.fullmatch(r"[A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2}", name, re.ASCII):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return None


_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def moment(at: float, now: float, zone: tzinfo, catalogue: Catalogue) -> str:
    """A time of today as hours and minutes, another one with the day."""
    when, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    clock = f"{when.hour}:{when.minute:02}"
    if when.date() == today.date():
        return clock
    month = catalogue.word(_MONTHS[when.month - 1])
    return catalogue.say("day", day=when.day, month=month, time=clock)


def quiet_until(hours: tuple[int, int] | None, now: float, zone: tzinfo) -> float | None:
    """When the quiet hours end in which this time lies; None if it does not."""
    if hours is None:
        return None
    begin, end = hours
    here = datetime.fromtimestamp(now, zone)
    is_quiet = begin <= here.hour < end if begin < end else here.hour >= begin or here.hour < end
    if not is_quiet:
        return None
    ending = here.replace(hour=end % 24, minute=0, second=0, microsecond=0)
    if ending <= here:
        ending += timedelta(days=1)
    return ending.timestamp()


def lasts(body: str, count: int = 1, *, within_latin_1: bool = False) -> bool:
    """Whether a text is no longer than so many SMS."""
    # Composed, what is much longer would hardly be so short; and it may be very long.
    return (
        len(body) <= _MOST_COMPOSED * ONE_SMS * count
        and how_many(body, within_latin_1=within_latin_1) <= count
    )


def in_pages(
    head: str,
    items: Sequence[str],
    tail: str,
    separator: str,
    laid_out: Callable[[str], str] = str,
    fits: Callable[[str], bool] = lasts,
) -> list[str]:
    """A list, as many items in each SMS as there is room for; each but the last ends in a tail, the
    first begins with a head. Each page is ``laid_out`` as it is sent, and ``fits`` one SMS."""
    pages: list[str] = []
    page = head
    is_empty = True
    for item in items:
        longer = page + ("" if is_empty else separator) + item
        if not is_empty and not fits(laid_out(longer + tail)):
            pages.append(laid_out(page + tail))
            page = item
        else:
            page = longer
        is_empty = False
    pages.append(laid_out(page))
    return pages


def pieces(body: str, count: int, tail: str, *, within_latin_1: bool = False) -> list[str]:
    """A text in pieces of so many SMS, each but the last with a tail; no character is cut. Of what
    is longer than any phone is told, the end is left out."""
    fits = partial(lasts, count=count, within_latin_1=within_latin_1)
    found: list[str] = []
    rest = body if len(body) <= LONGEST_TEXT else f"{body[:LONGEST_TEXT]}..."
    while not fits(rest):
        length = _length_of_piece(rest, _MOST_COMPOSED * ONE_SMS * count, tail, fits)
        found.append(rest[:length] + tail)
        rest = rest[length:]
    return [*found, rest]


def _length_of_piece(body: str, most: int, tail: str, fits: Callable[[str], bool]) -> int:
    low, high = 1, min(len(body), most)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(body[:middle] + tail) else (low, middle - 1)
    return low


def with_tail(body: str, tail: str, fits: Callable[[str], bool] = lasts) -> str:
    """A text with something behind it, so that it ``fits`` one SMS: the text is cut where there is
    no room for it; so is all of it where there is none for the tail."""
    whole = f"{body.rstrip()} {tail}" if tail else body
    if fits(whole):
        return whole
    cut = f"... {tail}" if tail and fits(f"{body[:1]}... {tail}") else "..."
    kept = body if len(cut) > 3 else whole
    return kept[: _length_of_piece(kept, _MOST_COMPOSED * ONE_SMS, cut, fits)].rstrip() + cut


@frozen
class Seen:
    """What is seen of somebody, None where nothing is."""

    is_online: bool | None = None
    availability: str | None = None
    text: str | None = None
    client: str | None = None
    mood: str | None = None

    @property
    def is_anything(self) -> bool:
        """Whether anything is to be seen."""
        return self != Seen()


WANTED = frozenset(
    (
        Attribute.ONLINE_STATUS,
        Attribute.USER_AVAILABILITY,
        Attribute.STATUS_TEXT,
        Attribute.STATUS_MOOD,
        Attribute.CLIENT_INFO,
    )
)
"""The attributes that are put into words."""


def seen_in(presence: Presence) -> Seen:
    """What somebody shows."""
    values: dict[Attribute, PresenceValue] = {
        each.attribute: each.value for each in presence.published if each.value.is_valid
    }

    def value(attribute: Attribute, name: str = "PresenceValue") -> str | None:
        found = values[attribute].first(name) if attribute in values else None
        return found if isinstance(found, str) and found else None

    online = values.get(Attribute.ONLINE_STATUS)
    is_online = None if online is None else online.first("PresenceValue")
    text = value(Attribute.STATUS_TEXT)
    return Seen(
        is_online=is_online if isinstance(is_online, bool) else None,
        availability=value(Attribute.USER_AVAILABILITY),
        text=None if text is None else _CONTROL.sub(" ", text),
        client=value(Attribute.CLIENT_INFO, "ClientType"),
        mood=value(Attribute.STATUS_MOOD),
    )


_AVAILABILITY = {"AVAILABLE": "free", "DISCREET": "busy", "NOT_AVAILABLE": "away"}


def availability_word(seen: Seen) -> str | None:
    """The word of the catalogue for how somebody is."""
    if seen.is_online is False:
        return "offline"
    if seen.availability in _AVAILABILITY:
        return _AVAILABILITY[seen.availability]
    return "online" if seen.is_online else None


def in_words(seen: Seen, catalogue: Catalogue, *, is_long: bool) -> str:
    """What is seen of somebody, in words; the client, too, where it is to be long."""
    word = availability_word(seen)
    words = [] if word is None else [catalogue.word(word)]
    if seen.text and seen.is_online is not False:
        words.append(f'"{seen.text[:60]}"')
    if is_long and seen.is_online is not False:
        words += [catalogue.word(each) for each in (seen.mood, seen.client) if each]
    return (", " if is_long else " ").join(words)


def joined(names: Iterable[str], most: int = 60) -> str:
    """Names with commas between, as many as there is room for."""
    shown = ""
    for name in names:
        longer = f"{shown}, {short(name)}" if shown else short(name)
        if len(longer) > most:
            return f"{shown}..."
        shown = longer
    return shown
