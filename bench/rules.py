"""A step of each update rule on arrays, beside PyTorch, JAX and the textbook in NumPy."""

from __future__ import annotations

from bench.cases import Updates
from bench.compare import Library, Variant
from bench.group import Group
from bench.machine import Limits
from bench.programs import updates_output

# state arrays a weight that a step reads and writes, and whether it takes a square root or a division
SLOTS = {
    "sgd": 0,
    "momentum": 1,
    "nesterov": 1,
    "adaptive_gain": 2,
    "sign_sgd": 0,
    "rprop": 2,
    "rmsprop": 1,
    "adagrad": 1,
    "adadelta": 2,
    "adam": 2,
    "adamw": 2,
    "nadam": 2,
    "radam": 2,
    "amsgrad": 3,
    "adamax": 2,
    "lion": 1,
    "schaul_vsgd": 5,
}
DIVIDES = {
    "rmsprop",
    "adagrad",
    "adadelta",
    "adam",
    "adamw",
    "nadam",
    "radam",
    "amsgrad",
    "adamax",
    "schaul_vsgd",
}
# as many updates of an epsilon-free textbook agree to in float32
TOLERANCE = 2e-3


# one array of 10^5 weights and 200 of 500, which have as many
MANY_ARRAYS = ("sgd", "rmsprop", "adam")


def updates(quick: bool) -> list[Updates]:
    """From what fits into the first cache to what fits into none."""
    sizes = [10**4, 10**6] if quick else [10**4, 10**5, 10**6, 10**7, 10**8]
    cases = [Updates(rule, size) for size in sizes for rule in SLOTS]
    if quick:
        cases += [Updates(rule, 10**5) for rule in MANY_ARRAYS]
    return cases + [Updates(rule, 500, 200) for rule in MANY_ARRAYS]


def rules_group(quick: bool) -> Group:
    """Every rule."""
    cases = updates(quick)
    torch = {"default": "PyTorch", "fused": "PyTorch fused"}
    return Group(
        name="rules",
        libraries=[
            Library("fanin", "rules_fanin", [Variant("step", "fanin", "step")], TOLERANCE),
            Library("PyTorch", "rules_torch", [Variant(n, c, "step") for n, c in torch.items()], TOLERANCE),
            Library("JAX", "rules_jax", [Variant("step", "Optax, JAX jit", "step")], TOLERANCE),
            Library("NumPy", "rules_numpy", [Variant("step", "NumPy", "step")], TOLERANCE),
        ],
        cases=list(cases),
        results={"step": "One step of a rule on float32 arrays, in place"},
        work=lambda case: float(case.weights),
        limit=UpdateLimits(sorted({case.weights for case in cases}), 0.01 if quick else 0.05),
        rate="10^9 weights/s",
    )


class UpdateLimits:
    """Bytes at the bandwidth of that many weights in that mix of reads and writes, or square roots and divisions."""

    def __init__(self, weights: list[int], seconds: float) -> None:
        self.weights, self.seconds = weights, seconds
        self.bandwidths: dict[int, dict[str, list[float]]] = {}  # by threads, weights, arrays in place

    def __call__(self, case: Updates, result: str, limits: Limits) -> float:
        threads = limits.threads
        if threads not in self.bandwidths:
            self.bandwidths[threads] = updates_output(self.seconds, threads, self.weights)
        in_place = 1 + SLOTS[case.rule]
        gigabytes = self.bandwidths[threads][str(case.weights)][in_place - 1]
        # a second gradient is read by the rule that has five slots
        arrays_moved = 1 + 2 * in_place + (case.rule == "schaul_vsgd")
        moved = 4 * case.weights * arrays_moved / (1e9 * gigabytes)
        return max(moved, case.weights / limits.roots if case.rule in DIVIDES else 0)
