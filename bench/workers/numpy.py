"""NumPy: matrix products, the textbook's rules, and prediction written out."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import data
from bench.cases import CHECK_STEPS, Net, Product, Updates
from bench.pool import ROOT
from bench.workers.serve import Task

VERSION = np.__version__
MOST_WEIGHTS = 10**7  # of a rule: temporary arrays of more numbers take too much memory


def products(product: Product) -> Iterator[Task]:
    """Row-major operands, transposed by strides, into an output that exists already."""
    a, w, dz = data.operands(product)
    yield Task("forward", partial(np.matmul, a, w, out=np.empty_like(dz)))
    yield Task("input gradient", partial(np.matmul, dz, w.T, out=np.empty_like(a)))
    yield Task("weight gradient", partial(np.matmul, a.T, dz, out=np.empty_like(w)))


def functional(product: Product) -> Iterator[Task]:
    a, w, dz = data.operands(product)
    yield Task("product", partial(np.matmul, a, w, out=np.empty_like(dz)))


def predict(net: Net) -> Iterator[Task]:
    """A matmul, a bias and a maximum for each layer, in place."""
    *hidden, (last_weight, last_bias) = data.weights(net)
    x, _ = data.samples(net)

    def probabilities() -> NDArray[np.float32]:
        a = x
        for weight, bias in hidden:
            a = a @ weight
            a += bias
            np.maximum(a, 0, out=a)
        a = a @ last_weight
        a += last_bias
        a -= a.max(axis=1, keepdims=True)
        np.exp(a, out=a)
        a /= a.sum(axis=1, keepdims=True)
        return a

    yield Task("predict", probabilities)


def rules(case: Updates) -> Iterator[Task]:
    """The formulas of tests/reference on float32 arrays: one pass over memory for each operation."""
    if str(ROOT / "tests") not in sys.path:
        sys.path.append(str(ROOT / "tests"))
    reference = importlib.import_module("reference.rules").RULES
    if case.rule not in reference or case.weights > MOST_WEIGHTS:
        return
    rule, w, g = reference[case.rule](), *data.weights_and_gradients(case)
    states: list[dict[str, Any]] = [{} for _ in w]
    t = 0

    def step() -> None:
        nonlocal t
        t += 1
        for weights, gradients, state in zip(w, g, states, strict=True):
            weights *= np.float32(1 - rule.learning_rate * getattr(rule, "weight_decay", 0))
            second = {"second": gradients} if case.second else {}
            weights += rule.step(gradients, state, t, **second)

    def check() -> list[float]:
        for _ in range(CHECK_STEPS):
            step()
        # the others hold w + momentum v
        return data.samples_of(w[0] + (rule.jump(states[0]) if case.rule == "nesterov" else 0))

    yield Task("step", step, check=check)
