"""Hinton's program for the learning rate, as a callback."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from fanin.checks import check_integer
from fanin.training.callbacks import Logs
from fanin.training.decision import Decision
from fanin.training.rates import dot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.model import Float
    from fanin.network import Network
    from fanin.training.history import History

_OSCILLATES = -0.3  # cosine between the changes of the weights in two successive epochs
_SLOW = 0.01  # relative fall of the loss in an epoch
_RAISES = 2  # at most


@dataclass
class RateControl:
    """A callback that changes the learning rate as the textbook advises (Hinton's lecture 6a: "write a program").

    After each epoch, the first of these that holds multiplies the learning rate, a number or a schedule:

    1. The loss has risen for `window` epochs in a row: by 0.5, from the best weights.
    2. The changes of all weights in the last two epochs have a cosine below -0.3, so they oscillate: by 0.5, from the
       best weights.
    3. The validation loss has not improved for `patience` epochs: by 0.3. (Only with validation data.)
    4. The loss has fallen for `window` epochs in a row, by less than 1 % an epoch on average: by 1.5, at most twice.

    The best weights are those after the epoch with the lowest validation loss, or without validation data the lowest
    training loss. After a change the rules look only at later epochs. Each change is a `Decision` in
    ``history.decisions``, and ``history.rate_factor`` is the product of all factors.

    A rule with the learning rate "auto" usually does better: see `find_rate`. An object can be used for several fits in
    turn, but not for two at once.

    Parameters
    ----------
    window : int
        Epochs in a row by which the loss is judged; at least 2.
    patience : int
        Epochs without a better validation loss; at least 1.

    Examples
    --------
    The rate is far too small for this bowl:

    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(1)])
    >>> history = net.fit(X, 3 * X, rule=fanin.optim.SGD(1e-3), epochs=20, batch_size=64,
    ...                   callbacks=[fanin.RateControl()])
    >>> [decision.choice for decision in history.decisions], history.rate_factor
    ([1.5, 2.25], 2.25)
    """

    window: int = 3
    patience: int = 5
    _history: History | None = field(default=None, init=False, repr=False, compare=False)
    _best_weights: dict[str, Float] = field(default_factory=dict, init=False, repr=False, compare=False)
    _best: float = field(default=math.inf, init=False, repr=False, compare=False)
    _raises: int = field(default=0, init=False, repr=False, compare=False)
    _since: int = field(default=0, init=False, repr=False, compare=False)
    _stalled: int = field(default=0, init=False, repr=False, compare=False)
    _weights: NDArray[np.float64] | None = field(default=None, init=False, repr=False, compare=False)
    _change: NDArray[np.float64] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_integer("window", self.window, 2)
        check_integer("patience", self.patience, 1)

    def on_fit_begin(self, net: Network, history: History) -> None:
        """Reset the state of an earlier fit."""
        self._history, self._best, self._raises = history, math.inf, 0
        self._start_anew(net)

    def on_epoch_end(self, net: Network, epoch: int, logs: Logs) -> None:
        """Change the learning rate if a rule says so."""
        history = self._history
        if history is None:
            raise RuntimeError("RateControl: on_epoch_end expected on_fit_begin first")
        figure = float(logs["val_loss"] if history.validates else logs["loss"])
        self._stalled += 1
        if figure < self._best:
            self._best, self._stalled = figure, 0
            self._best_weights = net._copy_weights(self._best_weights)
        cosine = self._cosine(net)
        losses = history.loss[self._since :]
        if decided := self._decide(losses, cosine, history.validates):
            factor, advice, numbers = decided
            back = factor == 0.5 and bool(self._best_weights)
            if back:
                net.set_weights(self._best_weights)
            history.rate_factor *= factor
            numbers = {"epoch": epoch, "factor": factor, **numbers}
            reason = f"{advice}{', from the best weights' if back else ''}"
            history.decisions += (Decision("rate_factor", history.rate_factor, reason, numbers),)
            self._start_anew(net)
            self._since = len(history.loss)

    def on_fit_end(self, net: Network, history: History) -> None:
        """Free the memory."""
        self._history, self._best_weights = None, {}
        self._weights = self._change = None

    def _start_anew(self, net: Network) -> None:
        # there are no weights before an input layer has learned how many columns it gives
        self._weights, self._change = _vector(net) if net._core.adapted else None, None
        self._since = self._stalled = 0

    def _cosine(self, net: Network) -> float:
        """Return the cosine of the last two changes of the weights; NaN if not two are known, or one is 0."""
        weights, before = _vector(net), self._change
        if self._weights is None:
            self._weights = weights
            return math.nan
        self._weights, self._change = weights, weights - self._weights
        if before is None:
            return math.nan
        sizes = dot(before, before) * dot(self._change, self._change)
        return dot(before, self._change) / math.sqrt(sizes) if 0 < sizes < math.inf else math.nan

    def _decide(
        self, losses: list[float], cosine: float, validates: bool
    ) -> tuple[float, str, dict[str, float]] | None:
        """Return the factor, the textbook's advice and the numbers, or None."""
        last = losses[-self.window - 1 :]
        pairs = list(pairwise(last)) if len(last) > self.window else []
        if pairs and all(after > before for before, after in pairs):
            return (
                0.5,
                "the error keeps getting worse: reduce the rate",
                {"loss": last[-1], "before": last[0]},
            )
        if cosine < _OSCILLATES:
            return 0.5, "the error oscillates: reduce the rate", {"cosine": cosine}
        if validates and self._stalled >= self.patience:
            advice = "the error on the validation set has stopped decreasing: turn the rate down"
            return 0.3, advice, {"epochs": self._stalled, "best": self._best}
        if pairs and self._raises < _RAISES and all(after < before for before, after in pairs):
            fall = (last[0] - last[-1]) / (len(pairs) * abs(last[0])) if last[0] else math.inf
            if fall < _SLOW:
                self._raises += 1
                return 1.5, "the error falls steadily but slowly: increase the rate", {"fall": fall}
        return None


def _vector(net: Network) -> NDArray[np.float64]:
    """Return the trained weights as one vector."""
    arrays = net.get_weights(averaged=False)
    return np.concatenate([arrays[name].ravel() for name in net._trained]).astype(np.float64)
