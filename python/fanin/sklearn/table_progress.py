"""The callbacks of estimators of tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fanin.tables.progress import Progress


def callback_of(estimator: Any) -> Callable[[Progress], None] | None:
    """Return a function that prints trials if `verbose` is set, and calls the callbacks; None if there are none."""
    callbacks = () if estimator.callbacks is None else tuple(estimator.callbacks)
    for place, callback in enumerate(callbacks):
        if not callable(callback):
            expected = "a function of a Progress"
            raise TypeError(f"callbacks: position {place}: expected {expected}, got {callback!r}")
    if not callbacks and not estimator.verbose:
        return None

    def report(progress: Progress) -> None:
        if estimator.verbose and progress.trial is not None:
            print(progress.trial)
        for callback in callbacks:
            callback(progress)

    return report
