"""Training on chunks of data: streams, and files larger than memory."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin._core import DivergedError
from fanin.data.inputs import check_parts, error_context, row_count
from fanin.data.sequences import Sequences, as_samples
from fanin.layers import BatchNorm, all_inside
from fanin.optim import Solver
from fanin.training.fitting import Fit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.layers import Layer
    from fanin.network import Network
    from fanin.training.settings import Settings

    Chunk = tuple[ArrayLike, ArrayLike] | tuple[ArrayLike, ArrayLike, ArrayLike | None]
    Chunks = Iterable[Chunk] | Callable[[], Iterable[Chunk]]


def check_statistics(layers: Sequence[Layer]) -> None:
    """Raise ValueError if a batch norm needs statistics of the whole training set."""
    for number, layer in enumerate(layers, start=1):
        if any(isinstance(part, BatchNorm) and part.exact_statistics for part in all_inside([layer])):
            raise ValueError(
                f"layers: layer {number}: exact_statistics needs the whole training set, which fit_chunks does not have"
            )


def check_settings(settings: Settings) -> None:
    """Raise ValueError if class weights or a solver need the whole training set."""
    if isinstance(settings.rule, Solver):
        raise ValueError(
            f"rule: {settings.rule.kind} needs all samples at once, which fit_chunks does not have"
        )
    if settings.class_weight == "balanced":
        raise ValueError(
            'class_weight: "balanced" counts the classes of the whole training set, which fit_chunks does not have; '
            "expected a dict of label -> weight"
        )


def check_chunks(chunks: Chunks, epochs: int) -> Callable[[], Iterator[Chunk]]:
    """Return a function that starts a pass over the chunks."""
    if callable(chunks):
        return lambda: _iterator(chunks())
    first = _iterator(chunks)
    if first is chunks and epochs > 1:
        raise ValueError(
            f"chunks: an iterator can be read once, not for {epochs} epochs; "
            "expected a list, or a function that returns a new iterator"
        )
    return lambda: _iterator(chunks)


def adapt_to_chunks(net: Network, chunks: Chunks) -> None:
    """Let an input layer that has not learned yet learn from all chunks, if they can be read again after that."""
    if net._core.adapted:
        return
    if callable(chunks) or _iterator(chunks) is not chunks:
        net.adapt_chunks(chunks)
        return
    warnings.warn(
        "chunks: the input layer learns from the first chunk alone, because an iterator can be read only once; "
        "expected a list or a function that returns a new iterator, or a call of adapt or adapt_chunks before",
        stacklevel=3,
    )


def inputs_of(chunks: Iterator[Chunk]) -> Iterator[tuple[ArrayLike, ArrayLike | None]]:
    """Yield X and the sample weights of each chunk."""
    for chunk in chunks:
        check_parts(chunk)
        yield chunk[0], chunk[2] if len(chunk) == 3 else None


def train_on_chunks(fit: Fit, chunks: Iterator[Chunk]) -> tuple[float, float]:
    """Train on each chunk in turn, until the budget is spent; return the (weighted) mean loss over all samples.

    The second number is the learning rate at the end.
    Only the name `chunk` refers to a chunk, so its memory is freed before the next one is created.
    """
    number, weights, total, rate = 0, 0.0, 0.0, 0.0
    end: Any = object()
    chunk: Any = next(chunks, end)
    while chunk is not end:
        number += 1
        loss, rate, weight = _train_on_chunk(fit, chunk, number)
        total += loss * weight
        weights += weight
        chunk = None
        if fit.budget.spent:
            break
        chunk = next(chunks, end)
    if number == 0:
        raise ValueError("chunks: expected at least one chunk (X, y), got none")
    return total / weights if weights > 0 else 0.0, rate


def _train_on_chunk(fit: Fit, chunk: Any, number: int) -> tuple[float, float, float]:
    """Return the mean loss of the samples trained, the learning rate at the end, and the sum of their weights."""
    with error_context(f"chunk {number}: "):
        check_parts(chunk)
        chunk = fit.weighted(*as_samples(fit.net, chunk[0], chunk[1], chunk[2] if len(chunk) == 3 else None))
        opened = fit.training(*chunk)
    with opened as training:
        with error_context(f"chunk {number}: "):
            weight = _weight(*chunk)
        try:
            loss, rate, share = fit.epoch(training)
            return loss, rate, weight * share
        except DivergedError as error:
            named = DivergedError(f"chunk {number}: {error}")
            named.epoch, named.step, named.layer = error.epoch, error.step, error.layer
            raise named from None


def _weight(X: Any, y: Any, sample_weight: Any) -> float:
    """Return the sum of the sample weights, already checked; without weights, the number of samples or steps."""
    if sample_weight is None:
        return float(len(y.steps) if isinstance(y, Sequences) else row_count("X", X))
    if isinstance(sample_weight, Sequences):
        sample_weight = sample_weight.steps
    with np.errstate(over="ignore"):
        total = float(np.sum(_core.numbers("sample_weight", sample_weight), dtype=np.float64))
    if np.isinf(total):
        raise ValueError("sample_weight: expected weights with a finite sum, got infinity")
    return total


def _iterator(chunks: Any) -> Iterator[Chunk]:
    if not isinstance(chunks, Iterable) or hasattr(chunks, "dtype"):
        raise TypeError(f"chunks: expected an iterable of tuples (X, y), got {type(chunks).__name__}")
    return iter(chunks)
