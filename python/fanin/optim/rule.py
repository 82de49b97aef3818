"""The base class of all update rules."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

from fanin import _core
from fanin.optim.schedule import Schedule
from fanin.values import Value, check_field

_SCHEDULED = ("learning_rate", "momentum", "weight_decay")
Rate = float | Schedule | Literal["auto"]  # a learning rate
Decay = float | Schedule  # a weight decay


class BatchSizeWarning(UserWarning):
    """Warns that a rule which needs full-batch gradients is used with mini-batches.

    Examples
    --------
    >>> import warnings, fanin
    >>> from fanin import optim
    >>> net = fanin.Network(1, [fanin.Dense(1)])
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     history = net.fit([[0], [1]], [0, 1], rule=optim.SignSGD(), epochs=1, batch_size=1)
    >>> caught[0].category.__name__
    'BatchSizeWarning'
    """


@dataclass(frozen=True)
class Rule(Value):
    """An update rule: only its hyper-parameters; the state is kept by the network or `Optimizer`.

    `learning_rate`, `momentum` and `weight_decay` may be numbers or schedules of `fanin.optim`, evaluated at each step.
    The learning rate may also be "auto": `Network.fit` then chooses it by a race of five rates, see `fanin.find_rate`.
    Rules that need full batches or set their own step sizes reject "auto".

    Examples
    --------
    >>> from fanin import optim
    >>> isinstance(optim.Adam("auto"), optim.Rule)
    True
    """

    _allowed: ClassVar[Mapping[str, Mapping[str, Any]]] = _core.rule_ranges()
    # why the rule does not work with mini-batches, if it does not
    full_batch_because: ClassVar[str] = ""
    # the middle one of the rates that "auto" tries; None if it follows from the curvature
    middle_rate: ClassVar[float | None] = None
    # why "auto" is rejected, if it is
    not_auto_because: ClassVar[str] = "the rates to try are not known for this rule"

    def _check(self, name: str, allowed: Any) -> None:
        """Raise unless the C++ core allows a hyper-parameter's value, or the largest value of its schedule."""
        value = getattr(self, name)
        if name == "learning_rate" and isinstance(value, str) and value == "auto":
            if reason := self.full_batch_because or self.not_auto_because:
                expected = 'learning_rate: expected a number or a schedule, got "auto"'
                raise ValueError(f"{expected}, which {self.kind} does not support, because {reason}")
            return None
        if not isinstance(value, Schedule):
            return super()._check(name, allowed)
        if name not in _SCHEDULED:
            raise TypeError(
                f"{name}: expected a number, got a schedule; only {', '.join(_SCHEDULED)} may be one"
            )
        check_field(f"{name}: largest value of {value!r}", value.largest(), allowed)

    @property
    def kind(self) -> str:
        """The name of the class, or of the rule inside an `Around`."""
        return type(self).__name__

    def values_on(self, arrays: Sequence[Hashable]) -> dict[str, Any]:
        """Return the hyper-parameters as the C++ core expects them, for arrays of these names or positions."""
        return self.values()

    @property
    def rate(self) -> Rate:
        """The learning rate."""
        rate: Rate = vars(self)["learning_rate"]
        return rate

    def at_rate(self, rate: Rate) -> Self:
        """Return this rule with another learning rate."""
        given: dict[str, Any] = {"learning_rate": rate}
        return replace(self, **given)

    def times(self, factor: float) -> Self:
        """Return this rule with its learning rate, a number or a schedule, multiplied by a factor."""
        rate = self.rate
        return self.at_rate(rate.times(factor) if isinstance(rate, Schedule) else float(rate) * factor)

    @cached_property
    def _values(self) -> dict[str, Any]:
        if self.rate == "auto":
            raise ValueError(
                'learning_rate: expected a number or a schedule, got "auto", which only Network.fit can resolve; '
                "fanin.find_rate returns a rule with the rate it has chosen"
            )
        return super()._values

    @property
    def batches(self) -> int:
        """Number of batches per step."""
        return 1
