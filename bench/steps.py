"""The training steps: nets without and with batch norm, Adam, shuffled mini-batches."""

from __future__ import annotations

from bench.cases import NETS, Net
from bench.compare import Library, Variant
from bench.group import Group
from bench.theory import step_phases, step_seconds

LOSS_TOLERANCE = 1e-4
# scikit-learn's Adam adds epsilon before the bias correction, which a few steps show.
EPSILON_TOLERANCE = 1e-3


def variants(**columns: str) -> list[Variant]:
    """Ways of one library to train, all to the same result, by the column they are printed in."""
    return [Variant(name, column, "training") for name, column in columns.items()]


def steps_group(compiled: bool) -> Group:
    """The library and its peers, with torch.compile where asked for."""
    torch = variants(
        eager="PyTorch", fused="PyTorch fused", **({"compile": "PyTorch compile"} if compiled else {})
    )
    return Group(
        name="steps",
        libraries=[
            Library("fanin", "steps_fanin", variants(fit="fanin"), LOSS_TOLERANCE),
            Library("PyTorch", "steps_torch", torch, LOSS_TOLERANCE),
            Library("JAX", "steps_jax", variants(step="JAX step", scan="JAX scan"), LOSS_TOLERANCE),
            Library("scikit-learn", "steps_sklearn", variants(partial_fit="scikit-learn"), EPSILON_TOLERANCE),
        ],
        cases=list(NETS),
        results={"training": "Training steps with Adam"},
        work=step_flops,
        limit=lambda net, _, limits: step_seconds(net, limits),
    )


def step_flops(net: Net) -> float:
    """Floating-point operations of the products of a step."""
    return sum(phase.flops for phase in step_phases(net))
