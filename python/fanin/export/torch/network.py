"""A network with the layers and weights of a PyTorch module."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.checks import check_flag
from fanin.export.torch.links import check_shapes, links_to, network_arrays, neutral, numpy_of, tensors_of
from fanin.export.torch.reading import Reading
from fanin.layers import Activation, Dense, Layer
from fanin.losses import Loss, SoftmaxCrossEntropy, SquaredError, as_loss
from fanin.network import Network

if TYPE_CHECKING:
    from collections.abc import Sequence


def from_torch(
    module: Any, loss: str | Loss | None = None, *, return_sequences: bool = False, seed: int = 0
) -> Network:
    """Return a network with the layers, the weights and the dtype of a PyTorch module.

    The module is an ``nn.Sequential``, which may hold others, of ``Linear``, activations, ``BatchNorm1d``, ``Dropout``,
    ``Embedding`` and a ``Flatten``, ``EmbeddingBag`` (mode "sum"), ``RNN``, ``GRU`` and ``LSTM`` (batch_first);
    ``Flatten`` and ``Identity`` are nothing here. A ``Linear`` becomes a `Dense` together with the activation after it
    and, if it has no bias, with a ``BatchNorm1d`` between them. Recurrent layers may stand in the ``nn.Sequential`` as
    they are, although PyTorch could not run it: ``fanin.from_torch(nn.Sequential(model.lstm, model.head))``.

    A ``Softmax`` or ``LogSoftmax`` that comes last is what the loss "softmax_cross_entropy" adds to the outputs here,
    and a ``Sigmoid`` that comes last what "logistic" adds, if that is the loss. Then, and also if the module gives
    logits, `Network.predict` returns probabilities. PyTorch's ``CrossEntropyLoss`` is "softmax_cross_entropy",
    ``BCELoss`` and ``BCEWithLogitsLoss`` are "logistic" for one output, and ``MSELoss`` is 2 / n_outputs times
    "squared_error".

    Parameters
    ----------
    module : torch.nn.Module
        With parameters in float32 or float64. It is not changed, and shares no memory with the network.
    loss : str or losses.Loss, optional
        As in `Network`; by default "softmax_cross_entropy" after a ``Softmax`` or ``LogSoftmax``, else "squared_error".
    return_sequences : bool
        Whether the last recurrent layer gives its outputs at every step.
    seed : int
        As in `Network`, for later training.

    Returns
    -------
    Network

    Raises
    ------
    ValueError, TypeError
        For a layer without a counterpart, as ``module[2]: Conv1d: has no counterpart in fanin``.

    Notes
    -----
    Biases that the module leaves out are 0 and trained here. Of the two biases of a recurrent gate, the sum is taken.
    `optimizer_from_torch` continues the training of the module.

    Examples
    --------
    >>> import fanin
    >>> from torch import nn  # doctest: +SKIP
    >>> module = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(1))  # doctest: +SKIP
    >>> fanin.from_torch(module)  # doctest: +SKIP
    <fanin.Network 4-16-3 (relu, identity), softmax_cross_entropy, float32, 131 parameters>
    """
    check_flag("return_sequences", return_sequences)
    check_module(module)
    reading = Reading(module, return_sequences=bool(return_sequences))
    if return_sequences and not reading.recurs:
        raise ValueError("return_sequences: expected False for a module without recurrent layers, got True")
    chosen = (
        as_loss(loss) if loss is not None else SoftmaxCrossEntropy() if reading.softmax else SquaredError()
    )
    if reading.softmax and not isinstance(chosen, SoftmaxCrossEntropy):
        raise ValueError(
            f"loss: expected 'softmax_cross_entropy' for {reading.softmax}, a Softmax, got {loss!r}"
        )
    layers = without_output(reading.layers, chosen)
    net = Network(reading.n_inputs or 0, layers, chosen, seed=seed, dtype=_dtype(module))
    copy_weights(module, reading, net)
    return net


def check_module(module: Any) -> None:
    """Raise TypeError unless this is a module of PyTorch."""
    if isinstance(module, type) or not hasattr(module, "named_parameters"):
        raise TypeError(f"module: expected a torch.nn.Module, got {type(module).__name__}")


def check_activations(reading: Reading, net: Network) -> None:
    """Raise ValueError unless a network has the activations of a module."""
    expected = _activations(without_output(reading.layers, net._loss))
    if (given := _activations(net.layers)) != expected:
        raise ValueError(f"net: expected the activations of the module, {expected}, got {given}")


def _activations(layers: Sequence[Layer]) -> list[str]:
    all_ = [getattr(layer, "activation", "identity") for layer in layers]
    return [activation for activation in all_ if activation != "identity"]


def without_output(layers: Sequence[Layer], loss: Loss) -> list[Layer]:
    """Return the layers without the logistic activation of the outputs that the loss adds itself."""
    *others, last = layers
    if loss.name == "logistic" and isinstance(last, Dense | Activation) and last.activation == "logistic":
        return [*others, replace(last, activation="identity")]
    return list(layers)


def copy_weights(module: Any, reading: Reading, net: Network) -> None:
    """Set the weights and running statistics of a network to those of a module."""
    _dtype(module)
    links = links_to(net, reading.links)
    given = network_arrays(links, {name: numpy_of(tensor) for name, tensor in tensors_of(module).items()})
    check_shapes(net, given)
    weights = {name: np.full(shape, neutral(name)) for name, shape, _ in net._core.arrays}
    net.set_weights({**weights, **given})


def _dtype(module: Any) -> str:
    """Return the dtype of a module; raise ValueError if it has not one that networks have, or no values."""
    kinds = sorted({str(parameter.dtype).removeprefix("torch.") for parameter in module.parameters()})
    if not kinds:
        raise ValueError("module: expected at least one layer with parameters, got none")
    if any(parameter.is_meta for parameter in module.parameters()):
        raise ValueError("module: expected parameters with values, got some on the device meta")
    if kinds not in (["float32"], ["float64"]):
        raise ValueError(
            f"module: expected parameters in float32 or in float64, got {', '.join(kinds)}; "
            "call module.float() or module.double()"
        )
    return kinds[0]
