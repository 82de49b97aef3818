"""What the libraries share in the group recurrent: epochs of sequences, and streams."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numpy as np

from bench.recurrent import Sequences, Stream, lengths, sequences
from bench.workers.serve import Task, microseconds

Training = tuple[Callable[[], object], Callable[[], list[float]]]


def training_tasks(
    case: Sequences, training: Callable[[Sequences], Training], column: str = ""
) -> Iterator[Task]:
    """Steps of an epoch, from an epoch and the losses of the checked steps; of ragged ones also a row's time."""
    epoch, check = training(case)
    yield Task("training", epoch, column, check=check, per=case.steps)
    if not case.ragged:
        return
    full, check_full = training(case.full)
    share = case.time / float(lengths(case).mean())

    def begin() -> list[float]:
        check_full()
        full()
        return []

    def measure(_: float) -> float:
        return share * microseconds(epoch) / microseconds(full)

    yield Task("ragged", column=column, check=begin, measure=measure)


def stream_task(
    case: Stream,
    step: Callable[[Any], Any],
    reset: Callable[[], None],
    convert: Callable[[Any], Any],
    around: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Task:
    """A step on a converted row of shape (1, inputs); the outputs of the first steps are checked."""
    rows = [convert(row) for row in sequences(case)[0][0, :, None]]

    def check() -> list[float]:
        reset()
        with around():
            return [np.asarray(step(row)).item() for row in rows]

    return Task("step", partial(step, rows[0]), check=check, around=around)
