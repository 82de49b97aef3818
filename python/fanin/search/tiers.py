"""Ng's order of hyper-parameters, by tier: which ones a round opens, and the space that it draws from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fanin.checks import check_sequence
from fanin.search.choices import Choice, TupleOf
from fanin.search.distribution import Distribution
from fanin.search.narrowing import narrowed
from fanin.search.space import Grid, Space
from fanin.search.trials import Trial

RATES = {"rate", "learning_rate", "learning_rate_init", "lr", "eta", "eta0", "step_size"}
SECOND = {
    *("momentum", "momenta", "beta", "batch", "batch_size", "minibatch_size", "mini_batch_size"),
    *("units", "n_units", "hidden_units", "n_hidden", "neurons", "n_neurons", "width", "hidden"),
    *("hidden_size", "hidden_sizes", "hidden_layer_size", "hidden_layer_sizes", "layer_sizes"),
}
ADAM = {"beta1", "beta_1", "beta2", "beta_2", "beta3", "betas", "epsilon", "epsilon_hat", "eps"}
ORDINALS = ("first", "second", "third", "fourth")


@dataclass(frozen=True)
class Tiers:
    """The order in which rounds open the parameters of a space."""

    names: tuple[tuple[str, ...], ...]  # by tier, none empty; constants are in the first
    ranks: tuple[int, ...]  # of each tier in its ranking, from 0
    ranking: str = ""  # what messages call it; empty if there is one tier, of everything


def ng_rank(name: str, distribution: Any = None) -> int:
    """Return the tier of a parameter in Ng's ranking, from 0, by the names in use.

    The learning rate; then momentum, hidden units and the size of mini-batches; then the number of layers, the decay of
    the learning rate and whatever the ranking does not name; then Adam's betas and epsilon (A. Ng, *Improving Deep
    Neural Networks*, "Tuning process"; docs/textbook.md, row 73). A rate with only names to choose from is a schedule:
    scikit-learn's `learning_rate`.

    Examples
    --------
    >>> from fanin.search.tiers import ng_rank
    >>> [ng_rank(name) for name in ("mlpclassifier__learning_rate_init", "units_2", "n_layers", "beta_2")]
    [0, 1, 2, 3]
    """
    plain = name.rsplit("__", 1)[-1].lower()
    if plain in ADAM:
        return 3
    plain = re.sub(r"_?l?\d+$", "", plain)  # of a layer: units_1, n_units_l0
    if plain in RATES:
        schedule = isinstance(distribution, Choice) and all(isinstance(o, str) for o in distribution.options)
        return 2 if schedule else 0
    sizes = isinstance(distribution, TupleOf) and "layer" in plain  # the units of each layer
    return 1 if sizes or plain in SECOND else 2


def ng_tiers(space: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return the names of a space by tier of Ng's ranking, without empty tiers.

    Examples
    --------
    >>> from fanin import search
    >>> from fanin.search.tiers import ng_tiers
    >>> ng_tiers({"beta1": search.Uniform(0.8, 0.9), "momentum": [0.5, 0.9], "lr": search.LogUniform(1e-4, 1e-1)})
    (('lr',), ('momentum',), ('beta1',))
    """
    tiers = [tuple(n for n, value in space.items() if ng_rank(n, value) == rank) for rank in range(4)]
    return tuple(tier for tier in tiers if tier)


def checked_tiers(space: Space | Grid, tiers: object) -> Tiers:
    """Return the tiers for None (one tier), "ng", or lists of names that cover the space, each name once.

    Constants join the first tier, because every trial needs them. A grid has none.
    """
    if isinstance(space, Grid):
        if tiers is not None:
            raise ValueError(f"tiers: expected None for a Grid, which is searched once, got {tiers!r}")
        return Tiers((), ())
    if tiers is None:
        return Tiers((tuple(space),), (0,))
    if isinstance(tiers, str):
        if tiers != "ng":
            raise ValueError(f'tiers: expected None, "ng" or lists of names, got {tiers!r}')
        names, ranking = ng_tiers(space), "Ng's ranking"
        ranks = [ng_rank(tier[0], space[tier[0]]) for tier in names]
    else:
        names, ranking = _given(space, tiers), "the order given"
        ranks = list(range(len(names)))
    constants = tuple(name for name in space if _is_constant(space[name]))
    opened = [
        (tuple(n for n in tier if n not in constants), rank) for tier, rank in zip(names, ranks, strict=True)
    ]
    opened = [(tier, rank) for tier, rank in opened if tier]
    first = (opened[0][0] + constants, *(tier for tier, _ in opened[1:]))
    return Tiers(first, tuple(rank for _, rank in opened), ranking)


def _is_constant(value: Any) -> bool:
    return isinstance(value, Distribution) and value.count == 1


def _given(space: Space, tiers: object) -> tuple[tuple[str, ...], ...]:
    expected = 'None, "ng" or lists of names'
    names = []
    for i, tier in enumerate(check_sequence("tiers", tiers, expected)):
        names.append(check_sequence(f"tiers[{i}]", tier, "a list of names"))
        if not names[-1]:
            raise ValueError(f"tiers[{i}]: expected at least one name, got none")
    seen: list[str] = []
    for name in (name for tier in names for name in tier):
        if not isinstance(name, str) or name not in space:
            raise ValueError(f"tiers: expected names of the space ({', '.join(space)}), got {name!r}")
        if name in seen:
            raise ValueError(f"tiers: expected each name once, got {name!r} twice")
        seen.append(name)
    if missing := [name for name in space if name not in seen]:
        raise ValueError(f"tiers: expected every name of the space, got none of {', '.join(missing)}")
    return tuple(names)


def space_of_round(
    first: Space, tiers: Tiers, number: int, current: Space | None = None, trials: Sequence[Trial] = ()
) -> tuple[Space, list[str]]:
    """Return the space of a round, and each decision in a sentence.

    Parameters of later tiers are left out; those of earlier ones are narrowed around the best trials; those of the
    tier that the round opens have their whole range.

    Parameters
    ----------
    first : Space
        What the user gave.
    tiers : Tiers
        Of `checked_tiers`.
    number : int
        Of the round, from 0.
    current : Space or None
        The space of the round before.
    trials : sequence of Trial
        Of all rounds before.
    """
    space, sentences = ({}, []) if current is None else narrowed(first, current, trials)
    if number >= len(tiers.names):
        return Space(space), sentences
    opened = tiers.names[number]
    if tiers.ranking:
        shown = ", ".join(name for name in opened if not _is_constant(first[name]))
        rank = tiers.ranks[number]
        place = f"the {ORDINALS[rank]} tier" if rank < len(ORDINALS) else f"tier {rank + 1}"
        sentences = [*sentences, f"opens {shown}: {place} of {tiers.ranking}"]
    return Space({**space, **{name: first[name] for name in opened}}), sentences
