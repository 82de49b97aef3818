"""Time travel: a fit is repeated, bit for bit, from the network that it started with up to any of its steps."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.checks import check_integer
from fanin.data.inputs import check_parts, row_count
from fanin.data.sequences import as_sequences, longest
from fanin.data.validation import validation_of
from fanin.optim import BatchSizeWarning, Solver
from fanin.training.chunks import (
    adapt_to_chunks,
    check_chunks,
    check_settings,
    check_statistics,
    train_on_chunks,
)
from fanin.training.early_decay import EarlyDecayWarning
from fanin.training.fitting import Fit
from fanin.training.opening import data_of, open_fit
from fanin.training.rates import steps_per_epoch
from fanin.training.settings import Settings
from fanin.training.steps import Steps

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.network import Network
    from fanin.training.callbacks import Callbacks
    from fanin.training.chunks import Chunks
    from fanin.training.steps import Knot


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Where a fit started.

    Attributes
    ----------
    net : Network
        The network before the fit; it does not change.
    settings : Settings
        The arguments of the fit, with the rate that "auto" has chosen.
    steps : Steps
        The steps that the fit took, if they are known; those of a fit with `max_time` must be.
    losses : tuple of float
        Its losses by epoch, as far as they are known.
    """

    net: Network
    settings: Settings
    steps: Steps = Steps()  # noqa: RUF009 - immutable
    losses: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class Replayed:
    """A network after some steps of a fit, and the order of samples in the epoch of the last step, if there is one."""

    net: Network
    per_epoch: int  # steps
    order: NDArray[np.intp] | None = None


def replayed(
    checkpoint: Checkpoint, X: ArrayLike, y: ArrayLike, step: int, *, asked: int | None = None
) -> Replayed:
    """Return the network after `step` updates of the fit; see `fanin.replay`.

    `asked` is the step that the caller was asked about, if that is another one: the fit must have it too.
    """
    check_integer("step", step, 0)
    net = checkpoint.net.copy()
    settings = checkpoint.settings
    per_epoch = _steps(net, data_of(net, X, y, settings)[0][0], settings)
    asked = step if asked is None else asked
    _check_step(asked, min(_limits(settings, per_epoch)))
    if step == 0:
        return Replayed(net, per_epoch)
    fit, opened = open_fit(net, X, y, _until(checkpoint, step, per_epoch))
    with opened as training, without_repeated_warnings():

        def train() -> tuple[float, float, bool]:
            loss, rate, _ = fit.epoch(training)
            return loss, rate, fit.budget.taken % per_epoch == 0

        _run(fit, train, checkpoint)
        if fit.budget.taken < step:
            _check_step(asked, fit.budget.taken)
        return Replayed(net, per_epoch, order_of(training))


def order_of(training: Any) -> NDArray[np.intp] | None:
    """Return the order of samples in the epoch that was trained last; None for a solver."""
    return np.array(training.order, dtype=np.intp) if hasattr(training, "order") else None


def replayed_chunks(checkpoint: Checkpoint, chunks: Chunks, step: int) -> Network:
    """Return the network after `step` updates of a `fit_chunks`."""
    check_integer("step", step, 0)
    if not callable(chunks) and isinstance(chunks, Iterator):
        raise ValueError(
            "chunks: a stream can be read only once; expected the chunks of the fit, "
            "as a list or a function that returns a new iterator"
        )
    net = checkpoint.net.copy()
    check_settings(checkpoint.settings)
    check_statistics(net.layers)
    if step == 0:
        return net
    settings = _until(checkpoint, step, None)
    names = net._core.column_names
    fit = Fit(net, settings, validation_of(net, settings.validation_data, names), names)
    chunks_of_epoch = check_chunks(chunks, fit.epochs)
    adapt_to_chunks(net, chunks)
    end = 0  # the step with which the chunks read so far end

    def counted(chunk: Any) -> Any:
        nonlocal end
        check_parts(chunk)
        end += _steps(net, as_sequences(net, chunk[0]), settings)
        return chunk

    def train() -> tuple[float, float, bool]:
        left = map(counted, chunks_of_epoch())
        loss, rate = train_on_chunks(fit, left)
        return loss, rate, fit.budget.taken == end and next(left, None) is None

    with without_repeated_warnings():
        _run(fit, train, checkpoint)
    _check_step(step, fit.budget.taken)
    return net


def _steps(net: Network, X: Any, settings: Settings) -> int:
    """Return the number of updates in an epoch on these samples."""
    if isinstance(settings.rule, Solver):
        return 1
    return steps_per_epoch(net, row_count("X", X), settings, longest(X))


def _until(checkpoint: Checkpoint, step: int, per_epoch: int | None) -> Settings:
    """Return the settings of a fit that ends with a step, and whose schedules span the whole fit all the same."""
    settings = checkpoint.settings
    return replace(
        settings,
        epochs=settings.most_epochs(),
        callbacks=_copied(settings.callbacks),
        verbose=False,
        diagnose=False,
        max_steps=Steps(step, _knots(checkpoint, per_epoch)),
        max_time=None,
    )


def _knots(checkpoint: Checkpoint, per_epoch: int | None) -> Iterable[Knot]:
    """Return how schedules were spread over the fit."""
    settings, steps = checkpoint.settings, checkpoint.steps
    if steps > 0:
        return steps.knots
    if settings.max_time is not None:
        raise ValueError(
            "max_time: expected None, because another fit would take other steps; pass the steps of the fit, "
            "max_steps=history.steps"
        )
    given = getattr(settings.max_steps, "knots", ())
    whole = min(_limits(settings, per_epoch), default=0)
    return given or ([(0, 0.0, float(whole))] if whole > 0 else ())


def _limits(settings: Settings, per_epoch: int | None) -> list[int]:
    """Return the steps that a fit may take, by its own limit and by its epochs, as far as they are known."""
    limits = [] if settings.max_steps is None else [int(settings.max_steps)]
    return limits + ([] if per_epoch is None else [settings.most_epochs() * per_epoch])


def _copied(callbacks: Callbacks) -> Callbacks:
    try:
        return copy.deepcopy(tuple(callbacks))
    except Exception as error:
        raise TypeError(f"callbacks: expected callbacks that copy.deepcopy can copy: {error}") from error


def _run(fit: Fit, train: Callable[[], tuple[float, float, bool]], checkpoint: Checkpoint) -> None:
    """Run epochs up to the last step of the fit; `train` returns loss, rate and whether the epoch is complete.

    What happens at the end of an epoch happens to complete ones alone, and nothing of what happens at the end of a fit.
    """
    loop = fit.begin()
    while loop.more:
        loss, rate, complete = train()
        if not complete:
            break
        loop.epoch_ended(loss, rate, 0.0)
        _check_loss(fit.history.loss, checkpoint.losses)


def _check_step(step: int, most: int) -> None:
    if step > most:
        raise ValueError(f"step: expected at most {most}, the steps of the fit, got {step}")


def _check_loss(losses: list[float], expected: tuple[float, ...]) -> None:
    """Raise ValueError if the last loss is not that of the fit."""
    epoch = len(losses)
    if epoch <= len(expected) and losses[-1] != expected[epoch - 1]:
        raise ValueError(
            f"X, y: expected the data of the fit, whose loss in epoch {epoch} was {expected[epoch - 1]!r}, "
            f"got data with the loss {losses[-1]!r}"
        )


@contextmanager
def without_repeated_warnings() -> Iterator[None]:
    """Ignore warnings that the fit itself has given."""
    with warnings.catch_warnings():
        for kind in (BatchSizeWarning, EarlyDecayWarning):
            warnings.simplefilter("ignore", kind)
        yield
