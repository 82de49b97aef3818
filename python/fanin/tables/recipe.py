"""What networks for tables are trained with: settings that suit many tables, none of them tuned on a single one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from fanin import optim
from fanin.layers import Dense, Layer

Effort = Literal["fast", "default", "high"]

_FEWEST_STEPS = 100  # of a network: epochs are added on tables with fewer rows than that needs
_VISITS = 300_000  # of rows by a network: beyond, epochs are taken away, down to a third
_LINEAR_VISITS = 150_000  # the same of a linear model
_MOST_VISITS = 2_000_000  # beyond, more of them
_FEWEST_BATCHES = 16  # an epoch, where rows are few
_SHARE_OF_RATE = 0.25  # where it does not end, so that networks of a fit lose nothing


@dataclass(frozen=True)
class Setting:
    """How a network is trained: AdamW on a multi-layer perceptron with ReLU.

    Parameters
    ----------
    decay : float
        Decoupled weight decay, multiplied by the rate.
    epochs : int
        Passes over the rows; more on small tables, fewer on large ones.
    rate : float
        The highest learning rate.
    batch_size : int
        Rows a step; fewer on small tables.
    averaged : bool
        A constant rate and averaged weights (Shamir and Zhang 2013); else a warm-up and half a cosine wave down to 0.
    hidden : tuple of int
        Units of the hidden layers; without any, the model is linear in the code of the table.
    """

    decay: float
    epochs: int
    rate: float
    batch_size: int = 256
    averaged: bool = False
    hidden: tuple[int, ...] = (256, 256)

    def batch_on(self, rows: int) -> int:
        """Return the rows of a batch for a table with so many rows."""
        return min(self.batch_size, max(rows // _FEWEST_BATCHES, min(rows, 16)))

    def steps_on(self, rows: int) -> int:
        """Return the steps of a network on so many rows."""
        if self.epochs == 0:
            return 1
        batch = self.batch_on(rows)
        visits = self.epochs * rows
        enough = _VISITS if self.hidden else _LINEAR_VISITS
        if visits > enough:
            visits = min(max(enough, visits // 3), _MOST_VISITS)
        return max(-(-visits // batch), _FEWEST_STEPS)

    def rule(self, steps: int) -> optim.Rule:
        """Return the update rule of a fit of so many steps."""
        if self.averaged:
            constant = optim.AdamW(self.rate, beta2=0.95, weight_decay=self.decay)
            return optim.Around(constant, average_share=0.025)
        return optim.AdamW(optim.Cosine(self.rate, warm_up=steps // 10), beta2=0.95, weight_decay=self.decay)

    def rule_of_streams(self) -> optim.Rule:
        """Return the update rule of passes without an end: at a constant, lower rate, with averaged weights."""
        rule = optim.AdamW(_SHARE_OF_RATE * self.rate, beta2=0.95, weight_decay=self.decay)
        return optim.Around(rule, average_share=0.2)

    def __str__(self) -> str:
        if self.epochs == 0:
            return "the best constant"
        units = "-".join(map(str, self.hidden)) or "linear"
        return f"{units}, decay {self.decay:g}, {self.epochs} epochs, rate {self.rate:g}"

    def layers(self, outputs: int) -> list[Layer]:
        """Return the layers of a network with so many outputs."""
        hidden = [Dense(units, "relu") for units in self.hidden]
        initializer = "auto" if hidden else "zeros"
        return [*hidden, Dense(outputs, initializer=initializer, bias_initializer="base_rate")]


REGRESSION = Setting(decay=0.05, epochs=24, rate=0.004, batch_size=128, averaged=True)
_FAST_REGRESSION = Setting(decay=0.02, epochs=8, rate=0.004, batch_size=128, averaged=True)

# From strong decay and few steps to weak decay and many: climbed while the out-of-fold score improves
CLASSES = (
    Setting(decay=4, epochs=8, rate=0.002),
    Setting(decay=4, epochs=16, rate=0.004),
    Setting(decay=2, epochs=16, rate=0.004),
    Setting(decay=0.5, epochs=16, rate=0.002),
    Setting(decay=0.1, epochs=32, rate=0.002),
)

LINEAR = (
    Setting(decay=0.05, epochs=16, rate=0.01, hidden=()),
    Setting(decay=1, epochs=16, rate=0.02, hidden=()),
    Setting(decay=4, epochs=16, rate=0.02, hidden=()),
)

# The same for sparse rows, such as texts: rare words need a high rate
SPARSE = (
    Setting(decay=1, epochs=8, rate=0.01, hidden=(64,)),
    Setting(decay=0.3, epochs=8, rate=0.01, hidden=(64,)),
    Setting(decay=0.1, epochs=8, rate=0.01, hidden=(64,)),
)
SPARSE_REGRESSION = Setting(decay=0.3, epochs=24, rate=0.01, batch_size=128, averaged=True, hidden=(64,))
SPARSE_LINEAR = (
    Setting(decay=0.05, epochs=32, rate=0.05, hidden=()),
    Setting(decay=1, epochs=16, rate=0.05, hidden=()),
)

CONSTANT = Setting(decay=0, epochs=0, rate=0, hidden=())  # the best one: where the bias of the output begins

_FOURTHS = 4  # parts of the rows, each left out by networks
_EIGHTHS = 8  # parts of the rows, of which few are left out by networks whose like see all
_ENOUGH = 2_000  # rows left out, to find weights by
_FEW = 6_000  # rows, of which more passes are affordable
_MANY = 100_000  # rows, of which those left out are not missed
_WIDE = 500  # columns, beyond which each network takes long
_SHARED_FAST = 10_000
_SHARED = 30_000  # rows seen by the networks that see all, about


@dataclass(frozen=True)
class Plan:
    """What is tried and trained.

    Parameters
    ----------
    ladder : tuple of Setting
        The settings to choose among, the default first.
    others : tuple of Setting
        What votes besides the chosen one.
    folds : int
        Parts of the rows.
    left_out : int
        Of these parts, those that are left out in turn by a network of each setting; they give the weights.
    members : int
        Networks that see all rows, shared among the settings by their weights.
    features : bool
        Whether spikes and pairs of columns are tried.
    settings : int
        Of the best settings of the ladder, how many vote.
    """

    ladder: tuple[Setting, ...]
    others: tuple[Setting, ...]
    folds: int
    left_out: int
    members: int = 0
    features: bool = False
    settings: int = 1


def _plan_of_classes(effort: Effort, left_out: int, rows: int) -> Plan:
    if effort == "fast":
        return Plan(
            CLASSES[:1], (CLASSES[2], LINEAR[1], CONSTANT), _EIGHTHS, left_out, min(_SHARED_FAST // rows, 4)
        )
    if effort == "default":
        return Plan(CLASSES, (*LINEAR[:2], CONSTANT), _FOURTHS, _FOURTHS, features=True)
    return Plan(CLASSES, (*LINEAR, CONSTANT), _EIGHTHS, _EIGHTHS, 8, features=True, settings=2)


def _plan_of_numbers(effort: Effort, left_out: int, rows: int) -> Plan:
    if effort == "fast":
        return Plan(
            (_FAST_REGRESSION,),
            (CLASSES[0], LINEAR[1], CONSTANT),
            _EIGHTHS,
            left_out,
            min(_SHARED_FAST // rows, 4),
        )
    linear = (LINEAR[0], LINEAR[2])
    if effort == "high":
        return Plan((REGRESSION,), (CLASSES[1], *linear, CONSTANT), _EIGHTHS, _EIGHTHS, 8)
    strong = CLASSES[1] if rows < _FEW else CLASSES[0]
    members = 1 if rows > _MANY else min(max(2, _SHARED // rows), 8)
    return Plan((REGRESSION,), (strong, *linear, CONSTANT), _EIGHTHS, left_out, members)


def _plan_of_sparse(classifies: bool, effort: Effort, left_out: int) -> Plan:
    others: tuple[Setting, ...] = (*SPARSE_LINEAR, CONSTANT)
    if effort == "fast":
        return Plan(SPARSE[:1], others, _EIGHTHS, min(left_out, 2))
    ladder: tuple[Setting, ...] = SPARSE
    if not classifies:
        ladder, others = (SPARSE_REGRESSION,), (SPARSE[0], *others)
    if effort == "high":
        return Plan(ladder, others, _EIGHTHS, _EIGHTHS, 8, settings=2)
    return Plan(ladder, others, _EIGHTHS, min(left_out, _FOURTHS), 2)


def streamed(
    classifies: bool, effort: Effort, members: int | None, sparse: bool = False
) -> tuple[Setting, int]:
    """Return the setting and the number of networks that see rows in parts, of which nothing is held out."""
    of_numbers = _FAST_REGRESSION if effort == "fast" else REGRESSION
    of_table = CLASSES[0] if classifies else of_numbers
    return SPARSE[0] if sparse else of_table, members or {"fast": 2, "default": 4, "high": 8}[effort]


def plan_of(
    classifies: bool,
    effort: Effort,
    rows: int,
    columns: int,
    members: int | None,
    out_of_fold: bool,
    sparse: bool = False,
) -> Plan:
    """Return the plan of an effort for a table; with a number of members, that many networks of each setting.

    If all rows are to be predicted out of fold, each part is left out by a network of each setting.
    """
    left_out = min(-(-_ENOUGH * _EIGHTHS // rows), _EIGHTHS)
    if sparse:
        plan = _plan_of_sparse(classifies, effort, left_out)
    elif classifies:
        plan = _plan_of_classes(effort, left_out, rows)
    else:
        plan = _plan_of_numbers(effort, left_out, rows)
    if columns > _WIDE and effort != "high" and not sparse:
        plan = replace(plan, left_out=min(plan.left_out, _FOURTHS), members=min(plan.members, 2))
    if members is not None and plan.features and members >= _FOURTHS:
        plan = replace(plan, folds=members, left_out=members, members=0)
    elif members is not None:
        left_out = min(left_out, members)
        plan = replace(plan, folds=_EIGHTHS, left_out=left_out, members=members - left_out)
    if out_of_fold:
        folds = max(plan.left_out, _FOURTHS)
        plan = replace(plan, folds=folds, left_out=folds, members=0)
    return plan
