"""What a fit of a table finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.diagnose import Diagnosis
    from fanin.network import Network
    from fanin.tables.coding import Encoder
    from fanin.tables.recipe import Setting
    from fanin.tables.task import Task
    from fanin.tables.trial import Trial

    Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FittedTable:
    """Networks for a table, and how they were found.

    A prediction is the mean, with these weights, of probabilities (of class 1, or of each class), or of numbers:
    ``clip(a target_scale + target_mean, target_range)`` with outputs a.

    Attributes
    ----------
    encoder : TableEncoder, or SparseEncoder or TextEncoder
        Codes the rows.
    networks : tuple of Network
        In order of weight.
    weights : tuple of float
        Sum 1.
    target_mean, target_scale : array, shape (outputs,)
        0 and 1 for classes and for losses with a logarithmic link.
    target_range : array, shape (2, outputs)
        The least and the largest training target.
    out_of_fold : array, shape (n_samples, outputs), or None
        Predictions of the training rows by networks that were not trained on them; NaN for rows of weight 0, and for
        those that no network left out. None if that is all of them.
    validated : array, shape (validation rows of weight above 0, outputs), or None
        Predictions of the validation rows.
    score : float or None
        The mean loss of the out-of-fold predictions, or of those of the validation rows.
    settings : tuple of Setting
        Of each network.
    trials : tuple of Trial
        What was tried, with its scores.
    seconds : dict
        Of "encode", "choose" and "train".
    diagnoses : tuple of Diagnosis
        Of the fit of each network, if they were diagnosed.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> from fanin.tables import fit_table
    >>> table = {"a": np.arange(100.0) % 10, "job": ["clerk", "smith"] * 50}
    >>> fitted = fit_table(table, table["a"] ** 2, loss=fanin.losses.SquaredError(), effort="fast")
    >>> type(fitted).__name__, len(fitted.networks) == len(fitted.weights)
    ('FittedTable', True)
    """

    encoder: Encoder
    networks: tuple[Network, ...]
    weights: tuple[float, ...]
    target_mean: Float
    target_scale: Float
    target_range: Float
    out_of_fold: Float | None = None
    validated: Float | None = None
    score: float | None = None
    settings: tuple[Setting, ...] = ()
    trials: tuple[Trial, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    diagnoses: tuple[Diagnosis, ...] = ()

    @classmethod
    def of(
        cls,
        task: Task,
        encoder: Encoder,
        networks: Sequence[Network],
        weights: Sequence[float],
        settings: Sequence[Setting] = (),
        diagnoses: Mapping[Network, Diagnosis] | None = None,
        **more: Any,
    ) -> FittedTable:
        """Return the result of a task, with the networks in the order of their weights."""
        order = sorted(range(len(weights)), key=lambda place: -weights[place])
        return cls(
            encoder,
            tuple(networks[place] for place in order),
            tuple(weights[place] for place in order),
            task.mean,
            task.scale,
            np.stack([task.low, task.high]),
            settings=tuple(settings[place] for place in order) if settings else (),
            diagnoses=tuple(diagnoses[networks[place]] for place in order) if diagnoses else (),
            **more,
        )
