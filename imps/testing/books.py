"""The books that are kept of messages outside of the server, and what they say against it."""

from __future__ import annotations

from collections import Counter

from attrs import define, field

Way = tuple[str, str]
"""From whom a message is, and for whom."""


@define(eq=False)
class Books:
    """What became of each message, by its number: who sent it to whom, that it was taken (answered
    200) and under which id, received, and settled (acknowledged, and that was answered).

    ``wrong`` counts what must not be, whatever else happens: a message has two ids, or comes to
    somebody else, or once more although it is settled, or behind a later one of its sender's.
    ``sent_again`` counts what came once more before it was settled, as it may.
    """

    ways: list[Way] = field(factory=list)
    taken: dict[int, str] = field(factory=dict)
    received: dict[int, str] = field(factory=dict)
    settled: set[int] = field(factory=set)
    wrong: Counter[str] = field(factory=Counter)
    sent_again: int = 0
    _last: dict[Way, int] = field(factory=dict)

    def begin(self, sender: str, recipient: str) -> int:
        """A message is about to be sent, when the answer to the sender's last one is there: its
        number."""
        self.ways.append((sender, recipient))
        return len(self.ways) - 1

    def take(self, number: int, message_id: str) -> None:
        """A message was answered 200, maybe for the second time."""
        if self.taken.setdefault(number, message_id) != message_id:
            self.wrong["answered with two ids"] += 1
        self._compare(number)

    def receive(self, number: int, message_id: str, recipient: str) -> bool:
        """A message has come to somebody; whether it is the first time."""
        way = self.ways[number]
        if recipient != way[1]:
            self.wrong["came to somebody else"] += 1
        if number in self.settled:
            self.wrong["repeated"] += 1
        elif number in self.received:
            self.sent_again += 1
        if number in self.received:
            if message_id != self.received[number]:
                self.wrong["came under two ids"] += 1
            return False
        if number < self._last.get(way, -1):
            self.wrong["overtaken"] += 1
        self._last[way] = number
        self.received[number] = message_id
        self._compare(number)
        return True

    def settle(self, number: int) -> None:
        """An acknowledgement was answered."""
        self.settled.add(number)

    @property
    def missing(self) -> set[int]:
        """What was taken, and is not settled."""
        return self.taken.keys() - self.settled

    def taken_from(self, sender: str) -> list[str]:
        """The ids of what was taken from somebody."""
        return [self.taken[number] for number in self.taken if self.ways[number][0] == sender]

    @property
    def lost(self) -> int:
        """How many were taken, and never received."""
        return len(self.taken.keys() - self.received.keys())

    def _compare(self, number: int) -> None:
        both = self.taken.get(number), self.received.get(number)
        if None not in both and both[0] != both[1]:
            self.wrong["came under another id"] += 1
