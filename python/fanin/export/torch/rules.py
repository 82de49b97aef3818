"""The update rules that PyTorch has, too, with their hyper-parameters and the names of their state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from fanin.optim import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    AMSGrad,
    Around,
    Momentum,
    NAdam,
    Nesterov,
    RAdam,
    RMSprop,
    Rule,
)
from fanin.optim.schedule import Schedule

BUFFER = "momentum_buffer"  # the rate is not in it: fanin's v is -rate times this
_BETAS = {"beta1": "betas", "beta2": "betas", "epsilon": "eps"}
_MOMENTS = {"m": "exp_avg", "v": "exp_avg_sq"}
_LIKE_ADAM = {"epsilon_hat": False}


def as_around(rule: Rule) -> Around:
    """Return the rule with its options."""
    return rule if isinstance(rule, Around) else Around(rule)


@dataclass(frozen=True)
class Twin:
    """A rule, and PyTorch's optimizer that does the same."""

    kind: type[Rule]
    optimizer: str
    fields: Mapping[str, str]  # hyper-parameters, and PyTorch's names for them
    slots: Mapping[str, str]  # the state, likewise
    always: Mapping[str, Any] = field(default_factory=dict)  # arguments of PyTorch
    only: Mapping[str, Any] = field(default_factory=dict)  # hyper-parameters that PyTorch does not have
    memory: str = ""  # PyTorch's name for the number that the rule keeps

    def slots_of(self, rule: Rule) -> dict[str, str]:
        """Return the state that a rule with these hyper-parameters keeps, and PyTorch's names."""
        inside = as_around(rule).rule
        if not isinstance(inside, RMSprop):
            return dict(self.slots)
        kept = {"MS": True, "mean": inside.centered, "v": inside.momentum != 0}
        return {name: theirs for name, theirs in self.slots.items() if kept[name]}


_TWINS = (
    Twin(SGD, "SGD", {}, {}, {"momentum": 0}),
    Twin(Momentum, "SGD", {"momentum": "momentum"}, {"v": BUFFER}, {"nesterov": False}),
    Twin(Nesterov, "SGD", {"momentum": "momentum"}, {"v": BUFFER}, {"nesterov": True}),
    Twin(
        RMSprop,
        "RMSprop",
        {"decay": "alpha", "epsilon": "eps", "momentum": "momentum", "centered": "centered"},
        {"MS": "square_avg", "mean": "grad_avg", "v": BUFFER},
        only={"nesterov": False, "bias_correction": False},
    ),
    Twin(Adagrad, "Adagrad", {"epsilon": "eps"}, {"G": "sum"}),
    Twin(Adadelta, "Adadelta", {"decay": "rho", "epsilon": "eps"}, {"G": "square_avg", "D": "acc_delta"}),
    Twin(Adam, "Adam", _BETAS, _MOMENTS, {"amsgrad": False}, _LIKE_ADAM),
    Twin(AdamW, "AdamW", _BETAS, _MOMENTS, {"amsgrad": False}, _LIKE_ADAM),
    Twin(AMSGrad, "Adam", _BETAS, {**_MOMENTS, "u": "max_exp_avg_sq"}, {"amsgrad": True}, _LIKE_ADAM),
    Twin(
        NAdam,
        "NAdam",
        {**_BETAS, "momentum_decay": "momentum_decay"},
        _MOMENTS,
        only=_LIKE_ADAM,
        memory="mu_product",
    ),
    Twin(RAdam, "RAdam", _BETAS, _MOMENTS, only={"epsilon_hat": True}),
)


def twin_of(rule: Rule) -> Twin:
    """Return what PyTorch has for a rule; ValueError if it has nothing."""
    inside = as_around(rule).rule
    for twin in _TWINS:
        if type(inside) is twin.kind:
            return twin
    raise ValueError(f"rule: expected {_listed(twin.kind.__name__ for twin in _TWINS)}, got {inside.kind}")


def rule_of_group(optimizer: str, group: Mapping[str, Any], rate: float, decay: float) -> Rule:
    """Return the rule of a PyTorch optimizer of this class, with this rate and this decay of weights.

    Raises
    ------
    ValueError
        If fanin has no such rule.
    """
    for name in ("maximize", "lr_decay", "dampening"):
        if group.get(name):
            raise ValueError(f"optimizer: {name}: expected {type(group[name])(0)}, got {group[name]}")
    decoupled = bool(group.get("decoupled_weight_decay", optimizer == "AdamW"))
    kind = "Adam" if optimizer == "AdamW" and group["amsgrad"] else optimizer
    for twin in _TWINS:
        if twin.optimizer == kind and all(group[name] == value for name, value in twin.always.items()):
            break
    else:
        raise ValueError(f"optimizer: expected {_listed(twin.optimizer for twin in _TWINS)}, got {optimizer}")
    values = {name: _number(group, name, theirs) for name, theirs in twin.fields.items()}
    if twin.kind is Nesterov:
        values["show_look_ahead"] = True  # PyTorch's weights are those where gradients are taken
    if twin.kind is AdamW:
        return AdamW(rate, **values, weight_decay=decay)
    rule: Rule = twin.kind(**{"learning_rate": rate, **values, **twin.only})
    if decay == 0:
        return rule
    return Around(rule, weight_decay=decay) if decoupled else Around(rule, l2=decay)


def _number(group: Mapping[str, Any], name: str, theirs: str) -> Any:
    value = group[theirs]
    if theirs == "betas":
        return float(value[int(name[-1]) - 1])
    return value if isinstance(value, bool) else float(value)


def optimizer_of(rule: Rule) -> tuple[str, dict[str, Any], float]:
    """Return the class and the arguments of the PyTorch optimizer of a rule, and the decay of its weights.

    Raises
    ------
    ValueError
        If PyTorch has no such rule, or no such option around it.
    """
    twin = twin_of(rule)
    around = as_around(rule)
    inside: Any = around.rule
    _check_options(around, twin)
    arguments = dict(twin.always)
    for name, theirs in twin.fields.items():
        value = getattr(inside, name)
        arguments[theirs] = (*arguments.get(theirs, ()), value) if theirs == "betas" else value
    decoupled: Any = getattr(inside, "weight_decay", 0.0) or around.weight_decay
    optimizer = twin.optimizer
    if decoupled == 0:
        return optimizer if around.l2 == 0 or optimizer != "AdamW" else "Adam", arguments, float(around.l2)
    if "betas" not in arguments or around.l2:
        lacks = "l2 beside it" if "betas" in arguments else "decoupled decay"
        raise ValueError(
            f"rule: weight_decay: expected 0, because PyTorch's {optimizer} has no {lacks}, got {decoupled}"
        )
    if optimizer in ("Adam", "AdamW"):
        return "AdamW", arguments, decoupled
    return optimizer, {**arguments, "decoupled_weight_decay": True}, decoupled


def _check_options(around: Around, twin: Twin) -> None:
    """Raise ValueError for hyper-parameters and options that PyTorch does not have."""
    inside = around.rule
    for name, value in twin.only.items():
        if getattr(inside, name) != value:
            raise ValueError(f"rule: {name}: expected {value}, as in PyTorch, got {getattr(inside, name)}")
    numbers = {f.name: getattr(inside, f.name) for f in fields(inside)} | {
        "weight_decay": around.weight_decay
    }
    for name, value in numbers.items():
        if isinstance(value, Schedule):
            raise ValueError(f"rule: {name}: expected a number, got {value!r}")
    plain = Around(inside)
    kept = ("rule", "l2", "weight_decay", "rate_scales", "frozen", "average_decay", "average_share", "lazy")
    for name in (f.name for f in fields(around) if f.name not in kept):
        if getattr(around, name) != getattr(plain, name):
            raise ValueError(
                f"rule: {name}: expected {getattr(plain, name)}, because PyTorch's optimizers have no such option, "
                f"got {getattr(around, name)}"
            )


def with_places(rule: Rule, scales: Mapping[str, float], frozen: list[str]) -> Rule:
    """Return the rule with these factors of the rate and frozen arrays."""
    if not scales and not frozen:
        return rule
    around = as_around(rule)
    return replace(around, rate_scales=scales, frozen=frozen)


def _listed(names: Any) -> str:
    return ", ".join(dict.fromkeys(names))
