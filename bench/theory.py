"""The least time that a case can take on a machine with given limits, in microseconds.

A phase is work that one barrier ends. It takes at least as long as its arithmetic, its memory traffic and its
square roots and divisions take by themselves, and they may overlap: the limit of a phase is the longest of
the three, the limit of a step is the sum over its phases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.cases import Batch, Elements, Net, Product, Updates
from bench.machine import Limits
from bench.rules import traits

FLOAT = 4  # bytes
MOSTLY_READ = 8  # rows up to which nearly all a product moves is the weights it reads
L2_BYTES = 1 << 20  # a panel of 32 columns that fits stays there between a batch's statistics and their use


@dataclass(frozen=True)
class Phase:
    """Operations, bytes moved, the working set they are in, and square roots with a division."""

    flops: float
    bytes: float
    held: float
    roots: float = 0.0
    dtype: str = "float32"
    mix: str = "update"

    def microseconds(self, limits: Limits) -> float:
        return 1e6 * max(
            self.flops / (limits.flops if self.dtype == "float32" else limits.flops64),
            self.bytes / limits.bandwidth(self.held, self.mix),
            self.roots / limits.roots,
        )


def total(phases: list[Phase], limits: Limits) -> float:
    return sum(phase.microseconds(limits) for phase in phases)


def mix_of(rows: int) -> str:
    """A product of few rows does little but read its weights."""
    return "read" if rows <= MOSTLY_READ else "update"


def parameters(net: Net) -> int:
    return sum((inputs + 1) * units for inputs, units in net.layers)


def working_set(net: Net, slots: float = 2) -> float:
    """Bytes of weights with their slots, and of activations with their gradients."""
    return FLOAT * ((1 + slots) * parameters(net) + 2 * net.batch * sum(net.sizes))


def step_phases(net: Net, slots: float, divides: bool) -> list[Phase]:
    """The phases of a training step.

    Between two uses of a weight the whole step passes by, so weights live where the step's working set fits.
    """
    m = net.batch
    held = working_set(net, slots)
    phases = [Phase(0, FLOAT * m * net.sizes[0], FLOAT * net.samples * net.sizes[0])]  # the gather
    for layer, (k, n) in enumerate(net.layers):
        flops = 2 * m * n * k
        product = Phase(flops, FLOAT * (m * k + k * n + m * n), held)
        update = FLOAT * 2 * (1 + slots) * (k + 1) * n  # weights and slots, read and written
        moved = FLOAT * (m * k + m * n) + update
        phases += [product] * (2 if layer else 1)  # forward, and the gradient of the inputs
        phases.append(Phase(flops, moved, held, roots=(k + 1) * n if divides else 0))
    return phases


def step_flops(net: Net) -> float:
    """Floating-point operations of the products of a step."""
    return sum(phase.flops for phase in step_phases(net, 2, True))


def step_limit(net: Net, result: str, limits: Limits) -> float:
    """A step with its rule, the gradients alone, or what an update inside their blocks adds."""
    rule, weights = traits(net.rule), parameters(net)
    if result == "added":
        update = Phase(0, 2 * FLOAT * rule.slots * weights, working_set(net), roots=rule.divides * weights)
        return update.microseconds(limits)
    # without an update nothing but a gradient is written
    slots, divides = (-0.5, False) if result == "gradients" else (rule.slots, rule.divides)
    return total(step_phases(net, slots, divides), limits)


def product_flops(product: Product) -> float:
    return 2.0 * product.rows * product.columns * product.depth


def product_limit(product: Product, kind: str, limits: Limits) -> float:
    """One of the products of a dense layer."""
    m, n, k = product.rows, product.columns, product.depth
    size = FLOAT if product.dtype == "float32" else 2 * FLOAT
    moved = size * (m * k + k * n + m * n)
    phase = Phase(product_flops(product), moved, moved, dtype=product.dtype, mix=mix_of(m))
    if kind == "weight gradient, Adam":
        moved, held = size * (m * k + m * n + 6 * k * n), size * (m * k + m * n + 3 * k * n)
        phase = Phase(product_flops(product), moved, held, roots=k * n, dtype=product.dtype)
    return phase.microseconds(limits)


def functional_limit(product: Product, kind: str, limits: Limits) -> float:
    """One product, or the three of a layer with its gradients."""
    return (3 if kind == "layer and gradients" else 1) * product_limit(product, "forward", limits)


def prediction_phases(net: Net) -> list[Phase]:
    """The phases of a prediction: rows go through all layers a block at a time, so only weights move."""
    m, held = net.samples, FLOAT * parameters(net)
    return [Phase(2 * m * n * k, FLOAT * (k + 1) * n, held, mix=mix_of(m)) for k, n in net.layers]


def prediction_flops(net: Net) -> float:
    return sum(phase.flops for phase in prediction_phases(net))


def prediction_limit(net: Net, result: str, limits: Limits) -> float:
    return total(prediction_phases(net), limits)


def activation_limit(elements: Elements, kind: str, limits: Limits) -> float:
    """Numbers read and written, at the bandwidth of the cache that holds them: the arithmetic is left out."""
    both = kind == "value and gradient"
    held = FLOAT * (5 if both else 2) * elements.count
    phases = [Phase(0, 8 * elements.count, held, mix="copy"), Phase(0, 12 * elements.count, held)]
    return total(phases if both else phases[:1], limits)


def batch_norm_limit(batch: Batch, kind: str, limits: Limits) -> float:
    """Bytes moved, at the bandwidth of the cache that holds all arrays.

    An element is read and written once forward; x and dy are read and dx written once backward. Where a panel does
    not fit in L2 its x, or its x and dy, are read once more before.
    """
    n = batch.rows * batch.columns
    again = batch.rows * 128 > L2_BYTES
    gradients = kind == "batch norm and gradients"
    held = (16 if gradients else 8) * n
    phases = [Phase(0, 4 * n * again, held, mix="read"), Phase(0, 8 * n, held, mix="copy")]
    if gradients:
        phases += [Phase(0, 8 * n * again, held, mix="read"), Phase(0, 12 * n, held)]
    return total(phases, limits)


def rule_limit(case: Updates, result: str, limits: Limits) -> float:
    """Bytes at the bandwidth of that many weights in that mix of reads and writes, or roots with divisions."""
    rule = traits(case.rule)
    in_place = 1 + rule.slots
    moved = FLOAT * case.weights * (1 + 2 * in_place + rule.second)
    bandwidth = limits.update_bandwidth(case.weights, in_place)
    return 1e6 * max(moved / bandwidth, case.weights / limits.roots if rule.divides else 0)


def memory_limit(net: Net, result: str, limits: Limits) -> float:
    """MB of parameters with the rule's slots, a batch's activations and their gradients both ways, the best weights.

    20 MB more are allowed.
    """
    normed = sum(net.sizes[1:-1]) if net.batch_norm else 0
    copies = 1 + traits(net.rule).slots + net.best_weights
    return FLOAT * (copies * (parameters(net) + normed) + 3 * net.batch * sum(net.sizes)) / 1e6 + 20


class Theory(NamedTuple):
    """The least that a result of a case can be; what a case computes; the unit of that a nanosecond."""

    limit: Callable[[Any, str, Any], float]
    work: Callable[[Any], float]
    rate: str


THEORY = {
    "products": Theory(product_limit, product_flops, "GFLOP/s"),
    "predict": Theory(prediction_limit, prediction_flops, "GFLOP/s"),
    "functional": Theory(functional_limit, product_flops, "GFLOP/s"),
    "activations": Theory(activation_limit, lambda case: float(case.count), "10^9/s"),
    "batch_norm": Theory(batch_norm_limit, lambda case: float(case.rows * case.columns), "10^9/s"),
    "rules": Theory(rule_limit, lambda case: float(case.weights), "10^9 weights/s"),
    "steps": Theory(step_limit, step_flops, "GFLOP/s"),
    "fused": Theory(step_limit, step_flops, "GFLOP/s"),
    "memory": Theory(memory_limit, lambda case: 0.0, ""),
}
