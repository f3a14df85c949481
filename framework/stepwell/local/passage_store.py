"""What stores of passages have in common: what may be asked of them, and how hits look."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Self

from stepwell.errors import StepwellError
from stepwell.local.splitting import Passage

LAYOUT = "1"
RANK_OFFSET = 60
"""Reciprocal rank fusion's usual constant: how little the first places differ from the next."""

MOST = 4096
"""sqlite-vec gives no more neighbours than that."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found.

    Args:
        passage: what was found.
        score: by what hits are ordered, the highest first; comparable within one search alone.
        similarity: the cosine between its vector and the one asked for; `None` if it was found by
            its words only.
    """

    passage: Passage
    score: float
    similarity: float | None


class Search(NamedTuple):
    """A search as a store is asked for it.

    Args:
        vector: what to be near to.
        terms: the words of what was asked, if they count.
        weight: how much a place in the search by words counts.
        k: how many hits are wanted.
        depth: how many of each of the two searches are looked at for that.
        sources: search among the passages of these sources only.
    """

    vector: Sequence[float]
    terms: list[str]
    weight: float
    k: int
    depth: int
    sources: Collection[str]


class PassageStore(ABC):
    """Passages with their vectors, found again by a vector, by words, or by both."""

    dimensions: int

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def __len__(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """What `replace` was given when the store was last filled; empty before."""
        return self._fact("fingerprint") or ""

    def add(self, passages: Iterable[Passage], vectors: Iterable[Sequence[float]]) -> list[int]:
        """Puts passages in, each with its vector, and gives their ids.

        Raises:
            ValueError: if there are more of the one than of the other, or if a vector has another
                length; nothing is added then.
        """
        with self._transaction():
            return self._insert(zip(passages, vectors, strict=True))

    def replace(
        self,
        passages: Iterable[Passage],
        vectors: Iterable[Sequence[float]],
        *,
        fingerprint: str = "",
    ) -> None:
        """Puts these in the place of all that is there, or leaves all as it was.

        Args:
            passages: what to put in.
            vectors: their vectors.
            fingerprint: what these were made of, to know later whether they still are.

        Raises:
            ValueError: as `add` does.
        """
        with self._transaction():
            self._clear()
            self.add(passages, vectors)
            self._set("fingerprint", fingerprint)

    @abstractmethod
    def delete(self, ids: Iterable[int]) -> None:
        """Takes passages out; an id that is not there is no error."""

    def search(
        self,
        vector: Sequence[float],
        *,
        text: str = "",
        k: int = 5,
        words: float = 0.0,
        sources: Collection[str] = (),
    ) -> list[Hit]:
        """The `k` passages nearest to a vector, the best first.

        Args:
            vector: what to be near to.
            text: what was asked, for the search by words.
            k: how many, 1 to 4,096.
            words: how much a place in the search by words counts, beside 1 for one in the search
                by vectors. Measure before you raise it: on a labelled set of questions about Perl
                and Python, 0.1 to 0.3 helped a little, and 1 did harm.
            sources: search among the passages of these sources only.

        Raises:
            ValueError: if the vector has another length than those in the store, or if `k` is out
                of its range.
        """
        if not 0 < k <= MOST:
            raise ValueError(f"`k` is {k}; a search gives 1 to {MOST:,} passages")
        terms = re.findall(r"\w+", text) if words else []
        depth = max(k, 50) if terms else k
        weight = float(words) if terms else 0.0
        return self._found(Search(self._measured(vector), terms, weight, k, depth, sources))

    @abstractmethod
    def close(self) -> None:
        """Closes it; the store is of no use afterwards."""

    def _measured(self, vector: Sequence[float]) -> Sequence[float]:
        if len(vector) != self.dimensions:
            raise ValueError(
                f"a vector has {len(vector)} numbers; those of this store have {self.dimensions}"
            )
        return vector

    def _agree(self, place: str, cure: str) -> None:
        """Takes note of how the store is made, where that is new.

        Raises:
            StepwellError: if it was made otherwise.
        """
        for name, value in {"layout": LAYOUT, "dimensions": str(self.dimensions)}.items():
            there = self._fact(name)
            if there not in (None, value):
                raise StepwellError(f"{place} has {name} {there}, not {value}; {cure}")
            self._set(name, value)

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[object]:
        """Within, all is kept or nothing; one may stand in another."""

    @abstractmethod
    def _insert(self, passages: Iterable[tuple[Passage, Sequence[float]]]) -> list[int]: ...

    @abstractmethod
    def _clear(self) -> None: ...

    @abstractmethod
    def _found(self, search: Search) -> list[Hit]: ...

    @abstractmethod
    def _fact(self, name: str) -> str | None: ...

    @abstractmethod
    def _set(self, name: str, value: str) -> None: ...
