"""Rows of tables, looked up by whole numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from fanin.checks import check_integer, check_sequence
from fanin.initial_values import Initializer, Values
from fanin.initializers import as_initializer
from fanin.layers.dense import InitializerName, initializer_of
from fanin.layers.layer import Layer
from fanin.values import ranges_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Embedding(Layer):
    """First layer that looks up rows of a table: ``A_i = [W[x_i1], W[x_i2], ...]``, for words and other rare cases.

    X is (n_samples, n_columns) of whole numbers from 0 to n - 1, in any integer or floating-point type; they are never
    rounded. The output is (n_samples, n_columns dim). A row's gradient is the sum over the places where it is looked
    up, as for `Dense` on one-hot rows, but a step takes the time of the rows that a batch meets, whatever n is: see
    `lazy` in `fanin.optim.Around`.

    Bags are sets of rows with weights, which are summed: X is then a sparse matrix (n_samples, n) of the weights, such
    as `fanin.bags` makes of row numbers and offsets, and the output is ``X W``, (n_samples, dim).

    Parameters
    ----------
    n : int or list of int
        Rows of the table that all columns share; or of a table for each column. The array "layer1.weight" is
        (sum of n, dim), with the tables below each other.
    dim : int
        Numbers in a row.
    bags : bool
        Whether X has a column for each row of the table, and rows are summed.
    initializer : str, initializers.Initializer or array_like
        Initial rows, as in `Dense`. A row that is looked up has a fan-in of 1, so that by default each number has
        variance 1.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range, and as ``X: row 3, column 0 is 7; expected ...`` for numbers that are not rows of
        the table.

    Examples
    --------
    >>> import fanin
    >>> net = fanin.Network(2, [fanin.Embedding([3, 4], dim=5), fanin.Dense(1)])
    >>> net.get_weights()["layer1.weight"].shape
    (7, 5)
    >>> net.predict([[2, 0], [0, 3]]).shape
    (2, 1)
    """

    name: ClassVar[str] = "embedding"
    n: int | Sequence[int]
    dim: int
    bags: bool = False
    initializer: InitializerName | Initializer | ArrayLike = "auto"

    def __post_init__(self) -> None:
        ranges = ranges_of(self, self._allowed)
        if hasattr(self.n, "__index__"):
            check_integer("n", self.n, 1)
        else:
            expected = "a whole number, or a list of whole numbers"
            if not (sizes := check_sequence("n", self.n, expected)):
                raise ValueError(f"n: expected {expected}, got an empty list")
            for size in sizes:
                check_integer("n", size, 1)
            object.__setattr__(self, "n", sizes)
        if self.rows >= 2**32:
            raise ValueError(f"n: expected fewer than 2^32 rows, got {self.rows}")
        for name in ("dim", "bags"):
            self._check(name, ranges[name])
        value = as_initializer("initializer", self.initializer)
        if isinstance(value, Values):
            object.__setattr__(self, "initializer", value)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The rows of each table."""
        return tuple(map(int, self.n)) if isinstance(self.n, Sequence) else (int(self.n),)

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(self.sizes)

    def outputs(self, n_inputs: int) -> int:
        """Return the number of columns of the output, given that of the input."""
        return int(self.dim) * (1 if self.bags else n_inputs)

    def check_on(self, n_inputs: int) -> None:
        """Raise ValueError if the tables do not fit the columns, or an array of initial rows the tables."""
        if self.bags and self.rows != n_inputs:
            raise ValueError(f"n: expected {n_inputs} rows, one for each column of the bags, got {self.rows}")
        if not self.bags and len(self.sizes) not in (1, n_inputs):
            raise ValueError(
                f"n: expected the rows of one table, or of one for each of {n_inputs} columns, got "
                f"{len(self.sizes)} tables"
            )
        shape = (self.rows, int(self.dim))
        if isinstance(self.initializer, Values) and self.initializer.array.shape != shape:
            raise ValueError(f"initializer: expected shape {shape}, got {self.initializer.array.shape}")

    def values(self) -> dict[str, Any]:
        """Return the hyper-parameters by name, as the C++ core expects them."""
        initial = as_initializer("initializer", self.initializer)
        return {
            "n": self.sizes,
            "dim": int(self.dim),
            "bags": self.bags,
            "initializer": (initial.name, initial.values()),
        }

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> Embedding:
        """Return the layer with these `values()`."""
        sizes = [int(size) for size in values["n"]]
        dim = values["dim"]
        n = sizes[0] if len(sizes) == 1 else sizes
        return cls(n, dim, values["bags"], initializer_of((-1, dim), *values["initializer"]))
