"""Training steps of scikit-learn's MLPClassifier: partial_fit, one pass over the samples it is given."""

from __future__ import annotations

import importlib
import time
import warnings
from typing import Any

from bench import data
from bench.cases import BETA1, BETA2, EPSILON, LEARNING_RATE, Net

sklearn: Any = importlib.import_module("sklearn")
neural_network: Any = importlib.import_module("sklearn.neural_network")


class Steps:
    """Shuffled mini-batches with Adam and no L2 penalty."""

    version = sklearn.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        self.net = Net(**case)
        if self.net.batch_norm:
            raise NotImplementedError("scikit-learn has no batch norm")
        self.x, self.y = data.samples(self.net)
        n = self.net.batch
        regression = self.net.loss == "squared_error"
        kind = neural_network.MLPRegressor if regression else neural_network.MLPClassifier
        self.classifier = kind(
            hidden_layer_sizes=self.net.sizes[1:-1],
            alpha=0.0,
            batch_size=n,
            learning_rate_init=LEARNING_RATE,
            beta_1=BETA1,
            beta_2=BETA2,
            epsilon=EPSILON,
            max_iter=1,
            n_iter_no_change=1_000_000,
            warm_start=True,
            random_state=0,
        )
        warnings.simplefilter("ignore")  # that one iteration is not enough to converge
        self.classifier.fit(self.x[:n], self.y[:n])
        weights = data.weights(self.net)
        if self.net.sizes[-1] == 2 and not regression:
            # One logistic output stands for two classes: its logit is the difference of theirs.
            weight, bias = weights[-1]
            weights[-1] = weight[:, 1:] - weight[:, :1], bias[1:] - bias[:1]
        self.classifier.coefs_ = [weight for weight, _ in weights]
        self.classifier.intercepts_ = [bias for _, bias in weights]
        self.samples = 0

    def loss(self) -> float:
        n = self.net.batch
        if self.net.loss == "squared_error":
            difference = self.classifier.predict(self.x[:n]) - self.y[:n]
            return float((difference**2).sum() / (2 * n))
        return data.cross_entropy(self.classifier.predict_proba(self.x[:n]), self.y[:n])

    def check(self, variant: str) -> list[float]:
        """With two classes only the loss before the steps compares: half the output weights, other steps."""
        n = self.net.batch
        before = self.loss()
        self.classifier.set_params(max_iter=self.net.check_steps).fit(
            self.x[:n], self.y[:n]
        )  # starts Adam anew
        return [before] if self.net.sizes[-1] == 2 else [before, self.loss()]

    def pass_over(self, n: int) -> float:
        """Seconds to train on the first n samples."""
        start = time.perf_counter()
        self.classifier.partial_fit(self.x[:n], self.y[:n])
        return time.perf_counter() - start

    def round(self, variant: str, seconds: float) -> float:
        if self.samples == 0:
            self.samples = 2 * self.net.batch
            while self.pass_over(self.samples) < seconds and self.samples < self.net.samples:
                self.samples *= 2
        return 1e6 * self.pass_over(self.samples) / (self.samples // self.net.batch)


WORKER = Steps
