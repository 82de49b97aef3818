"""NumPy: matrix products, the textbook's rules, and prediction written out."""

import importlib
import itertools
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from bench import data
from bench.cases import Net, Product, Updates
from bench.curvature import Sinc
from bench.pool import ROOT
from bench.workers import marquardt
from bench.workers.serve import Task

sys.path.append(str(ROOT / "tests"))
RULES: dict[str, Any] = importlib.import_module("reference.rules").RULES
VERSION = np.__version__
MOST_WEIGHTS = 10**7  # of a rule: temporary arrays of more numbers take too much memory


def products(product: Product) -> Iterator[Task]:
    """Row-major operands, transposed by strides, into an output that exists."""
    a, w, dz = data.operands(product)
    yield Task("forward", partial(np.matmul, a, w, out=np.empty_like(dz)))
    yield Task("input gradient", partial(np.matmul, dz, w.T, out=np.empty_like(a)))
    yield Task("weight gradient", partial(np.matmul, a.T, dz, out=np.empty_like(w)))


def functional(product: Product) -> Iterator[Task]:
    a, w, dz = data.operands(product)
    yield Task("product", partial(np.matmul, a, w, out=np.empty_like(dz)))


def predict(net: Net) -> Iterator[Task]:
    """A matmul, a bias and a maximum for each layer, in place."""
    (x, _), layers = data.samples(net), data.weights(net)

    def probabilities() -> data.Floats:
        a = x
        for layer, (weight, bias) in enumerate(layers):
            if layer:
                np.maximum(a, 0, out=a)
            a = a @ weight
            a += bias
        a -= a.max(axis=1, keepdims=True)
        np.exp(a, out=a)
        a /= a.sum(axis=1, keepdims=True)
        return a

    yield Task("predict", probabilities)


def rules(case: Updates) -> Iterator[Task]:
    """The formulas of tests/reference on float32 arrays: one pass over memory for each operation."""
    if case.rule not in RULES or case.weights > MOST_WEIGHTS:
        return
    rule, w, g = RULES[case.rule](), *data.weights_and_gradients(case)
    states: list[dict[str, Any]] = [{} for _ in w]
    steps = itertools.count(1)

    def step() -> None:
        t = next(steps)
        for weights, gradients, state in zip(w, g, states, strict=True):
            weights *= np.float32(1 - rule.learning_rate * getattr(rule, "weight_decay", 0))
            second = {"second": gradients} if hasattr(rule, "shift") else {}
            weights += rule.step(gradients, state, t, **second)

    def ahead() -> Any:  # where Nesterov's rule has its gradient, which is what the others hold
        return w[0] + (rule.jump(states[0]) if hasattr(rule, "jump") else 0)

    yield Task("step", step, changes=ahead)


def curvature(case: Any) -> Iterator[Task]:
    if isinstance(case, Sinc):
        yield from marquardt.tasks(case)
