"""The rungs of successive halving (Jamieson and Talwalkar 2016): how far to train how many trials."""

from __future__ import annotations


def rungs_of(trials: int, factor: float, min_epochs: int | str, max_epochs: int) -> tuple[int, ...]:
    """Return the epochs of each rung, ascending: ``max_epochs / factor^k``, rounded, of at least `min_epochs`.

    "auto" takes as many rungs as leave more than one trial: in the last one there are at most `factor` of them.
    """
    lowest = 1 if isinstance(min_epochs, str) else min_epochs
    rungs = [max_epochs]
    left = trials
    while left > factor:
        left = -int(-left // factor)
        epochs = round(max_epochs / factor ** len(rungs))
        if epochs < lowest or epochs >= rungs[-1]:
            break
        rungs.append(epochs)
    return tuple(reversed(rungs))


def promoted(trials: int, factor: float) -> int:
    """Return how many of the trials reach the next rung."""
    return max(1, -int(-trials // factor))
