"""Autoencoder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted

from fanin.export.onnx.estimators import save_autoencoder
from fanin.export.onnx.versions import OPSET
from fanin.sklearn.bottleneck import Bottleneck
from fanin.sklearn.data import Data, split
from fanin.sklearn.parameters import OF_AUTOENCODER, check_parameters, keep
from fanin.sklearn.reconstruction import TYPES, Reconstruction
from fanin.sklearn.start import hidden_sizes
from fanin.sklearn.threads import limited

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike, NDArray

    from fanin.layers import ActivationName
    from fanin.optim import Rule, Solver
    from fanin.storage import Path


class Autoencoder(ClassNamePrefixFeaturesOutMixin, Reconstruction, BaseEstimator):  # type: ignore[misc]
    """Codes of a few numbers from which a network reconstructs the rows: PCA with curved axes.

    An encoder c maps a row x to its code, and a decoder d maps the code back. Both are trained together to minimize the
    mean of ``|x - d(c(x))|^2 / 2`` (Hinton and Salakhutdinov 2006). Without hidden layers the best codes span what the
    first principal components span (Baldi and Hornik 1989).

    Inside, the rows are centred, and divided by one number, the root of the mean variance of the columns. So learning
    rates suit any unit, and columns are weighted by their variances, as in PCA: for columns in different units, put a
    `StandardScaler` before.

    Parameters
    ----------
    n_components : int
        Numbers in a code.
    hidden_layer_sizes : int or sequence of int
        Units of the encoder's hidden layers; those of the decoder mirror them. ``()``: none.
    activation, code_activation : str
        Of the hidden layers, and of the codes: see `fanin.Activation`.
    loss : {"squared_error", "absolute_error", "logistic"}
        "logistic" is the cross-entropy, for values between 0 and 1 such as pixels; reconstructions are between 0 and 1,
        too.
    tied : bool
        Whether the decoder has the encoder's weights, transposed, and only biases of its own: see `fanin.Tied`.
    noise : float in [0, 1)
        Above 0, a denoising autoencoder (Vincent et al. 2008): in training, each input becomes the mean of its column
        with this probability, and the row is to be reconstructed without the noise. The others are divided by
        ``1 - noise``: see `fanin.Dropout`.
    solver : {"adam", "lbfgs"}, Rule or Solver
        "adam" is `fanin.optim.AdamW` with a rate that falls from `learning_rate_init` to 0, along half a cosine wave;
        "lbfgs" is `fanin.optim.LBFGS`, on all rows at once, for small data and few units. Or a rule or a solver of
        `fanin.optim`.
    learning_rate_init : float
        Of "adam".
    batch_size : int or "auto"
        Rows per step of a rule; "auto" is a hundredth of them, but at least 32 and at most 256.
    max_iter : int
        Epochs, or iterations of a solver.
    early_stopping, validation_fraction, n_iter_no_change, tol : bool, float, int, float
        Hold out this fraction of the rows (or use `X_val`), stop when their loss has not improved by `tol` for
        n_iter_no_change epochs, and keep the best epoch's weights.
    random_state : int, RandomState or None
        Of the initial weights, noise, the order of rows, and the rows held out.
    verbose : bool or int
        Show progress, epoch by epoch.
    dtype : {"float32", "float64"}, optional
        Convert X to this type, which is also that of the arithmetic. By default it is X's, float64 if that is neither.
    n_jobs : int, optional
        Most threads; without it, the limit of `fanin.set_num_threads`.
    max_time : float, optional
        End the fit after so many seconds; the rate of "adam" then falls within this time.

    Attributes
    ----------
    encoder_, decoder_ : fanin.Network
        From rows to codes, and from codes to rows, both in the units of X; ``encoder_.save(path)`` writes a file that
        C++ reads, too.
    history_ : fanin.History
        Loss and, with validation rows, "val_loss" by epoch; of centred and divided rows unless the loss is "logistic".
    n_iter_ : int
        Epochs, or iterations of a solver.
    n_features_in_, feature_names_in_ : int, array of str
        Columns of X, and their names if X was a frame with names.

    Examples
    --------
    >>> import numpy as np
    >>> from fanin.sklearn import Autoencoder
    >>> angle = np.random.default_rng(0).uniform(-2, 2, size=1000)
    >>> X = np.column_stack([np.sin(angle), np.cos(angle)])
    >>> model = Autoencoder(n_components=1, hidden_layer_sizes=(32,), activation="tanh", random_state=0).fit(X)
    >>> model.transform(X).shape
    (1000, 1)
    >>> bool(abs(model.reconstruct([[0.0, 1.0]]) - [[0.0, 1.0]]).max() < 0.1)
    True
    >>> bool(model.score_samples([[0.0, 1.0]]) > -0.01 > model.score_samples([[0.0, 0.0]]))
    True
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        hidden_layer_sizes: Iterable[int] | int = (100,),
        activation: ActivationName = "relu",
        code_activation: ActivationName = "identity",
        loss: Literal["squared_error", "absolute_error", "logistic"] = "squared_error",
        tied: bool = False,
        noise: float = 0.0,
        solver: Literal["adam", "lbfgs"] | Rule | Solver = "adam",
        learning_rate_init: float = 0.002,
        batch_size: int | Literal["auto"] = "auto",
        max_iter: int = 200,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: float = 10,
        tol: float = 1e-4,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | int = False,
        dtype: Literal["float32", "float64"] | None = None,
        n_jobs: int | None = None,
        max_time: float | None = None,
    ) -> None:
        keep(self, locals())

    def fit(self, X: ArrayLike, y: Any = None, *, X_val: ArrayLike | None = None) -> Self:
        """Train encoder and decoder.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
            Rows.
        y
            Ignored.
        X_val : array or frame of shape (n_validation, n_features), optional
            Validation rows, whose loss is in `history_`; `early_stopping` uses them in the place of held out ones.

        Returns
        -------
        self : the estimator

        Raises
        ------
        ValueError
            For invalid data or parameters.
        """
        check_parameters(self, OF_AUTOENCODER)
        hidden = hidden_sizes(self.hidden_layer_sizes)
        rows = self._learnable("X", self._rows(X, reset=True, ensure_min_samples=2))
        held = None if X_val is None else self._learnable("X_val", self._rows(X_val))
        random = check_random_state(self.random_state)
        seed = int(random.randint(2**31))
        if self.early_stopping and held is None:
            data = Data(rows, rows, None, rows.shape[1])
            train, rest = split(data, self.validation_fraction, random, stratified=False)
            rows, held = rows[train], rows[rest]
        bottleneck = Bottleneck(self, [rows.shape[1], *hidden, int(self.n_components)], rows, seed)
        with limited(self.n_jobs):
            self.history_ = bottleneck.fit(rows, held)
        self.encoder_, self.decoder_ = bottleneck.encoder(), bottleneck.decoder()
        self.n_iter_ = len(self.history_.loss)
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return the codes of rows.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        array of shape (n_samples, n_components)
        """
        check_is_fitted(self)
        with limited(self.n_jobs):
            codes: NDArray[Any] = self.encoder_.predict(self._rows(X))
        return codes

    def inverse_transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return the rows that the decoder makes of codes.

        Parameters
        ----------
        X : array of shape (n_samples, n_components)
            Codes, such as those of `transform`.

        Returns
        -------
        array of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        codes = check_array(X, dtype=TYPES, input_name="X", estimator=self)
        if codes.shape[1] != self._n_features_out:
            raise ValueError(f"X: expected codes of {self._n_features_out} numbers, got {codes.shape[1]}")
        with limited(self.n_jobs):
            rows: NDArray[Any] = self.decoder_.predict(codes)
        return rows

    def to_onnx(self, path: Path, *, opset: int = OPSET) -> None:
        """Write encoder and decoder as one ONNX model; it needs onnx.

        Its input is "X", (rows, n_features), in float64. Its outputs are "codes", what `transform` returns, (rows,
        n_components), and "reconstruction", what `reconstruct` returns, (rows, n_features). `encoder_` and `decoder_`
        can be written separately, too.

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
        save_autoencoder(self.encoder_, self.decoder_, path, opset, repr(self))

    @property
    def _n_features_out(self) -> int:
        return int(self.encoder_.n_outputs)

    def _learnable(self, name: str, X: Any) -> Any:
        """Return the rows; raise ValueError if the loss does not allow their values."""
        if self.loss == "logistic" and (wrong := (X < 0) | (X > 1)).any():
            row, column = np.argwhere(wrong)[0]
            needed = "loss='logistic' needs values between 0 and 1"
            raise ValueError(f"{name}: row {row}, column {column} is {X[row, column]:g}; {needed}")
        return X

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags (from 1.6 on)."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _more_tags(self) -> dict[str, Any]:
        """Return scikit-learn's tags (before 1.6)."""
        return {"preserves_dtype": [np.float64, np.float32]}
