"""What a command is doing: a line drawn anew on a terminal, else a line every two seconds; both on stderr."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from fanin.checks import counted
from fanin.progress import about_time, redrawn, time_left
from fanin.written import duration, figure

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_REDRAWN = 0.5  # seconds
_SILENT = 1.9
_STAGES = {"encode": "reading columns", "choose": "choosing", "train": "training"}


class Bar:
    """
    Shows the stage, the share that is done, the time left, and the best score so far; a thread keeps it alive.

    Parameters
    ----------
    quiet : bool
        Show nothing.

    Attributes
    ----------
    figure : function of a loss
        Returns the text of a score.
    prefix : str
        Of each stage.
    """

    def __init__(self, quiet: bool) -> None:
        self.figure: Callable[[float], str] = figure
        self.prefix = ""
        self._quiet, self._stage = quiet, ""
        self._done: float | None = None
        self._best: float | None = None
        self._began = self._shown = self._stage_began = time.monotonic()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._line = None if quiet else redrawn(sys.stderr)
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Bar:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self.clear()

    def stage(self, text: str, done: float | None = None) -> None:
        """Begin a stage; with the share that is done if that is known."""
        self._set(text, done)
        self._show(self._line is not None)

    def __call__(self, progress: Any) -> None:
        """Show the progress of a fit: a callback of the estimators."""
        trial = progress.trial
        if trial is not None and trial.score is not None:
            self._best = trial.score if self._best is None else min(self._best, trial.score)
        stage = _STAGES[progress.stage]
        if progress.networks:
            stage += f", {counted(progress.networks, 'network')}"
        self._set(stage, progress.done if progress.networks else None)

    def restart(self, prefix: str) -> None:
        """Forget the best score, for another fit."""
        with self._lock:
            self.prefix, self._best = prefix, None

    def clear(self) -> None:
        """Remove the line, so that others can be printed."""
        if self._line is not None:
            with self._lock:
                self._line.clear()

    def _set(self, stage: str, done: float | None) -> None:
        with self._lock:
            if stage != self._stage:
                self._stage_began = time.monotonic()
            self._stage, self._done = stage, done

    def _tick(self) -> None:
        while not self._ended.wait(_REDRAWN):
            silent = time.monotonic() - self._shown
            if self._line is not None or silent >= _SILENT - _REDRAWN:
                self._show(True)

    def _show(self, now: bool) -> None:
        if self._quiet or not now or self._ended.is_set():
            return
        with self._lock:
            self._shown = time.monotonic()
            stage, done = self.prefix + self._stage, self._done
            facts = about_time(time_left(self._shown - self._stage_began, done))
            facts = facts or [duration(round(self._shown - self._began))]
            if self._best is not None:
                facts.append(f"best {self.figure(self._best)}")
            if self._line is None:
                share = "" if done is None else f" {100 * done:.0f} %"
                print(", ".join([f"{stage}{share}", *facts]), file=sys.stderr, flush=True)
            else:
                self._line.show(stage, done, facts, now=True)
