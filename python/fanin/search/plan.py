"""The plan of a search: what is drawn, how long it is trained, and when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fanin.checks import check_integer
from fanin.search.halving import rungs_of
from fanin.search.journal import text_of
from fanin.search.space import Grid, Space
from fanin.search.tiers import Tiers, checked_tiers
from fanin.values import check_number


@dataclass(frozen=True)
class Plan:
    """What to search: `n_iter` trials in each round of the space, or all points of a grid."""

    space: Space | Grid
    n_iter: int
    factor: float
    rungs: tuple[int, ...]
    rounds: int | None  # with all tiers open; None: until the time is over
    tiers: Tiers  # none for a grid
    seed: int
    max_time: float | None
    parts_after: int  # as many equal parts of the time as rungs have are left for what follows

    @property
    def parameters(self) -> Space:
        """The parameters by name."""
        return self.space.space if isinstance(self.space, Grid) else self.space

    def identity(self) -> dict[str, str]:
        """Return what a journal says of the search; more rounds may follow later."""
        names = ("space", "n_iter", "factor", "rungs", "tiers", "seed")
        return {name: text_of(getattr(self, name)) for name in names}


def planned(
    space: Mapping[str, Any] | Space | Grid,
    *,
    name: str = "space",
    n_iter: int,
    factor: float,
    min_epochs: int | str,
    max_epochs: int,
    rounds: int | None,
    tiers: object,
    max_time: float | None,
    seed: int,
    parts_after: int = 0,
) -> Plan:
    """Return the plan with these arguments; raise ValueError or TypeError unless they are valid."""
    given = space if isinstance(space, Space | Grid) else Space(space, name)
    check_integer("n_iter", n_iter, 1)
    check_number("factor", factor, above=1)
    check_integer("max_epochs", max_epochs, 1)
    if isinstance(min_epochs, str):
        if min_epochs != "auto":
            raise ValueError(f'min_epochs: expected a number or "auto", got {min_epochs!r}')
    else:
        check_integer("min_epochs", min_epochs, 1)
        if min_epochs > max_epochs:
            raise ValueError(f"min_epochs: expected at most max_epochs, {max_epochs}, got {min_epochs}")
    if max_time is not None:
        check_number("max_time", max_time, above=0)
    if rounds is not None:
        check_integer("rounds", rounds, 1)
    elif max_time is None:
        raise ValueError("rounds: expected a number, or max_time too, got None")
    if isinstance(given, Grid):
        n_iter = len(given)
        if rounds != 1:
            raise ValueError(f"rounds: expected 1 for a Grid, which is searched once, got {rounds}")
    elif given.size is not None:
        n_iter = min(n_iter, given.size)
    ordered = checked_tiers(given, tiers)
    rungs = rungs_of(n_iter, factor, min_epochs, max_epochs)
    return Plan(given, n_iter, factor, rungs, rounds, ordered, seed, max_time, parts_after)
