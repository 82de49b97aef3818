"""Update rules on arrays of your own, in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_integer
from fanin.rule import Rule
from fanin.values import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Optimizer:
    """An update rule on arrays of your own, in place.

    ``w <- w + change(g)`` for each array w and its gradient g, where `change` is the equation of the rule; the state
    of the rule starts where the rule says, mostly at zero. One call steps all arrays, and gives the bits a `Network`
    with these weights and gradients gets, for every number of threads and on every instruction set.

    Parameters
    ----------
    rule : Rule
        For example ``optim.Adam(1e-3)``.
    arrays : list of arrays
        All float32 or all float64, of any shapes; writable, C-contiguous and apart from each other. (Give the transpose
        of a Fortran-ordered matrix, and of its gradients.) They are kept and updated, never copied: NumPy arrays, and
        whatever shares its memory with NumPy through DLPack or the buffer protocol, such as a PyTorch tensor on the
        CPU (one that requires a gradient as ``tensor.detach()``). JAX arrays cannot be written to.

    Raises
    ------
    TypeError, ValueError
        With a sentence that names the argument, what came and what was expected; nothing is written then.

    Notes
    -----
    With a rule that jumps first (`Nesterov`, and `RMSprop` with nesterov) the arrays are where it has jumped to,
    ``w + momentum v``: take the gradients there. `weights` gives w. Another momentum moves the arrays.

    Weights decay, biases do not: arrays of fewer than two dimensions count as biases.

    A copy or an unpickled optimizer has its state and hyper-parameters. ``copy.copy`` keeps the arrays; ``deepcopy``
    and ``pickle`` copy them, so that arrays are to be copied together with their optimizer:
    ``w, opt = copy.deepcopy((w, opt))``.

    Examples
    --------
    The minimum of (w - 3)^2:

    >>> import numpy as np
    >>> from fanin import optim
    >>> w = np.zeros(1)
    >>> opt = optim.Optimizer(optim.Momentum(0.05), [w])
    >>> for _ in range(500):
    ...     opt.step([2 * (w - 3)])
    >>> w.round(6)
    array([3.])

    Another rate from here on:

    >>> opt.rule = optim.Momentum(0.01)
    """

    def __init__(self, rule: Rule, arrays: Iterable[Any]) -> None:
        _check_rule(rule)
        self._arrays = tuple(_listed("arrays", arrays))
        if not self._arrays:
            raise ValueError("arrays: expected at least one array, got none")
        views = [_view(f"arrays[{i}]", array) for i, array in enumerate(self._arrays)]
        single = views[0].dtype == np.float32
        self._core = (_core.OptimizerFloat32 if single else _core.OptimizerFloat64)(
            rule.name, rule.values(), views
        )
        self._rule = rule
        self._views = views

    def step(
        self,
        gradients: Iterable[ArrayLike],
        *,
        loss: float | None = None,
        second_gradients: Iterable[ArrayLike] | None = None,
    ) -> None:
        """Update all arrays by their gradients.

        Parameters
        ----------
        gradients : list of array_like
            One for each array, of its shape. Gradients of the arrays' dtype that are C-contiguous are read where they
            are; others are converted first. NaN and infinity are applied as they are, as checking for them would cost
            as much as the step: check the loss.
        loss : float, optional
            At the arrays. Rprop's "irprop+" compares losses and must have it; others do not look at it.
        second_gradients : list of array_like, optional
            Of the same data as gradients, at the points that `shifted` gives. `SchaulVSGD` must have them, no other
            rule takes them.

        Raises
        ------
        TypeError, ValueError
            For another number of gradients, other shapes, values that are not real numbers, a gradient that overlaps
            an array, and an array that has been made read-only; nothing is written then.
        """
        if loss is not None:
            check_number("loss", loss)
        self._core.step(
            gradients if type(gradients) is list else _listed("gradients", gradients),
            loss,
            None if second_gradients is None else _listed("second_gradients", second_gradients),
        )

    def shifted(self, gradients: Iterable[ArrayLike]) -> list[NDArray[Any]]:
        """Return the points, shaped like the arrays, where a rule such as `SchaulVSGD` wants a second gradient.

        ``second = gradient_at(opt.shifted(gradients))``, then ``opt.step(gradients, second_gradients=second)``, with
        the same data in both gradients.

        Raises
        ------
        ValueError
            For a rule that wants none, and as `step` does.
        """
        return self._core.shifted(_listed("gradients", gradients))

    def weights(self) -> list[NDArray[Any]]:
        """Return copies of the true weights: w where the arrays are ``w + momentum v``, else what the arrays hold."""
        return self._core.weights()

    @property
    def rule(self) -> Rule:
        """The rule; may be set to one of the same kind, which keeps the state."""
        return self._rule

    @rule.setter
    def rule(self, rule: Rule) -> None:
        _check_rule(rule)
        if rule.name != self._rule.name:
            kinds = self._rule.kind, rule.kind
            raise ValueError(f"rule: expected {kinds[0]}, whose state this optimizer has, got {kinds[1]}")
        self._core.set_rule(rule.name, rule.values())
        self._rule = rule

    @property
    def arrays(self) -> tuple[Any, ...]:
        """The arrays, as they were given."""
        return self._arrays

    @property
    def t(self) -> int:
        """Steps taken."""
        return self._core.t

    @property
    def state(self) -> dict[str, Any]:
        """All that a resume needs beside the arrays and the rule.

        A dict: "t", the steps taken, and for each letter of the rule's equation that is kept from step to step (Adam:
        "m", "v") a list of arrays, shaped like `arrays`; NAdam's "p" and the "loss" of "irprop+" are numbers. They
        are copies. Set it to go on from there, bit for bit.
        """
        slots = dict(zip(self._core.slot_names, self._core.get_state(), strict=True))
        memory = {self._core.memory_name: self._core.memory} if self._core.memory_name else {}
        return {"t": self.t, **memory, **slots}

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        names, memory = self._core.slot_names, self._core.memory_name
        expected = ["t", *([memory] if memory else []), *names]
        if not isinstance(state, Mapping):
            raise TypeError(f"state: expected a dict of {', '.join(expected)}, got {type(state).__name__}")
        if set(state) != set(expected):
            raise ValueError(
                f"state: expected {', '.join(expected)} for {self._rule.name}, got {', '.join(map(str, state))}"
            )
        check_integer("state: t", state["t"], 0)
        if state["t"] >= 2**63:
            raise ValueError(f"state: t: expected less than 2^63, got {state['t']}")
        if memory:
            check_number(f"state: {memory}", state[memory])
        slots = [_listed(f"state: {name}", state[name]) for name in names]
        self._core.set_state(int(state["t"]), float(state[memory]) if memory else 0.0, names, slots)

    def __repr__(self) -> str:
        """Return the rule and the size of the arrays in one line."""
        total = sum(view.size for view in self._views)
        return (
            f"<fanin.optim.Optimizer {self._rule!r}, {len(self._views)} arrays, "
            f"{total:,} parameters of {self._views[0].dtype}, t = {self.t}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle as rule, arrays and state."""
        return type(self), (self._rule, list(self._arrays)), {"state": self.state}

    def __setstate__(self, saved: dict[str, Any]) -> None:
        """Take the state of the original."""
        self.state = saved["state"]


def _check_rule(rule: object) -> None:
    if not isinstance(rule, Rule):
        raise TypeError(f"rule: expected an update rule such as fanin.optim.Adam(), got {rule!r}")


def _listed(name: str, arrays: Iterable[Any]) -> list[Any]:
    """A list of what is in it; one array is not the list of its rows."""
    if (
        isinstance(arrays, str | bytes | Mapping)
        or hasattr(arrays, "__array__")
        or not isinstance(arrays, Iterable)
    ):
        raise TypeError(f"{name}: expected a list of arrays, got {type(arrays).__name__}")
    return list(arrays)


def _view(name: str, array: Any) -> NDArray[Any]:
    """The memory of an array of any library as a NumPy array."""
    expected = f"{name}: expected an array that shares its memory, such as a NumPy array"
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{expected}; a masked array cannot be updated in place")
    if isinstance(array, np.ndarray):
        return array
    try:
        if hasattr(array, "__dlpack__"):
            view = np.from_dlpack(array)
            return view if view.flags.writeable else _writable_twin(view, array)
        return np.asarray(memoryview(array))
    except Exception as error:
        raise TypeError(f"{expected}, got {type(array).__name__}: {error}") from None


def _writable_twin(view: NDArray[Any], array: Any) -> NDArray[Any]:
    """Older versions of NumPy make every DLPack array read-only; the library itself may know better."""
    twin = np.asarray(array)
    same = (twin.ctypes.data, twin.dtype, twin.strides) == (view.ctypes.data, view.dtype, view.strides)
    return twin if same else view
