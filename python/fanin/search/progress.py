"""Progress of a search: a bar in a terminal or notebook if tqdm is installed, else a line for each decision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from fanin.search.trials import Outcome
from fanin.training.progress import bar_of


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


class _Bar:
    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def rung_begins(self, trials: int, epochs: int) -> None:
        self._bar.reset(total=trials)
        self._bar.set_description_str(f"{epochs} epochs")

    def trained(self, outcome: Outcome, best: float) -> None:
        self._bar.set_postfix_str(f"best score {best:.6g}", refresh=False)
        self._bar.update(1)

    def say(self, sentence: str) -> None:
        self._bar.write(sentence)


@contextmanager
def shown(verbose: bool) -> Iterator[Progress]:
    """Yield what shows the progress; nothing unless verbose."""
    bar = bar_of(None, "trial") if verbose else None
    if bar is None:
        yield _Lines() if verbose else _Silent()
        return
    with bar:
        yield _Bar(bar)
