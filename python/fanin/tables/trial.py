"""What was tried in a fit."""

from __future__ import annotations

from dataclasses import dataclass

from fanin.checks import counted
from fanin.tables.recipe import Setting
from fanin.written import duration


@dataclass(frozen=True)
class Trial:
    """Networks trained at the same time with one setting.

    Attributes
    ----------
    setting : Setting
    spikes : bool
        Whether they saw one-hot codes of numbers.
    pairs : int
        Number of pairs of columns whose cells they saw.
    networks : int
    score : float or None
        Mean loss of the rows held out from them; None if they saw all rows.
    seconds : float
        Of their training, by their part of the steps.
    """

    setting: Setting
    spikes: bool
    pairs: int
    networks: int
    score: float | None
    seconds: float

    def __str__(self) -> str:
        count = counted(self.networks, "network")
        features = ", one-hot numbers" if self.spikes else ""
        features += f", {counted(self.pairs, 'pair')}" if self.pairs else ""
        score = "trained on all rows" if self.score is None else f"loss {self.score:.5g} on rows held out"
        return f"{count}, {self.setting}{features}: {score}, {duration(self.seconds)}"
