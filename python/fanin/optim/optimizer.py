"""Update rules on arrays of your own, in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_integer
from fanin.optim.rule import Rule, check_rule
from fanin.values import check_finite, check_number

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

    Weights decay, biases do not: arrays of fewer than two dimensions count as biases. The others are (..., units), with
    the product of all but the last dimension as n_in. (PyTorch's are (units, n_in): give their transposes, or a
    rate_scale instead of fan_in_power.)

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
        check_rule(rule)
        self._arrays = tuple(_listed("arrays", arrays))
        if not self._arrays:
            raise ValueError("arrays: expected at least one array, got none")
        views = [_view(f"arrays[{i}]", array) for i, array in enumerate(self._arrays)]
        single = views[0].dtype == np.float32
        self._core = (_core.OptimizerFloat32 if single else _core.OptimizerFloat64)(
            rule.name, rule.values_on(range(len(views))), views
        )
        self._rule = rule
        self._views = views

    def step(
        self,
        gradients: Iterable[ArrayLike],
        *,
        loss: float | None = None,
        second_gradients: Iterable[ArrayLike] | None = None,
        weight: float = 1.0,
    ) -> None:
        """Update all arrays by their gradients; with ``Around(..., accumulate=k)`` at every k-th call.

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
        weight : float
            Of this batch in the mean, where the rule accumulates, such as its number of samples: 0, or in
            [1e-30, 1e30].

        Raises
        ------
        TypeError, ValueError
            For another number of gradients, other shapes, values that are not real numbers, a gradient that overlaps
            an array, and an array that has been made read-only; nothing is written then.
        """
        if loss is not None:
            check_number("loss", loss)
        if type(weight) is not float:
            check_number("weight", weight)
        self._core.step(
            gradients if type(gradients) is list else _listed("gradients", gradients),
            loss,
            None if second_gradients is None else _listed("second_gradients", second_gradients),
            weight,
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

    def averages(self) -> list[NDArray[Any]]:
        """Return copies of the averages of the true weights over steps, with ``Around(..., average_decay=...)``.

        Raises
        ------
        ValueError
            Where the rule averages nothing.
        """
        if "average" not in self._core.slot_names:
            raise ValueError(
                "averages: there are none; expected a rule such as optim.Around(optim.Adam(), average_decay=0.999)"
            )
        return self._core.averages()

    @property
    def rule(self) -> Rule:
        """The rule; may be set to one of the same kind, which keeps the state."""
        return self._rule

    @rule.setter
    def rule(self, rule: Rule) -> None:
        check_rule(rule)
        if rule.name != self._rule.name:
            kinds = self._rule.kind, rule.kind
            raise ValueError(f"rule: expected {kinds[0]}, whose state this optimizer has, got {kinds[1]}")
        self._core.set_rule(rule.name, rule.values_on(range(len(self._views))))
        self._rule = rule

    @property
    def arrays(self) -> tuple[Any, ...]:
        """The arrays, as they were given."""
        return self._arrays

    @property
    def t(self) -> int:
        """Steps taken."""
        return self._core.t

    def _names_of_state(self) -> list[str]:
        slots, memory = self._core.slot_names, self._core.memory_name
        names = ["t", *([memory] if memory else []), *slots]
        return names + ["averaged"] * ("average" in slots) + ["group"] * ("sum" in slots)

    @property
    def state(self) -> dict[str, Any]:
        """All that a resume needs beside the arrays and the rule.

        A dict: "t", the steps taken, and for each letter of the rule's equation that is kept from step to step (Adam:
        "m", "v") a list of arrays, shaped like `arrays`; NAdam's "p" and the "loss" of "irprop+" are numbers. Where
        weights are averaged there are also their "average" and "averaged", the steps in it; where gradients are
        accumulated, their "sum" and the "group": batches since the last step, and sums of their weights and losses.
        All are copies. Set it to go on from there, bit for bit; every value that is set must be finite.
        """
        t, memory, averaged, group = self._core.progress
        numbers = {"t": t, self._core.memory_name: memory, "averaged": averaged, "group": group}
        slots = dict(zip(self._core.slot_names, self._core.get_state(), strict=True))
        return {name: numbers.get(name, slots.get(name)) for name in self._names_of_state()}

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        self._set_state(state, finite=True)

    def _set_state(self, state: Mapping[str, Any], *, finite: bool) -> None:
        expected, memory = self._names_of_state(), self._core.memory_name
        if not isinstance(state, Mapping):
            raise TypeError(f"state: expected a dict of {', '.join(expected)}, got {type(state).__name__}")
        if set(state) != set(expected):
            raise ValueError(
                f"state: expected {', '.join(expected)} for {self._rule.name}, got {', '.join(map(str, state))}"
            )
        for name in ("t", "averaged"):
            check_integer(f"state: {name}", state.get(name, 0), 0, 63)
        if memory:
            check_number(f"state: {memory}", state[memory])
        progress = (
            int(state["t"]),
            float(state[memory]) if memory else 0.0,
            int(state.get("averaged", 0)),
            _checked_group(state.get("group", (0, 0.0, 0.0))),
        )
        names = self._core.slot_names
        slots = [_listed(f"state: {name}", state[name]) for name in names]
        for name, arrays in zip(names, slots, strict=True):
            for i, array in enumerate(arrays if finite else ()):
                check_finite(f"state: {name}[{i}]", _core.numbers(f"state: {name}[{i}]", array))
        self._core.set_state(progress, names, slots)

    def __repr__(self) -> str:
        """Return the rule and the size of the arrays in one line."""
        total = sum(view.size for view in self._views)
        return (
            f"<fanin.optim.Optimizer {self._rule!r}, {len(self._views)} arrays, "
            f"{total:,} parameters of {self._views[0].dtype}, t = {self.t}>"
        )

    def __getstate__(self) -> dict[str, Any]:
        """Copy and pickle as rule, arrays and state, and attributes that were added."""
        added = {name: value for name, value in vars(self).items() if name not in _OWN}
        return {"rule": self._rule, "arrays": self._arrays, "state": self.state, "added": added}

    def __setstate__(self, saved: dict[str, Any]) -> None:
        """Take what the original had."""
        Optimizer.__init__(self, saved["rule"], saved["arrays"])
        self._set_state(saved["state"], finite=False)  # such as NaN after gradients that were
        vars(self).update(saved["added"])


_OWN = frozenset(("_arrays", "_core", "_rule", "_views"))


def _checked_group(group: Any) -> tuple[int, float, float]:
    if not isinstance(group, tuple | list) or len(group) != 3:
        raise TypeError(f"state: group: expected (batches, weight, loss), got {group!r}")
    check_integer("state: group: batches", group[0], 0, 63)
    check_number("state: group: weight", group[1], at_least=0)
    check_number("state: group: loss", group[2])
    return int(group[0]), float(group[1]), float(group[2])


def _listed(name: str, arrays: Iterable[Any]) -> list[Any]:
    """A list of what is in it; one array is not the list of its rows."""
    if (
        isinstance(arrays, str | bytes | Mapping | Set)
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
