"""What an optimizer of PyTorch trains, and its state, by the arrays of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.export.torch.links import numpy_of
from fanin.export.torch.rule_state import RuleState
from fanin.export.torch.rules import BUFFER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.export.torch.links import Link
    from fanin.export.torch.rules import Twin
    from fanin.optim import Rule

# what all groups must agree on
_SHARED = (
    *("momentum", "dampening", "nesterov", "alpha", "centered", "rho", "betas", "eps", "amsgrad"),
    *("momentum_decay", "decoupled_weight_decay", "lr_decay", "maximize"),
)


class Trained:
    """The parameters of a module that an optimizer trains, as links to the arrays of a network."""

    def __init__(self, optimizer: Any, module: Any, links: Sequence[Link]) -> None:
        kind = type(optimizer)
        if isinstance(optimizer, type) or not hasattr(optimizer, "param_groups"):
            raise TypeError(f"optimizer: expected a torch.optim.Optimizer, got {kind.__name__}")
        self.kind = (
            kind.__name__
            if kind.__module__.startswith("torch.optim")
            else f"{kind.__module__}.{kind.__name__}"
        )
        self.group: dict[str, Any] = optimizer.param_groups[0]
        self._parameters = dict(module.named_parameters())
        names = {id(parameter): name for name, parameter in self._parameters.items()}
        self._groups: dict[str, dict[str, Any]] = {}
        for group in optimizer.param_groups:
            self._check_agrees(group)
            for parameter in group["params"]:
                if id(parameter) not in names:
                    raise ValueError("optimizer: expected parameters of the module, got others")
                if parameter.requires_grad:
                    self._groups[names[id(parameter)]] = group
        self._links: dict[str, list[Link]] = {}
        for link in links:
            if link.parameter in self._groups:
                self._links.setdefault(link.array, []).append(link)
        if not self._links:
            raise ValueError("optimizer: expected at least one parameter that requires a gradient, got none")
        self._states: dict[str, dict[str, Any]] = {
            name: optimizer.state.get(self._parameters[name], {}) for name in self._groups
        }

    def _check_agrees(self, group: Mapping[str, Any]) -> None:
        for name in _SHARED:
            if (given := group.get(name)) != (expected := self.group.get(name)):
                raise ValueError(f"optimizer: {name}: expected {expected} in all groups, got {given}")

    def rates(self) -> tuple[float, dict[str, float]]:
        """Return the largest rate of a group, and the factor of it for each array that is trained."""
        rate = max(float(group["lr"]) for group in self._groups.values())
        own = {name: float(group["lr"]) / rate if rate else 1.0 for name, group in self._groups.items()}
        return rate, {
            array: sum(own[link.parameter] for link in links) for array, links in self._links.items()
        }

    def decay(self) -> float:
        """Return the decay that all weights have; ValueError if it is not the same, or biases decay too."""
        decays: set[float] = set()
        for links in self._links.values():
            for link in links:
                decay = float(self._groups[link.parameter].get("weight_decay", 0.0))
                if link.decays:
                    decays.add(decay)
                elif decay:
                    raise ValueError(
                        f"optimizer: weight_decay of {link.parameter}: expected 0, because only weights decay here, "
                        f"got {decay}; put biases and batch norm into a group with weight_decay=0"
                    )
        if len(decays) > 1:
            raise ValueError(
                f"optimizer: weight_decay: expected the same for all weights, got {_listed(decays)}"
            )
        return decays.pop() if decays else 0.0

    def state(self, twin: Twin, rule: Rule, shapes: Mapping[str, tuple[int, ...]], rate: float) -> RuleState:
        """Return the state of the rule for arrays of these shapes, 0 for those that are not trained."""
        steps = {float(state.get("step", bool(state))) for state in self._states.values()}
        if twin.optimizer == "SGD":
            steps = {max(steps)}
        if len(steps) > 1:
            raise ValueError(
                f"optimizer: expected the same number of steps for all parameters, got {_listed(steps)}"
            )
        slots: dict[str, dict[str, NDArray[Any]]] = {}
        for slot, theirs in twin.slots_of(rule).items():
            factor = -rate if theirs == BUFFER else 1.0
            slots[slot] = {
                array: factor * self._slot(theirs, array) if array in self._links else np.zeros(shape)
                for array, shape in shapes.items()
            }
        memory = [state[twin.memory] for state in self._states.values() if twin.memory in state]
        return RuleState(int(steps.pop()), float(memory[0]) if memory else 0.0, slots)

    def _slot(self, theirs: str, array: str) -> NDArray[Any]:
        """Return one number for each element of an array: the state of the parameters that add up to it."""
        found: list[NDArray[Any]] = []
        for link in self._links[array]:
            given = self._states[link.parameter].get(theirs)
            shape = tuple(self._parameters[link.parameter].shape)
            found.append(link.part(np.zeros(shape) if given is None else numpy_of(given)))
        if not all(np.allclose(part, found[0], rtol=1e-5, atol=0, equal_nan=True) for part in found):
            names = " and ".join(link.parameter for link in self._links[array])
            raise ValueError(
                f"optimizer: expected the same {theirs} for {names}, whose sum is one array here, got different ones"
            )
        return found[0]


def _listed(numbers: set[float]) -> str:
    return " and ".join(f"{number:.12g}" for number in sorted(numbers))
