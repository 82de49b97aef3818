"""Searching for the parameters of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fanin.checks import check_choice, check_flag, check_integer
from fanin.data.order import in_random_order
from fanin.data.sparse import as_csr
from fanin.data.validation import matching_rows, parts_of
from fanin.search.engine import search
from fanin.search.journal import Journal, digest
from fanin.search.networks import MakeNet, Networks
from fanin.search.plan import planned
from fanin.search.result import Result
from fanin.values import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.data.validation import ValidationData
    from fanin.search.space import Grid, Space
    from fanin.search.tiers import Tiers
    from fanin.storage import Path


def run(
    make_net: MakeNet,
    space: Mapping[str, Any] | Space | Grid,
    X: ArrayLike,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    validation_data: ValidationData | None = None,
    validation_fraction: float = 0.2,
    scoring: str = "loss",
    n_iter: int = 64,
    factor: float = 3,
    min_epochs: int | str = "auto",
    max_epochs: int = 100,
    tail: float = 0.2,
    rounds: int | None = 1,
    tiers: Literal["ng"] | Sequence[Sequence[str]] | None = None,
    max_time: float | None = None,
    journal: Path | None = None,
    seed: int = 0,
    verbose: bool = False,
) -> Result:
    """Search for the parameters of a network: random trials, halved rung by rung, from coarse to fine.

    `n_iter` random choices of the parameters are trained for a few epochs, the best third of them for three times as
    many, and so on up to `max_epochs` (successive halving; Jamieson and Talwalkar 2016). No training is repeated:
    each network resumes where it was. At every rung, a copy of it is trained for a linear tail, in which the rate
    falls to 0, and scored; otherwise low rates would look better only because they fluctuate less. All networks see
    the same rows in the same order, and are trained side by side as by `train_together`, each bit-identical to being
    trained alone. With `rounds` above 1, the next ones search around the best.

    Parameters
    ----------
    make_net : function
        ``make_net(**params)`` returns a new network, or ``(network, options)`` with options of `Network.fit`: rule,
        batch_size, batches, order_seed, class_weight. The rate must be a number, or a schedule with its own steps.
    space : dict of name -> distribution
        `LogUniform`, `OneMinusLogUniform`, `Uniform`, `IntUniform`, `Choice`, `TupleOf`, lists, or anything with
        `rvs`, such as distributions of SciPy. Or a `Grid`.
    X, y, sample_weight
        As in `Network.fit`.
    validation_data : tuple (X, y) or (X, y, sample_weight), optional
        Rows that score the trials.
    validation_fraction : float in (0, 1)
        Without `validation_data`: this share of the rows, chosen by the seed, scores the trials.
    scoring : str
        "loss": the mean validation loss, negated, as higher scores are better; or "accuracy", for losses with classes.
    n_iter : int
        Trials in each round.
    factor : float
        One in so many trials reaches the next rung.
    min_epochs, max_epochs : int
        Of the first and of the last rung, with the tail. "auto": `max_epochs` divided by the factor as often as there
        are trials to drop. Equal numbers make a plain random search.
    tail : float
        Share of the epochs of a rung in which the rate falls to 0; at least one epoch, or none for 0.
    rounds : int or None
        From coarse to fine: each further round draws from half of each range, around the best trials so far, or from
        beyond an edge if these are near it; but never from outside the range given. None: until `max_time`.
    tiers : "ng" or lists of names, optional
        Parameters to open one tier after the other, a round each, before `rounds` count; those of later tiers keep the
        defaults of `make_net` until then. "ng": Ng's ranking: learning rate; momentum, units, batch size; layers,
        decay, all others; Adam's betas.
    max_time : float, optional
        Seconds. Each rung gets an equal part of the time left; if that is too little, it trains fewer trials.
    journal : str or path, optional
        A file with each finished rung of a trial. A search with the same arguments resumes from it, after a crash too,
        and its result is the same bit for bit (without `max_time`).
    seed : int
        Of the draws, and of the rows held out.
    verbose : bool
        Print each decision, with a line that shows progress and the time left in a terminal or notebook.

    Returns
    -------
    Result
        With the trained network of the best trial as `net`. After Ctrl-C, what there is by then.

    Raises
    ------
    ValueError, TypeError
        For invalid arguments; if all trials diverge, with the commonest cause; and if `max_time` is over before one
        trial is trained.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> from fanin import search
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(400, 2))
    >>> y = (X[:, 0] * X[:, 1] > 0).astype(int)
    >>> def make_net(rate, units):
    ...     net = fanin.Network(2, [fanin.Dense(units, "relu"), fanin.Dense(2)], "softmax_cross_entropy")
    ...     return net, {"rule": fanin.optim.Adam(rate)}
    >>> space = {"rate": search.LogUniform(1e-4, 1e-1), "units": search.IntUniform(4, 64)}
    >>> result = search.run(make_net, space, X, y, n_iter=9, max_epochs=27)
    >>> result.log[0].split(";")[0]
    'Round 1, rung 1 of 2: 9 trials of 9 epochs'
    >>> accuracy = result.net.evaluate(X, y)["accuracy"]
    """
    if not callable(make_net):
        raise TypeError(f"make_net: expected a function of the parameters, got {make_net!r}")
    check_choice("scoring", scoring, ("loss", "accuracy"))
    check_number("tail", tail, at_least=0, below=1)
    check_integer("seed", seed, 0, 32)
    check_flag("verbose", verbose)
    plan = planned(
        space,
        n_iter=n_iter,
        factor=factor,
        min_epochs=min_epochs,
        max_epochs=max_epochs,
        rounds=rounds,
        tiers=tiers,
        max_time=max_time,
        seed=seed,
    )
    _check_defaults(make_net, plan.tiers)
    X = as_csr(X)
    data, held = _split(X, y, sample_weight, validation_data, validation_fraction, seed)
    given = {"": (X, y, sample_weight)}
    if validation_data is not None:
        given["validation_data: "] = held
    trainer = Networks(make_net, data, held, given, scoring, tail)
    identity = {}
    if journal is not None:
        settings = {"scoring": scoring, "tail": repr(tail), "data": digest(*data, *held)}
        identity = plan.identity() | settings
    result = search(trainer, plan, Journal(journal, identity), verbose=verbose)
    return replace(result, net=trainer.network(result.best))


def _check_defaults(make_net: MakeNet, tiers: Tiers) -> None:
    """Raise ValueError unless the function has defaults for the parameters of later tiers."""
    later = [name for tier in tiers.names[1:] for name in tier]
    parameters = signature(make_net).parameters if later else {}
    for name in later:
        if name in parameters and parameters[name].default is Parameter.empty:
            raise ValueError(
                f"make_net: expected a default for {name}, whose tier is opened after the first round, got none"
            )


def _split(
    X: Any, y: Any, sample_weight: Any, validation_data: Any, fraction: float, seed: int
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return (X, y, sample_weight) to train on, and to score with."""
    data = (X, y, sample_weight)
    if validation_data is not None:
        if not isinstance(validation_data, tuple | list) or not 2 <= len(validation_data) <= 3:
            raise TypeError("validation_data: expected (X, y) or (X, y, sample_weight)")
        return data, (*validation_data, None)[:3]
    check_number("validation_fraction", fraction, above=0, below=1)
    rows = matching_rows(*data)
    held = max(1, round(fraction * rows))
    if held >= rows:
        raise ValueError(f"validation_fraction: {fraction} of {rows} rows leaves none to train on")
    order = in_random_order(rows, seed)
    return parts_of(data, np.sort(order[held:])), parts_of(data, np.sort(order[:held]))
