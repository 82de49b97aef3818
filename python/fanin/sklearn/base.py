"""What MLPClassifier and MLPRegressor have in common: fit, partial_fit, prediction and weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from fanin.network import Network
from fanin.sklearn.compatibility import validated
from fanin.sklearn.data import Data, checked_weights, raveled, readable, split
from fanin.sklearn.fitting import train
from fanin.sklearn.notices import CHECKING
from fanin.sklearn.optimizer import Optimizer
from fanin.sklearn.parameters import Allowed, check_parameters
from fanin.sklearn.pause import Call, Pause
from fanin.sklearn.start import hidden_sizes, initial_arrays
from fanin.sklearn.stochastic import first_progress
from fanin.sklearn.tasks import CallbackSupportMixin, Tasks, with_callbacks
from fanin.sklearn.threads import limited
from fanin.sklearn.watching import Diagnosed
from fanin.sklearn.weights import Form, Weights

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike, NDArray

_Targets = tuple[Any, Any, Any]  # X_val, y_val, sample_weight_val


def is_stochastic(estimator: Any) -> bool:
    """Return True if the solver trains in epochs; else raise AttributeError, which hides `partial_fit`."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
        )
    return True


class Perceptron(Diagnosed, CallbackSupportMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """The base class of both estimators."""

    _allowed: ClassVar[Mapping[str, tuple[Allowed, ...]]]
    _numeric_targets: ClassVar[bool]
    _weights: Weights | None = None
    _optimizer: Optimizer | None = None

    @abstractmethod
    def __init__(self) -> None:
        """Keep the parameters."""

    @abstractmethod
    def _learn_classes(self, y: Any, *, incremental: bool) -> None:
        """Note the classes in y, or check them."""

    @abstractmethod
    def _check_classes(self, y: Any) -> None:
        """Raise ValueError if y has unknown classes."""

    @abstractmethod
    def _data(self, X: Any, y: Any, weights: Any, *, incremental: bool = False) -> Data:
        """Return what the core trains on."""

    @abstractmethod
    def _output_activation(self) -> str:
        """Return the activation of the outputs."""

    @with_callbacks  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train the network; with `warm_start`, from the current weights.

        Parameters
        ----------
        X : array, frame or sparse matrix of shape (n_samples, n_features)
            float32 or float64, which is also the type of all arithmetic; anything else is converted to float64.
        y : array of shape (n_samples,) or (n_samples, n_outputs)
            Labels of any type, an indicator matrix of labels, or numbers.
        sample_weight : array of shape (n_samples,), optional
            The loss of a batch is the weighted mean over its samples. A batch without weight makes no step.
        X_val, y_val, sample_weight_val : optional
            Validation data: `validation_loss_curve_` and `validation_scores_` are recorded after each epoch, and
            `early_stopping` uses them instead of splitting off a part of X. Both X_val and y_val or neither.

        Returns
        -------
        self : the estimator

        Raises
        ------
        ValueError
            For invalid data or parameters, and if weights became infinite or NaN.
        """
        self._fit_until(X, y, sample_weight, (X_val, y_val, sample_weight_val))
        return self

    def _fit_until(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        validation: _Targets = (None, None, None),
        *,
        epochs: int | None = None,
        pause: Pause | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Pause:
        """Train until `epochs` epochs of a fit are done, or to its end; return what the next call needs to resume.

        However often a fit pauses, the model is that of one `fit`, bit for bit, as long as the data and the parameters
        are the same. Only `max_iter` may change: epochs before the end of the fit do not depend on it.

        Parameters
        ----------
        X, y, sample_weight, validation
            As in `fit`, the last one its three arguments; the same at each call.
        epochs : int, optional
            Pause after so many epochs, all before the linear tail; by default, train to the end, tail included. The
            solver lbfgs does not pause: each call is a whole fit.
        pause : Pause, optional
            What the last call returned; it is changed and returned again. Without it, the fit starts.
        stop : callable, optional
            Asked before each epoch; True raises `AbandonedError`. After any exception, neither this estimator nor its
            pause can resume.

        Raises
        ------
        ValueError
            As in `fit`; at a pause, if weights are infinite or NaN, also with early stopping, which in `fit` would
            restore the best ones.
        """
        check_parameters(self, self._allowed)
        if self.solver == "lbfgs":
            epochs = pause = None
        call = Call(epochs, resumes=pause is not None, stop=stop)
        return self._fit(X, y, sample_weight, validation, call, pause)

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, validation: _Targets, call: Call, pause: Pause | None = None
    ) -> Pause:
        with CHECKING:
            hidden = hidden_sizes(self.hidden_layer_sizes)
            if call.incremental and self.early_stopping:
                raise ValueError("partial_fit does not support early_stopping=True")
            first = pause is None and (self._weights is None or not (self.warm_start or call.incremental))
            X, y = self._validated(X, y, reset=first)
            self._learn_classes(y, incremental=call.incremental)
            tasks = Tasks(self, X, y, called=call.is_whole_fit)
            data = self._data(X, y, checked_weights(sample_weight, X.shape[0]), incremental=call.incremental)
            held = self._validation_data(*validation, y.shape[1:])
            if pause is None:
                pause = Pause(check_random_state(self.random_state), data.rows)
                if first:
                    self._begin([X.shape[1], *hidden, data.outputs], pause.random, X.dtype)
                elif not all(hasattr(self, name) for name in ("t_", "loss_curve_")):
                    self._fill_in()
                if held is None and self.early_stopping and self.solver != "lbfgs":
                    stratified = not self._numeric_targets and data.outputs == 1
                    pause.split = split(data, self.validation_fraction, pause.random, stratified)
            pause.check_rows(data.rows)
            if pause.split is not None:
                data, held = map(data.at, pause.split)
        with limited(self.n_jobs):
            train(self, data, held, tasks, call, pause, first=first)
        return pause

    def _validated(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, Any]:
        """Return X and y after scikit-learn's checks; `reset` sets the number of columns and their names."""
        X, y = validated(
            self,
            X,
            y,
            reset=reset,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=self._numeric_targets,
            dtype=(np.float64, np.float32) if self.dtype is None else np.dtype(self.dtype),
        )
        return readable(X), raveled(y)

    def _validation_data(self, X: Any, y: Any, sample_weight: Any, columns: tuple[int, ...]) -> Data | None:
        if X is None and y is None and sample_weight is None:
            return None
        if X is None or y is None:
            given = [name for name, value in (("X_val", X), ("y_val", y)) if value is not None]
            raise ValueError(
                f"X_val, y_val: expected both or neither, got {' and '.join(given) or 'only weights'}"
            )
        X, y = self._validated(X, y, reset=False)
        if y.shape[1:] != columns:
            raise ValueError(f"y_val: expected shape {(len(y), *columns)}, as y has, got {y.shape}")
        self._check_classes(y)
        return self._data(X, y, checked_weights(sample_weight, X.shape[0], "sample_weight_val"))

    def _begin(self, sizes: list[int], random: np.random.RandomState, dtype: np.dtype[Any]) -> None:
        """Draw initial weights and forget everything learned before."""
        self.n_iter_ = self.t_ = 0
        self.n_layers_, self.n_outputs_ = len(sizes), sizes[-1]
        self.out_activation_ = self._output_activation()
        arrays = initial_arrays(random, sizes, self.activation, dtype)
        self._weights, self._optimizer = Weights(arrays, self._form), None
        if self.solver != "lbfgs":
            self.__dict__.update(first_progress(self.early_stopping))

    def _fill_in(self) -> None:
        """Set what is missing of the attributes of a fit, if weights were assigned or the solver has changed."""
        missing = {
            "n_iter_": 0,
            "t_": 0,
            "n_layers_": len(self.coefs_) + 1,
            "n_outputs_": len(self.intercepts_[-1]),
            "n_features_in_": len(self.coefs_[0]),
            "out_activation_": self._form.output,
        }
        if self.solver != "lbfgs":
            missing |= first_progress(self.early_stopping)
        self.__dict__.update({name: value for name, value in missing.items() if not hasattr(self, name)})

    @property
    def _form(self) -> Form:
        return Form(self.activation, getattr(self, "out_activation_", None) or self._output_activation())

    def _outputs(self, X: Any) -> NDArray[Any]:
        """Return the outputs of the network, of shape (n_samples,) if there is one."""
        if type(X) is np.ndarray and X.ndim == 2 and len(X) > 0 and "feature_names_in_" not in self.__dict__:
            # a fast path, because one row takes only microseconds; if it fails, the checks below say why
            try:
                return self._predicted(X)
            except (AttributeError, TypeError, ValueError):
                pass
        check_is_fitted(self)
        return self._predicted(validated(self, X, reset=False, accept_sparse=["csr", "csc"]))

    def _predicted(self, X: Any) -> NDArray[Any]:
        if self._weights is None:
            raise AttributeError("there are no weights")
        if self.n_jobs is None:
            outputs = self._weights.predict(self._form, readable(X))
        else:
            with limited(self.n_jobs):
                outputs = self._weights.predict(self._form, readable(X))
        return outputs if outputs.dtype == X.dtype else outputs.astype(np.result_type(outputs, X))

    def _network(self) -> Network:
        """Return a network with the current weights."""
        assert self._weights is not None
        return Network._of_core(self._weights.network(self._form))

    @property
    def coefs_(self) -> list[NDArray[Any]]:
        """The weights of each layer, (n_in, n_out); may be assigned, also before a fit, and changed in place."""
        return self._shown("coefs_")

    @coefs_.setter
    def coefs_(self, arrays: list[NDArray[Any]]) -> None:
        self._assign("coefs_", arrays)

    @property
    def intercepts_(self) -> list[NDArray[Any]]:
        """The biases of each layer, (n_out,); may be assigned and changed in place, too."""
        return self._shown("intercepts_")

    @intercepts_.setter
    def intercepts_(self, arrays: list[NDArray[Any]]) -> None:
        self._assign("intercepts_", arrays)

    def _shown(self, name: str) -> list[Any]:
        if self._weights is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self._weights.shown(name)

    def _assign(self, name: str, arrays: Any) -> None:
        if self._weights is None:
            self._weights = Weights()
        self._weights.assign(name, arrays)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether there are weights."""
        return self._weights is not None

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags (from 1.6 on)."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
