"""Callbacks: called after each epoch of a fit, they can stop it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from fanin.checks import check_sequence

if TYPE_CHECKING:
    from fanin.network import Network
    from fanin.training.history import History

Logs = dict[str, Any]


class Callback(Protocol):
    """The interface of a callback: an object with `on_epoch_end`, or a function with the same arguments.

    ``on_epoch_end(net, epoch, logs)`` is called after each epoch, counted from 1 in each fit. `logs` is a dict of the
    epoch's figures: "loss", "learning_rate", "seconds", and with validation data "val_loss" and the metric, such as
    "val_accuracy". All callbacks get the same dict in turn: one can add a figure that a later one monitors. Returning
    True (Python's or NumPy's) stops the fit after this epoch; any other value does not.

    Two methods are optional: ``on_fit_begin(net, history)`` is called before the first epoch, after all arguments have
    been checked, and ``on_fit_end(net, history)`` when the fit ends, except after an exception.

    ``history.rate_factor``, 1 at first, multiplies the learning rate from the next epoch on; callbacks may set it, as
    `RateControl` does.

    A callback may call the network's predict, evaluate, get_weights and set_weights, but not fit. An exception in a
    callback ends the fit; the network remains usable.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> class Snapshots:
    ...     def __init__(self):
    ...         self.weights = []
    ...
    ...     def on_epoch_end(self, net, epoch, logs):
    ...         self.weights.append(net.get_weights())
    >>> net, X = fanin.Network(1, [fanin.Dense(1)]), np.linspace(-1, 1, 9)[:, None]
    >>> snapshots = Snapshots()
    >>> def stop_after_two(net, epoch, logs):
    ...     return epoch == 2
    >>> history = net.fit(X, X, rule=fanin.optim.SGD(), callbacks=[snapshots, stop_after_two])
    >>> len(snapshots.weights), history.stopped_epoch
    (2, 2)
    """

    def on_epoch_end(self, net: Network, epoch: int, logs: Logs) -> object:
        """Inspect the network after an epoch.

        Parameters
        ----------
        net : Network
            The network that is being trained.
        epoch : int
            From 1 in each fit.
        logs : dict
            The figures of the epoch.

        Returns
        -------
        bool or None
            True stops the fit.
        """


EpochFunction = Callable[["Network", int, Logs], object]
Callbacks = Iterable[Callback | EpochFunction]


def check_callbacks(callbacks: Callbacks) -> tuple[Callback | EpochFunction, ...]:
    """Return the callbacks; raise TypeError if one cannot be called."""
    checked = check_sequence("callbacks", callbacks)
    for i, callback in enumerate(checked):
        if isinstance(callback, type):
            raise TypeError(
                f"callbacks: position {i} is a class; expected an object, {callback.__name__}(...)"
            )
        if not callable(getattr(callback, "on_epoch_end", callback)):
            raise TypeError(
                f"callbacks: expected an object with on_epoch_end(net, epoch, logs) or a function "
                f"at position {i}, got {callback!r}"
            )
    return checked


class CallbackList:
    """The callbacks of a fit, called in order."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = list(callbacks)
        self._functions: list[Any] = [
            getattr(callback, "on_epoch_end", callback) for callback in self._callbacks
        ]

    def begin(self, net: Network, history: History) -> None:
        """Call `on_fit_begin` of all callbacks."""
        self._call("on_fit_begin", net, history)

    def end(self, net: Network, history: History) -> None:
        """Call `on_fit_end` of all callbacks."""
        self._call("on_fit_end", net, history)

    def stop_after(self, net: Network, epoch: int, logs: Logs) -> bool:
        """Call all callbacks after an epoch; return whether any of them stops the fit."""
        answers = [function(net, epoch, logs) for function in self._functions]
        return any(isinstance(answer, bool | np.bool_) and bool(answer) for answer in answers)

    def _call(self, name: str, net: Network, history: History) -> None:
        for callback in self._callbacks:
            if (function := getattr(callback, name, None)) is not None:
                function(net, history)
