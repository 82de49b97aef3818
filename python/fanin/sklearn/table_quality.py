"""How good predictions of rows are: measures with confidence intervals, and calibration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import brier_score_loss, r2_score, roc_auc_score

from fanin.losses import Logistic, Loss, Quantile, SoftmaxCrossEntropy, SquaredError
from fanin.tables.scores import evidence, row_losses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]

_BINS = 10  # of predicted probabilities
_NORMAL = 1.96  # standard errors on each side of a mean that cover 95 %
_NAMES = {"absolute_error": "MAE", "huber": "Huber loss", "quantile": "pinball loss"}


@dataclass(frozen=True)
class Measure:
    """A measure of predictions: its name, its value, and its 95 % confidence interval, if it has one."""

    name: str
    value: float
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Reliability:
    """Whether probabilities are what they say: in ten groups of equally many rows, from the lowest to the highest.

    Of two classes, these are the probabilities of the second one; of more, those of the predicted class.

    Attributes
    ----------
    predicted, found : tuple of float
        The mean probability in each group, and the share of its rows for which it came true.
    error : float
        The expected calibration error: the mean over rows of the distance of the two in their group.
    """

    predicted: tuple[float, ...]
    found: tuple[float, ...]
    error: float


@dataclass(frozen=True)
class Quality:
    """How good predictions are.

    Attributes
    ----------
    origin : str
        Which rows were predicted: "out of fold", "held out for the choice", "validation rows", "training
        rows" or "given rows".
    rows : int
    weighted : bool
    measures : tuple of Measure
        The loss of the fit first. Intervals are those of a mean over rows in normal approximation.
    reliability : Reliability or None
        Of classes; of several labels of a row, all of them together.
    slopes : tuple of float
        Of numbers: of the targets as a linear function of the predictions, for each target; 1 if calibrated.
    covered : tuple of float
        Of each quantile: the share of targets at or below it.
    """

    origin: str
    rows: int
    weighted: bool
    measures: tuple[Measure, ...]
    reliability: Reliability | None = None
    slopes: tuple[float, ...] = ()
    covered: tuple[float, ...] = ()


def quality_of_classes(y: NDArray[Any], predicted: Float, weight: Float | None, origin: str) -> Quality:
    """Return the quality of probabilities, (n, classes), for labels 0, 1, ..."""
    losses = row_losses(SoftmaxCrossEntropy(), y, evidence(SoftmaxCrossEntropy(), y, predicted))
    right = predicted.argmax(axis=1) == y
    measures = [_mean("log-loss", losses, weight), _share("accuracy", right, weight)]
    probability, true = predicted.max(axis=1), right
    if predicted.shape[1] == 2:
        probability, true = predicted[:, 1], y == 1
        if 0 < np.count_nonzero(true) < len(true):
            area = roc_auc_score(true, probability, sample_weight=weight)
            measures.append(Measure("ROC AUC", float(area)))
        brier = brier_score_loss(true, probability, sample_weight=weight, pos_label=True)
        measures.append(Measure("Brier score", float(brier)))
    return Quality(
        origin, len(y), weight is not None, tuple(measures), _reliability(true, probability, weight)
    )


def quality_of_labels(y: NDArray[Any], predicted: Float, weight: Float | None, origin: str) -> Quality:
    """Return the quality of probabilities, (n, labels), for an indicator matrix; all but one are means over labels."""
    labels = y.shape[1]
    losses = row_losses(Logistic(), y, evidence(Logistic(), y, predicted)) / labels
    right = (predicted > 0.5) == (y == 1)
    measures = [
        _mean("log-loss", losses, weight),
        _share("accuracy", right.mean(axis=1), weight),
        _share("all labels right", right.all(axis=1), weight),
    ]
    if len(mixed := [column for column in range(labels) if len(np.unique(y[:, column])) > 1]):
        areas = [roc_auc_score(y[:, j], predicted[:, j], sample_weight=weight) for j in mixed]
        measures.append(Measure("ROC AUC", float(np.mean(areas))))
    repeated = None if weight is None else np.repeat(weight, labels)
    reliability = _reliability(y.ravel() == 1, predicted.ravel(), repeated)
    return Quality(origin, len(y), weight is not None, tuple(measures), reliability)


def quality_of_numbers(
    loss: Loss, y: NDArray[Any], predicted: Float, weight: Float | None, origin: str
) -> Quality:
    """Return the quality of predicted numbers, (n,) or (n, outputs), for a loss in their units."""
    y, predicted = y.reshape(len(y), -1), predicted.reshape(len(y), -1)
    if isinstance(loss, Quantile):
        shares = np.average(y <= predicted, axis=0, weights=weight)
        pinball = _mean(*_of_loss(loss, y, predicted), weight)
        return Quality(origin, len(y), weight is not None, (pinball,), covered=tuple(map(float, shares)))
    difference = y - predicted
    square = _mean("RMSE", (difference**2).mean(axis=1), weight)
    low, high = np.sqrt(square.interval or (np.nan, np.nan))
    measures = [Measure("RMSE", float(np.sqrt(square.value)), (float(low), float(high)))]
    if len(y) > 1:
        measures.append(Measure("R2", float(r2_score(y, predicted, sample_weight=weight))))
    if not isinstance(loss, SquaredError):
        measures.insert(0, _mean(*_of_loss(loss, y, predicted), weight))
    slopes = tuple(_slope(*pair, weight) for pair in zip(y.T, predicted.T, strict=True))
    return Quality(origin, len(y), weight is not None, tuple(measures), slopes=slopes)


def _of_loss(loss: Loss, y: Float, predicted: Float) -> tuple[str, Float]:
    """Return the name and the rows of a loss; of poisson and gamma, the deviance, as scikit-learn reports it."""
    losses = row_losses(loss, y, predicted)
    if isinstance(loss, Quantile):
        losses = losses / predicted.shape[1]
    if loss.name in _NAMES:
        return _NAMES[loss.name], losses
    return f"{loss.name.capitalize()} deviance", 2 * (losses - row_losses(loss, y, y))


def _mean(name: str, values: Float, weight: Float | None) -> Measure:
    weight = np.ones(len(values)) if weight is None else weight
    mean = np.average(values, weights=weight)
    margin = _NORMAL * np.sqrt(np.sum((weight * (values - mean)) ** 2)) / np.sum(weight)
    low = max(mean - margin, 0.0)  # as all of them are at least 0
    return Measure(name, float(mean), (float(low), float(mean + margin)))


def _share(name: str, right: NDArray[Any], weight: Float | None) -> Measure:
    """Return the share of what is right, which is at most 1."""
    share = _mean(name, right.astype(float), weight)
    low, high = share.interval or (0.0, 1.0)
    return replace(share, interval=(low, min(high, 1.0)))


def _reliability(true: NDArray[np.bool_], probability: Float, weight: Float | None) -> Reliability:
    """Return the reliability; scikit-learn's calibration_curve has no weights, and not the size of each group."""
    groups = np.array_split(np.argsort(probability, kind="stable"), min(_BINS, len(true)))
    weight = np.ones(len(true)) if weight is None else weight
    sizes = [weight[group].sum() for group in groups]
    predicted = [float(np.average(probability[group], weights=weight[group])) for group in groups]
    found = [float(np.average(true[group], weights=weight[group])) for group in groups]
    error = np.average(np.abs(np.subtract(predicted, found)), weights=sizes)
    return Reliability(tuple(predicted), tuple(found), float(error))


def _slope(y: Float, predicted: Float, weight: Float | None) -> float:
    covariance = np.cov(predicted, y, aweights=weight, ddof=0)
    return float(covariance[0, 1] / covariance[0, 0]) if covariance[0, 0] > 0 else 1.0  # a constant
