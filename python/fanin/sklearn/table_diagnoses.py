"""What the diagnoses of the networks of a table say together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from fanin.checks import counted
from fanin.diagnose import Diagnosis

if TYPE_CHECKING:
    from fanin.diagnose import Finding

_CHOSEN = frozenset({"early_decay", "slow_rate", "strong_penalty", "too_few_epochs"})
_OF_NEW_NETWORKS = frozenset({"bad_start"})


class Found(NamedTuple):
    """A kind of finding: the first one, and the number of networks with this kind."""

    finding: Finding
    networks: int

    @property
    def kind(self) -> str:
        """The kind in words."""
        return self.finding.kind.replace("_", " ")


def diagnoses_of_tables(diagnoses: Iterable[Diagnosis], *, new: bool) -> tuple[Diagnosis, ...]:
    """Return the diagnoses without what rows held out have chosen: epochs, rate and decay.

    Networks that are not new may well start from large weights.
    """
    left_out = _CHOSEN if new else _CHOSEN | _OF_NEW_NETWORKS
    return tuple(
        Diagnosis(each.evidence, tuple(found for found in each.findings if found.kind not in left_out))
        for each in diagnoses
    )


def found_in(diagnoses: Sequence[Diagnosis]) -> list[Found]:
    """Return each kind of finding once, faults first."""
    networks: dict[tuple[str, str], list[Finding]] = {}
    for diagnosis in diagnoses:
        for finding in {(each.severity, each.kind): each for each in reversed(diagnosis.findings)}.values():
            networks.setdefault((finding.severity, finding.kind), []).append(finding)
    found = [Found(findings[0], len(findings)) for findings in networks.values()]
    return sorted(found, key=lambda each: (each.finding.severity != "fault", -each.networks))


def faults_in(diagnoses: Sequence[Diagnosis]) -> str:
    """Return the faults in a line, or an empty text."""
    faults = [
        f"{each.kind} in {each.networks:,} of {counted(len(diagnoses), 'network')}"
        for each in found_in(diagnoses)
        if each.finding.severity == "fault"
    ]
    return f"Faults in training: {', '.join(faults)}; see diagnoses_" if faults else ""
