"""`coefs_` and `intercepts_`: lists of arrays that users may change at any time, and the network that follows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin import _core
from fanin.layers import Dense
from fanin.losses import Logistic, Loss, Poisson, SoftmaxCrossEntropy, SquaredError
from fanin.network import Network
from fanin.sklearn.turns import Turns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = list[NDArray[Any]]


class Form(NamedTuple):
    """What makes a network of weights: the activations of its hidden layers and of its outputs."""

    hidden: str
    output: str


def _loss_of(output: str, dtype: np.dtype[Any]) -> Loss:
    smallest = float(np.finfo(dtype).eps)  # the reported loss takes no probability closer to 0 or 1
    if output == "softmax":
        return SoftmaxCrossEntropy(clip=smallest)
    if output == "logistic":
        return Logistic(clip=smallest)
    return Poisson() if output == "exp" else SquaredError()


def network_of(arrays: Arrays, form: Form) -> Any:
    """Return a network of the core with these weights and biases, layer by layer; float32 if all of them are."""
    single = all(array.dtype == np.float32 for array in arrays)
    dtype = np.dtype(np.float32 if single else np.float64)
    *hidden, last = (bias.size for bias in arrays[1::2])
    layers = [Dense(width, form.hidden, "zeros") for width in hidden]  # type: ignore[arg-type]
    layers.append(Dense(last, initializer="zeros"))
    core = Network(arrays[0].shape[0], layers, _loss_of(form.output, dtype), dtype=dtype)._core
    core.set_vector_targets(last == 1)
    core.set_arrays(arrays)
    return core


class Weights:
    """The weights of an estimator: those of a network, or the lists in users' hands if these have changed.

    Before anyone has asked for the lists, nothing is compared or copied.
    """

    def __init__(self, arrays: Arrays | None = None, form: Form | None = None) -> None:
        self._form = form
        self._core: Any = None if arrays is None or form is None else network_of(arrays, form)
        self._lists: dict[str, list[Any]] = {}  # "coefs_" and "intercepts_" in users' hands
        self._known: Arrays = []  # copies of their arrays, as the network has them
        self.turns = Turns()  # to read or write the network

    def predict(self, form: Form, X: Any) -> NDArray[Any]:
        """Return the outputs of the network of this form, with the current weights."""
        while True:
            self.turns.begin_reading()
            try:
                if self._is_current(form):
                    outputs: NDArray[Any] = self._core.predict(X, None)
                    return outputs
            finally:
                self.turns.end_reading()
            self.network(form)

    def network(self, form: Form) -> Any:
        """Return the network of this form, with the current weights; its rule's state is kept if possible."""
        with self.turns.writing():
            if self._is_current(form):
                return self._core
            arrays = self._arrays()
            if self._core is None or form != self._form or not _same_shapes(arrays, self._core.arrays):
                self._core, self._form = network_of(arrays, form), form
            else:
                self._core.set_arrays(arrays)
            self._note()
            return self._core

    def _is_current(self, form: Form) -> bool:
        return form == self._form and self._core is not None and not (self._lists and self._changed())

    def restarted(self, form: Form, dtype: np.dtype[Any] | None = None) -> Any:
        """Return a network with the current weights whose rule starts anew, of a given data type if one is given."""
        arrays = self._arrays()
        self._core = network_of([array.astype(dtype or array.dtype) for array in arrays], form)
        self._form = form
        self._note()
        return self._core

    def shown(self, name: str) -> list[Any]:
        """Return "coefs_" or "intercepts_" as a list for users to read and change."""
        if self._core is not None and not self._lists:
            with self.turns.writing():
                arrays = self._core.get_arrays()
                lists = {"coefs_": arrays[0::2], "intercepts_": arrays[1::2]}
                self._known = [array.copy() for array in (*arrays[0::2], *arrays[1::2])]
                self._lists = lists
        if name not in self._lists:
            raise AttributeError(f"{name} is not set yet")
        return self._lists[name]

    def assign(self, name: str, arrays: Iterable[Any]) -> None:
        """Replace "coefs_" or "intercepts_"."""
        if self._core is not None:
            self.shown(name)
        self._lists[name] = arrays if isinstance(arrays, list) else list(arrays)

    def trained(self) -> None:
        """Write the network's new weights to the arrays in users' hands, as training in place does."""
        if not self._lists:
            return
        with self.turns.writing():
            arrays = self._core.get_arrays()
            for name, news in (("coefs_", arrays[0::2]), ("intercepts_", arrays[1::2])):
                olds = self._lists[name]
                for place, (old, new) in enumerate(zip(olds, news, strict=True)):
                    if _can_hold(old, new):
                        old[...] = new
                    else:
                        olds[place] = new
            self._note()

    def _arrays(self) -> Arrays:
        """Return the current weights and biases, layer by layer; ValueError if their shapes do not fit."""
        if not self._lists:
            arrays: Arrays = self._core.get_arrays()
            return arrays
        for name in ("coefs_", "intercepts_"):
            if name not in self._lists:
                raise AttributeError(f"{name} is not set, but the other weights are; expected both")
        coefs, intercepts = self._lists["coefs_"], self._lists["intercepts_"]
        if not 0 < len(coefs) == len(intercepts):
            raise ValueError(
                f"coefs_, intercepts_: expected one array for each layer, got {len(coefs)} and {len(intercepts)}"
            )
        dtype = None if self._core is None else _dtype_of(self._core)
        arrays, width = [], None
        for place, pair in enumerate(zip(coefs, intercepts, strict=True)):
            weight, bias = map(np.asarray, pair)
            if weight.ndim != 2 or width not in (None, weight.shape[0]):
                columns = "n_out" if weight.ndim != 2 else weight.shape[1]
                expected = f"({'n_in' if width is None else width}, {columns})"
                raise ValueError(f"coefs_[{place}]: expected shape {expected}, got {weight.shape}")
            width = weight.shape[1]
            if bias.shape != (width,):
                raise ValueError(f"intercepts_[{place}]: expected shape ({width},), got {bias.shape}")
            arrays.append(_numbers(weight, f"coefs_[{place}]", dtype))
            arrays.append(_numbers(bias, f"intercepts_[{place}]", dtype))
        return arrays

    def _in_hand(self) -> list[Any]:
        return [array for arrays in self._lists.values() for array in arrays]

    def _note(self) -> None:
        self._known = [np.array(array) for array in self._in_hand()]

    def _changed(self) -> bool:
        arrays = self._in_hand()
        return len(arrays) != len(self._known) or not all(map(np.array_equal, arrays, self._known))

    def __getstate__(self) -> dict[str, Any]:
        """Return the network as bytes, with its rule's state, and the lists if they have changed, or instead."""
        self.turns.begin_reading()
        try:
            model, lists = None, dict(self._lists) if self._changed() else {}
            if self._core is not None and (model := _bytes_of(self._core)) is None:
                arrays = self._core.get_arrays()
                lists = lists or {"coefs_": arrays[0::2], "intercepts_": arrays[1::2]}
            return {"form": self._form, "model": model, "lists": lists}
        finally:
            self.turns.end_reading()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the weights."""
        self._form, self._lists, self._known = state["form"], state["lists"], []
        self.turns = Turns()
        self._core = None if state["model"] is None else _core.from_bytes(state["model"])


def are_finite(arrays: Iterable[NDArray[Any]]) -> bool:
    """Return whether all values of all arrays are finite."""
    return all(np.isfinite(array).all() for array in arrays)


def _bytes_of(core: Any) -> bytes | None:
    """Return a network with its rule's state, or None if a fit that diverged left anything infinite or NaN in it."""
    model: bytes = core.to_bytes()
    try:
        _core.from_bytes(model)
    except ValueError:
        return None
    return model


def _dtype_of(core: Any) -> np.dtype[Any]:
    return np.dtype(np.float32 if isinstance(core, _core.NetworkFloat32) else np.float64)


def _numbers(array: NDArray[Any], name: str, dtype: np.dtype[Any] | None) -> NDArray[Any]:
    """Return an array as floats (by default its own), or raise an error that names it, as for NaN and infinity."""
    if array.dtype.kind not in "biufO":
        raise TypeError(f"{name}: expected real numbers, got dtype {array.dtype}")
    with np.errstate(over="ignore"):
        floats = array.astype(dtype or (array.dtype if array.dtype.kind == "f" else np.float64), copy=False)
    if not (finite := np.isfinite(floats)).all():
        raise ValueError(f"{name}: every value must be finite in {floats.dtype}, got {array[~finite][0]}")
    return floats


def _can_hold(old: Any, new: NDArray[Any]) -> bool:
    """Return whether the new values can be written to an array in users' hands without rounding."""
    return (
        isinstance(old, np.ndarray)
        and old.flags.writeable
        and old.shape == new.shape
        and old.dtype.kind == "f"
        and old.itemsize >= new.itemsize
    )


def _same_shapes(arrays: Sequence[NDArray[Any]], described: Iterable[tuple[str, Any, bool]]) -> bool:
    return [array.shape for array in arrays] == [tuple(shape) for _, shape, _ in described]
