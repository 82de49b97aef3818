"""Small searches of networks, for several tests."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import fanin
from fanin import optim, search

RNG = np.random.default_rng(5)
X = RNG.uniform(-1, 1, size=(240, 2))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
SPACE = {"rate": search.LogUniform(1e-4, 1e-1), "units": search.IntUniform(2, 12)}
SMALL = {"n_iter": 9, "max_epochs": 9}


def make_net(rate: float, units: int = 4) -> Any:
    net = fanin.Network(2, [fanin.Dense(units, "relu"), fanin.Dense(2)], "softmax_cross_entropy")
    return net, {"rule": optim.Adam(rate), "batch_size": 16}


def scores(result: search.Result) -> list[tuple[float, ...]]:
    return [outcome.scores for trial in result.trials for outcome in trial.outcomes]


def killed_after(seconds: float, run: Callable[[], object]) -> bool:
    """Call a function in a child process that is killed after this time; return whether it had ended before."""
    child = os.fork()
    if child == 0:
        try:
            run()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return not os.WIFSIGNALED(os.waitpid(child, 0)[1])
