"""Tables as samples of a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_flag, check_integer, check_sequence
from fanin.tables.columns import Pair, described, html_of
from fanin.tables.learned_columns import LearnedColumns
from fanin.tables.learning import SAMPLE_ROWS, learn_table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_MOST_BINS = 65535
_PAIR_BINS = 4  # of the number of a pair, which is an estimate already
# Two columns, the cells of each (edges of numbers, or levels of a category), and the value of each pair of cells
PairOfColumns = tuple[str, Sequence[Any], str, Sequence[Any], Any]


class TableEncoder(LearnedColumns):
    """Codes the rows of a table for a network: numbers piecewise linearly, categories one-hot, dates in parts.

    Each column of the samples has a mean of 0 over the training rows. With x a number, and its median and quartiles,

    - ``v / sqrt(1 + (v / 3)^2)`` with ``v = (x - median) / (q75 - q25)`` is a dense column (if the quartiles are
      equal, half the distance of the extremes takes their place);
    - ``u_t = clamp((x - e_(t-1)) / (e_t - e_(t-1)), 0, 1)`` for knots ``e_0 < ... < e_T`` is its code (Gorishniy et
      al. 2022). A value that fills 1 / bins of the rows is a knot, and quantiles of the others share what is left;
    - missing values count as the median; where the training rows have some, a dense column indicates them.

    Categories, matched by their labels, have a column for each level found `min_count` times and one for all rarer
    ones; missing and unseen levels are 0 in all of them. Two levels, booleans and two numbers are -1 and 1. Dates give
    the day itself, month, day of the month, weekday and hour, as far as they vary, coded like numbers. Empty and blank
    text and "?" are missing. Text that holds numbers, or dates in ISO 8601, in nine of ten cells is read as such.

    Columns that are constant, row numbers, text that is different in each row, and free text are dropped;
    `describe` says why.

    Parameters
    ----------
    bins : int or None
        The most bins of a number; None: 8192 / columns, but 4 to 64.
    min_count : int
        Rows that a level needs for a column of its own; below 50 `min_count` rows, one row in 50.
    spikes : bool
        Whether numbers with 3 to 128 different values have a column for each of them, too.
    categories : list of str
        Columns to read as categories, unless they hold dates; those of an array are "x0", "x1", ...

    Raises
    ------
    ValueError, TypeError
        For invalid arguments.

    Examples
    --------
    >>> import fanin
    >>> table = {"age": [20, 30, 40, 50], "job": ["clerk", "smith", "baker", None]}
    >>> encoder = fanin.TableEncoder(bins=2, min_count=1).fit(table)
    >>> encoder.feature_names
    ['age', 'age[20.0, 35.0]', 'age[35.0, 50.0]', 'job=baker', 'job=clerk', 'job=smith']
    >>> print(encoder.describe())
    age  number, median 35.0, 3 knots from 20.0 to 50.0
    job  category, a column for each of 3 levels
    >>> encoder.transform(table).shape
    (4, 6)
    """

    def __init__(
        self,
        bins: int | None = None,
        min_count: int = 10,
        spikes: bool = False,
        categories: Sequence[str] = (),
    ) -> None:
        if bins is not None:
            check_integer("bins", bins, 1)
            if bins > _MOST_BINS:
                raise ValueError(f"bins: expected at most {_MOST_BINS}, got {bins}")
        check_integer("min_count", min_count, 1, 63)
        check_flag("spikes", spikes)
        self.bins, self.min_count, self.spikes = bins, min_count, spikes
        self.categories = check_sequence("categories", categories, "a list of names")
        super().__init__()

    def fit(self, X: Any) -> TableEncoder:
        """Learn how to code the columns of a table.

        Parameters
        ----------
        X : DataFrame, dict of name -> column, or 2-D array
            A frame of pandas or polars.

        Returns
        -------
        TableEncoder
            Itself.

        Raises
        ------
        ValueError, TypeError
            For infinite values, cells that are lists or complex numbers, repeated names, no rows, or if all columns
            are dropped.

        Examples
        --------
        >>> import numpy as np, fanin
        >>> fanin.TableEncoder().fit(np.array([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]])).columns[1]
        Dropped(name='x1', reason='dropped: it is 5 in every row')
        """
        return self._fit(iter([X]), None)

    def fit_chunks(self, chunks: Iterable[Any]) -> TableEncoder:
        """Learn from a table in chunks, as `fit` does.

        Levels are counted exactly. Numbers are learned from 65,536 random rows; up to there, the result is that of
        `fit`. The first chunk decides whether a column holds numbers, dates or text.

        Parameters
        ----------
        chunks : iterable
            Of tables as for `fit`, with the same columns.

        Returns
        -------
        TableEncoder
            Itself.

        Raises
        ------
        ValueError, TypeError
            As `fit` does.

        Examples
        --------
        >>> import fanin
        >>> chunks = [{"x": [1.0, 2.0]}, {"x": [3.0, None]}]
        >>> fanin.TableEncoder().fit_chunks(chunks).feature_names
        ['x', 'x missing', 'x[1.0, 2.0]', 'x[2.0, 3.0]']
        """
        return self._fit(iter(chunks), SAMPLE_ROWS)

    def _fit(self, chunks: Iterator[Any], limit: int | None) -> TableEncoder:
        learned, named = learn_table(chunks, limit, self.bins, self.min_count, self.spikes, self.categories)
        self._named = named
        self._set_columns(learned)
        return self

    def transform(self, X: Any, pair_values: ArrayLike | None = None) -> _core.CodedRows:
        """Return the rows of a table in coded form, for every method of `Network` that takes X.

        Parameters
        ----------
        X : table, as for `fit`
            Columns are matched by name. A dropped one may be missing.
        pair_values : array_like, shape (rows, pairs), optional
            In place of the values of the pairs of `add_pairs`: those of training rows may differ.

        Returns
        -------
        CodedRows

        Raises
        ------
        ValueError, TypeError
            For missing and unknown columns, infinite values, and values of another kind than in training.

        Examples
        --------
        >>> import fanin
        >>> encoder = fanin.TableEncoder().fit({"x": [1.0, 2.0, 4.0], "late": [True, False, True]})
        >>> encoder.transform({"late": [False], "x": [2.0]}).toarray().round(3)
        array([[-0.189, -1.333,  0.333, -0.333]], dtype=float32)
        """
        names = self._needed()
        table = self._read(X)
        values = None if pair_values is None else np.asarray(pair_values, np.float64)
        pairs = sum(isinstance(column, Pair) for column in self.columns)
        if values is not None and values.shape != (table.rows, pairs):
            raise ValueError(f"pair_values: expected shape ({table.rows}, {pairs}), got {values.shape}")
        return self._encoder.encode(names, [self._column(table, name) for name in names], values)

    def cells(self, X: Any, cells: Mapping[str, Sequence[Any]]) -> dict[str, NDArray[np.uint32]]:
        """Return the cell of each row in some columns.

        Parameters
        ----------
        X : table, as for `fit`
            Rows.
        cells : dict of column -> sequence
            Ascending edges of a number or a date (cell i has i edges at or below the value), or sorted levels of a
            category (all others are in the next cell). The cell after these is for missing values.

        Returns
        -------
        dict of column -> ndarray of uint32, shape (rows,)

        Raises
        ------
        ValueError, TypeError
            As `transform` does, and for columns that are not coded.

        Examples
        --------
        >>> import fanin
        >>> table = {"x": [1.0, 2.0, None], "job": ["clerk", "smith", "baker"]}
        >>> encoder = fanin.TableEncoder().fit(table)
        >>> encoder.cells(table, {"x": [2.0], "job": ["clerk", "smith"]})
        {'x': array([0, 1, 2], dtype=uint32), 'job': array([0, 1, 2], dtype=uint32)}
        """
        table = self._read(X)
        return {
            name: _core.cells_of(self._cells(name, of_column), self._column(table, name))
            for name, of_column in cells.items()
        }

    def add_pairs(self, pairs: Sequence[PairOfColumns], training_values: ArrayLike) -> TableEncoder:
        """Return a new encoder with an additional number for each pair of columns.

        Parameters
        ----------
        pairs : list of (column, cells, column, cells, values)
            Cells are as in `cells`; values, (cells of the first + 2, cells of the second + 2), are the number.
        training_values : array of shape (rows, pairs)
            The values of the training rows, which may be others; median, knots and means are learned from them.

        Returns
        -------
        TableEncoder

        Raises
        ------
        ValueError, TypeError
            For values of other shapes, and columns that are not coded.

        Examples
        --------
        >>> import fanin
        >>> table = {"a": [0.0, 1.0, 2.0], "b": [5.0, 6.0, 8.0]}
        >>> encoder = fanin.TableEncoder().fit(table)
        >>> both = encoder.add_pairs([("a", [1], "b", [6], [[0, 0, 0], [0, 1, 0], [0, 0, 0]])], [[0], [1], [1]])
        >>> both.feature_names[2]
        'a x b'
        """
        given, columns = np.asarray(training_values, np.float64), self._encoder.columns
        if given.ndim != 2 or given.shape[1] != len(pairs):
            raise ValueError(f"training_values: expected shape (rows, {len(pairs)}), got {given.shape}")
        for (first, first_cells, second, second_cells, values), of_rows in zip(pairs, given.T, strict=True):
            name = f"{first} x {second}"
            columns.append(
                {
                    "kind": "pair",
                    "column": name,
                    "note": "",
                    "first": self._cells(first, first_cells),
                    "second": self._cells(second, second_cells),
                    "values": np.ravel(np.asarray(values, np.float64)),
                    "code": _core.learn_number_code(name, of_rows, _PAIR_BINS),
                }
            )
        encoder = TableEncoder(self.bins, self.min_count, self.spikes, self.categories)
        encoder._named = self._named
        encoder._set_columns(columns)
        return encoder

    def describe(self) -> str:
        """Return a text with a line for each column: how it was read, or why it was dropped.

        Returns
        -------
        str
        """
        return "\n".join(described(self.columns))

    def __repr__(self) -> str:
        categories = f", categories={self.categories}" if self.categories else ""
        return f"TableEncoder(bins={self.bins}, min_count={self.min_count}, spikes={self.spikes}{categories})"

    def _repr_html_(self) -> str:
        return html_of(repr(self), () if self._fitted is None else self.columns)
