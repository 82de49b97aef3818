"""Training one network by the ranks of MPI, each with rows of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_flag
from fanin.data.inputs import as_data, classes_of, error_context, row_count
from fanin.distributed.fitting import FitOfRanks
from fanin.distributed.ranks import Ranks, as_comm
from fanin.model import check_model
from fanin.optim import Rule, Solver
from fanin.training.opening import data_of
from fanin.training.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.data.class_weight import ClassWeight
    from fanin.data.validation import Validation, ValidationData, ValidationSplit
    from fanin.network import Network
    from fanin.training.callbacks import Callbacks
    from fanin.training.history import History
    from fanin.training.settings import BatchesName


def fit(
    net: Network,
    X: ArrayLike,
    y: ArrayLike,
    *,
    comm: Any = None,
    synchronized: bool = False,
    rule: Rule | str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    batches: BatchesName = "shuffled",
    order_seed: int | None = None,
    class_weight: ClassWeight | None = None,
    sample_weight: ArrayLike | None = None,
    validation_data: ValidationData | None = None,
    validation_fraction: float | None = None,
    validation_split: ValidationSplit = "last",
    callbacks: Callbacks = (),
    verbose: bool = False,
    max_steps: int | None = None,
) -> History:
    """Train a network by all ranks of an MPI communicator together, each with rows of its own.

    All ranks call this with the same arguments, except for the data. The network of rank 0, with the state of its
    training, takes the place of the others; then each step computes the gradient of the mean loss of one batch,
    ``sum over ranks r of sum over its rows i of w_i g_i / sum of w``, and all ranks make the same update. The sums over
    the ranks (MPI's non-blocking all-reduce) of the upper layers are under way while the gradients of lower layers are
    computed. All ranks end with the same network, bit for bit.

    One rank gives the bits of `Network.fit`. The same number of ranks gives the same bits on every run with the same
    MPI library and the same layout of the ranks, as the MPI standard recommends to libraries.

    What an input layer learns, class weights, losses, validation and early stopping are of the rows of all ranks, and
    callbacks such as `RateControl` decide the same everywhere; a callback of any rank that returns True stops all, and
    what a callback changes, it must change on all ranks. A batch norm sees the rows of its own rank in each batch, and
    the running statistics become the mean over the ranks; with `synchronized` it sees the whole batch. Dropout and the
    order of rows differ from rank to rank.

    An invalid argument of one rank is an error on all, which names the rank. If a rank fails later, and not all ranks
    do within 3 seconds, its traceback is printed and all are ended (``comm.Abort``): none waits for it without end.

    Parameters
    ----------
    net : Network
        Without recurrent layers. `PiecewiseLinear` and `OneHot` must have learned before, on rank 0: see
        `Network.adapt`.
    X, y, sample_weight : array_like
        The rows of this rank, as for `Network.fit`; at least one. Ranks may have different numbers of rows, and all
        weights of a rank may be 0.
    comm : mpi4py.MPI.Intracomm, optional
        By default ``MPI.COMM_WORLD``.
    synchronized : bool
        Batch norms use the mean and variance over the rows of all ranks, in both directions.
    batch_size : int, optional
        Samples of all ranks together per update, by default 32. Each rank takes its share: with n of N rows n / N of
        the batch, rounded down or up in turn, so batches of unequal ranks differ a little. At least the number of
        ranks.
    batches : str
        "shuffled" or "in_order", of the rows of each rank.
    validation_data : tuple (X, y) or (X, y, sample_weight), optional
        The part of this rank, on all ranks or on none, with a weight above 0.
    validation_fraction : float in (0, 1), optional
        Alternatively: each rank holds back this fraction of its rows.
    verbose : bool
        Rank 0 shows its progress.
    rule, epochs, order_seed, class_weight, validation_split, callbacks, max_steps
        As for `Network.fit`. Not a solver, and no rate "auto".

    Returns
    -------
    History
        The same on all ranks, except for the seconds.

    Raises
    ------
    ImportError
        If mpi4py is not installed: ``pip install "fanin[mpi]"``.
    ValueError, TypeError
        For invalid arguments of any rank, and if ranks differ in the version of fanin, the network, its dtype, the
        rule, the options or the columns.
    DivergedError
        On all ranks: see `Network.fit`.

    References
    ----------
    Goyal et al. 2017, Accurate, large minibatch SGD: training ImageNet in 1 hour.

    Examples
    --------
    A program, run by ``mpirun -n 4 python -m mpi4py program.py``:

    >>> import numpy as np, fanin, fanin.distributed
    >>> from mpi4py import MPI  # doctest: +SKIP
    >>> comm = MPI.COMM_WORLD  # doctest: +SKIP
    >>> X = np.load(f"rows{comm.rank}.npy")  # doctest: +SKIP
    >>> net = fanin.Network(1, [fanin.Dense(16, "tanh"), fanin.Dense(1)])
    >>> history = fanin.distributed.fit(net, X, X**2, comm=comm, batch_size=256)  # doctest: +SKIP
    """
    ranks = Ranks(as_comm(comm))
    try:
        prepared = ranks.agreed(
            lambda: _prepared(
                net,
                X,
                y,
                synchronized,
                Settings(
                    rule=rule,
                    epochs=epochs,
                    batch_size=batch_size,
                    batches=batches,
                    order_seed=order_seed,
                    class_weight=class_weight,
                    sample_weight=sample_weight,
                    validation_data=validation_data,
                    validation_fraction=validation_fraction,
                    validation_split=validation_split,
                    callbacks=callbacks,
                    verbose=verbose,
                    max_steps=max_steps,
                ),
            )
        )
        ranks.check_same(prepared.to_compare)
        history = _trained(net, prepared, ranks, bool(synchronized))
    finally:
        ranks.close()
    return history


class _Prepared:
    """The checked arguments of a rank."""

    def __init__(
        self, data: tuple[Any, ...], validation: Validation | None, names: Any, settings: Settings
    ) -> None:
        self.data, self.validation, self.names, self.settings = data, validation, names, settings
        self.counts: list[int] | None = None  # of classes, if they balance the weights
        self.to_compare: list[tuple[str, str]] = []


def _prepared(net: Network, X: Any, y: Any, synchronized: bool, settings: Settings) -> _Prepared:
    check_model(net)
    check_flag("synchronized", synchronized)
    rule = settings.rule
    if isinstance(rule, Solver):
        raise ValueError(f"rule: expected an update rule, because {rule.kind} needs all rows in one place")
    if rule.rate == "auto":
        raise ValueError(
            'learning_rate: expected a number or a schedule, got "auto"; on one rank, find_rate finds one'
        )
    if net._core.recurrent:
        raise ValueError("net: expected no recurrent layers, which several ranks do not train together")
    if settings.batches not in ("shuffled", "in_order"):
        raise ValueError(f'batches: expected "shuffled" or "in_order", got "{settings.batches}"')
    data, validation, names = data_of(net, X, y, settings)
    made = _Prepared(data, validation, names, settings)
    converted = as_data(net, data[0], data[1], data[2], names)
    with error_context(labels=converted.labels):
        net._core.check(converted.X, converted.y, None)  # weights are checked beside those of other ranks
    if isinstance(settings.class_weight, str):
        found = classes_of(net, data[1], names, "class_weight")
        made.counts = np.bincount(found, minlength=max(net.n_outputs, 2)).tolist()
    numbers = {name: getattr(settings, name) for name in ("epochs", "batch_size", "order_seed", "max_steps")}
    whole: Any = {name: int(number) for name, number in numbers.items() if number is not None}
    options = replace(
        settings,
        **whole,
        sample_weight=None,
        validation_data=None,
        callbacks=(),
        verbose=False,
        class_weight=None,
    )
    made.to_compare = [
        ("version of fanin", _core.__version__),
        ("network", f"{net.n_inputs} inputs, {net.dtype}"),
        ("layers", repr(net.layers)),
        ("loss", repr(net._loss)),
        ("columns", repr(names)),
        ("y", f"{np.ndim(converted.y)} dimensions"),
        ("options", repr(options)),
        ("class_weight", repr(settings.class_weight)),
        ("synchronized", repr(bool(synchronized))),
        ("sample_weight", "None" if data[2] is None else "weights"),
        ("validation_data", "None" if validation is None else "data"),
        ("callbacks", repr([_told_of(callback) for callback in settings.callbacks])),
    ]
    return made


def _told_of(callback: Any) -> str:
    """Return what a callback of fanin is told, and the class of others."""
    kind = type(callback)
    return repr(callback) if kind.__module__.startswith("fanin.") else kind.__name__


def _trained(net: Network, prepared: _Prepared, ranks: Ranks, synchronized: bool) -> History:
    settings = prepared.settings
    if prepared.counts is not None:
        settings = replace(settings, class_weight=_balanced(ranks, prepared.counts))
    if ranks.rank > 0:
        settings = replace(settings, verbose=False)
    rows = row_count("X", prepared.data[0])
    try:
        of_first = ranks.bytes_of_first(net.to_bytes() if ranks.rank == 0 else b"")
        if ranks.rank > 0:
            net._core = net.from_bytes(of_first)._core
        net._seed = int(net._core.seed)
        made = FitOfRanks(net, settings, prepared.validation, prepared.names, rows, ranks, synchronized)
        weighted = ranks.agreed(lambda: made.weighted(*prepared.data, rows="rank"))
        with made.training(*weighted, epochs=made.epochs) as training:
            history = made.run(lambda: made.epoch(training)[:2])
            made.finish(training)
    except BaseException as error:
        ranks.fail(error)
        raise
    return history


def _balanced(ranks: Ranks, counts: list[int]) -> dict[int, float]:
    """Return the weights of classes, n / (classes * count), for the rows of all ranks."""
    of_all = np.sum(ranks.gather(counts), axis=0)
    occurring = np.flatnonzero(of_all)
    return {int(label): float(of_all.sum() / (len(occurring) * of_all[label])) for label in occurring}
