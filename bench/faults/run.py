"""A run: a set-up with a fault, trained beside the good one, and what the doctor finds."""

import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import fanin
from bench.faults.doctor import findings_of
from bench.faults.faults import FAULTS
from bench.faults.setups import Setup, setup

GOOD = ""  # the name of no fault
BEYOND = 2.0  # standard errors of the paired difference of test errors
RELEVANT = 0.02  # of rows in a wrong class, or of the variance of numbers
WORST = 10.0  # variances: larger errors count as this, so that a few rows do not hide the others
BY_NAME = {fault.name: fault for fault in FAULTS}


@dataclass(frozen=True)
class Outcome:
    """What a fault does to a set-up, and what the doctor says, by kind."""

    set: str
    fault: str
    seed: int
    harms: bool
    findings: tuple[str, ...]
    proved: tuple[str, ...]
    good: float  # test error of the good set-up
    faulty: float  # NaN: diverged
    messages: tuple[str, ...] = ()  # of the findings


def trained(of: Setup) -> fanin.Network | None:
    """The network, or None if its fit diverged."""
    net = of.network()
    try:
        of.fit(net)
    except fanin.DivergedError:
        return None
    return net


@cache
def good_errors(name: str, seed: int) -> Any:
    """Of each test row; for several faults in a process."""
    of = setup(name, seed)
    net = trained(of)
    assert net is not None
    return of.errors(net)


def harm(good: Any, faulty: Any) -> bool:
    """Whether the errors of the same test rows are worse, beyond chance and by enough to care."""
    worse = np.minimum(faulty, WORST) - np.minimum(good, WORST)
    error = worse.std(ddof=1) / np.sqrt(len(worse))
    return bool(not np.isfinite(faulty).all() or worse.mean() > max(BEYOND * error, RELEVANT))


def changed(name: str, fault: str, seed: int) -> Setup | None:
    """The set-up with the fault, or None where that does not apply."""
    of = setup(name, seed)
    return BY_NAME[fault].change(of) if fault else of


def effect(name: str, fault: str, seed: int) -> tuple[bool, float, float] | None:
    """Whether the fault harms, and the mean test errors without and with it; the doctor is not asked."""
    if (of := changed(name, fault, seed)) is None:
        return None
    good = good_errors(name, seed)
    net = trained(of)
    with np.errstate(over="ignore", invalid="ignore"):
        errors = np.full(len(good), np.nan) if net is None else of.errors(net)
        return bool(fault) and harm(good, errors), float(good.mean()), float(errors.mean())


def run(name: str, fault: str, seed: int) -> Outcome | None:
    """The outcome of a fault in a set-up, or of the good one; None where the fault does not apply."""
    warnings.simplefilter("ignore")  # of rates that are turned down, of batches, and of numbers that overflow
    measured = effect(name, fault, seed)
    if measured is None:
        return None
    of = changed(name, fault, seed)
    assert of is not None
    findings = [one for one in findings_of(of) if one.severity == "fault" or one.proved]
    kinds = tuple(dict.fromkeys(one.kind for one in findings))
    proved = tuple(dict.fromkeys(one.kind for one in findings if one.proved))
    harms, good, faulty = measured
    harms = harms or bool(fault and BY_NAME[fault].always)
    messages = tuple(one.message for one in findings)
    return Outcome(name, fault, seed, harms, kinds, proved, good, faulty, messages)
