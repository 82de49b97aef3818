"""Training several networks in parallel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal, get_args, overload

from fanin import _core
from fanin._core import DivergedError
from fanin.checks import check_choice
from fanin.data.inputs import error_context
from fanin.model import Model
from fanin.training.fitting import Closing, Fit
from fanin.training.history import History
from fanin.training.monitor import Monitor
from fanin.training.opening import open_fit
from fanin.training.rate_control import RateControl
from fanin.training.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.network import Network

    Member = tuple[Network, ArrayLike, ArrayLike, Mapping[str, Any]]

OnError = Literal["raise", "return"]


@overload
def train_together(members: Iterable[Member], *, on_error: Literal["raise"] = "raise") -> list[History]: ...
@overload
def train_together(members: Iterable[Member], *, on_error: OnError) -> list[History | Exception]: ...
def train_together(members: Iterable[Member], *, on_error: OnError = "raise") -> Any:
    """Train several networks in parallel, each bit-identical to `Network.fit` alone.

    Each network is trained on one thread, as many at a time as there are threads, which suits small networks that gain
    nothing from several threads. With fewer networks than threads, the threads are divided among the large ones. Arrays
    may be shared. Validation and callbacks run on the calling thread, one at a time, between epochs. Ctrl-C ends all
    fits; the networks remain usable.

    Parameters
    ----------
    members : sequence of tuples (net, X, y, options)
        `options` is a dict of keyword arguments of `Network.fit`, all optional: rule, epochs, validation_data, ...
    on_error : str
        How to handle an exception in a fit, such as `DivergedError`; it never ends the other fits. "raise": raise the
        first exception after all fits have ended; "return": return it in place of the history.

    Returns
    -------
    list of History
        In the order of the members.

    Raises
    ------
    ValueError, TypeError
        As `Network.fit` does, before any training, with the number of the member, from 1. Also if a network occurs
        twice.
    RuntimeError
        Before any training, if a network is already being trained.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> nets = [fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)], seed=seed) for seed in range(4)]
    >>> options = {"rule": fanin.optim.Adam(0.01), "epochs": 50}
    >>> histories = fanin.train_together([(net, X, X**2, options) for net in nets])
    >>> [len(history.loss) for history in histories]
    [50, 50, 50, 50]
    """
    check_choice("on_error", on_error, get_args(OnError))
    checked = _checked(members)
    results: list[Any] = [None] * len(checked)
    with ExitStack() as stack:
        population = _core.Population()
        fits: list[_FitUnderWay] = []
        for number, (net, X, y, settings) in enumerate(checked):
            with error_context(f"member {number + 1}: "):
                fit, opened = open_fit(net, X, y, settings, population)
            stack.enter_context(Closing(fit))
            training = stack.enter_context(opened)
            fit.warn_of_mini_batches(training.rows, stacklevel=3)
            fits.append(_FitUnderWay(fit, training, population, number))
        stack.enter_context(
            Closing(population)
        )  # closed first, so that no training is still running an epoch
        for number, under_way in enumerate(fits):
            with error_context(f"member {number + 1}: "):
                under_way.begin()

        def advance(number: int, epoch: _core.EndedEpoch | None) -> None:
            try:
                results[number] = fits[number].advance(epoch)
            except Exception as error:
                if isinstance(error, DivergedError):
                    fits[number].fit.diverged(error)
                fits[number].fit.close()
                results[number] = error

        for number in range(len(fits)):
            advance(number, None)
        while ended := population.run():
            for epoch in ended:
                advance(epoch.number, epoch)
    if on_error == "raise":
        for result in results:
            if isinstance(result, Exception):
                raise result
    return results


def _checked(members: Iterable[Member]) -> list[tuple[Network, ArrayLike, ArrayLike, Settings]]:
    """Return the members with their settings; raise unless they are valid fits of different networks."""
    if not isinstance(members, Iterable):
        raise TypeError(f"members: expected a list of (net, X, y, options), got {type(members).__name__}")
    checked = []
    names = [field.name for field in fields(Settings)]
    first: dict[int, int] = {}  # the member that first used an object which only one may use
    for number, member in enumerate(members, start=1):
        if not isinstance(member, tuple) or len(member) != 4:
            got = f"{len(member)} of them" if isinstance(member, tuple) else type(member).__name__
            raise TypeError(f"member {number}: expected a tuple (net, X, y, options), got {got}")
        net, X, y, options = member
        if not isinstance(net, Model):
            raise TypeError(f"member {number}: expected a fanin.Network first, got {type(net).__name__}")
        if not isinstance(options, Mapping):
            raise TypeError(f"member {number}: expected a dict of fit's keyword arguments, got {options!r}")
        for name in options:
            if name not in names:
                raise TypeError(f"member {number}: options: expected any of {', '.join(names)}, got {name!r}")
        if (other := first.setdefault(id(net._core), number)) != number:
            raise ValueError(
                f"member {number}: expected a network of its own, such as net.copy(), got that of member {other}"
            )
        with error_context(f"member {number}: "):
            settings = Settings(**options)
        for callback in settings.callbacks:
            of_one_fit = isinstance(callback, Monitor | RateControl)
            if of_one_fit and (other := first.setdefault(id(callback), number)) != number:
                name = type(callback).__name__
                raise ValueError(
                    f"member {number}: expected {'an' if name[0] in 'AEIOU' else 'a'} {name} of its own, "
                    f"got that of member {other}"
                )
        checked.append((net, X, y, settings))
    return checked


class _FitUnderWay:
    """One of the fits: what happens between its epochs."""

    def __init__(self, fit: Fit, training: Any, population: _core.Population, number: int) -> None:
        self.fit, self._training, self._population, self._number = fit, training, population, number

    def begin(self) -> None:
        self._loop = self.fit.begin()

    def advance(self, ended: _core.EndedEpoch | None) -> History | None:
        """Record the epoch that has ended, or raise its exception; begin the next one, or return the history."""
        if ended is not None:
            self._loop.epoch_ended(*ended.figures())
        if self._loop.more:
            self.fit.begin_epoch(self._training, self._population, self._number)
            return None
        history = self.fit.end(self._loop)
        self.fit.finish(self._training)
        return history
