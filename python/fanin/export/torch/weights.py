"""Exchanging the weights of recurrent layers with PyTorch, as NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_integer, check_text
from fanin.export.torch.links import numpy_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Arrays = dict[str, NDArray[Any]]

# PyTorch's order of the gates, by their number
GATES = {1: ("",), 3: ("reset.", "update.", "candidate."), 4: ("input.", "forget.", "cell.", "output.")}
OWN_BIAS = "candidate."  # the gate whose recurrent bias is apart


def weights_to_torch(weights: Mapping[str, ArrayLike], layer: str, *, level: int = 0) -> Arrays:
    """Return the weights of a recurrent layer as those of ``torch.nn.RNN``, ``GRU`` or ``LSTM``.

    PyTorch stores transposed weights, with the gates one below the other: i, f, g, o of an `LSTM`, r, z, n of a `GRU`.
    It adds up two biases of each gate. Here the second is 0, except for the candidate n of a `GRU`, where it is the
    bias that r multiplies.

    Parameters
    ----------
    weights : dict of name -> array
        From `Network.get_weights`.
    layer : str
        The name of the layer, such as "layer1".
    level : int
        The number of the layer in a stack of PyTorch (``num_layers``), with which the returned names end.

    Returns
    -------
    dict of name -> ndarray
        "weight_ih_l0" (gates * units, n_in), "weight_hh_l0" (gates * units, units), "bias_ih_l0" and "bias_hh_l0"
        (gates * units,), in the dtype of the weights. For PyTorch: ``lstm.load_state_dict({name:
        torch.from_numpy(array) for name, array in given.items()})``.

    Raises
    ------
    ValueError, TypeError
        If the weights have no recurrent layer of this name.

    Examples
    --------
    >>> import fanin
    >>> net = fanin.Network(3, [fanin.LSTM(8), fanin.Dense(1)])
    >>> given = fanin.weights_to_torch(net.get_weights(), "layer1")
    >>> {name: array.shape for name, array in given.items()}
    {'weight_ih_l0': (32, 3), 'weight_hh_l0': (32, 8), 'bias_ih_l0': (32,), 'bias_hh_l0': (32,)}
    """
    _check(weights, "weights", level)
    check_text("layer", layer)
    needed = [f"{layer}.{{}}{array}" for array in ("weight", "recurrent", "bias")]
    of_kinds = GATES.values()
    found = [gates for gates in of_kinds if all(n.format(gate) in weights for n in needed for gate in gates)]
    if not found:
        raise ValueError(f"layer: expected a recurrent layer of {', '.join(weights)}, got {layer!r}")

    (gates,) = found

    def stacked(array: str) -> NDArray[Any]:
        names = [f"{layer}.{gate}{array}" for gate in gates]
        return np.ascontiguousarray(np.concatenate([_core.numbers(name, weights[name]).T for name in names]))

    biases = stacked("bias")
    second = np.zeros_like(biases)
    if gates[-1] == OWN_BIAS:
        name = f"{layer}.{OWN_BIAS}recurrent_bias"
        own = _core.numbers(name, weights[name])
        second[-len(own) :] = own
    weight, recurrent = stacked("weight"), stacked("recurrent")
    arrays = {"weight_ih": weight, "weight_hh": recurrent, "bias_ih": biases, "bias_hh": second}
    return {f"{name}_l{int(level)}": array for name, array in arrays.items()}


def weights_from_torch(state_dict: Mapping[str, Any], layer: str, *, level: int = 0) -> Arrays:
    """Return the weights of a ``torch.nn.RNN``, ``GRU`` or ``LSTM`` with the names and shapes of `Network.get_weights`.

    The inverse of `weights_to_torch`. The two biases of a gate are added up, except those of the candidate of a GRU.

    Parameters
    ----------
    state_dict : dict of name -> tensor or array
        ``lstm.state_dict()``: "weight_ih_l0" (gates * units, n_in), "weight_hh_l0" (gates * units, units), and
        "bias_ih_l0" and "bias_hh_l0" (gates * units,), which are 0 if missing. Other names are ignored, except for a
        second direction and projections of this level, which have no counterpart.
    layer : str
        The name of the layer in the network, such as "layer1".
    level : int
        The number of the layer in a stack of PyTorch (``num_layers``).

    Returns
    -------
    dict of name -> ndarray
        For `Network.set_weights`, together with the other weights; in the dtype of the tensors, half precision as
        float32.

    Raises
    ------
    ValueError, TypeError
        For missing arrays, other shapes, a bidirectional layer, an LSTM with projections, and tensors without values.

    Examples
    --------
    >>> import fanin
    >>> net = fanin.Network(3, [fanin.GRU(8), fanin.Dense(1)])
    >>> given = fanin.weights_to_torch(net.get_weights(), "layer1")
    >>> weights = fanin.weights_from_torch(given, "layer1")
    >>> weights["layer1.reset.weight"].shape
    (3, 8)
    >>> net.set_weights({**net.get_weights(), **weights})
    """
    _check(state_dict, "state_dict", level)
    check_text("layer", layer)
    arrays: Arrays = {}
    for array in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        name = f"{array}_l{int(level)}"
        if name in state_dict:
            arrays[array] = _numbers(name, state_dict[name])
        elif array.startswith("weight"):
            raise ValueError(f"state_dict: {name!r} is missing; got {', '.join(state_dict)}")
    for name, refused in {
        f"weight_hr_l{int(level)}": "an LSTM without projections (proj_size=0)",
        f"weight_ih_l{int(level)}_reverse": "a layer of one direction (bidirectional=False)",
    }.items():
        if name in state_dict:
            raise ValueError(f"state_dict: expected {refused}, got {name!r}")
    inputs, recurrent = arrays["weight_ih"], arrays["weight_hh"]
    units = recurrent.shape[-1] if recurrent.ndim == 2 else 0
    count = len(recurrent) // units if units else 0
    if count not in GATES or recurrent.shape != (count * units, units):
        raise ValueError(
            f"weight_hh_l{int(level)}: expected shape (gates * units, units) with 1, 3 or 4 gates, "
            f"got {recurrent.shape}"
        )
    rows = count * units
    if inputs.ndim != 2 or len(inputs) != rows:
        raise ValueError(f"weight_ih_l{int(level)}: expected {rows} rows, got shape {inputs.shape}")
    for array in ("bias_ih", "bias_hh"):
        bias = arrays.setdefault(array, np.zeros(rows, inputs.dtype))
        if bias.shape != (rows,):
            raise ValueError(f"{array}_l{int(level)}: expected shape ({rows},), got {bias.shape}")
    result: Arrays = {}
    for k, gate in enumerate(GATES[count]):
        part, name = slice(k * units, (k + 1) * units), f"{layer}.{gate}"
        result[f"{name}weight"] = inputs[part].T.copy()
        result[f"{name}recurrent"] = recurrent[part].T.copy()
        first, second = arrays["bias_ih"][part], arrays["bias_hh"][part]
        own = gate == OWN_BIAS
        result[f"{name}bias"] = first.copy() if own else first + second
        if own:
            result[f"{name}recurrent_bias"] = second.copy()
    return result


def _numbers(name: str, value: Any) -> NDArray[Any]:
    """Return a tensor or an array as numbers of at least single precision, in which biases are added up."""
    if getattr(value, "is_meta", False):
        raise ValueError(f"{name}: expected values, got a tensor on the device meta")
    array = _core.numbers(name, numpy_of(value) if hasattr(value, "detach") else value)
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _check(weights: object, name: str, level: object) -> None:
    if not isinstance(weights, Mapping):
        hint = f"; pass its {name}()" if hasattr(weights, name) else ""
        raise TypeError(f"{name}: expected a dict of name -> array, got {type(weights).__name__}{hint}")
    check_integer("level", level, 0)
