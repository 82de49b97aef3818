"""What networks for tables are trained with: settings that suit many tables, none of them tuned on a single one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from fanin import optim
from fanin.layers import Dense, Layer

Effort = Literal["fast", "default", "high"]

_FEWEST_STEPS = 100  # of a network: epochs are added on tables with fewer rows than that needs
_VISITS = 300_000  # of rows by a network: beyond, epochs are taken away, down to a third
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
        batch = self.batch_on(rows)
        visits = self.epochs * rows
        if visits > _VISITS:
            visits = min(max(_VISITS, visits // 3), _MOST_VISITS)
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

    def layers(self, outputs: int) -> list[Layer]:
        """Return the layers of a network with so many outputs."""
        hidden = [Dense(units, "relu") for units in self.hidden]
        return [*hidden, Dense(outputs, bias_initializer="base_rate")]


REGRESSION = (Setting(decay=0.05, epochs=24, rate=0.004, batch_size=128, averaged=True),)
_FAST = (Setting(decay=0.02, epochs=12, rate=0.004, batch_size=128, averaged=True),)  # half the steps

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
)

FOLDS = 4


@dataclass(frozen=True)
class Plan:
    """What is tried and trained.

    Parameters
    ----------
    ladder : tuple of Setting
        The settings to choose among, the default first.
    members : int
        Networks of each setting that votes.
    held_out : bool
        Whether members leave out a fold of the rows each, by which their weights are found; else all see all rows.
    features : bool
        Whether spikes and pairs of columns are tried.
    settings : int
        Of the best settings, how many vote.
    linear : bool
        Whether linear models vote too.
    """

    ladder: tuple[Setting, ...]
    members: int
    held_out: bool
    features: bool = False
    settings: int = 1
    linear: bool = False


_PLANS: dict[tuple[bool, Effort], Plan] = {
    (True, "fast"): Plan(CLASSES[:2], 2, held_out=False),
    (True, "default"): Plan(CLASSES, 4, held_out=True, features=True, linear=True),
    (True, "high"): Plan(CLASSES, 8, held_out=True, features=True, settings=2, linear=True),
    (False, "fast"): Plan(_FAST, 2, held_out=False),
    (False, "default"): Plan(REGRESSION, 4, held_out=False),
    (False, "high"): Plan(REGRESSION, 16, held_out=False),
}


def plan_of(classifies: bool, effort: Effort, members: int | None) -> Plan:
    """Return the plan of an effort, with another number of members if it is given."""
    plan = _PLANS[classifies, effort]
    if members is None:
        return plan
    return replace(plan, members=members, held_out=plan.held_out and members >= FOLDS)
