"""Decisions that a fit makes by itself, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, repr=False)
class Decision:
    """A decision made during training, with the numbers behind it; `History.decisions` holds those of a fit.

    Parameters
    ----------
    what : str
        The subject, such as "learning_rate".
    choice : object
        The outcome, such as 0.01.
    reason : str
        A sentence.
    numbers : dict
        The figures that led to the choice, by name.

    Examples
    --------
    >>> from fanin import Decision
    >>> Decision("learning_rate", 0.01, "the lowest loss of 5 rates", {"score": 0.125})
    <fanin.Decision: learning_rate: 0.01: the lowest loss of 5 rates (score 0.125)>
    """

    what: str
    choice: Any
    reason: str
    numbers: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __repr__(self) -> str:
        """Return the decision in one line."""
        choice = f"{self.choice:.6g}" if isinstance(self.choice, float) else str(self.choice)
        numbers = ", ".join(f"{name} {value:.6g}" for name, value in self.numbers.items())
        return f"<fanin.Decision: {self.what}: {choice}: {self.reason}{f' ({numbers})' if numbers else ''}>"
