"""A network as a PyTorch module; PyTorch is imported when one is made."""

from __future__ import annotations

from operator import getitem
from typing import TYPE_CHECKING, Any

from fanin.export.errors import CannotExportError, located
from fanin.export.torch.activations import ACTIVATIONS
from fanin.export.torch.links import links_to, write
from fanin.export.torch.reading import PLACES, Reading
from fanin.layers import (
    GRU,
    LSTM,
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    Layer,
    Recurrent,
    columns_through,
)

if TYPE_CHECKING:
    from fanin.model import Model


def module_of(net: Model) -> Any:
    """Return the module that `Network.to_torch` describes."""
    torch = imported_torch("Network.to_torch")
    columns = columns_through(net.n_inputs, net.layers)
    parts: list[Any] = []
    steps = net._recurrent
    # Initial weights, which are replaced, take nothing from PyTorch's random numbers.
    with torch.random.fork_rng(devices=[]):
        for i, layer in enumerate(net.layers):
            with located(i, layer, "PyTorch"):
                parts += _parts_of(torch.nn, layer, columns[i], columns[i + 1], steps)
            steps = steps and getattr(layer, "return_sequences", True)
    module = torch.nn.Sequential(*parts).to(getattr(torch, str(net.dtype)))
    reading = Reading(module, return_sequences=False)
    write(links_to(net, reading.links), net.get_weights(), module)
    return module.eval()


def imported_torch(needed_by: str) -> Any:
    """Return the package torch; ImportError with what to do if there is none."""
    try:
        import torch
    except ImportError as error:
        raise ImportError(
            f"{needed_by}: needs PyTorch, which cannot be imported; install it with pip install torch"
        ) from error
    return torch


def _parts_of(nn: Any, layer: Layer, n_inputs: int, n_outputs: int, steps: bool) -> list[Any]:
    """Return the modules of a layer, given its columns and whether it works on every step."""
    match layer:
        case Dense():
            norm = [_norm_of(nn, inside, n_outputs, steps) for inside in layer.inside]
            linear = nn.Linear(n_inputs, n_outputs, bias=not norm)
            return [linear, *norm, *_activation_of(nn, layer.activation)]
        case BatchNorm():
            return [_norm_of(nn, layer, n_outputs, steps)]
        case Activation():
            return _activation_of(nn, layer.activation)
        case Dropout():
            return [nn.Dropout(layer.rate)]
        case Embedding() if layer.bags:
            return [nn.EmbeddingBag(layer.rows, layer.dim, mode="sum")]
        case Embedding():
            if len(layer.sizes) > 1:
                raise CannotExportError("expected one table that all columns share")
            return [nn.Embedding(layer.rows, layer.dim), nn.Flatten(2 if steps else 1)]
        case Recurrent() | GRU() | LSTM():
            return [_recurrent_of(nn, layer, n_inputs), picked(layer.return_sequences)]
    raise CannotExportError("PyTorch has no such layer")


def _norm_of(nn: Any, norm: Any, columns: int, steps: bool) -> Any:
    if steps:
        raise CannotExportError("expected no batch norm on every step")
    return nn.BatchNorm1d(columns, eps=norm.epsilon, momentum=1 - norm.decay)


def _activation_of(nn: Any, activation: str) -> list[Any]:
    if activation == "identity":
        return []
    for name, (kind, arguments) in ACTIVATIONS.items():
        if name == activation:
            return [getattr(nn, kind)(**arguments)]
    raise CannotExportError(f"PyTorch has no activation {activation!r}")


def _recurrent_of(nn: Any, layer: Recurrent | GRU | LSTM, n_inputs: int) -> Any:
    """Return a layer of PyTorch; the second of two biases that are only added up is not trained."""
    if isinstance(layer, GRU | LSTM):
        module = getattr(nn, type(layer).__name__)(n_inputs, layer.units, batch_first=True)
    elif layer.activation in ("tanh", "relu"):
        module = nn.RNN(n_inputs, layer.units, nonlinearity=layer.activation, batch_first=True)
    else:
        raise CannotExportError(f"expected the activation 'tanh' or 'relu', got {layer.activation!r}")
    module.bias_hh_l0.requires_grad_(isinstance(layer, GRU))
    return module


def picked(every_step: bool) -> Any:
    """Return a module that picks the outputs of every step, or of the last one, from what a recurrent layer returns.

    torch.nn has none. A graph holds its own code, so that pickled modules need PyTorch alone.
    """
    fx = imported_torch("Network.to_torch").fx
    graph = fx.Graph()
    found = graph.placeholder("found")
    for place in PLACES[every_step]:
        found = graph.call_function(getitem, (found, place))
    graph.output(found)
    return fx.GraphModule({}, graph, "EveryStep" if every_step else "LastStep")
