"""The good set-ups: two problems in the plane and the six data sets of the searches, with fits that do well."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

import fanin
from bench import data
from bench.search import TUNED
from fanin import Dense, optim

Data = tuple[Any, Any]  # X and y
Answers = Callable[[Any], Any]  # from the outputs of a network to classes, or numbers with a deviation of 1


@dataclass(frozen=True, eq=False)
class Setup:
    """The description of a network, the arguments of its fit, and its rows: of training, validation and test."""

    name: str
    train: Data
    val: Data
    test: Data  # y as the answers are compared with: classes, or numbers
    layers: tuple[Any, ...]
    loss: Any
    rule: Any
    epochs: int
    batch_size: int
    seed: int
    answers: Answers
    batches: str = "shuffled"

    @property
    def classes(self) -> int:
        """How many classes there are, 0 for numbers."""
        y = self.test[1]
        return int(y.max()) + 1 if y.dtype.kind == "i" else 0

    def network(self) -> fanin.Network:
        return fanin.Network(self.train[0].shape[1], list(self.layers), self.loss, seed=self.seed)

    def fit(self, net: fanin.Network, **more: Any) -> Any:
        """Train, on one thread."""
        options = {name: getattr(self, name) for name in ("rule", "epochs", "batch_size", "batches")}
        with fanin.num_threads(1):
            return net.fit(*self.train, validation_data=self.val, **options | more)

    def errors(self, net: fanin.Network) -> Any:
        """Of each test row: 1 for a wrong class, or the square."""
        X, y = self.test
        answers = self.answers(net.predict(X))
        return (answers != y).astype(float) if self.classes else (answers.astype(float) - y) ** 2


@dataclass(frozen=True)
class Source:
    """A data set with the fit that does well on it; of the rows beside those of training, half are for the test."""

    name: str
    load: Callable[[], Data]
    hidden: tuple[int, ...]
    activation: str
    rule: Any
    epochs: int
    batch_size: int
    rows: int  # to train on


def blobs() -> Data:
    import sklearn.datasets

    X, y, *_ = sklearn.datasets.make_blobs(1000, centers=3, n_features=2, cluster_std=2, random_state=2)
    return X, y


def circles() -> Data:
    import sklearn.datasets

    X, y = sklearn.datasets.make_circles(1000, noise=0.1, random_state=1)
    return X, y


def of_search(name: str) -> Callable[[], Data]:
    """One of the sets of the searches, by a part of its name."""
    case = next(case for case in TUNED if name in case.name)

    def load() -> Data:
        from bench.workers.advice import numbers  # here, as it needs pandas and scikit-learn

        return numbers(case) if case.load or case.table else data.pictures("train")

    return load


MOST = 1_000  # rows of validation, and of test
PENALIZED = optim.Around(optim.Adam(0.005), l2=1e-3)
SOURCES = [
    Source("blobs", blobs, (16,), "relu", optim.Adam(0.02), 30, 32, 700),
    Source("circles", circles, (32,), "relu", optim.Adam(0.01), 40, 32, 700),
    Source("digits", of_search("digits"), (64,), "relu", optim.Adam(0.005), 30, 32, 1100),
    Source("breast cancer", of_search("breast"), (16,), "tanh", PENALIZED, 20, 32, 369),
    Source("wine", of_search("wine"), (16,), "relu", PENALIZED, 40, 16, 108),
    Source("diabetes", of_search("diabetes"), (16,), "tanh", PENALIZED, 30, 32, 282),
    Source("housing", of_search("housing"), (32, 32), "relu", optim.Adam(0.005), 30, 64, 3_000),
    Source("Fashion-MNIST", of_search("Fashion"), (64,), "relu", optim.Adam(0.0005), 15, 64, 3_000),
]
NAMES = [source.name for source in SOURCES]


@cache
def loaded(name: str) -> Data:
    X, y = next(source for source in SOURCES if source.name == name).load()
    return np.asarray(X, float), np.asarray(y)


def standardized(parts: list[Any]) -> list[Any]:
    """By the mean and deviation of the first part; a constant column becomes 0."""
    mean, deviation = parts[0].mean(0), parts[0].std(0)
    return [((part - mean) / np.where(deviation > 0, deviation, 1)).astype(np.float32) for part in parts]


def split(X: Any, y: Any, rows: int, seed: int, classes: bool) -> tuple[list[Any], list[Any]]:
    """X, and y, of training, validation and test."""
    from sklearn.model_selection import train_test_split

    divide = partial(train_test_split, random_state=seed)
    X, X_rest, y, y_rest = divide(X, y, train_size=rows, stratify=y if classes else None)
    size = min(MOST, len(X_rest) // 2)
    rest = y_rest if classes else None
    X_val, X_test, y_val, y_test = divide(X_rest, y_rest, train_size=size, test_size=size, stratify=rest)
    return [X, X_val, X_test], [y, y_val, y_test]


def setup(name: str, seed: int) -> Setup:
    """The seed is that of the rows, the split and the network."""
    source = next(source for source in SOURCES if source.name == name)
    X, y = loaded(name)
    classes = y.dtype.kind in "iu"
    inputs, targets = split(X, y, source.rows, seed, classes)
    inputs = standardized(inputs)
    if classes:
        targets, answers = [part.astype(np.int64) for part in targets], by_class
        binary = name == "breast cancer"
    else:
        targets, answers, binary = standardized(targets), as_number, False
    units = 1 if binary or not classes else int(y.max()) + 1
    loss = "squared_error" if not classes else "logistic" if binary else "softmax_cross_entropy"
    train, val, test = zip(inputs, targets, strict=True)
    return Setup(
        name,
        train,
        val,
        test,
        (*(Dense(width, source.activation) for width in source.hidden), Dense(units)),
        loss,
        source.rule,
        source.epochs,
        source.batch_size,
        seed,
        above_half if binary else answers,
    )


def by_class(outputs: Any) -> Any:
    return outputs.argmax(1)


def above_half(outputs: Any) -> Any:
    return (np.ravel(outputs) > 0.5).astype(int)


def as_number(outputs: Any) -> Any:
    return np.ravel(outputs)
