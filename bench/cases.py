"""The cases that are timed. Peers' processes import this, so fanin is not loaded here."""

from dataclasses import dataclass
from itertools import pairwise

FASHION_RATE = 2e-3  # at the start; it falls to 0
CHECK_STEPS = 3  # after which the results of all libraries must agree, where nothing else is said


@dataclass(frozen=True)
class Net:
    """A net with a soft-max on top, and what is done with it."""

    sizes: tuple[int, ...]
    batch: int  # samples a step
    samples: int  # an epoch, or rows a prediction
    batch_norm: bool = False  # in each hidden layer, instead of its bias
    loss: str = "softmax_cross_entropy"  # or "squared_error", without a soft-max, of its first inputs
    activation: str = "relu"  # of the hidden layers
    rule: str = "adam"
    epochs: int = 1
    best_weights: bool = False  # those of the best epoch are kept
    note: str = ""  # the end of its name, where the sizes alone do not say what is timed

    @property
    def name(self) -> str:
        return "-".join(map(str, self.sizes)) + (" BN" if self.batch_norm else "") + self.note

    @property
    def check_steps(self) -> int:
        """Steps on the first batch after which the losses of all libraries must agree.

        One with batch norm, of whose half a million numbers one may lie within float32's rounding of the kink of ReLU:
        that moves the loss by 5e-6 after one step and by 1e-4 after three; in float64 all agree to 1e-15. One with
        Rprop, whose variants differ once a gradient changes its sign.
        """
        return 1 if self.batch_norm or self.rule == "rprop" else CHECK_STEPS

    @property
    def steps(self) -> int:
        """Steps an epoch."""
        return self.samples // self.batch

    @property
    def layers(self) -> list[tuple[int, int]]:
        """Inputs and units of each layer."""
        return list(pairwise(self.sizes))

    @property
    def weights(self) -> int:
        """All but the biases."""
        return sum(inputs * units for inputs, units in self.layers)


SMALL, MIDDLE, DIGITS = (20, 64, 2), (54, 128, 128, 7), (784, 256, 128, 10)
WIDE, WIDER = (784, 1024, 1024, 10), (784, 2048, 2048, 10)

# An epoch of fanin takes about 0.2 s.
NETS = [
    Net(SMALL, batch=32, samples=1 << 20),
    Net(MIDDLE, batch=64, samples=1 << 18),
    Net(DIGITS, batch=64, samples=1 << 16),
    Net(WIDE, batch=256, samples=1 << 13),
    Net(WIDER, batch=256, samples=1 << 11),
    Net(DIGITS, batch=64, samples=1 << 16, batch_norm=True),
    Net(WIDE, batch=256, samples=1 << 13, batch_norm=True),
    Net((37, 93, 51, 17, 3), batch=48, samples=48 << 12),
    Net((300, 500, 100, 12, 100, 500, 300), batch=100, samples=100 << 7, loss="squared_error"),
    Net((160,) * 8 + (10,), batch=64, samples=1 << 15),
]


class GrowingNet(Net):
    """A net that is named by its size."""

    @property
    def name(self) -> str:
        return f"{self.weights:,} weights, {self.samples:,} samples"


# About 10^3 to 10^7 weights, and 10^3 to 10^6 samples
WIDTHS = {20: 19, 37: 18, 68: 18, 120: 17, 221: 15, 385: 14, 705: 13, 1222: 11, 2234: 10}
GROWING_WEIGHTS = [GrowingNet((width,) * 3 + (10,), 64, 1 << power) for width, power in WIDTHS.items()]
GROWING_SAMPLES = [GrowingNet(MIDDLE, 64, 1 << power) for power in range(10, 21, 2)]


def predicted(sizes: tuple[int, ...], rows: int) -> Net:
    """A net that predicts so many rows a call."""
    return Net(sizes, rows, rows, note=f", {rows:,} row{'s' if rows > 1 else ''}")


PREDICTIONS = [predicted(sizes, rows) for sizes in (SMALL, MIDDLE, DIGITS) for rows in (1, 8, 64, 1_000)]
PREDICTIONS.append(predicted(DIGITS, 60_000))
ONE_ROW = [predicted(SMALL, 1), predicted(DIGITS, 1)]

RULES_ON_NETS = [
    Net(sizes, batch=256, samples=8 * 256, rule=rule, note=f", {rule}")
    for sizes in (WIDE, WIDER)
    for rule in ("sgd", "rmsprop", "adam")
]


def dissected(sizes: tuple[int, ...], batch: int, rule: str = "adam", batch_norm: bool = False) -> Net:
    """A net whose step is timed job by job."""
    note = f", batch {batch}, {rule}"
    return Net(sizes, batch, samples=max(1 << 14, batch), rule=rule, batch_norm=batch_norm, note=note)


DISSECTED = [
    dissected(SMALL, 32),
    dissected(SMALL, 1, "sgd"),
    dissected(MIDDLE, 64),
    dissected(DIGITS, 64),
    dissected(DIGITS, 64, batch_norm=True),
    dissected((61, 117, 45, 29, 5), 56),
]

ONLINE = [
    Net(SMALL, batch, samples, loss="squared_error", activation="tanh", rule=rule, note=f", {rule}, {note}")
    for rule, batch, samples, note in (
        ("sgd", 1, 1 << 15, "one sample"),
        ("adam", 1, 1 << 15, "one sample"),
        ("rprop", 4096, 4096, "all 4,096 samples"),
    )
]

KEPT = {"best_weights": True, "note": ", best weights kept"}
MEMORY = [
    Net(sizes, batch=256, samples=2048, **options)
    for sizes in (DIGITS, WIDE, WIDER)
    for options in ({}, {"batch_norm": True}, KEPT)
]


def fashion(epochs: int) -> Net:
    """The net that learns Fashion-MNIST."""
    note = f", {epochs} epoch{'s' if epochs > 1 else ''}"
    return Net(DIGITS, batch=64, samples=60_000, batch_norm=True, epochs=epochs, note=note)


@dataclass(frozen=True)
class Product:
    """The products of a dense layer: rows samples, columns units, depth inputs."""

    rows: int
    columns: int
    depth: int
    dtype: str = "float32"

    @property
    def name(self) -> str:
        shape = f"{self.rows} x {self.columns} x {self.depth}"
        return shape if self.dtype == "float32" else f"{shape}, {self.dtype}"


SHAPES = [(32, 64, 20), (64, 128, 128), (64, 256, 784), (128, 512, 512), (256, 512, 784), (256, 1024, 1024)]
SHAPES += [(512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048), (256, 4096, 4096)]
PRODUCTS = [Product(*shape) for shape in SHAPES]

# What float64 and a narrower instruction set are tried on
SOME_SHAPES = [(32, 64, 20), (64, 256, 784), (256, 1024, 1024), (1024, 1024, 1024)]
SOME_PRODUCTS = [Product(*shape, dtype) for dtype in ("float32", "float64") for shape in SOME_SHAPES]

# Weights in L1, L2, L3 and memory of common processors: 16 KiB, 512 KiB, 8 MiB and 64 MiB
WEIGHTS = [(64, 64), (256, 512), (1024, 2048), (4096, 4096)]
FEW_ROWS = [Product(rows, *shape) for shape in WEIGHTS for rows in (1, 2, 4, 8)]


@dataclass(frozen=True)
class Elements:
    """An activation on this many numbers."""

    activation: str
    count: int

    @property
    def name(self) -> str:
        return f"{self.activation}, {self.count:,}"


@dataclass(frozen=True)
class Batch:
    """A batch to normalize: rows samples, columns units."""

    rows: int
    columns: int

    @property
    def name(self) -> str:
        return f"{self.rows} x {self.columns}"


BATCHES = [Batch(32, 64), Batch(64, 256), Batch(256, 512)]
BATCHES += [Batch(rows, 1024) for rows in (256, 1024, 4096, 16384)]


@dataclass(frozen=True)
class Updates:
    """A rule on `arrays` arrays of `size` weights each."""

    rule: str
    size: int
    arrays: int = 1

    @property
    def weights(self) -> int:
        return self.size * self.arrays

    @property
    def name(self) -> str:
        return f"{self.rule}, {f'{self.arrays} x ' if self.arrays > 1 else ''}{self.size:,}"


@dataclass(frozen=True)
class Columns:
    """Rows from which an input layer learns."""

    layer: str
    rows: int
    columns: int

    @property
    def name(self) -> str:
        return f"{self.layer.replace('_', ' ')}, {self.rows:,} x {self.columns}"


LAYERS = ("standardize", "robust_scale", "quantile", "whiten")
INPUTS = [Columns(layer, *shape) for shape in ((10_000, 54), (60_000, 784)) for layer in LAYERS]


@dataclass(frozen=True)
class Estimator:
    """An MLPClassifier, and the data that it is fitted to: scikit-learn's, or random ones like those of a net."""

    hidden: tuple[int, ...]
    batch: int
    epochs: int
    dtype: str
    load: str = ""  # the name of scikit-learn's function
    like: Net | None = None

    @property
    def name(self) -> str:
        data = self.load.removeprefix("load_").replace("_", " ") if self.like is None else self.like.name
        hidden = "" if self.like else f" {'-'.join(map(str, self.hidden))}"
        return f"{data}{hidden}, batch {self.batch}, {self.dtype}"


FLOATS = ("float32", "float64")
ESTIMATORS = [
    *(Estimator((100,), 200, 100, dtype, load="load_digits") for dtype in FLOATS),
    *(Estimator((100,), 200, 200, dtype, load="load_breast_cancer") for dtype in FLOATS),
    *(Estimator((64,), 32, 100, dtype, like=Net(SMALL, 32, 4096)) for dtype in FLOATS),
    Estimator((256, 128), 64, 1, "float32", like=Net(DIGITS, 64, 60_000)),
]


@dataclass(frozen=True)
class DataSet:
    """A CSV file, whose column `target` is predicted: a class, or a number, in some unit or as its logarithm."""

    name: str
    target: str
    classes: bool = False
    unit: float = 1.0
    logarithm: bool = False
    ids: tuple[str, ...] = ()  # columns that number the rows


TABLES = [
    DataSet("housing", "median_house_value", unit=1e5),
    DataSet("wine_white", "quality"),
    DataSet("diamonds", "price", logarithm=True, ids=("Unnamed: 0",)),
    DataSet("shoppers", "Revenue", classes=True),
    DataSet("adult", "income-per-year", classes=True),
    DataSet("churn", "Churn", classes=True, ids=("customerID",)),
]


@dataclass(frozen=True)
class Archive:
    """A build of the library for one instruction set alone."""

    instruction_set: str

    @property
    def name(self) -> str:
        return f"stripped, {self.instruction_set} alone"


Case = Net | Product | Elements | Batch | Updates | Columns | Estimator | DataSet | Archive
