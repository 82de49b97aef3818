"""Sequences of steps, for recurrent networks: X, and what has a row for each step of X."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.model import Model

    Rows = slice | NDArray[np.intp]


class Sequences:
    """All steps of all sequences below each other, and the number of the step that each sequence starts with.

    Attributes
    ----------
    steps : ndarray, shape (steps of all sequences,) or (steps of all sequences, columns)
    starts : ndarray of uint64, shape (sequences + 1,)
        From 0 to the number of all steps.
    length : int or None
        The steps of each sequence, if they came as one array instead of a list.

    Examples
    --------
    >>> import numpy as np
    >>> from fanin.data.sequences import Sequences
    >>> sequences = Sequences(np.arange(5), np.array([0, 2, 5], np.uint64))
    >>> len(sequences), sequences[1:].steps, sequences[np.array([1, 0])].steps
    (2, array([2, 3, 4]), array([2, 3, 4, 0, 1]))
    """

    __slots__ = ("length", "starts", "steps")

    def __init__(self, steps: NDArray[Any], starts: NDArray[np.uint64], length: int | None = None) -> None:
        self.steps, self.starts, self.length = steps, starts, length

    def __len__(self) -> int:
        """Return the number of sequences."""
        return len(self.starts) - 1

    def __getitem__(self, rows: Rows) -> Sequences:
        """Return some sequences: without a copy of their steps for a slice of neighbours."""
        if isinstance(rows, slice):
            first, end, step = rows.indices(len(self))
            if step == 1:
                starts = self.starts[first : max(first, end) + 1]
                return Sequences(self.steps[starts[0] : starts[-1]], starts - starts[0], self.length)
            rows = np.arange(first, end, step)
        lengths = self.lengths[rows]
        starts = _starts(lengths)
        # from a step of the result to that of its sequence here
        offsets = np.repeat(self.starts[:-1][rows].astype(np.intp) - starts[:-1].astype(np.intp), lengths)
        return Sequences(self.steps[offsets + np.arange(len(offsets))], starts, self.length)

    @property
    def lengths(self) -> NDArray[np.intp]:
        """The number of steps of each sequence."""
        lengths: NDArray[np.intp] = np.diff(self.starts).astype(np.intp)
        return lengths

    @property
    def largest(self) -> NDArray[Any]:
        """The largest number of each sequence."""
        largest: NDArray[Any] = np.maximum.reduceat(self.steps, self.starts[:-1].astype(np.intp))
        return largest

    def with_steps(self, steps: NDArray[Any]) -> Sequences:
        """Return sequences of the same lengths with other steps."""
        return Sequences(steps, self.starts, self.length)

    def place(self, step: int) -> str:
        """Return what messages call a step, by its number among the steps of all sequences."""
        sequence = int(np.searchsorted(self.starts, np.uint64(step), side="right")) - 1
        return f"sequence {sequence}, step {step - int(self.starts[sequence])}"

    def joined(self, out: Any) -> Any:
        """Return a view of an array shaped as `cut` would shape it, with a row for each step; None of None."""
        if out is None:
            return None
        if self.length is None:
            raise ValueError("out: expected None for a list of sequences, whose outputs are a list")
        if not isinstance(out, np.ndarray):
            return out  # the core says what is wrong with it
        if out.shape[:2] != (len(self), self.length):
            raise ValueError(f"out: expected shape ({len(self)}, {self.length}, ...), got {out.shape}")
        if not out.flags.c_contiguous:
            raise ValueError("out: expected a C-contiguous array")
        return out.reshape(len(self.steps), *out.shape[2:])

    def cut(self, rows: NDArray[Any]) -> Any:
        """Return rows, one for each step, as the sequences came: an array (sequences, steps, ...) or a list."""
        if self.length is not None:
            return rows.reshape(len(self), self.length, *rows.shape[1:])
        starts = self.starts.tolist()
        return [rows[first:end] for first, end in pairwise(starts)]


def as_sequences(net: Model, X: Any) -> Any:
    """Return the X of a recurrent network as `Sequences`, and that of any other network as it is."""
    if not net._core.recurrent or isinstance(X, Sequences):
        return X
    columns, given = net.n_inputs, _given("X", X)
    if isinstance(given, list):
        if columns == 1:
            given = [part[:, None] if part.ndim == 1 else part for part in given]
        for i, part in enumerate(given):
            if len(part) == 0:
                raise ValueError(f"X: sequence {i} has no steps")
            if part.shape[1:] != (columns,):
                raise ValueError(f"X: sequence {i}: expected shape (time, {columns}), got {part.shape}")
        return _below_each_other("X", given)
    if given.ndim != 3 or given.shape[2] != columns:
        raise ValueError(
            f"X: expected sequences, shape (n, time, {columns}), or a list of arrays (time, {columns}); "
            f"got shape {given.shape}"
        )
    if given.shape[1] == 0:
        raise ValueError("X: sequence 0 has no steps")
    return _of_array(given)


def as_steps(net: Model, X: Any, sample_weight: Any) -> tuple[Any, Any]:
    """Return the steps of a recurrent network's X, and their weights; other data as they are."""
    X = as_sequences(net, X)
    if not isinstance(X, Sequences):
        return X, sample_weight
    return X, None if sample_weight is None else _matching("sample_weight", sample_weight, X).steps


def longest(X: Any) -> int:
    """Return the steps of the longest sequence, 1 for other data."""
    return int(X.lengths.max()) if isinstance(X, Sequences) else 1


def as_samples(net: Model, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    """Return data with a row for each sample: of a recurrent network, `Sequences`.

    These are X and, if the network is many-to-many, y and the weights of steps. Other data are returned as they are.
    """
    X = as_sequences(net, X)
    if net._core.many_to_many:
        y = _matching("y", y, X)
        if sample_weight is not None:
            sample_weight = _matching("sample_weight", sample_weight, X)
    return X, y, sample_weight


def _given(name: str, value: Any) -> NDArray[Any] | list[NDArray[Any]]:
    """Return an array, or a list of arrays with at least one dimension; raise if there are no sequences."""
    if isinstance(value, list | tuple) or (type(value) is np.ndarray and value.dtype == object):
        parts = [_core.numbers(f"{name}: sequence {i}", part) for i, part in enumerate(value)]
        numbers = [i for i, part in enumerate(parts) if part.ndim == 0]
        if 0 < len(numbers) < len(parts):
            raise ValueError(f"{name}: sequence {numbers[0]}: expected an array, got a number")
        given = np.array(parts) if len(numbers) == len(parts) else parts
    else:
        given = _core.numbers(name, value)
    if isinstance(given, np.ndarray) and given.shape[:1] == (0,):
        raise ValueError(f"{name}: expected at least one sequence, got none")
    return given


def _matching(name: str, value: Any, X: Sequences) -> Sequences:
    """Return numbers with a row for each step of X; weights may also have one for each sequence."""
    if isinstance(value, Sequences):
        return value
    weights, given = name == "sample_weight", _given(name, value)
    if isinstance(given, np.ndarray) and given.ndim < (1 if weights else 2):
        raise ValueError(
            f"{name}: expected numbers for each step, because every recurrent layer returns sequences: shape "
            f"(n, time) or (n, time, outputs), or a list of arrays; got shape {given.shape}"
        )
    if len(given) != len(X):
        raise ValueError(f"{name}: expected {len(X)} sequences to match X, got {len(given)}")
    if isinstance(given, np.ndarray) and given.ndim == 1:
        return X.with_steps(np.repeat(given, X.lengths))
    found = _below_each_other(name, given) if isinstance(given, list) else _of_array(given)
    if len(different := np.flatnonzero(found.lengths != X.lengths)):
        i = different[0]
        raise ValueError(
            f"{name}: sequence {i} has {found.lengths[i]} steps, expected {X.lengths[i]} to match X"
        )
    if weights and found.steps.ndim != 1:
        raise ValueError(
            f"{name}: expected a number for each step, got an array of shape {found.steps.shape[1:]}"
        )
    return X.with_steps(found.steps)


def _of_array(array: NDArray[Any]) -> Sequences:
    """Return sequences of the same length, without a copy if the memory of the array allows it."""
    count, length = array.shape[:2]
    starts = np.arange(count + 1, dtype=np.uint64) * np.uint64(length)
    return Sequences(array.reshape(count * length, *array.shape[2:]), starts, length)


def _below_each_other(name: str, parts: list[NDArray[Any]]) -> Sequences:
    """Return sequences that came as a list of arrays."""
    inner = parts[0].shape[1:]
    for i, part in enumerate(parts):
        if part.shape[1:] != inner:
            raise ValueError(f"{name}: sequence {i}: expected shape {(len(part), *inner)}, got {part.shape}")
    lengths = np.array([len(part) for part in parts], np.intp)
    return Sequences(parts[0] if len(parts) == 1 else np.concatenate(parts), _starts(lengths))


def _starts(lengths: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Return where sequences of these lengths start, and the end."""
    starts = np.zeros(len(lengths) + 1, np.uint64)
    np.cumsum(lengths, out=starts[1:], dtype=np.uint64)
    return starts
