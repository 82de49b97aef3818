"""Training the networks of a fit further: by a pass over more rows, or with the whole schedule once more."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.data.inputs import error_context
from fanin.losses import Huber, Loss
from fanin.network import Network
from fanin.tables.arguments import checked_targets, checked_weights
from fanin.tables.clock import Clock
from fanin.tables.coding import encoder_of
from fanin.tables.columns import Number, Pair
from fanin.tables.fitted import FittedTable
from fanin.tables.members import Job, Stopping, train
from fanin.tables.model import trainable
from fanin.tables.progress import Progress, Reporter
from fanin.tables.recipe import LINEAR, Setting
from fanin.tables.task import Task, task_of
from fanin.tables.trial import Trial
from fanin.tables.validation import IN_VALIDATION, Validation, checked_validation
from fanin.training.together import train_together

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.tables.sparse_model import Model

    Float = NDArray[np.float64]

_PROBES = 5, 50  # steps to warm up, and by which speed is measured


def new_table(
    X: Any,
    y: ArrayLike,
    *,
    loss: Loss,
    n_classes: int | None,
    weight: ArrayLike | None,
    setting: Setting,
    members: int,
    seed: int,
    categories: Sequence[str],
    texts: Sequence[str],
) -> FittedTable:
    """Return untrained networks for the columns of X and targets like y."""
    targets = checked_targets(loss, y, n_classes)
    task = task_of(loss, targets, n_classes, checked_weights(weight, len(targets)))
    encoder = encoder_of(X, categories, texts).fit(X)
    inputs = encoder.transform(X).shape[1]
    networks = [
        Network(inputs, setting.layers(task.outputs), task.learned, seed=(seed + number) % 2**64)
        for number in range(members)
    ]
    return FittedTable.of(task, encoder, networks, (1 / members,) * members, (setting,) * members)


def table_of(model: Model, setting: Setting, settings: Sequence[Setting]) -> FittedTable:
    """Return networks that start from those of a model; without their settings, all have one."""
    networks = [trainable(core) for core in model.networks]
    weights = model.weights
    columns = np.array(model.targets or [(0.0, 1.0, 0.0, 1.0)]).T
    settings = settings or [setting if len(net.layers) > 1 else LINEAR[0] for net in networks]
    return FittedTable(
        model.encoder,
        tuple(networks),
        tuple(weight / sum(weights) for weight in weights),
        columns[0],
        columns[1],
        columns[2:],
        settings=tuple(settings),
    )


def pass_over(
    start: FittedTable,
    X: Any,
    y: ArrayLike,
    *,
    loss: Loss,
    n_classes: int | None,
    weight: ArrayLike | None,
    callback: Callable[[Progress], object] | None,
) -> FittedTable:
    """Train copies of the networks by one pass over these rows, at a fourth of the rate of their settings."""
    targets, weights, task = _like(start, y, loss, n_classes, weight)
    reporter = Reporter(callback, Clock(None))
    reporter.stage_begins("encode")
    rows: Any = start.encoder.transform(X)
    reporter.stage_begins("train")
    networks = [network.copy() for network in start.networks]
    batches = [setting.batch_on(rows.shape[0]) for setting in start.settings]
    steps = [-(-rows.shape[0] // batch) for batch in batches]
    options = [
        {
            "rule": setting.rule_of_streams(),
            "epochs": 1,
            "batch_size": batch,
            "sample_weight": weights,
            "callbacks": watch,
        }
        for setting, batch, watch in zip(start.settings, batches, reporter.watch(steps, steps), strict=True)
    ]
    learned = task.targets(targets)
    train_together([(net, rows, learned, each) for net, each in zip(networks, options, strict=True)])
    return FittedTable.of(task, start.encoder, networks, start.weights, start.settings)


def continue_table(
    start: FittedTable,
    X: Any,
    y: ArrayLike,
    *,
    loss: Loss,
    n_classes: int | None,
    sample_weight: ArrayLike | None,
    max_time: float | None,
    callback: Callable[[Progress], object] | None,
    validation: Sequence[Any] | None,
    early_stopping: bool,
    scorer: Callable[[FittedTable], float] | None,
    diagnose: bool,
) -> FittedTable:
    """Train copies of the networks on all rows, with their settings; arguments are those of `fit_table`."""
    clock = Clock(max_time)
    targets, weights, task = _like(start, y, loss, n_classes, sample_weight)
    reporter = Reporter(callback, clock, diagnose)
    reporter.stage_begins("encode")
    rows, judge, held = start.encoder.transform(X), None, None
    if validation is not None:
        judge = checked_validation(loss, n_classes, targets, validation)
        with error_context(IN_VALIDATION):
            held = start.encoder.transform(judge.X)
    encoded = clock.elapsed
    reporter.stage_begins("train")
    jobs = [
        Job(setting, rows, targets, weights, network.seed, network=network)
        for setting, network in zip(start.settings, start.networks, strict=True)
    ]
    share = _share(task, jobs, clock, reporter)
    stopping = None
    if judge is not None and early_stopping:
        score_of = (
            None if scorer is None else lambda net: scorer(FittedTable.of(task, start.encoder, [net], [1.0]))
        )
        stopping = Stopping(score_of, held, judge.y, judge.weight)
    jobs = [replace(job, share=share, stopping=stopping) for job in jobs]
    networks, _ = train(task, jobs, reporter)
    trained = clock.elapsed - encoded
    found = None if held is None else _mean(task, networks, start.weights, held)
    return FittedTable.of(
        task,
        start.encoder,
        networks,
        start.weights,
        start.settings,
        reporter.diagnoses,
        validated=found,
        score=_score(task, judge, found),
        trials=tuple(_trials(start, jobs, trained)),
        seconds={"encode": encoded, "train": trained},
    )


def _like(
    start: FittedTable, y: ArrayLike, loss: Loss, n_classes: int | None, weight: ArrayLike | None
) -> tuple[NDArray[Any], Float | None, Task]:
    """Return targets, weights and the task; raise ValueError unless loss and targets are like those of the fit."""
    targets = checked_targets(loss, y, n_classes)
    weights = checked_weights(weight, len(targets))
    task = task_of(loss, targets, n_classes, weights)
    before = start.networks[0]._loss
    if type(before) is not type(task.learned) or (before != task.learned and not isinstance(before, Huber)):
        raise ValueError(f"loss: expected {before!r}, as before, got {task.learned!r}")
    if task.outputs != start.networks[0].n_outputs:
        raise ValueError(
            f"y: expected {start.networks[0].n_outputs} targets a row, as before, got {task.outputs}"
        )
    columns = len(task.mean)  # of y: one if there are several quantiles
    mean, scale = start.target_mean[:columns], start.target_scale[:columns]
    if not task.classifies:
        low, high = start.target_range[:, :columns]
        task = replace(task, low=np.minimum(low, task.low), high=np.maximum(high, task.high))
    return targets, weights, replace(task, learned=before, mean=mean, scale=scale)


def _share(task: Task, jobs: Sequence[Job], clock: Clock, reporter: Reporter) -> float:
    """Return the share of their steps for which there is time; speed is measured by a few steps of two of them."""
    if clock.limited:
        for steps in _PROBES:
            probes = [replace(job, share=min(steps / job.steps, 1.0)) for job in jobs[:2]]
            began = time.perf_counter()
            _, taken = train(task, probes, reporter)
        clock.worked(taken, time.perf_counter() - began)
    return clock.share(sum(job.steps for job in jobs))


def _mean(task: Task, networks: Sequence[Network], weights: Sequence[float], rows: Any) -> Float:
    return np.asarray(
        sum(w * task.predicted(net.predict(rows)) for net, w in zip(networks, weights, strict=True))
    )


def _score(task: Task, judge: Validation | None, found: Float | None) -> float | None:
    if judge is None or found is None:
        return None
    return task.score(judge.y, task.evidence(judge.y, found), judge.weight)


def _trials(start: FittedTable, jobs: Sequence[Job], seconds: float) -> list[Trial]:
    """Return a trial for each setting, with its part of the seconds."""
    columns = start.encoder.columns
    spikes = any(isinstance(column, Number) and column.spikes for column in columns)
    pairs = sum(isinstance(column, Pair) for column in columns)
    total, trials = sum(job.steps for job in jobs), []
    for setting in dict.fromkeys(start.settings):
        steps = [job.steps for job in jobs if job.setting == setting]
        trials.append(Trial(setting, spikes, pairs, len(steps), None, seconds * sum(steps) / total))
    return trials
