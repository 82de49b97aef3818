"""Examining a network and its data: figures of the loss at its weights, and faults of the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.checks import check_flag, check_integer
from fanin.diagnose import check_columns, check_labels, curvature
from fanin.diagnose.check_rows import duplicates, repeats_of
from fanin.diagnose.examination import Examination
from fanin.diagnose.finding import Finding
from fanin.diagnose.folds import constant_loss, out_of_fold
from fanin.diagnose.gradients import MOST_ROWS, by_array, gradients_of_batches
from fanin.diagnose.proving import prove_all
from fanin.diagnose.remedy import Remedy
from fanin.diagnose.samples import Samples, samples_of
from fanin.diagnose.smooth import smooth_loss
from fanin.layers import Dense, Embedding, Tied
from fanin.optim.redundancy import cosine_of_halves, opened_copy
from fanin.training.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.data.validation import ValidationData
    from fanin.network import Network

_CURVATURE_ROWS = 2000
_STATISTICS = 50  # steps in which the running statistics of a fresh network become those of the data
_POOR = 0.5  # of the baseline: a saddle at a lower loss does no harm


def examine(
    net: Network,
    X: ArrayLike,
    y: ArrayLike,
    *,
    validation_data: ValidationData | None = None,
    sample_weight: ArrayLike | None = None,
    seed: int = 0,
    prove: bool = False,
    **fit: Any,
) -> Examination:
    """Examine a trained or fresh network and its training data; the network does not change.

    The loss is examined at the network's weights as a smooth function of these, ``E(w)``: in float64, without dropout
    and penalties, with batch norm by its running statistics. A fresh network is examined as it is once its input layer
    has learned from X. g is the gradient, H the Hessian and G Gauss and Newton's matrix. Gradients are those of at most
    6,400 random rows, curvature that of 2,000.

    ====================== =============================================================================================
    redundancy             cosine of the gradients of two halves of the rows: see `redundancy`
    noise_scale            ``tr(S) / |g|^2``, S the covariance of a sample's gradient: batches much smaller are noisy,
                           much larger ones are wasteful (McCandlish et al. 2018)
    consistency            median over weights of the mean over the deviation of g, over batches of 32 rows
    consistent_share       share of weights where that is above 1
    newton_angle           degrees between -g and the Newton step: ``(G + d I) s = -g`` by conjugate gradient, d .001 of
                           ``g'Gg / g'g``
    decrease_ratio         actual over predicted decrease of E for a small step along -g (.01 of that to the bottom of
                           the bowl): near 1 where a bowl describes E
    decrease_ratio_at_rate likewise, for a step as long as those of the last rule, if its rate is a number
    lambda_max, lambda_min the largest and smallest eigenvalues of H, by Lanczos' method
    negative_share         share of eigenvalues below -.001 of the largest absolute one
    flat_share             share of eigenvalues within .001 of it
    relative_gradient      ``|g| (1 + |w|) / |baseline|``
    loss, baseline         E, and that of the best constant outputs
    condition_number       of what the first layer gets; up to 512 columns
    duplicate_share        share of training rows whose X equals that of an earlier one
    validation_overlap     share of validation rows that are also trained on
    ====================== =============================================================================================

    Where the relative gradient is below .01, the weights are at a "saddle" if lambda_min is below -.01 of the largest
    absolute eigenvalue; else at a "plateau" if flat_share is above .5 and the loss above .9 of the baseline; else at a
    "minimum". Elsewhere they are on a "slope".

    The findings are unscaled_inputs, constant_columns, leak, duplicates, label_noise, imbalance, no_signal, id_labels,
    saddle and plateau. Labels are checked by predictions out of sample: three folds of at most 20,000 rows, for
    networks with 32 hidden units and the loss of `net`.

    Parameters
    ----------
    net : Network
        Trained or not.
    X, y, sample_weight
        As in `Network.fit`: the training data.
    validation_data : tuple (X, y) or (X, y, sample_weight), optional
        Searched for rows that are trained on; the recall of a trained network is measured on them.
    seed : int
        Chooses rows, folds and probes, in 0..2^64-1.
    prove : bool
        Try the remedy of each finding, by two fits of a new network side by side; see `prove_all`.
    **fit
        Arguments of `Network.fit` for these fits: rule, epochs, ...

    Returns
    -------
    Examination

    Raises
    ------
    ValueError, TypeError
        As `Network.fit` does; also if fewer than two samples have a weight above 0, a gradient is not finite, or the
        network has an `Embedding` or a `Tied`.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.random.default_rng(0).normal(size=(500, 2)) * [1, 1000]
    >>> net = fanin.Network(2, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
    >>> examination = fanin.diagnose.examine(net, X, np.tanh(X[:, 0]))
    >>> [finding.kind for finding in examination.findings]
    ['unscaled_inputs']
    >>> print(examination.findings[0].remedy.code(net).splitlines()[0])
    net = fanin.Network(2, [fanin.Standardize(), fanin.Dense(8, 'tanh'), fanin.Dense(1)], 'squared_error')
    """
    check_integer("seed", seed, 0, 64)
    check_flag("prove", prove)
    if fit and not prove:
        raise TypeError(
            f"{next(iter(fit))}: expected prove=True too, because it is an argument of the proofs' fits"
        )
    settings = Settings(sample_weight=sample_weight, **fit)
    if not hasattr(net, "objective"):
        raise TypeError(f"net: expected a fanin.Network, got {type(net).__name__}")
    if isinstance(net.layers[0], Embedding):
        raise ValueError(
            "net: expected no Embedding, because the loss is examined as a smooth function of numbers in X"
        )
    if any(isinstance(layer, Tied) for layer in net.layers):
        raise ValueError("net: expected no Tied, because second derivatives of the loss are examined")
    samples = samples_of(net, X, y, sample_weight, validation_data)
    seed %= 2**63
    fresh = not (net._core.epochs and net._core.first_columns)
    steps = _STATISTICS if fresh else 0
    opened = opened_copy(net, samples.X, samples.y, samples.weight, steps) if fresh else net
    figures, place, consistency = _figures(opened, net._core.rule, samples, seed)
    condition = check_columns.condition_of(opened, samples)
    if condition is not None:
        figures["condition_number"] = condition
    repeats = repeats_of(samples)
    figures["duplicate_share"] = repeats.within
    if repeats.shared is not None:
        figures["validation_overlap"] = repeats.shared
    found = [
        *check_columns.unscaled_inputs(net, samples, condition, seed),
        *check_columns.constant_columns(net, samples),
        *check_columns.leaks(net, samples, seed),
        *duplicates(samples, repeats),
        *_of_labels(net, samples, seed),
        *_of_place(net, place, figures),
    ]
    if prove:
        new = type(net)(net.n_inputs, net.layers, net._loss, seed=net.seed, dtype=net.dtype)
        found = [*prove_all(found, new, settings, X, y, validation_data=validation_data)]
    shares = () if samples.classes is None else np.bincount(samples.classes) / samples.rows
    return Examination(
        tuple(sorted(found, key=lambda finding: finding.severity != "fault")),
        net.copy(),
        figures,
        place,
        consistency,
        tuple(map(float, shares)),
    )


def _figures(
    net: Network, rule: Any, samples: Samples, seed: int
) -> tuple[dict[str, float], curvature.Place, Any]:
    """Return the figures of the loss, the place, and the consistency by arrays."""
    rows = samples.some(MOST_ROWS, seed)
    loss = smooth_loss(net, samples, rows)
    batches = gradients_of_batches(loss)
    everywhere = np.arange(loss.rows)
    halves = cosine_of_halves(loss.net, loss.X, loss.y, loss.weight, everywhere, frozen_batch_norm=True)
    figures = {
        "redundancy": halves,
        "noise_scale": batches.noise_scale,
        "consistency": float(np.median(batches.consistency)),
        "consistent_share": float(np.mean(batches.consistency > 1)),
    }
    objective = loss.of(slice(_CURVATURE_ROWS))
    w = objective.weights()
    value, gradient = objective.loss_and_gradient(w)
    everything = loss.y, loss.weight
    baseline = constant_loss(loss.net, everything, everything)
    spectrum = curvature.spectrum(lambda v: objective.hvp(w, v), len(w), seed)
    size = float(np.linalg.norm(gradient)) * (1 + float(np.linalg.norm(w)))
    relative = size / abs(baseline) if baseline else np.inf * (size > 0)
    figures["newton_angle"] = curvature.newton_angle(objective, w, gradient)
    figures["decrease_ratio"] = curvature.decrease_ratio(objective, w, gradient)
    length = curvature.length_of_rate(rule, gradient)
    if length is not None:
        figures["decrease_ratio_at_rate"] = curvature.decrease_ratio(objective, w, gradient, length)
    figures |= {
        "lambda_max": spectrum.largest,
        "lambda_min": spectrum.smallest,
        "negative_share": spectrum.negative,
        "flat_share": spectrum.flat,
        "relative_gradient": relative,
        "loss": value,
        "baseline": baseline,
    }
    place = curvature.place_of(spectrum, relative, value, baseline)
    return figures, place, by_array(loss, batches.consistency)


def _of_labels(net: Network, samples: Samples, seed: int) -> Iterator[Finding]:
    ids = list(check_labels.id_labels(samples))
    yield from ids
    varied = bool(np.any(samples.y != samples.y[0]))
    found = out_of_fold(net, samples, seed) if varied and not ids else None
    if found is None:
        yield from check_labels.imbalance(net, samples, None)
        return
    # a class that is not learned has the rows of the other two findings
    for check in (
        check_labels.imbalance(net, samples, found),
        check_labels.no_signal(samples, found),
        check_labels.label_noise(samples, found),
    ):
        if findings := list(check):
            yield from findings
            return


def _of_place(net: Network, place: curvature.Place, figures: dict[str, float]) -> Iterator[Finding]:
    """Find weights at a saddle or on a plateau whose loss is far from what could be reached."""
    numbers = {
        "saddle": ("lambda_min", 0.0, "directions of negative curvature lead down"),
        "plateau": ("flat_share", 0.5, "most directions are flat"),
    }
    if place not in numbers or figures["loss"] < _POOR * figures["baseline"]:
        return
    name, threshold, words = numbers[place]
    random = tuple(
        Dense(layer.units, layer.activation, batch_norm=layer.batch_norm)
        if isinstance(layer, Dense)
        else layer
        for layer in net.layers
    )
    yield Finding(
        place,
        f"the relative gradient is {figures['relative_gradient']:.2g}, and {words} ({name} {figures[name]:.3g}); "
        f"the loss {figures['loss']:.3g} is not much below {figures['baseline']:.3g}, that of the best constant",
        number=figures[name],
        threshold=threshold,
        severity="warning",
        remedy=None if random == net.layers else Remedy("start with random weights", layers=random),
    )
