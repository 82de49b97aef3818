"""The textbook in NumPy: the formulas of tests/reference, on float32 arrays."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np

from bench import data
from bench.cases import CHECK_STEPS, Updates
from bench.pool import ROOT
from bench.workers.serve import microseconds_per_call

sys.path.append(str(ROOT / "tests"))
RULES: dict[str, Any] = importlib.import_module("reference.rules").RULES


class Rules:
    """One pass over memory for each operation."""

    version = np.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        self.case = Updates(**case)
        if self.case.weights > 10**7:
            return  # temporary arrays of 10^8 numbers take too much memory
        self.w, self.g = data.weights_and_gradients(self.case)
        self.rule, self.t = RULES[self.case.rule](), 0
        self.states: list[dict[str, Any]] = [{} for _ in self.w]

    def step(self) -> None:
        self.t += 1
        for w, g, state in zip(self.w, self.g, self.states, strict=True):
            w *= np.float32(1 - self.rule.learning_rate * getattr(self.rule, "weight_decay", 0))
            more = {"second": g} if self.case.rule == "schaul_vsgd" else {}
            w += self.rule.step(g, state, self.t, **more)

    def check(self, variant: str) -> list[float]:
        if self.case.weights > 10**7:
            return []
        for _ in range(CHECK_STEPS):
            self.step()
        jump = (
            self.rule.jump(self.states[0]) if self.case.rule == "nesterov" else 0
        )  # the others hold w + momentum v
        return data.samples_of(self.w[0] + jump)

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(self.step, seconds, lambda: None)


WORKER = Rules
