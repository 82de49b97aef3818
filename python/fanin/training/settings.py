"""The options of a fit, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fanin import _core
from fanin.checks import check_flag, check_integer
from fanin.optim import Rule
from fanin.optim.rule import check_rule
from fanin.training.callbacks import Callbacks, check_callbacks
from fanin.values import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.data.validation import ValidationData


MOST = 2**63  # the largest count that the core can hold, practically unlimited


@dataclass(frozen=True, eq=False)
class Settings:
    """The keyword arguments of `Network.fit`; the constructor makes all checks that do not need the network."""

    rule: Rule
    epochs: int = 10
    batch_size: int = 32
    shuffle: bool = True
    sample_weight: ArrayLike | None = None
    validation_data: ValidationData | None = None
    validation_fraction: float | None = None
    callbacks: Callbacks = ()
    verbose: bool = False
    max_steps: int | None = None
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        check_rule(self.rule)
        for name in ("shuffle", "verbose"):
            check_flag(name, getattr(self, name))
        check_integer("epochs", self.epochs, 0)
        check_integer("batch_size", self.batch_size, 1)
        if self.max_steps is not None:
            check_integer("max_steps", self.max_steps, 1)
        if self.max_seconds is not None:
            check_number("max_seconds", self.max_seconds, above=0)
        object.__setattr__(self, "callbacks", check_callbacks(self.callbacks))

    def new_budget(self) -> _core.Budget:
        """Return the limits of one fit, counted from now."""
        steps = None if self.max_steps is None else min(int(self.max_steps), MOST)
        return _core.Budget(steps, None if self.max_seconds is None else float(self.max_seconds))
