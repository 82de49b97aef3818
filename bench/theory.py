"""The least time that a case can take on a machine with given limits, in microseconds.

A phase is work that one barrier ends. It takes at least as long as its arithmetic, its memory traffic and its square
roots with divisions take by themselves. The limit of a step is the sum over its phases.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from bench.cases import Batch, Columns, Elements, Net, Product, Updates
from bench.coded import Coded
from bench.machine import Limits
from bench.recurrent import GATES, Sequences, Stream, flops
from bench.rules import traits
from bench.sparse import SparseEstimator, SparseNet, rows_met

FLOAT = 4  # bytes
MOSTLY_READ = 8  # rows up to which nearly all a product moves is the weights it reads
L2_BYTES = 1 << 20  # a panel of 32 columns that fits stays there between a batch's statistics and their use


def mix_of(rows: int) -> str:
    return "read" if rows <= MOSTLY_READ else "update"


def parameters(net: Net) -> int:
    return net.weights + sum(net.sizes[1:])


def working_set(net: Net, slots: float = 2) -> float:
    """Bytes of weights with their slots, and of activations with their gradients."""
    return FLOAT * ((1 + slots) * parameters(net) + 2 * net.batch * sum(net.sizes))


def step_flops(net: Net) -> float:
    """Three products a layer, but no gradient of the inputs of the first."""
    return 2 * net.batch * (3 * net.weights - net.sizes[0] * net.sizes[1])


def jobs_limits(net: Net, limits: Limits, slots: float, divides: bool) -> dict[str, float]:
    """The jobs of a step that have a limit, whose rule has so many slots.

    Between two uses of a weight the whole step passes by, so weights live where the step's working set fits.
    """
    m, samples = net.batch, FLOAT * net.samples * net.sizes[0]
    bandwidth = limits.bandwidth(working_set(net, slots))
    least = {"gather": limits.microseconds(FLOAT * m * net.sizes[0], limits.bandwidth(samples))}
    for layer, (k, n) in enumerate(net.layers, 1):
        product = limits.microseconds(FLOAT * (m * k + k * n + m * n), bandwidth, 2 * m * n * k)
        least[f"forward, layer {layer}"] = product
        if layer > 1:
            least[f"input gradient, layer {layer}"] = product
        moved = FLOAT * (m * k + m * n + 2 * (1 + slots) * (k + 1) * n)  # weights and slots, read and written
        update = limits.microseconds(moved, bandwidth, 2 * m * n * k, divides * (k + 1) * n)
        least[f"weights, layer {layer}"] = update
    return least


def step_limit(net: Net, result: str, limits: Limits) -> float:
    """A step with its rule, the gradients alone, or what an update inside their blocks adds."""
    rule = traits(net.rule)
    if result == "added":
        moved, roots = 2.0 * FLOAT * rule.slots * parameters(net), rule.divides * parameters(net)
        return limits.microseconds(moved, limits.bandwidth(working_set(net)), roots=roots)
    # without an update nothing but a gradient is written
    slots, divides = (-0.5, False) if result == "gradients" else (rule.slots, rule.divides)
    return sum(jobs_limits(net, limits, slots, divides).values())


def codes_limit(net: Coded, result: str, limits: Limits) -> float:
    """Two rows of the table forward and one of gradients backward for a number; weights and slots read and written.

    Without the hidden layers where the first layer is looked at alone.
    """
    numbers, units = net.sizes[:2]
    rule = traits(net.rule)
    weights, values = net.columns * units, net.batch * numbers * units
    held = FLOAT * (2 + rule.slots) * weights
    forward = limits.microseconds(FLOAT * 2 * values, limits.bandwidth(held, "read"), 4 * values)
    moved = FLOAT * (values + (2 * (1 + rule.slots) + 1) * weights)
    layer = forward + limits.microseconds(moved, limits.bandwidth(held), 4 * values, rule.divides * weights)
    if result == "layer":
        return layer
    input_gradient = limits.microseconds(0.0, 1.0, 2 * net.batch * units * net.sizes[2])
    return layer + input_gradient + step_limit(replace(net, sizes=net.sizes[1:]), "training", limits)


def job_limit(net: Net, job: str, limits: Limits) -> float | None:
    """A job of a step with its rule, or the whole step; None for what is left out of the limit."""
    rule = traits(net.rule)
    least = jobs_limits(net, limits, rule.slots, rule.divides)
    return sum(least.values()) if job == "step" else least.get(job)


def product_flops(product: Product) -> float:
    return 2.0 * product.rows * product.columns * product.depth


def product_limit(product: Product, kind: str, limits: Limits) -> float:
    """One of the products of a dense layer, or the three of a layer with its gradients."""
    m, n, k, dtype = product.rows, product.columns, product.depth, product.dtype
    size, flops = np.dtype(dtype).itemsize, product_flops(product)
    if kind == "weight gradient, Adam":
        held = size * (m * k + m * n + 3 * k * n)
        return limits.microseconds(held + size * 3 * k * n, limits.bandwidth(held), flops, k * n, dtype)
    moved = size * (m * k + k * n + m * n)
    count = 3 if kind == "layer and gradients" else 1
    return count * limits.microseconds(moved, limits.bandwidth(moved, mix_of(m)), flops, dtype=dtype)


def prediction_limit(net: Net, result: str, limits: Limits) -> float:
    """The rows go through all layers a block at a time, so only weights move."""
    m, bandwidth = net.samples, limits.bandwidth(FLOAT * parameters(net), mix_of(net.samples))
    return sum(limits.microseconds(FLOAT * (k + 1) * n, bandwidth, 2 * m * n * k) for k, n in net.layers)


def moves(limits: Limits, held: float, **moved: float) -> float:
    """Bytes moved in one mix of reads and writes after the other; the arithmetic is left out."""
    return sum(limits.microseconds(count, limits.bandwidth(held, mix)) for mix, count in moved.items())


def activation_limit(elements: Elements, kind: str, limits: Limits) -> float:
    """Numbers read and written, at the bandwidth of the cache that holds them."""
    n = elements.count
    return (
        moves(limits, 8 * n, copy=8 * n)
        if kind == "value"
        else moves(limits, 20 * n, copy=8 * n, update=12 * n)
    )


def batch_norm_limit(batch: Batch, kind: str, limits: Limits) -> float:
    """Bytes moved, at the bandwidth of the cache that holds all arrays.

    An element is read and written once forward; x and dy are read and dx written once backward. Where a panel does
    not fit in L2 its x, or its x and dy, are read once more before.
    """
    n = batch.rows * batch.columns
    again = n if batch.rows * 128 > L2_BYTES else 0
    if kind == "batch norm":
        return moves(limits, 8 * n, read=4 * again, copy=8 * n)
    return moves(limits, 16 * n, read=12 * again, copy=8 * n, update=12 * n)


def inputs_limit(case: Columns, result: str, limits: Limits) -> float | None:
    """Reading all numbers once; the covariance of a whitening takes a product in float64; sorting has no limit here."""
    if case.layer not in ("standardize", "whiten"):
        return None
    moved, flops = FLOAT * case.rows * case.columns, 2.0 * case.rows * case.columns**2
    if case.layer == "standardize":
        return moves(limits, moved, read=moved)
    return limits.microseconds(moved, limits.bandwidth(moved, "read"), flops, dtype="float64")


def rule_limit(case: Updates, result: str, limits: Limits) -> float:
    """Bytes at the bandwidth of that many weights in that mix of reads and writes, or roots with divisions."""
    rule = traits(case.rule)
    in_place = 1 + rule.slots
    moved = FLOAT * case.weights * (1 + 2 * in_place + rule.second)
    bandwidth = limits.update_bandwidth(case.weights, in_place)
    return limits.microseconds(moved, bandwidth, roots=rule.divides * case.weights)


def memory_limit(net: Net, result: str, limits: object) -> float:
    """MB of weights, slots, best weights, a batch's activations and their gradients both ways, and 20 more."""
    normed = sum(net.sizes[1:-1]) if net.batch_norm else 0
    copies = 1 + traits(net.rule).slots + net.best_weights
    return FLOAT * (copies * (parameters(net) + normed) + 3 * net.batch * sum(net.sizes)) / 1e6 + 20


def bytes_met(case: Any) -> float:
    """Bytes of the weights and slots of the rows that a batch meets, each read and written once."""
    if not isinstance(case, SparseNet) or isinstance(case, SparseEstimator):
        return 0.0
    return 2.0 * FLOAT * (1 + traits(case.rule).slots) * rows_met(case) * case.sizes[1]


def sparse_limit(case: Any, result: str, limits: Limits) -> float | None:
    """The bytes met at the bandwidth of all weights and slots; the other layers are left out."""
    if result != "sparse step":
        return None
    held = FLOAT * (1 + traits(case.rule).slots) * parameters(case)
    return limits.microseconds(bytes_met(case), limits.bandwidth(held))


def recurrent_limit(case: Sequences, result: str, limits: Limits) -> float | None:
    """The arithmetic of the recurrent layer; a step of a stream reads its weights as well."""
    if result == "ragged":
        return None
    if not isinstance(case, Stream):
        return limits.microseconds(0.0, 1.0, flops(case))
    inputs, units, outputs = case.sizes
    moved = FLOAT * (GATES[case.kind] * units * (inputs + units + 1) + (units + 1) * outputs)
    return limits.microseconds(moved, limits.bandwidth(moved, "read"), flops(case))


class Theory(NamedTuple):
    """The least that a result of a case can be; what a case computes; the unit of that a nanosecond."""

    limit: Callable[[Any, str, Any], float | None]
    work: Callable[[Any], float]
    rate: str = "GFLOP/s"


THEORY = {
    "products": Theory(product_limit, product_flops),
    "predict": Theory(prediction_limit, lambda net: 2.0 * net.samples * net.weights),
    "functional": Theory(product_limit, product_flops),
    "activations": Theory(activation_limit, lambda case: case.count, "10^9/s"),
    "batch_norm": Theory(batch_norm_limit, lambda case: case.rows * case.columns, "10^9/s"),
    "inputs": Theory(inputs_limit, lambda case: case.rows * case.columns, "10^9/s"),
    "rules": Theory(rule_limit, lambda case: case.weights, "10^9 weights/s"),
    "steps": Theory(step_limit, step_flops),
    "codes": Theory(codes_limit, step_flops),
    "recurrent": Theory(recurrent_limit, flops),
    "sparse": Theory(sparse_limit, bytes_met, "GB/s"),
    "fused": Theory(step_limit, step_flops),
    "phases": Theory(job_limit, lambda net: 0.0, ""),
    "memory": Theory(memory_limit, lambda case: 0.0, ""),
}
