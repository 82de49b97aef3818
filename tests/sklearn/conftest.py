"""Small data sets, by the kind of target."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from twins import VERSION

ONLY_NEWER = {
    "counts": pytest.mark.skipif(VERSION < (1, 7), reason="scikit-learn's loss poisson came with 1.7")
}
KINDS = dict.fromkeys(("classes", "strings", "labels"), "MLPClassifier")
KINDS |= dict.fromkeys(("number", "numbers", "counts"), "MLPRegressor")


class Case(NamedTuple):
    """An estimator's name, its rows with their targets, and what it takes to learn them."""

    kind: str
    X: Any
    y: Any
    parameters: dict[str, Any]


def targets(name: str, signal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Targets that follow from a signal (n, 3), with noise."""
    noisy = signal + 0.3 * rng.normal(size=signal.shape)
    return {
        "classes": noisy.argmax(axis=1),
        "strings": np.array(["no", "yes"])[(noisy[:, 0] > 0).astype(int)],
        "labels": (noisy > 0).astype(int),
        "number": noisy[:, 0],
        "numbers": noisy,
        "counts": rng.poisson(np.exp(0.5 * signal[:, 0])).astype(float),
    }[name]


def made(name: str, rows: int = 60) -> Case:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(rows, 5))
    y = targets(name, np.tanh(X @ rng.normal(size=(5, 3))), rng)
    return Case(KINDS[name], X, y, {"loss": "poisson"} if name == "counts" else {})


@pytest.fixture(params=[pytest.param(name, marks=ONLY_NEWER.get(name, ())) for name in KINDS])
def any_case(request: pytest.FixtureRequest) -> Case:
    return made(request.param)


@pytest.fixture(params=["classes", "number"])
def case(request: pytest.FixtureRequest) -> Case:
    return made(request.param)


@pytest.fixture
def longer_case() -> Case:
    """More rows than a batch of "auto" has."""
    return made("classes", 230)
