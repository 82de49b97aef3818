"""Proofs: a fit as it was and with a remedy, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.data.inputs import as_data, check_parts, error_context, note_names, row_count
from fanin.data.order import in_random_order, weighted_in_random_order
from fanin.data.validation import Validation, parts_of
from fanin.diagnose.compare import proof_of
from fanin.diagnose.finding import check_finding
from fanin.diagnose.proof import Curve, Proof
from fanin.diagnose.replay import without_repeated_warnings
from fanin.diagnose.rows import rows_trained
from fanin.diagnose.runs import Run, train, without_columns
from fanin.optim import Solver
from fanin.training.monitor import Monitor
from fanin.training.opening import data_of
from fanin.training.rate_control import RateControl
from fanin.training.rates import hold_out
from fanin.training.steps import Steps

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.data.validation import ValidationData
    from fanin.diagnose.finding import Finding
    from fanin.diagnose.remedy import Remedy
    from fanin.diagnose.runs import Parts
    from fanin.network import Network
    from fanin.training.settings import Settings


def prove(
    finding: Finding,
    start: Network,
    settings: Settings,
    X: ArrayLike,
    y: ArrayLike,
    *,
    validation_data: ValidationData | None = None,
    steps: Steps | None = None,
) -> Finding:
    """Return the finding with a proof of its remedy, if it has one; see `prove_all`.

    Parameters
    ----------
    finding : Finding
        With a remedy, to have a proof.
    start, settings, X, y, validation_data, steps
        As for `prove_all`.

    Returns
    -------
    Finding

    Raises
    ------
    ValueError, TypeError
        As for `prove_all`.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8), fanin.Dense(1)])
    >>> diagnosis = net.fit(X, X**2, rule="adam", epochs=99, diagnose=True).diagnosis
    >>> first = diagnosis.findings[0]
    >>> fanin.diagnose.prove(first, diagnosis.start, diagnosis.settings, X, X**2)
    <fanin.diagnose.Finding: proved, no_nonlinearity: layer1 and layer2 have no nonlinearity between them>
    """
    return prove_all([finding], start, settings, X, y, validation_data=validation_data, steps=steps)[0]


def prove_all(
    findings: Sequence[Finding],
    start: Network,
    settings: Settings,
    X: ArrayLike,
    y: ArrayLike,
    *,
    validation_data: ValidationData | None = None,
    steps: Steps | None = None,
) -> tuple[Finding, ...]:
    """Return the findings, each that has a remedy with a proof.

    The fit as it was and the fits with each remedy are trained side by side, all from the start of the fit, because
    that is what the changed lines of code do. They have the same rows, seeds, order of samples and number of steps,
    unless the remedy changes these. They are compared row by row, by the loss and for classes also by the error rate,
    on validation rows: `validation_data`, or those of the fit, or else a tenth of the rows, chosen by the seed, which
    then have weight 0 in all fits. If the remedy brings callbacks, half of these rows are for the callbacks, and the
    other half compares.

    For a leak, the columns that leak are shuffled in the validation rows: they will not be known later.
    A row counts as ten times the loss of constant outputs at most, so that a few rows do not hide all others. Of the
    loss and the error rate, the one that improves more surely is shown, unless the other gets worse beyond chance.
    A fit that diverges has an infinite error; a difference is then infinite, with a standard error of 0.
    Callbacks of your own, which may write files, are left out of all fits.

    Parameters
    ----------
    findings : sequence of Finding
        Those of a `Diagnosis`, say.
    start : Network
        The network before the fit.
    settings, X, y
        Of the fit.
    validation_data : tuple (X, y) or (X, y, sample_weight), optional
        See above.
    steps : Steps, optional
        The steps that the fit took; needed if it had `max_time`.

    Returns
    -------
    tuple of Finding

    Raises
    ------
    ValueError, TypeError
        As `Network.fit` does, for the fit as it was.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> from fanin.diagnose import Finding, Remedy, prove_all
    >>> from fanin.training.settings import Settings
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(1)])
    >>> remedy = Remedy("raise the rate", fit={"rule": fanin.optim.SGD(0.1)})
    >>> finding = Finding("slow_rate", "the loss falls by 1 % an epoch", 0.01, 0.02, remedy=remedy)
    >>> prove_all([finding], net, Settings(rule=fanin.optim.SGD(1e-3)), X, 3 * X)[0].proved
    True
    """
    for finding in findings:
        check_finding("findings", finding)
    if not any(finding.remedy is not None for finding in findings):
        return tuple(findings)
    with without_repeated_warnings():
        return _proved(findings, start, _base(settings, start), X, y, validation_data, steps)


def _base(settings: Settings, start: Network) -> Settings:
    """Return the settings of the fit as it was, with callbacks of fanin's alone."""
    figures = ("loss", "val_loss", f"val_{start.metric}")
    kept = [
        callback
        for callback in settings.callbacks
        if isinstance(callback, RateControl)
        or (isinstance(callback, Monitor) and callback.monitor in figures)
    ]
    return replace(settings, callbacks=kept, verbose=False, diagnose=False)


def _in_steps(settings: Settings, fit: Settings, steps: Steps | None) -> Settings:
    """Return the settings with the steps of the fit in place of `max_time`, or as many more as there is more time."""
    if settings.max_time is None:
        return settings
    if not steps or fit.max_time is None:
        raise ValueError("steps: expected the steps of the fit, because max_time limits it, got none")
    if settings.max_time != fit.max_time:
        steps = Steps(max(1, round(steps * settings.max_time / fit.max_time)))
    return replace(settings, max_time=None, max_steps=steps)


def _proved(
    findings: Sequence[Finding],
    start: Network,
    base: Settings,
    X: ArrayLike,
    y: ArrayLike,
    given: ValidationData | None,
    steps: Steps | None,
) -> tuple[Finding, ...]:
    numbers, data, validation = _split(start, base, X, y, given)
    if validation is None:
        nothing = Curve((), (), math.nan)
        proof = Proof(
            nothing, nothing, "loss", math.nan, math.nan, 0, reason="there are no rows to compare on"
        )
        return tuple(finding if finding.remedy is None else finding.with_proof(proof) for finding in findings)
    settings = _in_steps(_split_already(base, validation), base, steps)
    before = Run(start.copy(), data, validation, settings, _weighted(validation))
    before.check()
    after: dict[str, Run] = {}  # findings may share a remedy
    for finding in findings:
        if (remedy := finding.remedy) is not None and (key := _key(remedy)) not in after:
            after[key] = _remedied(remedy, start, base, steps, numbers, before)
    train([before, *(run for run in after.values() if not run.fault)])
    return tuple(
        finding
        if finding.remedy is None
        else finding.with_proof(proof_of(finding, before, after[_key(finding.remedy)]))
        for finding in findings
    )


def _key(remedy: Remedy) -> str:
    """Return what two remedies that change the same have in common."""
    return repr(replace(remedy, action=""))


def _split(
    start: Network, settings: Settings, X: ArrayLike, y: ArrayLike, given: ValidationData | None
) -> tuple[NDArray[Any], Parts, Parts | None]:
    """Return the numbers of the rows to train on, these rows, and the rows to validate."""
    names = start._core.column_names
    note_names(X, y, names)
    Validation(
        start, (X, y, settings.sample_weight), names, prefix=""
    )  # for its checks, which are those of a fit
    numbers = rows_trained(start, X, y, settings)
    (trained_X, trained_y, weight), _, names = data_of(start, X, y, settings)

    def converted(X: Any, y: Any, weight: Any = None) -> Parts:
        return as_data(start, X, y, weight, names)[:3]

    data = converted(trained_X, trained_y, weight)
    given = settings.validation_data if given is None else given
    if given is not None:
        with error_context("validation_data: "):
            check_parts(given)
        return numbers, data, converted(*given)
    if settings.validation_fraction is not None:
        held = np.setdiff1d(np.arange(row_count("X", X)), numbers)
        return numbers, data, converted(*parts_of((X, y, settings.sample_weight), held))
    if len(weighted_in_random_order(data[0], weight, start.seed)) < 2:
        return numbers, data, None
    kept, apart = hold_out(data, start.seed)
    return numbers, converted(*kept), converted(*apart)


def _split_already(settings: Settings, validation: Parts) -> Settings:
    order_seed = None if isinstance(settings.rule, Solver) else settings.order_seed
    return replace(
        settings,
        validation_data=validation,
        validation_fraction=None,
        validation_split="last",
        order_seed=order_seed,
    )


def _weighted(validation: Parts) -> NDArray[Any]:
    """Return the numbers of the validation rows with a weight."""
    X, _, weight = validation
    return np.arange(row_count("X", X)) if weight is None else np.flatnonzero(_core.numbers("weight", weight))


def _remedied(
    remedy: Remedy, start: Network, base: Settings, steps: Steps | None, numbers: NDArray[Any], before: Run
) -> Run:
    """Return the fit with the remedy; if that cannot be, with its fault."""
    run = replace(before, loss=[], val_loss=[])
    try:
        run.net = remedy.network(start)
        settings = _in_steps(remedy.settings(base), base, steps)
        if "callbacks" in remedy.fit:
            rows = run.judged[in_random_order(len(run.judged), start.seed)]
            monitored, run.judged = np.sort(rows[::2]), np.sort(rows[1::2])
            run.validation = parts_of(run.validation, monitored)
        if remedy.drop_rows:
            run.data = parts_of(run.data, np.flatnonzero(~np.isin(numbers, remedy.drop_rows)))
        if remedy.drop_columns:
            run.data, run.validation = (
                (without_columns(part[0], remedy.drop_columns), *part[1:])
                for part in (run.data, run.validation)
            )
        run.settings = _split_already(settings, run.validation)
        run.check()
    except (ValueError, TypeError, IndexError) as error:
        run.fault = f"the remedy does not apply: {error}"
    return run
