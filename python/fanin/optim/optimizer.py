"""Update rules applied in place to your own arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_integer
from fanin.optim.named import as_rule
from fanin.optim.rule import Rule
from fanin.optim.shared_arrays import listed, shared
from fanin.values import check_finite, check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Optimizer:
    """Applies an update rule in place to your own arrays.

    ``w <- w + change(g)`` for each array w and its gradient g, where `change` is the equation of the rule; most rules
    start with a state of zeros. One call updates all arrays, bit for bit as a `Network` with these weights and
    gradients does, for every number of threads and every instruction set.

    Parameters
    ----------
    rule : Rule or str
        For example ``optim.Adam(1e-3)``, or a name for the defaults: "adam".
    arrays : list of arrays
        All float32 or all float64, of any shapes; writable, C-contiguous and not overlapping. (For a Fortran-ordered
        matrix, pass its transpose and that of its gradients.) They are updated in place, never copied: NumPy arrays,
        and anything that shares its memory through DLPack or the buffer protocol, such as a PyTorch CPU tensor (use
        ``tensor.detach()`` if it requires a gradient). JAX arrays are read-only.

    Raises
    ------
    TypeError, ValueError
        With a message that names the argument, what was expected and what came; nothing is written.

    Notes
    -----
    With a look-ahead rule (`Nesterov`, and `RMSprop` with nesterov) the arrays hold the look-ahead point
    ``w + momentum v``, where gradients must be computed. `weights` returns w. Changing the momentum moves the arrays.
    (With `ScheduleFreeAdamW` they hold y; `weights` returns x.)

    `Muon` steps matrices as a whole; the last array of two or more dimensions counts as the output layer.

    Weights decay, biases do not: arrays of fewer than two dimensions count as biases. All others are (..., units), and
    n_in is the product of all dimensions but the last. (PyTorch's are (units, n_in): pass their transposes, or use
    rate_scales instead of fan_in_power.)

    Copied and unpickled optimizers keep their state and hyper-parameters. ``copy.copy`` shares the arrays; ``deepcopy``
    and ``pickle`` copy them, so copy arrays together with their optimizer: ``w, opt = copy.deepcopy((w, opt))``.

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

    Change the learning rate:

    >>> opt.rule = optim.Momentum(0.01)
    """

    def __init__(self, rule: Rule | str, arrays: Iterable[Any]) -> None:
        rule = as_rule(rule)
        self._arrays = tuple(listed("arrays", arrays))
        if not self._arrays:
            raise ValueError("arrays: expected at least one array, got none")
        views = [shared(f"arrays[{i}]", array) for i, array in enumerate(self._arrays)]
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
        """Update all arrays by their gradients; with ``Around(..., accumulate=k)``, at every k-th call.

        Parameters
        ----------
        gradients : list of array_like
            One per array, of the same shape. C-contiguous gradients of the arrays' dtype are read in place; others are
            converted first. Gradients are not checked for NaN and infinity, which would cost as much as the step:
            check the loss.
        loss : float, optional
            At the current arrays. Required by Rprop's "irprop+", which compares losses; ignored by all other rules.
        second_gradients : list of array_like, optional
            Of the same data as gradients, at the points returned by `shifted`. Required by `SchaulVSGD`; no other
            rule accepts them.
        weight : float
            Weight of this batch in the mean if the rule accumulates batches, such as its number of samples: 0, or in
            [1e-30, 1e30].

        Raises
        ------
        TypeError, ValueError
            For a wrong number of gradients, wrong shapes, values that are not real numbers, a gradient that overlaps
            an array, or an array that has become read-only; nothing is written.
        """
        if loss is not None:
            check_number("loss", loss)
        if type(weight) is not float:
            check_number("weight", weight)
        self._core.step(
            gradients if type(gradients) is list else listed("gradients", gradients),
            loss,
            None if second_gradients is None else listed("second_gradients", second_gradients),
            weight,
        )

    def shifted(self, gradients: Iterable[ArrayLike]) -> list[NDArray[Any]]:
        """Return the points, shaped like the arrays, at which a rule such as `SchaulVSGD` needs a second gradient.

        ``second = gradient_at(opt.shifted(gradients))``, then ``opt.step(gradients, second_gradients=second)``, with
        the same data in both gradients.

        Parameters
        ----------
        gradients : list of array_like
            As for `step`.

        Raises
        ------
        ValueError
            For a rule that needs none, and as `step` does.
        """
        return self._core.shifted(listed("gradients", gradients))

    def weights(self) -> list[NDArray[Any]]:
        """Return copies of the true weights: w or x if the rule looks ahead of them, else the arrays' contents.

        Returns
        -------
        list of ndarray

        Examples
        --------
        >>> import numpy as np
        >>> from fanin import optim
        >>> y = np.ones(1)
        >>> opt = optim.Optimizer(optim.Nesterov(0.5, momentum=0.5), [y])
        >>> opt.step([[1.0]])
        >>> y, opt.weights()  # y looks ahead
        (array([0.25]), [array([0.5])])
        """
        return self._core.weights()

    def averages(self) -> list[NDArray[Any]]:
        """Return copies of the averages of the true weights over steps, kept by ``Around(..., average_share=...)``.

        Returns
        -------
        list of ndarray

        Raises
        ------
        ValueError
            If the rule keeps no averages.

        Examples
        --------
        >>> import numpy as np
        >>> from fanin import optim
        >>> w = np.zeros(1)
        >>> opt = optim.Optimizer(optim.Around(optim.SGD(1.0), average_share=0.5), [w])
        >>> for _ in range(3):
        ...     opt.step([[-1.0]])
        >>> w, opt.averages()
        (array([3.]), [array([2.])])
        """
        if "average" not in self._core.slot_names:
            raise ValueError(
                "averages: the rule keeps none; expected one such as optim.Around(optim.Adam(), average_share=0.05)"
            )
        return self._core.averages()

    @property
    def rule(self) -> Rule:
        """The rule; setting it to another rule of the same kind keeps the state."""
        return self._rule

    @rule.setter
    def rule(self, rule: Rule | str) -> None:
        rule = as_rule(rule)
        if rule.name != self._rule.name:
            kinds = self._rule.kind, rule.kind
            raise ValueError(f"rule: expected {kinds[0]}, like the state of this optimizer, got {kinds[1]}")
        self._core.set_rule(rule.name, rule.values_on(range(len(self._views))))
        self._rule = rule

    @property
    def arrays(self) -> tuple[Any, ...]:
        """The arrays that were passed to the constructor."""
        return self._arrays

    @property
    def t(self) -> int:
        """Number of steps taken."""
        return self._core.t

    def _names_of_state(self) -> list[str]:
        slots, memory = self._core.slot_names, self._core.memory_name
        names = ["t", *([memory] if memory else []), *slots]
        return names + ["averaged"] * ("average" in slots) + ["group"] * ("sum" in slots)

    @property
    def state(self) -> dict[str, Any]:
        """Everything needed to resume training, apart from the arrays and the rule.

        A dict: "t", the number of steps taken, and for each state variable of the rule (Adam: "m", "v") a list of
        arrays, shaped like `arrays`; NAdam's "p" and the "loss" of "irprop+" are numbers. If weights are averaged there
        are also their "average" and "averaged", the number of steps in it; if gradients are accumulated, their "sum"
        and "group": the number of batches since the last step, and the sums of their weights and losses. All are
        copies. Set it to resume exactly, bit for bit; all values must be finite.
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
        slots = [listed(f"state: {name}", state[name]) for name in names]
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
        """Copy and pickle the rule, the arrays, the state, and any attributes the user added."""
        added = {name: value for name, value in vars(self).items() if name not in _OWN}
        return {"rule": self._rule, "arrays": self._arrays, "state": self.state, "added": added}

    def __setstate__(self, saved: dict[str, Any]) -> None:
        """Restore the rule, the arrays, the state, and the user's attributes."""
        Optimizer.__init__(self, saved["rule"], saved["arrays"])
        self._set_state(saved["state"], finite=False)  # NaN gradients may have made it NaN
        vars(self).update(saved["added"])


_OWN = frozenset(("_arrays", "_core", "_rule", "_views"))


def _checked_group(group: Any) -> tuple[int, float, float]:
    if not isinstance(group, tuple | list) or len(group) != 3:
        raise TypeError(f"state: group: expected (batches, weight, loss), got {group!r}")
    check_integer("state: group: batches", group[0], 0, 63)
    check_number("state: group: weight", group[1], at_least=0)
    check_number("state: group: loss", group[2])
    return int(group[0]), float(group[1]), float(group[2])
