"""The groups of the bench: how long each takes, and how it is made."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from bench.batch_norm import batch_norm_group
from bench.compare import Effort
from bench.embedded import Embedded
from bench.fashion_mnist import FashionMnist
from bench.few_rows import few_rows_group
from bench.functional import activations_group, functional_group
from bench.fused import Fused
from bench.group import Runnable
from bench.growth import Growth
from bench.memory import Memory
from bench.predict import predict_group
from bench.products import products_avx2_group, products_group
from bench.programs import FUSED_VARIABLE, PREDICT_VARIABLE, PRODUCTS_VARIABLE, BuildError, program
from bench.rules import rules_group
from bench.sharing import Sharing
from bench.steps import steps_group

Say = Callable[[str], None]


@dataclass(frozen=True)
class Wishes:
    """What the command line asks of a group."""

    quick: bool = False
    compiled: bool = False


@dataclass(frozen=True)
class Entry:
    """A group to be.

    full, quick
        how many rounds of about how many seconds
    make
        the group as it is wished
    program
        the C++ program that has to be built, and the variable that tells the workers where it is
    """

    full: Effort
    quick: Effort
    make: Callable[[Wishes], Runnable]
    program: tuple[str, str] | None = None

    def group(self, wishes: Wishes, say: Say) -> Runnable:
        """Build the program it needs and make it; without the program fanin's part is left out."""
        if self.program is not None:
            target, variable = self.program
            say(f"building {target}")
            try:
                os.environ[variable] = program(target, variable)
            except BuildError as error:
                say(f"what {target} measures is left out: {error}")
        return self.make(wishes)


PRODUCTS = "fanin_bench_products", PRODUCTS_VARIABLE
PREDICT = "fanin_bench_predict", PREDICT_VARIABLE
UPDATES_IN_STEPS = "fanin_bench_updates_in_steps", FUSED_VARIABLE

GROUPS = {
    "products": Entry(Effort(9, 0.04), Effort(3, 0.01), lambda _: products_group(), PRODUCTS),
    "products_avx2": Entry(Effort(9, 0.04), Effort(3, 0.01), lambda _: products_avx2_group(), PRODUCTS),
    "few_rows": Entry(Effort(9, 0.04), Effort(3, 0.01), lambda _: few_rows_group(), PRODUCTS),
    "predict": Entry(Effort(9, 0.05), Effort(3, 0.02), lambda _: predict_group(), PREDICT),
    "embedded": Entry(Effort(9, 0.1), Effort(3, 0.02), lambda _: Embedded(), PREDICT),
    "functional": Entry(Effort(9, 0.04), Effort(3, 0.02), lambda _: functional_group()),
    "activations": Entry(Effort(9, 0.02), Effort(3, 0.01), lambda _: activations_group()),
    "batch_norm": Entry(Effort(9, 0.04), Effort(3, 0.02), lambda _: batch_norm_group()),
    "rules": Entry(Effort(7, 0.02), Effort(3, 0.01), lambda wishes: rules_group(wishes.quick)),
    "steps": Entry(Effort(9, 0.2), Effort(3, 0.1), lambda wishes: steps_group(wishes.compiled)),
    "fused": Entry(Effort(9, 0.2), Effort(3, 0.1), lambda _: Fused(), UPDATES_IN_STEPS),
    "memory": Entry(Effort(1, 0), Effort(1, 0), lambda _: Memory()),
    "sharing": Entry(Effort(5, 0), Effort(1, 0), lambda _: Sharing()),
    "fashion_mnist": Entry(Effort(1, 0), Effort(1, 0), lambda wishes: FashionMnist(wishes.quick)),
    "growth": Entry(Effort(9, 0.2), Effort(3, 0.1), lambda _: Growth()),
}
