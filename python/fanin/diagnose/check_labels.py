"""Checks of the targets: wrong labels, rare classes, numbers of rows, and no relation to the inputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.diagnose.finding import Finding
from fanin.diagnose.folds import OutOfFold
from fanin.diagnose.remedy import Remedy
from fanin.diagnose.samples import Samples, classes_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network

    Classes = NDArray[np.int32]
    Float = NDArray[np.float64]

_NOISE = 0.03
_SUREST = 0.2
_SURE_ROWS = 100
_SURE_SHARE = 2 / 3
_RARE = 0.1
_RECALL = 0.3
_GAIN = 0.01  # over constant outputs, in baselines
_CHANCE = 5.0  # over the rows: what the choice of an epoch gains by chance
_ID_ROWS = 20
_DIFFERENT = 0.95  # share of targets that are different, of a number of the row
_LABELS = 0.5  # share of labels that are different


def no_signal(samples: Samples, found: OutOfFold) -> Iterator[Finding]:
    """Find that new rows are predicted no better than by constants.

    Predictions with a correlation with the targets above ``3 / sqrt(rows)`` are no better for another reason, such as
    overfitting.
    """
    size = abs(found.baseline)
    gain = found.baseline - found.loss
    least = _GAIN + _CHANCE / len(found.outputs)
    if gain >= least * size or _related(samples, found):
        return
    yield Finding(
        "no_signal",
        f"small networks predict rows that they were not trained on no better than the best constant does: loss "
        f"{found.loss:.3g}, of the constant {found.baseline:.3g}, of rows trained on {found.training_loss:.3g}",
        number=gain / size,
        threshold=least,
    )


def _related(samples: Samples, found: OutOfFold) -> bool:
    """Return whether an output is correlated with its target beyond chance."""
    outputs, targets = found.outputs, samples.y[found.rows]
    if samples.classes is not None:
        outputs = probabilities_of(outputs)
        targets = np.eye(outputs.shape[1])[samples.classes[found.rows]]
    with np.errstate(divide="ignore", invalid="ignore"):
        pairs = zip(outputs.T, targets.reshape(len(outputs), -1).T, strict=True)
        related = [np.corrcoef(output, target)[0, 1] for output, target in pairs]
    return bool(np.nanmax([0.0, *related]) > 3 / np.sqrt(len(outputs)))


def label_noise(samples: Samples, found: OutOfFold) -> Iterator[Finding]:
    """Find labels that are confidently predicted to be others (confident learning; Northcutt et al. 2021).

    A class's threshold is the mean probability of that class in its rows. A row is suspect if the most probable class
    above its threshold is not its label. Classes that overlap have such rows, too, where the networks are unsure; so
    the most confident fifth of the predictions, 100 at least, must also be wrong in 3 % of the rows, and two thirds as
    often as rows are suspect. Both shares less two standard errors must reach 3 %.
    """
    if samples.classes is None:
        return
    given, probabilities = samples.classes[found.rows], probabilities_of(found.outputs)
    suspect = suspects(given, probabilities)
    share = float(np.mean(suspect))
    confidence = probabilities.max(axis=1)
    sure = np.argsort(-confidence, kind="stable")[: max(round(_SUREST * len(given)), _SURE_ROWS)]
    wrong = float(np.mean(probabilities.argmax(axis=1)[sure] != given[sure]))
    if min(_lower(share, len(given)), _lower(wrong, len(sure))) < _NOISE or wrong < _SURE_SHARE * share:
        return
    rows = np.sort(samples.places[found.rows[suspect]])
    yield Finding(
        "label_noise",
        f"{len(rows):,} of {len(given):,} labels ({share:.1%}) look wrong: networks that were not trained on these "
        f"rows are confident of another class; of their {len(sure):,} surest predictions, {wrong:.1%} are wrong",
        number=share,
        threshold=_NOISE,
        remedy=Remedy("drop the rows with suspect labels, or correct them", drop_rows=tuple(map(int, rows))),
    )


def _lower(share: float, rows: int) -> float:
    """Return a share less two of its standard errors."""
    return share - 2 * float(np.sqrt(share * (1 - share) / rows))


def suspects(given: Classes, probabilities: Float) -> NDArray[np.bool_]:
    """Return which rows' most probable class, of those above their thresholds, is not the given one."""
    own = probabilities[np.arange(len(given)), given]
    counts = np.bincount(given, minlength=probabilities.shape[1])
    sums = np.bincount(given, weights=own, minlength=probabilities.shape[1])
    thresholds = np.where(counts, sums / np.maximum(counts, 1), np.inf)
    above = np.where(probabilities >= thresholds, probabilities, -1.0)
    found: NDArray[np.bool_] = (above.max(axis=1) >= 0) & (above.argmax(axis=1) != given)
    return found


def imbalance(net: Network, samples: Samples, found: OutOfFold | None) -> Iterator[Finding]:
    """Find classes of less than 10 %, and half of an equal share, of which less than 30 % are recognized.

    They are judged by the network itself on the validation data if there are any and it is trained, and out of fold.
    """
    if samples.classes is None:
        return
    shares = np.bincount(samples.classes, minlength=max(net.n_outputs, 2)) / samples.rows
    judged: list[tuple[Any, Any, str]] = []
    if samples.validation is not None and net._core.epochs:
        X, y, _ = samples.validation
        given = classes_in(net, y)
        outputs = np.asarray(net.predict(X), dtype=float).reshape(len(y), -1)
        if given is not None:
            judged.append((given, outputs, "in the validation data"))
    if found is not None:
        given = samples.classes[found.rows]
        judged.append((given, found.outputs, "by small networks that were not trained on the rows"))
    for label in np.flatnonzero((shares > 0) & (shares < min(_RARE, 0.5 / np.count_nonzero(shares)))):
        recalls = [
            (float(np.mean(probabilities_of(outputs).argmax(axis=1)[given == label] == label)), where)
            for given, outputs, where in judged
            if np.any(given == label)
        ]
        if recalls and (worst := min(recalls, key=lambda pair: pair[0]))[0] < _RECALL:
            recall, where = worst
            yield Finding(
                "imbalance",
                f"class {label} has {shares[label]:.1%} of the rows, and {recall:.0%} of it is recognized {where}",
                number=recall,
                threshold=_RECALL,
                remedy=Remedy("balance the batches", fit={"batches": "balanced"}),
            )


def id_labels(samples: Samples) -> Iterator[Finding]:
    """Find labels of which half are different, and whole numbers as targets that number the rows."""
    if samples.y.ndim != 1 and samples.y.shape[1] != 1:
        return
    y, rows = samples.y.ravel(), samples.rows
    if rows < _ID_ROWS:
        return
    different = len(np.unique(y)) / rows
    if samples.classes is not None:
        if different > _LABELS:
            message = f"{different:.0%} of the labels are different, as those of an identifier are"
            yield Finding("id_labels", message, number=different, threshold=_LABELS)
        return
    whole = bool(np.all(y == np.round(y)))
    if not whole or different < _DIFFERENT:
        return
    steps = np.diff(y.astype(float))
    if np.median(steps) == 1 and np.all(steps >= 0):
        message = "the targets increase by 1 from row to row, as a number of the row does"
        yield Finding("id_labels", message, number=different, threshold=_DIFFERENT)
    elif np.ptp(y) < 2 * rows:
        message = f"{different:.0%} of the targets are different whole numbers, as those of an identifier are"
        yield Finding("id_labels", message, number=different, threshold=_DIFFERENT, severity="warning")


def probabilities_of(outputs: Float) -> Float:
    """Return the probabilities of classes; of two classes for one output."""
    return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs
