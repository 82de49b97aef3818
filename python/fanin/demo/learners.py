"""A common interface for fanin and scikit-learn, so that the same code trains, stops and measures both."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

import fanin
from fanin.csv.errors import UserError, require
from fanin.demo.dataset import Dataset, Part

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Settings:
    """The settings of both learners.

    Batch norm and the cosine schedule apply only to fanin; scikit-learn has neither.
    """

    hidden: Sequence[int]
    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    batch_norm: bool = False
    cosine: bool = False


class Learner(Protocol):
    """A net trained one epoch at a time."""

    name: str

    def train_epoch(self, part: Part) -> float:
        """Train one epoch in mini-batches and return the mean training loss."""

    def predict(self, part: Part) -> NDArray[Any]:
        """Return labels (n,), or standardized targets (n,)."""

    def weights(self) -> Any:
        """Return a copy of all weights."""

    def set_weights(self, weights: Any) -> None:
        """Restore a copy of the weights."""


class FaninLearner:
    """`fanin.Network` with ReLU hidden layers and Adam."""

    def __init__(self, data: Dataset, settings: Settings) -> None:
        norm = settings.batch_norm
        layers = [fanin.Dense(units, activation="relu", batch_norm=norm) for units in settings.hidden]
        output = fanin.Dense(data.n_classes or 1)
        loss = "softmax_cross_entropy" if data.classification else "squared_error"
        self.name = f"fanin {fanin.__version__}"
        self.net = fanin.Network(data.train.x.shape[1], [*layers, output], loss=loss, seed=settings.seed)
        rate: float | fanin.optim.Cosine = settings.learning_rate
        if settings.cosine:
            batch = min(settings.batch_size, len(data.train.x))
            rate = fanin.optim.Cosine(
                settings.learning_rate, steps=settings.epochs * -(-len(data.train.x) // batch)
            )
        self._rule = fanin.optim.Adam(rate)
        self._batch_size = settings.batch_size
        self._classification = data.classification

    def train_epoch(self, part: Part) -> float:
        """Train one epoch; `fit` with the same rule continues with its state."""
        try:
            history = self.net.fit(part.x, part.y, rule=self._rule, epochs=1, batch_size=self._batch_size)
        except fanin.DivergedError as error:
            raise UserError(str(error)) from None
        return float(history.loss[-1])

    def predict(self, part: Part) -> NDArray[Any]:
        """Return the most probable label, or the single output."""
        outputs = self.net.predict(part.x)
        return np.asarray(outputs.argmax(axis=1) if self._classification else outputs.ravel())

    def weights(self) -> Any:
        """Return the dict of weight arrays."""
        return self.net.get_weights()

    def set_weights(self, weights: Any) -> None:
        """Restore the dict of weight arrays."""
        self.net.set_weights(weights)


class ScikitLearner:
    """scikit-learn's `MLPClassifier` or `MLPRegressor` with equal layers, batches, rule and precision; no penalty."""

    def __init__(self, data: Dataset, settings: Settings) -> None:
        sklearn = require("sklearn", "scikit-learn", "demo")
        networks = require("sklearn.neural_network", "scikit-learn", "demo")
        kind = networks.MLPClassifier if data.classification else networks.MLPRegressor
        self.name = f"scikit-learn {sklearn.__version__}"
        self._threads = require("threadpoolctl", "scikit-learn", "demo").threadpool_limits
        self._mlp = kind(
            hidden_layer_sizes=settings.hidden,
            alpha=0.0,
            batch_size=min(settings.batch_size, len(data.train.x)),
            learning_rate_init=settings.learning_rate,
            # A generator advances from epoch to epoch; a number would give every epoch the same order.
            random_state=np.random.RandomState(settings.seed),
        )
        self._classes = {} if data.n_classes is None else {"classes": np.arange(data.n_classes)}

    def train_epoch(self, part: Part) -> float:
        """Train one epoch with as many threads as fanin uses."""
        with self._threads(limits=fanin.get_num_threads()):
            self._mlp.partial_fit(part.x, part.y, **self._classes)
        return float(self._mlp.loss_)

    def predict(self, part: Part) -> NDArray[Any]:
        """Return labels or targets."""
        return np.asarray(self._mlp.predict(part.x))

    def weights(self) -> Any:
        """Return copies of the two lists of arrays."""
        return deepcopy((self._mlp.coefs_, self._mlp.intercepts_))

    def set_weights(self, weights: Any) -> None:
        """Restore the two lists of arrays."""
        self._mlp.coefs_, self._mlp.intercepts_ = weights
