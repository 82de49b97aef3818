"""The time of a search, with a limit or none."""

from __future__ import annotations

import math
from time import perf_counter


class Clock:
    """Gives each rung its part of the time that is left.

    Without a limit, nothing depends on time.
    """

    def __init__(self, limit: float | None) -> None:
        self._began = perf_counter()
        self._end = self._until = math.inf if limit is None else self._began + limit

    @property
    def limited(self) -> bool:
        """Whether there is a limit."""
        return self._end < math.inf

    @property
    def elapsed(self) -> float:
        """Seconds since the search began."""
        return perf_counter() - self._began

    @property
    def left(self) -> float:
        """Seconds until the limit, at least 0."""
        return max(self._end - perf_counter(), 0.0)

    @property
    def over(self) -> bool:
        """Whether the limit has been reached, so that a training in progress is abandoned."""
        return perf_counter() >= self._end

    @property
    def spent(self) -> bool:
        """Whether the time of this rung is used up, so that no more trainings begin."""
        return perf_counter() >= self._until

    def allot(self, parts: int) -> None:
        """Begin a rung, which gets one of so many equal parts of the time that is left."""
        if self.limited:
            now = perf_counter()
            self._until = now + max(self._end - now, 0.0) / parts
