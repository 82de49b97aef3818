"""The state of a network's update rule, by way of the bytes of its model file."""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.export.torch.rules import as_around

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network
    from fanin.optim import Rule

    Arrays = Mapping[str, NDArray[Any]]

_TYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}


@dataclass(frozen=True)
class RuleState:
    """What a rule knows of the weights that it trains."""

    steps: int
    memory: float  # a number that some rules keep
    slots: Mapping[str, Arrays]  # by the name of a slot and of an array of the network
    trained: Arrays = field(default_factory=dict)  # weights, where they are not those that the network shows


def state_of(net: Network) -> RuleState:
    """Return the state of the rule that the network was last trained with."""
    description, tensors = _read(net.to_bytes())
    training = description["training"]
    slots: dict[str, dict[str, NDArray[Any]]] = {}
    for name, values in tensors.items():
        if name.startswith("rule."):
            slot, array = name.removeprefix("rule.").split(".", 1)
            slots.setdefault(slot, {})[array] = values
    trained = slots.pop("trained", {})
    return RuleState(training["steps"], training["memory"], slots, trained)


def set_state(net: Network, rule: Rule, state: RuleState) -> None:
    """Let a later fit continue with this rule, which has no schedules, and its state."""
    description, tensors = _read(net.to_bytes())
    values = as_around(rule).values_on(net._trained)
    around: dict[str, Any] = {
        name: "inf" if value == math.inf else value for name, value in values.pop("around").items()
    }
    arrays = [{"rate_scale": scale, "frozen": frozen} for scale, frozen in around.pop("arrays")]
    described = {"rule": {"name": rule.name, **values}, **around, "arrays": arrays}
    training = {
        "method": described,
        "steps": state.steps,
        "memory": state.memory,
        "averaged": 0,
        "look_ahead": 0,
    }
    description["training"] = {**description["training"], **training}
    description["training"].pop("solver", None)
    kept = {name: values for name, values in tensors.items() if not name.startswith(("rule.", "solver."))}
    slots = {
        f"rule.{slot}.{name}": array.astype(net.dtype)
        for slot, arrays in state.slots.items()
        for name, array in arrays.items()
    }
    net._core = _core.from_bytes(_written(description, {**kept, **slots}))


def _read(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the description and the tensors of a model file."""
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    description = json.loads(header.pop("__metadata__")["fanin"])
    tensors = {}
    for name, tensor in header.items():
        begin, end = (start + offset for offset in tensor["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], _TYPES[tensor["dtype"]]).reshape(tensor["shape"])
    return description, tensors


def _written(description: dict[str, Any], tensors: Arrays) -> bytes:
    """Return the bytes of a model file."""
    text = json.dumps(description)
    checksum = f"{zlib.crc32(text.encode()):08x}"
    header: dict[str, Any] = {"__metadata__": {"format": "fanin", "fanin": text, "crc32": checksum}}
    offset = 0
    for name, array in tensors.items():
        kind = next(kind for kind, dtype in _TYPES.items() if dtype == array.dtype)
        header[name] = {
            "dtype": kind,
            "shape": array.shape,
            "data_offsets": (offset, offset + array.nbytes),
        }
        offset += array.nbytes
    encoded = json.dumps(header).encode()
    return struct.pack("<Q", len(encoded)) + encoded + b"".join(array.tobytes() for array in tensors.values())
