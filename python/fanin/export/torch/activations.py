"""The activations that PyTorch has, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fanin.layers.activation import ActivationName

# the class in torch.nn, and the values of its arguments that give the same function
ACTIVATIONS: Mapping[ActivationName, tuple[str, dict[str, Any]]] = {
    "logistic": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "relu": ("ReLU", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": 0.01}),
    "elu": ("ELU", {"alpha": 1.0}),
    "selu": ("SELU", {}),
    "softplus": ("Softplus", {"beta": 1.0, "threshold": 20.0}),
    "softsign": ("Softsign", {}),
    "gelu": ("GELU", {"approximate": "none"}),
    "gelu_tanh": ("GELU", {"approximate": "tanh"}),
    "silu": ("SiLU", {}),
    "mish": ("Mish", {}),
    "hard_sigmoid": ("Hardsigmoid", {}),
}


def activation_of(leaf: Any, kind: str) -> ActivationName | None:
    """Return the name of the activation that a module of this class is, or None for other modules.

    Raises
    ------
    ValueError
        For an activation with arguments that have no counterpart.
    """
    expected = [(name, arguments) for name, (own, arguments) in ACTIVATIONS.items() if own == kind]
    for name, arguments in expected:
        if all(getattr(leaf, argument) == value for argument, value in arguments.items()):
            return name
    if expected:
        wanted = " or ".join(
            f"{argument}={value!r}" for _, all_ in expected for argument, value in all_.items()
        )
        raise ValueError(f"expected {wanted}, got {leaf!r}")
    return None
