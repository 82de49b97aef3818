"""fanin.optim.Optimizer on arrays, in place."""

from __future__ import annotations

from typing import Any

import fanin
from bench import data
from bench.cases import CHECK_STEPS, Updates
from bench.workers.serve import microseconds_per_call
from fanin import optim

CLASSES: dict[str, Any] = {
    vars(c)["name"]: c for c in vars(optim).values() if isinstance(c, type) and "name" in vars(c)
}


class Rules:
    """One call steps all arrays."""

    version = fanin.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        self.case = Updates(**case)
        self.w, self.g = data.weights_and_gradients(self.case)
        self.optimizer = optim.Optimizer(CLASSES[self.case.rule](), self.w)
        self.inputs: dict[str, Any] = {}
        if self.case.rule == "schaul_vsgd":
            self.inputs["second_gradients"] = self.g

    def step(self) -> None:
        self.optimizer.step(self.g, **self.inputs)

    def check(self, variant: str) -> list[float]:
        for _ in range(CHECK_STEPS):
            self.step()
        return data.samples_of(self.optimizer.arrays[0])

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(self.step, seconds, lambda: None)


WORKER = Rules
