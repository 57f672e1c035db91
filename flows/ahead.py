"""Work on several frames side by side, in bounded memory and in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Readers, hashing and encryption leave Python's lock: two at a time keep a small machine busy, and more would only
# hold more frames in memory, for polars spreads each of them over all cores anyway.
SIDE_BY_SIDE: Final = 2


def ahead(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Results of ``work`` in the order of ``items``; the next items are read while it is done.

    An error of ``work`` or of ``items`` is raised where its result would have come.
    """
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) == SIDE_BY_SIDE:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
