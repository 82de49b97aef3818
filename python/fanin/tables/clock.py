"""Keeping to a time limit: what is left of it, and how much work that is."""

from __future__ import annotations

import time


class Clock:
    """The time of a fit, with a limit or none.

    Work is counted in steps of a network; their speed is that of the work done so far. Without a limit nothing depends
    on time.
    """

    def __init__(self, limit: float | None) -> None:
        self._began, self._limit = time.perf_counter(), limit
        self._steps, self._seconds = 0, 0.0

    @property
    def limited(self) -> bool:
        """Whether there is a limit."""
        return self._limit is not None

    @property
    def elapsed(self) -> float:
        """Seconds since the fit began."""
        return time.perf_counter() - self._began

    def worked(self, steps: int, seconds: float) -> None:
        """Note that so many steps took so long."""
        self._steps, self._seconds = self._steps + steps, self._seconds + seconds

    def share(self, steps: int) -> float:
        """Return the share, up to 1, of these steps for which there is time; 1 if nothing is known of the speed."""
        if self._limit is None or self._steps == 0 or steps == 0:
            return 1.0
        left = max(self._limit - self.elapsed, 0.0)
        return min(left * self._steps / (self._seconds * steps), 1.0)
