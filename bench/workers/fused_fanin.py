"""Training steps that update weights in three ways: the C++ program fanin_bench_updates_in_steps."""

from __future__ import annotations

from typing import Any

from bench.net_cases import RuleOnNet
from bench.programs import FUSED_VARIABLE
from bench.workers.program import Program


class Steps:
    """Steps as `fit` takes them, without the epochs around them."""

    version = "this checkout"

    def __init__(self) -> None:
        self.program = Program(FUSED_VARIABLE)

    def close(self) -> None:
        """End the program."""
        self.program.close()

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        steps = RuleOnNet(**case)
        self.program.ask("prepare", steps.rule, steps.batch, *steps.sizes)

    def check(self, variant: str) -> list[float]:
        return [float(self.program.ask("check", variant))]

    def round(self, variant: str, seconds: float) -> float:
        return float(self.program.ask("round", variant, seconds))


WORKER = Steps
