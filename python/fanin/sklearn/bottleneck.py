"""The network of an Autoencoder, its training, and its two halves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.layers import Dense, Dropout, Layer, Standardize, Tied
from fanin.network import Network
from fanin.optim import LBFGS, AdamW, Cosine, Rule, Solver
from fanin.training.early_stopping import EarlyStopping

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.training.history import History

    _Layers = list[tuple[NDArray[Any], NDArray[Any]]]  # weight and bias of each


class Bottleneck:
    """A network from rows to codes and back, with layers of these sizes from the columns to the code.

    It learns rows ``(x - centre) / deviation``, with one deviation for all columns.
    """

    def __init__(self, estimator: Any, sizes: Sequence[int], X: NDArray[Any], seed: int) -> None:
        self._estimator, self._sizes, self._type = estimator, sizes, X.dtype
        self._logistic = estimator.loss == "logistic"
        hidden = [estimator.activation] * (len(sizes) - 2)
        self._encoding = list(map(Dense, sizes[1:], [*hidden, estimator.code_activation]))
        self._decoding = list(map(Dense, sizes[-2::-1], [*hidden, "identity"]))
        self._centre = X.mean(axis=0, dtype=np.float64)
        self._deviation = math.sqrt(X.var(axis=0, dtype=np.float64).mean()) or 1.0
        self._encoder = Network(sizes[0], [Standardize(), *self._encoding], dtype=X.dtype)
        # the mean and the deviation of these two rows are those of X
        self._encoder.adapt(np.array([self._centre - self._deviation, self._centre + self._deviation]))
        noise: list[Layer] = [Dropout(float(estimator.noise))] if estimator.noise else []
        self._numbers = range(1 + len(noise), 1 + len(noise) + len(self._encoding))  # of the encoder's layers
        decoding: Iterable[Layer] = self._decoding
        if estimator.tied:
            decoding = map(Tied, reversed(self._numbers), [*hidden, "identity"])
        self._net = self._network(sizes[0], [*noise, *self._encoding, *decoding], seed)

    def fit(self, X: NDArray[Any], held: NDArray[Any] | None) -> History:
        """Train on these rows, with others for validation."""
        estimator, rule = self._estimator, self._rule()
        stops = EarlyStopping(int(estimator.n_iter_no_change), float(estimator.tol))
        return self._net.fit(
            *self._pair(X),
            rule=rule,
            epochs=int(estimator.max_iter),
            batch_size=None if isinstance(rule, Solver) else self._batch_size(len(X)),
            validation_data=None if held is None else self._pair(held),
            callbacks=[stops] if estimator.early_stopping else [],
            verbose=bool(estimator.verbose),
            max_time=estimator.max_time,
        )

    def encoder(self) -> Network:
        """Return the network from rows to codes, whose first layer scales the rows."""
        return _with(self._encoder, self._arrays()[: len(self._encoding)], first=2)

    def decoder(self) -> Network:
        """Return the network from codes to rows, whose last layer scales back."""
        arrays = self._arrays()[len(self._encoding) :]
        if not self._logistic:
            weight, bias = arrays[-1]
            arrays[-1] = weight * self._deviation, bias * self._deviation + self._centre
        return _with(self._network(self._sizes[-1], self._decoding), arrays)

    def _network(self, inputs: int, layers: Sequence[Layer], seed: int = 0) -> Network:
        return Network(inputs, layers, self._estimator.loss, seed=seed, dtype=self._type)

    def _pair(self, X: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return inputs and targets."""
        inputs = self._encoder.first_inputs(X)
        return inputs, X if self._logistic else inputs

    def _rule(self) -> Rule | Solver:
        solver = self._estimator.solver
        if not isinstance(solver, str):
            given: Rule | Solver = solver
            return given
        return AdamW(Cosine(float(self._estimator.learning_rate_init))) if solver == "adam" else LBFGS()

    def _batch_size(self, rows: int) -> int:
        given = self._estimator.batch_size
        return min(max(rows // 100, 32), 256) if given == "auto" else int(given)

    def _arrays(self) -> _Layers:
        """Return weights and biases of all layers, in float64, so that scaling back rounds once."""
        found = {name: array.astype(np.float64) for name, array in self._net.get_weights().items()}
        if self._estimator.tied:
            last = self._numbers[-1]
            pairs = [(last + i, last + 1 - i) for i in range(1, 1 + len(self._numbers))]
            found |= {f"layer{number}.weight": found[f"layer{of}.weight"].T for number, of in pairs}
        first, layers = self._numbers[0], 2 * len(self._numbers)
        names = [f"layer{number}" for number in range(first, first + layers)]
        return [(found[f"{name}.weight"], found[f"{name}.bias"]) for name in names]


def _with(net: Network, arrays: Iterable[tuple[NDArray[Any], NDArray[Any]]], first: int = 1) -> Network:
    """Return the network with these weights and biases, from its layer number `first` on."""
    named: dict[str, NDArray[Any]] = {}
    for number, (weight, bias) in enumerate(arrays, first):
        named |= {f"layer{number}.weight": weight, f"layer{number}.bias": bias}
    net.set_weights(named)
    return net
