"""Fashion-MNIST with PyTorch: eager, Adam fused, all data in two tensors."""

from __future__ import annotations

import importlib
import math
import time
from typing import Any

from bench.net_cases import Fit
from bench.workers.fashion_data import pictures

torch: Any = importlib.import_module("torch")


class FashionMnist:
    """The loop that the tutorials write, without a DataLoader, which would take longer than the net."""

    version = torch.__version__

    def prepare(self, case: dict[str, Any]) -> None:
        fit = self.case = Fit(**case)
        torch.manual_seed(0)
        self.x, self.y = (torch.from_numpy(array) for array in pictures("train"))
        self.test = [torch.from_numpy(array) for array in pictures("t10k")]
        modules: list[Any] = []
        for inputs, units in zip(fit.sizes[:-2], fit.sizes[1:-1], strict=True):
            modules += [
                torch.nn.Linear(inputs, units, bias=False),
                torch.nn.BatchNorm1d(units),
                torch.nn.ReLU(),
            ]
        self.model = torch.nn.Sequential(*modules, torch.nn.Linear(*fit.sizes[-2:]))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=fit.learning_rate, fused=True)
        self.step = 0

    def epoch(self) -> float:
        """Seconds of one epoch."""
        start = time.perf_counter()
        self.model.train()
        steps = self.case.steps(len(self.x))
        for index in torch.randperm(len(self.x)).split(self.case.batch):
            rate = 0.5 * self.case.learning_rate * (1 + math.cos(math.pi * self.step / steps))
            self.optimizer.param_groups[0]["lr"] = rate
            self.optimizer.zero_grad()
            logits = self.model(self.x.index_select(0, index))
            torch.nn.functional.cross_entropy(logits, self.y.index_select(0, index)).backward()
            self.optimizer.step()
            self.step += 1
        return time.perf_counter() - start

    def accuracy(self) -> float:
        """Share of the test pictures."""
        x, y = self.test
        self.model.eval()
        with torch.inference_mode():
            return float((self.model(x).argmax(1) == y).double().mean())


WORKER = FashionMnist
