"""What outcomes give together: recall of the runs that a fault harms, and false alarms about good runs."""

from collections.abc import Sequence
from typing import NamedTuple

from bench.faults.run import BY_NAME, GOOD, Outcome

# the sets that thresholds may be set on; the others are scored
CALIBRATED = ("blobs", "digits", "breast cancer", "housing")


class Score(NamedTuple):
    """Counts of runs; those that a fault harms, of which some are found, and some of these by its name."""

    harmful: int
    found: int
    named: int
    good: int
    alarms: int


def is_named(outcome: Outcome) -> bool:
    """Whether a finding is of a kind that names the fault."""
    return bool(set(BY_NAME[outcome.fault].kinds) & set(outcome.findings))


def is_found(outcome: Outcome) -> bool:
    """Whether a remedy is proved or, where no remedy helps, the fault is named."""
    return is_named(outcome) if BY_NAME[outcome.fault].by_kind else bool(outcome.proved)


def is_alarm(outcome: Outcome, fault: str) -> bool:
    """Whether a good run has a finding: of a kind that names this fault, or of any kind if there is none."""
    kinds = set(BY_NAME[fault].kinds) if fault else set(outcome.findings)
    return bool(kinds & set(outcome.findings))


def score(outcomes: Sequence[Outcome], fault: str, calibrated: bool) -> Score:
    """The counts of a fault, or of all, on the sets that thresholds may be set on or on the others."""
    here = [one for one in outcomes if (one.set in CALIBRATED) == calibrated]
    harmed = [one for one in here if one.harms and one.fault != GOOD and fault in ("", one.fault)]
    good = [one for one in here if one.fault == GOOD]
    return Score(
        len(harmed),
        sum(map(is_found, harmed)),
        sum(map(is_named, harmed)),
        len(good),
        sum(is_alarm(one, fault) for one in good),
    )


def missed(outcomes: Sequence[Outcome]) -> list[str]:
    """A line for each harmful run that is not found, and each alarm about a good one."""
    lines = []
    for one in outcomes:
        about = f"{one.fault or 'no fault'}, {one.set}, seed {one.seed}"
        said = f"proved {', '.join(one.proved) or 'none'}; found {'; '.join(one.messages) or 'none'}"
        if one.fault == GOOD and is_alarm(one, GOOD):
            lines.append(f"false alarm: {about}: {said}")
        elif one.fault != GOOD and one.harms and not is_found(one):
            lines.append(f"missed: {about}: {one.good:.3g} -> {one.faulty:.3g}; {said}")
    return lines
