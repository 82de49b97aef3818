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
    """Return a network with the layers, weights and dtype of a PyTorch module.

    The module is an ``nn.Sequential``, nested or not, of ``Linear``, activations, ``BatchNorm1d``, ``Dropout``,
    ``Embedding`` with a ``Flatten``, ``EmbeddingBag`` (mode "sum"), and ``RNN``, ``GRU`` and ``LSTM`` (batch_first). A
    ``Linear`` and its activation become one `Dense`, and so does a ``BatchNorm1d`` between them if the ``Linear`` has
    no bias. ``Flatten`` and ``Identity`` are skipped: a network takes rows of columns, and an `Embedding` flattens
    itself.

    Pass the layers of your own module in the order in which it calls them. Recurrent layers need nothing after them to
    pick their outputs: ``fanin.from_torch(nn.Sequential(model.lstm, model.head))``.

    A ``Softmax`` or ``LogSoftmax`` at the end becomes part of the loss "softmax_cross_entropy", and a ``Sigmoid`` at
    the end part of "logistic", if that is the loss. `Network.predict` then returns probabilities, also where the module
    returns logits. ``CrossEntropyLoss`` is "softmax_cross_entropy"; ``BCELoss`` and ``BCEWithLogitsLoss`` are
    "logistic" for one output; ``MSELoss`` is 2 / n_outputs times "squared_error".

    Parameters
    ----------
    module : torch.nn.Module
        With parameters in float32 or float64. It does not change, and the network gets copies.
    loss : str or losses.Loss, optional
        As in `Network`; by default "softmax_cross_entropy" after a ``Softmax`` or ``LogSoftmax``, else "squared_error".
    return_sequences : bool
        Whether the last recurrent layer returns its outputs at every step.
    seed : int
        As in `Network`: the seed of later training.

    Returns
    -------
    Network
        With as many inputs as the first ``Linear`` or recurrent layer (of an ``Embedding``, as many as fit the layer
        after it), in the dtype of the parameters.

    Raises
    ------
    ValueError, TypeError
        For a layer without a counterpart, as ``module[2]: Conv1d: has no counterpart in fanin``; for parameters that
        two layers share, that are parametrized (weight norm), changed by hooks (pruning), of other dtypes or without
        values.

    Notes
    -----
    A bias that the module does not have is 0, and trained here. The two biases of a recurrent gate are added up.
    Whether a parameter requires a gradient makes no difference: `optimizer_from_torch` freezes those that do not, and
    continues the training of the module.

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
    net = Network(reading.n_inputs or 0, layers, chosen, seed=seed, dtype=dtype_of(module))
    copy_weights(module, reading, net)
    return net


def check_module(module: Any) -> None:
    """Raise TypeError unless this is a PyTorch module."""
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
    """Return the layers without a logistic activation of the outputs, if the loss adds it."""
    *others, last = layers
    if loss.name == "logistic" and isinstance(last, Dense | Activation) and last.activation == "logistic":
        return [*others, replace(last, activation="identity")]
    return list(layers)


def copy_weights(module: Any, reading: Reading, net: Network) -> None:
    """Set the weights and running statistics of a network to those of a module."""
    dtype_of(module)
    links = links_to(net, reading.links)
    given = network_arrays(links, {name: numpy_of(tensor) for name, tensor in tensors_of(module).items()})
    check_shapes(net, given)
    weights = {name: np.full(shape, neutral(name)) for name, shape, _ in net._core.arrays}
    net.set_weights({**weights, **given})


def dtype_of(module: Any) -> str:
    """Return the dtype of a module; ValueError unless its parameters are all float32 or all float64, with values."""
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
