"""The state of a network's update rule, by slots and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network
    from fanin.optim import Rule

    Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class RuleState:
    """What a rule knows of the weights that it trains."""

    steps: int
    memory: float  # a number that some rules keep
    slots: Mapping[str, Arrays]  # by the name of a slot and of an array of the network
    trained: Arrays = field(default_factory=dict)  # weights, where they are not those that the network shows


def state_of(net: Network) -> RuleState:
    """Return the state of the rule that the network was last trained with."""
    steps, memory, _, arrays = net._core.rule_progress
    shapes = {name: shape for name, shape, _ in net._core.arrays}
    slots: dict[str, dict[str, NDArray[Any]]] = {}
    for name, values in arrays.items():
        _, slot, array = name.split(".", 2)  # "rule.v.layer1.weight"
        slots.setdefault(slot, {})[array] = values.reshape(shapes[array])
    trained = slots.pop("trained", {})
    return RuleState(steps, memory, slots, trained)


def set_state(net: Network, rule: Rule, state: RuleState) -> None:
    """Let a later fit continue with this rule, which averages no weights, and its state."""
    arrays = {
        f"rule.{slot}.{name}": values
        for slot, of_slot in state.slots.items()
        for name, values in of_slot.items()
    }
    progress = state.steps, state.memory, 0, arrays
    net._core.set_rule_progress(rule.name, rule.values_on(net._trained), progress)
