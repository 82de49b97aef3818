"""MLPRegressor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from fanin.sklearn.base import Perceptron, is_stochastic
from fanin.sklearn.conversion import to_sklearn
from fanin.sklearn.data import Data, checked_weights
from fanin.sklearn.parameters import OF_REGRESSOR, check_parameters

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self


class MLPRegressor(RegressorMixin, Perceptron):  # type: ignore[misc]
    """DOCSTRING."""

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
    ) -> None:
        self._keep(locals())

    def _learn_classes(self, y: Any, *, incremental: bool) -> None:
        """Do nothing: numbers have no classes."""

    def _data(self, X: Any, y: Any, sample_weight: Any, *, incremental: bool = False) -> Data:
        return Data(X, y, checked_weights(sample_weight, X.shape[0]), 1 if y.ndim == 1 else y.shape[1])

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
        return self._fit(X, y, sample_weight, (None, None, None), incremental=True)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the predicted targets, of shape (n_samples,) or (n_samples, n_outputs)."""
        return self._outputs(X)

    def to_sklearn(self) -> Any:
        """Return scikit-learn's own estimator with these weights, see `MLPClassifier.to_sklearn`."""
        return to_sklearn(self, "MLPRegressor")
