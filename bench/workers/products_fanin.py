"""Products of fanin's kernels: the C++ program fanin_bench_products, which is asked line by line."""

from __future__ import annotations

import os
import subprocess
from typing import Any

from bench.cases import Product
from bench.programs import PRODUCTS_VARIABLE


class Products:
    """Operands and results in panels, threads as in a training step."""

    version = "this checkout"

    def __init__(self) -> None:
        program = os.environ.get(PRODUCTS_VARIABLE)
        if not program:
            raise ImportError("fanin_bench_products has not been built")
        self.program = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words: object) -> str:
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(" ".join(map(str, words)) + "\n")
        self.program.stdin.flush()
        answer = self.program.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.program.args!r} ended with status {self.program.wait()}")
        return answer

    def close(self) -> None:
        """End the program."""
        with self.program as program:
            assert program.stdin is not None
            program.stdin.close()

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        product = Product(**case)
        self.ask("prepare", product.dtype, product.rows, product.columns, product.depth)

    def check(self, variant: str) -> list[float]:
        return [float(self.ask("check", word(variant)))]

    def round(self, variant: str, seconds: float) -> float:
        return float(self.ask("round", word(variant), seconds))


def word(kind: str) -> str:
    """The kind of product as the program spells it."""
    return kind.lower().replace(", ", "_").replace(" ", "_")


WORKER = Products
