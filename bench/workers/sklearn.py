"""scikit-learn's MLPClassifier and MLPRegressor."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from typing import Any

from bench import data
from bench.cases import ADAM, Net
from bench.workers.serve import Task, microseconds

VERSION = importlib.import_module("sklearn").__version__
metrics: Any = importlib.import_module("sklearn.metrics")
neural_network: Any = importlib.import_module("sklearn.neural_network")
EPSILON_TOLERANCE = 1e-3  # its Adam adds epsilon before the bias correction, which a few steps show


def steps(net: Net) -> Iterator[Task]:
    """partial_fit, one pass of shuffled mini-batches with Adam over the samples it is given; no L2 penalty."""
    if net.batch_norm:
        return
    x, y = data.samples(net)
    n = net.batch
    regression = net.loss == "squared_error"
    model = (neural_network.MLPRegressor if regression else neural_network.MLPClassifier)(
        hidden_layer_sizes=net.sizes[1:-1],
        alpha=0.0,
        batch_size=n,
        **dict(zip(("learning_rate_init", "beta_1", "beta_2", "epsilon"), ADAM, strict=True)),
        max_iter=1,
        n_iter_no_change=1_000_000,
        warm_start=True,
        random_state=0,
    )
    warnings.simplefilter("ignore")  # that one iteration is not enough to converge
    model.fit(x[:n], y[:n])
    weights = data.weights(net)
    two_classes = net.sizes[-1] == 2 and not regression
    if two_classes:  # One logistic output stands for two classes: its logit is the difference of theirs.
        weight, bias = weights[-1]
        weights[-1] = weight[:, 1:] - weight[:, :1], bias[1:] - bias[:1]
    model.coefs_, model.intercepts_ = map(list, zip(*weights, strict=True))
    samples = 0

    def loss() -> float:
        if regression:
            return float(((model.predict(x[:n]) - y[:n]) ** 2).sum() / (2 * n))
        return float(metrics.log_loss(y[:n], model.predict_proba(x[:n]), labels=model.classes_))

    def check() -> list[float]:
        """With two classes only the loss before the steps compares: half the output weights, other steps."""
        before = loss()
        model.set_params(max_iter=net.check_steps).fit(x[:n], y[:n])  # restarts Adam
        return [before] if two_classes else [before, loss()]

    def pass_over(count: int) -> float:
        """Microseconds to train on the first `count` samples."""
        return microseconds(lambda: model.partial_fit(x[:count], y[:count]))

    def measure(seconds: float) -> float:
        nonlocal samples
        if samples == 0:
            samples = 2 * n
            while pass_over(samples) < 1e6 * seconds and samples < net.samples:
                samples *= 2
        return pass_over(samples) / (samples // n)

    yield Task("training", check=check, measure=measure, tolerance=EPSILON_TOLERANCE)
