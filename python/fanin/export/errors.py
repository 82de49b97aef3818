"""What other formats cannot express, with the place of the layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class CannotExportError(ValueError):
    """Why a layer cannot be written; `located` adds which layer it is, and the format."""

    place = kind = target = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.kind} cannot be written as {self.target}: {super().__str__()}"


@contextmanager
def located(number: int, layer: object, target: str) -> Iterator[None]:
    """Let errors from within name this layer by its number in its list, and by those of the layers around it."""
    try:
        yield
    except CannotExportError as error:
        error.place = f"layers[{number}].{error.place}" if error.place else f"layers[{number}]"
        error.kind, error.target = error.kind or type(layer).__name__, target
        raise


def check_learned(net: Any, target: str) -> None:
    """Raise CannotExportError if the network has an input layer that has not learned."""
    if not net._core.adapted:
        with located(0, net.layers[0], target):
            raise CannotExportError("it has not learned from data yet; call fit or adapt first")
