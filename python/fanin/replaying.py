"""Time travel: the network at any step of a fit, and the rows behind a jump of the loss."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from fanin.diagnose.diagnosis import Diagnosis
from fanin.diagnose.replay import Checkpoint, replayed, replayed_chunks
from fanin.diagnose.rows import RowsBehind, rows_behind_step
from fanin.loading import load
from fanin.network import Network
from fanin.training.race import resolved
from fanin.training.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.storage import Path
    from fanin.training.chunks import Chunks


def replay(
    checkpoint: Network | Path | Any,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    step: int,
    chunks: Chunks | None = None,
    **options: Any,
) -> Network:
    """Return the network after `step` updates of a fit, bit for bit as it was then.

    The fit is repeated from its start up to this step, on the same data. Schedules that span the fit take the values
    that they took in the whole fit. Callbacks act at the end of each complete epoch, as they did: copies of them
    (`copy.deepcopy`), so those of the fit remain as they are; what they write to files is written again. A step at
    which an epoch ended is replayed with what its callbacks did. What follows the last epoch is not: `EarlyStopping`
    does not restore the best weights, and no batch norm gets exact statistics.

    Parameters
    ----------
    checkpoint : Network, path or Diagnosis
        The network before the fit (``net.copy()``), a file it was saved to, or ``history.diagnosis``, which holds it. A
        network copied or saved between two epochs stands for a fit of the remaining ones: steps count from there.
    X, y : array_like
        The data of the fit.
    step : int
        Updates since the start of the fit; 0 is the start.
    chunks : sequence of tuples (X, y), or function, optional
        In place of X and y: the chunks of a `Network.fit_chunks`. A stream that can be read only once cannot be
        replayed.
    **options
        Exactly the other arguments of the fit: rule, epochs, ...; none for a Diagnosis, which has them. For a fit with
        `max_time`, pass ``max_steps=history.steps`` instead. A rate "auto" is chosen once more.

    Raises
    ------
    ValueError, TypeError
        As `Network.fit` does; for a step beyond the end; for a stream; and for other data than those of the fit, which
        a Diagnosis notices by the losses of the epochs.
    DivergedError
        If the weights after this step are not finite.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
    >>> start, options = net.copy(), {"rule": fanin.optim.Adam(fanin.optim.Cosine(0.1)), "epochs": 5}
    >>> history = net.fit(X, X**2, **options)
    >>> net.to_bytes() == fanin.replay(start, X, X**2, step=history.steps, **options).to_bytes()
    True
    >>> middle = fanin.replay(start, X, X**2, step=3, **options)
    """
    if chunks is not None:
        if X is not None or y is not None:
            raise TypeError("chunks: expected None together with X and y")
        return replayed_chunks(_checkpoint(checkpoint, options), chunks, step)
    if X is None or y is None:
        raise TypeError("X, y: expected the data of the fit, got None")
    return replayed(_resolved(_checkpoint(checkpoint, options), X, y), X, y, step).net


def rows_behind(
    checkpoint: Network | Path | Any, X: ArrayLike, y: ArrayLike, *, step: int, **options: Any
) -> RowsBehind:
    """Return the rows that made the loss jump in the batch of a step.

    That loss was measured before the update of the step. Either rows of that very batch made it high: they have a high
    loss under the weights one update earlier, too; or the update before did, and the rows of its batch. The fit is
    replayed to both weights. Losses are those of `Network.evaluate` row by row, so without dropout, and with the
    running statistics of batch norm; of averaged weights, those in training count.

    Parameters
    ----------
    checkpoint, X, y, **options
        As in `replay`.
    step : int
        The step (update) of the batch, from 1.

    Returns
    -------
    RowsBehind

    Raises
    ------
    ValueError, TypeError, DivergedError
        As `replay` does; also for a solver, which has no batches.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> y = 2 * X
    >>> y[20] = 500
    >>> net = fanin.Network(1, [fanin.Dense(1)])
    >>> options = {"rule": fanin.optim.SGD(0.01), "batch_size": 8, "batches": "in_order"}
    >>> behind = fanin.rows_behind(net, X, y, step=3, **options)
    >>> behind.batch, int(behind.rows[0])
    ('this', 20)
    """
    return rows_behind_step(_resolved(_checkpoint(checkpoint, options), X, y), X, y, step)


def _checkpoint(given: Any, options: dict[str, Any]) -> Checkpoint:
    """Return where the fit started: from a Diagnosis, a network or a file."""
    if isinstance(given, Diagnosis):
        if options:
            raise TypeError(
                f"options: expected none with a Diagnosis, which has them, got {', '.join(options)}"
            )
        return given.checkpoint
    if isinstance(given, str | bytes | os.PathLike):
        given = load(given)
    if not isinstance(given, Network):
        raise TypeError(f"checkpoint: expected a Network, a path or a Diagnosis, got {type(given).__name__}")
    known = [field.name for field in fields(Settings)]
    for name in options:
        if name not in known:
            raise TypeError(f"options: expected any of {', '.join(known)}, got {name!r}")
    return Checkpoint(given, Settings(**options))


def _resolved(checkpoint: Checkpoint, X: ArrayLike, y: ArrayLike) -> Checkpoint:
    settings, _ = resolved(checkpoint.net, X, y, checkpoint.settings)
    return replace(checkpoint, settings=settings)
