"""The text that the demo prints."""

from __future__ import annotations

import math
from collections.abc import Sequence

import fanin
from fanin.demo.dataset import Dataset
from fanin.demo.learners import Settings
from fanin.demo.result import Result
from fanin.written import aligned, duration, figure


def introduction(data: Dataset, settings: Settings) -> str:
    """Return a description of the machine, the data and the net."""
    threads = fanin.get_num_threads()
    sizes = [data.train.x.shape[1], *settings.hidden, data.n_classes or 1]
    parts = (data.train, data.validation, data.test)
    train, validation, test = (f"{len(part.x):,}" for part in parts)
    loss = "soft-max cross-entropy" if data.classification else "squared error"
    layers = ("batch norm, ReLU" if settings.batch_norm else "ReLU") if settings.hidden else "no hidden layer"
    decay = " decaying to 0" if settings.cosine else ""
    net = f"net {'-'.join(map(str, sizes))}, {layers}, {loss}; Adam, learning rate {settings.learning_rate:g}{decay}"
    lines = [
        f"fanin {fanin.__version__} ({fanin.cpu.active()}, {threads} thread{'s' if threads > 1 else ''})",
        data.title,
        *(f"  {note}" for note in data.notes),
        f"{train} examples for training, {validation} for validation, {test} for testing",
        f"{net}, batch size {settings.batch_size}, epochs {settings.epochs}, seed {settings.seed}",
    ]
    return "\n".join(lines) + "\n"


def epoch_header(data: Dataset) -> str:
    """Return the header of the table of epochs."""
    return f"epoch  training loss  {_validation(data)}"


def epoch_line(data: Dataset, epoch: int, loss: float, error: float) -> str:
    """Return the line for one epoch."""
    return f"{epoch:>5}  {loss:>13.4f}  {_error(data, error):>{len(_validation(data))}}"


def table(data: Dataset, results: Sequence[Result]) -> str:
    """Return a table of all learners, and of a baseline model without inputs."""
    baseline = data.baseline()
    baseline_error = data.error(data.test, baseline)
    quality = ["test accuracy"] if data.classification else ["test RMSE", "test R^2"]
    rows = [["", *quality, "best epoch", "training time", "examples/s"]]
    for result in results:
        speed = f"{float(f'{result.examples_per_second:.3g}'):,.0f}"
        measures = _quality(data, result.test_error, result.r_squared)
        rows.append([result.name, *measures, str(result.best_epoch), duration(result.seconds), speed])
    name = "most common class" if data.classification else "training mean"
    rows.append([name, *_quality(data, baseline_error, data.r_squared(data.test, baseline)), "", "", ""])
    return "\n".join(["", *aligned(rows, gap="   "), ""])


def conclusion(results: Sequence[Result]) -> str:
    """Return how the table was measured, and the ratio of the speeds if there are two learners."""
    measured = (
        "Tested with the weights of the epoch with the lowest validation error. "
        "Times are of training only; speeds are of the median epoch."
    )
    if len(results) < 2:
        return measured
    slow, fast = sorted(results, key=lambda result: result.median_seconds, reverse=True)
    ratio = slow.median_seconds / fast.median_seconds
    return f"{measured}\n{slow.name} took {ratio:.1f} times as long per epoch as {fast.name}."


def _validation(data: Dataset) -> str:
    return "validation error" if data.classification else "validation RMSE"


def _error(data: Dataset, error: float) -> str:
    if data.classification:
        return f"{100 * error:.2f} %"
    return figure(error)


def _quality(data: Dataset, error: float, r_squared: float) -> list[str]:
    if data.classification:
        return [f"{100 * (1 - error):.2f} %"]
    return [_error(data, error), "-" if math.isnan(r_squared) else f"{r_squared:.3f}"]
