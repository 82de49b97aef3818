"""A remedy: a change of the arguments of a fit, of the network's description, or of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from fanin.layers import Layer
from fanin.losses import Loss
from fanin.optim import Rule, Schedule, Solver
from fanin.training.settings import Settings

if TYPE_CHECKING:
    from fanin.network import Network


@dataclass(frozen=True, eq=False)
class Remedy:
    """A change that should help; `code` is the line to write instead.

    Attributes
    ----------
    action : str
        What to do, in the imperative: "standardize the inputs".
    fit : dict
        Arguments of `Network.fit` that change.
    layers : tuple of Layer, optional
        All layers of the network that should be trained instead.
    loss : losses.Loss, optional
        Its loss, if that changes.
    drop_columns, drop_rows : tuple of int
        Columns of X, and rows of the training data, to leave out.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8), fanin.Dense(1)])
    >>> remedy = net.fit(X, X**2, diagnose=True).diagnosis.findings[0].remedy
    >>> remedy.action
    'put an activation between them'
    >>> print(remedy.code(net))
    net = fanin.Network(1, [fanin.Dense(8, 'relu'), fanin.Dense(1)], 'squared_error')
    >>> better = remedy.network(net)  # a new one, to train
    """

    action: str
    fit: Mapping[str, Any] = field(default_factory=dict)
    layers: tuple[Layer, ...] | None = None
    loss: Loss | None = None
    drop_columns: tuple[int, ...] = ()
    drop_rows: tuple[int, ...] = ()

    @property
    def changes_network(self) -> bool:
        """Whether training must start from a new network."""
        return self.layers is not None or self.loss is not None or bool(self.drop_columns)

    def network(self, start: Network) -> Network:
        """Return the network to train: a copy of the start of the fit, or a new one with the changed description.

        Parameters
        ----------
        start : Network
            The network before the fit.

        Returns
        -------
        Network
        """
        if not self.changes_network:
            return start.copy()
        layers = start.layers if self.layers is None else self.layers
        loss = start._loss if self.loss is None else self.loss
        columns = start.n_inputs - len(self.drop_columns)
        return type(start)(columns, layers, loss, seed=start.seed, dtype=start.dtype)

    def settings(self, settings: Settings) -> Settings:
        """Return the arguments of the fit with those that change.

        Parameters
        ----------
        settings : Settings
            Of the fit: `Diagnosis.settings`.

        Returns
        -------
        Settings
        """
        return replace(settings, **self.fit)

    def code(self, start: Network) -> str:
        """Return the lines to write, in Python, for the network that was trained.

        Parameters
        ----------
        start : Network
            The network that was trained.

        Returns
        -------
        str
        """
        lines = []
        if self.drop_columns:
            lines.append(f"X = np.delete(X, {list(self.drop_columns)}, axis=1)")
        if self.drop_rows:
            lines.append(f"X, y = (np.delete(part, {_shortened(self.drop_rows)}, axis=0) for part in (X, y))")
        if self.changes_network:
            net = self.network(start)
            lines.append(f"net = fanin.Network({net.n_inputs}, {code_of(net.layers)}, {code_of(net._loss)})")
        if self.fit:
            changed = ", ".join(f"{name}={code_of(value)}" for name, value in self.fit.items())
            lines.append(f"net.fit(X, y, {changed})")
        return "\n".join(lines)


def code_of(value: Any) -> str:
    """Return Python code for a layer, a rule, a schedule, a loss, or a sequence of these, without what is default."""
    if isinstance(value, Loss) and value == type(value)():
        return repr(value.name)
    if is_dataclass(value) and not isinstance(value, type):
        return f"{_place_of(value)}{type(value).__name__}({', '.join(_arguments(value))})"
    if isinstance(value, Sequence) and not isinstance(value, str):
        runs = [(code, len(list(run))) for code, run in groupby(map(code_of, value))]
        parts = [f"*[{code}] * {count}" if count > 2 else ", ".join([code] * count) for code, count in runs]
        return f"[{', '.join(parts)}]"
    return repr(value)


def _place_of(value: Any) -> str:
    """Return the prefix of a name: optim, losses, or that of what `import fanin` exports."""
    if isinstance(value, Rule | Solver | Schedule):
        return "fanin.optim."
    return "fanin.losses." if isinstance(value, Loss) else "fanin."


def _arguments(value: Any) -> list[str]:
    """Return the arguments that differ from their defaults, by name except for the first ones."""
    arguments: list[str] = []
    by_position = True
    for entry in fields(value):
        if not entry.init:
            continue
        given = getattr(value, entry.name)
        default = entry.default if entry.default_factory is MISSING else entry.default_factory()
        if _same(given, default) and entry.name != "learning_rate":
            by_position = False
            continue
        by_position = by_position and entry.name in ("units", "activation", "rule", "learning_rate")
        arguments.append(code_of(given) if by_position else f"{entry.name}={code_of(given)}")
    return arguments


def _same(first: Any, second: Any) -> bool:
    return type(first) is type(second) and bool(first == second)


def _shortened(rows: Sequence[int]) -> str:
    return repr(list(rows)) if len(rows) <= 5 else f"[{', '.join(map(str, rows[:5]))}, ...]"
