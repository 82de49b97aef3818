"""An examination: findings and figures of a network on data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fanin.diagnose.html import notebook_html, write_report
from fanin.diagnose.text import described

if TYPE_CHECKING:
    from fanin.diagnose.curvature import Place
    from fanin.diagnose.finding import Finding
    from fanin.network import Network


@dataclass(frozen=True, eq=False, repr=False)
class Examination:
    """The result of `examine`.

    Attributes
    ----------
    findings : tuple of Finding
        Faults first.
    start : Network
        A copy of the network.
    figures : dict of name -> float
        See `examine`.
    place : str
        Where on the surface of the loss the weights are: "slope", "saddle", "plateau" or "minimum".
    consistency : dict of name -> ndarray
        Mean over deviation of the gradient of each weight over mini-batches, in absolute value, by the names of
        `Network.get_weights`.
    class_shares : tuple of float
        Share of each class in the training rows; empty if the targets are not classes.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 40).reshape(20, 2)
    >>> fanin.diagnose.examine(fanin.Network(2, [fanin.Dense(1)]), X, X[:, 0] - X[:, 1])
    <fanin.diagnose.Examination: no findings; at a slope>
    """

    findings: tuple[Finding, ...]
    start: Network
    figures: dict[str, float]
    place: Place
    consistency: Mapping[str, Any] = field(default_factory=dict)
    class_shares: tuple[float, ...] = ()

    def report(self, path: str | Path) -> None:
        """Write a page for a browser: findings, proofs and figures; proofs need matplotlib.

        Parameters
        ----------
        path : str or path
            By convention, it ends in ".html".

        Raises
        ------
        ImportError
            If there are proofs, and matplotlib is not installed.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import tempfile, numpy as np, fanin
        >>> X = np.linspace(-1, 1, 40).reshape(20, 2)
        >>> examination = fanin.diagnose.examine(fanin.Network(2, [fanin.Dense(1)]), X, X[:, 0] - X[:, 1])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     examination.report(f"{folder}/network.html")
        """
        write_report(self, path)

    def __repr__(self) -> str:
        """Return the kinds of the findings and the place."""
        kinds = ", ".join(dict.fromkeys(finding.kind for finding in self.findings)) or "no findings"
        return f"<fanin.diagnose.Examination: {kinds}; at a {self.place}>"

    def __str__(self) -> str:
        """Return the findings and the figures, for a terminal."""
        return described(self)

    def _repr_html_(self) -> str:
        return notebook_html(self)
