"""What the layers of a PyTorch module are here; PyTorch itself is not needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from operator import getitem
from typing import TYPE_CHECKING, Any

from fanin.export.torch.activations import activation_of
from fanin.export.torch.links import Link
from fanin.export.torch.weights import GATES, OWN_BIAS
from fanin.layers import GRU, LSTM, Activation, BatchNorm, Dense, Dropout, Embedding, Layer, Recurrent

if TYPE_CHECKING:
    from fanin.layers.activation import ActivationName

_RECURRENT: dict[str, Callable[[Any, bool], Layer]] = {
    "RNN": lambda leaf, steps: Recurrent(leaf.hidden_size, leaf.nonlinearity, return_sequences=steps),
    "GRU": lambda leaf, steps: GRU(leaf.hidden_size, return_sequences=steps),
    "LSTM": lambda leaf, steps: LSTM(leaf.hidden_size, return_sequences=steps),
}
# What `Network.to_torch` picks of the outputs and the state of a recurrent layer: outputs of every step, or of the last
PLACES: dict[bool, list[Any]] = {True: [0], False: [0, (slice(None), -1)]}
_PICKED = "Picked"
_NOTHING = ("Identity", "Flatten", _PICKED)
_NONE_HERE = "has no counterpart in fanin"
_OF_LAYERS = "; pass its layers in order, as in nn.Sequential(net.first, net.head)"


class Reading:
    """The layers of a module, one after the other, and the links from their arrays to its parameters."""

    def __init__(self, module: Any, *, return_sequences: bool) -> None:
        self.layers: list[Layer] = []
        self.links: list[Link] = []
        self.n_inputs: int | None = None
        self.softmax = ""  # the place of a Softmax or LogSoftmax, if the last layer is one
        self._steps = False  # whether the values have an axis of time
        self._flat: int | None = None  # the first axis that a Flatten has joined
        # an Embedding and its dim, before its columns are known
        self._looked_up: tuple[str, int] | None = None
        leaves = list(_leaves(module, "module", ""))
        if not leaves:
            raise ValueError("module: expected at least one layer, got none")
        kinds = [kind_of(leaf) for _, _, leaf in leaves]
        self._last = max((i for i, kind in enumerate(kinds) if kind in _RECURRENT), default=-1)
        self.recurs = self._last >= 0
        _, _, after = leaves[min(self._last + 1, len(leaves) - 1)]
        self._every_step = _places(after) == PLACES[True] if kind_of(after) == _PICKED else return_sequences
        owners: dict[int, str] = {}
        for self._number, (self._place, self._prefix, leaf) in enumerate(leaves):
            if any(owners.setdefault(id(p), self._place) != self._place for p in leaf.parameters()):
                raise ValueError(
                    f"{self._place}: {kinds[self._number]} shares its parameters with another layer"
                )
            self._read(leaf, kinds[self._number])
        if self.n_inputs is None:
            after = f" after {self._looked_up[0]}, an Embedding" if self._looked_up else ""
            raise ValueError(f"module: expected at least one Linear or recurrent layer{after}, got none")

    def _read(self, leaf: Any, kind: str) -> None:
        try:
            if self.softmax and kind not in _NOTHING:
                raise ValueError(f"expected nothing after the Softmax at {self.softmax}")
            if kind in _READERS:
                _READERS[kind](self, leaf)
            elif (activation := activation_of(leaf, kind)) is not None:
                self._activate(activation)
            else:
                raise ValueError(_NONE_HERE + (_OF_LAYERS if any(True for _ in leaf.children()) else ""))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self._place}: {kind}: {error}") from None

    def _add(self, layer: Layer, leaf: Any, arrays: dict[str, str], *, transposed: bool = False) -> None:
        self.layers.append(layer)
        self._link(leaf, arrays, transposed=transposed)

    def _link(self, leaf: Any, arrays: dict[str, str], *, transposed: bool = False) -> None:
        """Link arrays of the last layer to the parameters of these names, if the module has them."""
        for array, name in arrays.items():
            if getattr(leaf, name) is not None:
                turned = transposed and array == "weight"
                own = f"layer{len(self.layers)}.{array}"
                self.links.append(Link(own, self._prefix + name, transposed=turned))

    def _takes(self, columns: int) -> None:
        """Note that the next layer has so many input columns."""
        if self._looked_up is not None:
            place, dim = self._looked_up
            if self._flat is None:
                raise ValueError(f"expected a Flatten between {place}, an Embedding, and this layer")
            if columns % dim:
                raise ValueError(
                    f"expected a multiple of {dim} columns, the embedding_dim of {place}, got {columns}"
                )
            self.n_inputs, self._looked_up = columns // dim, None
        elif self.n_inputs is None:
            self.n_inputs = columns

    def _linear(self, leaf: Any) -> None:
        self._takes(leaf.in_features)
        self._add(Dense(leaf.out_features), leaf, {"weight": "weight", "bias": "bias"}, transposed=True)

    def _batch_norm(self, leaf: Any) -> None:
        if self._steps:
            raise ValueError(f"on every step {_NONE_HERE}")
        if not leaf.track_running_stats or leaf.momentum is None:
            raise ValueError(f"without running statistics, or with momentum None, {_NONE_HERE}")
        norm = BatchNorm(epsilon=leaf.eps, decay=1 - leaf.momentum)
        names = {
            "beta": "bias",
            "gamma": "weight",
            "running_mean": "running_mean",
            "running_variance": "running_var",
        }
        last = self.layers[-1] if self.layers else None
        biases = any(link.array == f"layer{len(self.layers)}.bias" for link in self.links)
        if isinstance(last, Dense) and last == Dense(last.units) and not biases:
            self.layers[-1] = replace(last, batch_norm=norm == BatchNorm() or norm)
            self._link(leaf, names)
        else:
            self._takes(leaf.num_features)
            self._add(norm, leaf, names)

    def _activate(self, activation: ActivationName) -> None:
        last = self.layers[-1] if self.layers else None
        if isinstance(last, Dense) and last.activation == "identity":
            self.layers[-1] = replace(last, activation=activation)
        else:
            self.layers.append(Activation(activation))

    def _dropout(self, leaf: Any) -> None:
        if leaf.p > 0:
            self.layers.append(Dropout(leaf.p))

    def _embedding(self, leaf: Any) -> None:
        _check(leaf, padding_idx=None, max_norm=None, scale_grad_by_freq=False)
        bags = kind_of(leaf) == "EmbeddingBag"
        if bags:
            _check(leaf, mode="sum")
            self._takes(leaf.num_embeddings)
        else:
            self._looked_up = self._place, leaf.embedding_dim
        self._add(Embedding(leaf.num_embeddings, leaf.embedding_dim, bags), leaf, {"weight": "weight"})

    def _flatten(self, leaf: Any) -> None:
        of_steps = self._steps and self._looked_up is None
        if of_steps or leaf.end_dim != -1 or leaf.start_dim not in (1, 2):
            raise ValueError(f"of these axes {_NONE_HERE}")
        self._flat = leaf.start_dim

    def _softmax(self, leaf: Any) -> None:
        if leaf.dim not in ((-1, 2) if self._steps else (-1, 1, None)):
            raise ValueError(f"over axis {leaf.dim} {_NONE_HERE}")
        self.softmax = self._place

    def _recurrent(self, leaf: Any) -> None:
        _check(leaf, batch_first=True, bidirectional=False, proj_size=0)
        if self._flat == 1:
            raise ValueError(f"after a Flatten of time {_NONE_HERE}")
        if self._looked_up is not None and self._flat is None:
            self.n_inputs, self._looked_up = 1, None
        self._takes(leaf.input_size)
        for level in range(leaf.num_layers):
            above = self._number != self._last or level + 1 < leaf.num_layers
            self.layers.append(_RECURRENT[kind_of(leaf)](leaf, above or self._every_step))
            self._link_gates(leaf, level)
            if leaf.dropout > 0 and level + 1 < leaf.num_layers:
                self.layers.append(Dropout(leaf.dropout))
        self._steps = above or self._every_step

    def _link_gates(self, leaf: Any, level: int) -> None:
        """Link the arrays of each gate; both biases of a gate are terms of one, except those of a candidate."""
        units = leaf.hidden_size
        gates = GATES[len(getattr(leaf, f"weight_hh_l{level}")) // units]
        pairs = ("weight", "ih"), ("recurrent", "hh"), ("bias", "ih"), ("bias", "hh")
        for array, end in pairs if leaf.bias else pairs[:2]:
            name = f"{'bias' if array == 'bias' else 'weight'}_{end}_l{level}"
            for k, gate in enumerate(gates):
                apart = "recurrent_" if (array, end, gate) == ("bias", "hh", OWN_BIAS) else ""
                own = f"layer{len(self.layers)}.{gate}{apart}{array}"
                rows = k * units, (k + 1) * units
                self.links.append(Link(own, self._prefix + name, rows, transposed=array != "bias"))

    def _nothing(self, leaf: Any) -> None:
        pass


def _leaves(module: Any, place: str, prefix: str) -> Iterator[tuple[str, str, Any]]:
    """Yield the layers of nested nn.Sequential, each with its place and the start of its parameters' names."""
    kind = kind_of(module)
    if hooked := _hooked(module, kind):
        raise ValueError(f"{place}: {kind}: {hooked}")
    if kind != "Sequential":
        yield place, prefix, module
        return
    for name, child in module._modules.items():
        yield from _leaves(child, f"{place}[{name}]", f"{prefix}{name}.")


def _hooked(module: Any, kind: str) -> str | None:
    """Return what is wrong with a module that does not compute what its class in torch.nn says."""
    if names := ", ".join(getattr(module, "parametrizations", ())):
        return (
            f"expected plain parameters, got a parametrization of {names}; "
            "torch.nn.utils.parametrize.remove_parametrizations replaces it by its value"
        )
    if kind.startswith("Lazy"):
        return "expected a known number of inputs; call the module on a batch first"
    if "." not in kind and (module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module)):
        return "expected no forward hooks, which prune.remove and remove_weight_norm remove, and no forward of its own"
    return None


def kind_of(module: Any) -> str:
    """Return the name of a class in torch.nn; others have the name of their file, too."""
    kind = type(module)
    if kind.__module__.startswith("torch.fx.") and _places(module) in PLACES.values():
        return _PICKED
    known = kind.__module__.startswith("torch.nn.modules.")
    return kind.__name__ if known else f"{kind.__module__}.{kind.__name__}"


def _places(module: Any) -> list[Any]:
    """Return what a graph of torch.fx picks of its input; None for anything else that it does."""
    calls = list(module.graph.nodes)[1:-1]
    return [call.args[1] if call.target is getitem else None for call in calls]


def _check(leaf: Any, **expected: Any) -> None:
    """Raise ValueError unless the module has these values of its arguments."""
    for name, value in expected.items():
        given = getattr(leaf, name, value)
        if given != value:
            raise ValueError(f"{name}: expected {value!r}, got {given!r}")


_READERS: dict[str, Callable[[Reading, Any], None]] = {
    "Linear": Reading._linear,
    "BatchNorm1d": Reading._batch_norm,
    "Dropout": Reading._dropout,
    "Embedding": Reading._embedding,
    "EmbeddingBag": Reading._embedding,
    "Flatten": Reading._flatten,
    "Identity": Reading._nothing,
    _PICKED: Reading._nothing,
    "Softmax": Reading._softmax,
    "LogSoftmax": Reading._softmax,
    **dict.fromkeys(_RECURRENT, Reading._recurrent),
}
