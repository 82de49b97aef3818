"""Sparse rows, and texts that become such rows. Peers' processes may import this, so fanin is not loaded here."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from bench.cases import Net

RESULTS = {
    "sparse step": "Steps on sparse rows",
    "epoch of one step": "An epoch of one step on sparse rows: what begins and ends a fit",
    "estimator": "Steps on sparse rows by the estimators of scikit-learn's face",
    "hash and fit": "Texts: hashing, and a fit",
    "accuracy": "Texts: accuracy on test texts",
}
UNITS = {"hash and fit": "s", "epoch of one step": "ms"}  # and "accuracy" in per cent, as elsewhere


@dataclass(frozen=True)
class SparseNet(Net):
    """A net on sparse rows, each with so many values of norm 1, in columns that are uniform or as frequent as words."""

    batch: int = 64
    samples: int = 1 << 16
    values: int = 100
    spread: str = "uniform"  # or "Zipf"

    @property
    def name(self) -> str:
        columns, *others = self.sizes
        return f"{columns:,} {self.spread} columns-{'-'.join(map(str, others))}, {self.rule}"

    @property
    def first(self) -> "SparseNet":
        """The same with its first batch alone."""
        return SparseNet(
            self.sizes, self.batch, self.batch, rule=self.rule, values=self.values, spread=self.spread
        )


@dataclass(frozen=True)
class SparseEstimator(SparseNet):
    """A classifier of scikit-learn's face, which takes a few of scikit-learn's steps, of all weights."""

    peer_steps: int = 4

    @property
    def name(self) -> str:
        return f"estimator: {super().name}"


@dataclass(frozen=True)
class Newsgroups:
    """Texts of docs/examples/made_text.py, or rather so many of them for training and test."""

    train: int = 11_314
    test: int = 7_532
    columns: int = 1 << 18

    @property
    def name(self) -> str:
        return f"texts: {self.train:,} of 20 topics, {self.columns:,} columns"


SIZES = (1 << 20, 64, 20)
CASES = [
    *(
        SparseNet(SIZES, spread=spread, rule=rule)
        for spread in ("uniform", "Zipf")
        for rule in ("adagrad", "sgd", "adam")
    ),
    SparseEstimator(SIZES, samples=1 << 14),
    Newsgroups(),
]


def columns_of(net: SparseNet) -> Any:
    """Columns (samples, values). The density of a Zipf-like one is that of 1 / column."""
    random = np.random.default_rng(1)
    shape, n = (net.samples, net.values), net.sizes[0]
    if net.spread == "uniform":
        return random.integers(0, n, shape, dtype=np.int32)
    return np.minimum(np.exp(np.log(n) * random.random(shape)).astype(np.int32), n - 1)


def rows(net: SparseNet) -> tuple[Any, Any, Any]:
    """Columns and values (samples, values), and labels; columns of a row may repeat."""
    random = np.random.default_rng(2)
    values = random.standard_normal((net.samples, net.values), dtype=np.float32)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return columns_of(net), values, random.integers(0, net.sizes[-1], net.samples)


@cache
def rows_met(net: SparseNet) -> float:
    """The rows of weights that a batch meets, on average of some batches."""
    columns = columns_of(net)[: 64 * net.batch]
    batches = columns.reshape(-1, net.batch * net.values)
    return float(np.mean([len(np.unique(batch)) for batch in batches]))


def of_all_rounds(rounds: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    """The seconds and the accuracy of texts, of which a round gives both."""
    found: dict[str, dict[str, list[float]]] = {}
    for column, values in rounds.get("hash and fit", {}).items():
        found.setdefault("hash and fit", {})[column] = [seconds for seconds, _ in values]
        found.setdefault("accuracy", {})[column] = [accuracy for _, accuracy in values]
    return found
