"""Networks of sequences, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fanin import _core
from fanin.checks import check_integer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Float = NDArray[Any]
    State = _core.RecurrentStateFloat32 | _core.RecurrentStateFloat64


class Stepped:
    """The part of `fanin.Network` that predicts streams."""

    _core: Any

    def new_state(self, rows: int = 1) -> State:
        """Return the state of a recurrent network before the first step of `rows` sequences; see `step`.

        ``state.reset()`` returns to that point, ``state.copy()`` branches off, ``state.rows`` is their number.

        Parameters
        ----------
        rows : int
            Number of sequences.

        Returns
        -------
        RecurrentState
            For `step`.

        Raises
        ------
        ValueError, TypeError
            For a network without recurrent layers, or rows below 1.

        Examples
        --------
        >>> import fanin
        >>> net = fanin.Network(2, [fanin.GRU(4), fanin.Dense(1)])
        >>> net.new_state(3).rows
        3
        """
        check_integer("rows", rows, 1, 32)
        state: State = self._core.new_state(int(rows))
        return state

    def step(self, x: ArrayLike, state: State, out: Float | None = None) -> Float:
        """Return the outputs after one more step of each sequence, and update the state in place.

        The outputs are those of `predict` on all steps so far, bit for bit, at the cost of one step; nothing is
        allocated but the result.

        Parameters
        ----------
        x : array_like, shape (n_inputs,) or (rows, n_inputs)
            The next step of one sequence, or of each of `rows` sequences.
        state : RecurrentState
            From `new_state` of this network, for as many rows. Weights may change between steps.
        out : ndarray, optional
            For the result, C-contiguous, in the network's dtype.

        Returns
        -------
        ndarray, shape (n_outputs,) or (rows, n_outputs)

        Raises
        ------
        ValueError, TypeError
            For the state of another network, other shapes, and numbers that are not finite; the state is unchanged.

        Examples
        --------
        >>> import numpy as np, fanin
        >>> net = fanin.Network(2, [fanin.GRU(4), fanin.Dense(1)])
        >>> X = np.random.default_rng(0).normal(size=(10, 2)).astype("float32")
        >>> state = net.new_state()
        >>> for x in X:
        ...     y = net.step(x, state)
        >>> bool(y == net.predict(X[None])[0])
        True
        """
        try:
            result: Float = self._core.step(x, state, out)
        except TypeError:
            if isinstance(state, type(self.new_state())):
                raise
            raise TypeError(
                f"state: expected the result of new_state of this network, got {type(state).__name__}"
            ) from None
        return result
