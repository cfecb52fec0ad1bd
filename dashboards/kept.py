"""What a server keeps because many readers ask for the same: the latest answers, up to a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The answers asked for last. Several threads may share it; two that ask at once for the same both work it out."""

    def __init__(self, most_bytes: int, size: Callable[[T], int]) -> None:
        """Keep answers until their sizes add up to more than `most_bytes`; those asked for longest ago go first."""
        self._most, self._size = most_bytes, size
        self._answers: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the answer of a key, made now when it is not there. What fails to be made is not kept."""
        with self._lock:
            found = self._answers.get(key)
            if found is not None:
                self._answers.move_to_end(key)
                return found[0]
        made = make()
        with self._lock:
            before = self._answers.pop(key, None)
            self._answers[key] = made, self._size(made)
            self._bytes += self._answers[key][1] - (before[1] if before else 0)
            while self._bytes > self._most:
                self._bytes -= self._answers.popitem(last=False)[1][1]
        return made
