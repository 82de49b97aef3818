"""Fashion-MNIST with fanin."""

from __future__ import annotations

import time
from typing import Any

import fanin
from bench.net_cases import Fit
from bench.workers.fashion_data import pictures
from fanin import optim


class FashionMnist:
    """A call of fit an epoch, whose rule goes on with its state."""

    version = fanin.__version__

    def prepare(self, case: dict[str, Any]) -> None:
        fit = self.case = Fit(**case)
        self.x, self.y = pictures("train")
        self.test = pictures("t10k")
        hidden = [fanin.Dense(units, activation="relu", batch_norm=True) for units in fit.sizes[1:-1]]
        self.net = fanin.Network(
            fit.sizes[0], [*hidden, fanin.Dense(fit.sizes[-1])], loss="softmax_cross_entropy", seed=0
        )
        self.rule = optim.Adam(optim.Cosine(fit.learning_rate, steps=fit.steps(len(self.x))))

    def epoch(self) -> float:
        """Seconds of one epoch."""
        start = time.perf_counter()
        self.net.fit(self.x, self.y, rule=self.rule, epochs=1, batch_size=self.case.batch)
        return time.perf_counter() - start

    def accuracy(self) -> float:
        """Share of the test pictures."""
        x, y = self.test
        return float((self.net.predict(x).argmax(axis=1) == y).mean())


WORKER = FashionMnist
