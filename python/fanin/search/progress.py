"""Progress of a search: a line that is drawn anew in a terminal or a notebook, else a line for each decision."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Protocol

from fanin.checks import counted
from fanin.progress import Line, about_time, redrawn, time_left
from fanin.search.trials import Outcome


class Progress(Protocol):
    """Shows a search as it runs."""

    def rung_begins(self, trials: int, epochs: int) -> None:
        """Show a rung of so many trials."""

    def trained(self, outcome: Outcome, best: float) -> None:
        """Show that a trial has reached its rung."""

    def say(self, sentence: str) -> None:
        """Show a decision."""


class _Silent:
    def rung_begins(self, trials: int, epochs: int) -> None:
        pass

    def trained(self, outcome: Outcome, best: float) -> None:
        pass

    def say(self, sentence: str) -> None:
        pass


class _Lines(_Silent):
    def say(self, sentence: str) -> None:
        print(sentence, flush=True)


class _Redrawn:
    def __init__(self, line: Line) -> None:
        self._line = line

    def rung_begins(self, trials: int, epochs: int) -> None:
        self._trials, self._epochs, self._trained, self._began = trials, epochs, 0, perf_counter()
        self._show(math.nan)

    def trained(self, outcome: Outcome, best: float) -> None:
        self._trained += 1
        self._show(best)

    def say(self, sentence: str) -> None:
        self._line.write(sentence)

    def _show(self, best: float) -> None:
        done = self._trained / self._trials
        facts = about_time(time_left(perf_counter() - self._began, done))
        if not math.isnan(best):
            facts.append(f"best score {best:.5g}")
        label = f"{counted(self._epochs, 'epoch')}: trial {self._trained}/{self._trials}"
        self._line.show(label, done, facts)


@contextmanager
def shown(verbose: bool) -> Iterator[Progress]:
    """Yield what shows the progress; nothing unless verbose."""
    line = redrawn() if verbose else None
    if line is None:
        yield _Lines() if verbose else _Silent()
        return
    try:
        yield _Redrawn(line)
    finally:
        line.close()
