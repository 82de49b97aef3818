"""The groups of the bench, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fanin
from bench import cases, theory
from bench.cases import Archive
from bench.fused import added, fused_tables
from bench.group import Group
from bench.growth import growth_tables
from bench.rules import updates
from fanin import _core

PRODUCT_KINDS = {
    "forward": "Z = A W",
    "input gradient": "dA = dZ W'",
    "weight gradient": "dW = A' dZ",
    "weight gradient, Adam": "dW = A' dZ, and Adam on W",
}
FUNCTIONAL_KINDS = {
    "product": "Z = A W, into an array that exists",
    "layer": "relu(A W + b)",
    "layer and gradients": "relu(A W + b), and the gradients of A, W and b",
}
ELEMENT_KINDS = {"value": "f(z)", "value and gradient": "f(z), and da f'(z)"}
BATCH_NORM_KINDS = {
    "batch norm": "y from x, gamma and beta",
    "batch norm and gradients": "y, and the gradients of x, gamma and beta",
}
LIGHT = "short fits beside a program that takes 3 of every 15 ms"
SHARING = {
    "quiet": "A step in an epoch",
    "busy": "A step in an epoch beside busy programs, two a processor",
    "two fits": "Two fits at once, over one after the other",
    LIGHT: "Fits of an epoch beside a light program, over one thread",
    "short fits beside a program that never rests": "Fits of an epoch beside a busy program, over one thread",
}
EMBEDDED = {
    "predict": "Embedded in C++: a row",
    "start": "Embedded in C++: load a file and predict",
    "static library": "Embedded in C++: the static library",
    "a program that trains": "Embedded in C++: a program that trains",
}
FASHION = {"an epoch": "Fashion-MNIST: an epoch", "accuracy": "Fashion-MNIST: accuracy on the test set"}
MEMORY = {"peak": "Peak memory of training with Adam, beside what it has to hold and 20 MB"}
# 64 KiB and 1 MiB: in L2, and about in L2
ACTIVATIONS = [cases.Elements(name, count) for count in (1 << 14, 1 << 18) for name in _core.activations()]
TORCH, JAX, NUMPY = {"PyTorch": "torch"}, {"JAX": "jax"}, {"NumPy": "numpy"}
FANIN, FROM_CPP = {"fanin": "fanin"}, {"fanin": "cpp"}


def headings(kinds: Mapping[str, str], before: str = "") -> dict[str, str]:
    """The heading of the table of each kind."""
    return {kind: f"{before}{kind[0].upper()}{kind[1:]}: {formula}" for kind, formula in kinds.items()}


def groups(quick: bool) -> dict[str, Group]:
    """All groups by name, in the order of a run."""
    double = [case for case in cases.SOME_PRODUCTS if case.dtype == "float64"]
    epochs = 1 if quick else 10
    products: dict[str, Any] = {"rounds": (9, 0.04), "limit": theory.product_limit}
    products |= {"rate": "GFLOP/s", "work": theory.product_flops}
    nets: dict[str, Any] = {
        "rounds": (9, 0.2),
        "limit": theory.step_limit,
        "rate": "GFLOP/s",
        "work": theory.step_flops,
    }
    listed = [
        Group(
            name="products",
            **products,
            workers=FROM_CPP | TORCH | NUMPY,
            cases=[*cases.PRODUCTS, *double],
            results=headings(PRODUCT_KINDS),
        ),
        Group(
            name="products_avx2",
            **products,
            topic="products",
            workers=FROM_CPP,
            cases=cases.SOME_PRODUCTS,
            results=headings(PRODUCT_KINDS, "AVX2 forced. "),
            instruction_set="avx2",
        ),
        Group(
            name="few_rows",
            **products,
            topic="products",
            workers=FROM_CPP | TORCH | NUMPY,
            cases=cases.FEW_ROWS,
            results={"forward": "Few rows: Z = A W"},
        ),
        Group(
            name="predict",
            workers=FANIN | {"fanin in C++": "cpp", "ONNX Runtime": "onnx"} | TORCH | JAX | NUMPY,
            cases=cases.PREDICTIONS,
            results={"predict": "Prediction: probabilities of the classes"},
            rounds=(9, 0.05),
            limit=theory.prediction_limit,
            rate="GFLOP/s",
            work=theory.prediction_flops,
        ),
        Group(
            name="embedded",
            workers=FROM_CPP,
            cases=[*cases.ONE_ROW, Archive(fanin.cpu.active())],
            results=EMBEDDED,
            units={"static library": "kB", "a program that trains": "kB"},
            rounds=(9, 0.1),
            threads=lambda counts: [1],
            judged=True,
        ),
        Group(
            name="functional",
            workers=FANIN | TORCH | NUMPY,
            cases=cases.PRODUCTS,
            results=headings(FUNCTIONAL_KINDS),
            rounds=(9, 0.04),
            limit=theory.functional_limit,
            rate="GFLOP/s",
            work=theory.product_flops,
        ),
        Group(
            name="activations",
            workers=FANIN | TORCH,
            cases=ACTIVATIONS,
            results=headings(ELEMENT_KINDS),
            rounds=(9, 0.02),
            limit=theory.activation_limit,
            rate="10^9/s",
            work=lambda case: float(case.count),
        ),
        Group(
            name="batch_norm",
            workers=FANIN | TORCH | JAX,
            cases=cases.BATCHES,
            results=headings(BATCH_NORM_KINDS),
            rounds=(9, 0.04),
            limit=theory.batch_norm_limit,
            rate="10^9/s",
            work=lambda case: float(case.rows * case.columns),
        ),
        Group(
            name="rules",
            workers=FANIN | TORCH | JAX | NUMPY,
            cases=updates(quick),
            results={"step": "One step of a rule on float32 arrays, in place"},
            rounds=(7, 0.02),
            tolerance=2e-3,  # as updates of an epsilon-free textbook agree to in float32
            limit=theory.rule_limit,
            rate="10^9 weights/s",
            work=lambda case: float(case.weights),
        ),
        Group(
            name="steps",
            **nets,
            workers=FANIN | TORCH | JAX | {"scikit-learn": "sklearn"},
            cases=cases.NETS,
            results={"training": "Training steps with Adam"},
        ),
        Group(
            name="fused",
            **nets,
            workers=FROM_CPP,
            cases=cases.RULES_ON_NETS,
            results=dict.fromkeys(("step", "gradients", "added"), ""),
            tolerance=0.0,
            derive=added,
            tables=fused_tables,
        ),
        Group(
            name="memory",
            workers=FANIN,
            cases=cases.MEMORY,
            results=MEMORY,
            units={"peak": "MB"},
            rounds=(1, 1.0),
            limit=theory.memory_limit,
            judged=True,
        ),
        Group(
            name="sharing",
            workers=FANIN,
            cases=cases.NETS,
            results=SHARING,
            units=dict.fromkeys(list(SHARING)[2:], "times"),
            rounds=(5, 1.0),
            threads=lambda counts: [max(counts)],
            judged=True,
        ),
        Group(
            name="fashion_mnist",
            topic="fashion",
            workers=FANIN | TORCH,
            cases=[cases.fashion(epochs)],
            results=FASHION,
            units={"accuracy": "%"},
            rounds=(epochs, 1.0),
            last=("accuracy",),
            judged=True,
        ),
        Group(
            name="growth",
            **nets,
            topic="steps",
            workers=FANIN,
            cases=[*cases.GROWING_WEIGHTS, *cases.GROWING_SAMPLES],
            results={"training": "Growth: training steps"},
            tables=growth_tables,
        ),
    ]
    return {group.name: group for group in listed}
