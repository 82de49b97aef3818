"""The reconstructions of an autoencoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from fanin.sklearn.compatibility import validated
from fanin.sklearn.threads import limited

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from fanin.network import Network

TYPES = (np.float64, np.float32)


class Reconstruction(TransformerMixin):  # type: ignore[misc]
    """The part of Autoencoder that encodes rows and decodes them again."""

    dtype: DTypeLike | None
    n_jobs: int | None
    encoder_: Network
    decoder_: Network

    def reconstruct(self, X: ArrayLike) -> NDArray[Any]:
        """Return rows, encoded and decoded.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        array of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        return self._reconstructed(self._rows(X))

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return how normal each row is: ``-|x - d(c(x))|^2``, at most 0.

        Rows unlike those of the fit are reconstructed badly, and get the lowest scores.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        array of shape (n_samples,)

        Examples
        --------
        >>> import numpy as np
        >>> from fanin.sklearn import Autoencoder
        >>> X = np.outer(np.linspace(-1, 1, 200), [1.0, 2.0])
        >>> model = Autoencoder(1, hidden_layer_sizes=(), random_state=0, solver="lbfgs").fit(X)
        >>> on, off = model.score_samples([[0.5, 1.0], [1.0, -0.5]])
        >>> bool(on > -0.01 > off)
        True
        """
        check_is_fitted(self)
        rows: NDArray[Any] = self._rows(X)
        scores: NDArray[np.float64] = -np.square(rows - self._reconstructed(rows)).sum(
            axis=1, dtype=np.float64
        )
        return scores

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Return the mean of `score_samples`, for searches of parameters.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
            Rows.
        y
            Ignored.

        Returns
        -------
        float
        """
        return float(self.score_samples(X).mean())

    def _reconstructed(self, rows: Any) -> NDArray[Any]:
        with limited(self.n_jobs):
            reconstructed: NDArray[Any] = self.decoder_.predict(self.encoder_.predict(rows))
        return reconstructed

    def _rows(self, X: Any, *, reset: bool = False, **checks: Any) -> Any:
        kinds = TYPES if self.dtype is None else np.dtype(self.dtype)
        return validated(self, X, reset=reset, dtype=kinds, **checks)
