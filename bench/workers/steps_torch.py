"""Training steps of PyTorch: the usual loop, with Adam as it comes, fused, and behind torch.compile."""

from __future__ import annotations

import importlib
from typing import Any

from bench import data
from bench.cases import BETA1, BETA2, EPSILON, LEARNING_RATE, Net
from bench.workers.batches import batches
from bench.workers.serve import microseconds_per_call

torch: Any = importlib.import_module("torch")


def sequential(net: Net) -> Any:
    """Linear and ReLU layers, the last without ReLU, with the weights that every library starts from.

    With batch norm between the two it takes the place of the bias.
    """
    modules: list[Any] = []
    parameters = data.weights(net)
    for layer, (weight, bias) in enumerate(parameters, 1):
        hidden = layer < len(parameters)
        norm = [torch.nn.BatchNorm1d(weight.shape[1])] if net.batch_norm and hidden else []
        linear = torch.nn.Linear(*weight.shape, bias=not norm)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight).T)
            if not norm:
                linear.bias.copy_(torch.from_numpy(bias))
        modules += [linear, *norm, *([torch.nn.ReLU()] if hidden else [])]
    return torch.nn.Sequential(*modules)


def half_squared_error(a: Any, y: Any) -> Any:
    """Mean over the samples of half the sum of squared differences."""
    return torch.nn.functional.mse_loss(a, y, reduction="sum") / (2 * len(y))


class Training:
    """One net and its optimizer."""

    def __init__(self, net: Net, variant: str) -> None:
        model = sequential(net)
        of_outputs = half_squared_error if net.loss == "squared_error" else torch.nn.functional.cross_entropy
        self.optimizer = torch.optim.Adam(
            model.parameters(),
            LEARNING_RATE,
            (BETA1, BETA2),
            EPSILON,
            fused=None if variant == "eager" else True,
        )

        def loss(x: Any, y: Any) -> Any:
            return of_outputs(model(x), y)

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
        for _ in range(self.net.check_steps):
            training.step(x, y)
        return [before, training.loss(x, y).item()]

    def round(self, variant: str, seconds: float) -> float:
        training = self.trainings[variant]

        def step() -> None:
            index = torch.from_numpy(next(self.batches))
            training.step(self.x.index_select(0, index), self.y.index_select(0, index))

        return microseconds_per_call(step, seconds, lambda: None)


WORKER = Steps
