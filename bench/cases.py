"""The nets and the matrix products that are timed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

LEARNING_RATE = 1e-3
BETA1 = 0.9
BETA2 = 0.999
EPSILON = 1e-8

# Steps after which the results of all libraries must agree, where nothing else is said.
CHECK_STEPS = 3


@dataclass(frozen=True)
class Net:
    """A ReLU net with a soft-max on top, and the mini-batches it is trained on with Adam.

    sizes
        units of the input, of each hidden layer and of the output
    batch
        samples a step
    samples
        samples an epoch: enough that an epoch of fanin takes about 0.2 s
    batch_norm
        in each hidden layer, in the place of its bias
    loss
        "squared_error" instead of a soft-max with cross-entropy: inputs are learned from themselves
    """

    sizes: tuple[int, ...]
    batch: int
    samples: int
    batch_norm: bool = False
    loss: str = "softmax_cross_entropy"

    @property
    def name(self) -> str:
        return "-".join(map(str, self.sizes)) + (" BN" if self.batch_norm else "")

    @property
    def check_steps(self) -> int:
        """Steps on the first batch after which the losses of all libraries must agree, before anything is timed.

        One with batch norm: of its half a million normalized numbers one may lie within float32's rounding (3e-6) of
        the kink of ReLU, and on which side it comes to lie changes the gradient of every weight before it. That moves
        the loss by 5e-6 after one step and by 1e-4 after three; in float64 all agree to 1e-15.
        """
        return 1 if self.batch_norm else CHECK_STEPS

    @property
    def steps(self) -> int:
        """Steps an epoch."""
        return self.samples // self.batch

    @property
    def layers(self) -> list[tuple[int, int]]:
        """Inputs and units of each layer."""
        return list(itertools.pairwise(self.sizes))


NETS = [
    Net((20, 64, 2), batch=32, samples=1 << 20),
    Net((54, 128, 128, 7), batch=64, samples=1 << 18),
    Net((784, 256, 128, 10), batch=64, samples=1 << 16),
    Net((784, 1024, 1024, 10), batch=256, samples=1 << 13),
    Net((784, 2048, 2048, 10), batch=256, samples=1 << 11),
    Net((784, 256, 128, 10), batch=64, samples=1 << 16, batch_norm=True),
    Net((784, 1024, 1024, 10), batch=256, samples=1 << 13, batch_norm=True),
    Net((37, 93, 51, 17, 3), batch=48, samples=48 << 12),
    Net((300, 500, 100, 12, 100, 500, 300), batch=100, samples=100 << 7, loss="squared_error"),
    Net((160,) * 8 + (10,), batch=64, samples=1 << 15),
]


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


PRODUCTS = [
    Product(32, 64, 20),
    Product(64, 128, 128),
    Product(64, 256, 784),
    Product(128, 512, 512),
    Product(256, 512, 784),
    Product(256, 1024, 1024),
    Product(512, 512, 512),
    Product(1024, 1024, 1024),
    Product(2048, 2048, 2048),
    Product(256, 4096, 4096),
]

# Shapes that float64 and a narrower instruction set are tried on
SOME_PRODUCTS = [
    (32, 64, 20),
    (64, 256, 784),
    (256, 1024, 1024),
    (1024, 1024, 1024),
]

# Weights in L1, L2, L3 and memory of common processors: 16 KiB, 512 KiB, 8 MiB and 64 MiB
FEW_ROWS = [
    Product(rows, columns, depth)
    for columns, depth in ((64, 64), (256, 512), (1024, 2048), (4096, 4096))
    for rows in (1, 2, 4, 8)
]


@dataclass(frozen=True)
class Prediction:
    """A net of the steps, and how many rows a call predicts."""

    sizes: tuple[int, ...]
    rows: int

    @property
    def name(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, {self.rows:,} row{'s' if self.rows > 1 else ''}"

    @property
    def net(self) -> Net:
        """The net; its samples are the rows."""
        return Net(tuple(self.sizes), batch=self.rows, samples=self.rows)


PREDICTIONS = [
    Prediction(sizes, rows)
    for sizes in ((20, 64, 2), (54, 128, 128, 7), (784, 256, 128, 10))
    for rows in (1, 8, 64, 1_000)
] + [Prediction((784, 256, 128, 10), 60_000)]

# A is rows x depth, W is depth x columns, dZ is rows x columns.
PRODUCT_KINDS = {
    "forward": "Z = A W",
    "input gradient": "dA = dZ W'",
    "weight gradient": "dW = A' dZ",
    "weight gradient, Adam": "dW = A' dZ, and Adam on W",
}

# What `fanin.functional` and a peer compute of the operands of a product
FUNCTIONAL_KINDS = {
    "product": "Z = A W, into an array that exists",
    "layer": "relu(A W + b)",
    "layer and gradients": "relu(A W + b), and the gradients of A, W and b",
}


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


BATCHES = [
    Batch(rows, columns)
    for rows, columns in (
        (32, 64),
        (64, 256),
        (256, 512),
        (256, 1024),
        (1024, 1024),
        (4096, 1024),
        (16384, 1024),
    )
]

BATCH_NORM_KINDS = {
    "batch norm": "y from x, gamma and beta",
    "batch norm and gradients": "y, and the gradients of x, gamma and beta",
}

ELEMENT_KINDS = {"value": "f(z)", "value and gradient": "f(z), and da f'(z)"}

ACTIVATIONS = [
    Elements(activation, count)
    for count in (1 << 14, 1 << 18)  # 64 KiB and 1 MiB: in L2, and about in L2
    for activation in (
        "identity",
        "logistic",
        "tanh",
        "symmetric_logistic",
        "relu",
        "leaky_relu",
        "elu",
        "selu",
        "softplus",
        "softsign",
        "gelu",
        "gelu_tanh",
        "silu",
        "mish",
    )
]


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
