"""Searches for hyper-parameters: populations, random searches, and tuning in a given time.

Peers' processes import this, so fanin is not loaded here.
"""

from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.cases import FLOATS, SMALL, TABLES, DataSet, Net

ROUNDS = 5  # seeds, where a case is tuned
SECONDS = 30.0  # of tuning
QUICK_SECONDS = 10.0  # of which a quick run takes half
TUNERS = ("fanin", "Optuna")
LEAST = 0.01  # per cent: an error that counts as 0
RESULTS = {
    "population": "Population: one fit after the other on one thread, over train_together",
    "random search": "Random search on three folds",
    "halving": "The same trials by successive halving",
    "test error": "Tuning: error of the best on test rows, of classes, or root mean squared over the deviation",
    "test error over Optuna's": "Tuning: the median error over that of Optuna",
    "trials": "Tuning: trials that were scored",
    "tuning time": "Tuning: the time that was taken, without the last fit to all training rows",
}
UNITS = {
    "population": "times",
    "random search": "s",
    "halving": "s",
    "test error": "%",
    "test error over Optuna's": "%",
    "trials": "1",
    "tuning time": "s",
}


@dataclass(frozen=True)
class Population(Net):
    """Nets that are trained together, with a learning rate and a seed of their own each."""

    members: int = 64

    @property
    def name(self) -> str:
        return f"population: {self.members} x {super().name}, {self.epochs} epochs"


@dataclass(frozen=True)
class Trials:
    """Classifiers of one hidden layer, whose learning rate and penalty are drawn at random."""

    dtype: str
    trials: int = 64
    epochs: int = 30
    units: int = 64
    batch: int = 32
    rows: int = 1_000
    inputs: int = 20
    folds: int = 3

    @property
    def name(self) -> str:
        net = f"{self.inputs}-{self.units}-2"
        return f"random search: {self.trials} trials of {net}, {self.epochs} epochs, {self.dtype}"


@dataclass(frozen=True)
class Tuning:
    """Data on which a classifier or regressor is tuned: scikit-learn's, a file of the tables, or Fashion-MNIST."""

    load: str = ""  # the name of scikit-learn's function, without "load_"
    table: DataSet | None = None
    rows: int = 0  # to train on, of Fashion-MNIST

    @property
    def name(self) -> str:
        data = self.table.name if self.table else self.load.replace("_", " ")
        return f"tuning: {data or f'Fashion-MNIST, {self.rows:,} rows'}"

    @property
    def classes(self) -> bool:
        return self.load != "diabetes" if self.load else self.table is None or self.table.classes


TUNED = [Tuning(load) for load in ("digits", "breast_cancer", "wine", "diabetes")]
TUNED += [Tuning(table=TABLES[0]), Tuning(rows=6_000)]
CASES = [
    Population(SMALL, batch=32, samples=1_000, epochs=20),
    *(Trials(dtype) for dtype in FLOATS),
    *TUNED,
]


def derived(rounds: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    """What the rounds of tuning give: they are pairs of results by name."""
    if not (tuned := rounds.get("test error")):
        return {}
    found = {
        result: {name: [one[result] for one in of] for name, of in tuned.items()}
        for result in ("test error", "trials", "tuning time")
    }
    if set(TUNERS) <= tuned.keys():
        ours, theirs = (max(LEAST, median(found["test error"][name])) for name in TUNERS)
        found["test error over Optuna's"] = {"fanin": [100 * ours / theirs]}
    return found
