"""The diagnosis of a fit."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fanin.diagnose.detect_flow import flow
from fanin.diagnose.detect_inputs import inputs
from fanin.diagnose.detect_pace import pace
from fanin.diagnose.detect_progress import progress
from fanin.diagnose.detect_setup import set_up
from fanin.diagnose.detect_units import units
from fanin.diagnose.evidence import Evidence
from fanin.diagnose.finding import Finding, check_finding, faults_first
from fanin.diagnose.html import notebook_html, write_report
from fanin.diagnose.proving import prove_all
from fanin.diagnose.replay import Checkpoint
from fanin.diagnose.rows import RowsBehind, rows_behind_step
from fanin.diagnose.text import described

if TYPE_CHECKING:
    from fanin.data.validation import ValidationData
    from fanin.network import Network
    from fanin.training.history import History
    from fanin.training.settings import Settings
    from fanin.training.watched import Watched

_DETECTORS = (set_up, inputs, progress, pace, units, flow)


class Diagnosis:
    """What is wrong with a fit: findings with their numbers, advice and remedies; ``print`` shows them.

    ``fit(..., diagnose=True)`` leaves it in ``history.diagnosis``, and a fit that diverges in ``error.diagnosis``.

    Attributes
    ----------
    evidence : Evidence
        All that the findings follow from.
    findings : tuple of Finding
        Faults first, then warnings.
    watched : Watched or None
        What was measured, layer by layer and epoch by epoch; None for solvers.
    history : History
        Of the fit.
    start : Network
        A copy of the network before the fit.
    settings : Settings
        The arguments of the fit, with the rate that "auto" has chosen.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(400, 2)) * [1, 1000]
    >>> net = fanin.Network(2, [fanin.Dense(16, "relu"), fanin.Dense(2)], "softmax_cross_entropy")
    >>> history = net.fit(X, (X[:, 0] > 0).astype(int), epochs=30, diagnose=True)
    >>> [finding.kind for finding in history.diagnosis.findings if finding.severity == "fault"][:1]
    ['unscaled_inputs']
    """

    def __init__(self, evidence: Evidence, findings: tuple[Finding, ...] | None = None) -> None:
        self.evidence, self._given = evidence, findings

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, the most serious first."""
        if self._given is not None:
            return self._given
        return faults_first(chain.from_iterable(detect(self.evidence) for detect in _DETECTORS))

    @property
    def watched(self) -> Watched | None:
        """What was measured."""
        return self.evidence.watched

    @property
    def history(self) -> History:
        """The history of the fit."""
        return self.evidence.history

    @property
    def start(self) -> Network:
        """The network before the fit."""
        return self.evidence.start

    @property
    def settings(self) -> Settings:
        """The arguments of the fit."""
        return self.evidence.settings

    def prove(self, X: Any, y: Any, *, validation_data: ValidationData | None = None) -> Diagnosis:
        """Return this diagnosis with the remedies tried: each in a fit beside the one as it was.

        Parameters
        ----------
        X, y
            The data of the fit.
        validation_data : tuple, optional
            By default that of the fit or, if it had none, a tenth of the rows, which neither fit then trains on.

        Returns
        -------
        Diagnosis
            Its findings have proofs.

        Raises
        ------
        ValueError, TypeError
            As `Network.fit` does.

        Examples
        --------
        >>> import numpy as np, fanin
        >>> X = np.linspace(-1, 1, 200)[:, None]
        >>> net = fanin.Network(1, [fanin.Dense(8), fanin.Dense(1)])
        >>> diagnosis = net.fit(X, X**2, rule="adam", epochs=99, diagnose=True).diagnosis
        >>> diagnosis.prove(X, X**2).findings[0].proved
        True
        """
        steps, given = self.history.steps, validation_data
        findings = prove_all(
            self.findings, self.start, self.settings, X, y, validation_data=given, steps=steps
        )
        return Diagnosis(self.evidence, tuple(findings))

    def rows_behind(self, finding: Finding, X: Any, y: Any) -> RowsBehind:
        """Return the rows of the batch, or of the one before, that made the loss jump.

        Parameters
        ----------
        finding : Finding
            At a step, such as a "spike".
        X, y
            The data of the fit.

        Returns
        -------
        RowsBehind

        Raises
        ------
        ValueError, TypeError
            For a finding without a step, and as `fanin.rows_behind` does.

        Examples
        --------
        >>> import numpy as np, fanin
        >>> X = np.linspace(-1, 1, 640)[:, None]
        >>> y = 2 * X
        >>> y[400] = 500
        >>> net = fanin.Network(1, [fanin.Dense(1)])
        >>> diagnosis = net.fit(X, y, rule=fanin.optim.SGD(0.01), batches="in_order", diagnose=True).diagnosis
        >>> spike = fanin.diagnose.Finding("spike", "the loss jumps at step 13", 9.0, 5.0, step=13)
        >>> int(diagnosis.rows_behind(spike, X, y).rows[0])
        400
        """
        check_finding("finding", finding)
        if finding.step is None:
            raise ValueError(f"finding: expected one at a step, such as a spike, got {finding.kind}")
        return rows_behind_step(self.checkpoint, X, y, finding.step)

    @property
    def checkpoint(self) -> Checkpoint:
        """Where the fit started, for `fanin.replay`."""
        losses = tuple(self.history.loss)
        return Checkpoint(self.start, replace(self.settings, diagnose=False), self.history.steps, losses)

    def report(self, path: str | Path) -> None:
        """Write a page for a browser: curves, layers by epoch, findings and proofs; needs matplotlib.

        Parameters
        ----------
        path : str or path
            By convention, it ends in ".html".

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import tempfile, numpy as np, fanin
        >>> X = np.linspace(-1, 1, 200)[:, None]
        >>> net = fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
        >>> diagnosis = net.fit(X, X**2, diagnose=True).diagnosis
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     diagnosis.report(f"{folder}/fit.html")
        """
        write_report(self, path)

    def __repr__(self) -> str:
        """Return the kinds of the findings."""
        kinds = ", ".join(dict.fromkeys(finding.kind for finding in self.findings)) or "no findings"
        return f"<fanin.diagnose.Diagnosis: {kinds}>"

    def __str__(self) -> str:
        """Return the findings, and the layers at the end, for a terminal."""
        return described(self)

    def _repr_html_(self) -> str:
        return notebook_html(self)
