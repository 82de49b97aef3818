"""The least time that a step or a product can take on a machine with given limits.

A phase is work that one barrier ends. It takes at least as long as its arithmetic, its memory traffic and its
square roots and divisions take by themselves, and they may overlap: the limit of a phase is the longest of
the three, the limit of a step is the sum over its phases.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.cases import Net, Prediction, Product
from bench.machine import Limits

FLOAT = 4  # bytes
MOSTLY_READ = 8  # rows up to which nearly all a product moves is the weights it reads


@dataclass(frozen=True)
class Phase:
    """Operations, bytes moved, the working set they are in, and square roots with a division."""

    name: str
    flops: float
    bytes: float
    working_set: float
    roots: float = 0.0
    dtype: str = "float32"
    mix: str = "update"

    def seconds(self, limits: Limits) -> float:
        return max(
            self.flops / (limits.flops if self.dtype == "float32" else limits.flops64),
            self.bytes / limits.bandwidth(self.working_set, self.mix),
            self.roots / limits.roots,
        )


def mix_of(rows: int) -> str:
    """A product of few rows does little but read its weights."""
    return "read" if rows <= MOSTLY_READ else "update"


def working_set(net: Net, slots: float = 2) -> float:
    """Bytes of weights with their slots, and of activations with their gradients."""
    parameters = sum((n_in + 1) * n_out for n_in, n_out in net.layers)
    return FLOAT * ((1 + slots) * parameters + 2 * net.batch * sum(net.sizes))


def step_phases(net: Net, slots: float = 2, divides: bool = True) -> list[Phase]:
    """The phases of a training step, with Adam where nothing else is said.

    Between two uses of a weight the whole step passes by, so weights live where the step's working set fits.
    """
    m = net.batch
    held = working_set(net, slots)
    phases = [Phase("gather", 0, FLOAT * m * net.sizes[0], FLOAT * net.samples * net.sizes[0])]
    for layer, (k, n) in enumerate(net.layers, 1):
        flops = 2 * m * n * k
        product = FLOAT * (m * k + k * n + m * n)
        phases.append(Phase(f"forward {layer}", flops, product, held))
        if layer > 1:
            phases.append(Phase(f"input gradient {layer}", flops, product, held))
        read = FLOAT * (m * k + m * n)
        update = FLOAT * 2 * (1 + slots) * (k + 1) * n  # weights and slots, read and written
        roots = (k + 1) * n if divides else 0
        phases.append(Phase(f"weight gradient {layer}", flops, read + update, held, roots=roots))
    return phases


def step_seconds(net: Net, limits: Limits) -> float:
    """The limit of a training step."""
    return sum(phase.seconds(limits) for phase in step_phases(net))


def product_phase(product: Product, kind: str) -> Phase:
    """One of the products of a dense layer, by its name in `cases.PRODUCT_KINDS`."""
    m, n, k = product.rows, product.columns, product.depth
    flops = 2 * m * n * k
    number = FLOAT if product.dtype == "float32" else 2 * FLOAT
    if kind == "weight gradient, Adam":
        moved, held, roots = number * (m * k + m * n + 6 * k * n), number * (m * k + m * n + 3 * k * n), k * n
        return Phase(kind, flops, moved, held, roots, product.dtype)
    moved = number * (m * k + k * n + m * n)
    return Phase(kind, flops, moved, moved, 0.0, product.dtype, mix=mix_of(m))


def prediction_phases(prediction: Prediction) -> list[Phase]:
    """The phases of a prediction: rows go through all layers a block at a time, so only weights and ends move."""
    m, layers = prediction.rows, prediction.net.layers
    working_set = FLOAT * sum((k + 1) * n for k, n in layers)
    phases = []
    for layer, (k, n) in enumerate(layers, 1):
        moved = FLOAT * (k + 1) * n
        phases.append(Phase(f"forward {layer}", 2 * m * n * k, moved, working_set, mix=mix_of(m)))
    return phases
