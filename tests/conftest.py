"""Fixtures: small data sets, and one parameter for each entry of the library's lists."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

import fanin
from fanin import _core
from listed import lists, what_is_missing
from reference.targets import targets_for


class Data(NamedTuple):
    X: NDArray
    y: NDArray


def pytest_sessionstart() -> None:
    if missing := what_is_missing(lists()):
        heading = "lists of the library differ, or this build of fanin is an old one:"
        raise pytest.UsageError("\n".join([heading, *missing]))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `every_rule` runs for each rule in the list, so a new entry needs no new test."""
    entries_of = {
        "every_rule": _core.rules,
        "every_activation": _core.activations,
        "every_loss": _core.losses,
        "every_initializer": _core.initializers,
        "every_schedule": _core.schedules,
        "every_isa": fanin.cpu.available,
    }
    for name, entries in entries_of.items():
        if name in metafunc.fixturenames:
            # a separate test checks that some rules need full batches
            marks = [pytest.mark.filterwarnings("ignore:rule:fanin.optim.BatchSizeWarning")]
            metafunc.parametrize(name, [pytest.param(entry, marks=marks) for entry in entries()])


@pytest.fixture(params=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture
def classification() -> Data:
    """53 samples of 5 features around 3 centres."""
    rng = np.random.default_rng(1)
    labels = rng.integers(3, size=53)
    return Data(rng.normal(size=(53, 5)) + 2 * rng.normal(size=(3, 5))[labels], labels)


@pytest.fixture
def regression() -> Data:
    """53 samples of 5 features and 3 smooth targets."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(53, 5))
    return Data(X, np.sin(X @ rng.normal(size=(5, 3))) + 0.1 * rng.normal(size=(53, 3)))


@pytest.fixture
def data_for(regression: Data):
    """The samples of `regression` with targets suitable for a loss, by its name, for 3 outputs."""
    return lambda loss: Data(regression.X, targets_for(loss, np.random.default_rng(3), 53, 3))


@pytest.fixture
def threads():
    """Restore the number of threads after a test that changes it."""
    before = fanin.get_num_threads()
    yield fanin.set_num_threads
    fanin.set_num_threads(before)


@pytest.fixture
def quiet_optuna():
    """Optuna prints errors only."""
    optuna = pytest.importorskip("optuna")
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)
