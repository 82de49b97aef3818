"""mlpack, from C++, with the weights that every library starts from."""

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench import data
from bench.cases import Net
from bench.programs import mlpack_library
from bench.workers.serve import Task

LIBRARY = ctypes.CDLL(str(mlpack_library()))
POINTER, UNSIGNED, DOUBLE = ctypes.c_void_p, ctypes.c_uint, ctypes.c_double
SAMPLES = [POINTER, POINTER, UNSIGNED, POINTER, UNSIGNED, UNSIGNED]
LIBRARY.mlpack_version.restype = ctypes.c_char_p
LIBRARY.mlpack_net.restype, LIBRARY.mlpack_loss.restype = POINTER, DOUBLE
LIBRARY.mlpack_net.argtypes = [POINTER, UNSIGNED, POINTER, ctypes.c_bool, ctypes.c_bool, DOUBLE, UNSIGNED]
LIBRARY.mlpack_loss.argtypes = LIBRARY.mlpack_train.argtypes = LIBRARY.mlpack_predict.argtypes = SAMPLES
VERSION = LIBRARY.mlpack_version().decode().removeprefix("mlpack ")
RATES = {"adam": 1e-3, "sgd": 0.01}  # fanin's defaults


def network(net: Net) -> Any:
    """Return a net; mlpack divides the rate by the batch, the squared error by the outputs, and does not halve it."""
    weights = np.concatenate([array.ravel() for layer in data.weights(net) for array in layer])
    sizes, classes = np.array(net.sizes, np.uintc), net.loss == "softmax_cross_entropy"
    rate = RATES.get(net.rule, 0.0) * (net.batch if net.rule == "adam" else net.sizes[-1] / 2)
    return POINTER(
        LIBRARY.mlpack_net(
            sizes.ctypes.data, sizes.size, weights.ctypes.data, classes, net.rule == "adam", rate, net.batch
        )
    )


def samples(x: Any, y: Any) -> list[Any]:
    return [x.ctypes.data, x.shape[1], y.ctypes.data, y.shape[1], len(x)]


def steps(net: Net) -> Iterator[Task]:
    """FFN::Train for an epoch, whose shuffle copies the samples; nets with batch norm and Rprop are left out."""
    if net.batch_norm or net.rule not in RATES or (net.loss == "squared_error" and net.activation != "tanh"):
        return
    x, y = data.samples(net)
    of_net, y = network(net), y.astype(np.float32).reshape(len(x), -1)
    first = [array[: net.batch].copy() for array in (x, y)]

    def check() -> list[float]:
        losses = []
        for _ in data.first_batches(net):
            losses.append(LIBRARY.mlpack_loss(of_net, *samples(*first)) / net.batch)
            LIBRARY.mlpack_train(of_net, *samples(*first))
        return (
            losses if net.loss == "softmax_cross_entropy" else [loss * net.sizes[-1] / 2 for loss in losses]
        )

    def epoch() -> None:
        LIBRARY.mlpack_train(of_net, *samples(x, y))

    # Adam adds epsilon before it corrects the bias of v, which small gradients show
    yield Task("training", epoch, check=check, tolerance=1e-3, per=net.steps)


def predict(net: Net) -> Iterator[Task]:
    """FFN::Predict, and the soft-max of its logarithms."""
    x, _ = data.samples(net)
    of_net, found = network(net), np.empty((len(x), net.sizes[-1]), np.float32)

    def call() -> Any:
        LIBRARY.mlpack_predict(of_net, *samples(x, found))
        return np.exp(found, out=found)

    yield Task("predict", call, tolerance=1e-3)  # its soft-max approximates exp
