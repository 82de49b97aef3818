"""Recurrent nets on sequences, and steps of a stream. Peers' processes import this, so fanin is not loaded here."""

from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cases import Net

RESULTS = {
    "training": "Training steps with Adam on sequences",
    "ragged": "Ragged sequences: the time of a row of a sequence, over that of full ones",
    "step": "A step of a stream",
}
UNITS = {"ragged": "times"}
GATES = {"LSTM": 4, "GRU": 3, "Recurrent": 1}
CHECK_ROWS = 8  # of a stream, whose outputs must agree


@dataclass(frozen=True)
class Sequences(Net):
    """A recurrent layer with a linear output after the last row of each sequence."""

    batch: int = 32
    samples: int = 512
    loss: str = "squared_error"
    kind: str = "LSTM"
    time: int = 100  # rows of a sequence
    ragged: bool = False  # at most that many, at least a tenth of them

    @property
    def name(self) -> str:
        return f"{self.kind} {super().name}, {self.time} rows{', ragged' if self.ragged else ''}"

    @property
    def full(self) -> "Sequences":
        """The same with sequences of full length."""
        return replace(self, ragged=False)


@dataclass(frozen=True)
class Stream(Sequences):
    """An LSTM that gets one row after the other and keeps its state."""

    batch: int = 1
    samples: int = 1
    time: int = CHECK_ROWS

    @property
    def name(self) -> str:
        return f"stream: {self.kind} {'-'.join(map(str, self.sizes))}"


CASES = [
    *(
        Sequences((32, units, 1), kind=kind, ragged=ragged)
        for ragged, units, kind in product((False, True), (128, 32), GATES)
        if not ragged or kind == "LSTM"
    ),
    Stream((1, 32, 1)),
    Stream((1, 64, 1)),
]


def lengths(case: Sequences) -> NDArray[np.int64]:
    """Rows of each sequence."""
    least = case.time // 10 if case.ragged else case.time
    return np.random.default_rng(4).integers(least, case.time + 1, case.samples)


def sequences(case: Sequences) -> tuple[Any, Any]:
    """Sequences (samples, time, inputs), of which shorter ones are the first rows, and targets (samples, 1)."""
    random = np.random.default_rng(1)
    x, y = (
        random.standard_normal((case.samples, *shape), dtype=np.float32)
        for shape in ((case.time, case.sizes[0]), (1,))
    )
    return x, y


def weights(case: Sequences) -> dict[str, Any]:
    """Weights of the recurrent layer by PyTorch's names, in its order and shapes, and those of the output."""
    random = np.random.default_rng(2)
    inputs, units, outputs = case.sizes
    rows = GATES[case.kind] * units
    shapes = {
        "weight_ih_l0": (rows, inputs),
        "weight_hh_l0": (rows, units),
        "bias_ih_l0": (rows,),
        "weight": (outputs, units),
        "bias": (outputs,),
    }
    widest = units**-0.5
    made = {name: random.uniform(-widest, widest, shape).astype(np.float32) for name, shape in shapes.items()}
    return made | {"bias_hh_l0": np.zeros(rows, np.float32)}


def learned_biases(case: Sequences) -> NDArray[np.float32]:
    """1 where fanin has an element of PyTorch's second bias, 0 where it is the same as one of the first."""
    learned = np.zeros(GATES[case.kind] * case.sizes[1], np.float32)
    if case.kind == "GRU":
        learned[-case.sizes[1] :] = 1
    return learned


def flops(case: Sequences) -> float:
    """Of the products of a training step, without a gradient of the inputs, or of a step of a stream."""
    inputs, units, outputs = case.sizes
    gates = GATES[case.kind] * units
    if isinstance(case, Stream):
        return 2.0 * (gates * (inputs + units) + units * outputs)
    rows = case.batch * float(lengths(case).mean())
    return rows * gates * (4.0 * inputs + 6.0 * units)
