"""The loss over a data set as a function of all weights, for full-batch solvers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_flag
from fanin.data.inputs import as_data, error_context
from fanin.values import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.network import Network

    Float = NDArray[Any]


class Objective:
    """``E(w)``, the mean loss of a network with weights w over all samples, and its derivatives.

    Created by `Network.objective`. w is one vector: the trained arrays of `Network.get_weights`, each flattened by rows
    and concatenated. With sample weights the mean is weighted; with `l2`, E has the penalty ``l2/2 |W|^2`` over
    weights, not biases. The network itself does not change, except that it remembers column names, as in `fit`.

    Loss and gradient are those of one step over all samples, bit for bit, on any number of threads. Samples are
    processed in blocks of at most 4,096 rows, so the memory of one block suffices; with batch norm, which normalizes
    over all rows, they are one batch. A `Dropout` drops the values that the network's next step would drop, the same at
    each call. With `frozen_batch_norm`, batch norms use the running statistics that the network has now, as constants.

    Second derivatives are exact, by the R-operator (Pearlmutter 1994), which differentiates the gradient along a
    direction: `hvp`, `gnvp` and `jacobian`. They need a function of the weights alone, so they refuse dropout, and
    batch norm that is not frozen. Where an activation or a loss has a kink, its second derivative counts as 0.

    Parameters
    ----------
    net : Network
        The network; `Network.objective` creates the objective.
    X, y, sample_weight, l2, frozen_batch_norm
        As for `Network.objective`.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)], dtype="float64")
    >>> objective = net.objective(X, X**2)
    >>> w = objective.weights()
    >>> for _ in range(100):
    ...     loss, gradient = objective.loss_and_gradient(w)
    ...     w -= 0.2 * gradient
    >>> net.set_weights(objective.named(w))
    >>> bool(net.evaluate(X, X**2)["loss"] < loss)
    True

    With SciPy: ``scipy.optimize.minimize(objective.loss_and_gradient, objective.weights(), jac=True)``, for the methods
    "Newton-CG" and "trust-ncg" with ``hessp=objective.hvp``.
    """

    def __init__(
        self,
        net: Network,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        l2: float = 0.0,
        frozen_batch_norm: bool = False,
    ) -> None:
        check_number("l2", l2, at_least=0)
        check_flag("frozen_batch_norm", frozen_batch_norm)
        self._net = net
        kind = _core.ObjectiveFloat32 if net.dtype == np.float32 else _core.ObjectiveFloat64
        known = net._core.column_names
        names = dict(known)
        X, y, sample_weight, labels = as_data(net, X, y, sample_weight, names)
        with error_context(labels=labels):
            self._core: Any = kind(net._core, X, y, sample_weight, float(l2), frozen_batch_norm)
        if names != known:
            net._core.set_column_names(names)
        self._trained = [(name, shape) for name, shape, trained in net._core.arrays if trained]

    def __repr__(self) -> str:
        """Return the number of weights and the loss in one line."""
        return f"<fanin objective: {self._net.loss} of {self.size:,} weights>"

    @property
    def size(self) -> int:
        """Number of weights in w."""
        return int(self._core.size)

    def weights(self) -> Float:
        """Return the current weights of the network as a vector w.

        Returns
        -------
        ndarray, shape (size,)
            In the network's dtype.
        """
        arrays = self._net.get_weights()
        return np.concatenate([arrays[name].ravel() for name, _ in self._trained])

    def named(self, w: ArrayLike) -> dict[str, Float]:
        """Return a dict for `Network.set_weights`: the arrays of w, and the network's current running statistics.

        Parameters
        ----------
        w : array_like, shape (size,)
            Weights.

        Returns
        -------
        dict of name -> ndarray
        """
        arrays, begin, w = self._net.get_weights(), 0, self._vector(w)
        for name, shape in self._trained:
            end = begin + int(np.prod(shape))
            arrays[name] = w[begin:end].reshape(shape)
            begin = end
        return arrays

    def loss(self, w: ArrayLike) -> float:
        """Return E(w); it is infinite or NaN if the loss of a sample is.

        Parameters
        ----------
        w : array_like, shape (size,)
            Weights.

        Returns
        -------
        float
        """
        loss: float = self._core.loss(self._vector(w))
        return loss

    def loss_and_gradient(self, w: ArrayLike) -> tuple[float, Float]:
        """Return E(w) and dE/dw, in the network's dtype; the gradient is NaN if the loss is not finite.

        Parameters
        ----------
        w : array_like, shape (size,)
            Weights.

        Returns
        -------
        loss : float
        gradient : ndarray, shape (size,)
        """
        loss, gradient = self._core.loss_and_gradient(self._vector(w))
        return loss, gradient

    def hvp(self, w: ArrayLike, v: ArrayLike) -> Float:
        """Return ``H v``, the Hessian of E at w times v, exactly, by the R-operator (Pearlmutter 1994).

        It costs about two gradients. What is computed at w is kept for products with more vectors, if the values of all
        rows fit into 256 MB.

        Parameters
        ----------
        w : array_like, shape (size,)
            Weights.
        v : array_like, shape (size,)
            A direction.

        Returns
        -------
        ndarray, shape (size,)

        Raises
        ------
        ValueError
            For dropout, and batch norm that is not frozen.
        """
        product: Float = self._core.hessian_product(self._vector(w), self._vector(v, "v"))
        return product

    def gnvp(self, w: ArrayLike, v: ArrayLike) -> Float:
        """Return ``G v``, with Gauss and Newton's matrix ``G = J'LJ``, plus l2 for weights (Schraudolph 2002).

        J is the Jacobian of the outputs, L the Hessian of the mean loss with respect to them, sample weights included.
        G is the Hessian without the second derivatives of the outputs. It is positive semidefinite, because all losses
        are convex in the outputs. It costs about 1.5 gradients.

        Parameters
        ----------
        w : array_like, shape (size,)
            Weights.
        v : array_like, shape (size,)
            A direction.

        Returns
        -------
        ndarray, shape (size,)

        Raises
        ------
        ValueError
            For dropout, and batch norm that is not frozen.
        """
        product: Float = self._core.gauss_newton_product(self._vector(w), self._vector(v, "v"))
        return product

    def jacobian(self, w: ArrayLike, rows: ArrayLike | None = None) -> Float:
        """Return the derivatives of the network's outputs with respect to w: (rows, outputs, weights).

        Outputs are what the loss takes: for losses with a link, such as "softmax_cross_entropy", before that link.

        Parameters
        ----------
        w : array_like, shape (size,)
            Weights.
        rows : array_like of int, optional
            Numbers of samples, at most as many as there are; by default all.

        Returns
        -------
        ndarray, shape (rows, outputs, size)

        Raises
        ------
        ValueError
            For other rows, for batch norm that is not frozen, for dropout, and for a `PiecewiseLinear`, `OneHot` or
            `Embedding`.
        """
        chosen = np.arange(self._core.shape[0]) if rows is None else np.asarray(rows)
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu" or not chosen.size or chosen.min() < 0:
            raise ValueError("rows: expected a vector of numbers of rows, each at least 0")
        if chosen.max() >= self._core.shape[0]:
            raise ValueError(f"rows: expected numbers below {self._core.shape[0]}, got {chosen.max()}")
        derivatives: Float = self._core.jacobian(self._vector(w), chosen.astype(np.uint32))
        return derivatives

    def _vector(self, w: ArrayLike, name: str = "w") -> Float:
        given = _core.numbers(name, w)
        if given.shape != (self.size,):
            raise ValueError(f"{name}: expected shape ({self.size},), got {given.shape}")
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(given, dtype=self._net.dtype)
