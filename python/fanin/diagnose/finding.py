"""A finding: what is wrong with a fit, the numbers that show it, and a remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fanin.diagnose.proof import Proof
    from fanin.diagnose.remedy import Remedy

Severity = Literal["fault", "warning"]


def faults_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, warnings last."""
    return tuple(sorted(findings, key=lambda finding: finding.severity != "fault"))


@dataclass(frozen=True, eq=False, repr=False)
class Finding:
    """A problem, or what may become one, of a fit, a network or its data.

    Attributes
    ----------
    kind : str
        Such as "dead_units"; `fanin.diagnose.KINDS` lists all, with the advice of the textbook.
    message : str
        What was found, in a sentence with its numbers.
    number, threshold : float
        The statistic, and the limit that it is beyond.
    layer : str, optional
        Name of the layer, as in `Network.get_weights`: "layer2".
    epoch, step : int, optional
        Where it was seen first, counted from 1 at the start of the fit.
    severity : str
        "fault", or "warning" for what may well be harmless.
    remedy : Remedy, optional
        A change of the fit, the network or the data.
    proof : Proof, optional
        What the remedy does to the validation error, once `prove` has measured it.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8), fanin.Dense(1)])
    >>> finding = net.fit(X, X**2, diagnose=True).diagnosis.findings[0]
    >>> finding
    <fanin.diagnose.Finding: no_nonlinearity: layer1 and layer2 have no nonlinearity between them>
    >>> finding.severity, finding.layer, finding.proved
    ('fault', 'layer1', False)
    """

    kind: str
    message: str
    number: float
    threshold: float
    layer: str | None = None
    epoch: int | None = None
    step: int | None = None
    severity: Severity = "fault"
    remedy: Remedy | None = None
    proof: Proof | None = field(default=None)

    @property
    def proved(self) -> bool:
        """Whether the remedy was tried, and improves validation."""
        return self.proof is not None and self.proof.improves

    def with_proof(self, proof: Proof) -> Finding:
        """Return this finding with the proof."""
        return replace(self, proof=proof)

    def __repr__(self) -> str:
        """Return the kind and the message."""
        state = "proved, " if self.proved else ""
        return f"<fanin.diagnose.Finding: {state}{self.kind}: {self.message}>"


def check_finding(name: str, value: object) -> None:
    """Raise TypeError unless this is a Finding."""
    if not isinstance(value, Finding):
        raise TypeError(f"{name}: expected a fanin.diagnose.Finding, got {value!r}")
