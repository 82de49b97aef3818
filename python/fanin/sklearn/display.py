"""A picture of a fit, in the style of scikit-learn's displays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, which colour-blind people can distinguish
_TRAINING, _VALIDATION, _SCORE, _BEST = "#0072B2", "#D55E00", "#009E73", "#5f6368"


class FitDisplay:
    """The losses and the validation score of a fit, epoch by epoch.

    Use `FitDisplay.from_estimator` to make one of a fitted estimator, ours or scikit-learn's. A dotted line marks the
    best epoch: the one with the highest validation score, the lowest validation loss if there are no scores, or the
    lowest training loss.

    Parameters
    ----------
    loss_curve : list of float
        Training loss of each epoch.
    validation_loss_curve : list of float, optional
        Loss on the validation data. If it is shorter, it belongs to the last epochs, as after a warm start.
    validation_scores : list of float, optional
        Score on the validation data, on a second axis; the same holds for its length.
    estimator_name : str, optional
        Title of the plot.
    score_name : str
        Label of the scores.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the losses.
    figure_ : matplotlib Figure
        That of `ax_`.
    lines_ : list of matplotlib Line2D
        Training loss, then validation loss and validation score, as far as there are any.
    best_epoch_ : int
        The epoch that is marked, from 1.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from fanin.sklearn import FitDisplay, MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier(early_stopping=True, learning_rate_init=0.01, random_state=0).fit(X, y)
    >>> display = FitDisplay.from_estimator(model)
    >>> [line.get_label() for line in display.lines_]
    ['Training loss', 'Validation loss', 'Validation accuracy']
    """

    def __init__(
        self,
        *,
        loss_curve: Sequence[float],
        validation_loss_curve: Sequence[float] | None = None,
        validation_scores: Sequence[float] | None = None,
        score_name: str = "Validation score",
        estimator_name: str | None = None,
    ) -> None:
        self.loss_curve = loss_curve
        self.validation_loss_curve = validation_loss_curve
        self.validation_scores = validation_scores
        self.score_name = score_name
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        ax: Axes | None = None,
        log_scale: bool = False,
        line_kw: Mapping[str, Any] | None = None,
    ) -> FitDisplay:
        """Plot the fit of an estimator.

        Parameters
        ----------
        estimator : MLPClassifier or MLPRegressor
            Fitted with the solver "sgd" or "adam".
        ax, log_scale, line_kw
            As in `plot`.

        Returns
        -------
        FitDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        ValueError
            If it has no `loss_curve_`, as after a fit with the solver "lbfgs".
        ImportError
            If matplotlib is not installed.
        """
        check_is_fitted(estimator)
        name = type(estimator).__name__
        if not getattr(estimator, "loss_curve_", None):
            raise ValueError(
                f"estimator: expected one fitted with the solver 'sgd' or 'adam', got a {name} without loss_curve_"
            )
        display = cls(
            loss_curve=estimator.loss_curve_,
            validation_loss_curve=getattr(estimator, "validation_loss_curve_", None),
            validation_scores=getattr(estimator, "validation_scores_", None),
            score_name=f"Validation {'accuracy' if hasattr(estimator, 'classes_') else 'R²'}",
            estimator_name=name,
        )
        return display.plot(ax, log_scale=log_scale, line_kw=line_kw)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        log_scale: bool = False,
        line_kw: Mapping[str, Any] | None = None,
    ) -> FitDisplay:
        """Plot the curves.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to plot on; a new figure by default.
        log_scale : bool
            Show losses on a logarithmic scale.
        line_kw : dict, optional
            Keyword arguments of the lines, for matplotlib's ``plot``.

        Returns
        -------
        FitDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = _axes(type(self).__name__) if ax is None else ax
        last = len(self.loss_curve)
        self.lines_: list[Any] = []

        def draw(axes: Any, curve: Sequence[float] | None, label: str, colour: str) -> None:
            if curve:
                style = {"color": colour, "label": label, **(line_kw or {})}
                self.lines_ += axes.plot(range(last - len(curve) + 1, last + 1), curve, **style)

        draw(ax, self.loss_curve, "Training loss", _TRAINING)
        draw(ax, self.validation_loss_curve, "Validation loss", _VALIDATION)
        right = ax.twinx() if self.validation_scores else None
        if right is not None:
            right.set_ylabel(self.score_name)
            draw(right, self.validation_scores, self.score_name, _SCORE)
        self.best_epoch_ = self._best_epoch()
        best = ax.axvline(
            self.best_epoch_, color=_BEST, linestyle=":", label=f"Best epoch: {self.best_epoch_}"
        )
        ax.set(
            xlabel="Epoch", ylabel="Loss", yscale="log" if log_scale else "linear", title=self.estimator_name
        )
        top: Any = ax if right is None else right
        top.legend(handles=[*self.lines_, best], loc="center right")  # over all lines
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _best_epoch(self) -> int:
        """Return the epoch, from 1, at which the decisive curve is best."""
        last = len(self.loss_curve)
        if self.validation_scores:
            decisive = -np.asarray(self.validation_scores)
        else:
            decisive = np.asarray(self.validation_loss_curve or self.loss_curve)
        return last - len(decisive) + 1 + int(np.argmin(np.where(np.isnan(decisive), np.inf, decisive)))


def _axes(name: str) -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            f'{name}: needs matplotlib, which cannot be imported; install it with pip install "fanin[plot]"'
        ) from error
    return pyplot.subplots(layout="constrained")[1]
