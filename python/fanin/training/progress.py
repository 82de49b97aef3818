"""Progress of a fit: a line that is drawn anew in a terminal or a notebook, else a line for each epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Real
from time import perf_counter
from typing import Any

from fanin.progress import about_time, redrawn, time_left
from fanin.written import duration, figure

Show = Callable[[int, Mapping[str, Any], float], None]


@contextmanager
def progress(epochs: int | None, share: Callable[[int, float], float | None]) -> Iterator[Show]:
    """Yield a function of (epoch, logs, seconds) that shows an epoch of this many, if known, and the time left.

    `share` returns the share of the fit that is done, by the number of epochs and the seconds.
    """
    of = "" if epochs is None else f"/{epochs}"
    line, began = redrawn(), perf_counter()

    def show(epoch: int, logs: Mapping[str, Any], seconds: float) -> None:
        elapsed = perf_counter() - began
        done = share(epoch, elapsed)
        left = about_time(time_left(elapsed, done))
        if line is None:
            facts = ", ".join([*figures(logs), duration(seconds), *left])
            print(f"epoch {epoch}{of}: {facts}", flush=True)
        else:
            time = left or [duration(elapsed)]
            line.show(f"epoch {epoch}{of}", done, [*time, *figures(logs)])

    if line is not None:
        line.show(f"epoch 0{of}", share(0, 0.0), [])
    try:
        yield show
    finally:
        if line is not None:
            line.close()


def figures(logs: Mapping[str, Any]) -> list[str]:
    """Return all numbers in the logs except the seconds, as texts."""
    numbers = {name: value for name, value in logs.items() if name != "seconds" and isinstance(value, Real)}
    return [f"{name} {figure(float(value))}" for name, value in numbers.items()]
