"""What detectors read: a fit that has ended, with all that was watched."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network
    from fanin.training.history import History
    from fanin.training.settings import Settings
    from fanin.training.watched import Watched

Kind = Literal["classes", "binary", "one_hot", "probabilities", "counts", "numbers"]


@dataclass(frozen=True, eq=False)
class Target:
    """The targets of the training rows; `targets.target_of` computes them.

    Attributes
    ----------
    rows : int
    baseline : float
        The loss of the best constant outputs: the entropy of the classes, half the variance of targets, ...
    floor : float
        The loss of outputs that equal the targets; not 0 for poisson and gamma, which leave out a constant.
    deviation : float
        Root of the mean over outputs of the variance of the targets (of one-hot classes).
    classes : ndarray of float or None
        Weight of each class, if the targets are classes, also if they are binary or one-hot.
    kind : str
        "classes": labels, or numbers that are 0..k-1 and look like labels; "binary": only 0 and 1, or only -1 and 1;
        "one_hot": rows of zeros with a single 1; "probabilities" of classes; "counts": other whole numbers of at least
        0; else "numbers".
    columns : int
        Of y; 1 for a vector.
    low, high : float
        The smallest and the largest target.
    neighbours : float
        How alike the targets of neighbouring rows are: 0 if the rows are in random order, 1 if they are sorted. For
        classes it is (s - e) / (1 - e), where s is the share of neighbours of the same class, and e that expected at
        random; else the correlation of neighbours.
    """

    rows: int
    baseline: float
    deviation: float
    classes: NDArray[Any] | None = None
    kind: Kind = "numbers"
    columns: int = 1
    low: float = -math.inf
    high: float = math.inf
    neighbours: float = 0.0
    floor: float = 0.0

    @property
    def scale(self) -> float:
        """The distance of the baseline to the floor, by which differences of losses are judged."""
        return self.baseline - self.floor

    @property
    def scale_name(self) -> str:
        """What `scale` is, for a message: a share "of ..."."""
        return "half the deviance of constant outputs" if self.floor else "that of constant outputs"


@dataclass(frozen=True, eq=False)
class Evidence:
    """A fit: the network and the settings it started with, its history, and what was watched.

    `settings.rule` is the rule with the rate that "auto" has chosen. `watched` is None for solvers.
    """

    start: Network
    settings: Settings
    history: History
    watched: Watched | None
    target: Target
    error: str = ""  # of a fit that diverged
    columns: tuple[str, ...] = ()  # names of those of X, if they have any

    @property
    def steps_per_epoch(self) -> int:
        """Updates in an epoch; 0 before one has ended."""
        epochs = len(self.history.loss)
        return -(-int(self.history.steps) // epochs) if epochs else 0
