"""Out-of-sample predictions of the training rows, by small networks of the examination's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.diagnose.samples import Samples
from fanin.layers import Dense, Standardize
from fanin.optim import SGD, AdamW, Around, Cosine
from fanin.training.early_stopping import EarlyStopping
from fanin.training.together import train_together

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network

    Rows = tuple[NDArray[Any], NDArray[np.float64]]  # targets and sample weights

_FOLDS = 3
_FEWEST = 30  # rows
_MOST = 20_000
_UNITS = 32
_BATCH = 32
_STEPS = 800
_MOST_EPOCHS = 100
_PATIENCE = 5


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Predictions of rows by networks that were not trained on them.

    Attributes
    ----------
    rows : ndarray of int, shape (rows,)
    outputs : ndarray, shape (rows, outputs)
    loss, baseline : float
        The mean loss of these predictions, and that of the best constant outputs of the rows trained on.
    training_loss : float
        That of the networks on the rows they were trained on.
    """

    rows: NDArray[np.int64]
    outputs: NDArray[np.float64]
    loss: float
    baseline: float
    training_loss: float


def out_of_fold(net: Network, samples: Samples, seed: int) -> OutOfFold | None:
    """Return predictions of three folds, or None for fewer than 30 rows.

    The networks have the loss of `net`, its input layer or a `Standardize`, and one hidden layer of 32 units. Each is
    that of the epoch with the lowest loss on the fold held out, so that confidence is not that of an overfit network.
    """
    rows = samples.some(_MOST, seed)
    if len(rows) < _FEWEST:
        return None
    fold = np.arange(len(rows)) % _FOLDS
    epochs = min(_MOST_EPOCHS, max(2, round(_STEPS * _BATCH / len(rows))))
    rule = Around(AdamW(Cosine(0.01, last=0.0)), average_share=0.05)
    first = net.layers[0] if net._core.has_input_layer else Standardize()
    last = Dense(net.n_outputs, initializer="zeros", bias_initializer="base_rate")  # starts at the baseline
    members, parts = [], []
    for number in range(_FOLDS):
        kept, held = rows[fold != number], rows[fold == number]
        parts.append((kept, held))
        own = type(net)(net.n_inputs, [first, Dense(_UNITS, "relu"), last], net._loss, seed=number)
        options = {
            "rule": rule,
            "epochs": epochs,
            "batch_size": _BATCH,
            "sample_weight": samples.weight[kept],
            "validation_data": (samples.X[held], samples.y[held], samples.weight[held]),
            "callbacks": [EarlyStopping(patience=_PATIENCE)],
        }
        members.append((own, samples.X[kept], samples.y[kept], options))
    train_together(members)
    outputs = np.empty((len(rows), net.n_outputs))
    figures = []
    for number, ((own, X, y, _), (kept, held)) in enumerate(zip(members, parts, strict=True)):
        outputs[fold == number] = own.predict(samples.X[held]).reshape(len(held), -1)
        training, held_back = ((samples.y[part], samples.weight[part]) for part in (kept, held))
        losses = [
            own.evaluate(samples.X[held], held_back[0], sample_weight=held_back[1])["loss"],
            constant_loss(net, training, held_back),
            own.evaluate(X, y, sample_weight=training[1])["loss"],
        ]
        figures.append(losses)
    return OutOfFold(rows, outputs, *np.mean(figures, axis=0).tolist())


def constant_loss(net: Network, trained: Rows, held: Rows) -> float:
    """Return the loss of targets and weights for the best constant outputs of others."""
    layer = Dense(net.n_outputs, initializer="zeros", bias_initializer="base_rate")
    constant = type(net)(1, [layer], net._loss, dtype=net.dtype)
    y, weight = trained
    constant.fit(np.zeros((len(y), 1)), y, rule=SGD(0.0), sample_weight=weight, max_steps=1)
    y, weight = held
    return constant.evaluate(np.zeros((len(y), 1)), y, sample_weight=weight)["loss"]
