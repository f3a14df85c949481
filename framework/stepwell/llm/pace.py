"""Whose turn it is at one provider: the state of a rate limit. Does no I/O and has no clock.

A provider says how much it takes in many ways, and none need be there: limits that one knows, what
`x-ratelimit-*` headers tell, a 429, and how long it asks to wait. All come together here.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Mapping
from random import Random
from typing import Any

from stepwell.llm.limits import Limit, limit_in

BURST = 0.2
"""The share of a minute's limit that may leave at once. The rest comes evenly over the minute, and
both together are never more than the limit in any minute."""

SLOW = 0.25
"""Seconds between two requests after a first refusal."""

SLOWEST = 30.0
QUICK = 0.005
"""A distance that has shrunk to so many seconds is none."""

WAITS = {429, 503, 529}
"""Statuses that say: too much, or too many."""


class Turn:
    """One request's place in the line."""

    __slots__ = ("granted", "run", "tokens")

    def __init__(self, run: Hashable, tokens: float) -> None:
        self.run, self.tokens = run, tokens
        self.granted: float | None = None


class Bucket:
    """What may still leave of one kind, requests or tokens; it fills again as time passes.

    >>> bucket = Bucket(capacity=10, rate=1.0, now=0.0)
    >>> bucket.take(10, 0.0)
    >>> bucket.wait(4, 0.0), bucket.wait(4, 3.0)
    (4.0, 1.0)
    """

    __slots__ = ("_at", "_level", "capacity", "rate")

    def __init__(self, *, capacity: float, rate: float, now: float) -> None:
        self.capacity, self.rate = capacity, rate
        self._level, self._at = capacity, now

    def _refill(self, now: float) -> None:
        passed = max(now - self._at, 0.0)
        self._level = min(self._level + passed * self.rate, self.capacity)
        self._at = now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until so much may leave. What is more than it can hold leaves when it is full."""
        self._refill(now)
        lacking = min(amount, self.capacity) - self._level
        return lacking / self.rate if lacking > 1e-9 else 0.0

    def take(self, amount: float, now: float) -> None:
        """Takes that much, into debt if need be; a negative amount is given back."""
        self._refill(now)
        self._level = min(self._level - amount, self.capacity)

    def level(self, now: float) -> float:
        """How much may leave now."""
        self._refill(now)
        return self._level

    @property
    def state(self) -> list[float]:
        """What `of` makes it of again."""
        return [self.capacity, self.rate, self._level, self._at]

    @classmethod
    def of(cls, capacity: float, rate: float, level: float, at: float) -> Bucket:
        """A bucket that has been used."""
        bucket = cls(capacity=capacity, rate=rate, now=at)
        bucket._level = level
        return bucket

    def learn(self, told: Limit, flying: float, now: float) -> None:
        """Takes over what the provider tells, less what may be on its way to it."""
        self._refill(now)
        self.capacity = max(told.limit, 1.0)
        if told.reset > 0 and told.remaining < told.limit:
            self.rate = (told.limit - told.remaining) / told.reset
        self._level = min(told.remaining - flying, self.capacity)


class Pace:
    """The line before one provider, and when the first in it may go.

    Runs take turns, so that one of many requests doesn't keep another waiting. After a refusal
    nobody goes before the time that the provider asked for, and then one after another, at a
    distance that doubles with each refusal and shrinks with each answer.

    Args:
        requests: the most requests a minute, if one knows.
        tokens: the most tokens a minute.
        seed: makes the random part of waits the same again.
    """

    def __init__(
        self, *, requests: float | None = None, tokens: float | None = None, seed: int | None = None
    ) -> None:
        self._line: OrderedDict[Hashable, deque[Turn]] = OrderedDict()
        self._own: dict[str, Bucket] = {}
        self._told: dict[str, Bucket] = {}
        self._caps: dict[str, float] = {}
        self._flying = {"requests": 0.0, "tokens": 0.0}
        self._not_before = self._last = float("-inf")
        self._slowed = float("-inf")
        self.gap = 0.0
        self._random = Random(seed)
        self.limit(requests=requests, tokens=tokens, now=float("-inf"))

    def limit(self, *, requests: float | None, tokens: float | None, now: float) -> None:
        """Sets limits for a minute; of several the lowest counts."""
        for kind, cap in (("requests", requests), ("tokens", tokens)):
            if cap is not None and cap < self._caps.get(kind, float("inf")):
                self._caps[kind] = cap
                rate = (1 - BURST) * cap / 60
                self._own[kind] = Bucket(capacity=BURST * cap, rate=rate, now=now)

    def join(self, turn: Turn) -> None:
        """Goes to the end of its run's line."""
        self._line.setdefault(turn.run, deque()).append(turn)

    def leave(self, turn: Turn) -> None:
        """Leaves the line without having gone."""
        turns = self._line.get(turn.run, deque())
        if turn in turns:
            turns.remove(turn)
        if not turns:
            self._line.pop(turn.run, None)

    def first(self) -> Turn | None:
        """Whose turn it is next."""
        return next(iter(self._line.values()))[0] if self._line else None

    def wait(self, now: float) -> float:
        """Seconds until the first in the line may go."""
        first = self.first()
        if first is None:
            return 0.0
        waits = [self._not_before - now, self._last + self.gap - now, 0.0]
        for buckets in (self._own, self._told):
            for kind, amount in _amounts(first.tokens):
                if kind in buckets:
                    waits.append(buckets[kind].wait(amount, now))
        return max(waits)

    def ask(self, now: float) -> float:
        """Seconds until the first in the line may go; with 0 it has gone."""
        wait = self.wait(now)
        if wait <= 0.0:
            self.go(now)
            return 0.0
        return wait

    def go(self, now: float) -> Turn:
        """The first in the line goes; its run's next one queues behind the other runs."""
        run, turns = next(iter(self._line.items()))
        turn = turns.popleft()
        self._line.move_to_end(run)
        if not turns:
            del self._line[run]
        turn.granted = self._last = now
        self._take(turn.tokens, now)
        for kind, amount in _amounts(turn.tokens):
            self._flying[kind] += amount
        return turn

    def answered(
        self,
        turn: Turn,
        status: int,
        headers: Mapping[str, str],
        *,
        now: float,
        asked: float | None,
        today: float,
    ) -> None:
        """Takes what the provider says.

        Args:
            turn: whose answer it is.
            status: the HTTP status.
            headers: those of the answer.
            now: the time.
            asked: how long it asks to wait, in seconds.
            today: the time in seconds since the epoch, for dates in headers.
        """
        self._landed(turn)
        for kind in ("requests", "tokens"):
            told = limit_in(headers, kind, today=today)
            if told is not None:
                bucket = self._told.setdefault(kind, Bucket(capacity=1, rate=told.rate, now=now))
                bucket.learn(told, self._flying[kind], now)
        if status in WAITS:
            self._refused(turn, asked, now)
        elif status < 400:
            self.gap = self.gap * 0.8 if self.gap > QUICK else 0.0

    def over(self, turn: Turn, used: float | None, now: float) -> None:
        """Takes what a request has used in the end; `None` if that isn't known."""
        self._landed(turn)
        if used is not None and "tokens" in self._own:
            self._own["tokens"].take(used - turn.tokens, now)

    def state(self) -> dict[str, Any]:
        """What it has learned, as plain data."""
        return {
            "own": {kind: bucket.state for kind, bucket in self._own.items()},
            "told": {kind: bucket.state for kind, bucket in self._told.items()},
            "times": [self._not_before, self._last, self._slowed, self.gap],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on from what another has learned; from nothing, if that is empty."""
        self._own = {k: Bucket.of(*told) for k, told in state.get("own", {}).items()}
        self._told = {k: Bucket.of(*told) for k, told in state.get("told", {}).items()}
        never = float("-inf")
        times = state.get("times", [never, never, never, 0.0])
        self._not_before, self._last, self._slowed, self.gap = times

    def _limit_to(self, caps: Mapping[str, float], now: float) -> None:
        """Has these limits for a minute and no others; what has left counts on."""
        for kind in self._own.keys() - caps.keys():
            del self._own[kind]
        for kind, cap in caps.items():
            bucket = Bucket(capacity=BURST * cap, rate=(1 - BURST) * cap / 60, now=now)
            if (before := self._own.get(kind)) is not None:
                bucket.take(bucket.capacity - before.level(now), now)
            self._own[kind] = bucket

    def _landed(self, turn: Turn) -> None:
        if turn.granted is None or turn.run is None:
            return
        turn.run = None
        for kind, amount in _amounts(turn.tokens):
            self._flying[kind] = max(self._flying[kind] - amount, 0.0)

    def _refused(self, turn: Turn, asked: float | None, now: float) -> None:
        """Many that left together are refused together: that is one refusal."""
        if turn.granted is None or turn.granted >= self._slowed:
            self.gap = min(max(self.gap * 2, SLOW), SLOWEST)
            self._slowed = now
        wait = self.gap if asked is None else asked
        wait += self._random.uniform(0.0, self.gap)
        self._not_before = max(self._not_before, now + wait)

    def _take(self, tokens: float, now: float) -> None:
        for buckets in (self._own, self._told):
            for kind, amount in _amounts(tokens):
                if kind in buckets:
                    buckets[kind].take(amount, now)


def _amounts(tokens: float) -> tuple[tuple[str, float], tuple[str, float]]:
    return ("requests", 1.0), ("tokens", tokens)
