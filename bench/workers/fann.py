"""FANN's C library, through ctypes, on the one thread that it has."""

import ctypes
from collections.abc import Iterator
from ctypes.util import find_library
from functools import partial
from typing import Any

import numpy as np

from bench import data
from bench.cases import Net
from bench.workers.serve import Task

VERSION = "2"  # the library does not say more
LIBRARY = ctypes.CDLL(find_library("fann") or "libfann.so")
INCREMENTAL, RPROP = 0, 2  # FANN_TRAIN_...
LINEAR, TANH = 0, 5  # FANN_LINEAR, FANN_SIGMOID_SYMMETRIC; also FANN_ERRORFUNC_LINEAR
RATE = 0.01  # fanin's default with both rules
BEFORE_FIRST = 1.2  # its Rprop enlarges the initial steps before it takes them
POINTER, FLOAT, UNSIGNED = ctypes.c_void_p, ctypes.c_float, ctypes.c_uint
SAMPLE = ctypes.CFUNCTYPE(None, UNSIGNED, UNSIGNED, UNSIGNED, POINTER, POINTER)
LIBRARY.fann_create_standard_array.restype = LIBRARY.fann_create_train_from_callback.restype = POINTER
LIBRARY.fann_train_epoch.restype = FLOAT


def train_data(x: Any, y: Any) -> Any:
    """A copy of samples."""

    def fill(sample: int, inputs: int, outputs: int, x_to: int, y_to: int) -> None:
        ctypes.memmove(x_to, x[sample].ctypes.data, x[sample].nbytes)
        ctypes.memmove(y_to, y[sample].ctypes.data, y[sample].nbytes)

    return POINTER(LIBRARY.fann_create_train_from_callback(len(x), x.shape[1], y.shape[1], SAMPLE(fill)))


def network(net: Net) -> Any:
    """A net with the weights that every library starts from."""
    sizes = np.array(net.sizes, np.uintc)
    ann = POINTER(LIBRARY.fann_create_standard_array(sizes.size, POINTER(sizes.ctypes.data)))
    LIBRARY.fann_set_activation_function_hidden(ann, TANH)
    LIBRARY.fann_set_activation_function_output(ann, LINEAR)
    LIBRARY.fann_set_activation_steepness_hidden(ann, FLOAT(1))
    LIBRARY.fann_set_activation_steepness_output(ann, FLOAT(1))
    LIBRARY.fann_set_train_error_function(ann, LINEAR)
    LIBRARY.fann_set_training_algorithm(ann, RPROP if net.rule == "rprop" else INCREMENTAL)
    LIBRARY.fann_set_learning_rate(ann, FLOAT(RATE))
    LIBRARY.fann_set_rprop_delta_zero(ann, FLOAT(RATE / BEFORE_FIRST))
    first = 0  # neuron of a layer; its last one is the bias
    for weight, bias in data.weights(net):
        to_next = np.vstack([weight, bias])
        for (i, j), value in np.ndenumerate(to_next):
            LIBRARY.fann_set_weight(ann, first + i, first + len(to_next) + j, FLOAT(value))
        first += len(to_next)
    return ann


def steps(net: Net) -> Iterator[Task]:
    """fann_train_epoch, in the order of the samples: SGD with one sample a step, or Rprop with all."""
    if net.rule not in ("sgd", "rprop"):
        return
    (x, y), ann = data.samples(net), network(net)
    epoch, first = (
        partial(LIBRARY.fann_train_epoch, ann, train_data(x[:n], y[:n])) for n in (len(x), net.batch)
    )

    def check() -> list[float]:
        """Half the sum of squares of a sample, before each step; FANN has the mean over outputs."""
        return [first() * net.sizes[-1] / 2 for _ in data.first_batches(net)]

    yield Task("training", epoch, check=check, per=net.steps)
