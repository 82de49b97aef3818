"""MLPClassifier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target, unique_labels
from sklearn.utils.validation import check_is_fitted

from fanin.export.onnx.estimators import save_classifier
from fanin.export.onnx.versions import OPSET
from fanin.sklearn.base import is_stochastic
from fanin.sklearn.class_labels import LabelledPerceptron
from fanin.sklearn.conversion import to_sklearn
from fanin.sklearn.parameters import OF_CLASSIFIER, check_parameters, keep
from fanin.sklearn.pause import Call

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike

    from fanin.storage import Path


class MLPClassifier(ClassifierMixin, LabelledPerceptron):  # type: ignore[misc]
    """scikit-learn's classifier, trained by fanin: the same parameters, results and messages, in less time.

    A network with soft-max outputs for several classes, logistic outputs for two classes or several labels per sample.
    It minimizes, batch by batch, with weights s_i of samples and classes, ``S = sum_i s_i`` and p the probabilities,

    ``E = -sum_i s_i sum_j y_ij log p_ij / S + alpha / 2 |W|^2 / S``

    (a logistic output adds ``(1 - y_ij) log(1 - p_ij)``). The reported loss clips p to [eps, 1 - eps].

    Parameters
    ----------
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
        Hold out this fraction of the samples (stratified for two classes), and keep the weights of the epoch with the
        best score on them.
    beta_1, beta_2, epsilon : float
        Of adam: ``w <- w - rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)``.
    max_fun : int
        Most evaluations of the loss for lbfgs.
    class_weight : dict or "balanced", optional
        Weight of each label, which multiplies the sample weights; "balanced" is ``n / (classes * count)``. (Not in
        scikit-learn, like the parameters below.)
    dtype : {"float32", "float64"}, optional
        Convert X to this type, which is also that of the arithmetic; float32 is about twice as fast.
    n_jobs : int, optional
        Most threads of this estimator; without it, the limit of `fanin.set_num_threads`.
    max_time : float, optional
        End the fit after so many seconds, in the middle of an epoch if necessary.
    callbacks : list, optional
        Functions ``(estimator, epoch, logs)``, or objects with such a method `on_epoch_end`, called after each epoch;
        returning True stops the fit. `logs` has "loss", "learning_rate" and "seconds", and with validation data
        "val_loss" and "val_accuracy". They may predict, and read and write `coefs_` (lbfgs ignores changes).
    linear_tail : float in [0, 1)
        The share of max_iter, at the end of a fit with sgd or adam, in which the rate falls linearly to 0, step by
        step: at least one epoch, unless it is 0. If patience runs out before, the tail follows at once, with this share
        of the epochs so far, within max_iter. A fit that ends with its tail gives no warning.
    diagnose : bool
        Watch `fit`, for at most 3 % of its time and with the same weights: `diagnosis_` says what is wrong with it.

    Attributes
    ----------
    coefs_, intercepts_ : list of array
        Weights (n_in, n_out) and biases (n_out,) of each layer. They are the model: assign them, even before a fit, or
        write into their arrays, and the next prediction, `partial_fit` or warm fit uses the new values.
    loss_, loss_curve_, best_loss_ : float, list of float, float or None
        Of the last epoch, of all epochs, and the lowest; None with `early_stopping`.
    validation_scores_, best_validation_score_ : list of float, float; or None
        The accuracy on the validation data, and the best with `early_stopping`.
    validation_loss_curve_ : list of float or None
        The loss of the validation data, without the penalty.
    history_ : fanin.History
        Losses, scores, learning rates and seconds of the last fit, by epoch.
    diagnosis_ : fanin.diagnose.Diagnosis
        After a `fit` with ``diagnose=True``, also one that raised an error; `partial_fit` has none, nor have trials of
        a search. Remedies are code for a `fanin.Network` like `diagnosis_.start`, with the labels 0, 1, ... as targets.
        Losses are without the penalty. Of lbfgs, layers are not watched.
    learning_rate_ : float
        The rate that the next epoch of sgd or adam would have.
    n_iter_, t_ : int
        Number of epochs of the last fit, and of samples seen since weights were drawn.
    n_layers_, n_outputs_, out_activation_ : int, int, str
        Layers with inputs and outputs; outputs; "softmax", "logistic", "identity" or "exp".
    n_features_in_, feature_names_in_ : int, array of str
        Columns of X, and their names if X was a frame with names.
    classes_ : array
        The labels, sorted.

    Notes
    -----
    With the same `random_state` and float64 data the model is that of scikit-learn: same draws, same order of samples,
    same updates; loss and weights differ by rounding only. What differs: a batch whose sample weights are all 0 makes
    no step (scikit-learn divides by 0), and a momentum of 1 is the largest number below 1. Other threads may predict
    during a fit; they wait for the end of an epoch.

    Examples
    --------
    >>> from fanin.sklearn import MLPClassifier
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = MLPClassifier(random_state=0, tol=0.01).fit(X / 16, y)
    >>> classifier.predict(X[:5] / 16)
    array([0, 1, 2, 3, 4])
    >>> bool(classifier.score(X / 16, y) > 0.95), [weights.shape for weights in classifier.coefs_]
    (True, [(64, 100), (100, 10)])
    """

    _allowed = OF_CLASSIFIER
    _numeric_targets: ClassVar[bool] = False
    loss = "log_loss"

    def __init__(
        self,
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
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        dtype: Literal["float32", "float64"] | None = None,
        n_jobs: int | None = None,
        max_time: float | None = None,
        callbacks: Iterable[Any] | None = None,
        linear_tail: float = 0.0,
        diagnose: bool = False,
    ) -> None:
        keep(self, locals())

    @available_if(is_stochastic)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch; the update rule continues from the last call.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : array of shape (n_classes,), optional
            All classes that y may ever have; the first call needs them, later ones may omit them.

        Returns
        -------
        self : the estimator

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from fanin.sklearn import MLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = MLPClassifier(learning_rate_init=0.01, random_state=0)
        >>> for _ in range(100):
        ...     model = model.partial_fit(X, y, classes=[0, 1, 2])
        >>> bool(model.score(X, y) > 0.9)
        True
        """
        check_parameters(self, self._allowed)
        known = getattr(self, "classes_", None)
        if known is None:
            if classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit.")
            self.classes_ = unique_labels(classes)
            several = type_of_target(y).startswith("multilabel")
            self._label_binarizer = LabelBinarizer().fit(y if several else classes)
        elif classes is not None and not np.array_equal(known, unique_labels(classes)):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {known!r}"
            )
        self._fit(X, y, sample_weight, (None, None, None), Call(1, incremental=True))
        return self

    def to_sklearn(self) -> Any:
        """Return scikit-learn's own fitted estimator with copies of these weights, for tools that know only that.

        Its fitted attributes are set, including the private one in which it keeps labels; a later `fit` or
        `partial_fit` of it begins with a new optimizer.

        Returns
        -------
        sklearn.neural_network.MLPClassifier
        """
        return to_sklearn(self, "MLPClassifier")

    def to_onnx(self, path: Path, *, opset: int = OPSET) -> None:
        """Write the classifier as an ONNX model; it needs onnx.

        Its input is "X", (rows, n_features), in the type of the weights. Its outputs are "label", what `predict`
        returns, as text, int64, float64 or booleans, and "probabilities", what `predict_proba` returns, (rows,
        n_classes), in the type of "X".

        Parameters
        ----------
        path : str, bytes or path
            By convention, it ends in ".onnx".
        opset : int
            As in `fanin.Network.to_onnx`.

        Raises
        ------
        ImportError, ValueError, TypeError, OSError
            As in `fanin.Network.to_onnx`, and for classes other than text, numbers or booleans.
        """
        check_is_fitted(self)
        several = self._form.output == "logistic" and len(self.intercepts_[-1]) > 1
        save_classifier(self._network(), path, opset, None if several else self.classes_, repr(self))

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags (from 1.6 on)."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _more_tags(self) -> dict[str, bool]:
        """Return scikit-learn's tags (before 1.6)."""
        return {"multilabel": True}
