"""What all update rules have in common, and what may go on around one."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from fanin import _core
from fanin.checks import check_choice
from fanin.schedules import Schedule
from fanin.values import Value, check_number, check_range, plain

_RANGES = _core.rule_ranges()
_SCHEDULED = ("learning_rate", "momentum")


class BatchSizeWarning(UserWarning):
    """A rule that wants the whole batch is used with mini-batches.

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
    """An update rule: hyper-parameters only; the state of a run belongs to what is trained.

    `learning_rate` and `momentum` may be a number or a schedule of `fanin.optim`, evaluated at each step.

    Examples
    --------
    >>> from fanin import optim
    >>> isinstance(optim.Adam(1e-3), optim.Rule)
    True
    """

    # why noise of mini-batches misleads the rule, where it does
    full_batch_because: ClassVar[str] = ""

    def __post_init__(self) -> None:
        ranges = _RANGES[self.name]
        for field in fields(self):
            _check_field(field.name, getattr(self, field.name), ranges[field.name])

    @property
    def kind(self) -> str:
        """The name of the class; of the rule inside, where something goes on around it."""
        return type(self).__name__

    def values(self) -> dict[str, Any]:
        """Return the hyper-parameters by name, as the C++ core takes them."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: v.described() if isinstance(v, Schedule) else plain(v) for name, v in given.items()}


def _check_field(name: str, value: object, allowed: Any) -> None:
    if isinstance(value, Schedule):
        if name not in _SCHEDULED:
            raise TypeError(f"{name}: expected a number, got a schedule; {' and '.join(_SCHEDULED)} take one")
        check_range(f"{name}: largest value of {value!r}", value.largest(), allowed)
    elif allowed is bool:
        if not isinstance(value, bool):
            raise TypeError(f"{name}: expected True or False, got {value!r}")
    elif isinstance(allowed, list):
        check_choice(name, value, tuple(allowed))
    else:
        check_range(name, value, allowed)


@dataclass(frozen=True)
class Around(Rule):
    """An update rule and what goes on around it, in this order.

    ``g <- g clipped to [-clip_value, clip_value]``

    ``g <- g + l2 w + l1 sign(w)``

    ``w <- w - learning_rate weight_decay w + change``, with the change by the rule

    l1, l2 and weight_decay act on weights, not on biases (`Optimizer`: not on arrays of fewer than two dimensions).
    They cost no pass of their own. The loss that a fit reports is without the penalties.

    Parameters
    ----------
    rule : Rule
    clip_value : float, optional
        Above 0.
    l1, l2 : float
        Of the penalties ``l1 |w|`` and ``l2 w^2 / 2``.
    weight_decay : float
        Apart from the gradient (Loshchilov and Hutter 2019), beside the rule's own if it has one.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Around(optim.Momentum(0.1), l2=1e-4, clip_value=1.0)
    Around(rule=Momentum(learning_rate=0.1, momentum=0.9), clip_value=1.0, l1=0.0, l2=0.0001, weight_decay=0.0)
    """

    rule: Rule
    clip_value: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.rule, Rule) or isinstance(self.rule, Around):
            raise TypeError(f"rule: expected an update rule such as fanin.optim.Adam(), got {self.rule!r}")
        object.__setattr__(self, "name", self.rule.name)
        object.__setattr__(self, "full_batch_because", self.rule.full_batch_because)
        if self.clip_value is not None:
            check_number("clip_value", self.clip_value, above=0)
        for name in ("l1", "l2", "weight_decay"):
            check_number(name, getattr(self, name), at_least=0)

    @property
    def kind(self) -> str:
        """The name of the class of the rule inside."""
        return self.rule.kind

    def values(self) -> dict[str, Any]:
        """Return the rule's hyper-parameters, and what goes on around it."""
        around: dict[str, Any] = {name: float(getattr(self, name)) for name in ("l1", "l2", "weight_decay")}
        around["clip_value"] = None if self.clip_value is None else float(self.clip_value)
        return {**self.rule.values(), "around": around}
