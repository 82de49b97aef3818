"""MLPRegressor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from fanin.export.onnx.models import save_network
from fanin.export.onnx.versions import OPSET
from fanin.sklearn.base import Perceptron, is_stochastic
from fanin.sklearn.conversion import to_sklearn
from fanin.sklearn.data import Data, checked_numbers
from fanin.sklearn.parameters import OF_REGRESSOR, check_parameters, keep
from fanin.sklearn.pause import Call

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike, NDArray

    from fanin.storage import Path


class MLPRegressor(RegressorMixin, Perceptron):  # type: ignore[misc]
    """scikit-learn's regressor, trained by fanin: the same parameters, results and messages, in less time.

    A network with one or several outputs a. It minimizes, batch by batch, with sample weights s_i, ``S = sum_i s_i``,

    ``E = sum_i s_i sum_j (a_ij - y_ij)^2 / (2 S) + alpha / 2 |W|^2 / S``

    or, with loss="poisson", for targets of at least 0, half the deviance of means ``e^a``:

    ``E = sum_i s_i sum_j (y_ij log(y_ij / e^a_ij) - y_ij + e^a_ij) / S + alpha / 2 |W|^2 / S``

    Reported squared errors are the mean over several outputs, not the sum, as in scikit-learn.

    Parameters
    ----------
    loss : {"squared_error", "poisson"}
        See above. (In scikit-learn since 1.7.)
    hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, power_t, max_iter
        Those of `MLPClassifier`.
    shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum, n_iter_no_change, max_fun
        Those of `MLPClassifier`.
    beta_1, beta_2, epsilon, early_stopping, validation_fraction, dtype, n_jobs, max_time, callbacks
        Those of `MLPClassifier`, except that the split of `early_stopping` is drawn at
        random, and that callbacks find "val_r2" in `logs` instead of "val_accuracy".
    linear_tail : float in [0, 1)
        The share of max_iter, at the end of a fit with sgd or adam, in which the rate falls linearly to 0.
    diagnose : bool
        Watch `fit`: `diagnosis_` says what is wrong with it.

    Attributes
    ----------
    validation_scores_, best_validation_score_ : list of float, float; or None
        R^2 on the validation data, and the best with `early_stopping`.
    coefs_, intercepts_, loss_, loss_curve_, n_iter_, diagnosis_, ...
        Those of `MLPClassifier`, without `classes_`.

    Notes
    -----
    The differences from scikit-learn are those of `MLPClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from fanin.sklearn import MLPRegressor
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> regressor = MLPRegressor(activation="tanh", solver="lbfgs", random_state=0).fit(X, np.sin(3 * X[:, 0]))
    >>> bool(regressor.score(X, np.sin(3 * X[:, 0])) > 0.99)
    True
    """

    _allowed = OF_REGRESSOR
    _numeric_targets: ClassVar[bool] = True

    def __init__(
        self,
        loss: Literal["squared_error", "poisson"] = "squared_error",
        hidden_layer_sizes: Iterable[int] | int = (100,),
        activation: Literal["identity", "logistic", "tanh", "relu"] = "relu",
        *,
        solver: Literal["lbfgs", "sgd", "adam"] = "adam",
        alpha: float = 0.0001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: Literal["constant", "invscaling", "adaptive"] = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dtype: Literal["float32", "float64"] | None = None,
        n_jobs: int | None = None,
        max_time: float | None = None,
        callbacks: Iterable[Any] | None = None,
        linear_tail: float = 0.0,
        diagnose: bool = False,
    ) -> None:
        keep(self, locals())

    def _learn_classes(self, y: Any, *, incremental: bool) -> None:
        """Do nothing: numbers have no classes."""

    def _check_classes(self, y: Any) -> None:
        """Do nothing."""

    def _data(self, X: Any, y: Any, weights: NDArray[Any] | None, *, incremental: bool = False) -> Data:
        y = checked_numbers(y, self.loss)
        return Data(X, y, weights, 1 if y.ndim == 1 else y.shape[1])

    def _output_activation(self) -> str:
        return "exp" if self.loss == "poisson" else "identity"

    @available_if(is_stochastic)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train for one epoch; the update rule continues from the last call.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.

        Returns
        -------
        self : the estimator
        """
        check_parameters(self, self._allowed)
        self._fit(X, y, sample_weight, (None, None, None), Call(1, incremental=True))
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the predicted targets.

        Parameters
        ----------
        X : array, frame or sparse matrix of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        array of shape (n_samples,) or (n_samples, n_outputs)

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before a fit.
        ValueError
            For invalid data.
        """
        return self._outputs(X)

    def to_onnx(self, path: Path, *, opset: int = OPSET) -> None:
        """Write the regressor as an ONNX model; it needs onnx.

        Its input is "X", (rows, n_features), in the type of the weights, and its output is "prediction", what `predict`
        returns, (rows,) or (rows, n_outputs), in the same type.

        Parameters
        ----------
        path : str, bytes or path
            By convention, it ends in ".onnx".
        opset : int
            As in `fanin.Network.to_onnx`.

        Raises
        ------
        ImportError, ValueError, TypeError, OSError
            As in `fanin.Network.to_onnx`.
        """
        check_is_fitted(self)
        save_network(self._network(), path, opset, text=repr(self))

    def to_sklearn(self) -> Any:
        """Return scikit-learn's own estimator with these weights, see `MLPClassifier.to_sklearn`.

        Returns
        -------
        sklearn.neural_network.MLPRegressor
        """
        return to_sklearn(self, "MLPRegressor")
