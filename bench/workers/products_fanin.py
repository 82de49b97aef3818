"""Products of fanin's kernels: the C++ program fanin_bench_products."""

from __future__ import annotations

from typing import Any

from bench.cases import Product
from bench.programs import PRODUCTS_VARIABLE
from bench.workers.program import Program


class Products:
    """Operands and results in panels, threads as in a training step."""

    version = "this checkout"

    def __init__(self) -> None:
        self.program = Program(PRODUCTS_VARIABLE)

    def close(self) -> None:
        """End the program."""
        self.program.close()

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        product = Product(**case)
        self.program.ask("prepare", product.dtype, product.rows, product.columns, product.depth)

    def check(self, variant: str) -> list[float]:
        return [float(self.program.ask("check", word(variant)))]

    def round(self, variant: str, seconds: float) -> float:
        return float(self.program.ask("round", word(variant), seconds))


def word(kind: str) -> str:
    """The kind of product as the program spells it."""
    return kind.lower().replace(", ", "_").replace(" ", "_")


WORKER = Products
