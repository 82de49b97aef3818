"""MLPRegressor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from fanin.sklearn.base import Perceptron, is_stochastic
from fanin.sklearn.conversion import to_sklearn
from fanin.sklearn.data import Data, checked_numbers
from fanin.sklearn.parameters import OF_REGRESSOR, check_parameters

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike, NDArray


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
        See above. (scikit-learn has it from 1.7 on.)
    hidden_layer_sizes : int or sequence of int
        Number of units of each hidden layer.
    activation : {"identity", "logistic", "tanh", "relu"}
        Of the hidden layers.
    solver : {"adam", "sgd", "lbfgs"}
        "lbfgs" is SciPy's L-BFGS-B on all samples at once, in float64; it has no `partial_fit` and no early stopping.
    alpha : float
        Penalty on the weights, see above; biases have none.
    batch_size : int or "auto"
        "auto" is ``min(200, n_samples)``.
    learning_rate : {"constant", "invscaling", "adaptive"}
        For sgd: ``learning_rate_init``; ``learning_rate_init / (t + 1)^power_t`` after t samples; or divided by 5
        whenever patience runs out, until it is at most 1e-6.
    learning_rate_init, power_t : float
        See `learning_rate`; adam uses only the former.
    max_iter : int
        Most epochs, or iterations of lbfgs.
    shuffle : bool
        Whether to shuffle the samples before each epoch.
    random_state : int, RandomState or None
        Of the initial weights, the split and the order of samples, in this order.
    tol, n_iter_no_change : float, int or inf
        Patience runs out after more than n_iter_no_change epochs in a row in which the loss (with `early_stopping`, the
        score) did not improve by tol. tol is also the tolerance of the gradient for lbfgs.
    verbose : bool or int
        Print each epoch.
    warm_start : bool
        Whether another `fit` begins with the current weights; the update rule starts anew.
    momentum, nesterovs_momentum : float, bool
        Of sgd: ``v <- momentum v - rate g``, then ``w <- w + v``, or with Nesterov's ``w <- w + momentum v - rate g``.
    early_stopping, validation_fraction : bool, float
        Hold out this fraction of the samples (drawn at random), and keep the weights of the epoch with the
        best score on them.
    beta_1, beta_2, epsilon : float
        Of adam: ``w <- w - rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)``.
    max_fun : int
        Most evaluations of the loss for lbfgs.
    dtype : {"float32", "float64"}, optional
        Convert X to this type, which is also that of the arithmetic; float32 is about twice as fast. (Not in
        scikit-learn, like the parameters below.)
    n_jobs : int, optional
        Most threads of this estimator; without it, the limit of `fanin.set_num_threads`.
    max_time : float, optional
        End the fit after so many seconds, in the middle of an epoch if necessary.
    callbacks : list, optional
        Functions ``(estimator, epoch, logs)``, or objects with such a method `on_epoch_end`, called after each epoch;
        returning True stops the fit. `logs` has "loss", "learning_rate" and "seconds", and with validation data
        "val_loss" and "val_r2". They may predict, and read and write `coefs_` (lbfgs ignores changes).

    Attributes
    ----------
    coefs_, intercepts_ : list of array
        Weights (n_in, n_out) and biases (n_out,) of each layer. They are the model: assign them, even before a fit, or
        write into their arrays, and the next prediction, `partial_fit` or warm fit uses the new values.
    loss_, loss_curve_, best_loss_ : float, list of float, float or None
        Of the last epoch, of all epochs, and the lowest; None with `early_stopping`.
    validation_scores_, best_validation_score_ : list of float, float; or None
        R^2 on the validation data, and the best with `early_stopping`.
    validation_loss_curve_ : list of float or None
        The loss of the validation data, without the penalty.
    history_ : fanin.History
        Losses, scores, learning rates and seconds of the last fit, by epoch.
    learning_rate_ : float
        The rate that the next epoch of sgd or adam would have.
    n_iter_, t_ : int
        Number of epochs of the last fit, and of samples seen since weights were drawn.
    n_layers_, n_outputs_, out_activation_ : int, int, str
        Layers with inputs and outputs; outputs; "softmax", "logistic", "identity" or "exp".
    n_features_in_, feature_names_in_ : int, array of str
        Columns of X, and their names if X was a frame with names.

    Notes
    -----
    With the same `random_state` and float64 data the model is that of scikit-learn: same draws, same order of samples,
    same updates; loss and weights differ by rounding only. What differs: a batch whose sample weights are all 0 makes
    no step (scikit-learn divides by 0), and a momentum of 1 is the largest number below 1. Other threads may predict
    during a fit; they wait for the end of an epoch.

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
    ) -> None:
        self._keep(locals())

    def _learn_classes(self, y: Any, *, incremental: bool) -> None:
        """Do nothing: numbers have no classes."""

    def _check_classes(self, y: Any) -> None:
        """Do nothing."""

    def _data(self, X: Any, y: Any, weights: NDArray[Any] | None, *, incremental: bool = False) -> Data:
        y = checked_numbers(y, negative=self.loss != "poisson")
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
        return self._fit(X, y, sample_weight, (None, None, None), incremental=True)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the predicted targets, of shape (n_samples,) or (n_samples, n_outputs)."""
        return self._outputs(X)

    def to_sklearn(self) -> Any:
        """Return scikit-learn's own estimator with these weights, see `MLPClassifier.to_sklearn`."""
        return to_sklearn(self, "MLPRegressor")
