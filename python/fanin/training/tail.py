"""The linear tail of a training: the epochs at its end in which the learning rate falls to 0."""

from __future__ import annotations

from fanin.optim import Chain, Constant, Piecewise, Polynomial, Rule, Schedule

_LEVELS = 31  # of a descent to 0 in levels, at most


def turned_down(rule: Rule, after: int, steps: int) -> Rule:
    """Return the rule with a rate that, after so many updates, falls linearly to 0 in this number of further ones.

    A lower rate would look better only because it fluctuates less, so trials are compared after they were turned down.
    """
    rate = rule.rate
    level = float(rate(max(after, 1)) if isinstance(rate, Schedule) else rate)
    fall = Polynomial(level, 0.0, steps=steps)
    return rule.at_rate(Chain((Constant(level), fall), (after,)) if after > 0 else fall)


def tail_epochs(share: float, epochs: int) -> int:
    """Return how many of these epochs are the tail: ``max(1, round(share epochs))``, or 0 if the share is 0."""
    return max(1, round(share * epochs)) if share > 0 else 0


def constant_then_falling(rate: float, constant: int, falling: int) -> Piecewise:
    """Return a constant rate that then falls linearly to 0, in at most 31 levels."""
    count = min(_LEVELS, falling)
    levels = (rate * (1 - (j + 0.5) / count) for j in range(count))
    return Piecewise((rate, *levels), after=tuple(constant + j * falling // count for j in range(count)))
