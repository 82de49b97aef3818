"""Training steps of PyTorch: the usual loop, with Adam as it comes, fused, and behind torch.compile."""

from __future__ import annotations

import importlib
from typing import Any

from bench import data
from bench.cases import BETA1, BETA2, CHECK_STEPS, EPSILON, LEARNING_RATE, Net
from bench.workers.batches import batches
from bench.workers.serve import microseconds_per_call

torch: Any = importlib.import_module("torch")


class Training:
    """One net and its optimizer."""

    def __init__(self, net: Net, variant: str) -> None:
        modules = []
        for weight, bias in data.weights(net):
            linear = torch.nn.Linear(*weight.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(weight).T)
                linear.bias.copy_(torch.from_numpy(bias))
            norm = []
            if net.batch_norm:
                linear.bias = None
                norm = [torch.nn.BatchNorm1d(weight.shape[1])]
            modules += [linear, *norm, torch.nn.ReLU()]
        if net.batch_norm:  # the last layer has none
            modules[-3].bias = torch.nn.Parameter(torch.from_numpy(bias))
            del modules[-2]
        model = torch.nn.Sequential(*modules[:-1])
        self.optimizer = torch.optim.Adam(
            model.parameters(),
            LEARNING_RATE,
            (BETA1, BETA2),
            EPSILON,
            fused=None if variant == "eager" else True,
        )

        def loss(x: Any, y: Any) -> Any:
            return torch.nn.functional.cross_entropy(model(x), y)

        self.loss = torch.compile(loss, dynamic=False) if variant == "compile" else loss

    def step(self, x: Any, y: Any) -> None:
        self.optimizer.zero_grad()
        self.loss(x, y).backward()
        self.optimizer.step()


class Steps:
    """zero_grad, forward, backward, step on batches picked by index_select."""

    version = torch.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        self.net = Net(**case)
        x, y = data.samples(self.net)
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y)
        self.trainings = {variant: Training(self.net, variant) for variant in variants}
        self.batches = batches(self.net)

    def check(self, variant: str) -> list[float]:
        training = self.trainings[variant]
        x, y = self.x[: self.net.batch], self.y[: self.net.batch]
        before = training.loss(x, y).item()
        for _ in range(CHECK_STEPS):
            training.step(x, y)
        return [before, training.loss(x, y).item()]

    def round(self, variant: str, seconds: float) -> float:
        training = self.trainings[variant]

        def step() -> None:
            index = torch.from_numpy(next(self.batches))
            training.step(self.x.index_select(0, index), self.y.index_select(0, index))

        return microseconds_per_call(step, seconds, lambda: None)


WORKER = Steps
