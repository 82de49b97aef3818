"""Batch norm on row-major arrays, called from Python, beside PyTorch's and a compiled one of JAX."""

from __future__ import annotations

from bench.cases import BATCH_NORM_KINDS, BATCHES, Batch
from bench.compare import Library
from bench.functional import TOLERANCE, headings, variants
from bench.group import Group
from bench.machine import Limits

# A panel of 32 columns that fits stays in L2 between the statistics and what is made with them.
L2_BYTES = 1 << 20


def batch_norm_group() -> Group:
    """Forward, and forward with all gradients."""
    return Group(
        name="batch_norm",
        libraries=[
            Library("fanin", "batch_norm_fanin", variants("fanin", BATCH_NORM_KINDS), TOLERANCE),
            Library("PyTorch", "batch_norm_torch", variants("PyTorch", BATCH_NORM_KINDS), TOLERANCE),
            Library("JAX", "batch_norm_jax", variants("JAX jit", BATCH_NORM_KINDS), TOLERANCE),
        ],
        cases=list(BATCHES),
        results=headings(BATCH_NORM_KINDS),
        work=lambda batch: float(batch.rows * batch.columns),
        limit=batch_norm_seconds,
        rate="10^9/s",
    )


def batch_norm_seconds(batch: Batch, kind: str, limits: Limits) -> float:
    """Bytes moved, at the bandwidth of the cache that holds all arrays.

    An element is read and written once forward; x and dy are read and dx written once backward. Where a panel does
    not fit in L2 its x, or its x and dy, are read once more before.
    """
    again = batch.rows * 128 > L2_BYTES
    elements = batch.rows * batch.columns

    def seconds(held: float, read_before: int, mix: str, moved: int) -> float:
        before = read_before * elements / limits.bandwidth(held, "read") if again else 0.0
        return before + moved * elements / limits.bandwidth(held, mix)

    if kind == "batch norm":
        return seconds(8 * elements, 4, "copy", 8)
    held = 16 * elements
    return seconds(held, 4, "copy", 8) + seconds(held, 8, "update", 12)
