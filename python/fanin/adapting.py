"""A model whose input layer learns from data."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.condition import keep_condition_numbers, rows_to_condition
from fanin.data.inputs import Labels, as_array, error_context
from fanin.data.sequences import Sequences, as_sequences, as_steps
from fanin.storage import StoredModel
from fanin.summary import Summary, summary_of
from fanin.training.chunks import check_chunks, inputs_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.training.chunks import Chunks


class AdaptedModel(StoredModel):
    """The part of `fanin.Network` that lets an input layer learn, such as a `fanin.Standardize`."""

    @property
    def learned(self) -> Mapping[str, NDArray[np.float64]]:
        """Copies of what the input layer has learned: "layer1.centre", "layer1.scale" and "layer1.fill", (n_inputs,).

        The layer maps x to ``(x - centre) scale`` and a missing value to fill; `RobustScale` then squashes both, and
        `Whiten` multiplies by "layer1.matrix", (columns, components). `Quantile` has "layer1.knots" and
        "layer1.scores", (n_inputs, 256); `PiecewiseLinear` and `OneHot` have arrays of each column, such as
        "layer1.x0.knots". "layer1.indicators" are the columns that have an indicator, if there are any.
        Empty before the first fit or `adapt`, and for a network without an input layer.
        """
        return MappingProxyType(self._core.learned_arrays)

    def first_inputs(self, X: ArrayLike) -> Any:
        """Return the rows that the input layer gives to the layer after it, in the network's dtype.

        Parameters
        ----------
        X
            As in `fit`.

        Returns
        -------
        ndarray, shape (n_samples, columns)
            For sequences (n, time, columns), or a list of arrays (time, columns), as X is.

        Raises
        ------
        ValueError, TypeError
            As `predict` does, and before the layer has learned.

        Examples
        --------
        >>> import numpy as np, fanin
        >>> net = fanin.Network(1, [fanin.Standardize(missing="mean"), fanin.Dense(1)])
        >>> net.adapt([[1.0], [3.0], [np.nan]])
        >>> net.first_inputs([[3.0], [np.nan]])
        array([[1., 0.],
               [0., 1.]], dtype=float32)
        """
        labels: Labels = {}
        X = as_array("X", as_sequences(self, X), self._data_dtype, labels, self._core.column_names)
        with error_context(labels=labels):
            rows: NDArray[Any] = self._core.first_inputs(X)
        return X.cut(rows) if isinstance(X, Sequences) else rows

    def __str__(self) -> str:
        """Return the summary: ``print(net)`` shows it."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def summary(self, X: ArrayLike | None = None) -> Summary:
        """Return a text with a row for each layer, the totals, and what the input layer has learned.

        The columns are the layer's name, its kind with the activation, the numbers of inputs and outputs, the trained
        parameters, and the memory of all its arrays in the network's type and, of the input layer, in float64. Lines
        have at most 80 characters, or as many as the terminal has columns. A notebook shows a table.

        Also the condition number of ``X'X / m`` before and after the input layer: the ratio of the largest eigenvalue
        to the smallest that is not 0, which limits how fast gradient descent can learn. They are those of the first
        rows that the layer learned from, or of X if it is given; of at most 2,000 rows. For more than 128 columns they
        take longer than a short fit, and are computed for a given X alone; so they are for sparse rows.

        Parameters
        ----------
        X : optional
            Rows for the condition numbers, as in `fit`.

        Returns
        -------
        str

        Raises
        ------
        ValueError, TypeError
            For invalid X.

        Examples
        --------
        >>> import numpy as np, fanin
        >>> X = np.random.default_rng(0).normal([100, 0], [1, 20], size=(500, 2))
        >>> net = fanin.Network(2, [fanin.Standardize(), fanin.Dense(8, "relu"), fanin.Dense(1)])
        >>> net.adapt(X)
        >>> net.summary()
        layer   kind                     shape  parameters     memory
        layer1  standardize             2 -> 2           -   48 bytes
        layer2  dense, relu             2 -> 8          24   96 bytes
        layer3  dense, identity         8 -> 1           9   36 bytes
        total   squared error, float32  2 -> 1          33  180 bytes
        columns of X: centres -0.165 to 99.9, scales 0.984 to 19.3
        condition number of the inputs: 26.67, of what the first layer gets: 1.013
        """
        return summary_of(self, X if X is None else as_sequences(self, X))

    def adapt(self, X: ArrayLike, *, sample_weight: ArrayLike | None = None) -> None:
        """Let the input layer learn from these rows, in place of what it has learned so far.

        The first `fit` does this with its training rows unless the layer has learned already. The weights of the
        network stay as they are. If the number of columns that the layer gives depends on the data (indicators, a share
        of the variance), the parameters are laid out the first time, and rows for another number are refused later.

        Parameters
        ----------
        X, sample_weight
            As in `fit`.

        Raises
        ------
        ValueError, TypeError
            If there is no input layer, or for invalid X; nothing is changed.

        Examples
        --------
        >>> import numpy as np, fanin
        >>> net = fanin.Network(1, [fanin.Standardize(), fanin.Dense(1)])
        >>> net.adapt(np.array([[1.0], [3.0]]))
        >>> net.learned["layer1.centre"]
        array([2.])
        """
        self._adapt(iter([(X, sample_weight)]))

    def adapt_chunks(self, chunks: Chunks) -> None:
        """Let the input layer learn from data in chunks: see `adapt`.

        Parameters
        ----------
        chunks : iterable of tuples (X, y) or (X, y, sample_weight), or function that returns one
            As for `fit_chunks`.

        Raises
        ------
        ValueError, TypeError
            As `adapt` does, with the number of the chunk.

        Examples
        --------
        >>> import numpy as np, fanin
        >>> net = fanin.Network(1, [fanin.Standardize(), fanin.Dense(1)])
        >>> net.adapt_chunks([([[1.0]], [0.0]), ([[3.0]], [0.0])])
        >>> net.learned["layer1.centre"]
        array([2.])
        """
        self._adapt(inputs_of(check_chunks(chunks, 1)()), "chunk {}: ")

    def _adapt(self, chunks: Iterator[tuple[ArrayLike, ArrayLike | None]], prefix: str = "") -> None:
        """Let the input layer learn; `prefix` with the number of the chunk comes before messages."""
        labels: Labels = {}
        names = {name: list(columns) for name, columns in self._core.column_names.items()}
        context = error_context(labels=labels)

        first: NDArray[np.float64] | None = None

        def converted() -> Iterator[tuple[ArrayLike, ArrayLike | None]]:
            nonlocal first
            for number in itertools.count(1):
                context.prefix = prefix.format(number)
                try:
                    X, weight = next(chunks)
                except StopIteration:
                    context.prefix = ""
                    return
                X, weight = as_steps(self, X, weight)
                X = as_array("X", X, self._data_dtype, labels, names)
                if number == 1:
                    first = rows_to_condition(self, X)
                yield X, weight

        with context:
            self._core.adapt(converted())
        keep_condition_numbers(self, first)
        if names != self._core.column_names:
            self._core.set_column_names(names)
