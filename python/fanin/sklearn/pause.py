"""Fits in parts: how far one call trains, and what the next one needs to resume exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class AbandonedError(Exception):
    """Training was given up between two epochs, because `Call.stop` returned True."""


@dataclass
class Pause:
    """The state of a fit between two epochs that is not in its estimator; copy or pickle both together.

    Training changes it in place. It does not hold the data.
    """

    random: np.random.RandomState
    rows: int  # of X
    split: tuple[NDArray[np.intp], NDArray[np.intp]] | None = None  # rows to train on, rows held out
    order: NDArray[np.uint32] | None = None  # of the last epoch, which the next shuffle permutes
    best: list[NDArray[Any]] | None = None  # weights of the epoch with the best score
    ended: Literal["patience", "done"] | None = None  # by itself; after "patience" a linear tail is left

    def check_rows(self, rows: int) -> None:
        """Raise ValueError unless X has as many rows as before."""
        if rows != self.rows:
            raise ValueError(f"X: expected the {self.rows} rows that the fit began with, got {rows}")


@dataclass(frozen=True)
class Call:
    """What one call trains: a fit, a part of one, or an epoch of partial_fit.

    Parameters
    ----------
    epochs : int, optional
        End the call after so many epochs of the fit; by default, train to the end of the fit.
    incremental : bool
        Whether this is a partial_fit, which is complete with its epochs.
    resumes : bool
        Whether the fit has paused before.
    stop : callable, optional
        Asked before each epoch; True raises `AbandonedError`. Ctrl-C then raises KeyboardInterrupt, which otherwise
        ends the fit with a warning.
    """

    epochs: int | None = None
    incremental: bool = False
    resumes: bool = False
    stop: Callable[[], bool] | None = None

    @property
    def pauses(self) -> bool:
        """Whether the fit pauses after this call."""
        return self.epochs is not None and not self.incremental

    @property
    def is_whole_fit(self) -> bool:
        """Whether this call trains from the start of a fit to its end."""
        return self.epochs is None and not self.resumes

    def diagnoses(self, estimator: Any) -> bool:
        """Whether to watch the training: that of a whole fit, unless it is a trial of a search."""
        return bool(estimator.diagnose) and self.is_whole_fit and self.stop is None

    def check_stop(self) -> None:
        """Raise AbandonedError if training is to be given up."""
        if self.stop is not None and self.stop():
            raise AbandonedError
