"""Options for any update rule: clipping, penalties, rates by array, accumulation of batches, averaged weights."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

from fanin.aliases import RULES
from fanin.checks import check_choice, check_integer, check_sequence
from fanin.optim.adam import AdamW
from fanin.optim.named import BY_NAME, SOLVERS, as_rule
from fanin.optim.rule import Decay, Rate, Rule
from fanin.optim.schedule import Schedule
from fanin.optim.solvers import Solver
from fanin.values import check_number, plain

Lazy = Literal["auto", "always", "never"]
Place = str | int  # the name of an array in a network, its position in an Optimizer


@dataclass(frozen=True)
class Around(Rule):
    """An update rule with options, applied in this order.

    1. ``g <- g (n / c)^count_power``, for a row of weights that c of the n samples of a sparse batch meet
    2. ``g <- mean of the gradients of accumulate batches``, weighted by their numbers of samples or sums of weights
    3. ``g <- g clipped to [-clip_value, clip_value]``
    4. ``g <- g min(1, clip_norm / |g|)``, with the norm over all arrays together
    5. ``g <- g + l2 w + l1 sign(w) + l2_of_sum w / S``, with S the number of samples of the step, or the sum of
       their weights
    6. ``w <- w - s learning_rate weight_decay w + s change``, with the rule's change and
       ``s = rate_scale n_in^-fan_in_power``
    7. ``average <- average + share (w - average)``, ``share = (1 - average_decay) / (1 - average_decay^t)``, or
       ``share = (1 - average_share) / (1 + average_share (t - 2))``, at step t of the average

    l1, l2, l2_of_sum, weight_decay and fan_in_power apply to weights, not to biases (in an `Optimizer`, arrays of fewer
    than two dimensions). Clipping by norm and accumulation need the whole gradient before any update, and l2_of_sum
    reads the weights once more; the other options need no extra pass over memory. The reported loss does not include
    the penalties.

    Parameters
    ----------
    rule : Rule or str
        A rule, or its name for the defaults: "adam".
    clip_value, clip_norm : float, optional
        Above 0: limits of each value, and of the norm, of the gradient; by default none.
    l1, l2 : float
        Coefficients of the penalties ``l1 |w|`` and ``l2 w^2 / 2``, added to the mean loss.
    l2_of_sum : float
        The coefficient of a penalty ``w^2 / 2`` of the sum of the losses of a step, so that it weighs less in larger
        batches: alpha of scikit-learn's `MLPClassifier`.
    weight_decay : float or Schedule
        Decoupled from the gradient (Loshchilov and Hutter 2019); for rules that do not have their own. Setting both is
        an error.
    rate_scales : dict
        Factors of the learning rate, by array ("layer1.weight") or layer ("layer1", all its arrays); arrays take
        precedence over layers. In an `Optimizer`, keys are positions of arrays. (For a rule with its own step sizes,
        such as Rprop, the factor scales the steps.)
    frozen : list
        Arrays or layers, named likewise, that stay unchanged, bit for bit, together with their state. Gradients pass
        through frozen layers down to the lowest trained array; layers below it cost no backward pass. Batch norm in a
        frozen layer still normalizes by the batch and updates its running statistics.
    fan_in_power : float
        Exponent of the scale n_in^-power for a weight array (n_in, units). 0 by default because sources differ: 1/2
        in Hinton's lecture 6b; 1 for Adam if initial weights shrink with the width (muP, Yang et al. 2021).
    count_power : float in [0, 1]
        For sparse rows and embeddings: 0 divides the gradient of a row of the first layer's weights by the number of
        samples of a batch, 1 by the number of those that meet it, so that rare words learn as fast as others. Useful
        for SGD and momentum; rules that divide by the size of gradients do most of it by themselves.
    accumulate : int
        Batches per step. A group ends with the epoch (or chunk), so the last one may have fewer batches and takes the
        mean of those. In an `Optimizer`, every `accumulate` calls of ``step`` make one step.
    average_decay : float in [0, 1)
        Above 0, keep an exponential moving average of the weights over steps; 0.999 averages over about 1000 steps.
        The initial weights do not count: share is 1 at the first step. The network then *shows* the average in
        `get_weights`, `predict`, `evaluate`, validation and callbacks, but continues training from the weights
        themselves, also in the next fit with the same kind of rule; ``get_weights(averaged=False)`` returns them. A fit
        without averaging, or with another kind of rule, starts from the average; `set_weights` sets both. Batch norm
        keeps the running statistics seen in training. For arrays, see `Optimizer.averages`.
    average_share : float in [0, 0.5]
        Alternatively: average by share of the training (polynomial averaging, Shamir and Zhang 2013). At every step,
        the mean age of the weights in the average is this share of all its steps so far, so that it suits fits of any
        length, and streams. 0.5 is the plain mean, 0.05 averages over about the last tenth.
    lazy : {"auto", "always", "never"}
        Whether the rows of the first layer's weights that a batch of sparse rows, or an `Embedding`, does not meet are
        left alone, and make up for the steps that they have missed when a batch meets them or the fit returns: with
        the same bits for SGD and Adagrad without decay, else equal up to rounding. A step then takes the time of the
        rows met. "auto" does so where that is exact; "always" raises an error where it is not, and says why;
        "never" updates all rows at every step. Not for penalties, accumulation or clipping by norm, nor for rules that
        keep moving weights without a gradient in ways that depend on each weight: AdEMAMix, Lion, Rprop, Muon and
        others, and Adam with beta1^2 above beta2.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Around(optim.Momentum(0.1), l2=1e-4, clip_norm=1.0)
    Around(Momentum(learning_rate=0.1, momentum=0.9), clip_norm=1.0, l2=0.0001)

    Train the last layer of two, its biases slowly:

    >>> rule = optim.Around(optim.Adam(), frozen=["layer1"], rate_scales={"layer2.bias": 0.1})
    """

    rule: Any  # a Rule, once it is constructed
    clip_value: float | None = None
    clip_norm: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    l2_of_sum: float = 0.0
    weight_decay: Decay = 0.0
    rate_scales: Mapping[Any, float] = field(default_factory=dict, hash=False)
    frozen: Sequence[Any] = ()
    fan_in_power: float = 0.0
    count_power: float = 0.0
    accumulate: int = 1
    average_decay: float = 0.0
    average_share: float = 0.0
    lazy: Lazy = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule", as_rule(self.rule))
        if isinstance(self.rule, Around):
            expected = "an update rule such as fanin.optim.Adam(), not another Around"
            raise TypeError(f"rule: expected {expected}, got {self.rule!r}")
        object.__setattr__(self, "name", self.rule.name)
        object.__setattr__(self, "full_batch_because", self.rule.full_batch_because)
        for name in ("clip_value", "clip_norm"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), above=0)
        for name in ("l1", "l2", "l2_of_sum", "weight_decay", "fan_in_power"):
            if name != "weight_decay" or not isinstance(self.weight_decay, Schedule):
                check_number(name, getattr(self, name), at_least=0)
        check_number("count_power", self.count_power, at_least=0, at_most=1)
        check_choice("lazy", self.lazy, get_args(Lazy))
        check_number("average_decay", self.average_decay, at_least=0, below=1)
        check_number("average_share", self.average_share, at_least=0, at_most=0.5)
        self._check_places()
        check_integer("accumulate", self.accumulate, 1)
        if not isinstance(self.rate_scales, Mapping):
            raise TypeError(f"rate_scales: expected a dict of array -> factor, got {self.rate_scales!r}")
        object.__setattr__(self, "rate_scales", dict(self.rate_scales))
        frozen = check_sequence("frozen", self.frozen, "a list of arrays or layers")
        object.__setattr__(self, "frozen", frozen)
        for place, scale in self.rate_scales.items():
            check_number(f"rate_scales: {place}", scale, at_least=0)

    def _check_places(self) -> None:
        """Raise if the decay, or how the weights are averaged, is set in two places."""
        own = getattr(self.rule, "weight_decay", 0)
        if own != 0 and self.weight_decay != 0:
            reason = f"because {self.rule.kind} has a decay of its own, {own!r}"
            raise ValueError(f"weight_decay: expected 0, {reason}, got {self.weight_decay!r}")
        if self.average_decay > 0 and self.average_share > 0:
            reason = f"because average_decay is {self.average_decay!r}"
            raise ValueError(f"average_share: expected 0, {reason}, got {self.average_share!r}")

    def __repr__(self) -> str:
        """Return the rule and the options that differ from their defaults."""
        defaults = Around(self.rule)
        changed = [f.name for f in fields(self) if getattr(self, f.name) != getattr(defaults, f.name)]
        shown = [repr(self.rule)] + [f"{name}={getattr(self, name)!r}" for name in changed]
        return f"Around({', '.join(shown)})"

    @property
    def kind(self) -> str:
        """The name of the class of the rule inside."""
        return str(self.rule.kind)

    @property
    def rate(self) -> Rate:
        """The learning rate of the rule inside."""
        rate: Rate = self.rule.rate
        return rate

    def at_rate(self, rate: Rate) -> Around:
        """Return this rule with another learning rate."""
        return replace(self, rule=self.rule.at_rate(rate))

    @property
    def batches(self) -> int:
        """Number of batches per step."""
        return int(self.accumulate)

    def values_on(self, arrays: Sequence[Hashable]) -> dict[str, Any]:
        """Return the hyper-parameters of the rule and the options, for arrays of these names or positions."""
        numbers = (
            "l1",
            "l2",
            "l2_of_sum",
            "weight_decay",
            "fan_in_power",
            "count_power",
            "average_decay",
            "average_share",
        )
        around: dict[str, Any] = {name: plain(getattr(self, name)) for name in numbers}
        for name in ("clip_value", "clip_norm"):
            limit = getattr(self, name)
            around[name] = math.inf if limit is None else float(limit)
        around["accumulate"] = min(int(self.accumulate), 2**32)
        around["lazy"] = self.lazy
        around["arrays"] = self._options(arrays)
        return {**self.rule.values(), "around": around}

    def _options(self, arrays: Sequence[Hashable]) -> list[tuple[float, bool]]:
        """Return each array's factor of the rate and whether it is frozen; an empty list if all have the defaults."""
        if not self.rate_scales and not self.frozen:
            return []
        frozen = {array for place in self.frozen for array in _arrays_at("frozen", place, arrays)}
        scales: dict[Hashable, float] = {}
        for place in sorted(self.rate_scales, key=lambda place: place in arrays):  # layers first
            for array in _arrays_at("rate_scales", place, arrays):
                scales[array] = float(self.rate_scales[place])
        return [(scales.get(array, 1.0), array in frozen) for array in arrays]


def rule_of_fit(rule: object) -> Rule | Solver:
    """Return the rule or the solver of a fit, given as a value or a name; by default AdamW, with averaged weights."""
    if isinstance(rule, Solver):
        return rule
    if isinstance(rule, str):
        check_choice("rule", rule, (*BY_NAME, *SOLVERS), RULES)
        return (BY_NAME | SOLVERS)[rule]()
    return Around(AdamW(), average_share=0.05) if rule is None else as_rule(rule)


def _arrays_at(name: str, place: Any, arrays: Sequence[Hashable]) -> list[Hashable]:
    """Return the array of this name or position, or all arrays of this layer."""
    is_place = isinstance(place, str) or hasattr(place, "__index__")
    if is_place and not isinstance(place, bool):
        place = place if isinstance(place, str) else place.__index__()
        found = [array for array in arrays if array == place or str(array).startswith(f"{place}.")]
        if found:
            return found
    if isinstance(arrays[0], str):
        expected = f"an array or a layer of the network ({', '.join(map(str, arrays))})"
    else:
        expected = f"the position of an array, 0 to {len(arrays) - 1}"
    raise ValueError(f"{name}: expected {expected}, got {place!r}")
