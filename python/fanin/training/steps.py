"""The steps that a fit took, which repeat it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

Knot = tuple[int, float, float]


class Steps(int):
    """A number of steps; as `max_steps` of `fit`, it repeats the fit that took them, bit for bit.

    It also holds how schedules without steps of their own were spread over that fit, in `knots`: from step `at` (from
    0), with the share `done` of the schedule behind, each step adds ``1 / steps``. A fit with `max_time` has many.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X, rule = np.linspace(-1, 1, 640)[:, None], fanin.optim.Adam(fanin.optim.Cosine(0.01))
    >>> nets = [fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)]) for _ in range(2)]
    >>> history = nets[0].fit(X, X**2, rule=rule, max_time=0.01)
    >>> again = nets[1].fit(X, X**2, rule=rule, max_steps=history.steps)
    >>> nets[0].to_bytes() == nets[1].to_bytes()
    True
    """

    knots: tuple[Knot, ...]

    def __new__(cls, count: int = 0, knots: Iterable[Knot] = ()) -> Self:
        """Return the number, with the knots of its fit."""
        steps = super().__new__(cls, count)
        steps.knots = tuple(knots)
        return steps

    def __getnewargs__(self) -> tuple[int, tuple[Knot, ...]]:  # type: ignore[override]
        """Return what a copy is made of."""
        return int(self), self.knots
