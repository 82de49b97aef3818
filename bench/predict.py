"""Prediction: one row, as a service asks for it, a few at a time, and all rows of a data set."""

from __future__ import annotations

from bench.cases import PREDICTIONS, Prediction
from bench.compare import Library, Variant
from bench.group import Group
from bench.machine import Limits
from bench.theory import prediction_phases

TOLERANCE = 1e-4


def predict_group() -> Group:
    """One call from Python that takes and gives NumPy arrays or what the library has instead; fanin from C++, too."""
    names = {
        "fanin": "fanin",
        "fanin in C++": "cpp",
        "ONNX Runtime": "onnx",
        "PyTorch": "torch",
        "JAX": "jax",
        "NumPy": "numpy",
    }
    return Group(
        name="predict",
        libraries=[
            Library(name, f"predict_{module}", [Variant("predict", name, "predict")], TOLERANCE)
            for name, module in names.items()
        ],
        cases=list(PREDICTIONS),
        results={"predict": "Prediction: probabilities of the classes"},
        work=lambda case: sum(phase.flops for phase in prediction_phases(case)),
        limit=prediction_seconds,
    )


def prediction_seconds(case: Prediction, result: str, limits: Limits) -> float:
    """The products of its layers, one after the other."""
    return sum(phase.seconds(limits) for phase in prediction_phases(case))
