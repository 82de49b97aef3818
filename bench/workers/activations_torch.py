"""Activations of PyTorch, and their gradients by autograd."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from bench import data
from bench.cases import Elements
from bench.workers.serve import microseconds_per_call

torch: Any = importlib.import_module("torch")

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "identity": torch.clone,
    "logistic": torch.sigmoid,
    "tanh": torch.tanh,
    "symmetric_logistic": lambda z: torch.tanh(0.5 * z),
    "relu": torch.relu,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "elu": torch.nn.functional.elu,
    "selu": torch.selu,
    "softplus": torch.nn.functional.softplus,
    "softsign": torch.nn.functional.softsign,
    "gelu": torch.nn.functional.gelu,
    "gelu_tanh": lambda z: torch.nn.functional.gelu(z, approximate="tanh"),
    "silu": torch.nn.functional.silu,
    "mish": torch.nn.functional.mish,
}


class Activations:
    """Eager calls."""

    version = torch.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        elements = Elements(**case)
        self.function = FUNCTIONS[elements.activation]
        self.z, self.da = (torch.from_numpy(array) for array in data.elements(elements.count))
        self.input = self.z.clone().requires_grad_()

    def compute(self, variant: str) -> list[Any]:
        if variant == "value":
            with torch.inference_mode():
                return [self.function(self.z)]
        self.input.grad = None
        value = self.function(self.input)
        value.backward(self.da)
        return [value.detach(), self.input.grad]

    def check(self, variant: str) -> list[float]:
        return [data.checksum(result.numpy()[None]) for result in self.compute(variant)]

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(lambda: self.compute(variant), seconds, lambda: None)


WORKER = Activations
