"""The optimizers of PyTorch: as they come (foreach), and fused where there is such a form."""

from __future__ import annotations

import importlib
from typing import Any

from bench import data
from bench.cases import CHECK_STEPS, Updates
from bench.workers.serve import microseconds_per_call

torch: Any = importlib.import_module("torch")
optim = torch.optim

MOMENTUM = {"lr": 0.01, "momentum": 0.9}
# class, options that make it fanin's rule with its defaults, whether there is a fused form
RULES: dict[str, tuple[Any, dict[str, Any], bool]] = {
    "sgd": (optim.SGD, {"lr": 0.01}, True),
    "momentum": (optim.SGD, MOMENTUM, True),
    "nesterov": (optim.SGD, {**MOMENTUM, "nesterov": True}, True),
    "rprop": (optim.Rprop, {"lr": 0.01}, False),
    "rmsprop": (optim.RMSprop, {"lr": 1e-3, "alpha": 0.9}, False),
    "adagrad": (optim.Adagrad, {"lr": 0.01}, True),
    "adadelta": (optim.Adadelta, {"lr": 1.0, "rho": 0.95}, False),
    "adam": (optim.Adam, {}, True),
    "adamw": (optim.AdamW, {}, True),
    "nadam": (optim.NAdam, {}, False),
    "radam": (optim.RAdam, {}, False),
    "amsgrad": (optim.Adam, {"amsgrad": True}, True),
    "adamax": (optim.Adamax, {}, False),
}


class Rules:
    """Parameters whose gradients stay."""

    version = torch.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        self.case = Updates(**case)
        self.optimizers: dict[str, tuple[Any, list[Any]]] = {}

    def optimizer(self, variant: str) -> tuple[Any, list[Any]]:
        kind, options, _ = RULES[self.case.rule]
        if variant not in self.optimizers:
            self.optimizers = {}  # one at a time: state of 10^8 weights is large
            w, g = data.weights_and_gradients(self.case)
            parameters = [torch.nn.Parameter(torch.from_numpy(array)) for array in w]
            for parameter, gradient in zip(parameters, g, strict=True):
                parameter.grad = torch.from_numpy(gradient)
            given = {**options, "fused": True} if variant == "fused" else {**options}
            self.optimizers[variant] = kind(parameters, **given), parameters
        return self.optimizers[variant]

    def check(self, variant: str) -> list[float]:
        if self.case.rule not in RULES or (variant == "fused" and not RULES[self.case.rule][2]):
            return []
        optimizer, parameters = self.optimizer(variant)
        for _ in range(CHECK_STEPS):
            optimizer.step()
        return data.samples_of(parameters[0].detach().numpy())

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(self.optimizer(variant)[0].step, seconds, lambda: None)


WORKER = Rules
