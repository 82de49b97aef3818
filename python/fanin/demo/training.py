"""Training, validating, keeping the best weights, and testing."""

from __future__ import annotations

import contextlib
import statistics
import time
from typing import Any

from fanin.demo import report
from fanin.demo.dataset import Dataset
from fanin.demo.learners import Learner
from fanin.demo.result import Result
from fanin.progress import about_time, redrawn, time_left


def train(learner: Learner, data: Dataset, epochs: int, show_epochs: bool) -> Result:
    """
    Train for some epochs and test the weights of the epoch with the lowest validation error.

    The time is that of training only, without validation. If stderr is a terminal, it shows a progress bar; with
    ``show_epochs``, stdout gets a line per epoch.
    """
    seconds = []
    best_error, best_epoch, best_weights = float("inf"), 0, None
    if show_epochs:
        print(report.epoch_header(data), flush=True)
    bar, began = redrawn(), time.perf_counter()
    with contextlib.ExitStack() as stack:
        if bar is not None:
            stack.callback(bar.clear)
        for epoch in range(1, epochs + 1):
            start = time.perf_counter()
            loss = learner.train_epoch(data.train)
            seconds.append(time.perf_counter() - start)
            error = data.error(data.validation, learner.predict(data.validation))
            if error <= best_error:
                best_error, best_epoch, best_weights = error, epoch, learner.weights()
            if show_epochs:
                if bar is not None:
                    bar.clear()
                print(report.epoch_line(data, epoch, loss, error), flush=True)
            if bar is not None:
                left = time_left(time.perf_counter() - began, epoch / epochs)
                bar.show(f"{learner.name}, epoch {epoch}/{epochs}", epoch / epochs, about_time(left))
    learner.set_weights(best_weights)
    return _test(learner, data, best_epoch, seconds)


def _test(learner: Learner, data: Dataset, best_epoch: int, seconds: list[float]) -> Result:
    median = statistics.median(seconds)
    predicted: Any = learner.predict(data.test)
    return Result(
        name=learner.name,
        test_error=data.error(data.test, predicted),
        r_squared=data.r_squared(data.test, predicted),
        best_epoch=best_epoch,
        seconds=sum(seconds),
        median_seconds=median,
        examples_per_second=len(data.train.x) / median,
    )
