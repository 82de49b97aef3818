"""What may go on around an update rule: limits, penalties, rates by array, groups of batches, averages."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from fanin.checks import check_integer, check_sequence
from fanin.optim.rule import Rule, check_rule
from fanin.values import check_number

Place = str | int  # a name in a network, a position in an Optimizer


@dataclass(frozen=True)
class Around(Rule):
    """An update rule and what goes on around it, in this order.

    1. ``g <- mean of the gradients of accumulate batches``, each by its number of samples or sum of weights
    2. ``g <- g clipped to [-clip_value, clip_value]``
    3. ``g <- g min(1, clip_norm / |g|)``, with the norm over all arrays together
    4. ``g <- g + l2 w + l1 sign(w)``
    5. ``w <- w - s learning_rate weight_decay w + s change``, with the change by the rule and
       ``s = rate_scale n_in^-fan_in_power``
    6. ``average <- average + share (w - average)``, ``share = (1 - average_decay) / (1 - average_decay^t)``

    l1, l2, weight_decay and fan_in_power act on weights, not on biases (`Optimizer`: not on arrays of fewer than two
    dimensions). Clipping by norm and accumulation want the whole gradient before any update; the rest costs no pass of
    its own. The loss that a fit reports is without the penalties.

    Parameters
    ----------
    rule : Rule
    clip_value, clip_norm : float, optional
        Above 0.
    l1, l2 : float
        Of the penalties ``l1 |w|`` and ``l2 w^2 / 2``.
    weight_decay : float
        Apart from the gradient (Loshchilov and Hutter 2019), beside the rule's own if it has one.
    rate_scales : dict
        Factors of the rate, of arrays such as "layer1.weight" or all arrays of a "layer1"; a name of an array outdoes
        its layer's. For an `Optimizer` positions of its arrays. (A rule that steps by sizes of its own, as Rprop, has
        its steps scaled.)
    frozen : list
        Arrays or layers, by the same names, that stay as they are, bit for bit, with their state; gradients pass
        through, down to the lowest array that is trained, so that frozen lower layers save their share of a step.
        Batch norm in a frozen layer goes on normalizing by the batch and averaging its statistics.
    fan_in_power : float
        Of the scale n_in^-power of a weight array (n_in, units). Off by default, as sources differ: 1/2 by Hinton's
        lecture 6b; 1 for Adam where initial weights shrink with the width (muP, Yang et al. 2021).
    accumulate : int
        Batches a step. A group ends with the epoch (or chunk): the last one may have fewer batches, and takes their
        mean. In an `Optimizer` every so many calls of ``step`` are a step.
    average_decay : float in [0, 1)
        Above 0 the weights are averaged over steps, newer ones more; 0.999 averages over about 1000 steps. The start
        does not count: share is 1 at the first step. The network then *shows* the average: `get_weights`, `predict`,
        `evaluate`, validation and callbacks see it, while training goes on from the weights themselves, also in the
        next fit of the same kind of rule; ``get_weights(averaged=False)`` returns them. A fit without it, or with
        another kind of rule, goes on from the average; `set_weights` sets both. The averages of batch norm are those
        met in training. `Optimizer.averages` gives it for arrays.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Around(optim.Momentum(0.1), l2=1e-4, clip_norm=1.0)
    Around(Momentum(learning_rate=0.1, momentum=0.9), clip_norm=1.0, l2=0.0001)

    Train the last layer of two, its biases slowly:

    >>> rule = optim.Around(optim.Adam(), frozen=["layer1"], rate_scales={"layer2.bias": 0.1})
    """

    rule: Rule
    clip_value: float | None = None
    clip_norm: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    weight_decay: float = 0.0
    rate_scales: Mapping[Any, float] = field(default_factory=dict, hash=False)
    frozen: Sequence[Any] = ()
    fan_in_power: float = 0.0
    accumulate: int = 1
    average_decay: float = 0.0

    def __post_init__(self) -> None:
        check_rule(self.rule)
        if isinstance(self.rule, Around):
            expected = "an update rule such as fanin.optim.Adam(), with nothing around it"
            raise TypeError(f"rule: expected {expected}, got {self.rule!r}")
        object.__setattr__(self, "name", self.rule.name)
        object.__setattr__(self, "full_batch_because", self.rule.full_batch_because)
        for name in ("clip_value", "clip_norm"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), above=0)
        for name in ("l1", "l2", "weight_decay", "fan_in_power"):
            check_number(name, getattr(self, name), at_least=0)
        check_number("average_decay", self.average_decay, at_least=0, below=1)
        check_integer("accumulate", self.accumulate, 1)
        if not isinstance(self.rate_scales, Mapping):
            raise TypeError(f"rate_scales: expected a dict of array -> factor, got {self.rate_scales!r}")
        object.__setattr__(self, "rate_scales", dict(self.rate_scales))
        frozen = check_sequence("frozen", self.frozen, "a list of arrays or layers")
        object.__setattr__(self, "frozen", frozen)
        for place, scale in self.rate_scales.items():
            check_number(f"rate_scales: {place}", scale, at_least=0)

    def __repr__(self) -> str:
        """Return the rule and what is not as by default."""
        defaults = Around(self.rule)
        changed = [f.name for f in fields(self) if getattr(self, f.name) != getattr(defaults, f.name)]
        shown = [repr(self.rule)] + [f"{name}={getattr(self, name)!r}" for name in changed]
        return f"Around({', '.join(shown)})"

    @property
    def kind(self) -> str:
        """The name of the class of the rule inside."""
        return self.rule.kind

    @property
    def batches(self) -> int:
        """Batches whose mean gradient makes a step."""
        return int(self.accumulate)

    def values_on(self, arrays: Sequence[Hashable]) -> dict[str, Any]:
        """Return the rule's hyper-parameters and what goes on around it, for arrays of these names or positions."""
        numbers = ("l1", "l2", "weight_decay", "fan_in_power", "average_decay")
        around: dict[str, Any] = {name: float(getattr(self, name)) for name in numbers}
        for name in ("clip_value", "clip_norm"):
            limit = getattr(self, name)
            around[name] = math.inf if limit is None else float(limit)
        around["accumulate"] = min(int(self.accumulate), 2**32)
        around["arrays"] = self._options(arrays)
        return {**self.rule.values(), "around": around}

    def _options(self, arrays: Sequence[Hashable]) -> list[tuple[float, bool]]:
        """Return the factor of the rate of each array, and whether it is frozen; nothing where none is special."""
        if not self.rate_scales and not self.frozen:
            return []
        frozen = {array for place in self.frozen for array in _arrays_at("frozen", place, arrays)}
        scales: dict[Hashable, float] = {}
        for place in sorted(self.rate_scales, key=lambda place: place in arrays):  # layers first
            for array in _arrays_at("rate_scales", place, arrays):
                scales[array] = float(self.rate_scales[place])
        return [(scales.get(array, 1.0), array in frozen) for array in arrays]


def _arrays_at(name: str, place: Any, arrays: Sequence[Hashable]) -> list[Hashable]:
    """Return the array of this name or position, or those of a layer."""
    is_place = isinstance(place, str) or hasattr(place, "__index__")
    if is_place and not isinstance(place, bool):
        place = place if isinstance(place, str) else place.__index__()
        found = [array for array in arrays if array == place or str(array).startswith(f"{place}.")]
        if found:
            return found
    if isinstance(arrays[0], str):
        expected = f"an array or a layer of the network: {', '.join(map(str, arrays))}"
    else:
        expected = f"a position of an array, 0 to {len(arrays) - 1}"
    raise ValueError(f"{name}: expected {expected}; got {place!r}")
