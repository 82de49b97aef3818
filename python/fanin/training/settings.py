"""The options of a fit, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from fanin import _core
from fanin.checks import check_choice, check_flag, check_integer
from fanin.data.class_weight import ClassWeight, check_class_weight
from fanin.data.validation import ValidationSplit
from fanin.optim.around import rule_of_fit
from fanin.optim.solvers import Solver
from fanin.training.callbacks import Callbacks, check_callbacks
from fanin.values import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.data.validation import ValidationData


BatchesName = Literal["shuffled", "in_order", "stratified", "balanced"]
MOST = 2**63  # the largest count that the core can hold, practically unlimited
_ITERATIONS = 1000  # of a solver, at most
_BATCH = 32


@dataclass(frozen=True, eq=False)
class Settings:
    """The keyword arguments of `Network.fit`; the constructor makes all checks that do not need the network."""

    rule: Any = None  # a Rule or a Solver, once it is constructed
    epochs: int | None = None
    batch_size: int | None = None  # a number, unless the rule is a solver, once it is constructed
    batches: BatchesName = "shuffled"
    order_seed: int | None = None
    class_weight: ClassWeight | None = None
    sample_weight: ArrayLike | None = None
    validation_data: ValidationData | None = None
    validation_fraction: float | None = None
    validation_split: ValidationSplit = "last"
    callbacks: Callbacks = ()
    verbose: bool = False
    max_steps: int | None = None
    max_time: float | None = None
    diagnose: bool = False
    truncation: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule", rule_of_fit(self.rule))
        check_flag("verbose", self.verbose)
        check_flag("diagnose", self.diagnose)
        check_choice("batches", self.batches, _core.BATCHES)
        check_choice("validation_split", self.validation_split, get_args(ValidationSplit))
        if self.validation_split != "last" and self.validation_fraction is None:
            raise ValueError("validation_split: expected validation_fraction too, got None")
        if self.order_seed is not None:
            check_integer("order_seed", self.order_seed, 0, 64)
        if self.class_weight is not None:
            check_class_weight(self.class_weight)
        if self.epochs is not None:
            check_integer("epochs", self.epochs, 0)
        if self.batch_size is not None:
            check_integer("batch_size", self.batch_size, 1)
        if self.max_steps is not None:
            check_integer("max_steps", self.max_steps, 1)
        if self.truncation is not None:
            check_integer("truncation", self.truncation, 1, 32)
        if self.max_time is not None:
            check_number("max_time", self.max_time, above=0)
        object.__setattr__(self, "callbacks", check_callbacks(self.callbacks))
        if isinstance(self.rule, Solver):
            self._check_whole_batch()
        elif self.batch_size is None:
            object.__setattr__(self, "batch_size", _BATCH)

    def _check_whole_batch(self) -> None:
        """Raise ValueError for arguments of mini-batches, which a solver does not have."""
        ordered = self.order_seed is not None and self.validation_split != "stratified"
        for name, given, default in (
            ("batch_size", self.batch_size is not None, None),
            ("batches", self.batches != "shuffled", "shuffled"),
            ("order_seed", ordered, None),
            ("truncation", self.truncation is not None, None),
        ):
            if given:
                raise ValueError(
                    f"{name}: expected {default!r}, the default, because {self.rule.kind} takes all samples at once; "
                    f"got {getattr(self, name)!r}"
                )

    def most_epochs(self) -> int:
        """Return the epochs: without a number 10, or a solver's iterations, or as many as a limit allows."""
        if self.epochs is not None:
            return min(int(self.epochs), MOST)
        if self.max_steps is not None or self.max_time is not None:
            return MOST
        return _ITERATIONS if isinstance(self.rule, Solver) else 10

    def new_budget(self) -> _core.Budget:
        """Return the limits of one fit, counted from now."""
        steps = None if self.max_steps is None else min(int(self.max_steps), MOST)
        knots = getattr(self.max_steps, "knots", ())
        return _core.Budget(steps, knots, None if self.max_time is None else float(self.max_time))
