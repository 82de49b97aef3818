"""The proof of a remedy: both runs side by side."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Curve:
    """Training and validation losses by epoch, and the error on the validation rows at the end.

    Attributes
    ----------
    loss, val_loss : tuple of float
        By epoch, on the rows trained on and on the validation rows.
    error : float
        On the validation rows at the end, as `Proof.measure` says.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8), fanin.Dense(1)])
    >>> history = net.fit(X, X**2, rule="adam", epochs=99, diagnose=True, prove=True)
    >>> curve = history.diagnosis.findings[0].proof.after
    >>> len(curve.loss), len(curve.val_loss), curve.val_loss[-1] < curve.val_loss[0]
    (99, 99, True)
    """

    loss: tuple[float, ...]
    val_loss: tuple[float, ...]
    error: float


@dataclass(frozen=True, eq=False)
class Proof:
    """What a remedy does, measured: the fit as it was and with the remedy, from the same start.

    Attributes
    ----------
    before, after : Curve
        The fit as it was, and with the remedy.
    measure : str
        What is compared, row by row of the validation data: "loss", "error rate" or "squared error"; for a leak, with
        the columns that are shuffled.
    difference, standard_error : float
        Mean over the validation rows of before - after, and its standard error.
    rows : int
        Validation rows.
    reason : str
        Why there is no comparison, such as a remedy that diverged; empty if there is one.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8), fanin.Dense(1)])
    >>> history = net.fit(X, X**2, rule="adam", epochs=99, diagnose=True, prove=True)
    >>> proof = history.diagnosis.findings[0].proof
    >>> proof.rows, proof.improves, proof.after.error < proof.before.error
    (20, True, True)
    """

    before: Curve
    after: Curve
    measure: str
    difference: float
    standard_error: float
    rows: int
    reason: str = ""

    @property
    def improves(self) -> bool:
        """Whether the remedy is better by more than two standard errors."""
        return not self.reason and self.difference > 2 * self.standard_error and self.difference > 0
