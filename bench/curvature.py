"""Products with curvature, and what solvers of all samples reach. Peers' processes import this without fanin."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Any

from bench.cases import FLOATS, Net

ROUNDS = 5
MOST = 2000  # evaluations of the loss, or solved systems, until a fit is given up
SCIPY = "SciPy"
PRODUCTS = ("Hessian product", "Gauss-Newton product")
RESULTS = {
    "gradient": "Curvature: the loss of all samples, and its gradient",
    **{product: f"Curvature: {product}, where the weights are those of the last one" for product in PRODUCTS},
    **{f"{product} over gradient": f"Curvature: {product} over gradient" for product in PRODUCTS},
    "L-BFGS": "L-BFGS: to a loss of all samples, from the same starts",
    "evaluations": "L-BFGS: evaluations to that loss",
    "Levenberg-Marquardt": "Levenberg-Marquardt: to the bound of solved systems, or of the squared error",
    "squared error": "Levenberg-Marquardt: mean squared error reached",
}
UNITS = {
    **{f"{product} over gradient": "times" for product in PRODUCTS},
    "evaluations": "1",
    "evaluations over SciPy's": "times",
    "Levenberg-Marquardt": "s",
    "squared error": "1e-9",
}


@dataclass(frozen=True)
class Curved(Net):
    """A net whose Hessian, and Gauss and Newton's matrix, are multiplied with a vector."""

    activation: str = "tanh"

    @property
    def name(self) -> str:
        return f"products: {super().name}, {self.samples:,} rows"


@dataclass(frozen=True)
class Descent(Net):
    """A net whose loss, with the penalty that is scikit-learn's default, L-BFGS lowers to the goal."""

    load: str = ""  # the name of scikit-learn's function; Fashion-MNIST without one
    dtype: str = "float32"
    goal: float = 0.0
    starts: int = 1  # a round, of fanin and of SciPy

    @property
    def name(self) -> str:
        data = self.load.removeprefix("load_").replace("_", " ") or f"Fashion-MNIST, {self.samples:,} rows"
        return f"L-BFGS: {data}, {super().name}, {self.dtype}, to a loss of {self.goal:g}"

    @property
    def l2(self) -> float:
        return 1e-4 / self.samples


@dataclass(frozen=True)
class Sinc(Net):
    """A net that Levenberg-Marquardt fits to sinc(10 x) on [-1, 1], until so many solved systems or to the goal."""

    loss: str = "squared_error"
    activation: str = "tanh"
    solves: int = MOST
    goal: float = 0.0  # of the mean squared error
    starts: int = 1  # a round

    @property
    def name(self) -> str:
        until = f"to {self.goal:g}" if self.goal else f"{self.solves} solves"
        return f"LM: sinc, {self.samples:,} points, {super().name}, {until}"


def curved(sizes: tuple[int, ...], rows: int) -> Curved:
    return Curved(sizes, rows, rows)


CASES: list[Net] = [
    curved((784, 256, 10), 6_000),
    curved((784, 1000, 500, 250, 30), 2_000),
    curved((20, 64, 2), 20_000),
    curved((20, 64, 2), 600_000),  # more than is kept
    *(Descent((64, 100, 10), 1797, 1797, load="load_digits", dtype=t, goal=1e-4, starts=4) for t in FLOATS),
    *(
        Descent((30, 100, 2), 569, 569, load="load_breast_cancer", dtype=t, goal=1e-4, starts=4)
        for t in FLOATS
    ),
    *(Descent((784, 100, 10), 3_000, 3_000, dtype=t, goal=0.3) for t in FLOATS),
    Sinc((1, 20, 1), 300, 300, solves=300, starts=2),
    Sinc((1, 20, 1), 20_000, 20_000, goal=3e-7),
]


def over_gradient(rounds: dict[str, Any]) -> dict[str, Any]:
    """Of each product, the median over that of the gradient."""
    if not (gradient := rounds.get("gradient", {}).get("fanin")):
        return {}
    return {
        f"{product} over gradient": {"fanin": [median(rounds[product]["fanin"]) / median(gradient)]}
        for product in PRODUCTS
        if product in rounds
    }


def of_starts(rounds: dict[str, Any], result: str, further: str) -> dict[str, Any]:
    """What each start gave: the first number, in the place of rounds of several, and the further one."""
    if result not in rounds:
        return {}
    pairs = {name: [pair for one in of for pair in one] for name, of in rounds[result].items()}
    return {
        which: {name: [pair[place] for pair in of] for name, of in pairs.items()}
        for place, which in enumerate((result, further))
    }


def over_scipy(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median over the starts; what does not reach the goal has taken infinitely many, which is as good as that."""
    return median(1.0 if a == b == inf else a / b for a, b in zip(ours, theirs, strict=True))


def derived(rounds: dict[str, Any]) -> dict[str, Any]:
    found = over_gradient(rounds)
    found |= of_starts(rounds, "L-BFGS", "evaluations")
    found |= of_starts(rounds, "Levenberg-Marquardt", "squared error")
    evaluations = found.get("evaluations", {})
    if {"fanin", SCIPY} <= evaluations.keys():
        ratio = over_scipy(evaluations["fanin"], evaluations[SCIPY])
        found["evaluations over SciPy's"] = {"fanin": [ratio]}
    return found
